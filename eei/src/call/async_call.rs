//! Asynchronous calls: registered by a contract, done when it has stopped.
//!
//! In the same shard the destination is called at once and its result goes to the caller's callback. In another shard
//! the call leaves with the output, and its result comes back with another transaction.

use arwen_interface::{BigInt, Bytes, CallType, OutputTransfer, VmInput};
use arwen_metering::GasKey;

use crate::context::Run;
use crate::context::big_int::from_unsigned;
use crate::context::runtime::{AsyncCall, Breakpoint};
use crate::errors::EeiError;
use crate::observe::GasUse;

use super::data::CallData;
use super::nested::CallEnd;
use super::{CALLBACK, Call};

/// Built-in functions that move one token, and how many arguments they have without a call.
const TOKEN_TRANSFERS: [(&[u8], usize); 2] = [(b"ESDTTransfer", 2), (b"ESDTNFTTransfer", 4)];

/// Where an asynchronous call is done.
enum Mode {
    /// In another shard, as far as this one can tell.
    Elsewhere,
    /// Here, and its result goes to the callback.
    Here,
    /// Here and in the other shard: its first half runs now, and the callback comes later.
    BuiltinInBothShards,
    /// Nowhere: it sends tokens back to who called asynchronously, so they travel with the callback.
    WithCallback,
}

/// Whether a call moves a token and does nothing else.
fn is_token_transfer(call: &CallData) -> bool {
    TOKEN_TRANSFERS
        .iter()
        .any(|(function, count)| call.function == *function && call.arguments.len() == *count)
}

impl Run<'_> {
    /// Registers the running contract's asynchronous call, sets gas aside for its callback, and stops the contract.
    ///
    /// # Errors
    /// When gas is short. The contract goes on then, unless the caller sees to it.
    pub(crate) fn register_async_call(
        &mut self,
        destination: Bytes,
        data: Bytes,
        value: Bytes,
    ) -> Result<(), EeiError> {
        self.use_gas_bounded(self.price(GasKey::AsyncCallStep))?;
        let mut gas_locked = 0;
        if self.runtime.has_callback() || !self.flags.dyn_gas_lock {
            gas_locked = self.gas_to_lock();
            self.use_gas_bounded_for(GasUse::Locked, gas_locked)?;
        }
        let gas_limit = self.gas_left();
        self.runtime.async_call = Some(AsyncCall {
            destination,
            data,
            gas_limit,
            gas_locked,
            value,
        });
        self.runtime.set_breakpoint(Breakpoint::AsyncCall);
        Ok(())
    }

    /// Does the call that the contract has registered before it stopped.
    ///
    /// # Errors
    /// When the call cannot be sent. A destination that fails is the callback's business, and a callback that fails
    /// shows in the return data.
    pub(super) fn do_async_call(&mut self) -> Result<(), EeiError> {
        self.runtime.set_breakpoint(Breakpoint::None);
        let Some(call) = self.runtime.async_call.clone() else {
            return Err(EeiError::UnhandledBreakpoint);
        };
        let data = CallData::parse(&call.data)?;
        match self.async_mode(&call, &data) {
            Mode::Elsewhere => self.send_async_call(&call),
            Mode::BuiltinInBothShards => self.call_destination(&call, data).into_result(),
            Mode::WithCallback => {
                self.output.insert_return_data(call.data);
                // There will be no callback to this contract.
                self.restore_gas_of(GasUse::Locked, call.gas_locked);
                Ok(())
            }
            Mode::Here => {
                let end = self.call_destination(&call, data);
                self.call_back(&call, &end);
                Ok(())
            }
        }
    }

    fn async_mode(&mut self, call: &AsyncCall, data: &CallData) -> Mode {
        if self.is_builtin(&data.function) {
            let own = self.runtime.address.clone();
            if !self.same_shard(&own, &call.destination) {
                return Mode::BuiltinInBothShards;
            }
            let input = &self.runtime.input;
            let is_reply = input.call_type == CallType::Asynchronous && input.caller == call.destination;
            return if is_reply && is_token_transfer(data) {
                Mode::WithCallback
            } else {
                Mode::Here
            };
        }
        match self.code(&call.destination) {
            Ok(_) => Mode::Here,
            Err(_) => Mode::Elsewhere,
        }
    }

    fn send_async_call(&mut self, call: &AsyncCall) -> Result<(), EeiError> {
        let transfer = OutputTransfer {
            value: Some(from_unsigned(&call.value)),
            data: call.data.clone(),
            gas_limit: call.gas_limit,
            gas_locked: call.gas_locked,
            call_type: CallType::Asynchronous,
            sender: self.runtime.address.clone(),
        };
        let sent = self.transfer(&call.destination, transfer);
        // Either it has left with the call, or it is lost.
        let left = self.gas_left();
        self.use_gas_for(GasUse::Sent, left);
        if let Err(error) = &sent {
            self.fail_execution(error);
        }
        sent
    }

    fn call_destination(&mut self, call: &AsyncCall, data: CallData) -> CallEnd {
        let input = &self.runtime.input;
        let input = VmInput {
            caller: self.runtime.address.clone(),
            arguments: data.arguments,
            call_value: Some(from_unsigned(&call.value)),
            call_type: CallType::Asynchronous,
            gas_price: input.gas_price,
            gas_provided: self.gas_left(),
            gas_locked: call.gas_locked,
            current_tx_hash: input.current_tx_hash.clone(),
            original_tx_hash: input.original_tx_hash.clone(),
            ..VmInput::default()
        };
        self.execute_on_dest(Call {
            input,
            recipient: call.destination.clone(),
            function: data.function,
            allow_init: false,
        })
    }

    /// Tells the running contract how its call ended. A callback that fails, or cannot be paid for, leaves a message
    /// and two items of return data.
    fn call_back(&mut self, call: &AsyncCall, end: &CallEnd) {
        let callback = match self.callback_of(call, end) {
            Ok(callback) => {
                // The callback has this gas now; kept locked, it would count as used twice.
                self.restore_gas_of(GasUse::Locked, call.gas_locked);
                self.execute_on_dest(callback)
            }
            Err(error) => {
                self.runtime.input.gas_provided = 0;
                self.end_badly(error)
            }
        };
        if callback.error.is_none() {
            return;
        }
        self.runtime.input.gas_provided = 0;
        let state = &mut self.output.state;
        state.return_message = callback.return_message;
        state
            .return_data
            .push(callback.return_code.text().as_bytes().to_vec());
        state.return_data.push(self.runtime.input.current_tx_hash.clone());
    }

    /// The callback: its first argument is the return code, minimal big-endian. After success the return data follow,
    /// otherwise the message.
    fn callback_of(&self, call: &AsyncCall, end: &CallEnd) -> Result<Call, EeiError> {
        let code = match end.return_code as u8 {
            0 => Bytes::new(),
            code => vec![code],
        };
        let is_ok = end.is_ok();
        let mut arguments = vec![code.clone()];
        if is_ok {
            arguments.extend(end.return_data.iter().cloned());
        } else {
            arguments.push(end.return_message.clone());
        }
        let gas_limit = end.gas_remaining.wrapping_add(call.gas_locked);
        let data_len = CALLBACK.len() + arguments.iter().map(|argument| argument.len() + 1).sum::<usize>();
        let copying = self
            .price(GasKey::DataCopyPerByte)
            .saturating_mul(data_len as u64);
        let cost = self.price(GasKey::AsyncCallStep).saturating_add(copying);
        if gas_limit <= cost {
            return Err(EeiError::NotEnoughGas);
        }
        let mut function = CALLBACK.to_vec();
        let tokens = end
            .return_data
            .first()
            .filter(|_| is_ok)
            .and_then(|item| CallData::parse(item).ok());
        if let Some(tokens) = tokens.filter(is_token_transfer) {
            // The tokens come first, then the callback, without the item that asked for them.
            function = tokens.function;
            arguments = tokens.arguments;
            arguments.extend([CALLBACK.to_vec(), code]);
            arguments.extend(end.return_data.iter().skip(1).cloned());
        }
        let input = &self.runtime.input;
        let input = VmInput {
            caller: call.destination.clone(),
            arguments,
            call_value: Some(self.value_of_callback(end)),
            call_type: CallType::Callback,
            gas_price: input.gas_price,
            gas_provided: gas_limit - cost,
            current_tx_hash: input.current_tx_hash.clone(),
            original_tx_hash: input.original_tx_hash.clone(),
            return_call_after_error: !is_ok,
            ..VmInput::default()
        };
        Ok(Call {
            input,
            recipient: self.runtime.address.clone(),
            function,
            allow_init: false,
        })
    }

    /// The EGLD of a callback: that of the last transfer to the caller. Transfers with data are calls of their own,
    /// and a callee with return data brings nothing back, in the reference's eyes.
    fn value_of_callback(&self, end: &CallEnd) -> BigInt {
        if !self.flags.arwen_v3 || !end.return_data.is_empty() {
            return BigInt::ZERO;
        }
        let transfer = end
            .last_transfer
            .as_ref()
            .filter(|transfer| transfer.data.is_empty());
        transfer
            .and_then(|transfer| transfer.value.clone())
            .unwrap_or_default()
    }
}
