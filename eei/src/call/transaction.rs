//! Calls that a node asks for.

use arwen_interface::{CallInput, CallType, VmOutput};
use arwen_metering::GasKey;

use crate::context::Run;
use crate::errors::EeiError;
use crate::machine::Machine;

use super::{CALLBACK, Call, is_init};

impl Run<'_> {
    /// A transaction, or a message between shards, that calls a contract.
    pub(crate) fn run_call(&mut self, input: &CallInput) -> VmOutput {
        self.start_top_level(input);
        match self.try_call(&input.recipient) {
            Ok(output) => output,
            Err(error) => self.error_output(&error),
        }
    }

    /// Starts the contexts of a call that comes from outside.
    pub(super) fn start_top_level(&mut self, input: &CallInput) {
        let mut call = Call::from(input);
        self.runtime.start_call(&mut call);
        self.start_gas();
        self.add_tx_value(&call.recipient, &self.runtime.call_value());
        self.storage.address = call.recipient;
    }

    fn try_call(&mut self, recipient: &[u8]) -> Result<VmOutput, EeiError> {
        if self.flags.arwen_v2 && self.gas.provided < self.price(GasKey::GetCode) {
            return Err(EeiError::NotEnoughGas);
        }
        let code = self.code(recipient).map_err(|_| EeiError::ContractNotFound)?;
        self.runtime.code_size = code.len() as u64;
        self.pay_for_execution(&code)?;
        let output = self.with_instance(&code, false, |run, machine| {
            // Errors of the function are results, those of making the instance all look the same.
            Ok(run.call_method(machine).map(|()| run.finish_output()))
        });
        output.map_err(|_| EeiError::ContractInvalid)?
    }

    fn call_method(&mut self, machine: &mut Machine) -> Result<(), EeiError> {
        let call_type = self.runtime.input.call_type;
        let function = self.runtime.function.clone();
        if is_init(&function) {
            return Err(EeiError::InitCalledDirectly);
        }
        if function == CALLBACK && call_type != CallType::Callback {
            return Err(EeiError::CallbackCalledDirectly);
        }
        if call_type == CallType::Callback && !machine.exports(&function) {
            return Ok(());
        }
        self.run_export(machine, &function)?;
        self.check_final_gas()?;
        if call_type == CallType::Asynchronous {
            self.send_callback()?;
        }
        Ok(())
    }
}
