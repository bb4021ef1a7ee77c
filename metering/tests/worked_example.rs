//! The worked example of `docs/gas.md`: what a deploy with 1000 gas leaves.

mod common;

use arwen_metering::{GasKey, Rules, Schedule};
use common::{Planned, plan};

/// A constructor that takes 0 as its argument and reports 15 bytes.
const CONSTRUCTOR: &str = r#"
(module
  (import "env" "int64getArgument" (func $argument (param i32) (result i64)))
  (import "env" "finish" (func $finish (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "init successful")
  (func $report (param $length i32)
    (call $finish (i32.const 16) (local.get $length)))
  (func (export "init") (local $value i64) (local $turn i32)
    (local.set $value (call $argument (i32.const 0)))
    (if (i64.ne (local.get $value) (i64.const 0)) (then (unreachable)))
    (block $zero
      (br_if $zero (i32.eqz (i32.wrap_i64 (local.get $value))))
      (unreachable))
    (loop $again
      (local.set $turn (i32.add (local.get $turn) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $turn) (i32.const 4))))
    (call $report (i32.const 15))))
"#;

/// What the branches of `init` decide for argument 0: the `if`, the `br_if` of the block, four turns of the loop.
const DECISIONS: &[bool] = &[false, true, true, true, true, false];

/// Size of the deployed code. Unit: bytes.
const CODE_LEN: usize = 401;

fn init() -> (Planned, usize) {
    let planned = plan(&Rules::ARWEN_1_3, CONSTRUCTOR);
    let init = planned.functions.len() - 1;
    (planned, init)
}

/// `wasm` with a custom section that fills it up to `len` bytes: id, size, name length, name, zeros.
fn padded(mut wasm: Vec<u8>, len: usize) -> Vec<u8> {
    let content = len - wasm.len() - 3;
    wasm.extend([
        0,
        (content % 128) as u8 | 0x80,
        (content / 128) as u8,
        3,
        b'p',
        b'a',
        b'd',
    ]);
    wasm.resize(len, 0);
    wasm
}

#[test]
fn a_deploy_with_1000_gas_leaves_528() {
    let dummy = Schedule::bundled("dummy").unwrap();
    let (planned, init) = init();
    let code = padded(planned.wasm.clone(), CODE_LEN);
    assert_eq!(plan_of(&code), planned.plan, "padding costs its bytes only");

    let loading = dummy.cost(GasKey::CreateContract) + code.len() as u64 * dummy.cost(GasKey::CompilePerByte);
    let operators = planned.walk(init, dummy.op_costs(), DECISIONS);
    let host = dummy.cost(GasKey::Int64GetArgument)
        + dummy.cost(GasKey::Finish)
        + 15 * dummy.cost(GasKey::PersistPerByte);
    assert_eq!(
        (loading, operators.gas, operators.executed, host),
        (402, 53, 53, 17)
    );
    assert_eq!(1000 - loading - operators.gas - host, 528);
}

fn plan_of(code: &[u8]) -> arwen_metering::ModulePlan {
    common::plan_binary(&Rules::ARWEN_1_3, code.to_vec()).plan
}

#[test]
fn its_points_are_those_of_the_table_in_the_manual() {
    let (planned, init) = init();
    let dummy = Schedule::bundled("dummy").unwrap().op_costs();
    assert_eq!(planned.points(0, dummy), "Call 3?, End 1");
    assert_eq!(
        planned.points(init, dummy),
        "Call 2?, If 5, Unreachable 1, BrIf 5?, Unreachable 1, Loop 1, BrIf 8?, Call 3?, End 1"
    );
}
