//! A contract sends a token, with a call.

use arwen_interface::{BigInt, Bytes, CallType, OutputTransfer, ReturnCode, VmInput, VmOutput};
use num_traits::Zero;

use crate::context::Run;
use crate::context::big_int::unsigned_bytes;
use crate::errors::EeiError;
use crate::observe::GasUse;

use super::Call;
use super::builtin::{ESDT_NFT_TRANSFER, ESDT_TRANSFER};
use super::data::{CallData, push_hex};

/// How much of which token moves; instances have a nonce above 0.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub identifier: Bytes,
    pub nonce: u64,
    pub value: BigInt,
}

impl Run<'_> {
    /// Moves a token to the recipient of `call` and records the transfer with the call as its data. Gives what the
    /// call may still use of its gas; in another shard that gas has left with the transfer.
    ///
    /// # Errors
    /// When the token cannot move, or the gas of the call does not pay for it.
    pub(crate) fn transfer_token(&mut self, token: &Token, call: &Call) -> Result<u64, EeiError> {
        let sender = self.runtime.address.clone();
        let is_contract = self.chain.is_contract(&call.recipient);
        let same_shard = self.same_shard(&sender, &call.recipient);
        let call_type = if is_contract {
            CallType::EsdtTransferAndExecute
        } else {
            CallType::Direct
        };
        let (output, used) = self.move_token(token, &sender, &call.recipient, call_type)?;
        let mut remaining = 0;
        if is_contract {
            remaining = call
                .input
                .gas_provided
                .checked_sub(used)
                .ok_or(EeiError::NotEnoughGas)?;
            if remaining > self.gas_left() {
                return Err(EeiError::NotEnoughGas);
            }
            if !same_shard {
                self.use_gas_for(GasUse::Sent, remaining);
            }
        }
        let mut data = token_data(token, &call.recipient, same_shard, &output);
        push_hex(&mut data, &call.function);
        for argument in &call.input.arguments {
            push_hex(&mut data, argument);
        }
        self.output.accounts.push_transfer(
            &call.recipient,
            OutputTransfer {
                value: Some(BigInt::zero()),
                data,
                gas_limit: if same_shard { 0 } else { remaining },
                gas_locked: 0,
                call_type: CallType::Direct,
                sender,
            },
        );
        self.output.state.logs.extend(output.logs);
        Ok(remaining)
    }

    /// Moves a token with the built-in function for it, with all gas that is left. Gives the function's output and
    /// the gas it used, which has been paid.
    fn move_token(
        &mut self,
        token: &Token,
        sender: &[u8],
        destination: &[u8],
        call_type: CallType,
    ) -> Result<(VmOutput, u64), EeiError> {
        let value = unsigned_bytes(&token.value);
        let (function, recipient, arguments) = if token.nonce > 0 {
            let nonce = unsigned_bytes(&BigInt::from(token.nonce));
            (
                ESDT_NFT_TRANSFER,
                sender,
                vec![token.identifier.clone(), nonce, value, destination.to_vec()],
            )
        } else {
            (ESDT_TRANSFER, destination, vec![token.identifier.clone(), value])
        };
        let input = VmInput {
            caller: sender.to_vec(),
            arguments,
            call_value: Some(BigInt::zero()),
            call_type,
            gas_price: self.runtime.input.gas_price,
            gas_provided: self.gas_left(),
            ..VmInput::default()
        };
        let provided = input.gas_provided;
        let output = self.process_builtin(&Call {
            input,
            recipient: recipient.to_vec(),
            function: function.as_bytes().to_vec(),
            allow_init: false,
        })?;
        if output.return_code != ReturnCode::Ok {
            return Err(EeiError::ExecutionFailed);
        }
        let transfers = output
            .output_accounts
            .iter()
            .flat_map(|account| &account.transfers);
        let used = provided.saturating_sub(output.gas_remaining);
        let used = transfers.fold(used, |used, transfer| used.saturating_sub(transfer.gas_limit));
        if self.gas_left() < used {
            return Err(EeiError::NotEnoughGas);
        }
        self.use_gas_for(GasUse::Builtin(function.as_bytes()), used);
        Ok((output, used))
    }
}

/// The data of the transfer, without the call. An instance for another shard travels with its metadata, as the
/// built-in function wrote it.
fn token_data(token: &Token, destination: &[u8], same_shard: bool, output: &VmOutput) -> Bytes {
    let value = unsigned_bytes(&token.value);
    if token.nonce == 0 {
        let arguments = vec![token.identifier.clone(), value];
        return CallData {
            function: ESDT_TRANSFER.into(),
            arguments,
        }
        .to_bytes();
    }
    let mut arguments = vec![
        token.identifier.clone(),
        unsigned_bytes(&BigInt::from(token.nonce)),
        value,
    ];
    if same_shard {
        arguments.push(destination.to_vec());
    } else {
        let account = output
            .output_accounts
            .iter()
            .find(|account| account.address == destination);
        if let Some([transfer]) = account.map(|account| &account.transfers[..]) {
            return transfer.data.clone();
        }
    }
    CallData {
        function: ESDT_NFT_TRANSFER.into(),
        arguments,
    }
    .to_bytes()
}
