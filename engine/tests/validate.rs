//! What a ruleset accepts and refuses, and what it says.

mod common;

use arwen_engine::{CompileErrorKind, Config, Diagnosis, Engine, Module, Ruleset, Tier, Value};
use common::{Run, compile, configs};

const OLD: &Ruleset = &Ruleset::ARWEN_1_3;
const NEW: &Ruleset = &Ruleset::STRICT;

/// What the ruleset says first; the diagnosis, which says everything, must say it too.
fn verdict(rules: &'static Ruleset, text: &str) -> Result<(), String> {
    let verdict = compile(Config::new(rules).tier(Tier::Jit), text).map(drop);
    let engine = Engine::new(Config::new(rules).tier(Tier::Interpreter));
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let diagnosis = Diagnosis::new(&engine, &wasm);
    assert_eq!(diagnosis.accepted, verdict.is_ok(), "{text}");
    if let Err(first) = &verdict {
        assert!(
            diagnosis.reasons.contains(first),
            "{text}: {first} in {:?}",
            diagnosis.reasons
        );
    }
    verdict.map_err(|e| e.to_string())
}

#[track_caller]
fn accepted(rules: &'static Ruleset, text: &str) {
    assert_eq!(verdict(rules, text), Ok(()), "{text}");
}

#[track_caller]
fn refused(rules: &'static Ruleset, text: &str, reason: &str) {
    let found = verdict(rules, text).unwrap_err();
    assert!(found.contains(reason), "{text}: {found}");
}

#[test]
fn float_operators_are_named_with_their_place_in_every_ruleset() {
    let text =
        "(module (import \"env\" \"h\" (func)) (func) (func (drop (f32.add (f32.const 1) (f32.const 2)))))";
    for rules in [OLD, NEW] {
        refused(rules, text, "float operator F32Const (offset 0x26, function 2)");
    }
    for (text, name) in [
        (
            "(func (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))",
            "I32TruncF64S",
        ),
        (
            "(func (param f64) (result i64) (i64.trunc_sat_f64_u (local.get 0)))",
            "I64TruncSatF64U",
        ),
        (
            "(func (param f32) (result i32) (i32.reinterpret_f32 (local.get 0)))",
            "I32ReinterpretF32",
        ),
        (
            "(memory 1) (func (param f32) (f32.store (i32.const 0) (local.get 0)))",
            "F32Store",
        ),
        (
            "(func (param f64 f64) (result i32) (f64.lt (local.get 0) (local.get 1)))",
            "F64Lt",
        ),
        ("(func unreachable f32.neg drop)", "F32Neg"),
    ] {
        refused(
            OLD,
            &format!("(module {text})"),
            &format!("float operator {name}"),
        );
    }
}

#[test]
fn float_types_are_opaque_bits_in_the_old_ruleset_and_refused_in_the_new() {
    let text = r#"(module
        (global $g (mut f64) (f64.const 1)) (global $h f32 (f32.const 2))
        (func $id (param f32 f64) (result f64) (local f64) (local.set 2 (local.get 1)) (drop (local.get 0))
            (global.set $g (local.get 2)) (select (local.get 2) (global.get $g) (i32.const 1)))
        (func (export "f") (result f64) (call $id (global.get $h) (global.get $g)))
        (func (export "block") (param f32) (result f32) (block (result f32) (local.get 0))))"#;
    accepted(OLD, text);
    for config in configs(OLD) {
        let mut run = Run::new(config, text);
        assert_eq!(run.call("f", &[]), Ok(vec![Value::F64(1f64.to_bits())]));
        let nan = Value::F32(0x7fa0_0001);
        assert_eq!(run.call("block", &[nan]), Ok(vec![nan]));
    }
    refused(NEW, text, "float type f32");
    refused(NEW, "(module (global f64 (f64.const 1)))", "float type f64");
    refused(
        NEW,
        "(module (func (local f32)))",
        "float type f32 (offset 0x17, function 0)",
    );
    refused(
        NEW,
        "(module (import \"env\" \"g\" (global f64)))",
        "float type f64",
    );
    refused(
        NEW,
        "(module (func (block (result f32) unreachable) drop))",
        "float type f32",
    );
}

#[test]
fn the_old_ruleset_has_webassembly_1_with_sign_extension_and_no_more() {
    accepted(
        OLD,
        "(module (func (param i32) (result i32) (i32.extend8_s (local.get 0))))",
    );
    accepted(OLD, "(module (global (export \"g\") (mut i32) (i32.const 0)))");
    // Passive and declared segments are parsed and never used.
    accepted(OLD, "(module (memory 1) (data \"abc\"))");
    accepted(
        OLD,
        "(module (table 1 funcref) (func $f) (elem func $f) (elem declare func $f))",
    );
    for (text, reason) in [
        (
            "(func (result i32 i32) (i32.const 1) (i32.const 2))",
            "func type returns multiple values",
        ),
        (
            "(type (func (result i32 i32)))",
            "func type returns multiple values",
        ),
        (
            "(memory 1) (func (memory.copy (i32.const 0) (i32.const 0) (i32.const 0)))",
            "bulk_memory",
        ),
        (
            "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))",
            "MemoryFill",
        ),
        ("(memory 1) (data \"a\") (func (data.drop 0))", "DataDrop"),
        (
            "(table 1 funcref) (elem func) (func (table.init 0 (i32.const 0) (i32.const 0) (i32.const 0)))",
            "TableInit",
        ),
        (
            "(table 1 funcref) (func (drop (table.get (i32.const 0))))",
            "reference types",
        ),
        ("(func (drop (ref.null func)))", "reference types"),
        ("(func (param externref))", "reference types"),
        ("(table 1 funcref) (table 1 funcref)", "number of tables"),
        ("(memory 1) (memory 1)", "multi"),
        ("(func $f (return_call $f))", "tail call"),
        (
            "(func (result i32) (select (result i32) (i32.const 1) (i32.const 2) (i32.const 3)))",
            "reference types",
        ),
        (
            "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
            "non-constant operator",
        ),
        ("(memory i64 1)", "memory64"),
        ("(memory 1 2 shared)", "threads"),
    ] {
        let text = format!("(module {text})");
        let found = verdict(OLD, &text)
            .unwrap_err()
            .replace("support is not enabled: operator Memory", "bulk_memory Memory");
        assert!(found.contains(reason), "{text}: {found}");
    }
}

#[test]
fn block_types_by_index_are_fine_in_dead_code_alone_in_the_old_ruleset() {
    let module = |body: &[u8]| {
        let mut wasm = b"\0asm\x01\0\0\0\x01\x09\x02\x60\0\0\x60\x01\x7f\x01\x7f\x03\x02\x01\0\x0a".to_vec();
        wasm.extend([body.len() as u8 + 3, 1, body.len() as u8 + 1, 0]);
        wasm.extend(body);
        wasm
    };
    let engine = Engine::new(Config::new(OLD));
    let verdict = |body: &[u8]| Module::new(&engine, &module(body)).map(drop).map_err(|e| e.kind);
    // unreachable; block (type 0) end; end
    assert_eq!(verdict(&[0x00, 0x02, 0x00, 0x0b, 0x0b]), Ok(()));
    assert_eq!(
        verdict(&[0x02, 0x00, 0x0b, 0x0b]),
        Err(CompileErrorKind::Refused("block type given as a type index"))
    );
    assert!(matches!(
        verdict(&[0x00, 0x02, 0x01, 0x0b, 0x1a, 0x0b]),
        Err(CompileErrorKind::Refused(_))
    ));
}

#[test]
fn the_new_ruleset_has_the_integer_features_of_webassembly_2() {
    for text in [
        "(func (result i32 i64) (i32.const 1) (i64.const 2))",
        "(func (param i32) (local.get 0) (block (param i32) (result i32 i32) (i32.const 1)) drop drop)",
        "(memory 1) (func (memory.copy (i32.const 0) (i32.const 0) (i32.const 0)))",
        "(table 1 funcref) (table 2 externref) (func (drop (table.get 1 (i32.const 0))))",
        "(func $f (return_call $f))",
        "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
    ] {
        let text = format!("(module {text})");
        accepted(NEW, &text);
    }
    refused(NEW, "(module (memory 1) (memory 1))", "multi");
    refused(NEW, "(module (memory i64 1))", "memory64");
    refused(NEW, "(module (tag))", "exceptions");
}

#[test]
fn limits_hold_at_the_limit_and_not_one_further() {
    let repeat = |part: &str, count: usize| part.repeat(count);
    let i32s = repeat("i32 ", 200);
    let wide_table = format!(
        "(func (result {i32s}) unreachable i32.const 0 br_table {})",
        repeat("0 ", 65_537)
    );
    let wide_callee = format!("(func $wide (param {i32s}) (result {i32s}) unreachable)");
    let wide_calls = format!("(func unreachable {} unreachable)", repeat("call $wide ", 10_000));
    let cases: Vec<(&'static Ruleset, String, String, &str)> = vec![
        (
            OLD,
            format!("(func (local {}))", repeat("i32 ", 4_000)),
            format!("(func (local {}))", repeat("i32 ", 4_001)),
            "locals_total is out of bounds: 4001, at most 4000",
        ),
        (
            OLD,
            format!("(func (param {}))", repeat("i32 ", 100)),
            format!("(func (param {}))", repeat("i32 ", 101)),
            "number of parameters is out of bounds: 101",
        ),
        (
            OLD,
            "(memory 1000)".into(),
            "(memory 1001)".into(),
            "memory size is out of bounds: 1001",
        ),
        (
            OLD,
            "(memory 1 1000)".into(),
            "(memory 1 1001)".into(),
            "memory size is out of bounds: 1001",
        ),
        (
            OLD,
            repeat("(global i32 (i32.const 0))", 4_000),
            repeat("(global i32 (i32.const 0))", 4_001),
            "number of globals is out of bounds: 4001",
        ),
        (
            OLD,
            repeat("(import \"env\" \"f\" (func))", 10_000),
            repeat("(import \"env\" \"f\" (func))", 10_001),
            "number of functions is out of bounds: 10001",
        ),
        (
            OLD,
            repeat("(type (func))", 10_001),
            repeat("(type (func))", 10_002),
            "number of types is out of bounds: 10002",
        ),
        (
            OLD,
            format!(
                "(func $f) (table 1 funcref) (elem (i32.const 0) {})",
                repeat("$f ", 10_000)
            ),
            format!(
                "(func $f) (table 1 funcref) (elem (i32.const 0) {})",
                repeat("$f ", 10_001)
            ),
            "elements in a segment is out of bounds: 10001",
        ),
        (
            NEW,
            format!("(func {} {})", repeat("block ", 10_000), repeat("end ", 10_000)),
            format!("(func {} {})", repeat("block ", 10_001), repeat("end ", 10_001)),
            "block nesting",
        ),
        (
            NEW,
            repeat(&wide_table, 5),
            repeat(&wide_table, 6),
            "values moved by calls, blocks and branches is out of bounds: 78644400, at most 67108864",
        ),
        (
            NEW,
            format!("{wide_callee} {}", repeat(&wide_calls, 16)),
            format!("{wide_callee} {}", repeat(&wide_calls, 17)),
            "values moved by calls, blocks and branches",
        ),
    ];
    for (rules, fits, too_much, reason) in cases {
        accepted(rules, &format!("(module {fits})"));
        let found = verdict(rules, &format!("(module {too_much})"));
        assert!(
            found.as_ref().is_err_and(|found| found.contains(reason)),
            "{reason}: {found:?}"
        );
    }
    refused(OLD, "(module (memory 65537))", "memory size must be at most");
}

#[test]
fn no_bytes_make_it_panic() {
    let engines: Vec<_> = [OLD, NEW].map(|rules| Engine::new(Config::new(rules))).into();
    let whole = common::wasm(
        r#"(module (type (func (param i32) (result i32))) (import "env" "f" (func (param i64))) (memory (export "m") 1)
        (table 2 funcref) (global (mut i32) (i32.const 3)) (elem (i32.const 0) 1) (data (i32.const 1) "hello")
        (func (type 0) (block (br_if 0 (local.get 0)) (loop (br 1))) (call_indirect (type 0) (local.get 0) (i32.const 0))))"#,
    );
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for round in 0..6_000 {
        let mut bytes = whole.clone();
        if round % 5 == 0 {
            bytes.truncate(random() as usize % bytes.len());
        }
        for _ in 0..random() % 4 + 1 {
            let at = random() as usize % bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random() as u8;
            }
        }
        for engine in &engines {
            let _ = Module::new(engine, &bytes);
        }
    }
}

#[test]
fn a_diagnosis_names_everything_that_is_wrong() {
    let text = r#"(module
        (type (func (result i32 i32)))
        (import "env" "unknown" (func (param i32)))
        (memory (export "memory") 1 2000)
        (func (export "a") (drop (f32.add (f32.const 1) (f32.const 2))) (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))
        (func (export "b") (param i64) (drop (f64.neg (f64.const 1)))))"#;
    let engine = Engine::new(Config::new(OLD).tier(Tier::Interpreter));
    let wasm = wat::parse_str(text).expect("a module");
    let diagnosis = Diagnosis::new(&engine, &wasm);
    assert!(!diagnosis.accepted);
    let reasons: Vec<String> = diagnosis.reasons.iter().map(ToString::to_string).collect();
    let found: Vec<&str> = reasons
        .iter()
        .map(|reason| reason.split(" (offset").next().unwrap_or(reason))
        .collect();
    assert_eq!(
        found,
        [
            "func type returns multiple values",
            "memory size is out of bounds: 2000, at most 1000",
            "float operator F32Const",
            "float operator F32Const",
            "float operator F32Add",
            "bulk memory support is not enabled: operator MemoryFill",
            "float operator F64Const",
            "float operator F64Neg",
        ]
    );
    let functions: Vec<Option<u32>> = diagnosis.reasons.iter().map(|reason| reason.function).collect();
    assert_eq!(
        functions[1..],
        [None, Some(1), Some(1), Some(1), Some(1), Some(2), Some(2)]
    );
    let (_, import) = &diagnosis.imports[0];
    assert_eq!((import.module, import.name), ("env", "unknown"));
    let exports: Vec<&str> = diagnosis.exports.iter().map(|(_, export)| export.name).collect();
    assert_eq!(exports, ["memory", "a", "b"]);
}

#[test]
fn a_memory_beyond_the_specification_is_wrong_for_one_reason() {
    for (text, reason) in [
        ("(module (memory 70000))", "memory size must be at most "),
        (
            "(module (memory 1500 2000))",
            "memory size is out of bounds: 1500, at most 1000",
        ),
    ] {
        let engine = Engine::new(Config::new(OLD).tier(Tier::Interpreter));
        let wasm = wat::parse_str(text).expect("a module");
        let first = Module::new(&engine, &wasm[..]).expect_err("too large");
        let reasons = Diagnosis::new(&engine, &wasm).reasons;
        assert_eq!(reasons, std::slice::from_ref(&first), "{text}");
        assert!(first.to_string().starts_with(reason), "{text}: {first}");
    }
}

#[test]
fn what_is_no_module_is_diagnosed_as_that() {
    let engine = Engine::new(Config::new(OLD).tier(Tier::Interpreter));
    for bytes in [
        &b""[..],
        b"\0asm",
        b"#!/bin/sh",
        b"\0asm\x01\0\0\0\x01\xff\xff\xff\xff\x0f",
    ] {
        let diagnosis = Diagnosis::new(&engine, bytes);
        assert!(!diagnosis.accepted && !diagnosis.reasons.is_empty(), "{bytes:?}");
    }
}
