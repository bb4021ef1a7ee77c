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
    saved: Vec<Saved>,
}

/// What brings back the numbers of before.
enum Saved {
    /// All of them.
    All(BTreeMap<i32, BigInt>),
    /// Those of handles that have been touched since; none where the handle was not in use. So that a call costs what it
    /// touches, not what there is.
    Touched(BTreeMap<i32, Option<BigInt>>),
}

impl BigInts {
    /// A new handle: the count of numbers, or the next free handle above it.
    pub(crate) fn put(&mut self, value: BigInt) -> i32 {
        let mut handle = self.values.len() as i32;
        while self.values.contains_key(&handle) {
            handle = handle.wrapping_add(1);
        }
        self.set(handle, value);
        handle
    }

    /// Gives a handle another number.
    pub(crate) fn set(&mut self, handle: i32, value: BigInt) {
        let before = self.values.insert(handle, value);
        if let Some(Saved::Touched(touched)) = self.saved.last_mut() {
            touched.entry(handle).or_insert(before);
        }
    }

    /// The number of a handle, which is in use from then on, to look at.
    pub(crate) fn read(&mut self, handle: i32) -> &BigInt {
        if !self.values.contains_key(&handle) {
            self.set(handle, BigInt::ZERO);
        }
        self.peek(handle)
    }

    /// The number of a handle, which is in use from then on, to change.
    pub(crate) fn get(&mut self, handle: i32) -> &mut BigInt {
        if let Some(Saved::Touched(touched)) = self.saved.last_mut() {
            touched
                .entry(handle)
                .or_insert_with(|| self.values.get(&handle).cloned());
        }
        self.values.entry(handle).or_default()
    }

    /// The number of a handle that is in use; otherwise zero.
    pub(crate) fn peek(&self, handle: i32) -> &BigInt {
        static ZERO: BigInt = BigInt::ZERO;
        self.values.get(&handle).unwrap_or(&ZERO)
    }

    /// Takes all numbers out.
    pub(crate) fn take_all(&mut self) -> BTreeMap<i32, BigInt> {
        std::mem::take(&mut self.values)
    }

    /// Saves all numbers and begins with none.
    pub(crate) fn put_aside(&mut self) {
        self.saved.push(Saved::All(std::mem::take(&mut self.values)));
    }

    /// Saves all numbers and goes on with them.
    pub(crate) fn push_state(&mut self) {
        self.saved.push(Saved::Touched(BTreeMap::new()));
    }

    /// Goes back to the numbers that were saved last.
    pub(crate) fn pop_set_state(&mut self) {
        match self.saved.pop() {
            Some(Saved::All(values)) => self.values = values,
            Some(Saved::Touched(touched)) => {
                for (handle, before) in touched {
                    match before {
                        Some(value) => self.values.insert(handle, value),
                        None => self.values.remove(&handle),
                    };
                }
            }
            None => {}
        }
    }

    /// Keeps the numbers as they are, and forgets what was saved last.
    pub(crate) fn pop_discard(&mut self) {
        if let Some(Saved::Touched(inner)) = self.saved.pop()
            && let Some(Saved::Touched(outer)) = self.saved.last_mut()
        {
            for (handle, before) in inner {
                outer.entry(handle).or_insert(before);
            }
        }
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
    fn what_is_saved_comes_back_as_copies_would() {
        let mut ints = BigInts::default();
        // Each level with whether it began with none.
        let (mut values, mut copies) = (BTreeMap::<i32, BigInt>::new(), Vec::new());
        let mut state = 1u64;
        for _ in 0..20_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let (what, handle, number) = (state >> 60, (state >> 40) as i32 % 8, (state >> 33) as i32);
            match what {
                0 if copies.len() < 5 => {
                    ints.put_aside();
                    copies.push((std::mem::take(&mut values), true));
                }
                1 | 2 if copies.len() < 5 => {
                    ints.push_state();
                    copies.push((values.clone(), false));
                }
                3 => {
                    ints.pop_set_state();
                    if let Some((copy, _)) = copies.pop() {
                        values = copy;
                    }
                }
                4 if copies.last().is_some_and(|(_, aside)| !aside) => {
                    ints.pop_discard();
                    copies.pop();
                }
                5 => {
                    let new = ints.put(number.into());
                    assert_eq!(values.insert(new, number.into()), None);
                }
                6 | 7 => {
                    ints.set(handle, number.into());
                    values.insert(handle, number.into());
                }
                _ => {
                    *ints.get(handle) += number;
                    *values.entry(handle).or_default() += number;
                }
            }
            assert_eq!(ints.values, values);
        }
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
