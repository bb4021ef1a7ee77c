//! Hashes and signatures, as contracts know them.
//!
//! Pure functions over well-kept crates; messages come in pieces, so that whoever gives them can stop in between. What the crates do not do the way the network agreed on stands here: the
//! lenient reading of secp256k1 keys and signatures, and herumi's serialization and hash-to-curve for BLS12-381.

mod bls;
mod ed25519;
mod hashes;
mod secp256k1;

pub use bls::{BlsMessage, KEY_LEN as BLS_KEY_LEN, SIGNATURE_LEN as BLS_SIGNATURE_LEN, verify_bls};
pub use ed25519::{KEY_LEN as ED25519_KEY_LEN, SIGNATURE_LEN as ED25519_SIGNATURE_LEN, verify_ed25519};
pub use hashes::{Digest, Keccak256, Ripemd160, Sha256, sha256};
pub use secp256k1::{
    COMPRESSED_KEY_LEN as SECP256K1_COMPRESSED_KEY_LEN, HEADER_LEN as SECP256K1_HEADER_LEN,
    UNCOMPRESSED_KEY_LEN as SECP256K1_UNCOMPRESSED_KEY_LEN, verify_secp256k1,
};

/// Why a signature was not accepted. Contracts only learn that it was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The key does not encode a usable point.
    #[error("invalid public key")]
    Key,
    /// The signature is not well formed.
    #[error("malformed signature")]
    Encoding,
    /// The scheme does not sign empty messages.
    #[error("empty message")]
    EmptyMessage,
    /// Key, message and signature do not belong together.
    #[error("signature does not match")]
    Mismatch,
    /// Nobody wanted to know any more before the message was read to its end.
    #[error("check abandoned")]
    Abandoned,
}

#[cfg(test)]
fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).expect("a hex digit") as u8;
    text.as_bytes()
        .chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}
