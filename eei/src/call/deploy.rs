//! Deployments and upgrades that a node asks for.

use std::sync::Arc;

use arwen_interface::{CallInput, CreateInput, VmOutput};

use crate::context::Run;
use crate::errors::EeiError;

use super::{Deployment, INIT};

impl Run<'_> {
    /// A transaction that deploys a contract.
    pub(crate) fn run_create(&mut self, input: &CreateInput) -> VmOutput {
        let caller = &input.vm_input.caller;
        let address = match self.new_address(caller) {
            Ok(address) => address,
            Err(error) => return self.error_output(&error),
        };
        self.runtime.set_input(input.vm_input.clone());
        self.runtime.address.clone_from(&address);
        self.start_gas();
        self.add_tx_value(&address, &self.runtime.call_value());
        self.storage.address.clone_from(&address);
        self.deploy(&Deployment {
            code: Arc::new(input.code.clone()),
            code_metadata: input.code_metadata.clone(),
            address,
            deployer: caller.clone(),
        })
    }

    /// A transaction that gives a contract new code. Whether the caller may do so is the node's to know.
    pub(crate) fn run_upgrade(&mut self, input: &CallInput) -> VmOutput {
        self.start_top_level(input);
        let Some((code, code_metadata)) = self.take_upgrade_arguments() else {
            return self.error_output(&EeiError::InvalidUpgradeArguments);
        };
        self.deploy(&Deployment {
            code: Arc::new(code),
            code_metadata,
            address: input.recipient.clone(),
            deployer: input.vm_input.caller.clone(),
        })
    }

    /// Code and metadata, the first two arguments of an upgrade; the rest stay for `init`.
    pub(crate) fn take_upgrade_arguments(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        let arguments = &mut self.runtime.input.arguments;
        if arguments.len() < 2 {
            return None;
        }
        let rest = arguments.split_off(2);
        let metadata = arguments.pop()?;
        let code = arguments.pop()?;
        *arguments = rest;
        Some((code, metadata))
    }

    fn deploy(&mut self, deployment: &Deployment) -> VmOutput {
        match self.try_deploy(deployment) {
            Ok(output) => output,
            Err(error) => self.error_output(&error),
        }
    }

    fn try_deploy(&mut self, deployment: &Deployment) -> Result<VmOutput, EeiError> {
        self.pay_for_deployment(&deployment.code)?;
        let output = self.with_instance(&deployment.code, true, |run, machine| {
            // Errors of the constructor are results, those of making the instance all look the same.
            Ok(run.construct(machine).map(|()| {
                run.output.accounts.deploy_code(deployment);
                run.finish_output()
            }))
        });
        output.map_err(|_| EeiError::ContractInvalid)?
    }

    /// Runs `init`, if there is one, and the final gas check.
    pub(crate) fn construct(&mut self, machine: &mut crate::machine::Machine) -> Result<(), EeiError> {
        if !machine.code.exports_function("init") {
            return Ok(());
        }
        self.run_export(machine, INIT)?;
        self.check_final_gas()
    }
}
