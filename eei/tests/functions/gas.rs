//! Gas, as a contract sees it.

use arwen_interface::ReturnCode;

use crate::check;
use crate::common::*;

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
