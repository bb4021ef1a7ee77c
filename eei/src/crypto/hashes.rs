//! The three hashes contracts can ask for.

pub use ripemd::Ripemd160;
pub use sha2::{Digest, Sha256};
/// As submitted to the SHA-3 contest: the padding is not the one of the later SHA3-256.
pub use sha3::Keccak256;

/// SHA-256 (FIPS 180-4).
pub fn sha256(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::unhex;

    /// The digests of "" and "abc" as the definitions of the three functions publish them.
    #[test]
    fn published_digests() {
        let cases = [
            (
                "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
                "9c1185a5c5e9fc54612808977ee8f548b2258d31",
            ),
            (
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
                "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc",
            ),
        ];
        for (data, sha, keccak, ripemd) in cases {
            assert_eq!(sha256(data.as_bytes()).to_vec(), unhex(sha));
            assert_eq!(Keccak256::digest(data).to_vec(), unhex(keccak));
            assert_eq!(Ripemd160::digest(data).to_vec(), unhex(ripemd));
        }
    }
}
