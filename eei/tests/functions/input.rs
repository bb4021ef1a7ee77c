//! What comes with a call.

use arwen_interface::{EsdtTransfer, ReturnCode};

use crate::common::*;
use crate::{check, check_faults};

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
