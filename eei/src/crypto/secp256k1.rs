//! ECDSA over secp256k1 of the double SHA-256 of a message, read as leniently as btcec 0.21 did.

use k256::ecdsa::signature::hazmat::PrehashVerifier;
use k256::ecdsa::{Signature, VerifyingKey};
use num_bigint::BigUint;

use super::{Digest, Sha256, SignatureError, sha256};

/// The length of a key without its y coordinate, in bytes.
pub const COMPRESSED_KEY_LEN: usize = 33;
/// The length of a key with both coordinates, in bytes.
pub const UNCOMPRESSED_KEY_LEN: usize = 65;
/// The leading bytes of a signature: the tag, and how many bytes follow.
pub const HEADER_LEN: usize = 2;

/// The shortest signature: two integers of one byte.
const MIN_SIGNATURE_LEN: usize = 8;
const SEQUENCE_TAG: u8 = 0x30;
const INTEGER_TAG: u8 = 0x02;
/// The bytes of a coordinate or scalar.
const WIDTH: usize = 32;
/// 2^256 less the field's prime: 2^32 + 977.
const PRIME_COMPLEMENT: u64 = (1 << 32) + 977;

/// Checks a DER signature of the double SHA-256 of a message, which comes in pieces. After the last one it `is_wanted`, or not.
///
/// # Errors
/// [`SignatureError`] says what was wrong.
pub fn verify_secp256k1<'a>(
    key: &[u8],
    message: impl IntoIterator<Item = &'a [u8]>,
    signature: &[u8],
    is_wanted: impl FnOnce() -> bool,
) -> Result<(), SignatureError> {
    let key = read_key(key)?;
    let signature = read_signature(signature)?;
    let mut hash = Sha256::new();
    message.into_iter().for_each(|piece| hash.update(piece));
    if !is_wanted() {
        return Err(SignatureError::Abandoned);
    }
    key.verify_prehash(&sha256(&hash.finalize()), &signature)
        .map_err(|_| SignatureError::Mismatch)
}

/// Reads a key. More is accepted than the standard's three forms: a compressed key's x may be unreduced, and an
/// uncompressed key's tag may be odd, which says something about y only in the hybrid form (6 and 7).
fn read_key(bytes: &[u8]) -> Result<VerifyingKey, SignatureError> {
    let (&tag, coordinates) = bytes.split_first().ok_or(SignatureError::Key)?;
    let standard = match (tag, bytes.len()) {
        (2 | 3, COMPRESSED_KEY_LEN) => [&[tag], reduced(coordinates).as_slice()].concat(),
        (4 | 5, UNCOMPRESSED_KEY_LEN) => [&[4], coordinates].concat(),
        (6 | 7, UNCOMPRESSED_KEY_LEN) if tag & 1 == coordinates[2 * WIDTH - 1] & 1 => {
            [&[4], coordinates].concat()
        }
        _ => return Err(SignatureError::Key),
    };
    VerifyingKey::from_sec1_bytes(&standard).map_err(|_| SignatureError::Key)
}

/// A 32-byte x coordinate modulo the field's prime.
fn reduced(x: &[u8]) -> Vec<u8> {
    // x is at least the prime exactly when adding the complement carries out of 256 bits; what stays is x - prime.
    let sum = (BigUint::from_bytes_be(x) + PRIME_COMPLEMENT).to_bytes_be();
    match sum.strip_prefix(&[1]) {
        Some(rest) if rest.len() == WIDTH => rest.to_vec(),
        _ => x.to_vec(),
    }
}

/// Reads a signature: DER, but the integers may be padded or look negative, and bytes may follow.
fn read_signature(bytes: &[u8]) -> Result<Signature, SignatureError> {
    let malformed = SignatureError::Encoding;
    if bytes.len() < MIN_SIGNATURE_LEN || bytes[0] != SEQUENCE_TAG {
        return Err(malformed);
    }
    // The sum is taken in eight bits, so the two largest lengths come out too small.
    let len = usize::from(bytes[1].wrapping_add(HEADER_LEN as u8));
    if len < MIN_SIGNATURE_LEN {
        return Err(malformed);
    }
    let body = bytes.get(HEADER_LEN..len).ok_or(malformed)?;
    let (r, rest) = read_integer(body).ok_or(malformed)?;
    let (s, rest) = read_integer(rest).ok_or(malformed)?;
    if !rest.is_empty() {
        return Err(malformed);
    }
    let signature = Signature::from_scalars(r, s).map_err(|_| malformed)?;
    // The verifier takes only the lower of the two equivalent values of s; the network takes both.
    Ok(signature.normalize_s())
}

/// Reads an integer as unsigned; `None` when it is not one, is empty, or has more than 32 significant bytes.
fn read_integer(bytes: &[u8]) -> Option<([u8; WIDTH], &[u8])> {
    let [INTEGER_TAG, len, rest @ ..] = bytes else {
        return None;
    };
    let (digits, rest) = rest.split_at_checked(usize::from(*len)).filter(|_| *len != 0)?;
    let zeros = digits.iter().take_while(|&&digit| digit == 0).count();
    let significant = &digits[zeros..];
    let mut padded = [0; WIDTH];
    let start = WIDTH.checked_sub(significant.len())?;
    padded[start..].copy_from_slice(significant);
    Some((padded, rest))
}

#[cfg(test)]
mod tests {
    use k256::FieldBytes;
    use k256::ecdsa::SigningKey;
    use k256::ecdsa::signature::hazmat::PrehashSigner;

    use super::*;
    use crate::crypto::unhex;

    /// With the message in pieces.
    fn verify_secp256k1(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        super::verify_secp256k1(key, message.chunks(5), signature, || true)
    }

    const MESSAGE: &[u8] = b"forty units to the bearer";
    /// secp256k1's group order (SEC 2, section 2.4.1).
    const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

    fn integer(digits: &[u8]) -> Vec<u8> {
        [&[INTEGER_TAG, digits.len() as u8], digits].concat()
    }

    fn sequence(r: &[u8], s: &[u8]) -> Vec<u8> {
        let body = [integer(r), integer(s)].concat();
        [&[SEQUENCE_TAG, body.len() as u8], body.as_slice()].concat()
    }

    /// A key with an odd y (in its uncompressed form), and its r and s for [`MESSAGE`], s being low.
    fn signed() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let key = (1..)
            .map(|number: u8| SigningKey::from_bytes(&FieldBytes::from([number; WIDTH])).unwrap())
            .find(|key| key.verifying_key().to_sec1_point(true).as_bytes()[0] == 3)
            .unwrap();
        let hash = sha256(&sha256(MESSAGE));
        let signature: Signature = key.sign_prehash(&hash).unwrap();
        let (r, s) = signature.normalize_s().split_bytes();
        (
            key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            r.to_vec(),
            s.to_vec(),
        )
    }

    /// Bitcoin transaction f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16, the first payment:
    /// the key of block 9's reward, the signed form of the transaction, its signature.
    #[test]
    fn first_bitcoin_payment() {
        let key = "0411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3";
        let spent = "c997a5e56e104102fa209c6a852dd90660a20b2d9c352423edce25857fcd3704";
        let payee = "04ae1a62fe09c5f51b13905f07f06b99a2f7159b2225f374cd378d71302fa28414e7aab37397f554a7df5f142c21c1b7303b8a0626f1baded5c72a704f7e6cd84c";
        let message = [
            "01000000",
            "01",
            spent,
            "00000000",
            "43",
            "41",
            key,
            "ac",
            "ffffffff",
            "02",
            "00ca9a3b00000000",
            "43",
            "41",
            payee,
            "ac",
            "00286bee00000000",
            "43",
            "41",
            key,
            "ac",
            "00000000",
            "01000000",
        ]
        .concat();
        let signature = "304402204e45e16932b8af514961a1d3a1a25fdf3f4f7732e9d624c6c61548ab5fb8cd410220181522ec8eca07de4860a4acdd12909d831cc56cbbac4622082221a8768d1d09";
        let message = unhex(&message);
        assert_eq!(verify_secp256k1(&unhex(key), &message, &unhex(signature)), Ok(()));
        assert_eq!(
            verify_secp256k1(&unhex(key), &message[1..], &unhex(signature)),
            Err(SignatureError::Mismatch)
        );
    }

    #[test]
    fn keys_in_every_form_and_no_other() {
        let (key, r, s) = signed();
        let signature = sequence(&r, &s);
        let verify = |key: &[u8]| verify_secp256k1(key, MESSAGE, &signature);
        for (tag, accepted) in [
            (0, false),
            (2, false),
            (3, false),
            (4, true),
            (5, true),
            (6, false),
            (7, true),
            (8, false),
        ] {
            let retagged = [&[tag], &key[1..]].concat();
            assert_eq!(verify(&retagged).is_ok(), accepted, "uncompressed, tag {tag}");
        }
        for (tag, expected) in [
            (2, Err(SignatureError::Mismatch)),
            (3, Ok(())),
            (4, Err(SignatureError::Key)),
            (7, Err(SignatureError::Key)),
        ] {
            let compressed = [&[tag], &key[1..COMPRESSED_KEY_LEN]].concat();
            assert_eq!(verify(&compressed), expected, "compressed, tag {tag}");
        }
        assert_eq!(verify(&[]), Err(SignatureError::Key));
        assert_eq!(verify(&key[..64]), Err(SignatureError::Key));
    }

    #[test]
    fn an_unreduced_x_is_reduced_in_compressed_keys_only() {
        // x = 1 is on the curve; prime + 1 stands for it.
        let mut small = vec![2; COMPRESSED_KEY_LEN];
        small[1..].fill(0);
        small[WIDTH] = 1;
        let mut large = small.clone();
        large[1..].copy_from_slice(&unhex(
            "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30",
        ));
        assert_eq!(read_key(&large).unwrap(), read_key(&small).unwrap());
        let y = read_key(&small).unwrap().to_sec1_point(false).as_bytes()[COMPRESSED_KEY_LEN..].to_vec();
        assert!(read_key(&[&[4], &small[1..], &y].concat()).is_ok());
        assert!(read_key(&[&[4], &large[1..], &y].concat()).is_err());
    }

    #[test]
    fn integers_are_unsigned_padded_at_will_and_s_may_be_high() {
        let (key, r, s) = signed();
        let high = (BigUint::from_bytes_be(&unhex(ORDER)) - BigUint::from_bytes_be(&s)).to_bytes_be();
        let padded = [vec![0; 5], s.clone()].concat();
        for signature in [sequence(&r, &s), sequence(&r, &high), sequence(&r, &padded)] {
            assert_eq!(verify_secp256k1(&key, MESSAGE, &signature), Ok(()));
        }
        let followed = [sequence(&r, &s), vec![1, 2, 3]].concat();
        assert_eq!(verify_secp256k1(&key, MESSAGE, &followed), Ok(()));
    }

    #[test]
    fn malformed_signatures_are_refused() {
        let (key, r, s) = signed();
        let good = sequence(&r, &s);
        let with = |index: usize, byte: u8| {
            let mut changed = good.clone();
            changed[index] = byte;
            changed
        };
        let order = unhex(ORDER);
        let cases = [
            vec![],
            good[..7].to_vec(),
            good[..good.len() - 1].to_vec(),
            with(0, 0x31),
            with(1, good[1] - 1),
            with(1, 254),
            with(1, 255),
            with(2, 3),
            with(3, 0),
            with(3, 200),
            with(4 + r.len(), 3),
            sequence(&[0], &s),
            sequence(&r, &[0, 0]),
            sequence(&order, &s),
            sequence(&r, &order),
            sequence(&[&[1], r.as_slice()].concat(), &s),
        ];
        for case in cases {
            assert_eq!(
                verify_secp256k1(&key, MESSAGE, &case),
                Err(SignatureError::Encoding),
                "{case:02x?}"
            );
        }
    }
}
