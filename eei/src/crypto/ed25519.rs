//! Ed25519 as Go's `crypto/ed25519` verified it in 2021.
//!
//! Its rules, which are also those of `VerifyingKey::verify` and of its form for messages in pieces: the key may be any encoding of a curve point, canonical
//! or not, of any order; S must be below the group order; R is recomputed and its bytes compared, so the equation is
//! the one without the cofactor and a non-canonical R never matches. `verify_strict` would refuse more.

use ed25519_dalek::{Signature, VerifyingKey};

use super::SignatureError;

/// The length of a key, in bytes.
pub const KEY_LEN: usize = 32;
/// The length of a signature, in bytes.
pub const SIGNATURE_LEN: usize = 64;

/// Checks a signature of a message, which comes in pieces. After the last one it `is_wanted`, or not.
///
/// # Errors
/// [`SignatureError`] says what was wrong; an S that is too large counts as [`SignatureError::Mismatch`].
pub fn verify_ed25519<'a>(
    key: &[u8],
    message: impl IntoIterator<Item = &'a [u8]>,
    signature: &[u8],
    is_wanted: impl FnOnce() -> bool,
) -> Result<(), SignatureError> {
    let key: &[u8; KEY_LEN] = key.try_into().map_err(|_| SignatureError::Key)?;
    let key = VerifyingKey::from_bytes(key).map_err(|_| SignatureError::Key)?;
    let signature = Signature::from_slice(signature).map_err(|_| SignatureError::Encoding)?;
    let mut verifier = key
        .verify_stream(&signature)
        .map_err(|_| SignatureError::Mismatch)?;
    message.into_iter().for_each(|piece| verifier.update(piece));
    if !is_wanted() {
        return Err(SignatureError::Abandoned);
    }
    verifier
        .finalize_and_verify()
        .map_err(|_| SignatureError::Mismatch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::unhex;

    /// With the message in pieces.
    fn verify_ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        super::verify_ed25519(key, message.chunks(5), signature, || true)
    }

    /// RFC 8032, section 7.1, tests 1 to 3: key, message, signature.
    const RFC_8032: [(&str, &str, &str); 3] = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];

    /// The group order, little-endian.
    const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

    #[test]
    fn published_signatures() {
        for (key, message, signature) in RFC_8032 {
            let (key, message, signature) = (unhex(key), unhex(message), unhex(signature));
            assert_eq!(verify_ed25519(&key, &message, &signature), Ok(()));
            let longer = [message.as_slice(), b"."].concat();
            assert_eq!(
                verify_ed25519(&key, &longer, &signature),
                Err(SignatureError::Mismatch)
            );
        }
    }

    #[test]
    fn s_plus_the_group_order_is_refused() {
        let (key, message, signature) = RFC_8032[1];
        let mut signature = unhex(signature);
        let mut carry = 0;
        for (byte, order) in signature[32..].iter_mut().zip(unhex(ORDER)) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
        assert!(verify_ed25519(&unhex(key), &unhex(message), &signature).is_err());
    }

    /// With the neutral element as key, R = identity and S = 0 sign everything: no order is too small.
    #[test]
    fn keys_of_small_order_are_accepted() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut negative_zero = identity;
        negative_zero[31] = 0x80;
        // The same y, plus the field's prime 2^255 - 19.
        let mut unreduced = [0xff; 32];
        unreduced[0] = 0xee;
        unreduced[31] = 0x7f;
        let signature = [identity, [0; 32]].concat();
        for key in [identity, negative_zero, unreduced] {
            assert_eq!(verify_ed25519(&key, b"anything", &signature), Ok(()));
        }
        let unreduced_r = [unreduced, [0; 32]].concat();
        assert!(verify_ed25519(&identity, b"anything", &unreduced_r).is_err());
    }

    #[test]
    fn wrong_lengths_are_errors() {
        let (key, message, signature) = RFC_8032[2];
        let (key, message, signature) = (unhex(key), unhex(message), unhex(signature));
        assert_eq!(
            verify_ed25519(&key[1..], &message, &signature),
            Err(SignatureError::Key)
        );
        assert_eq!(
            verify_ed25519(&key, &message, &signature[1..]),
            Err(SignatureError::Encoding)
        );
    }
}
