//! What the loop serves: a VM, seen from the pipe.

use arwen_eei::{GasBreakdown, Interrupt};
use arwen_interface::{BlockchainHook, CallInput, CreateInput, VmOutput};
use arwen_ipc_host::records::GasSchedule;

/// A VM that runs one request at a time.
pub trait Machine {
    /// Runs a deployment.
    ///
    /// # Errors
    /// The VM itself failed; the text is for the node.
    fn create(&mut self, hook: &mut dyn BlockchainHook, input: &CreateInput) -> Result<VmOutput, String>;

    /// Runs a call.
    ///
    /// # Errors
    /// The VM itself failed; the text is for the node.
    fn call(&mut self, hook: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, String>;

    /// Takes new prices. Returns what the schedule holds that has no meaning.
    ///
    /// # Errors
    /// The schedule cannot be used; the old one stays.
    fn set_schedule(&mut self, schedule: &GasSchedule) -> Result<Vec<String>, String>;

    /// Starts anew after a run panicked: nothing it may have left half done stays.
    ///
    /// # Errors
    /// It cannot start.
    fn recover(&mut self) -> Result<(), String>;

    /// Makes a run end soon, from another thread or from a hook. Another one after [`recover`](Self::recover).
    fn interrupt(&self) -> Interrupt;

    /// Gives back what the last run still holds, now that its reply is on its way.
    fn give_back(&mut self);

    /// How the last run used its gas, if that was counted.
    fn last_run_gas(&self) -> Option<GasBreakdown>;
}
