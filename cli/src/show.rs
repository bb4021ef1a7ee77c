//! Values for people.

use std::fmt;

use arwen_interface::LogEntry;
use arwen_scenario::expr::{Hint, exact, reconstruct};

/// A number with its thousands set apart: 1,234,567. Takes a width, like any text.
pub struct Units(pub u64);

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad(&text)
    }
}

/// Bytes in hex, and as text or a number where they look like one; named addresses by their name.
pub fn show(bytes: &[u8]) -> String {
    let written = exact(bytes, Hint::None);
    if bytes.is_empty() {
        "nothing".to_owned()
    } else if ["address:", "sc:"].iter().any(|kind| written.starts_with(kind)) {
        written
    } else {
        reconstruct(bytes, Hint::None)
    }
}

/// An address by its name.
pub fn address(bytes: &[u8]) -> String {
    reconstruct(bytes, Hint::Address)
}

/// What a log entry says.
pub fn show_log(log: &LogEntry) -> String {
    let parts = [&log.identifier].into_iter().chain(&log.topics).chain(&log.data);
    parts.map(|bytes| show(bytes)).collect::<Vec<_>>().join(", ")
}
