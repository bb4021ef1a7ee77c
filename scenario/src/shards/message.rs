//! What travels between shards.

use arwen_eei::CallData;
use arwen_eei::builtin::{BuiltinFunction, decode_token};
use arwen_interface::{BigInt, Bytes, CallType, EsdtTransfer, EsdtType, ReturnCode};
use num_bigint::Sign;
use num_traits::ToPrimitive;

use crate::expr::minimal_unsigned;

/// The transaction that began it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TxId(pub u64);

/// Value, a call, or the answer to one, on its way to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The transaction it belongs to.
    pub tx: TxId,
    /// Its number: in the order of sending, over all transactions.
    pub number: u64,
    /// Who sends it.
    pub from: Bytes,
    /// Whom it reaches.
    pub to: Bytes,
    /// EGLD, in its smallest unit.
    pub value: BigInt,
    /// The call, `function@hex…`; for an answer `@code@hex…`; empty for mere value.
    pub data: Bytes,
    /// Gas for the call.
    pub gas_limit: u64,
    /// Gas set aside for the answer.
    pub gas_locked: u64,
    /// Whether it is a call that wants an answer, an answer, or neither.
    pub call_type: CallType,
    /// Whether it brings back what a failed call had carried.
    pub after_error: bool,
}

impl Message {
    /// All the gas it carries.
    pub fn gas(&self) -> u64 {
        self.gas_limit.saturating_add(self.gas_locked)
    }
}

/// The built-in function that call data names, if it does.
pub(super) fn builtin(call: &CallData) -> Option<BuiltinFunction> {
    BuiltinFunction::from_name(std::str::from_utf8(&call.function).ok()?)
}

/// The tokens a call brings to its receiver, and how many arguments tell of them.
pub(super) fn tokens(call: &CallData) -> Option<(Vec<EsdtTransfer>, usize)> {
    let argument = |index: usize| call.arguments.get(index).map(Vec::as_slice);
    match builtin(call)? {
        BuiltinFunction::EsdtTransfer => Some((vec![token(argument(0)?, 0, amount(argument(1)?))], 2)),
        BuiltinFunction::EsdtNftTransfer => {
            let nonce = amount(argument(1)?).to_u64()?;
            Some((vec![token(argument(0)?, nonce, amount(argument(2)?))], 4))
        }
        BuiltinFunction::MultiEsdtNftTransfer => {
            let count = amount(argument(0)?).to_usize()?;
            let end = count.checked_mul(3)?.checked_add(1)?;
            let triples = call.arguments.get(1..end)?.chunks_exact(3);
            let tokens = triples.map(|triple| {
                let nonce = amount(&triple[1]).to_u64()?;
                // Instances travel whole, fungible tokens as an amount.
                let value = match nonce {
                    0 => amount(&triple[2]),
                    _ => decode_token(&triple[2]).ok()?.value?,
                };
                Some(token(&triple[0], nonce, value))
            });
            Some((tokens.collect::<Option<_>>()?, end))
        }
        _ => None,
    }
}

fn token(name: &[u8], nonce: u64, value: BigInt) -> EsdtTransfer {
    let token_type = if nonce == 0 {
        EsdtType::Fungible
    } else {
        EsdtType::NonFungible
    };
    EsdtTransfer {
        value: Some(value),
        token_name: name.to_vec(),
        token_type: token_type as u32,
        token_nonce: nonce,
    }
}

fn amount(bytes: &[u8]) -> BigInt {
    BigInt::from_bytes_be(Sign::Plus, bytes)
}

/// A return code as a callback sees it in its own shard: minimal, empty for success.
pub(super) fn code_bytes(code: ReturnCode) -> Bytes {
    minimal_unsigned(&(code as u8).into())
}

/// The arguments of `callBack`, from an answer. The VM writes the return code as text; the callback gets the number that it
/// would get from a callee in its own shard.
pub(super) fn callback_arguments(answer: CallData) -> Vec<Bytes> {
    let mut arguments = answer.arguments;
    if let Some(first) = arguments.first_mut()
        && let Some(code) = ReturnCode::ALL
            .iter()
            .find(|code| code.text().as_bytes() == *first)
    {
        *first = code_bytes(*code);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::hex;

    #[test]
    fn callbacks_get_the_number_of_a_return_code_that_came_as_text() {
        let arguments = |data: &[u8]| callback_arguments(CallData::parse_any(data).unwrap());
        assert_eq!(arguments(b"@6f6b@05"), [vec![], vec![5]]);
        let user_error = format!("@{}", hex(b"user error"));
        assert_eq!(arguments(user_error.as_bytes()), [vec![4]]);
        assert_eq!(arguments(b"@04@ab"), [vec![4], vec![0xab]]);
    }

    #[test]
    fn transfers_tell_their_tokens() {
        let tokens = |data: &[u8]| tokens(&CallData::parse_any(data).unwrap());
        assert_eq!(
            tokens(b"ESDTTransfer@54@0100@66"),
            Some((vec![token(b"T", 0, 256.into())], 2))
        );
        assert_eq!(
            tokens(b"ESDTNFTTransfer@54@02@03@00"),
            Some((vec![token(b"T", 2, 3.into())], 4))
        );
        assert_eq!(
            tokens(b"MultiESDTNFTTransfer@01@54@@07@66"),
            Some((vec![token(b"T", 0, 7.into())], 4))
        );
        for data in [
            "ESDTTransfer@54",
            "MultiESDTNFTTransfer@ffffffffffffffff@54",
            "SetUserName@61",
            "f",
        ] {
            assert_eq!(tokens(data.as_bytes()), None, "{data}");
        }
    }
}
