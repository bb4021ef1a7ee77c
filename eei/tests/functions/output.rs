//! Memory, return data, logs, transfers and aborts.

use arwen_interface::{LogEntry, ReturnCode};

use crate::common::*;
use crate::{check, check_faults};

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
