//! What WebAssembly 2.0, tail calls and extended constants add, under the strict ruleset.

mod common;

use arwen_engine::{Ruleset, Trap, Value};
use common::{Run, configs, i32s};

/// Name of an export, arguments, outcome.
type Case<'a> = (&'a str, &'a [i32], Result<&'a [i32], Trap>);

fn check(text: &str, cases: &[Case<'_>]) {
    for config in configs(&Ruleset::STRICT) {
        let mut run = Run::new(config.clone(), text);
        for (name, args, wanted) in cases {
            assert_eq!(
                run.call(name, &i32s(args)),
                wanted.map(i32s),
                "{name} {args:?} {config:?}"
            );
        }
    }
}

#[test]
fn many_values_flow_through_blocks_calls_and_the_border() {
    let list = |n: i32| {
        (0..n)
            .map(|i| format!("(i32.add (local.get 0) (i32.const {i}))"))
            .collect::<String>()
    };
    let many: String = "i32 ".repeat(20);
    let text = format!(
        r#"(module
        (func $many (export "many") (param i32) (result {many}) {})
        (func (export "pass") (param i32) (result {many}) (call $many (local.get 0)))
        (func (export "tail") (param i32) (result {many}) (return_call $many (local.get 0)))
        (func (export "swap") (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
        (func (export "block") (param i32) (result i32)
            (local.get 0) (i32.const 3)
            (block (param i32 i32) (result i32 i32) (i32.const 1) i32.add (br_if 0 (local.get 0)) drop (i32.const 100))
            i32.add)
        (func (export "loop") (param i32) (result i32)
            (i32.const 0) (local.get 0)
            (loop $l (param i32 i32) (result i32)
                (local.set 0) (i32.add (local.get 0)) (i32.sub (local.get 0) (i32.const 1)) (local.tee 0) (local.get 0)
                (br_if $l) drop))
        (func (export "if") (param i32) (result i32)
            (i32.const 7) (i32.const 9) (local.get 0)
            (if (param i32 i32) (result i32) (then i32.add) (else i32.sub)))
        (func (export "ifonly") (param i32) (result i32)
            (i32.const 7) (local.get 0) (if (param i32) (result i32) (then (i32.mul (i32.const 2)))))
        (func (export "table") (param i32) (result i32 i32)
            (block $b (result i32 i32) (block $a (result i32 i32) (i32.const 1) (i32.const 2)
                (br_table $a $b (local.get 0))) (i32.const 10) i32.add)))"#,
        list(20)
    );
    let many: Vec<i32> = (5..25).collect();
    check(
        &text,
        &[
            ("many", &[5], Ok(&many)),
            ("pass", &[5], Ok(&many)),
            ("tail", &[5], Ok(&many)),
            ("swap", &[1, 2], Ok(&[2, 1])),
            ("block", &[1], Ok(&[5])),
            ("block", &[0], Ok(&[100])),
            ("loop", &[4], Ok(&[10])),
            ("if", &[1], Ok(&[16])),
            ("if", &[0], Ok(&[-2])),
            ("ifonly", &[1], Ok(&[14])),
            ("ifonly", &[0], Ok(&[7])),
            ("table", &[0], Ok(&[1, 12])),
            ("table", &[1], Ok(&[1, 2])),
        ],
    );
}

#[test]
fn bulk_memory_operators() {
    let text = r#"(module (memory 1) (data $a "abcdefgh") (data (i32.const 100) "xyz")
        (func (export "init") (param i32 i32 i32) (memory.init $a (local.get 0) (local.get 1) (local.get 2)))
        (func (export "drop") (data.drop $a))
        (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
        (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
        (func (export "at") (param i32) (result i32) (i32.load (local.get 0))))"#;
    let le = |bytes: &[u8; 4]| i32::from_le_bytes(*bytes);
    let oob = Err(Trap::MemoryOutOfBounds);
    check(
        text,
        &[
            ("init", &[0, 2, 4], Ok(&[])),
            ("at", &[0], Ok(&[le(b"cdef")])),
            ("init", &[0, 5, 4], oob),
            ("init", &[65_533, 0, 4], oob),
            ("init", &[65_536, 8, 0], Ok(&[])),
            ("init", &[65_537, 8, 0], oob),
            ("copy", &[1, 0, 4], Ok(&[])),
            ("at", &[0], Ok(&[le(b"ccde")])),
            ("copy", &[0, 1, 4], Ok(&[])),
            ("at", &[0], Ok(&[le(b"cdef")])),
            ("copy", &[65_533, 0, 4], oob),
            ("copy", &[0, -1, 4], oob),
            ("fill", &[0, 0x1ff, 3], Ok(&[])),
            ("at", &[0], Ok(&[0x66ff_ffff])),
            ("fill", &[65_535, 1, 2], oob),
            ("fill", &[65_536, 1, 0], Ok(&[])),
            ("fill", &[65_537, 1, 0], oob),
            ("drop", &[], Ok(&[])),
            ("init", &[0, 0, 1], oob),
            ("init", &[0, 0, 0], Ok(&[])),
            ("at", &[99], Ok(&[le(b"\0xyz")])),
        ],
    );
}

#[test]
fn table_operators_and_references() {
    let text = r#"(module (table $t 4 8 funcref) (table $u 2 funcref) (table $x 1 externref)
        (type $i (func (result i32)))
        (elem $e func $one $two) (elem declare func $three)
        (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2)) (func $three (result i32) (i32.const 3))
        (func (export "call") (param i32) (result i32) (call_indirect $t (type $i) (local.get 0)))
        (func (export "callu") (param i32) (result i32) (call_indirect $u (type $i) (local.get 0)))
        (func (export "init") (param i32 i32 i32) (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
        (func (export "drop") (elem.drop $e))
        (func (export "copy") (param i32 i32 i32) (table.copy $u $t (local.get 0) (local.get 1) (local.get 2)))
        (func (export "within") (param i32 i32 i32) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
        (func (export "fill") (param i32 i32) (table.fill $t (local.get 0) (ref.func $three) (local.get 1)))
        (func (export "grow") (param i32) (result i32) (table.grow $t (ref.func $two) (local.get 0)))
        (func (export "size") (result i32) (table.size $t))
        (func (export "null") (param i32) (result i32) (ref.is_null (table.get $t (local.get 0))))
        (func (export "set") (param i32) (table.set $t (local.get 0) (ref.null func)))
        (func (export "keep") (param externref) (result externref) (table.set $x (i32.const 0) (local.get 0))
            (table.get $x (i32.const 0))))"#;
    let oob = Err(Trap::TableOutOfBounds);
    check(
        text,
        &[
            ("null", &[0], Ok(&[1])),
            ("call", &[0], Err(Trap::IndirectCallToNull)),
            ("init", &[1, 0, 2], Ok(&[])),
            ("call", &[1], Ok(&[1])),
            ("call", &[2], Ok(&[2])),
            ("init", &[3, 0, 2], oob),
            ("init", &[0, 1, 2], oob),
            ("drop", &[], Ok(&[])),
            ("init", &[0, 0, 1], oob),
            ("copy", &[0, 1, 2], Ok(&[])),
            ("callu", &[0], Ok(&[1])),
            ("callu", &[1], Ok(&[2])),
            ("copy", &[1, 1, 2], oob),
            ("within", &[0, 1, 2], Ok(&[])),
            ("call", &[0], Ok(&[1])),
            ("call", &[1], Ok(&[2])),
            ("within", &[1, 0, 3], Ok(&[])),
            ("call", &[2], Ok(&[2])),
            ("call", &[3], Ok(&[2])),
            ("fill", &[3, 2], oob),
            ("fill", &[3, 1], Ok(&[])),
            ("call", &[3], Ok(&[3])),
            ("grow", &[4], Ok(&[4])),
            ("grow", &[1], Ok(&[-1])),
            ("size", &[], Ok(&[8])),
            ("call", &[7], Ok(&[2])),
            ("set", &[7], Ok(&[])),
            ("null", &[7], Ok(&[1])),
            ("null", &[8], oob),
            ("set", &[-1], oob),
        ],
    );
    for config in configs(&Ruleset::STRICT) {
        let mut run = Run::new(config, text);
        for value in [
            Value::ExternRef(None),
            Value::ExternRef(Some(0)),
            Value::ExternRef(Some(u32::MAX)),
        ] {
            assert_eq!(run.call("keep", &[value]), Ok(vec![value]));
        }
        assert_eq!(
            run.call("keep", &[Value::FuncRef(None)]),
            Err(Trap::BadInvocation)
        );
    }
}

#[test]
fn tail_calls_take_no_stack() {
    let text = r#"(module (table funcref (elem $odd))
        (type $p (func (param i32) (result i32)))
        (func $even (export "even") (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
            (return_call $odd (i32.sub (local.get 0) (i32.const 1))))
        (func $odd (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
            (return_call $even (i32.sub (local.get 0) (i32.const 1))))
        (func (export "indirect") (param i32) (result i32) (return_call_indirect (type $p) (local.get 0) (i32.const 0)))
        (func $wide (export "wide") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (local.get 9))))
            (return_call $narrow (i32.sub (local.get 0) (i32.const 1)) (local.get 9)))
        (func $narrow (param i32 i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
            (return_call $wide (i32.sub (local.get 0) (i32.const 1)) (i32.const 1) (i32.const 2) (i32.const 3)
                (i32.const 4) (i32.const 5) (i32.const 6) (i32.const 7) (i32.const 8) (i32.add (local.get 1) (i32.const 1)))))"#;
    check(
        text,
        &[
            ("even", &[10_000_000], Ok(&[1])),
            ("indirect", &[1_000_001], Ok(&[1])),
            ("wide", &[1_000_000, 0, 0, 0, 0, 0, 0, 0, 0, 0], Ok(&[500_000])),
        ],
    );
}

#[test]
fn extended_constants_give_values_and_offsets() {
    let text = r#"(module (memory 1)
        (global $a i32 (i32.mul (i32.add (i32.const 3) (i32.const 4)) (i32.const 5)))
        (global $b i64 (i64.sub (i64.const 1) (i64.const 2)))
        (data (i32.add (i32.const 90) (i32.const 10)) "\2a")
        (func (export "a") (result i32) global.get $a)
        (func (export "b") (result i32) (i64.eq (global.get $b) (i64.const -1)))
        (func (export "at") (result i32) (i32.load8_u (i32.const 100))))"#;
    check(
        text,
        &[
            ("a", &[], Ok(&[35])),
            ("b", &[], Ok(&[1])),
            ("at", &[], Ok(&[42])),
        ],
    );
}
