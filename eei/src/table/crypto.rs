//! Rows: hashes and signatures.

use crate::abi::{MemOut, MemPtr, MemSlice};

host_fns! {
    /// Writes the SHA-256 of `data_len` bytes, 32 bytes, at `result`. Returns 0.
    "sha256" = sha256(data: MemSlice, result: MemOut) -> i32,
        gas [SHA256];
    /// Writes the Keccak-256 of `data_len` bytes, 32 bytes, at `result`. Returns 0.
    "keccak256" = keccak256(data: MemSlice, result: MemOut) -> i32,
        gas [Keccak256];
    /// Writes the RIPEMD-160 of `data_len` bytes, 20 bytes, at `result`. Returns 0.
    "ripemd160" = ripemd160(data: MemSlice, result: MemOut) -> i32,
        gas [Ripemd160];
    /// Checks a BLS12-381 signature of 48 bytes with a public key of 96 bytes. Returns 0 when it is good, -1
    /// otherwise.
    "verifyBLS" = verify_bls(key: MemPtr, message: MemSlice, signature: MemPtr) -> i32,
        gas [VerifyBLS];
    /// Checks an Ed25519 signature of 64 bytes with a public key of 32 bytes. Returns 0 when it is good, -1
    /// otherwise.
    "verifyEd25519" = verify_ed25519(key: MemPtr, message: MemSlice, signature: MemPtr) -> i32,
        gas [VerifyEd25519];
    /// Checks a DER-encoded secp256k1 signature of the double SHA-256 of the message, with a public key of 33 or 65
    /// bytes. Returns 0 when it is good, -1 otherwise; another key length fails the execution.
    "verifySecp256k1" = verify_secp256k1(
        key: MemSlice, message: MemSlice, signature: MemPtr
    ) -> i32,
        gas [VerifySecp256k1];
}
