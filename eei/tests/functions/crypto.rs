//! Hashes and signatures.

use crate::{check, check_faults};

#[test]
fn hashes() {
    check(
        "abc",
        &[],
        &[
            (
                "(call $int64finish (i64.extend_i32_s (call $sha256 (i32.const 0) (i32.const 3) (i32.const 64)))) (call $finish (i32.const 64) (i32.const 4))",
                &[b"", &[0xba, 0x78, 0x16, 0xbf]],
            ),
            (
                "(drop (call $keccak256 (i32.const 0) (i32.const 3) (i32.const 64))) (call $finish (i32.const 64) (i32.const 4))",
                &[&[0x4e, 0x03, 0x65, 0x7a]],
            ),
            (
                "(drop (call $ripemd160 (i32.const 0) (i32.const 3) (i32.const 64))) (call $finish (i32.const 64) (i32.const 4))",
                &[&[0x8e, 0xb2, 0x08, 0xf7]],
            ),
        ],
    );
}

#[test]
fn signatures_that_are_none() {
    let answer = |body: &str| format!("(call $int64finish (i64.extend_i32_s {body}))");
    check(
        &"\\ff".repeat(64),
        &[],
        &[
            (
                &answer("(call $verifyBLS (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 0))"),
                &[&[0xff]],
            ),
            (
                &answer("(call $verifyEd25519 (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 64))"),
                &[&[0xff]],
            ),
            (
                &answer(
                    "(call $verifySecp256k1 (i32.const 0) (i32.const 33) (i32.const 0) (i32.const 3) (i32.const 64))",
                ),
                &[&[0xff]],
            ),
        ],
    );
    check_faults(&[(
        "(drop (call $verifySecp256k1 (i32.const 0) (i32.const 34) (i32.const 0) (i32.const 3) (i32.const 64)))",
        "invalid public key size",
    )]);
}
