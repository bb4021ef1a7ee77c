//! Tokens as accounts store them: keys under the reserved prefix, protobuf records as values.

use arwen_interface::{BigInt, Bytes, EsdtMetadata, EsdtToken};
use num_bigint::Sign;
use num_traits::Zero;

use crate::expr::minimal_unsigned;

/// Begins every storage key that contracts may not write.
pub const PROTECTED_PREFIX: &[u8] = b"ELROND";
/// Begins the key of a token instance; the identifier and the nonce follow.
const TOKEN_PREFIX: &[u8] = b"ELRONDesdt";
/// Begins the key of an account's roles for a token.
const ROLES_PREFIX: &[u8] = b"ELRONDroleesdt";
/// Begins the key of the last nonce an account gave to an instance of a token.
const LAST_NONCE_PREFIX: &[u8] = b"ELRONDnonce";
/// The properties byte that freezes a token in an account.
const FROZEN: u8 = 1;

/// What a storage key says about tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key<'a> {
    /// An instance: identifier and nonce, not told apart.
    Instance(&'a [u8]),
    /// Roles of the token with this identifier.
    Roles(&'a [u8]),
    /// Last nonce of the token with this identifier.
    LastNonce(&'a [u8]),
}

impl<'a> Key<'a> {
    pub(crate) fn parse(key: &'a [u8]) -> Option<Self> {
        let strip = |prefix| key.strip_prefix(prefix);
        strip(TOKEN_PREFIX)
            .map(Self::Instance)
            .or_else(|| strip(LAST_NONCE_PREFIX).map(Self::LastNonce))
            .or_else(|| strip(ROLES_PREFIX).map(Self::Roles))
    }
}

/// The storage key of an instance; nonce 0 is the fungible one.
pub fn token_key(identifier: &[u8], nonce: u64) -> Bytes {
    [TOKEN_PREFIX, identifier, &nonce_bytes(nonce)].concat()
}

/// The storage key of the roles for a token.
pub fn roles_key(identifier: &[u8]) -> Bytes {
    [ROLES_PREFIX, identifier].concat()
}

/// The storage key of the last nonce given to an instance of a token.
pub fn last_nonce_key(identifier: &[u8]) -> Bytes {
    [LAST_NONCE_PREFIX, identifier].concat()
}

/// A nonce, minimal and big-endian.
pub(crate) fn nonce_bytes(nonce: u64) -> Bytes {
    minimal_unsigned(&nonce.into())
}

/// The two bytes of a token's properties in an account.
pub(crate) fn properties(frozen: bool) -> Bytes {
    vec![if frozen { FROZEN } else { 0 }, 0]
}

/// A record that is not a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed token record")]
pub struct TokenError;

/// The protobuf record of an instance.
pub fn encode_token(token: &EsdtToken) -> Bytes {
    let mut out = Bytes::new();
    put_number(&mut out, 1, token.token_type.into());
    put_always(&mut out, 2, &encode_integer(token.value.as_ref()));
    put_bytes(&mut out, 3, &token.properties);
    if let Some(metadata) = &token.metadata {
        let mut inner = Bytes::new();
        put_number(&mut inner, 1, metadata.nonce);
        put_bytes(&mut inner, 2, &metadata.name);
        put_bytes(&mut inner, 3, &metadata.creator);
        put_number(&mut inner, 4, metadata.royalties.into());
        put_bytes(&mut inner, 5, &metadata.hash);
        for uri in &metadata.uris {
            put_always(&mut inner, 6, uri);
        }
        put_bytes(&mut inner, 7, &metadata.attributes);
        put_always(&mut out, 4, &inner);
    }
    put_bytes(&mut out, 5, &token.reserved);
    out
}

/// Reads an instance's record; unknown fields are passed over.
///
/// # Errors
/// When the bytes are no such record.
pub fn decode_token(record: &[u8]) -> Result<EsdtToken, TokenError> {
    let mut token = EsdtToken::default();
    each_field(record, |number, field| {
        match (number, field) {
            (1, Field::Number(n)) => token.token_type = u32::try_from(n).map_err(|_| TokenError)?,
            (2, Field::Bytes(b)) => token.value = decode_integer(b)?,
            (3, Field::Bytes(b)) => token.properties = b.to_vec(),
            (4, Field::Bytes(b)) => token.metadata = Some(decode_metadata(b)?),
            (5, Field::Bytes(b)) => token.reserved = b.to_vec(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(token)
}

fn decode_metadata(record: &[u8]) -> Result<EsdtMetadata, TokenError> {
    let mut metadata = EsdtMetadata::default();
    each_field(record, |number, field| {
        match (number, field) {
            (1, Field::Number(n)) => metadata.nonce = n,
            (2, Field::Bytes(b)) => metadata.name = b.to_vec(),
            (3, Field::Bytes(b)) => metadata.creator = b.to_vec(),
            (4, Field::Number(n)) => metadata.royalties = u32::try_from(n).map_err(|_| TokenError)?,
            (5, Field::Bytes(b)) => metadata.hash = b.to_vec(),
            (6, Field::Bytes(b)) => metadata.uris.push(b.to_vec()),
            (7, Field::Bytes(b)) => metadata.attributes = b.to_vec(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(metadata)
}

/// The protobuf record of an account's roles for a token.
pub fn encode_roles<T: AsRef<[u8]>>(roles: &[T]) -> Bytes {
    let mut out = Bytes::new();
    for role in roles {
        put_always(&mut out, 1, role.as_ref());
    }
    out
}

/// Reads a record of roles.
///
/// # Errors
/// When the bytes are no such record.
pub fn decode_roles(record: &[u8]) -> Result<Vec<Bytes>, TokenError> {
    let mut roles = Vec::new();
    each_field(record, |number, field| {
        if let (1, Field::Bytes(role)) = (number, field) {
            roles.push(role.to_vec());
        }
        Ok(())
    })?;
    Ok(roles)
}

/// A sign byte and the magnitude; 0 as two zero bytes, none as one.
fn encode_integer(value: Option<&BigInt>) -> Bytes {
    match value {
        None => vec![0],
        Some(value) if value.is_zero() => vec![0, 0],
        Some(value) => {
            let sign = u8::from(value.sign() == Sign::Minus);
            [&[sign][..], &value.magnitude().to_bytes_be()].concat()
        }
    }
}

fn decode_integer(bytes: &[u8]) -> Result<Option<BigInt>, TokenError> {
    match bytes {
        [] => Err(TokenError),
        [_] => Ok(None),
        [_, 0] => Ok(Some(BigInt::ZERO)),
        [0, magnitude @ ..] => Ok(Some(BigInt::from_bytes_be(Sign::Plus, magnitude))),
        [1, magnitude @ ..] => Ok(Some(BigInt::from_bytes_be(Sign::Minus, magnitude))),
        _ => Err(TokenError),
    }
}

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn put_varint(out: &mut Bytes, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Zero is the default, which is not written.
fn put_number(out: &mut Bytes, number: u64, value: u64) {
    if value != 0 {
        put_varint(out, number << 3);
        put_varint(out, value);
    }
}

/// Empty is the default, which is not written.
fn put_bytes(out: &mut Bytes, number: u64, bytes: &[u8]) {
    if !bytes.is_empty() {
        put_always(out, number, bytes);
    }
}

fn put_always(out: &mut Bytes, number: u64, bytes: &[u8]) {
    put_varint(out, number << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn take_varint(input: &mut &[u8]) -> Result<u64, TokenError> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = input.split_first().ok_or(TokenError)?;
        *input = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(TokenError)
}

fn take<'a>(input: &mut &'a [u8], length: u64) -> Result<&'a [u8], TokenError> {
    let length = usize::try_from(length).map_err(|_| TokenError)?;
    let (taken, rest) = input.split_at_checked(length).ok_or(TokenError)?;
    *input = rest;
    Ok(taken)
}

fn each_field<'a>(
    mut input: &'a [u8],
    mut visit: impl FnMut(u64, Field<'a>) -> Result<(), TokenError>,
) -> Result<(), TokenError> {
    while !input.is_empty() {
        let tag = take_varint(&mut input)?;
        match tag & 7 {
            0 => visit(tag >> 3, Field::Number(take_varint(&mut input)?))?,
            1 => drop(take(&mut input, 8)?),
            2 => {
                let length = take_varint(&mut input)?;
                visit(tag >> 3, Field::Bytes(take(&mut input, length)?))?;
            }
            5 => drop(take(&mut input, 4)?),
            _ => return Err(TokenError),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nft() -> EsdtToken {
        EsdtToken {
            value: Some(BigInt::from(300)),
            properties: vec![1, 0],
            metadata: Some(EsdtMetadata {
                nonce: 300,
                name: b"T".to_vec(),
                creator: vec![7; 2],
                royalties: 2,
                hash: vec![],
                uris: vec![vec![], b"u".to_vec()],
                attributes: b"a".to_vec(),
            }),
            ..EsdtToken::default()
        }
    }

    #[test]
    fn records_are_protobuf_with_defaults_left_out_but_value_and_uris_always_written() {
        assert_eq!(encode_token(&EsdtToken::default()), [0x12, 1, 0]);
        assert_eq!(
            encode_token(&nft()),
            [
                &[
                    0x12, 3, 0, 1, 44, 0x1a, 2, 1, 0, 0x22, 20, 0x08, 0xac, 0x02, 0x12, 1, b'T'
                ][..],
                &[0x1a, 2, 7, 7, 0x20, 2, 0x32, 0, 0x32, 1, b'u', 0x3a, 1, b'a'],
            ]
            .concat()
        );
        assert_eq!(encode_roles(&["A", ""]), [0x0a, 1, b'A', 0x0a, 0]);
    }

    #[test]
    fn records_are_read_back_and_garbage_is_refused() {
        let record = encode_token(&nft());
        assert_eq!(decode_token(&record), Ok(nft()));
        assert_eq!(
            decode_roles(&[0x0a, 1, b'A', 0x0a, 0]),
            Ok(vec![b"A".to_vec(), vec![]])
        );
        for length in 1..record.len() {
            // A cut record is refused or read as one with fewer fields; it never panics.
            let _ = decode_token(&record[..length]);
        }
        for garbage in [
            &[0x12, 9, 0][..],
            &[0x12, 2, 2, 1],
            &[0xff; 11],
            &[0x13],
            &[0x12, 0],
        ] {
            assert_eq!(decode_token(garbage), Err(TokenError), "{garbage:?}");
        }
    }

    #[test]
    fn keys_are_told_apart_by_their_prefix() {
        assert_eq!(token_key(b"TOK", 256), b"ELRONDesdtTOK\x01\x00");
        assert_eq!(Key::parse(&token_key(b"TOK", 0)), Some(Key::Instance(b"TOK")));
        assert_eq!(Key::parse(&roles_key(b"TOK")), Some(Key::Roles(b"TOK")));
        assert_eq!(Key::parse(&last_nonce_key(b"TOK")), Some(Key::LastNonce(b"TOK")));
        assert_eq!(Key::parse(b"ELRONDreward"), None);
    }
}
