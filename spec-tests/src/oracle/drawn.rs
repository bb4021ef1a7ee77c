//! Programs drawn from numbers: for the tests, and for looking for differences without a fuzzer.

use crate::parity::generate;
use crate::parity::generate::Numbers;

use super::{How, Verdict};

/// Bytes that a module of shapes is made of, at most.
const SHAPE_BYTES: u64 = 1_500;

/// Input number `number` for the oracles of programs.
pub fn input(number: u64) -> Vec<u8> {
    let mut numbers = Numbers::new(number);
    let way = (numbers.draw() % u64::from(How::COUNT)) as u8;
    let mut bytes = generate::entropy(numbers.draw());
    // The other generator needs them all.
    if How::of(way).shapes {
        bytes.truncate((numbers.draw() % SHAPE_BYTES) as usize);
    }
    [&[way], &bytes[..]].concat()
}

/// Holds an oracle against the inputs with these numbers.
///
/// # Errors
/// The first that breaks the claim: its number, and how.
pub fn hold(oracle: fn(&[u8]) -> Verdict, numbers: impl IntoIterator<Item = u64>) -> Verdict {
    for number in numbers {
        oracle(&input(number)).map_err(|error| format!("input {number}: {error}"))?;
    }
    Ok(())
}
