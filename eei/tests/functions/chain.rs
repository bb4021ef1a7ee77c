//! What the node knows: blocks, accounts, tokens.

use arwen_interface::{EsdtMetadata, EsdtToken, ReturnCode};

use crate::check;
use crate::common::*;

#[test]
fn blocks() {
    let number = |name: &str| format!("(call $int64finish (call ${name}))");
    for (name, value) in [
        ("getBlockNonce", 31),
        ("getBlockRound", 32),
        ("getBlockTimestamp", 33),
        ("getBlockEpoch", 34),
        ("getPrevBlockNonce", 21),
        ("getPrevBlockRound", 22),
        ("getPrevBlockTimestamp", 23),
        ("getPrevBlockEpoch", 24),
    ] {
        check("", &[], &[(&number(name), &[&[value]])]);
    }
    check(
        "",
        &[],
        &[
            (
                "(call $getBlockRandomSeed (i32.const 0)) (call $finish (i32.const 0) (i32.const 13))",
                &[b"current seed\0"],
            ),
            (
                "(call $getPrevBlockRandomSeed (i32.const 0)) (call $finish (i32.const 0) (i32.const 9))",
                &[b"last seed"],
            ),
            (
                "(call $getStateRootHash (i32.const 0)) (call $finish (i32.const 0) (i32.const 4))",
                &[b"root"],
            ),
            (
                "(drop (call $getBlockHash (i64.const 9) (i32.const 0))) (call $finish (i32.const 0) (i32.const 12))",
                &[b"hash of nine"],
            ),
            (
                "(drop (call $getBlockHash (i64.const 8) (i32.const 0))) (call $finish (i32.const 0) (i32.const 1))",
                &[&[0]],
            ),
            (
                "(drop (call $getBlockHash (i64.const -9) (i32.const 0))) (call $finish (i32.const 0) (i32.const 1))",
                &[&[0]],
            ),
        ],
    );
}

#[test]
fn accounts() {
    let data: String = ALICE.iter().map(|byte| format!("\\{byte:02x}")).collect();
    check(
        &data,
        &[],
        &[
            (
                "(call $getSCAddress (i32.const 64)) (call $finish (i32.const 64) (i32.const 32))",
                &[&CONTRACT],
            ),
            (
                "(call $getCaller (i32.const 64)) (call $finish (i32.const 64) (i32.const 32))",
                &[&ALICE],
            ),
            (
                "(call $getOwnerAddress (i32.const 64)) (call $finish (i32.const 64) (i32.const 32))",
                &[&ALICE],
            ),
            (
                "(call $int64finish (i64.extend_i32_s (call $getShardOfAddress (i32.const 0))))",
                &[b"a"],
            ),
            (
                "(call $int64finish (i64.extend_i32_s (call $isSmartContract (i32.const 0))))",
                &[&[]],
            ),
            (
                "(call $int64finish (i64.extend_i32_s (call $isSmartContract (i32.const 64))))",
                &[&[1]],
            ),
            (
                "(call $getExternalBalance (i32.const 0) (i32.const 64)) (call $finish (i32.const 64) (i32.const 3))",
                &[&[3, 0xe8, 0]],
            ),
            (
                "(call $bigIntGetExternalBalance (i32.const 0) (i32.const 1)) (call $bigIntFinishUnsigned (i32.const 1))",
                &[&[3, 0xe8]],
            ),
            (
                "(call $getExternalBalance (i32.const 200) (i32.const 0)) (call $finish (i32.const 0) (i32.const 1))",
                &[b"a"],
            ),
            (
                "(call $finish (i32.const 64) (call $getFunction (i32.const 64)))",
                &[b"f"],
            ),
            (
                "(call $getOriginalTxHash (i32.const 64)) (call $finish (i32.const 64) (i32.const 21))",
                &[b"the first transaction"],
            ),
        ],
    );
}

#[test]
fn tokens() {
    let data: String = CONTRACT
        .iter()
        .map(|byte| format!("\\{byte:02x}"))
        .collect::<String>()
        + "TOK";
    let at = "(i32.const 0) (i32.const 32) (i32.const 3) (i64.const 2)";
    let body = format!(
        "(call $finish (i32.const 64) (call $getESDTBalance {at} (i32.const 64)))
        (call $int64finish (i64.extend_i32_s (call $getESDTNFTNameLength {at})))
        (call $int64finish (i64.extend_i32_s (call $getESDTNFTAttributeLength {at})))
        (call $int64finish (i64.extend_i32_s (call $getESDTNFTURILength {at})))
        (call $bigIntGetESDTExternalBalance {at} (i32.const 1)) (call $bigIntFinishUnsigned (i32.const 1))
        (call $int64finish (i64.extend_i32_s (call $getESDTTokenData {at} (i32.const 2) (i32.const 100) (i32.const 110)
            (i32.const 120) (i32.const 130) (i32.const 140) (i32.const 3) (i32.const 150))))
        (call $bigIntFinishUnsigned (i32.const 2)) (call $bigIntFinishUnsigned (i32.const 3))
        (call $finish (i32.const 100) (i32.const 53))
        (call $int64finish (call $getCurrentESDTNFTNonce (i32.const 0) (i32.const 32) (i32.const 3)))
        (call $int64finish (call $getCurrentESDTNFTNonce (i32.const -1) (i32.const 32) (i32.const 3)))"
    );
    let mut node = Node::new(Some(&contract(&data, &body)));
    let metadata = EsdtMetadata {
        nonce: 2,
        name: b"name".to_vec(),
        creator: b"creator".to_vec(),
        royalties: 2_500,
        hash: b"hash".to_vec(),
        uris: vec![b"uri".to_vec(), b"another".to_vec()],
        attributes: b"attributes".to_vec(),
    };
    let token = EsdtToken {
        token_type: 1,
        value: Some(number(300)),
        properties: b"pr".to_vec(),
        metadata: Some(metadata),
        reserved: vec![],
    };
    node.tokens.insert((CONTRACT.to_vec(), b"TOK".to_vec(), 2), token);
    node.storage
        .insert((CONTRACT.to_vec(), b"ELRONDnonceTOK".to_vec()), vec![1, 4]);
    let output = run_in(&node, &call("f", &[], 1_000_000)).expect("an output");
    assert_eq!(ending(&output), (ReturnCode::Ok, ""));
    let memory = b"pr\0\0\0\0\0\0\0\0hash\0\0\0\0\0\0name\0\0\0\0\0\0attributescreator\0\0\0uri";
    let expected: [&[u8]; 11] = [
        &[1, 44],
        &[4],
        &[10],
        &[3],
        &[1, 44],
        &[2],
        &[1, 44],
        &[9, 0xc4],
        memory,
        &[1, 4],
        &[],
    ];
    assert_eq!(output.return_data, expected);

    node.tokens.clear();
    let output = run_in(&node, &call("f", &[], 1_000_000)).expect("an output");
    assert_eq!(ending(&output), (ReturnCode::ExecutionFailed, "no such token"));
}
