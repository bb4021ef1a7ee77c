//! The big integers of the running contract.

pub(crate) mod wide;

use std::collections::BTreeMap;

use arwen_interface::{BigInt, Bytes};
use num_bigint::Sign;
use num_traits::Zero;

/// Numbers by handle. Any handle may be used, even a negative one; an unused one holds zero from then on.
#[derive(Default)]
pub(crate) struct BigInts {
    values: BTreeMap<i32, BigInt>,
    saved: Vec<BTreeMap<i32, BigInt>>,
}

impl BigInts {
    /// A new handle: the count of numbers, or the next free handle above it.
    pub(crate) fn put(&mut self, value: BigInt) -> i32 {
        let mut handle = self.values.len() as i32;
        while self.values.contains_key(&handle) {
            handle = handle.wrapping_add(1);
        }
        self.values.insert(handle, value);
        handle
    }

    /// The number of a handle, which is in use from then on.
    pub(crate) fn get(&mut self, handle: i32) -> &mut BigInt {
        self.values.entry(handle).or_default()
    }

    /// The number of a handle that is in use; otherwise zero.
    pub(crate) fn peek(&self, handle: i32) -> &BigInt {
        static ZERO: BigInt = BigInt::ZERO;
        self.values.get(&handle).unwrap_or(&ZERO)
    }

    /// Bytes of what it holds, part by part.
    pub(crate) fn parts(&self) -> impl Iterator<Item = usize> {
        let all = std::iter::once(&self.values).chain(&self.saved);
        all.flat_map(BTreeMap::values)
            .map(|value| usize::try_from(value.bits() / 8).unwrap_or(usize::MAX))
    }

    /// Saves all numbers and begins with none.
    pub(crate) fn put_aside(&mut self) {
        self.saved.push(std::mem::take(&mut self.values));
    }

    pub(crate) fn push_state(&mut self) {
        self.saved.push(self.values.clone());
    }

    pub(crate) fn pop_set_state(&mut self) {
        if let Some(values) = self.saved.pop() {
            self.values = values;
        }
    }

    pub(crate) fn pop_discard(&mut self) {
        self.saved.pop();
    }
}

/// The absolute value, big-endian without leading zeros; nothing for zero.
pub(crate) fn unsigned_bytes(value: &BigInt) -> Bytes {
    if value.is_zero() {
        Bytes::new()
    } else {
        value.magnitude().to_bytes_be()
    }
}

/// The shortest two's complement, big-endian; nothing for zero.
pub(crate) fn signed_bytes(value: &BigInt) -> Bytes {
    if value.is_zero() {
        Bytes::new()
    } else {
        value.to_signed_bytes_be()
    }
}

/// From unsigned big-endian bytes.
pub(crate) fn from_unsigned(bytes: &[u8]) -> BigInt {
    BigInt::from_bytes_be(Sign::Plus, bytes)
}

/// From big-endian two's complement bytes.
pub(crate) fn from_signed(bytes: &[u8]) -> BigInt {
    BigInt::from_signed_bytes_be(bytes)
}

/// The lowest 64 bits of the absolute value with the sign applied, wrapping.
pub(crate) fn low_i64(value: &BigInt) -> i64 {
    let low = value.magnitude().iter_u64_digits().next().unwrap_or(0) as i64;
    if value.sign() == Sign::Minus {
        low.wrapping_neg()
    } else {
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_s_complement_is_the_shortest() {
        for (value, bytes) in [
            (0i64, &[][..]),
            (1, &[1]),
            (127, &[0x7f]),
            (128, &[0, 0x80]),
            (255, &[0, 0xff]),
            (-1, &[0xff]),
            (-128, &[0x80]),
            (-129, &[0xff, 0x7f]),
            (-256, &[0xff, 0]),
        ] {
            assert_eq!(signed_bytes(&value.into()), bytes, "{value}");
            assert_eq!(from_signed(bytes), value.into(), "{value}");
        }
    }

    #[test]
    fn low_bits_wrap() {
        let wide = from_unsigned(&[1, 0, 0, 0, 0, 0, 0, 0, 5]);
        assert_eq!(low_i64(&wide), 5);
        assert_eq!(low_i64(&-wide), -5);
        assert_eq!(low_i64(&i64::MIN.into()), i64::MIN);
        assert_eq!(low_i64(&u64::MAX.into()), -1);
    }

    #[test]
    fn a_new_handle_is_the_count_or_the_next_free_one() {
        let mut ints = BigInts::default();
        assert_eq!(ints.put(7.into()), 0);
        ints.get(2);
        assert_eq!(ints.put(8.into()), 3, "2 is in use, and the count is 2");
        ints.get(-5);
        assert_eq!(ints.put(9.into()), 4);
        assert_eq!(*ints.peek(0), 7.into());
    }
}
