//! What a run tells tools: the calls it is made of, their code, and what they use gas for besides operators.
//!
//! Gas is told so that it adds up. The gas of a call ([`CallEnd::gas`]) is what loading cost, plus the counter of its
//! instance, plus what is lost or not given back when it ends. The counter grows by operators
//! ([`Observer::operator`]), host functions ([`Observer::host_enter`] to [`Observer::host_leave`]) and, inside and
//! outside of host functions, by what [`RunObserver::gas`] names and by the calls that the contract makes.

use arwen_engine::{Module, Observer};
use arwen_interface::{CallType, ReturnCode, VmInput, VmOutput};
use arwen_metering::OpCosts;

use crate::context::Run;

/// Hears what a run does. Nothing it does can change the run.
///
/// Code is only told about operator by operator when the VM runs it in [`arwen_engine::Tier::Observed`].
pub trait RunObserver: Observer {
    /// A call begins: what the node asked for, or one that a contract makes.
    fn call_begin(&mut self, call: &CallBegin<'_>) {
        let _ = call;
    }

    /// The current call has an instance, and its code is about to run.
    fn code(&mut self, code: &RunningCode<'_>) {
        let _ = code;
    }

    /// The counter of the current call's instance has changed by `amount`; of [`GasUse::Loading`], see there.
    fn gas(&mut self, what: GasUse<'_>, amount: i128) {
        let _ = (what, amount);
    }

    /// The contract has read or written a stored value.
    fn storage(&mut self, access: &StorageAccess<'_>) {
        let _ = access;
    }

    /// The current call ends, and its caller goes on. It does not when the whole run ends without an output.
    fn call_end(&mut self, end: &CallEnd) {
        let _ = end;
    }
}

/// A call that begins.
#[derive(Clone, Copy, Debug)]
pub struct CallBegin<'a> {
    /// The contract; empty for one that has no address yet.
    pub address: &'a [u8],
    /// The called function.
    pub function: &'a [u8],
    /// The gas it may use, in gas units.
    pub gas_provided: u64,
}

/// Code that is about to run.
#[derive(Clone, Copy, Debug)]
pub struct RunningCode<'a> {
    /// The contract.
    pub address: &'a [u8],
    /// SHA-256 of the code.
    pub hash: &'a [u8],
    /// The code.
    pub module: &'a Module,
    /// What operators cost.
    pub prices: &'a OpCosts,
    /// What the counter starts with: gas of a start function.
    pub used: u64,
}

/// A stored value that a contract reads or writes. What built-in functions change is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageAccess<'a> {
    /// Whose storage it is.
    pub account: &'a [u8],
    /// The key.
    pub key: &'a [u8],
    /// The value before; empty when unset.
    pub before: &'a [u8],
    /// The value that is written, the same as before or not; `None` when it is only read.
    pub after: Option<&'a [u8]>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallEnd {
    /// What it cost who made it: of a run, what was provided less what the output says is left; of a nested call, what
    /// the caller's counter grew by.
    pub gas: i128,
    /// The counter of its instance; without meaning if it had none.
    pub used: u64,
    /// Its return code.
    pub return_code: ReturnCode,
}

/// What gas is used for, besides operators and the prices of host functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GasUse<'a> {
    /// Loading or compiling code. Not part of the counter; the last amount of a call is the one that counts.
    Loading,
    /// Set aside for a callback; less than nothing when it is given back.
    Locked,
    /// Sent on to another shard.
    Sent,
    /// A built-in function.
    Builtin(&'a [u8]),
    /// All that was left, when a host function failed.
    Lost,
}

impl Run<'_> {
    pub(crate) fn tell(&mut self, what: impl FnOnce(&mut dyn RunObserver)) {
        if let Some(observer) = self.observer.as_deref_mut() {
            what(observer);
        }
    }

    /// Changes the counter, and tells by how much and why.
    fn tell_change(&mut self, what: GasUse<'_>, change: impl FnOnce(&mut Self)) {
        let before = self.runtime.points_used();
        change(self);
        let amount = i128::from(self.runtime.points_used()) - i128::from(before);
        self.tell(|observer| observer.gas(what, amount));
    }

    /// Uses gas for something that is named.
    pub(crate) fn use_gas_for(&mut self, what: GasUse<'_>, gas: u64) {
        self.tell_change(what, |run| run.use_gas(gas));
    }

    /// Gives back gas that was used for something that was named.
    pub(crate) fn restore_gas_of(&mut self, what: GasUse<'_>, gas: u64) {
        self.tell_change(what, |run| run.restore_gas(gas));
    }

    /// Does what a node asked for between the two ends of a call.
    pub(crate) fn observe_run(
        &mut self,
        input: &VmInput,
        address: &[u8],
        function: &[u8],
        body: impl FnOnce(&mut Self) -> VmOutput,
    ) -> VmOutput {
        let locked = match input.call_type {
            CallType::Callback => input.gas_locked,
            _ => 0,
        };
        let gas_provided = input.gas_provided.saturating_add(locked);
        self.tell(|observer| {
            observer.call_begin(&CallBegin {
                address,
                function,
                gas_provided,
            });
        });
        let output = body(self);
        let end = CallEnd {
            gas: i128::from(gas_provided) - i128::from(output.gas_remaining),
            used: self.runtime.points_used(),
            return_code: output.return_code,
        };
        self.tell(|observer| observer.call_end(&end));
        output
    }
}
