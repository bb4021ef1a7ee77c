//! From a message to a point of G1: herumi's original mode.
//!
//! SHA-512 gives a field element, the map of Fouque and Tibouchi ("Indifferentiable hashing to Barreto–Naehrig
//! curves", 2012) gives a point of the curve, and the cofactor takes it into the subgroup.

use super::encoding::{G1_LEN, principal_root, read_fq};
use ark_bls12_381::{Fq, G1Affine, g1};
use ark_ec::short_weierstrass::SWCurveConfig;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, LegendreSymbol, PrimeField};

/// The point by which a message with this SHA-512 is signed. `None` for the digests that the map has no value for; none
/// is known.
pub fn hash_to_g1(digest: &[u8]) -> Option<G1Affine> {
    let point = map_to_curve(to_field(digest)?)?;
    Some(point.mul_by_cofactor_to_group().into_affine())
}

/// The first 48 bytes of a digest, little-endian, cut to the prime's 381 bits, and to 380 if that is still too large.
fn to_field(digest: &[u8]) -> Option<Fq> {
    let mut bytes: [u8; G1_LEN] = digest.get(..G1_LEN)?.try_into().ok()?;
    let unused_bits = 8 * G1_LEN as u32 - Fq::MODULUS_BIT_SIZE;
    bytes[G1_LEN - 1] &= 0xff >> unused_bits;
    read_fq(&bytes).or_else(|| {
        bytes[G1_LEN - 1] &= 0xff >> (unused_bits + 1);
        read_fq(&bytes)
    })
}

/// The map of Fouque and Tibouchi: of three candidates for x, made so that one at least is on the curve, the first
/// that is; y has the quadratic character of `t`.
fn map_to_curve(t: Fq) -> Option<G1Affine> {
    let root_of_minus_3 = principal_root(-Fq::from(3_u64))?;
    let w = root_of_minus_3 * t * (t.square() + g1::Config::COEFF_B + Fq::ONE).inverse()?;
    let first = (root_of_minus_3 - Fq::ONE) * Fq::from(2_u64).inverse()? - t * w;
    let candidates = [first, -first - Fq::ONE, w.square().inverse()? + Fq::ONE];
    let (x, y) = candidates.into_iter().find_map(|x| {
        let root = principal_root(x.square() * x + g1::Config::COEFF_B)?;
        Some((x, root))
    })?;
    let negative = t.legendre() == LegendreSymbol::QuadraticNonResidue;
    Some(G1Affine::new_unchecked(x, if negative { -y } else { y }))
}

#[cfg(test)]
mod tests {
    use ark_ff::AdditiveGroup;
    use sha2::{Digest, Sha512};

    use super::super::encoding::read_g1;
    use super::*;
    use crate::crypto::unhex;

    /// Made with herumi's bls-go-binary of 24 March 2020 (`blsHashToSignature`).
    #[test]
    fn hashes_of_the_original_library() {
        for (message, point) in [
            (
                "message 1",
                "059ecaa1a851f25587167f04408132a137beafe37ac004e04cd23c919be29ea69675a4b4f67a39eb250535750509608d",
            ),
            (
                "message 10",
                "359b8e1ef2dbadc73d813c0539a0b4adb1d67f3647537ae112cc1c1d5e9d1bdb77e0f2d8ba2b12bbe56a843a635ffc04",
            ),
            (
                "message 12",
                "1039eff2d809ecd986027749d702d1d577b59a6a6e9c46cd0459c3798a2dbe55a76ae79c97012d421954dd4a25399f83",
            ),
            (
                "message 0",
                "f5580abd52033df99904302df0080a2318ce3a5bbfbd9dd2c96689e55443189394e16bab3841cae2d9ecd805c529c696",
            ),
            (
                "message 2",
                "e159b45840c15f8ed40c7da56d5d66f95fcc9a00fe4667c25195757cd683e017690de81c225c4825f3ede8fb50833419",
            ),
            (
                "message 3",
                "e9b08591483b27f4d1d6b90621847faffd09f37a6ab1df21c4cef75f6eda8342633010b7974f41b9414d3836b555718b",
            ),
            (
                "message 4",
                "afe18b9e821a5bf04dac951638b8c0686ab96562d0a202cfad08ea9d85ffc81c0664f2adbce5082ebd728269b384a08a",
            ),
            (
                "message 5",
                "eb512d152aac865d1086660a4df3004ccc002d5aee3f433f6122fa29c0006e22d8206d43e4af1787a4cedae093f54e0b",
            ),
            (
                "message 6",
                "3b8317748d6079f1f689925b74b536e086e80edee66609b0a950bb310c08e8ec7a5ccbe550263470992d167c6ed7e683",
            ),
            (
                "message 7",
                "af33713d51d4372c6a4f516a2d7a01b19f4f79fdce0705fd76fc1a988e4815c24db08db8cf36743ed17708c5be16ae8e",
            ),
            (
                "message 8",
                "d5cc8798893c263ae98ab71b7ebc03145479c70fec8006e20c59ebb4d6bf5f11f537c18e87c536b122a04edd0da08301",
            ),
            (
                "message 9",
                "f836c348985a540df50c786b5801800738bf244f279756f5faaaddb78cd680303aa7983f908dba9d67a0a0a66c93fa06",
            ),
        ] {
            let expected = read_g1(&unhex(point));
            assert_eq!(hash_to_g1(&Sha512::digest(message)), expected, "{message:?}");
        }
    }

    #[test]
    fn the_map_has_no_value_at_zero() {
        assert_eq!(map_to_curve(Fq::ZERO), None);
    }
}
