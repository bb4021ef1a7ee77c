//! What every integer operator computes: one pure function each, named as the specification names it.
//!
//! This is the written-down meaning all tiers are held to. The interpreter calls these functions; the tests run
//! the JIT against [`OPERATORS`].
//!
//! Values travel in 64-bit slots: an `i32` is zero-extended, so comparisons that ignore the sign, the bitwise
//! operators and equality are the same for both widths.

use crate::trap::Trap;
use crate::value::ValType;

/// A type that can be carried in a 64-bit slot.
pub trait Slot: Copy {
    /// Type in the format.
    const TYPE: ValType;
    /// The value of a slot; high bits that the type does not have are ignored.
    fn from_slot(slot: u64) -> Self;
    /// The slot of the value; high bits that the type does not have are zero.
    fn into_slot(self) -> u64;
}

impl Slot for u32 {
    const TYPE: ValType = ValType::I32;
    #[inline(always)]
    fn from_slot(slot: u64) -> Self {
        slot as u32
    }
    #[inline(always)]
    fn into_slot(self) -> u64 {
        u64::from(self)
    }
}

impl Slot for i32 {
    const TYPE: ValType = ValType::I32;
    #[inline(always)]
    fn from_slot(slot: u64) -> Self {
        slot as u32 as i32
    }
    #[inline(always)]
    fn into_slot(self) -> u64 {
        u64::from(self as u32)
    }
}

impl Slot for u64 {
    const TYPE: ValType = ValType::I64;
    #[inline(always)]
    fn from_slot(slot: u64) -> Self {
        slot
    }
    #[inline(always)]
    fn into_slot(self) -> u64 {
        self
    }
}

impl Slot for i64 {
    const TYPE: ValType = ValType::I64;
    #[inline(always)]
    fn from_slot(slot: u64) -> Self {
        slot as i64
    }
    #[inline(always)]
    fn into_slot(self) -> u64 {
        self as u64
    }
}

/// The slot of a truth value: 1 or 0.
#[inline(always)]
pub fn bool_slot(truth: bool) -> u64 {
    u64::from(truth)
}

/// What a function of this module may return: a value, a truth value, or one of these or a trap.
trait Outcome {
    const TYPE: ValType;
    fn outcome(self) -> Result<u64, Trap>;
}

macro_rules! outcome_of_value {
    ($($ty:ty),*) => {$(
        impl Outcome for $ty {
            const TYPE: ValType = <$ty as Slot>::TYPE;
            fn outcome(self) -> Result<u64, Trap> {
                Ok(self.into_slot())
            }
        }
    )*};
}
outcome_of_value!(u32, i32, u64, i64);

impl Outcome for bool {
    const TYPE: ValType = ValType::I32;
    fn outcome(self) -> Result<u64, Trap> {
        Ok(bool_slot(self))
    }
}

impl<T: Outcome> Outcome for Result<T, Trap> {
    const TYPE: ValType = T::TYPE;
    fn outcome(self) -> Result<u64, Trap> {
        self?.outcome()
    }
}

/// An operator as data: its name in the text format, its type, and its meaning.
#[derive(Clone, Copy)]
pub struct OperatorMeaning {
    /// Name in the text format, for example `i32.add`.
    pub name: &'static str,
    /// Types of the operands, first pushed first: one or two.
    pub params: &'static [ValType],
    /// Type of the result.
    pub result: ValType,
    /// Computes the result's slot from the operands' slots. A missing operand counts as zero.
    pub eval: fn(&[u64]) -> Result<u64, Trap>,
}

/// Declares the operators: name in the text format, function, operand names and types, result, meaning.
macro_rules! operators {
    ($($text:literal $name:ident($($arg:ident: $ty:ty),+) -> $ret:ty $body:block)*) => {
        $(
            #[doc = concat!("`", $text, "`")]
            #[inline(always)]
            #[allow(missing_docs, clippy::missing_errors_doc)]
            pub fn $name($($arg: $ty),+) -> $ret $body
        )*

        /// Every numeric operator without immediates that the engine has.
        pub const OPERATORS: &[OperatorMeaning] = &[$(OperatorMeaning {
            name: $text,
            params: &[$(<$ty as Slot>::TYPE),+],
            result: <$ret as Outcome>::TYPE,
            eval: |slots| {
                let mut slots = slots.iter().copied();
                $(let $arg = <$ty as Slot>::from_slot(slots.next().unwrap_or(0));)+
                $name($($arg),+).outcome()
            },
        }),*];
    };
}

operators! {
    "i32.eqz" i32_eqz(a: u32) -> bool { a == 0 }
    "i32.eq" i32_eq(a: u32, b: u32) -> bool { a == b }
    "i32.ne" i32_ne(a: u32, b: u32) -> bool { a != b }
    "i32.lt_s" i32_lt_s(a: i32, b: i32) -> bool { a < b }
    "i32.lt_u" i32_lt_u(a: u32, b: u32) -> bool { a < b }
    "i32.gt_s" i32_gt_s(a: i32, b: i32) -> bool { a > b }
    "i32.gt_u" i32_gt_u(a: u32, b: u32) -> bool { a > b }
    "i32.le_s" i32_le_s(a: i32, b: i32) -> bool { a <= b }
    "i32.le_u" i32_le_u(a: u32, b: u32) -> bool { a <= b }
    "i32.ge_s" i32_ge_s(a: i32, b: i32) -> bool { a >= b }
    "i32.ge_u" i32_ge_u(a: u32, b: u32) -> bool { a >= b }
    "i64.eqz" i64_eqz(a: u64) -> bool { a == 0 }
    "i64.eq" i64_eq(a: u64, b: u64) -> bool { a == b }
    "i64.ne" i64_ne(a: u64, b: u64) -> bool { a != b }
    "i64.lt_s" i64_lt_s(a: i64, b: i64) -> bool { a < b }
    "i64.lt_u" i64_lt_u(a: u64, b: u64) -> bool { a < b }
    "i64.gt_s" i64_gt_s(a: i64, b: i64) -> bool { a > b }
    "i64.gt_u" i64_gt_u(a: u64, b: u64) -> bool { a > b }
    "i64.le_s" i64_le_s(a: i64, b: i64) -> bool { a <= b }
    "i64.le_u" i64_le_u(a: u64, b: u64) -> bool { a <= b }
    "i64.ge_s" i64_ge_s(a: i64, b: i64) -> bool { a >= b }
    "i64.ge_u" i64_ge_u(a: u64, b: u64) -> bool { a >= b }

    "i32.clz" i32_clz(a: u32) -> u32 { a.leading_zeros() }
    "i32.ctz" i32_ctz(a: u32) -> u32 { a.trailing_zeros() }
    "i32.popcnt" i32_popcnt(a: u32) -> u32 { a.count_ones() }
    "i32.add" i32_add(a: u32, b: u32) -> u32 { a.wrapping_add(b) }
    "i32.sub" i32_sub(a: u32, b: u32) -> u32 { a.wrapping_sub(b) }
    "i32.mul" i32_mul(a: u32, b: u32) -> u32 { a.wrapping_mul(b) }
    "i32.div_s" i32_div_s(a: i32, b: i32) -> Result<i32, Trap> {
        if b == 0 {
            return Err(Trap::IntegerDivisionByZero);
        }
        a.checked_div(b).ok_or(Trap::IntegerOverflow)
    }
    "i32.div_u" i32_div_u(a: u32, b: u32) -> Result<u32, Trap> { a.checked_div(b).ok_or(Trap::IntegerDivisionByZero) }
    "i32.rem_s" i32_rem_s(a: i32, b: i32) -> Result<i32, Trap> {
        if b == 0 {
            return Err(Trap::IntegerDivisionByZero);
        }
        Ok(a.wrapping_rem(b))
    }
    "i32.rem_u" i32_rem_u(a: u32, b: u32) -> Result<u32, Trap> { a.checked_rem(b).ok_or(Trap::IntegerDivisionByZero) }
    "i32.and" i32_and(a: u32, b: u32) -> u32 { a & b }
    "i32.or" i32_or(a: u32, b: u32) -> u32 { a | b }
    "i32.xor" i32_xor(a: u32, b: u32) -> u32 { a ^ b }
    "i32.shl" i32_shl(a: u32, b: u32) -> u32 { a.wrapping_shl(b) }
    "i32.shr_s" i32_shr_s(a: i32, b: u32) -> i32 { a.wrapping_shr(b) }
    "i32.shr_u" i32_shr_u(a: u32, b: u32) -> u32 { a.wrapping_shr(b) }
    "i32.rotl" i32_rotl(a: u32, b: u32) -> u32 { a.rotate_left(b & 31) }
    "i32.rotr" i32_rotr(a: u32, b: u32) -> u32 { a.rotate_right(b & 31) }

    "i64.clz" i64_clz(a: u64) -> u64 { u64::from(a.leading_zeros()) }
    "i64.ctz" i64_ctz(a: u64) -> u64 { u64::from(a.trailing_zeros()) }
    "i64.popcnt" i64_popcnt(a: u64) -> u64 { u64::from(a.count_ones()) }
    "i64.add" i64_add(a: u64, b: u64) -> u64 { a.wrapping_add(b) }
    "i64.sub" i64_sub(a: u64, b: u64) -> u64 { a.wrapping_sub(b) }
    "i64.mul" i64_mul(a: u64, b: u64) -> u64 { a.wrapping_mul(b) }
    "i64.div_s" i64_div_s(a: i64, b: i64) -> Result<i64, Trap> {
        if b == 0 {
            return Err(Trap::IntegerDivisionByZero);
        }
        a.checked_div(b).ok_or(Trap::IntegerOverflow)
    }
    "i64.div_u" i64_div_u(a: u64, b: u64) -> Result<u64, Trap> { a.checked_div(b).ok_or(Trap::IntegerDivisionByZero) }
    "i64.rem_s" i64_rem_s(a: i64, b: i64) -> Result<i64, Trap> {
        if b == 0 {
            return Err(Trap::IntegerDivisionByZero);
        }
        Ok(a.wrapping_rem(b))
    }
    "i64.rem_u" i64_rem_u(a: u64, b: u64) -> Result<u64, Trap> { a.checked_rem(b).ok_or(Trap::IntegerDivisionByZero) }
    "i64.and" i64_and(a: u64, b: u64) -> u64 { a & b }
    "i64.or" i64_or(a: u64, b: u64) -> u64 { a | b }
    "i64.xor" i64_xor(a: u64, b: u64) -> u64 { a ^ b }
    "i64.shl" i64_shl(a: u64, b: u64) -> u64 { a.wrapping_shl(b as u32) }
    "i64.shr_s" i64_shr_s(a: i64, b: u64) -> i64 { a.wrapping_shr(b as u32) }
    "i64.shr_u" i64_shr_u(a: u64, b: u64) -> u64 { a.wrapping_shr(b as u32) }
    "i64.rotl" i64_rotl(a: u64, b: u64) -> u64 { a.rotate_left(b as u32 & 63) }
    "i64.rotr" i64_rotr(a: u64, b: u64) -> u64 { a.rotate_right(b as u32 & 63) }

    "i32.wrap_i64" i32_wrap_i64(a: u64) -> u32 { a as u32 }
    "i64.extend_i32_s" i64_extend_i32_s(a: i32) -> i64 { i64::from(a) }
    "i64.extend_i32_u" i64_extend_i32_u(a: u32) -> u64 { u64::from(a) }
    "i32.extend8_s" i32_extend8_s(a: u32) -> i32 { i32::from(a as i8) }
    "i32.extend16_s" i32_extend16_s(a: u32) -> i32 { i32::from(a as i16) }
    "i64.extend8_s" i64_extend8_s(a: u64) -> i64 { i64::from(a as i8) }
    "i64.extend16_s" i64_extend16_s(a: u64) -> i64 { i64::from(a as i16) }
    "i64.extend32_s" i64_extend32_s(a: u64) -> i64 { i64::from(a as i32) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN32: u64 = 0x8000_0000;
    const MAX32: u64 = 0x7fff_ffff;
    const ONES32: u64 = 0xffff_ffff;
    const MIN64: u64 = 1 << 63;
    const ONES64: u64 = u64::MAX;

    fn eval(name: &str, slots: &[u64]) -> Result<u64, Trap> {
        let row = OPERATORS.iter().find(|row| row.name == name).expect(name);
        assert_eq!(row.params.len(), slots.len(), "{name}");
        (row.eval)(slots)
    }

    #[test]
    fn edges() {
        use Trap::{IntegerDivisionByZero as Zero, IntegerOverflow as Overflow};
        let cases: &[(&str, &[u64], Result<u64, Trap>)] = &[
            ("i32.eqz", &[0], Ok(1)),
            ("i32.eqz", &[MIN32], Ok(0)),
            ("i64.eqz", &[1 << 32], Ok(0)),
            ("i32.lt_s", &[MIN32, MAX32], Ok(1)),
            ("i32.lt_u", &[MIN32, MAX32], Ok(0)),
            ("i64.ge_s", &[MIN64, 0], Ok(0)),
            ("i64.ge_u", &[MIN64, 0], Ok(1)),
            ("i32.clz", &[0], Ok(32)),
            ("i32.ctz", &[0], Ok(32)),
            ("i64.clz", &[1], Ok(63)),
            ("i64.ctz", &[MIN64], Ok(63)),
            ("i64.popcnt", &[ONES64], Ok(64)),
            ("i32.add", &[ONES32, 1], Ok(0)),
            ("i32.sub", &[0, 1], Ok(ONES32)),
            ("i64.mul", &[MIN64, 2], Ok(0)),
            ("i32.div_s", &[MIN32, ONES32], Err(Overflow)),
            ("i32.div_s", &[MIN32, 0], Err(Zero)),
            ("i32.div_s", &[ONES32 - 6, 2], Ok(ONES32 - 2)),
            ("i32.div_u", &[MIN32, ONES32], Ok(0)),
            ("i32.div_u", &[1, 0], Err(Zero)),
            ("i32.rem_s", &[MIN32, ONES32], Ok(0)),
            ("i32.rem_s", &[ONES32 - 6, 4], Ok(ONES32 - 2)),
            ("i32.rem_u", &[7, 0], Err(Zero)),
            ("i64.div_s", &[MIN64, ONES64], Err(Overflow)),
            ("i64.rem_s", &[MIN64, ONES64], Ok(0)),
            ("i64.rem_s", &[1, 0], Err(Zero)),
            ("i32.shl", &[1, 33], Ok(2)),
            ("i32.shr_s", &[MIN32, 63], Ok(ONES32)),
            ("i32.shr_u", &[MIN32, 31], Ok(1)),
            ("i64.shl", &[1, 64], Ok(1)),
            ("i64.shr_s", &[MIN64, 127], Ok(ONES64)),
            ("i32.rotl", &[MIN32, 33], Ok(1)),
            ("i64.rotr", &[1, 65], Ok(MIN64)),
            ("i32.wrap_i64", &[0x1_0000_0002], Ok(2)),
            ("i64.extend_i32_s", &[MIN32], Ok(0xffff_ffff_8000_0000)),
            ("i64.extend_i32_u", &[MIN32], Ok(MIN32)),
            ("i32.extend8_s", &[0x80], Ok(0xffff_ff80)),
            ("i32.extend16_s", &[0x17fff], Ok(0x7fff)),
            ("i64.extend8_s", &[0x80], Ok(0xffff_ffff_ffff_ff80)),
            ("i64.extend16_s", &[0x8000], Ok(0xffff_ffff_ffff_8000)),
            ("i64.extend32_s", &[0x1_8000_0000], Ok(0xffff_ffff_8000_0000)),
        ];
        for (name, slots, wanted) in cases {
            assert_eq!(eval(name, slots), *wanted, "{name} {slots:x?}");
        }
    }

    #[test]
    fn operators_are_named_once_and_i32_results_are_zero_extended() {
        let mut names: Vec<_> = OPERATORS.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), OPERATORS.len());
        for row in OPERATORS.iter().filter(|row| row.result == ValType::I32) {
            for a in [0, 1, MIN32, ONES32, MIN64, ONES64] {
                for b in [1, 2, MIN32, ONES64] {
                    if let Ok(slot) = (row.eval)(&[a, b]) {
                        assert_eq!(slot >> 32, 0, "{} {a:x} {b:x}", row.name);
                    }
                }
            }
        }
    }
}
