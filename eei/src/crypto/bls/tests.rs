//! Keys and signatures made with herumi's bls-go-binary of 24 March 2020, the library the network ran.

use ark_bls12_381::g2;
use ark_ec::short_weierstrass::SWCurveConfig;

use super::*;
use crate::crypto::unhex;

/// With the message in pieces.
fn verify_bls(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
    super::verify_bls(key, BlsMessage::of(message.chunks(5)).as_ref(), signature)
}

/// Message, key, signature.
const SIGNED: [(&str, &str, &str); 4] = [
    (
        "a",
        "dd87d6582638b7ed1edfd1fe7d4c3e42fc17fa61cd2ed08dde6ba13d10fc96b10f4fb55ff30799cb8676e4d1c098810048c51de82d6c9c35327e353274479ab78f5771cc7ba36d6c4b39a680e69591bec7539b160e1e62403561d907926d9b19",
        "265bf4ae2c7933173548147c74fc12eeaf429b58a0727c0e5585085a2209030be7d27d3193b4d6441303b14c9a3f4007",
    ),
    (
        "arwen",
        "6dff1811da733953001f1d34af3d92aa21536616f8d787c99cdb797dd947039b91b50b7cb91ff41c689b5af14eda0d06f2cdc7d22ea3644f581fcc228d178c46f9a4c91b14da59ad54d07b0d30dbc1cfc080f5ee54fce36b83faca96a2ddb817",
        "843ef2e7006866d199e389e0ec0b2d737805cee1a34237d5bf2ea3d503e9821ad6e7b8c29b29730cce5e85316d3da692",
    ),
    (
        "message to be signed",
        "c702c0e0d1c176192880a9523ed949175d3ea86d36c877a7424223ac8490eb3cc9b04584b796885a1eedd4e6f9ef6f1580e87b409f272176b015349950448b433fac5299cbccb61597c2e9f371c443653dbde00aad525c39f7600f7f50442d08",
        "4f75ccc6e5592d984833eedb09d2134ff9d13d7c6f85e58d38d27a61df073655dd1fa0e4763d1ae654b572efc8c3708f",
    ),
    (
        "The quick brown fox jumps over the lazy dog",
        "99b8feb6673a34948af041edbbd193d41c178baa586fc101185595e8751c2cf7b48e891351ada3a4dab7fdeb9394a50d99276bf541ec2ec65924c55e5213efc91d621edf62f74018d56f6af53e6c7acb02563b24aaa7c705c9ccad33d2631109",
        "7920fa40dcefde3fc15e396b09c114f5fcc595beb72d85065c6fd4514fe94f8a20b60b753c659681ada3b594ac53f804",
    ),
];

#[test]
fn signatures_of_the_original_library() {
    for (message, key, signature) in SIGNED {
        let (key, signature) = (unhex(key), unhex(signature));
        assert_eq!(
            verify_bls(&key, message.as_bytes(), &signature),
            Ok(()),
            "{message:?}"
        );
        let other = format!("{message}.");
        assert_eq!(
            verify_bls(&key, other.as_bytes(), &signature),
            Err(SignatureError::Mismatch)
        );
    }
    let (message, key, _) = SIGNED[0];
    let (_, _, signature) = SIGNED[1];
    assert_eq!(
        verify_bls(&unhex(key), message.as_bytes(), &unhex(signature)),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn the_generator_is_on_the_curve_and_in_the_subgroup() {
    let generator = GENERATOR_POINT.expect("the generator is well formed");
    assert!(generator.is_on_curve() && generator.is_in_correct_subgroup_assuming_on_curve());
    assert_ne!(generator, g2::Config::GENERATOR);
}

/// The same library accepted this signature for the first row: its own, plus a point of order prime to the group's.
/// The key to which such a point was added it refused.
#[test]
fn points_outside_the_subgroup_are_judged_by_the_pairing() {
    let (message, key, signature) = SIGNED[0];
    let shifted_signature = unhex(
        "b43199324ea6cff037f1a72239783f4d7c8f750f8e000975bbcc05ee31e023a0745f5aafb719232e0452072eda424797",
    );
    let shifted_key = unhex(
        "9063d5189c1407c42261ab4bd7a4786dd6213a65b0393dbdeba3047b81ac97212deb65bb006b0e5b9fdedbfb16666308dbf28d88125714ad20dacc418b18229ae6fe83430ab777e6b54d2795b3620a3ec70f7d16b83f643e4fbae4463f0a7f15",
    );
    assert!(
        !encoding::read_g1(&shifted_signature)
            .unwrap()
            .is_in_correct_subgroup_assuming_on_curve()
    );
    assert!(
        !encoding::read_g2(&shifted_key)
            .unwrap()
            .is_in_correct_subgroup_assuming_on_curve()
    );
    assert_eq!(
        verify_bls(&unhex(key), message.as_bytes(), &shifted_signature),
        Ok(())
    );
    assert_eq!(
        verify_bls(&shifted_key, message.as_bytes(), &unhex(signature)),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn what_is_no_point_is_refused() {
    let (message, key, signature) = SIGNED[0];
    let (message, key, signature) = (message.as_bytes(), unhex(key), unhex(signature));
    // The prime itself, little-endian: an unreduced zero.
    let prime = unhex(
        "abaafffffffffeb9ffff53b1feffab1e24f6b0f6a0d23067bf1285f3844b7764d7ac4b43b6a71b4b9ae67f39ea11011a",
    );
    for bad in [
        vec![0; KEY_LEN],
        vec![],
        key[1..].to_vec(),
        [prime.as_slice(), &key[SIGNATURE_LEN..]].concat(),
    ] {
        assert_eq!(
            verify_bls(&bad, message, &signature),
            Err(SignatureError::Key),
            "{bad:02x?}"
        );
    }
    // x = 1 is not on the curve.
    let mut one = vec![0; SIGNATURE_LEN];
    one[0] = 1;
    for bad in [
        vec![0; SIGNATURE_LEN],
        vec![],
        signature[1..].to_vec(),
        prime,
        one,
    ] {
        assert_eq!(
            verify_bls(&key, message, &bad),
            Err(SignatureError::Encoding),
            "{bad:02x?}"
        );
    }
    let mut negated = signature;
    negated[SIGNATURE_LEN - 1] ^= 0x80;
    assert_eq!(verify_bls(&key, message, &negated), Err(SignatureError::Mismatch));
    assert_eq!(verify_bls(&key, b"", &negated), Err(SignatureError::EmptyMessage));
}
