//! What runs contracts for the runner.

use arwen_interface::{BlockchainHook, CallInput, CreateInput, VmOutput};

use crate::model::GasSchedule;

/// Why nothing was run at all. (A run that fails is a [`VmOutput`].)
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MachineError(pub String);

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
}
