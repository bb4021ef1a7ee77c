//! Numbers: decimal, hexadecimal, binary; signed, unsigned; of minimal or fixed width.

use super::ExprError;
use arwen_interface::{BigInt, Bytes};
use num_bigint::{BigUint, Sign};
use num_traits::Zero;

/// Fixed-width prefixes: text, bytes, whether a sign is allowed.
const WIDTHS: [(&str, usize, bool); 8] = [
    ("u64:", 8, false),
    ("u32:", 4, false),
    ("u16:", 2, false),
    ("u8:", 1, false),
    ("i64:", 8, true),
    ("i32:", 4, true),
    ("i16:", 2, true),
    ("i8:", 1, true),
];

/// The value of a number expression, prefixed or not.
pub(super) fn evaluate(text: &str) -> Result<Bytes, ExprError> {
    for (prefix, width, signed) in WIDTHS {
        if let Some(rest) = text.strip_prefix(prefix) {
            return if signed {
                number(rest, Some(width))
            } else {
                unsigned_fixed(rest, width)
            };
        }
    }
    if let Some(rest) = text.strip_prefix("biguint:") {
        return with_length(unsigned(rest)?);
    }
    number(text, None)
}

/// The length as 4 bytes, then the bytes.
pub(super) fn with_length(bytes: Bytes) -> Result<Bytes, ExprError> {
    let length = u32::try_from(bytes.len()).map_err(|_| ExprError::new("value longer than 4 GiB"))?;
    Ok([&length.to_be_bytes()[..], &bytes].concat())
}

fn number(text: &str, width: Option<usize>) -> Result<Bytes, ExprError> {
    let sign = match text.bytes().next() {
        Some(b'-') => Sign::Minus,
        Some(b'+') => Sign::Plus,
        _ => {
            return match width {
                Some(width) => unsigned_fixed(text, width),
                None => unsigned(text),
            };
        }
    };
    let magnitude = BigUint::from_bytes_be(&unsigned(&text[1..])?);
    let value = BigInt::from_biguint(sign, magnitude);
    let minimal = twos_complement(&value);
    let Some(width) = width else { return Ok(minimal) };
    let fill = if value.sign() == Sign::Minus { 0xff } else { 0 };
    align_right(&minimal, width, fill)
        .ok_or_else(|| ExprError(format!("representation of {value} does not fit in {width} bytes")))
}

/// Minimal two's complement, big-endian; empty for 0.
pub(crate) fn twos_complement(value: &BigInt) -> Bytes {
    if value.is_zero() {
        Bytes::new()
    } else {
        value.to_signed_bytes_be()
    }
}

fn align_right(bytes: &[u8], width: usize, fill: u8) -> Option<Bytes> {
    let mut aligned = vec![fill; width.checked_sub(bytes.len())?];
    aligned.extend_from_slice(bytes);
    Some(aligned)
}

fn unsigned_fixed(text: &str, width: usize) -> Result<Bytes, ExprError> {
    align_right(&unsigned(text)?, width, 0)
        .ok_or_else(|| ExprError(format!("representation of {text} does not fit in {width} bytes")))
}

fn unsigned(text: &str) -> Result<Bytes, ExprError> {
    // Digits may be grouped. The July 2021 reference knew no groups in hexadecimal, the current one does.
    let digits: String = text.chars().filter(|c| !matches!(c, '_' | ',')).collect();
    if text.starts_with("0x") || text.starts_with("0X") {
        let digits = &digits[2..];
        return if digits.len() % 2 == 1 {
            decode_hex(&format!("0{digits}"))
        } else {
            decode_hex(digits)
        };
    }
    if text.starts_with("0b") || text.starts_with("0B") {
        let value = integer(&digits[2..], 2);
        let value = value.ok_or_else(|| ExprError(format!("could not parse binary value: {text}")))?;
        return Ok(minimal_unsigned(value.magnitude()));
    }
    let value =
        integer(&digits, 10).ok_or_else(|| ExprError(format!("could not parse base 10 value: {text}")))?;
    if value.sign() == Sign::Minus {
        return Err(ExprError(format!(
            "negative numbers not allowed in this context: {text}"
        )));
    }
    Ok(minimal_unsigned(value.magnitude()))
}

/// Big-endian without leading zeros; empty for 0.
pub(crate) fn minimal_unsigned(value: &BigUint) -> Bytes {
    if value.is_zero() {
        Bytes::new()
    } else {
        value.to_bytes_be()
    }
}

/// Digits with an optional sign, and nothing else.
fn integer(digits: &str, radix: u32) -> Option<BigInt> {
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    if unsigned.is_empty() || !unsigned.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    BigInt::parse_bytes(digits.as_bytes(), radix)
}

/// Hexadecimal digits, two a byte.
pub(super) fn decode_hex(text: &str) -> Result<Bytes, ExprError> {
    let digit = |c: char| {
        c.to_digit(16).map(|digit| digit as u8).ok_or_else(|| {
            ExprError(format!(
                "encoding/hex: invalid byte: U+{:04X} '{c}'",
                u32::from(c)
            ))
        })
    };
    let digits = text.chars().map(digit).collect::<Result<Vec<_>, _>>()?;
    if digits.len() % 2 == 1 {
        return Err(ExprError::new("encoding/hex: odd length hex string"));
    }
    Ok(digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect())
}
