//! A contract deploys or upgrades another one.

use std::sync::Arc;

use arwen_interface::{Bytes, ReturnCode, VmInput};

use crate::context::Run;
use crate::context::storage::CodeMetadata;
use crate::errors::EeiError;

use super::{Call, Deployment, INIT};

impl Run<'_> {
    /// Deploys code for the running contract and calls its constructor, which it must have. Gives the new address.
    ///
    /// # Errors
    /// When the new contract cannot be made or its constructor fails; there is no such account then.
    pub(crate) fn create_contract(
        &mut self,
        code: Arc<Bytes>,
        code_metadata: Bytes,
        input: VmInput,
    ) -> Result<Bytes, EeiError> {
        self.pay_for_indirect_deployment(&code)?;
        if self.runtime.read_only {
            return Err(EeiError::ReadOnlyMode);
        }
        let deployer = input.caller.clone();
        let address = self.new_address(&deployer)?;
        if self.account_exists(&address) {
            return Err(EeiError::DeployOverAccount);
        }
        self.output.accounts.deploy_code(&Deployment {
            code,
            code_metadata,
            address: address.clone(),
            deployer: deployer.clone(),
        });
        let call = Call {
            input,
            recipient: address.clone(),
            function: INIT.to_vec(),
            allow_init: true,
        };
        if let Err(error) = self.execute_on_dest(call).into_result() {
            self.output.accounts.remove(&address);
            return Err(error);
        }
        self.increase_nonce(&deployer);
        Ok(address)
    }

    /// Gives the called contract new code and runs its constructor.
    pub(super) fn execute_upgrade(&mut self, call: &Call) -> Result<(), EeiError> {
        let account = self
            .chain
            .account(&call.recipient)?
            .ok_or(EeiError::NilContract)?;
        if account.owner != call.input.caller || !CodeMetadata::of(&account.code_metadata).upgradeable {
            return Err(EeiError::UpgradeNotAllowed);
        }
        let (code, code_metadata) = self
            .take_upgrade_arguments()
            .ok_or(EeiError::InvalidUpgradeArguments)?;
        let code = Arc::new(code);
        self.pay_for_deployment(&code)
            .inspect_err(|_| self.output.state.return_code = ReturnCode::OutOfGas)?;
        // Errors of the constructor are results, those of making the instance all look the same.
        let constructed = self.with_instance(&code, true, |run, machine| Ok(run.construct(machine)));
        constructed.map_err(|_| EeiError::ContractInvalid)??;
        self.output.accounts.deploy_code(&Deployment {
            code,
            code_metadata,
            address: call.recipient.clone(),
            deployer: call.input.caller.clone(),
        });
        self.require_ok()
    }
}
