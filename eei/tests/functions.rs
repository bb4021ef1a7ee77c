//! Host functions, one by one: what contracts see, and what it costs when every price is 1.

mod common;

use arwen_interface::{EsdtMetadata, EsdtToken, EsdtTransfer, LogEntry, ReturnCode};
use common::*;

/// Runs bodies on a contract whose memory begins with `data`; each must return what is listed.
fn check(data: &str, arguments: &[&[u8]], cases: &[(&str, &[&[u8]])]) {
    for (body, expected) in cases {
        let output =
            run(&contract(data, body), "f", arguments).unwrap_or_else(|error| panic!("{body}: {error}"));
        assert_eq!(ending(&output), (ReturnCode::Ok, ""), "{body}");
        assert_eq!(output.return_data, *expected, "{body}");
    }
}

/// Runs bodies that must fail with a message.
fn check_faults(cases: &[(&str, &str)]) {
    for (body, message) in cases {
        let output =
            run(&contract("", body), "f", &[b"one"]).unwrap_or_else(|error| panic!("{body}: {error}"));
        assert_eq!(ending(&output), (ReturnCode::ExecutionFailed, *message), "{body}");
    }
}

#[test]
fn arguments() {
    check(
        "",
        &[b"one", &[0xff, 0xfe], &[0; 9]],
        &[
            (
                "(call $int64finish (i64.extend_i32_s (call $getNumArguments)))",
                &[&[3]],
            ),
            (
                "(call $int64finish (i64.extend_i32_s (call $getArgumentLength (i32.const 2))))",
                &[&[9]],
            ),
            (
                "(call $int64finish (i64.extend_i32_s (call $getArgumentLength (i32.const 3))))",
                &[&[0xff]],
            ),
            (
                "(call $int64finish (i64.extend_i32_s (call $getArgument (i32.const -1) (i32.const 0))))",
                &[&[0xff]],
            ),
            (
                "(call $finish (i32.const 7) (call $getArgument (i32.const 0) (i32.const 7)))",
                &[b"one"],
            ),
            (
                "(call $int64finish (call $smallIntGetSignedArgument (i32.const 1)))",
                &[&[0xfe]],
            ),
            (
                "(call $smallIntFinishUnsigned (call $smallIntGetUnsignedArgument (i32.const 1)))",
                &[&[0xff, 0xfe]],
            ),
            (
                "(call $int64finish (call $int64getArgument (i32.const 2)))",
                &[&[]],
            ),
            (
                "(call $bigIntGetSignedArgument (i32.const 1) (i32.const 5)) (call $bigIntFinishSigned (i32.const 5))",
                &[&[0xfe]],
            ),
            (
                "(call $bigIntGetUnsignedArgument (i32.const 1) (i32.const 5)) (call $bigIntFinishSigned (i32.const 5))",
                &[&[0, 0xff, 0xfe]],
            ),
            (
                "(call $bigIntGetUnsignedArgument (i32.const 9) (i32.const 5)) (call $bigIntFinishUnsigned (i32.const 5))",
                &[&[]],
            ),
        ],
    );
    check_faults(&[
        (
            "(drop (call $int64getArgument (i32.const 1)))",
            "argument index out of range",
        ),
        (
            "(drop (call $getArgument (i32.const 0) (i32.const -1)))",
            "bad bounds (lower)",
        ),
    ]);
}

#[test]
fn arguments_wider_than_64_bits_are_out_of_range() {
    let code = contract("", "(drop (call $smallIntGetUnsignedArgument (i32.const 0)))");
    let output = run(&code, "f", &[&[1; 9]]).expect("an output");
    assert_eq!(
        ending(&output),
        (ReturnCode::ExecutionFailed, "argument out of range")
    );
}

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
fn values_that_come_with_the_call() {
    let body = "(call $finish (i32.const 64) (call $getCallValue (i32.const 64)))
        (call $finish (i32.const 64) (call $getESDTValue (i32.const 64)))
        (call $finish (i32.const 64) (call $getESDTTokenName (i32.const 64)))
        (call $int64finish (call $getESDTTokenNonce))
        (call $int64finish (i64.extend_i32_s (call $getESDTTokenType)))
        (call $bigIntGetCallValue (i32.const 3)) (call $bigIntFinishUnsigned (i32.const 3))
        (call $bigIntGetESDTCallValue (i32.const 3)) (call $bigIntFinishUnsigned (i32.const 3))
        (drop (call $getCallValueTokenName (i32.const 128) (i32.const 256)))
        (call $finish (i32.const 128) (i32.const 32)) (call $finish (i32.const 256) (i32.const 3))";
    let node = Node::new(Some(&contract("", body)));
    let mut paid = call("f", &[], 1_000_000);
    let padded = |value: u8| {
        let mut bytes = vec![0; 31];
        bytes.push(value);
        bytes
    };

    let output = run_in(&node, &paid).expect("an output");
    let nothing = vec![vec![]; 7].into_iter().chain([vec![0; 32], vec![0; 3]]);
    assert_eq!(output.return_data, nothing.collect::<Vec<_>>());

    paid.vm_input.call_value = Some(number(5));
    paid.vm_input.esdt_transfers = vec![EsdtTransfer {
        value: Some(number(6)),
        token_name: b"TOK".to_vec(),
        token_type: 1,
        token_nonce: 8,
    }];
    let output = run_in(&node, &paid).expect("an output");
    let expected: [&[u8]; 9] = [
        &padded(5),
        &padded(6),
        b"TOK",
        &[8],
        &[1],
        &[5],
        &[6],
        &padded(6),
        &[0; 3],
    ];
    assert_eq!(output.return_data, expected);

    let node = Node::new(Some(&contract("", "(call $checkNoPayment)")));
    let output = run_in(&node, &paid).expect("an output");
    assert_eq!(
        ending(&output),
        (
            ReturnCode::ExecutionFailed,
            "function does not accept EGLD payment"
        )
    );
    paid.vm_input.call_value = None;
    let output = run_in(&node, &paid).expect("an output");
    assert_eq!(
        ending(&output),
        (
            ReturnCode::ExecutionFailed,
            "function does not accept ESDT payment"
        )
    );
    paid.vm_input.esdt_transfers.clear();
    assert_eq!(
        run_in(&node, &paid).expect("an output").return_code,
        ReturnCode::Ok
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

/// With every price 1 a write costs: what section "storage" of the gas notes says, on top of the call itself.
#[test]
fn writes_cost_what_they_change() {
    let old = [("short", 2), ("long", 40)];
    let cases: [(&str, &str, i32, i64, u64, i64); 8] = [
        // name, key, new length, status, gas beyond an unchanged empty write, refund
        ("unchanged, empty", "none", 0, 0, 0, 0),
        ("unchanged", "short", 2, 0, 2, 0),
        ("added", "none", 7, 2, 7, 0),
        ("deleted", "short", 0, 3, 0, 2),
        ("longer", "short", 5, 1, 2 + 3, 0),
        ("shorter", "long", 3, 1, 3, 37),
        ("same length", "long", 40, 1, 0, 0),
        (
            "long key",
            "a key of more than 32 bytes, by 9 bytes..",
            7,
            2,
            9 + 7,
            0,
        ),
    ];
    let gas = |key: &str, length: i32, fill: u8| {
        let body = format!(
            "(call $int64finish (i64.extend_i32_s (call $storageStore (i32.const 0) (i32.const {}) (i32.const 100) (i32.const {length}))))",
            key.len()
        );
        let data = format!(
            "{key}{}{}",
            "\\00".repeat(100 - key.len()),
            format!("\\{fill:02x}").repeat(64)
        );
        let mut node = Node::new(Some(&contract(&data, &body)));
        for (key, length) in old {
            node.storage
                .insert((CONTRACT.to_vec(), key.into()), vec![b'o'; length]);
        }
        run_in(&node, &call("f", &[], 1_000_000)).expect("an output")
    };
    for (name, key, length, status, cost, refund) in cases {
        let fill = if name.starts_with("unchanged") { b'o' } else { b'n' };
        let output = gas(key, length, fill);
        assert_eq!(ending(&output), (ReturnCode::Ok, ""), "{name}");
        let wanted: &[u8] = if status == 0 { &[] } else { &[status as u8] };
        assert_eq!(output.return_data, [wanted], "{name}");
        assert_eq!(output.gas_refund, Some(number(refund)), "{name}");
        let base = gas("none", 0, b'o');
        let padding = (data_len(key) - data_len("none")) as u64;
        let used = |output: &arwen_interface::VmOutput| output.output_accounts[0].gas_used;
        assert_eq!(used(&output) - used(&base), cost + padding, "{name}");
    }
}

/// All contracts of the test above have the same length but for the encoding of the key's length.
fn data_len(key: &str) -> usize {
    contract("", &format!("(drop (i32.const {}))", key.len())).len()
}

#[test]
fn storage_is_read_once_and_written_in_key_order() {
    let body = "(drop (call $storageStore (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 4)))
        (drop (call $storageStore (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2)))
        (call $finish (i32.const 64) (call $storageLoad (i32.const 1) (i32.const 1) (i32.const 64)))
        (call $int64finish (i64.extend_i32_s (call $storageLoadLength (i32.const 0) (i32.const 1))))
        (call $finish (i32.const 64) (call $storageLoad (i32.const 2) (i32.const 1) (i32.const 64)))";
    let output = run(&contract("zab!", body), "f", &[]).expect("an output");
    assert_eq!(output.return_data, [&b"zab!"[..], &[2], b""]);
    let updates: Vec<_> = output.output_accounts[0]
        .storage_updates
        .iter()
        .map(|update| (&update.offset[..], &update.data[..]))
        .collect();
    assert_eq!(updates, [(&b"a"[..], &b"zab!"[..]), (b"b", b""), (b"z", b"za")]);
}

#[test]
fn some_keys_are_not_the_contract_s() {
    let body = "(drop (call $storageStore (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 4)))";
    for (key, message) in [
        ("ELRONDkey", "cannot write to storage under Elrond reserved key"),
        ("ARWEN@key", "cannot write to protected key"),
    ] {
        let output = run(&contract(key, body), "f", &[]).expect("an output");
        assert_eq!(ending(&output), (ReturnCode::ExecutionFailed, message));
    }
}

#[test]
fn other_accounts_are_read_when_they_are_readable() {
    let body = "(call $finish (i32.const 64) (call $storageLoadFromAddress (i32.const 0) (i32.const 32) (i32.const 3) (i32.const 64)))";
    let data: String = ALICE
        .iter()
        .map(|byte| format!("\\{byte:02x}"))
        .collect::<String>()
        + "key";
    for (metadata, expected) in [(vec![4, 0], &b"value"[..]), (vec![0, 0], b""), (vec![4], b"")] {
        let mut node = Node::new(Some(&contract(&data, body)));
        node.accounts.get_mut(&ALICE[..]).expect("Alice").code_metadata = metadata;
        node.storage
            .insert((ALICE.to_vec(), b"key".to_vec()), b"value".to_vec());
        let output = run_in(&node, &call("f", &[], 1_000_000)).expect("an output");
        assert_eq!(output.return_data, [expected]);
    }
}

#[test]
fn locks_are_in_storage() {
    let lock = "(i32.const 0) (i32.const 3)";
    let ask = format!("(call $int64finish (i64.extend_i32_s (call $isStorageLocked {lock})))");
    let set = |until: i64| format!("(drop (call $setStorageLock {lock} (i64.const {until})))");
    check(
        "key",
        &[],
        &[
            (&ask, &[&[]]),
            (&(set(33) + &ask), &[&[]]),
            (&(set(34) + &ask), &[&[1]]),
            (&(set(-34) + &ask), &[&[1]]),
            (
                &format!("{}(drop (call $clearStorageLock {lock})){ask}", set(34)),
                &[&[]],
            ),
            (
                &format!("{}(call $int64finish (call $getStorageLock {lock}))", set(-7)),
                &[&[7]],
            ),
        ],
    );
    let output = run(&contract("key", &set(1)), "f", &[]).expect("an output");
    assert_eq!(
        output.output_accounts[0].storage_updates[0].offset,
        b"keyARWEN@TIMELOCK"
    );
}

#[test]
fn memory_ends_softly() {
    check("", &[b"12345678"], &[
        // Past the end is zero.
        ("(i32.store8 (i32.const 65535) (i32.const 7)) (call $finish (i32.const 65535) (i32.const 3))", &[&[7, 0, 0]]),
        ("(call $finish (i32.const 65536) (i32.const 2))", &[&[0, 0]]),
        ("(call $finish (i32.const -1) (i32.const 0))", &[&[]]),
        // A write grows the memory by a page, for nothing.
        ("(drop (call $getArgument (i32.const 0) (i32.const 65532)))
          (call $finish (i32.const 65532) (i32.const 9)) (call $int64finish (i64.extend_i32_s (memory.size)))",
            &[b"12345678\0", &[2]]),
    ]);
    check_faults(&[
        (
            "(drop (call $getArgument (i32.const 0) (i32.const 131071)))",
            "bad bounds (upper)",
        ),
        (
            "(drop (call $getArgument (i32.const 0) (i32.const 2147483647)))",
            "bad bounds (upper)",
        ),
        (
            "(call $finish (i32.const -5) (i32.const 1))",
            "mem load: bad bounds",
        ),
    ]);
}

#[test]
fn a_memory_that_may_not_grow_says_so() {
    let code = wasm(
        r#"(module (import "env" "getSCAddress" (func $address (param i32))) (memory (export "memory") 1 1)
            (func (export "f") (call $address (i32.const 65530))))"#,
    );
    let output = run(&code, "f", &[]).expect("an output");
    let message = "Failed to grow the memory:\n    Failed to add pages because would exceed maximum number of pages for \
                   the memory. Left: 2, Added: 1";
    assert_eq!(ending(&output), (ReturnCode::ExecutionFailed, message));
}

#[test]
fn return_data_and_logs() {
    check(
        "abc",
        &[],
        &[(
            "(call $finish (i32.const 0) (i32.const 2)) (call $finish (i32.const 9) (i32.const 0))
          (call $int64finish (i64.extend_i32_s (call $getNumReturnData)))
          (call $int64finish (i64.extend_i32_s (call $getReturnDataSize (i32.const 0))))
          (call $finish (i32.const 9) (call $getReturnData (i32.const 0) (i32.const 9)))
          (call $finish (i32.const 9) (call $getReturnData (i32.const 7) (i32.const 9)))",
            &[b"ab", b"", &[2], &[2], b"ab", b""],
        )],
    );
    let body = "(i32.store (i32.const 100) (i32.const 1)) (i32.store (i32.const 104) (i32.const 2))
        (call $writeEventLog (i32.const 2) (i32.const 100) (i32.const 0) (i32.const 1) (i32.const 2))
        (call $writeEventLog (i32.const 0) (i32.const 100) (i32.const 0) (i32.const 1) (i32.const 0))
        (call $writeLog (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1))";
    let output = run(&contract("abc", body), "f", &[]).expect("an output");
    let entry = |identifier: &[u8], topics: &[&[u8]], data: &[u8]| LogEntry {
        identifier: identifier.to_vec(),
        address: CONTRACT.to_vec(),
        topics: topics.iter().map(|topic| topic.to_vec()).collect(),
        data: Some(data.to_vec()),
    };
    let mut topic = b"abc".to_vec();
    topic.resize(32, 0);
    assert_eq!(
        output.logs,
        [
            entry(b"a", &[b"bc"], b"bc"),
            entry(b"", &[], b""),
            entry(&topic, &[], b"a")
        ]
    );
    check_faults(&[
        (
            "(call $writeEventLog (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
            "negative numArguments (-1)",
        ),
        (
            "(call $writeLog (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -2))",
            "GuardedMakeByteSlice2D: negative length (-2)",
        ),
    ]);
}

#[test]
fn some_mistakes_abort_the_run() {
    for (body, error) in [
        (
            "(drop (call $getReturnDataSize (i32.const -1)))",
            "runtime error: index out of range [-1]",
        ),
        (
            "(drop (call $getReturnData (i32.const -5) (i32.const 0)))",
            "runtime error: index out of range [-5]",
        ),
        (
            "(call $bigIntGetSignedArgument (i32.const -2) (i32.const 0))",
            "runtime error: index out of range [-2]",
        ),
    ] {
        let ended = run(&contract("", body), "f", &[b"one"]);
        assert_eq!(
            ended.map_err(|error| error.to_string()),
            Err(error.to_owned()),
            "{body}"
        );
    }
}

#[test]
fn egld_leaves_with_data() {
    let mut data: String = ALICE.iter().map(|byte| format!("\\{byte:02x}")).collect();
    data += &("\\00".repeat(31) + "\\14" + "hello");
    let body = "(call $int64finish (i64.extend_i32_s
        (call $transferValue (i32.const 0) (i32.const 32) (i32.const 64) (i32.const 5))))";
    let node = Node::new(Some(&contract(&data, body)));
    let output = run_in(&node, &call("f", &[], 1_000_000)).expect("an output");
    assert_eq!(output.return_data, [b""]);
    let [contract_account, alice] = &output.output_accounts[..] else {
        panic!("two accounts")
    };
    assert_eq!(contract_account.balance_delta, Some(number(-20)));
    assert_eq!(contract_account.balance, Some(number(50)));
    assert_eq!(alice.balance_delta, Some(number(20)));
    assert_eq!(alice.transfers[0].data, b"hello");
    assert_eq!(
        (alice.transfers[0].gas_limit, &alice.transfers[0].sender[..]),
        (0, &CONTRACT[..])
    );

    let mut poor = node.clone();
    poor.add_account(&CONTRACT, 19);
    let output = run_in(&poor, &call("f", &[], 1_000_000)).expect("an output");
    assert_eq!(
        ending(&output),
        (
            ReturnCode::ExecutionFailed,
            "failed transfer (insufficient funds)"
        )
    );
}

#[test]
fn big_integers() {
    let set =
        |handle: i32, value: i64| format!("(call $bigIntSetInt64 (i32.const {handle}) (i64.const {value}))");
    let binary = |name: &str, a: i64, b: i64| {
        let (a, b) = (set(0, a), set(1, b));
        format!(
            "{a}{b}(call ${name} (i32.const 2) (i32.const 0) (i32.const 1)) (call $bigIntFinishSigned (i32.const 2))"
        )
    };
    for (name, a, b, result) in [
        ("bigIntAdd", 200, 100, &[1, 44][..]),
        ("bigIntSub", 1, 2, &[0xff]),
        ("bigIntMul", -3, 5, &[0xf1]),
        ("bigIntTDiv", -7, 2, &[0xfd]),
        ("bigIntTMod", -7, 2, &[0xff]),
        ("bigIntEDiv", -7, 2, &[0xfc]),
        ("bigIntEMod", -7, 2, &[1]),
        ("bigIntAnd", 12, 10, &[8]),
        ("bigIntOr", 12, 10, &[14]),
        ("bigIntXor", 12, 10, &[6]),
        ("bigIntXor", 12, 12, &[]),
    ] {
        check("", &[], &[(&binary(name, a, b), &[result])]);
    }
    let unary = |name: &str, a: i64| {
        format!(
            "{}(call ${name} (i32.const 0) (i32.const 0)) (call $bigIntFinishSigned (i32.const 0))",
            set(0, a)
        )
    };
    for (name, a, result) in [
        ("bigIntAbs", -5, &[5][..]),
        ("bigIntNeg", 5, &[0xfb]),
        ("bigIntNot", 5, &[0xfa]),
    ] {
        check("", &[], &[(&unary(name, a), &[result])]);
    }
    let shift = |name: &str, a: i64, bits: i32| {
        format!(
            "{}(call ${name} (i32.const 0) (i32.const 0) (i32.const {bits})) (call $bigIntFinishUnsigned (i32.const 0))",
            set(0, a)
        )
    };
    check(
        "",
        &[],
        &[
            (&shift("bigIntShl", 1, 9), &[&[2, 0]]),
            (&shift("bigIntShr", 1023, 9), &[&[1]]),
        ],
    );
    check_faults(&[
        (&binary("bigIntTDiv", 1, 0), "division by 0"),
        (&binary("bigIntEMod", 1, 0), "division by 0"),
        (
            &binary("bigIntAnd", 1, -1),
            "bitwise operations only allowed on positive integers",
        ),
        (
            &unary("bigIntNot", -1),
            "bitwise operations only allowed on positive integers",
        ),
        (
            &shift("bigIntShl", 1, -1),
            "bitwise shift operations only allowed on positive integers and by a positive amount",
        ),
        (
            &shift("bigIntShr", -1, 1),
            "bitwise shift operations only allowed on positive integers and by a positive amount",
        ),
    ]);
    let truth = |body: &str| {
        format!(
            "{}{}(call $int64finish (i64.extend_i32_s {body}))",
            set(0, -5),
            set(1, 4)
        )
    };
    for (body, result) in [
        ("(call $bigIntSign (i32.const 0))", &[0xff][..]),
        ("(call $bigIntSign (i32.const 77))", &[]),
        ("(call $bigIntCmp (i32.const 0) (i32.const 1))", &[0xff]),
        ("(call $bigIntCmp (i32.const 1) (i32.const 0))", &[1]),
        ("(call $bigIntIsInt64 (i32.const 0))", &[1]),
        ("(call $bigIntUnsignedByteLength (i32.const 0))", &[1]),
        ("(call $bigIntSignedByteLength (i32.const 99))", &[]),
        ("(call $bigIntNew (i64.const 1))", &[2]),
        (
            "(call $bigIntStorageStoreUnsigned (i32.const 0) (i32.const 3) (i32.const 0))",
            &[2],
        ),
        ("(call $bigIntGetSignedBytes (i32.const 0) (i32.const 8))", &[1]),
    ] {
        check("key", &[], &[(&truth(body), &[result])]);
    }
    check(
        "key",
        &[],
        &[
            (
                "(call $bigIntSetSignedBytes (i32.const 3) (i32.const 0) (i32.const 3)) (call $bigIntFinishUnsigned (i32.const 3))",
                &[b"key"],
            ),
            (
                "(call $bigIntSetUnsignedBytes (i32.const 3) (i32.const 0) (i32.const 3)) (call $int64finish (call $bigIntGetInt64 (i32.const 3)))",
                &[b"key"],
            ),
            (
                "(drop (call $bigIntStorageLoadUnsigned (i32.const 0) (i32.const 3) (i32.const 1))) (call $bigIntFinishUnsigned (i32.const 1))",
                &[b""],
            ),
        ],
    );
}

#[test]
fn wide_integers_cost_extra() {
    let cost = |shift: i32, body: &str| {
        let code = contract(
            "",
            &format!(
                "(call $bigIntSetInt64 (i32.const 0) (i64.const 1)) (call $bigIntShl (i32.const 0) (i32.const 0) (i32.const {shift})) {body}"
            ),
        );
        run(&code, "f", &[]).expect("an output").output_accounts[0].gas_used
    };
    let add = "(call $bigIntAdd (i32.const 0) (i32.const 0) (i32.const 0))";
    // 2^400 has 401 bits, which are 50 whole bytes: once for the shift, thrice for the sum.
    assert_eq!(cost(400, "") - cost(100, ""), 50);
    assert_eq!(cost(400, add) - cost(100, add), 50 + 3 * 50);
    // 263 bits are 32 whole bytes, 264 are 33.
    assert_eq!(cost(262, "") - cost(100, ""), 0);
    assert_eq!(cost(263, "") - cost(100, ""), 33);
}

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

#[test]
fn gas_left_counts_its_own_price() {
    let code = contract("", "(call $int64finish (call $getGasLeft))");
    let output = run_in(
        &Node::new(Some(&code)),
        &call("f", &[], code.len() as u64 + 1 + 50),
    )
    .expect("an output");
    // One for the call, one for the function.
    assert_eq!(output.return_data, [[48]]);
}

#[test]
fn a_charge_nobody_can_pay_ends_at_the_next_check() {
    let code = contract(
        "",
        "(call $finish (i32.const 0) (i32.const 100)) (call $int64finish (i64.const 1))",
    );
    let output = run_in(&Node::new(Some(&code)), &call("f", &[], code.len() as u64 + 20)).expect("an output");
    assert_eq!(ending(&output), (ReturnCode::OutOfGas, "not enough gas"));
}

#[test]
fn what_does_nothing_any_more_still_costs() {
    check(
        "",
        &[],
        &[(
            "(call $int64finish (i64.extend_i32_s (call $transferESDT (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 9))))",
            &[&[1]],
        )],
    );
}
