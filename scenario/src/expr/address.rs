//! Addresses by name.

use super::{ExprError, number};
use crate::world::CONTRACT_LEADING_ZEROS;
use arwen_interface::{ADDRESS_LEN, Bytes};

/// `leading_zeros` zero bytes, then the name, padded with `_` or cut to 32 bytes in all. `#hh` after the name sets the
/// last byte.
pub(super) fn from_name(text: &str, leading_zeros: usize) -> Result<Bytes, ExprError> {
    let mut parts = text.split('#');
    let (name, last_byte, more) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if more.is_some() {
        return Err(ExprError(format!(
            "only one shard id separator allowed in address expression. Got: `{text}`"
        )));
    }
    let mut address = padded(name, leading_zeros);
    if let Some(hex) = last_byte {
        let bytes = number::decode_hex(hex)
            .map_err(|error| ExprError(format!("could not parse address shard id: {error}")))?;
        let [byte] = bytes[..] else {
            return Err(ExprError(format!("bad address shard id length: {hex}")));
        };
        address[ADDRESS_LEN - 1] = byte;
    }
    Ok(address)
}

/// The contract address `sc:name#hh`.
pub(crate) fn contract_by_name(name: &str, last_byte: u8) -> Bytes {
    let mut address = padded(name, CONTRACT_LEADING_ZEROS);
    address[ADDRESS_LEN - 1] = last_byte;
    address
}

/// Zero bytes, then a name, padded with `_` or cut to 32 bytes in all.
fn padded(name: &str, leading_zeros: usize) -> Bytes {
    let mut address = vec![0; leading_zeros];
    address.extend(
        name.bytes()
            .chain(std::iter::repeat(b'_'))
            .take(ADDRESS_LEN - leading_zeros),
    );
    address
}

const BECH32_ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// The checksum generator of BIP 173.
const BECH32_GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
const BECH32_PREFIX: &str = "erd";

/// An address in bech32 with the prefix `erd`, checksum verified.
pub(super) fn from_bech32(text: &str) -> Result<Bytes, ExprError> {
    let bad = |why: &str| ExprError(format!("invalid bech32 address {text}: {why}"));
    let (prefix, data) = text.rsplit_once('1').ok_or_else(|| bad("no separator"))?;
    if prefix != BECH32_PREFIX {
        return Err(bad("the prefix is not erd"));
    }
    let digits: Vec<u8> = data
        .bytes()
        .map(|byte| {
            BECH32_ALPHABET
                .iter()
                .position(|&letter| letter == byte)
                .map(|digit| digit as u8)
        })
        .collect::<Option<_>>()
        .ok_or_else(|| bad("a character outside the alphabet"))?;
    let expanded = prefix
        .bytes()
        .map(|byte| byte >> 5)
        .chain([0])
        .chain(prefix.bytes().map(|byte| byte & 31));
    if bech32_checksum(expanded.chain(digits.iter().copied())) != 1 {
        return Err(bad("wrong checksum"));
    }
    // 32 bytes are 52 digits of 5 bits (the last 4 bits zero), then 6 digits of checksum.
    let payload = &digits[..digits.len().saturating_sub(6)];
    if payload.len() != (ADDRESS_LEN * 8).div_ceil(5) {
        return Err(bad("not 32 bytes"));
    }
    let (mut address, mut buffer, mut bits) = (Bytes::with_capacity(ADDRESS_LEN), 0u32, 0);
    for &digit in payload {
        buffer = buffer << 5 | u32::from(digit);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            address.push((buffer >> bits) as u8);
            buffer &= (1 << bits) - 1;
        }
    }
    if buffer != 0 {
        return Err(bad("non-zero padding"));
    }
    Ok(address)
}

fn bech32_checksum(digits: impl Iterator<Item = u8>) -> u32 {
    digits.fold(1, |sum: u32, digit| {
        let top = sum >> 25;
        let shifted = (sum & 0x1ff_ffff) << 5 ^ u32::from(digit);
        BECH32_GENERATOR
            .iter()
            .enumerate()
            .filter(|(bit, _)| top >> bit & 1 == 1)
            .fold(shifted, |sum, (_, generator)| sum ^ generator)
    })
}
