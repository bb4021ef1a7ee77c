//! The reply to an asynchronous call from another shard.

use arwen_interface::{CallType, OutputTransfer};

use crate::context::Run;
use crate::errors::EeiError;
use crate::observe::GasUse;

use super::data::push_hex;

impl Run<'_> {
    /// Sends the caller of an asynchronous call its value back, with the result and all gas that is left.
    pub(crate) fn send_callback(&mut self) -> Result<(), EeiError> {
        let state = &self.output.state;
        let mut data = Vec::new();
        push_hex(&mut data, state.return_code.text().as_bytes());
        for item in &state.return_data {
            push_hex(&mut data, item);
        }
        let caller = self.runtime.input.caller.clone();
        let transfer = OutputTransfer {
            value: Some(self.runtime.call_value()),
            data,
            gas_limit: self.gas_left(),
            gas_locked: 0,
            call_type: CallType::Callback,
            sender: self.runtime.address.clone(),
        };
        let sent = self.transfer(&caller, transfer);
        let left = self.gas_left();
        self.use_gas_for(GasUse::Sent, left);
        if let Err(error) = &sent {
            self.fail_execution(error);
        }
        sent
    }
}
