//! The transfer of one instance.

use arwen_interface::{Bytes, EsdtToken, VmOutput};

use crate::builtin::BuiltinError;
use crate::builtin::address::is_contract_address;
use crate::builtin::call::{Call, require};
use crate::builtin::ledger::{put, quantity, take};
use crate::builtin::output::{call_data, instance_event, send_call, send_call_with_all_gas, success};
use crate::builtin::token::{amount, decode_token, encode_token, instance_key, low_u64, token_key};

/// The arguments of a transfer without a call: token, nonce, quantity, and the destination or the instance itself.
const TRANSFER_ARGUMENTS: usize = 4;

/// `ESDTNFTTransfer@token@nonce@quantity@destination[@function@argument…]`, called by an account on itself; on the
/// way to another shard the instance takes the destination's place.
pub(in crate::builtin) fn transfer(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    call.require_token_arguments()?;
    require(
        call.arguments().len() >= TRANSFER_ARGUMENTS,
        BuiltinError::InvalidArguments(""),
    )?;
    if call.caller() == call.recipient() {
        send(call)
    } else {
        receive(call)
    }
}

/// The half in the sender's shard.
fn send(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    let (caller, token, destination) = (call.caller(), call.argument(0)?, call.argument(3)?);
    require_destination(call, destination)?;
    let price = call.affordable_price()?;
    let nonce = low_u64(call.argument(1)?);
    require(nonce != 0, BuiltinError::NoMetadata)?;
    let mut instance = call.owned_instance(caller, token, nonce)?;
    let moved = amount(call.argument(2)?);
    take(&mut instance, &moved)?;
    call.save_instance(caller, token, &instance)?;

    instance.value = Some(moved);
    let is_own_shard = call.is_own_shard(destination);
    if is_own_shard {
        deliver(call, destination, token, &mut instance)?;
    }
    // The price depends on what is handed on; in one shard that is what the receiver has now.
    let handed_on = encode_token(&instance);
    let copied = (handed_on.len() as u64).saturating_mul(call.prices.copy_per_byte);
    let left = call.gas_provided().saturating_sub(price);
    let mut output = success(left.checked_sub(copied).ok_or(BuiltinError::NotEnoughGas)?);
    let nonce = instance.metadata.as_ref().ok_or(BuiltinError::NoMetadata)?.nonce;
    output.logs = vec![instance_event(
        call.name(),
        caller,
        token,
        nonce,
        Some(destination),
    )];

    let follow_up = follow_up(call, destination, TRANSFER_ARGUMENTS);
    match (is_own_shard, follow_up) {
        (true, None) => {}
        (true, Some(data)) => send_call_with_all_gas(&mut output, call.input, destination, data),
        (false, follow_up) => {
            let mut arguments = call.arguments().to_vec();
            arguments[TRANSFER_ARGUMENTS - 1] = handed_on;
            let data = call_data(call.name().as_bytes(), &arguments);
            send_across(call, &mut output, destination, data, follow_up.is_some());
        }
    }
    Ok(output)
}

/// The half in the receiver's shard, if that is another one.
fn receive(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    require(
        !call.has_sender && call.has_recipient,
        BuiltinError::InvalidReceiver,
    )?;
    let (recipient, token) = (call.recipient(), call.argument(0)?);
    let mut instance = decode_token(call.argument(TRANSFER_ARGUMENTS - 1)?)?;
    deliver(call, recipient, token, &mut instance)?;

    // The sender has paid.
    let mut output = success(call.gas_provided());
    if let Some(data) = follow_up(call, recipient, TRANSFER_ARGUMENTS) {
        send_call_with_all_gas(&mut output, call.input, recipient, data);
    }
    let nonce = instance.metadata.as_ref().ok_or(BuiltinError::NoMetadata)?.nonce;
    output.logs = vec![instance_event(
        call.name(),
        call.caller(),
        token,
        nonce,
        Some(recipient),
    )];
    Ok(output)
}

/// Adds to what the receiver has; `instance` becomes all of it.
fn deliver(
    call: &mut Call<'_>,
    receiver: &[u8],
    token: &[u8],
    instance: &mut EsdtToken,
) -> Result<(), BuiltinError> {
    call.require_payable(receiver, TRANSFER_ARGUMENTS)?;
    let present = present_at(call, receiver, token, instance)?;
    put(instance, quantity(&present));
    call.save_instance(receiver, token, instance)?;
    Ok(())
}

/// What the receiver has already of an instance that arrives. It must be the same, and able to move.
pub(super) fn present_at(
    call: &mut Call<'_>,
    receiver: &[u8],
    token: &[u8],
    instance: &EsdtToken,
) -> Result<EsdtToken, BuiltinError> {
    let all = token_key(token);
    let nonce = instance.metadata.as_ref().map_or(0, |metadata| metadata.nonce);
    let present = call.token(receiver, &instance_key(&all, nonce))?;
    call.require_movable(receiver, &all, &present)?;
    if let Some(known) = &present.metadata {
        let arriving = instance.metadata.as_ref().ok_or(BuiltinError::NoMetadata)?;
        require(known.hash == arriving.hash, BuiltinError::WrongInstance)?;
    }
    Ok(present)
}

/// A destination is an address, not the sender's own, and not on the metachain.
pub(super) fn require_destination(call: &mut Call<'_>, destination: &[u8]) -> Result<(), BuiltinError> {
    let invalid = BuiltinError::InvalidArguments;
    require(
        destination.len() == call.caller().len(),
        invalid(", not a valid destination address"),
    )?;
    require(
        destination != call.caller(),
        invalid(", can not transfer to self"),
    )?;
    call.require_not_on_metachain(destination)
}

/// The call to go on with at a contract, when there are arguments beyond the transfer's own.
pub(super) fn follow_up(call: &Call<'_>, receiver: &[u8], own_arguments: usize) -> Option<Bytes> {
    match call.arguments_from(own_arguments) {
        [function, arguments @ ..] if is_contract_address(receiver) => Some(call_data(function, arguments)),
        _ => None,
    }
}

/// Sends the second half of a transfer to another shard; the gas goes along only for a call.
pub(super) fn send_across(
    call: &Call<'_>,
    output: &mut VmOutput,
    destination: &[u8],
    data: Bytes,
    with_gas: bool,
) {
    let gas_limit = if with_gas {
        std::mem::take(&mut output.gas_remaining)
    } else {
        0
    };
    send_call(output, call.input, destination, data, gas_limit);
}
