//! A contract calls a built-in function.

use arwen_interface::{
    BigInt, Bytes, CallInput, EsdtTransfer, EsdtType, OutputAccount, OutputTransfer, VmInput,
};
use arwen_interface::{ReturnCode, VmOutput};
use num_traits::ToPrimitive;

use crate::context::Run;
use crate::context::big_int::from_unsigned;
use crate::errors::EeiError;
use crate::observe::GasUse;
use crate::settings::BuiltinMode;

use super::Call;
use super::data::CallData;
use super::nested::CallEnd;

/// Moves an amount of a fungible token.
pub(super) const ESDT_TRANSFER: &str = "ESDTTransfer";
/// Moves an amount of an instance; its recipient is the sender, the receiver is its last argument.
pub(super) const ESDT_NFT_TRANSFER: &str = "ESDTNFTTransfer";
/// Where the receiver stands among the arguments of [`ESDT_NFT_TRANSFER`].
const NFT_RECEIVER: usize = 3;

fn is(call: &Call, function: &str) -> bool {
    call.function == function.as_bytes()
}

impl Run<'_> {
    /// Computes a built-in function, here or in the node. What it changes in accounts is done; its output is not yet
    /// part of the run's.
    ///
    /// # Errors
    /// When the function refuses; nothing has changed.
    pub(super) fn process_builtin(&mut self, call: &Call) -> Result<VmOutput, EeiError> {
        let input = CallInput {
            vm_input: call.input.clone(),
            recipient: call.recipient.clone(),
            // Names of built-in functions are text.
            function: String::from_utf8_lossy(&call.function).into_owned(),
            allow_init_function: call.allow_init,
        };
        match self.core.settings.builtins {
            BuiltinMode::Node => Ok(self.chain.process_builtin(&input)?),
            BuiltinMode::InVm => self.compute_builtin(&input),
        }
    }

    /// Calls a built-in function and then the contract it leads to, if any.
    pub(super) fn call_builtin(&mut self, call: &Call) -> CallEnd {
        match self.try_builtin(call) {
            Ok((end, None)) => end,
            Ok((_, Some(next))) => self.call_contract(next),
            Err(error) => {
                self.use_gas_for(GasUse::Builtin(&call.function), call.input.gas_provided);
                self.end_badly(error)
            }
        }
    }

    fn try_builtin(&mut self, call: &Call) -> Result<(CallEnd, Option<Call>), EeiError> {
        let mut output = self.process_builtin(call)?;
        let next = self.call_after_builtin(call, &output)?;
        let mut used = call.input.gas_provided.saturating_sub(output.gas_remaining);
        if let Some(next) = &next {
            // The call is made here instead of being sent, and pays for itself.
            output
                .output_accounts
                .iter_mut()
                .for_each(|account| account.transfers.clear());
            used = used.saturating_sub(next.input.gas_provided);
        }
        self.use_gas_for(GasUse::Builtin(&call.function), used);
        self.show_token_transfer(call, &mut output);
        let own = &self.runtime.address;
        let own = output
            .output_accounts
            .iter()
            .find(|account| account.address == *own);
        let end = CallEnd {
            return_code: output.return_code,
            return_message: output.return_message.clone(),
            return_data: output.return_data.clone(),
            gas_remaining: output.gas_remaining,
            last_transfer: own.and_then(|account| account.transfers.last().cloned()),
            error: None,
        };
        self.output.merge_builtin(output);
        Ok((end, next))
    }

    /// The call that a built-in function sends to a contract of this shard as its only transfer.
    fn call_after_builtin(&mut self, call: &Call, output: &VmOutput) -> Result<Option<Call>, EeiError> {
        let recipient = receiver(call).clone();
        let is_here = output.return_code == ReturnCode::Ok
            && self.same_shard(&call.input.caller, &recipient)
            && self.chain.is_contract(&recipient);
        let account = output
            .output_accounts
            .iter()
            .find(|account| is_here && account.address == recipient);
        let Some([transfer]) = account.map(|account| &account.transfers[..]) else {
            return Ok(None);
        };
        let data = CallData::parse(&transfer.data)?;
        let input = VmInput {
            caller: call.input.caller.clone(),
            arguments: data.arguments,
            call_value: Some(BigInt::ZERO),
            call_type: call.input.call_type,
            gas_price: call.input.gas_price,
            gas_provided: transfer.gas_limit,
            gas_locked: transfer.gas_locked,
            original_tx_hash: call.input.original_tx_hash.clone(),
            current_tx_hash: call.input.current_tx_hash.clone(),
            esdt_transfers: moved_token(call).into_iter().collect(),
            ..VmInput::default()
        };
        Ok(Some(Call {
            input,
            recipient,
            function: data.function,
            allow_init: false,
        }))
    }

    /// A token that moves within the shard leaves a transfer in the output, for whoever reads it.
    fn show_token_transfer(&mut self, call: &Call, output: &mut VmOutput) {
        let receiver = match &call.input.arguments[..] {
            _ if is(call, ESDT_TRANSFER) => &call.recipient,
            [_, _, _, receiver] if is(call, ESDT_NFT_TRANSFER) => receiver,
            _ => return,
        };
        if output.return_code != ReturnCode::Ok || !self.same_shard(&call.recipient, &call.input.caller) {
            return;
        }
        let data = CallData {
            function: call.function.clone(),
            arguments: call.input.arguments.clone(),
        };
        let transfer = OutputTransfer {
            value: Some(BigInt::ZERO),
            data: data.to_bytes(),
            call_type: call.input.call_type,
            sender: call.input.caller.clone(),
            ..OutputTransfer::default()
        };
        match output
            .output_accounts
            .iter_mut()
            .find(|account| account.address == *receiver)
        {
            Some(account) => account.transfers.push(transfer),
            None => output.output_accounts.push(OutputAccount {
                address: receiver.clone(),
                transfers: vec![transfer],
                ..OutputAccount::default()
            }),
        }
    }
}

/// Who receives what a call moves.
fn receiver(call: &Call) -> &Bytes {
    let to_itself = is(call, ESDT_NFT_TRANSFER) && call.input.caller == call.recipient;
    let receiver = call.input.arguments.get(NFT_RECEIVER).filter(|_| to_itself);
    receiver.unwrap_or(&call.recipient)
}

/// The token that a call moves, as the receiver sees it.
fn moved_token(call: &Call) -> Option<EsdtTransfer> {
    let amount = |bytes: &Bytes| from_unsigned(bytes);
    match &call.input.arguments[..] {
        [token, value, ..] if is(call, ESDT_TRANSFER) => Some(EsdtTransfer {
            value: Some(amount(value)),
            token_name: token.clone(),
            token_type: EsdtType::Fungible as u32,
            token_nonce: 0,
        }),
        [token, nonce, value, ..] if is(call, ESDT_NFT_TRANSFER) => Some(EsdtTransfer {
            value: Some(amount(value)),
            token_name: token.clone(),
            token_type: EsdtType::NonFungible as u32,
            token_nonce: low_u64(&amount(nonce)),
        }),
        _ => None,
    }
}

fn low_u64(number: &BigInt) -> u64 {
    (number & BigInt::from(u64::MAX)).to_u64().unwrap_or_default()
}
