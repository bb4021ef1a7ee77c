//! Big integers.

use crate::common::*;
use crate::{check, check_faults};

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

/// Numbers so wide that another thread works on them, in every position, and what is left of the others.
#[test]
fn wide_integers_are_computed_as_narrow_ones_are() {
    let binary = |name: &str, dest: i32, a: i32, b: i32| {
        format!("(call ${name} (i32.const {dest}) (i32.const {a}) (i32.const {b}))")
    };
    // 0 and 1: 2^2000000 + 5; 2: 2^2000000; 3: something else that is wide.
    let start = [
        "(call $bigIntSetInt64 (i32.const 2) (i64.const 1)) (call $bigIntShl (i32.const 2) (i32.const 2) (i32.const 2000000))
         (call $bigIntSetInt64 (i32.const 0) (i64.const 5))"
            .to_owned(),
        binary("bigIntAdd", 0, 0, 2),
        binary("bigIntSub", 1, 0, 9),
        binary("bigIntShl", 3, 0, 77),
    ]
    .concat();
    let unary = |name: &str, dest: i32, a: i32| format!("(call ${name} (i32.const {dest}) (i32.const {a}))");
    for dest in [0, 3, 4] {
        for (steps, left) in [
            (
                vec![
                    binary("bigIntShl", dest, 0, 9),
                    binary("bigIntShr", dest, dest, 9),
                ],
                &[][..],
            ),
            (
                vec![unary("bigIntNeg", dest, 0), unary("bigIntNeg", dest, dest)],
                &[],
            ),
            (vec![unary("bigIntAbs", dest, 0)], &[]),
            (
                vec![unary("bigIntNot", dest, 0), unary("bigIntNeg", dest, dest)],
                &[1],
            ),
            (
                vec![
                    binary("bigIntAdd", dest, 0, 0),
                    binary("bigIntSub", dest, dest, 1),
                ],
                &[],
            ),
            (
                vec![
                    binary("bigIntMul", dest, 0, 2),
                    binary("bigIntTDiv", dest, dest, 2),
                ],
                &[],
            ),
            (
                vec![binary("bigIntAnd", dest, 0, 0), binary("bigIntOr", dest, dest, 2)],
                &[],
            ),
        ] {
            // What came out, less what went in; then that nothing else has changed.
            let body = [
                start.clone(),
                steps.concat(),
                binary("bigIntSub", 5, dest, 1),
                "(call $bigIntFinishSigned (i32.const 5))".to_owned(),
                binary("bigIntSub", 5, 1, 2),
                "(call $bigIntFinishSigned (i32.const 5))".to_owned(),
            ];
            let code = contract("", &body.concat());
            let output = run_in(&Node::new(Some(&code)), &call("f", &[], u64::MAX)).expect("an output");
            assert_eq!(
                output.return_data,
                [left, &[5]],
                "{steps:?} {:?}",
                output.return_message
            );
        }
    }
}
