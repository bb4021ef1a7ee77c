//! The state of a run: what a contract sees and changes, and how a nested call saves and restores it.

mod accounts;
pub(crate) mod big_int;
mod builtin;
mod builtin_changes;
pub(crate) mod chain;
pub(crate) mod metering;
pub(crate) mod output;
pub(crate) mod runtime;
pub(crate) mod storage;

use arwen_engine::{Caller, Host, HostStop, Observer};
use arwen_interface::{BlockchainHook, ReturnCode};
use arwen_metering::GasKey;

use crate::errors::{EeiError, Stop, VmError};
use crate::fns::HostCall;
use crate::observe::{GasUse, RunObserver};
use crate::settings::Flags;
use crate::table;
use crate::vm::Core;

use big_int::BigInts;
use chain::Chain;
use metering::{GasAccount, SavedGas};
use output::Output;
use runtime::{Breakpoint, Runtime};
use storage::StorageScope;

/// One run, from a node's question to its reply: the contexts of the contract that runs now, and below each of them
/// the saved ones of its callers.
///
/// The contexts are data; what needs several of them is a method of `Run`, in the file of the context it changes.
pub(crate) struct Run<'a> {
    pub core: &'a mut Core,
    pub flags: Flags,
    pub chain: Chain<'a>,
    pub runtime: Runtime,
    pub gas: GasAccount,
    pub saved_gas: SavedGas,
    pub output: Output,
    pub storage: StorageScope,
    pub big_ints: BigInts,
    /// Who is told what happens.
    pub observer: Option<&'a mut dyn RunObserver>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        core: &'a mut Core,
        hook: &'a mut dyn BlockchainHook,
        observer: Option<&'a mut dyn RunObserver>,
    ) -> Self {
        let mut chain = Chain::new(hook, core.settings.builtins);
        let flags = Flags::at(&core.settings, chain.current_epoch());
        Self {
            core,
            flags,
            chain,
            runtime: Runtime::default(),
            gas: GasAccount::default(),
            saved_gas: SavedGas::default(),
            output: Output::default(),
            storage: StorageScope::default(),
            big_ints: BigInts::default(),
            observer,
        }
    }

    /// Ends it. What it held is left behind if it was interrupted: somebody waits for that end.
    pub(crate) fn end(self) {
        if self.core.preemption.has_cut_short() {
            self.core
                .leave((self.runtime, self.output, self.big_ints, self.chain.changes));
        }
    }

    /// What the schedule asks for `key`.
    pub(crate) fn price(&self, key: GasKey) -> u64 {
        self.core.schedule.cost(key)
    }

    /// The fault procedure: all gas is used, the error's text becomes the message, and the contract stops at the
    /// breakpoint as soon as it goes on.
    pub(crate) fn fault(&mut self, error: &EeiError) {
        let left = self.gas_left();
        self.use_gas_for(GasUse::Lost, left);
        self.fail_execution(error);
    }

    /// The fault procedure without the gas.
    pub(crate) fn fail_execution(&mut self, error: &EeiError) {
        self.output.state.return_code = ReturnCode::ExecutionFailed;
        self.output.state.return_message = error.text().as_bytes().to_vec();
        self.runtime.set_breakpoint(Breakpoint::ExecutionFailed);
    }
}

/// Ends the whole run without an output, as a panic of the reference does. The engine and the call stack are left
/// by unwinding; [`Vm`](crate::Vm) turns the payload into its error.
pub(crate) fn abort(text: impl Into<String>) -> ! {
    std::panic::resume_unwind(Box::new(VmError(text.into())))
}

/// The reference's text for a value that is not there.
pub(crate) const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";

/// The text of a run that ended because the machine refused memory, in the reference's words.
pub(crate) const OUT_OF_MEMORY: &str = "runtime error: out of memory";

/// An index out of range, in the reference's words.
pub(crate) fn abort_index(index: i32) -> ! {
    abort(format!("runtime error: index out of range [{index}]"))
}

impl Host for Run<'_> {
    fn call(
        &mut self,
        id: u32,
        caller: &mut Caller<'_>,
        args: &[u64],
        results: &mut [u64],
    ) -> Result<(), HostStop> {
        let done = table::dispatch(&mut HostCall { run: self, caller }, id, args);
        // Whatever it says.
        if self.core.preemption.has_cut_short() {
            return Err(HostStop);
        }
        match done {
            Ok(value) => {
                if let Some(slot) = results.first_mut() {
                    *slot = value;
                }
                Ok(())
            }
            Err(Stop::Fault(error)) => {
                self.fault(&error);
                Err(HostStop)
            }
            Err(Stop::Breakpoint) => Err(HostStop),
        }
    }

    fn observer(&mut self) -> Option<&mut dyn Observer> {
        match &mut self.observer {
            Some(observer) => Some(&mut **observer),
            None => None,
        }
    }
}
