//! BLS signatures over BLS12-381 as herumi's library made them in March 2020, outside its Ethereum mode.
//!
//! Keys are points of G2 and signatures points of G1, the other way round than the later standard. Serialization
//! ([`encoding`]), hash to curve ([`map`]) and the generator of G2 are herumi's own; field, curve and pairing come
//! from arkworks.
//!
//! The library's test of a point's order compared with an order that nobody had set, and so let every point of the
//! curve pass. Points outside the subgroups are therefore accepted here too; the pairing is defined for them.

mod encoding;
mod map;

use std::sync::LazyLock;

use ark_bls12_381::{Bls12_381, G2Affine};
use ark_ec::AffineRepr;
use ark_ec::pairing::Pairing;
use ark_ff::Field;

use sha2::{Digest, Sha512};

use super::SignatureError;

pub use encoding::{G1_LEN as SIGNATURE_LEN, G2_LEN as KEY_LEN};

/// The generator of G2 as herumi serializes it: its mapping of the field element 1 to the curve.
const GENERATOR: [u8; KEY_LEN] = [
    0xcc, 0x1e, 0xf2, 0xd9, 0xd8, 0xc5, 0x3b, 0x60, 0x56, 0x85, 0x48, 0xe5, 0x5c, 0x1a, 0x3a, 0xe3, 0x4e,
    0x07, 0xce, 0x63, 0x81, 0x82, 0xfc, 0xbd, 0x64, 0x76, 0xc3, 0x81, 0xdb, 0x28, 0x06, 0xdf, 0xbb, 0x61,
    0x2c, 0x12, 0x3c, 0xab, 0x0a, 0x14, 0x00, 0xcf, 0x1a, 0xf8, 0x1a, 0x01, 0x3d, 0x0f, 0xb3, 0xa4, 0xf1,
    0x96, 0x03, 0xd3, 0x5c, 0xa1, 0x6f, 0x67, 0x09, 0x16, 0x2c, 0xa8, 0xfc, 0x9e, 0x5f, 0xfb, 0xbd, 0xbf,
    0xa6, 0xdc, 0x2a, 0xd8, 0xf6, 0x55, 0x66, 0x0e, 0x3f, 0x4c, 0x92, 0x8c, 0xe2, 0x64, 0x01, 0xa9, 0x8e,
    0x65, 0xc2, 0x16, 0x8a, 0x90, 0x0f, 0x08, 0xa5, 0xf7, 0x1d, 0x97,
];

/// [`GENERATOR`] as a point.
static GENERATOR_POINT: LazyLock<Option<G2Affine>> = LazyLock::new(|| encoding::read_g2(&GENERATOR));

/// What of a message is signed: its SHA-512.
#[derive(Clone)]
pub struct BlsMessage([u8; 64]);

impl BlsMessage {
    /// Of a message in pieces; none of an empty one.
    pub fn of<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let mut is_empty = true;
        let mut hash = Sha512::new();
        for piece in pieces {
            is_empty &= piece.is_empty();
            hash.update(piece);
        }
        (!is_empty).then(|| Self(hash.finalize().into()))
    }
}

/// Checks a signature of a message: e(signature, generator) = e(H(message), key).
///
/// # Errors
/// [`SignatureError`] says what was wrong. The points at infinity are neither key nor signature.
pub fn verify_bls(key: &[u8], message: Option<&BlsMessage>, signature: &[u8]) -> Result<(), SignatureError> {
    let key = encoding::read_g2(key)
        .filter(|point| !point.is_zero())
        .ok_or(SignatureError::Key)?;
    let message = message.ok_or(SignatureError::EmptyMessage)?;
    let signature = encoding::read_g1(signature)
        .filter(|point| !point.is_zero())
        .ok_or(SignatureError::Encoding)?;
    let hash = map::hash_to_g1(&message.0).ok_or(SignatureError::Mismatch)?;
    let generator = GENERATOR_POINT.ok_or(SignatureError::Key)?;
    let product = Bls12_381::multi_miller_loop([-signature, hash], [generator, key]);
    match Bls12_381::final_exponentiation(product) {
        Some(value) if value.0 == <Bls12_381 as Pairing>::TargetField::ONE => Ok(()),
        _ => Err(SignatureError::Mismatch),
    }
}

#[cfg(test)]
mod tests;
