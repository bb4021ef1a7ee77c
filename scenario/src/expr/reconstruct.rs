//! From bytes back to something readable, for messages and dumps.

use std::fmt::Write as _;

use super::Interpreter;
use crate::files::NoFiles;
use crate::world::CONTRACT_LEADING_ZEROS;
use arwen_interface::ADDRESS_LEN;
use num_bigint::BigUint;

/// Values of this many bytes or more are not shown as numbers.
const NUMBER_LIMIT: usize = 15;
/// Hex digits shown of a contract's code.
const CODE_DIGITS: usize = 20;

/// What a value is likely to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Unknown: hex, and text or a number when it looks like one.
    None,
    /// An unsigned number.
    Number,
    /// An address.
    Address,
    /// Text.
    Str,
    /// A contract's code: its beginning.
    Code,
}

/// Shows bytes as an expression. Bytes that are not UTF-8 show as the replacement character.
pub fn reconstruct(value: &[u8], hint: Hint) -> String {
    match hint {
        Hint::Number => BigUint::from_bytes_be(value).to_string(),
        Hint::Str => format!("str:{}", String::from_utf8_lossy(value)),
        Hint::Address => address(value),
        Hint::Code => code(value),
        Hint::None => unknown(value),
    }
}

/// An expression that has exactly this value and may stand in any scenario file: readable where the value allows it, else
/// hex.
pub fn exact(value: &[u8], hint: Hint) -> String {
    let readable = match hint {
        Hint::Number => reconstruct(value, hint),
        Hint::Address => address(value),
        Hint::Str => format!("str:{}", String::from_utf8_lossy(value)),
        Hint::None if value.len() == ADDRESS_LEN => address(value),
        Hint::None if value.len() > 1 => format!("str:{}", String::from_utf8_lossy(value)),
        Hint::None | Hint::Code => String::new(),
    };
    // Strings of scenario files have no escapes.
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    let says_it = readable.bytes().all(plain)
        && Interpreter::new(&NoFiles)
            .string(&readable)
            .is_ok_and(|evaluated| evaluated == value);
    match (says_it, value) {
        (true, _) => readable,
        (false, []) => String::new(),
        (false, _) => format!("0x{}", hex(value)),
    }
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn unknown(value: &[u8]) -> String {
    if value.is_empty() {
        String::new()
    } else if value.iter().all(|byte| (32..=126).contains(byte)) {
        format!("0x{} (str:{})", hex(value), String::from_utf8_lossy(value))
    } else if value.len() < NUMBER_LIMIT {
        format!("0x{} ({})", hex(value), BigUint::from_bytes_be(value))
    } else {
        format!("0x{} (str:{})", hex(value), quote(value))
    }
}

fn address(value: &[u8]) -> String {
    let Ok(bytes) = <&[u8; ADDRESS_LEN]>::try_from(value) else {
        return unknown(value);
    };
    let contract = bytes.starts_with(&[0; CONTRACT_LEADING_ZEROS]);
    let (kind, name) = if contract {
        ("sc", &bytes[CONTRACT_LEADING_ZEROS..])
    } else {
        ("address", &bytes[..])
    };
    let last = bytes[ADDRESS_LEN - 1];
    let explicit_last = last != b'_';
    let name = if explicit_last {
        &name[..name.len() - 1]
    } else {
        name
    };
    let name = String::from_utf8_lossy(name);
    let name = name.trim_end_matches('_');
    match (explicit_last, contract) {
        (false, _) => format!("{kind}:{name}"),
        // The reference pads the byte for accounts only.
        (true, true) => format!("{kind}:{name}#{last:x}"),
        (true, false) => format!("{kind}:{name}#{last:02x}"),
    }
}

fn code(value: &[u8]) -> String {
    if value.is_empty() {
        return String::new();
    }
    let digits = hex(value);
    if digits.len() > CODE_DIGITS {
        format!("0x{}...", &digits[..CODE_DIGITS])
    } else {
        format!("0x{digits}")
    }
}

/// Text in Go's quoting: control characters by their letter or `\x`, invalid UTF-8 as `\x`, unprintable characters as
/// `\u`.
fn quote(value: &[u8]) -> String {
    let mut out = String::from('"');
    for chunk in value.utf8_chunks() {
        for c in chunk.valid().chars() {
            quote_char(&mut out, c);
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

fn quote_char(out: &mut String, c: char) {
    let letter = match c {
        '"' | '\\' => Some(c),
        '\x07' => Some('a'),
        '\x08' => Some('b'),
        '\x0c' => Some('f'),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        '\x0b' => Some('v'),
        _ => None,
    };
    let number = u32::from(c);
    let _ = match letter {
        Some(letter) => write!(out, "\\{letter}"),
        None if is_printable(c) => write!(out, "{c}"),
        None if number < 0x80 => write!(out, "\\x{number:02x}"),
        None if number <= 0xffff => write!(out, "\\u{number:04x}"),
        None => write!(out, "\\U{number:08x}"),
    };
}

fn is_printable(c: char) -> bool {
    // After a letter, the standard library escapes exactly what is not printable (a quote never comes here).
    let probe = ['a', c].iter().collect::<String>();
    c == '\'' || probe.escape_debug().count() == 2
}
