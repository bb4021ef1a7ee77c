//! What the tests of the runner share.

use std::path::PathBuf;

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

/// A directory with files; it vanishes with the value.
pub struct Files(tempfile::TempDir);

impl Files {
    pub fn new(files: &[(&str, &[u8])]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        for (name, contents) in files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, contents).expect("a file");
        }
        Self(directory)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}
