//! What code computes: control, calls, memory, tables, in every configuration.

mod common;

use arwen_engine::{Ruleset, Trap, Value};
use common::{Run, configs, i32s};

/// Name of an export, arguments, outcome.
type Case<'a> = (&'a str, Vec<Value>, Result<Vec<Value>, Trap>);

fn check(rules: &'static Ruleset, text: &str, cases: &[Case<'_>]) {
    for config in configs(rules) {
        let mut run = Run::new(config.clone(), text);
        for (name, args, wanted) in cases {
            assert_eq!(&run.call(name, args), wanted, "{name} {args:?} {config:?}");
        }
    }
}

fn gives(name: &str, args: &[i32], result: i32) -> Case<'static> {
    (
        Box::leak(name.to_string().into_boxed_str()),
        i32s(args),
        Ok(i32s(&[result])),
    )
}

fn traps(name: &str, args: &[i32], trap: Trap) -> Case<'static> {
    (
        Box::leak(name.to_string().into_boxed_str()),
        i32s(args),
        Err(trap),
    )
}

#[test]
fn numbers_by_hand() {
    let ops = [
        "add", "sub", "mul", "div_s", "div_u", "rem_s", "rem_u", "shl", "shr_s", "shr_u", "rotl", "rotr",
        "lt_s", "lt_u",
    ];
    let funcs: String = ops
        .iter()
        .map(|op| {
            format!(r#"(func (export "{op}") (param i32 i32) (result i32) local.get 0 local.get 1 i32.{op})"#)
        })
        .collect();
    let min = i32::MIN;
    let cases = [
        gives("add", &[i32::MAX, 1], min),
        gives("sub", &[min, 1], i32::MAX),
        gives("mul", &[0x1_0001, 0x1_0001], 0x2_0001),
        gives("div_s", &[-7, 2], -3),
        gives("div_u", &[-7, 2], 0x7fff_fffc),
        gives("rem_s", &[-7, 2], -1),
        gives("rem_s", &[min, -1], 0),
        gives("rem_u", &[-7, 2], 1),
        gives("shl", &[1, 33], 2),
        gives("shr_s", &[-8, 1], -4),
        gives("shr_u", &[-8, 29], 7),
        gives("rotl", &[min, 1], 1),
        gives("rotr", &[1, 1], min),
        gives("lt_s", &[-1, 0], 1),
        gives("lt_u", &[-1, 0], 0),
        traps("div_s", &[min, -1], Trap::IntegerOverflow),
        traps("div_s", &[1, 0], Trap::IntegerDivisionByZero),
        traps("div_u", &[1, 0], Trap::IntegerDivisionByZero),
        traps("rem_s", &[1, 0], Trap::IntegerDivisionByZero),
        traps("rem_u", &[1, 0], Trap::IntegerDivisionByZero),
    ];
    check(&Ruleset::ARWEN_1_3, &format!("(module {funcs})"), &cases);
}

#[test]
fn recursion_and_loops() {
    let text = r#"(module
        (func $fac (export "fac") (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
                (else (i32.mul (local.get 0) (call $fac (i32.sub (local.get 0) (i32.const 1)))))))
        (func (export "sum") (param i32) (result i32) (local i32)
            (block (loop
                (br_if 1 (i32.eqz (local.get 0)))
                (local.set 1 (i32.add (local.get 1) (local.get 0)))
                (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                (br 0)))
            local.get 1)
        (func (export "switch") (param i32) (result i32)
            (block (block (block (br_table 0 1 2 (local.get 0))) (return (i32.const 10))) (return (i32.const 20)))
            i32.const 30)
        (func (export "dead") (param i32) (result i32)
            (block (br 0) (loop (br 0) (if (i32.const 1) (then) (else)) (unreachable)))
            (return (local.get 0)) (i32.add) (drop) (block (result i32) (i32.const 1)) )
        (func (export "unreachable") (result i32) unreachable)
    )"#;
    let cases = [
        gives("fac", &[10], 3_628_800),
        gives("sum", &[100_000], 705_082_704),
        gives("switch", &[0], 10),
        gives("switch", &[1], 20),
        gives("switch", &[2], 30),
        gives("switch", &[-1], 30),
        gives("dead", &[7], 7),
        traps("unreachable", &[], Trap::Unreachable),
    ];
    check(&Ruleset::ARWEN_1_3, text, &cases);
}

#[test]
fn memory_is_bounded_at_every_width_and_offset() {
    let mut text = String::from("(module (memory (export \"m\") 1 2)");
    let ops = [
        ("i32.load", 4),
        ("i64.load", 8),
        ("i32.load8_s", 1),
        ("i32.load8_u", 1),
        ("i32.load16_s", 2),
        ("i32.load16_u", 2),
        ("i64.load8_s", 1),
        ("i64.load8_u", 1),
        ("i64.load16_s", 2),
        ("i64.load16_u", 2),
        ("i64.load32_s", 4),
        ("i64.load32_u", 4),
    ];
    let offsets: [u64; 5] = [0, 1, 65_535, 0x7fff_fff0, 0xffff_ffff];
    let stores = [
        ("i32.store", 4),
        ("i64.store", 8),
        ("i32.store8", 1),
        ("i32.store16", 2),
        ("i64.store8", 1),
        ("i64.store16", 2),
        ("i64.store32", 4),
    ];
    for (op, _) in ops {
        for offset in offsets {
            text += &format!(
                "(func (export \"{op} {offset}\") (param i32) ({op} offset={offset} (local.get 0)) drop)"
            );
        }
    }
    for (op, _) in stores {
        let ty = &op[..3];
        for offset in offsets {
            text += &format!(
                "(func (export \"{op} {offset}\") (param i32) ({op} offset={offset} (local.get 0) ({ty}.const -1)))"
            );
        }
    }
    text += ")";
    for config in configs(&Ruleset::ARWEN_1_3) {
        let mut run = Run::new(config.clone(), &text);
        for (op, bytes) in ops.iter().chain(&stores) {
            for offset in offsets {
                for index in [
                    0u32,
                    1,
                    65_535 - 8,
                    65_536 - bytes,
                    65_537 - bytes,
                    65_535,
                    65_536,
                    0x7fff_ffff,
                    u32::MAX,
                ] {
                    let wanted = match u64::from(index) + offset + u64::from(*bytes) <= 65_536 {
                        true => Ok(vec![]),
                        false => Err(Trap::MemoryOutOfBounds),
                    };
                    let name = format!("{op} {offset}");
                    assert_eq!(
                        run.call(&name, &[Value::I32(index as i32)]),
                        wanted,
                        "{name} {index} {config:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn memory_grows_to_its_maximum_and_no_further() {
    let text = r#"(module (memory 1 3)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "size") (result i32) memory.size)
        (func (export "poke") (param i32) (i32.store8 (local.get 0) (i32.const 7)))
        (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0))))"#;
    let cases = [
        traps("peek", &[65_536], Trap::MemoryOutOfBounds),
        gives("grow", &[1], 1),
        gives("peek", &[65_536], 0),
        ("poke", i32s(&[131_071]), Ok(vec![])),
        gives("grow", &[2], -1),
        gives("grow", &[-1], -1),
        gives("grow", &[1], 2),
        gives("peek", &[131_071], 7),
        gives("grow", &[0], 3),
        gives("size", &[], 3),
    ];
    check(&Ruleset::ARWEN_1_3, text, &cases);
}

#[test]
fn indirect_calls_check_index_null_and_type() {
    let text = r#"(module
        (type $ii (func (param i32) (result i32)))
        (type $same (func (param i32) (result i32)))
        (table 5 funcref)
        (elem (i32.const 0) $inc $dbl $other)
        (func $inc (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func $dbl (type $same) (i32.mul (local.get 0) (i32.const 2)))
        (func $other (param i64) (result i32) (i32.const 9))
        (func (export "call") (param i32 i32) (result i32)
            (call_indirect (type $ii) (local.get 1) (local.get 0))))"#;
    let cases = [
        gives("call", &[0, 5], 6),
        gives("call", &[1, 5], 10),
        traps("call", &[2, 5], Trap::BadSignature),
        traps("call", &[3, 5], Trap::IndirectCallToNull),
        traps("call", &[4, 5], Trap::IndirectCallToNull),
        traps("call", &[5, 5], Trap::UndefinedElement),
        traps("call", &[-1, 5], Trap::UndefinedElement),
    ];
    check(&Ruleset::ARWEN_1_3, text, &cases);
}
