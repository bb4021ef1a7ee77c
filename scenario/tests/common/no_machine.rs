//! A machine for tests whose scenarios call no contract.

use arwen_interface::{BlockchainHook, CallInput, CreateInput, VmOutput};
use arwen_scenario::model::GasSchedule;
use arwen_scenario::run::{Machine, MachineError};

/// A machine for scenarios without contracts.
pub struct NoMachine;

impl Machine for NoMachine {
    fn set_schedule(&mut self, _: GasSchedule) -> Result<(), MachineError> {
        Ok(())
    }

    fn create(&mut self, _: &mut dyn BlockchainHook, _: &CreateInput) -> Result<VmOutput, MachineError> {
        Err(MachineError("no contracts here".to_owned()))
    }

    fn call(&mut self, _: &mut dyn BlockchainHook, _: &CallInput) -> Result<VmOutput, MachineError> {
        Err(MachineError("no contracts here".to_owned()))
    }
}
