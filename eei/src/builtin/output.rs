//! Pieces of what a node answers.

use arwen_interface::{BigInt, Bytes, CallInput, LogEntry, OutputAccount, OutputTransfer, VmOutput};

use super::token::{amount_bytes, minimal_bytes};

/// Success, with this much gas left.
pub(super) fn success(gas_remaining: u64) -> VmOutput {
    VmOutput {
        gas_remaining,
        ..VmOutput::default()
    }
}

/// `function@hex@hex…`
pub(super) fn call_data(function: &[u8], arguments: &[Bytes]) -> Bytes {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut data = function.to_vec();
    for argument in arguments {
        data.push(b'@');
        for byte in argument {
            data.extend([byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)]));
        }
    }
    data
}

/// A call for `recipient`, with `gas_limit` gas, as the only thing still to be sent.
pub(super) fn send_call(
    output: &mut VmOutput,
    input: &CallInput,
    recipient: &[u8],
    data: Bytes,
    gas_limit: u64,
) {
    output.output_accounts = vec![OutputAccount {
        address: recipient.to_vec(),
        transfers: vec![OutputTransfer {
            value: Some(BigInt::ZERO),
            data,
            gas_limit,
            gas_locked: input.vm_input.gas_locked,
            call_type: input.vm_input.call_type,
            sender: input.vm_input.caller.clone(),
        }],
        ..OutputAccount::default()
    }];
}

/// As [`send_call`], with all the gas that is left.
pub(super) fn send_call_with_all_gas(
    output: &mut VmOutput,
    input: &CallInput,
    recipient: &[u8],
    data: Bytes,
) {
    let gas_limit = std::mem::take(&mut output.gas_remaining);
    send_call(output, input, recipient, data, gas_limit);
}

/// The event of a fungible token: token, amount and perhaps who received it.
pub(super) fn token_event(
    identifier: &str,
    token: &[u8],
    amount: &BigInt,
    caller: &[u8],
    receiver: Option<&[u8]>,
) -> LogEntry {
    let mut topics = vec![token.to_vec(), amount_bytes(amount)];
    topics.extend(receiver.map(<[u8]>::to_vec));
    LogEntry {
        identifier: identifier.as_bytes().to_vec(),
        address: caller.to_vec(),
        topics,
        data: None,
    }
}

/// The event of an instance: token, nonce and perhaps more.
pub(super) fn instance_event(
    identifier: &str,
    caller: &[u8],
    token: &[u8],
    nonce: u64,
    more: Option<&[u8]>,
) -> LogEntry {
    let mut topics = vec![token.to_vec(), minimal_bytes(nonce)];
    topics.extend(more.map(<[u8]>::to_vec));
    LogEntry {
        identifier: identifier.as_bytes().to_vec(),
        address: caller.to_vec(),
        topics,
        data: None,
    }
}
