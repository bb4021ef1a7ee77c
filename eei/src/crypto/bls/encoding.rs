//! herumi's compressed points: x little-endian, the parity of y in the highest bit, all zeros for infinity.

use ark_bls12_381::{Fq, Fq2, G1Affine, G2Affine, g1, g2};
use ark_ec::short_weierstrass::{Affine, SWCurveConfig};
use ark_ff::{AdditiveGroup, BigInt, BigInteger, Field, PrimeField};

/// The length of a point of G1, in bytes.
pub const G1_LEN: usize = 48;
/// The length of a point of G2, in bytes: the real part of x, then the imaginary one.
pub const G2_LEN: usize = 2 * G1_LEN;

/// The highest bit of the last byte, set when y is odd.
const ODD_Y: u8 = 0x80;

/// Reads a point of the first curve, in its subgroup or not. `None` when x is unreduced or not on the curve.
pub fn read_g1(bytes: &[u8]) -> Option<G1Affine> {
    let bytes: [u8; G1_LEN] = bytes.try_into().ok()?;
    read_point::<g1::Config, G1_LEN>(bytes, read_fq, principal_root, Some)
}

/// Reads a point of the second curve, in its subgroup or not. `None` when x is unreduced or not on the curve.
pub fn read_g2(bytes: &[u8]) -> Option<G2Affine> {
    let bytes: [u8; G2_LEN] = bytes.try_into().ok()?;
    let read_fq2 = |bytes: &[u8]| {
        let (real, imaginary) = bytes.split_at_checked(G1_LEN)?;
        Some(Fq2::new(read_fq(real)?, read_fq(imaginary)?))
    };
    read_point::<g2::Config, G2_LEN>(bytes, read_fq2, principal_root_fq2, |y| Some(y.c0))
}

/// Reads a point given how to read x, take a square root, and find the part of y whose parity counts.
fn read_point<C: SWCurveConfig, const LEN: usize>(
    mut bytes: [u8; LEN],
    read_x: impl Fn(&[u8]) -> Option<C::BaseField>,
    root: impl Fn(C::BaseField) -> Option<C::BaseField>,
    parity_of: impl Fn(C::BaseField) -> Option<Fq>,
) -> Option<Affine<C>> {
    if bytes == [0; LEN] {
        return Some(Affine::identity());
    }
    let last = bytes.last_mut()?;
    let wants_odd = *last & ODD_Y != 0;
    *last &= !ODD_Y;
    let x = read_x(&bytes)?;
    let y = root(x.square() * x + C::COEFF_B)?;
    let is_odd = parity_of(y)?.into_bigint().is_odd();
    Some(Affine::new_unchecked(x, if is_odd == wants_odd { y } else { -y }))
}

/// Reads a little-endian field element; `None` when it is not below the prime.
pub fn read_fq(bytes: &[u8]) -> Option<Fq> {
    let mut limbs = [0; G1_LEN / 8];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = u64::from_le_bytes(chunk.try_into().ok()?);
    }
    Fq::from_bigint(BigInt::new(limbs))
}

/// The square root that raising to (p + 1) / 4 gives, if `value` is a square.
pub fn principal_root(value: Fq) -> Option<Fq> {
    let mut exponent = Fq::MODULUS;
    exponent.add_with_carry(&BigInt::from(1_u64));
    exponent >>= 2;
    let root = value.pow(exponent);
    (root.square() == value).then_some(root)
}

/// A square root over the quadratic extension. Which of the two matters only where the parity of the real part cannot
/// tell them apart: for a real `value`.
fn principal_root_fq2(value: Fq2) -> Option<Fq2> {
    if value.c1 != Fq::ZERO {
        return value.sqrt();
    }
    match principal_root(value.c0) {
        Some(real) => Some(Fq2::new(real, Fq::ZERO)),
        None => Some(Fq2::new(Fq::ZERO, principal_root(-value.c0)?)),
    }
}
