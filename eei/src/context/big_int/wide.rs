//! Numbers so wide that working on them takes long.
//!
//! What would take longer than an interrupt may wait is done apart, where it can be left behind. What grows faster than
//! the numbers is cut, so that work that was left behind ends soon.

use arwen_engine::Abandoned;
use arwen_interface::BigInt;
use num_bigint::BigUint;
use num_integer::Integer;

/// Bits of a digit; so many fit into a word of the processor.
pub(crate) const DIGIT: u64 = 64;
/// The same in bytes.
pub(crate) const DIGIT_BYTES: u64 = DIGIT / 8;

/// Steps that are made in place: a digit written, or a product of two digits added. Some 20 microseconds.
const NEAR: u64 = 20_000;

/// Digits of numbers that are multiplied at once, far away: some milliseconds.
const BLOCK: u64 = 8_192;

/// Products of two digits that a division makes at once, far away: some milliseconds.
const BLOCK_STEPS: u64 = 8 << 20;

/// How the steps of an operation grow with the digits of its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    /// With their sum.
    Sum,
    /// With their product.
    Product,
}

pub(crate) fn digits(number: &BigInt) -> u64 {
    number.bits().div_ceil(DIGIT)
}

impl Growth {
    /// Is an operation on numbers of so many digits to be done apart?
    pub(crate) fn is_far(self, a: u64, b: u64) -> bool {
        let steps = match self {
            Self::Sum => a.saturating_add(b),
            Self::Product => a.saturating_mul(b),
        };
        steps > NEAR
    }
}

/// An operation on two numbers.
pub(crate) enum Operation<T> {
    /// One whose steps grow with the sum of the digits.
    Sum(fn(&BigInt, &BigInt) -> T),
    /// One whose steps grow with their product: at once, and cut into pieces.
    Product(Near<T>, Far<T>),
}

type Near<T> = fn(&BigInt, &BigInt) -> T;
type Far<T> = fn(&BigInt, &BigInt, &Abandoned) -> Result<T, Unwanted>;

impl<T> Operation<T> {
    /// In place.
    pub(crate) fn near(&self, a: &BigInt, b: &BigInt) -> T {
        let (Self::Sum(operation) | Self::Product(operation, _)) = self;
        operation(a, b)
    }

    /// How it is done apart, if it is to be for these numbers.
    pub(crate) fn far(
        &self,
        a: &BigInt,
        b: &BigInt,
    ) -> Option<impl FnOnce(&BigInt, &BigInt, &Abandoned) -> Result<T, Unwanted> + Send + use<T>> {
        let (near, far, growth) = match *self {
            Self::Sum(near) => (near, None, Growth::Sum),
            Self::Product(near, far) => (near, Some(far), Growth::Product),
        };
        let is_far = growth.is_far(digits(a), digits(b));
        is_far.then_some(move |a: &BigInt, b: &BigInt, abandoned: &Abandoned| match far {
            Some(far) => far(a, b, abandoned),
            None => Ok(near(a, b)),
        })
    }
}

/// Nobody wants the result any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unwanted;

fn wanted(abandoned: &Abandoned) -> Result<(), Unwanted> {
    if abandoned.is_so() { Err(Unwanted) } else { Ok(()) }
}

/// a × b.
pub(crate) fn product(a: &BigInt, b: &BigInt, abandoned: &Abandoned) -> Result<BigInt, Unwanted> {
    let product = product_of_magnitudes(a.magnitude(), b.magnitude(), abandoned)?;
    Ok(BigInt::from_biguint(a.sign() * b.sign(), product))
}

/// By halves, in the way of Karatsuba, down to what the crate multiplies at once.
fn product_of_magnitudes(a: &BigUint, b: &BigUint, abandoned: &Abandoned) -> Result<BigUint, Unwanted> {
    wanted(abandoned)?;
    let (long, short) = if a.bits() < b.bits() { (b, a) } else { (a, b) };
    if long.bits() <= BLOCK * DIGIT {
        return Ok(long * short);
    }
    let half = (long.bits() / 2).next_multiple_of(DIGIT);
    let (high, low) = halves(long, half);
    if short.bits() <= half {
        let upper = product_of_magnitudes(&high, short, abandoned)?;
        return Ok((upper << half) + product_of_magnitudes(&low, short, abandoned)?);
    }
    let (short_high, short_low) = halves(short, half);
    let upper = product_of_magnitudes(&high, &short_high, abandoned)?;
    let lower = product_of_magnitudes(&low, &short_low, abandoned)?;
    let both = product_of_magnitudes(&(high + low), &(short_high + short_low), abandoned)?;
    let middle = both - &upper - &lower;
    Ok((((upper << half) + middle) << half) + lower)
}

/// What is above so many bits, and what is below.
fn halves(number: &BigUint, bits: u64) -> (BigUint, BigUint) {
    let high = number >> bits;
    let low = number - (&high << bits);
    (high, low)
}

/// a ÷ b towards zero, and the rest, which has the sign of a. b is not zero.
pub(crate) fn quotient_and_rest(
    a: &BigInt,
    b: &BigInt,
    abandoned: &Abandoned,
) -> Result<(BigInt, BigInt), Unwanted> {
    let (quotient, rest) = divide_magnitudes(a.magnitude(), b.magnitude(), abandoned)?;
    Ok((
        BigInt::from_biguint(a.sign() * b.sign(), quotient),
        BigInt::from_biguint(a.sign(), rest),
    ))
}

/// As on paper, with digits so long that one of them is as much as is divided at once.
fn divide_magnitudes(
    a: &BigUint,
    b: &BigUint,
    abandoned: &Abandoned,
) -> Result<(BigUint, BigUint), Unwanted> {
    let width = (BLOCK_STEPS / b.bits().div_ceil(DIGIT)).max(1);
    let words = usize::try_from(width * DIGIT / u64::from(u32::BITS)).unwrap_or(usize::MAX);
    let mut rest = BigUint::ZERO;
    let mut quotient = Vec::new();
    for block in a.to_u32_digits().chunks(words).rev() {
        wanted(abandoned)?;
        let (digit, left) = ((rest << (width * DIGIT)) + BigUint::from_slice(block)).div_rem(b);
        quotient.push(digit);
        rest = left;
    }
    let digits = quotient.into_iter().rev().flat_map(|digit| {
        let mut digit = digit.to_u32_digits();
        digit.resize(words, 0);
        digit
    });
    Ok((BigUint::new(digits.collect()), rest))
}

#[cfg(test)]
mod tests {
    use num_bigint::Sign;

    use super::*;

    /// Numbers of about so many digits that look random; always the same.
    fn number(seed: u64, digits: u64) -> BigInt {
        let mut state = seed;
        let words = (0..digits * DIGIT / u64::from(u32::BITS)).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(seed);
            (state >> 32) as u32
        });
        BigInt::from_slice(
            if seed.is_multiple_of(2) {
                Sign::Minus
            } else {
                Sign::Plus
            },
            &words.collect::<Vec<_>>(),
        )
    }

    #[test]
    fn in_steps_or_at_once_is_the_same() {
        let here = Abandoned::default();
        for (a, b) in [
            (3 * BLOCK, 2 * BLOCK + 5),
            (5 * BLOCK + 1, 7),
            (2 * BLOCK, 2 * BLOCK),
            (4 * BLOCK, 3 * BLOCK - 9),
            (40, 30),
            (30, 40),
        ] {
            let (a, b) = (number(a | 1, a), number(b & !1, b));
            assert_eq!(product(&a, &b, &here), Ok(&a * &b));
            assert_eq!(product(&b, &a, &here), Ok(&a * &b));
            assert_eq!(quotient_and_rest(&a, &b, &here), Ok(a.div_rem(&b)));
            assert_eq!(quotient_and_rest(&b, &a, &here), Ok(b.div_rem(&a)));
        }
        let (one, zero) = (BigInt::from(1), BigInt::ZERO);
        let wide = (&one << (2 * BLOCK * DIGIT)) - &one;
        assert_eq!(product(&wide, &zero, &here), Ok(zero.clone()));
        assert_eq!(quotient_and_rest(&zero, &wide, &here), Ok((zero.clone(), zero)));
        assert_eq!(quotient_and_rest(&wide, &wide, &here), Ok((one, BigInt::ZERO)));
    }
}
