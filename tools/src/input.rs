//! What a node asks a VM to run, whichever it is.

use arwen_eei::{RunObserver, Vm, VmError};
use arwen_interface::{BlockchainHook, CallInput, CreateInput, VmInput, VmOutput};

/// A deployment or a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunInput {
    /// A deployment.
    Create(CreateInput),
    /// A call, or an upgrade.
    Call(CallInput),
}

impl RunInput {
    /// Runs it.
    ///
    /// # Errors
    /// When the run has no output.
    pub fn run(&self, vm: &mut Vm, node: &mut dyn BlockchainHook) -> Result<VmOutput, VmError> {
        match self {
            Self::Create(input) => vm.create(node, input),
            Self::Call(input) => vm.call(node, input),
        }
    }

    /// Runs it, telling an observer. The output is the same.
    ///
    /// # Errors
    /// When the run has no output.
    pub fn run_observed(
        &self,
        vm: &mut Vm,
        node: &mut dyn BlockchainHook,
        observer: &mut dyn RunObserver,
    ) -> Result<VmOutput, VmError> {
        match self {
            Self::Create(input) => vm.create_observed(node, input, observer),
            Self::Call(input) => vm.call_observed(node, input, observer),
        }
    }

    /// What deployments and calls have in common.
    pub fn vm_input(&self) -> &VmInput {
        match self {
            Self::Create(input) => &input.vm_input,
            Self::Call(input) => &input.vm_input,
        }
    }
}
