//! What runs: the input, the contract, the instance, and the stack of those that wait.

use std::sync::Arc;

use arwen_engine::Meter;
use arwen_interface::{BigInt, Bytes, EsdtTransfer, VmInput};

use crate::call::Call;
use crate::machine::Code;

/// More instances than this at once are refused, the one of the top-level call included.
pub(crate) const MAX_INSTANCES: usize = 10;

/// Why a contract stopped in the middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Breakpoint {
    /// It did not, or it trapped.
    #[default]
    None,
    /// A host function failed.
    ExecutionFailed,
    /// `asyncCall` and its kin: what was registered is to be done now.
    AsyncCall,
    /// `signalError`.
    SignalError,
    /// A host function found too little gas.
    OutOfGas,
}

/// The instance that runs, as far as contexts need it; its owner is the frame that runs it.
#[derive(Clone)]
pub(crate) struct Instance {
    /// Tells instances of a run apart.
    pub id: u64,
    pub meter: Meter,
    pub code: Arc<Code>,
    pub breakpoint: Breakpoint,
}

/// The one asynchronous call a contract may register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AsyncCall {
    pub destination: Bytes,
    pub data: Bytes,
    pub gas_limit: u64,
    pub gas_locked: u64,
    pub value: Bytes,
}

/// The running contract.
#[derive(Default)]
pub(crate) struct Runtime {
    /// The input, with call value and transfers filled in.
    pub input: VmInput,
    /// The contract's address.
    pub address: Bytes,
    /// The called function; a contract may call another by a name that is not text.
    pub function: Bytes,
    /// Storage writes and logs do nothing.
    pub read_only: bool,
    /// The size of the code that was last loaded for a call, in bytes. Not saved by calls: after a nested call it
    /// is the callee's, and in a constructor it is whatever it was.
    pub code_size: u64,
    pub async_call: Option<AsyncCall>,
    pub instance: Option<Instance>,
    saved: Vec<Saved>,
    instances: Vec<Option<Instance>>,
    next_instance: u64,
}

struct Saved {
    input: VmInput,
    address: Bytes,
    function: Bytes,
    read_only: bool,
    async_call: Option<AsyncCall>,
}

impl Runtime {
    /// Takes over a call's input, as [`set_input`](Self::set_input) does, and its target. The arguments, which may be long,
    /// leave the call.
    pub(crate) fn start_call(&mut self, call: &mut Call) {
        let arguments = std::mem::take(&mut call.input.arguments);
        self.set_input(VmInput {
            arguments,
            ..call.input.clone()
        });
        self.address.clone_from(&call.recipient);
        self.function.clone_from(&call.function);
    }

    /// Takes over an input. The hash of the previous transaction is dropped, as the reference does; a missing value
    /// is zero.
    pub(crate) fn set_input(&mut self, input: VmInput) {
        self.input = VmInput {
            call_value: Some(input.call_value.unwrap_or_default()),
            prev_tx_hash: Bytes::new(),
            ..input
        };
    }

    /// The EGLD of the call.
    pub(crate) fn call_value(&self) -> BigInt {
        self.input.call_value.clone().unwrap_or_default()
    }

    /// The first token transfer of the call; contracts see no other.
    pub(crate) fn first_transfer(&self) -> Option<&EsdtTransfer> {
        self.input.esdt_transfers.first()
    }

    /// Saves everything but the code size, and keeps the instance waiting. The next call's input is still to be set.
    pub(crate) fn push_state(&mut self) {
        self.saved.push(Saved {
            input: std::mem::take(&mut self.input),
            address: self.address.clone(),
            function: self.function.clone(),
            read_only: self.read_only,
            async_call: self.async_call.clone(),
        });
        self.instances.push(self.instance.clone());
    }

    /// Returns to what was saved last, and to its instance.
    pub(crate) fn pop_set_state(&mut self) {
        let Some(saved) = self.saved.pop() else { return };
        self.input = saved.input;
        self.address = saved.address;
        self.function = saved.function;
        self.read_only = saved.read_only;
        self.async_call = saved.async_call;
        self.pop_instance();
    }

    fn pop_instance(&mut self) {
        let Some(waiting) = self.instances.pop() else {
            return;
        };
        let id = |instance: &Option<Instance>| instance.as_ref().map(|instance| instance.id);
        // When the callee never got an instance of its own, the current one goes on as it is.
        if id(&waiting) != id(&self.instance) {
            self.instance = waiting;
        }
    }

    /// How many instances wait for the current one.
    pub(crate) fn waiting_instances(&self) -> usize {
        self.instances.len()
    }

    /// Makes a new instance the current one.
    pub(crate) fn enter_instance(&mut self, meter: Meter, code: Arc<Code>) {
        let id = self.next_instance;
        self.next_instance += 1;
        self.instance = Some(Instance {
            id,
            meter,
            code,
            breakpoint: Breakpoint::None,
        });
    }

    /// Gas units used by the current instance; 0 when there is none.
    pub(crate) fn points_used(&self) -> u64 {
        self.instance.as_ref().map_or(0, |instance| instance.meter.used())
    }

    /// Sets the counter of the current instance, at most [`MAX_POINTS`].
    pub(crate) fn set_points_used(&self, points: u64) {
        if let Some(instance) = &self.instance {
            instance.meter.set_used(points.min(MAX_POINTS));
        }
    }

    pub(crate) fn set_breakpoint(&mut self, breakpoint: Breakpoint) {
        if let Some(instance) = &mut self.instance {
            instance.breakpoint = breakpoint;
        }
    }

    pub(crate) fn breakpoint(&self) -> Breakpoint {
        self.instance
            .as_ref()
            .map_or(Breakpoint::None, |instance| instance.breakpoint)
    }

    /// Whether the running contract exports `callBack`.
    pub(crate) fn has_callback(&self) -> bool {
        self.instance
            .as_ref()
            .is_some_and(|instance| instance.code.exports_function("callBack"))
    }
}

/// The counter of an instance stops here when the host charges it.
const MAX_POINTS: u64 = i64::MAX as u64;
