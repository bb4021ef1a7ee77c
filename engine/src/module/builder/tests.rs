//! A module in pieces is the module: same code, same plan, same error at the same place, however it is cut.

use super::*;
use crate::tier::Refusal;
use crate::{Config, NativeBudget, Ruleset, Tier, TierStatus};

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a module")
}

fn engine(rules: &'static Ruleset, tier: Tier) -> Engine {
    Engine::new(Config::new(rules).tier(tier))
}

/// Good modules, with something of every section, and bad ones that go wrong in every place.
fn corpus() -> Vec<Vec<u8>> {
    let whole = wasm(
        r#"(module
            (type $op (func (param i32 i64) (result i64)))
            (import "host" "get" (func $get (param i32) (result i64)))
            (import "host" "base" (global $base i32))
            (table 3 funcref) (memory 1 4) (global $count (mut i64) (i64.const 7))
            (export "run" (func $run)) (export "memory" (memory 0)) (start $start)
            (elem (i32.const 1) $add $add)
            (func $start (global.set $count (i64.add (global.get $count) (i64.const 1))))
            (func $add (type $op) (i64.add (i64.extend_i32_u (local.get 0)) (local.get 1)))
            (func $run (param i32) (result i64) (local i64 i32)
                (loop $again (local.set 2 (i32.add (local.get 2) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get 2) (local.get 0))))
                (call_indirect (type $op) (local.get 0) (call $get (local.get 2)) (i32.const 1)))
            (data (i32.const 8) "some data") (@custom "name of a section" "with contents"))"#,
    );
    let mut modules = vec![
        Vec::new(),
        b"\0asm".to_vec(),
        b"\0asm\x0d\0\x01\0".to_vec(),
        b"\0asn\x01\0\0\0".to_vec(),
        wasm("(module)"),
        wasm("(module (func (drop (f32.const 1))) (func (drop)))"),
        wasm("(module (func unreachable) (func (result i32) i64.const 1))"),
        wasm("(module (func (result i32) (local f64) i32.const 1))"),
        wasm(r#"(module (memory 1) (data (i32.const 0) "\00\61\73\6d") (func))"#),
        [&whole[..], b"\0asm\x01\0\0\0"].concat(),
    ];
    // Cut off and bent at every place.
    for at in 0..whole.len() {
        modules.push(whole[..at].to_vec());
        let mut bent = whole.clone();
        bent[at] ^= 0x41;
        modules.push(bent);
    }
    modules.push(whole);
    modules
}

fn build<'a>(engine: &Engine, pieces: impl Iterator<Item = &'a [u8]>) -> Result<Module, CompileError> {
    let mut builder = ModuleBuilder::new(engine);
    for piece in pieces {
        builder.push(piece)?;
    }
    builder.finish()
}

/// Everything that is known of a module, or what is wrong with it.
fn inside(result: &Result<Module, CompileError>) -> String {
    match result {
        Ok(module) => format!("{:?} {:?}", module.info(), module.plan()),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn the_size_of_the_pieces_changes_nothing() {
    for rules in [&Ruleset::ARWEN_1_3, &Ruleset::STRICT] {
        let engine = engine(rules, Tier::Interpreter);
        for wasm in corpus() {
            let whole = inside(&Module::new(&engine, &wasm));
            for size in [1, 2, 3, 7, 64] {
                let pieces = inside(&build(&engine, wasm.chunks(size)));
                assert_eq!(pieces, whole, "{} in pieces of {size}: {wasm:x?}", rules.name);
            }
        }
    }
}

#[test]
fn the_place_of_one_cut_changes_nothing() {
    let engine = engine(&Ruleset::STRICT, Tier::Interpreter);
    for wasm in corpus().into_iter().step_by(17) {
        let whole = inside(&Module::new(&engine, &wasm));
        for at in 0..=wasm.len() {
            let (a, b) = wasm.split_at(at);
            let pieces = [a, &[], b];
            assert_eq!(
                inside(&build(&engine, pieces.into_iter())),
                whole,
                "cut at {at}: {wasm:x?}"
            );
        }
    }
}

#[test]
fn an_error_comes_with_the_byte_that_makes_it_one_and_stays() {
    let engine = engine(&Ruleset::STRICT, Tier::Interpreter);
    let wasm = wasm("(module (func) (func (drop (f32.const 1))) (func))");
    let mut builder = ModuleBuilder::new(&engine);
    let refused = wasm.iter().position(|byte| builder.push(&[*byte]).is_err());
    // The last byte of the second function.
    assert_eq!(refused, Some(wasm.len() - 4));
    let error = builder.push(&[]).expect_err("it stays");
    assert_eq!(error.kind, CompileErrorKind::FloatOperator("F32Const"));
    assert_eq!(builder.finish().expect_err("to the end"), error);
}

#[test]
fn bytes_past_the_limit_are_not_kept() {
    static SMALL: Ruleset = Ruleset {
        limits: crate::Limits {
            module_bytes: 20,
            ..crate::Limits::STRICT
        },
        ..Ruleset::STRICT
    };
    let engine = engine(&SMALL, Tier::Interpreter);
    let wasm = wasm(r#"(module (@custom "c" "012345678"))"#);
    let of_size = |size: usize| wasm.iter().copied().cycle().take(size).collect::<Vec<u8>>();
    assert_eq!(wasm.len(), 21);
    for size in [21, 22, 1_000] {
        let wasm = of_size(size);
        let refused = CompileError {
            kind: CompileErrorKind::Limit {
                what: what::module_bytes,
                found: 21,
                max: 20,
            },
            offset: 20,
            function: None,
        };
        for pieces in [1, 20, 21, 1_000] {
            let mut builder = ModuleBuilder::new(&engine);
            let error = wasm.chunks(pieces).find_map(|piece| builder.push(piece).err());
            assert_eq!(error, Some(refused.clone()), "{size} bytes in pieces of {pieces}");
            assert_eq!(builder.reading.info.wasm.len(), 20);
        }
    }
}

/// Two functions, of which the second alone is over the budget given.
fn native_status(blocks: u64, piece: usize) -> TierStatus {
    let budget = NativeBudget {
        blocks,
        ..NativeBudget::default()
    };
    let config = Config::new(&Ruleset::STRICT)
        .tier(Tier::Jit)
        .native_budget(budget);
    let wasm = wasm("(module (func block end) (func block end block end) (func))");
    let module = build(&Engine::new(config), wasm.chunks(piece)).expect("valid");
    module.tier_status()
}

#[test]
#[cfg(feature = "jit")]
fn functions_that_arrive_are_compiled_within_the_budget() {
    for piece in [1, 5, 1_000] {
        assert_eq!(
            native_status(2, piece),
            TierStatus::Native,
            "in pieces of {piece}"
        );
        let refusal = Refusal::Budget {
            what: "blocks of a function",
            found: 2,
            max: 1,
            function: Some(1),
        };
        assert_eq!(
            native_status(1, piece),
            TierStatus::Refused(refusal),
            "in pieces of {piece}"
        );
    }
}
