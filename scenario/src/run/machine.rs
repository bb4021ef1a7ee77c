//! What runs contracts for the runner.

use arwen_interface::{BlockchainHook, CallInput, CreateInput, VmOutput};

use crate::model::{GasSchedule, TxStep};

/// Why nothing was run at all. (A run that fails is a [`VmOutput`].)
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MachineError(pub String);

impl<M: Machine> Machine for &mut M {
    fn set_schedule(&mut self, schedule: GasSchedule) -> Result<(), MachineError> {
        (**self).set_schedule(schedule)
    }

    fn create(
        &mut self,
        node: &mut dyn BlockchainHook,
        input: &CreateInput,
    ) -> Result<VmOutput, MachineError> {
        (**self).create(node, input)
    }

    fn call(&mut self, node: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, MachineError> {
        (**self).call(node, input)
    }

    fn begin(&mut self, step: &TxStep) {
        (**self).begin(step);
    }

    fn stops(&mut self, node: &mut dyn BlockchainHook) -> Vec<String> {
        (**self).stops(node)
    }
}

/// Runs contracts against a node's state, which it only reads.
pub trait Machine {
    /// Switches to the prices of a schedule.
    ///
    /// # Errors
    /// When it has no such schedule.
    fn set_schedule(&mut self, schedule: GasSchedule) -> Result<(), MachineError>;

    /// Deploys a contract.
    ///
    /// # Errors
    /// When nothing could be run.
    fn create(
        &mut self,
        node: &mut dyn BlockchainHook,
        input: &CreateInput,
    ) -> Result<VmOutput, MachineError>;

    /// Calls a contract.
    ///
    /// # Errors
    /// When nothing could be run.
    fn call(&mut self, node: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, MachineError>;

    /// A transaction of a scenario begins; the next run is its own, if the VM comes to run at all.
    fn begin(&mut self, step: &TxStep) {
        let _ = step;
    }

    /// Where contracts stopped in the run of the current transaction, which has failed: for people, one text a contract.
    /// `node` is as that run found it. Nothing, when the VM did not run, and from a machine that cannot tell.
    fn stops(&mut self, node: &mut dyn BlockchainHook) -> Vec<String> {
        let _ = node;
        Vec::new()
    }
}
