//! The transfer of several tokens and instances at once.

use arwen_interface::{Bytes, EsdtToken, VmOutput};
use num_traits::Signed;

use super::nft_transfer::{follow_up, present_at, require_destination, send_across};
use crate::builtin::BuiltinError;
use crate::builtin::call::{Call, require};
use crate::builtin::ledger::{put, quantity, take};
use crate::builtin::output::{call_data, instance_event, send_call_with_all_gas, success};
use crate::builtin::token::{amount, amount_bytes, decode_token, encode_token, low_u64, minimal_bytes};

/// The arguments of each transfer: token, nonce (0 for fungible tokens), and an amount or the instance itself.
const ARGUMENTS_EACH: usize = 3;
/// The least arguments a call has.
const MIN_ARGUMENTS: usize = 5;

/// `MultiESDTNFTTransfer@destination@count@(token@nonce@quantity)…[@function@argument…]`, called by an account on
/// itself; on the way to another shard there is no destination and the instances take their quantities' place.
pub(in crate::builtin) fn transfer(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    call.require_token_arguments()?;
    require(
        call.arguments().len() >= MIN_ARGUMENTS,
        BuiltinError::InvalidArguments(""),
    )?;
    if call.caller() == call.recipient() {
        send(call)
    } else {
        receive(call)
    }
}

/// One transfer as the arguments list it.
struct Item<'a> {
    token: &'a [u8],
    nonce: u64,
    what: &'a [u8],
}

/// The transfers whose number is argument `count_at` and which follow it, and the number of arguments up to there.
fn items<'a>(call: &Call<'a>, count_at: usize) -> Result<(Vec<Item<'a>>, usize), BuiltinError> {
    let count = low_u64(call.argument(count_at)?);
    require(
        count != 0,
        BuiltinError::InvalidArguments(", 0 tokens to transfer"),
    )?;
    let own_arguments = usize::try_from(count)
        .ok()
        .and_then(|count| count.checked_mul(ARGUMENTS_EACH)?.checked_add(count_at + 1))
        .filter(|needed| *needed <= call.arguments().len())
        .ok_or(BuiltinError::InvalidArguments(", invalid number of arguments"))?;
    let listed = call
        .arguments()
        .get(count_at + 1..own_arguments)
        .unwrap_or_default();
    let items = listed
        .chunks_exact(ARGUMENTS_EACH)
        .map(|item| Item {
            token: &item[0],
            nonce: low_u64(&item[1]),
            what: &item[2],
        })
        .collect();
    Ok((items, own_arguments))
}

/// The half in the sender's shard.
fn send(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    let (caller, destination) = (call.caller(), call.argument(0)?);
    require_destination(call, destination)?;
    let (items, own_arguments) = items(call, 1)?;
    let price = call.price()?.saturating_mul(items.len() as u64);
    call.require_gas(price)?;
    let is_own_shard = call.is_own_shard(destination);

    let mut output = success(call.gas_provided().saturating_sub(price));
    let mut moved = Vec::new();
    for item in &items {
        let sent = amount(item.what);
        require(sent.is_positive(), BuiltinError::InvalidQuantity)?;
        let mut token = call.owned_instance(caller, item.token, item.nonce)?;
        take(&mut token, &sent)?;
        call.save_instance(caller, item.token, &token)?;
        token.value = Some(sent);
        if is_own_shard {
            deliver(call, destination, item.token, &mut token, own_arguments)?;
        }
        output.logs.push(instance_event(
            call.name(),
            caller,
            item.token,
            item.nonce,
            Some(destination),
        ));
        moved.push(token);
    }

    let mut arguments = vec![minimal_bytes(items.len() as u64)];
    for (item, token) in items.iter().zip(&moved) {
        let (nonce, what) = match &token.metadata {
            Some(metadata) => {
                let handed_on = encode_token(token);
                let copied = (handed_on.len() as u64).saturating_mul(call.prices.copy_per_byte);
                output.gas_remaining = output
                    .gas_remaining
                    .checked_sub(copied)
                    .ok_or(BuiltinError::NotEnoughGas)?;
                (minimal_bytes(metadata.nonce), handed_on)
            }
            None => (vec![0], amount_bytes(quantity(token))),
        };
        arguments.extend([item.token.to_vec(), nonce, what]);
    }
    match (is_own_shard, follow_up(call, destination, own_arguments)) {
        (true, None) => {}
        (true, Some(data)) => send_call_with_all_gas(&mut output, call.input, destination, data),
        (false, follow_up) => {
            arguments.extend_from_slice(call.arguments_from(own_arguments));
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
    let recipient = call.recipient();
    let (items, own_arguments) = items(call, 0)?;
    // The sender has paid.
    let mut output = success(call.gas_provided());
    for item in &items {
        if item.nonce > 0 {
            let mut instance = decode_token(item.what)?;
            deliver(call, recipient, item.token, &mut instance, own_arguments)?;
        } else {
            call.add_to_balance(recipient, item.token, &amount(item.what))?;
        }
        output.logs.push(instance_event(
            call.name(),
            call.caller(),
            item.token,
            item.nonce,
            Some(recipient),
        ));
    }
    if let Some(data) = follow_up(call, recipient, own_arguments) {
        send_call_with_all_gas(&mut output, call.input, recipient, data);
    }
    Ok(output)
}

/// Gives a token to the receiver; `token` becomes all the receiver has.
///
/// The reference adds to what is there only if that has metadata. A fungible token moved within one shard thus
/// replaces the receiver's balance.
fn deliver(
    call: &mut Call<'_>,
    receiver: &[u8],
    name: &[u8],
    token: &mut EsdtToken,
    own_arguments: usize,
) -> Result<(), BuiltinError> {
    call.require_payable(receiver, own_arguments)?;
    let present = present_at(call, receiver, name, token)?;
    if present.metadata.is_some() {
        put(token, quantity(&present));
    }
    let _: Bytes = call.save_instance(receiver, name, token)?;
    Ok(())
}
