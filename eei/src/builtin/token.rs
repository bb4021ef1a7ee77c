//! Tokens as accounts store them: keys, and values in protobuf.

use arwen_interface::{BigInt, Bytes, EsdtMetadata, EsdtToken};
use num_bigint::Sign;
use prost::Message;

use super::BuiltinError;

/// What keys of the node begin with.
pub const PROTECTED_PREFIX: &[u8] = b"ELROND";
const TOKEN_PREFIX: &[u8] = b"ELRONDesdt";
const ROLES_PREFIX: &[u8] = b"ELRONDroleesdt";
const LAST_NONCE_PREFIX: &[u8] = b"ELRONDnonce";

/// The storage key of a fungible token, and the beginning of the keys of a token's instances.
pub fn token_key(token: &[u8]) -> Bytes {
    [TOKEN_PREFIX, token].concat()
}

/// The storage key of an instance of a token; that of the token itself for nonce 0.
pub fn instance_key(token_key: &[u8], nonce: u64) -> Bytes {
    [token_key, &minimal_bytes(nonce)].concat()
}

/// The storage key of an account's roles for a token.
pub fn roles_key(token: &[u8]) -> Bytes {
    [ROLES_PREFIX, token].concat()
}

/// The storage key of the last nonce an account gave out for a token.
pub fn last_nonce_key(token: &[u8]) -> Bytes {
    [LAST_NONCE_PREFIX, token].concat()
}

/// A number big-endian without leading zeros: nothing at all for zero.
pub(super) fn minimal_bytes(number: u64) -> Bytes {
    let zeros = (number.leading_zeros() / 8) as usize;
    number.to_be_bytes().iter().skip(zeros).copied().collect()
}

/// The lowest 64 bits of a big-endian number of any length.
pub(super) fn low_u64(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// An amount, big-endian.
pub(super) fn amount(bytes: &[u8]) -> BigInt {
    BigInt::from_bytes_be(Sign::Plus, bytes)
}

/// An amount big-endian without leading zeros: nothing at all for zero.
pub(super) fn amount_bytes(amount: &BigInt) -> Bytes {
    match amount.to_bytes_be() {
        (Sign::NoSign, _) => Bytes::new(),
        (_, magnitude) => magnitude,
    }
}

#[derive(Clone, PartialEq, Message)]
struct TokenMessage {
    #[prost(uint32, tag = "1")]
    token_type: u32,
    #[prost(bytes = "vec", tag = "2")]
    value: Bytes,
    #[prost(bytes = "vec", tag = "3")]
    properties: Bytes,
    #[prost(message, optional, tag = "4")]
    metadata: Option<MetadataMessage>,
    #[prost(bytes = "vec", tag = "5")]
    reserved: Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct MetadataMessage {
    #[prost(uint64, tag = "1")]
    nonce: u64,
    #[prost(bytes = "vec", tag = "2")]
    name: Bytes,
    #[prost(bytes = "vec", tag = "3")]
    creator: Bytes,
    #[prost(uint32, tag = "4")]
    royalties: u32,
    #[prost(bytes = "vec", tag = "5")]
    hash: Bytes,
    #[prost(bytes = "vec", repeated, tag = "6")]
    uris: Vec<Bytes>,
    #[prost(bytes = "vec", tag = "7")]
    attributes: Bytes,
}

#[derive(Clone, PartialEq, Message)]
struct RolesMessage {
    #[prost(bytes = "vec", repeated, tag = "1")]
    roles: Vec<Bytes>,
}

/// Reads a token as accounts store it.
///
/// # Errors
/// [`BuiltinError::Malformed`]; also for a token without a value.
pub fn decode_token(bytes: &[u8]) -> Result<EsdtToken, BuiltinError> {
    let message = TokenMessage::decode(bytes).map_err(malformed)?;
    Ok(EsdtToken {
        token_type: message.token_type,
        value: Some(decode_value(&message.value)?),
        properties: message.properties,
        metadata: message.metadata.map(|metadata| EsdtMetadata {
            nonce: metadata.nonce,
            name: metadata.name,
            creator: metadata.creator,
            royalties: metadata.royalties,
            hash: metadata.hash,
            uris: metadata.uris,
            attributes: metadata.attributes,
        }),
        reserved: message.reserved,
    })
}

/// Writes a token as accounts store it.
pub fn encode_token(token: &EsdtToken) -> Bytes {
    TokenMessage {
        token_type: token.token_type,
        value: encode_value(token.value.as_ref()),
        properties: token.properties.clone(),
        metadata: token.metadata.as_ref().map(|metadata| MetadataMessage {
            nonce: metadata.nonce,
            name: metadata.name.clone(),
            creator: metadata.creator.clone(),
            royalties: metadata.royalties,
            hash: metadata.hash.clone(),
            uris: metadata.uris.clone(),
            attributes: metadata.attributes.clone(),
        }),
        reserved: token.reserved.clone(),
    }
    .encode_to_vec()
}

/// Reads an account's roles for a token.
///
/// # Errors
/// [`BuiltinError::Malformed`].
pub fn decode_roles(bytes: &[u8]) -> Result<Vec<Bytes>, BuiltinError> {
    Ok(RolesMessage::decode(bytes).map_err(malformed)?.roles)
}

/// Writes an account's roles for a token.
pub fn encode_roles(roles: Vec<Bytes>) -> Bytes {
    RolesMessage { roles }.encode_to_vec()
}

fn malformed(error: impl std::fmt::Display) -> BuiltinError {
    BuiltinError::Malformed(error.to_string())
}

/// Reads an amount: a byte for the sign, then the magnitude. Two bytes with a zero magnitude are zero whatever the
/// sign says.
fn decode_value(bytes: &[u8]) -> Result<BigInt, BuiltinError> {
    match bytes {
        [] | [_] => Err(malformed("no value")),
        [_, 0] => Ok(BigInt::ZERO),
        [0, magnitude @ ..] => Ok(amount(magnitude)),
        [1, magnitude @ ..] => Ok(-amount(magnitude)),
        [sign, ..] => Err(malformed(format!("invalid sign byte {sign:x}"))),
    }
}

/// Writes an amount; zero has one byte of magnitude, no value has none.
fn encode_value(value: Option<&BigInt>) -> Bytes {
    let Some(value) = value else { return vec![0] };
    let (sign, magnitude) = value.to_bytes_be();
    [&[u8::from(sign == Sign::Minus)], magnitude.as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_storage_and_have_the_agreed_bytes() {
        let coins = |value: i64| EsdtToken {
            value: Some(BigInt::from(value)),
            ..EsdtToken::default()
        };
        let cases = [
            (coins(0), vec![0x12, 2, 0, 0]),
            (coins(1), vec![0x12, 2, 0, 1]),
            (coins(-258), vec![0x12, 3, 1, 1, 2]),
            (
                EsdtToken {
                    properties: vec![1, 0],
                    ..coins(5)
                },
                vec![0x12, 2, 0, 5, 0x1a, 2, 1, 0],
            ),
            (
                EsdtToken {
                    token_type: 1,
                    metadata: Some(EsdtMetadata {
                        nonce: 300,
                        name: b"N".to_vec(),
                        royalties: 7,
                        uris: vec![b"u".to_vec(), vec![]],
                        ..EsdtMetadata::default()
                    }),
                    ..coins(2)
                },
                vec![
                    0x08, 1, 0x12, 2, 0, 2, 0x22, 13, 0x08, 0xac, 0x02, 0x12, 1, b'N', 0x20, 7, 0x32, 1,
                    b'u', 0x32, 0,
                ],
            ),
        ];
        for (token, bytes) in cases {
            assert_eq!(encode_token(&token), bytes);
            assert_eq!(decode_token(&bytes), Ok(token));
        }
    }

    #[test]
    fn malformed_tokens_are_errors() {
        for bytes in [
            &[][..],
            &[0x12, 1, 0],
            &[0x12, 2, 2, 1],
            &[0x12, 3, 0, 1],
            &[0x10, 1],
            &[0xff; 12],
        ] {
            assert!(
                matches!(decode_token(bytes), Err(BuiltinError::Malformed(_))),
                "{bytes:?}"
            );
        }
        assert_eq!(
            decode_token(&[0x12, 2, 9, 0]).map(|token| token.value),
            Ok(Some(BigInt::ZERO))
        );
    }

    #[test]
    fn numbers_have_no_leading_zeros() {
        for (number, bytes) in [(0, &[][..]), (1, &[1]), (256, &[1, 0]), (u64::MAX, &[255; 8])] {
            assert_eq!(minimal_bytes(number), bytes);
            assert_eq!(low_u64(bytes), number);
        }
        assert_eq!(low_u64(&[9, 0, 0, 0, 0, 0, 0, 0, 7]), 7);
        assert_eq!(instance_key(&token_key(b"T-1"), 0), b"ELRONDesdtT-1");
        assert_eq!(instance_key(&token_key(b"T-1"), 258), b"ELRONDesdtT-1\x01\x02");
    }
}
