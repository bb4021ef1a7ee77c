//! Generated modules in every tier and in another engine: the same results, traps, host calls, memory, globals and
//! tables, and in every tier the same gas, at every gas limit.

use std::ops::Range;

use arwen_engine::Ruleset;
use spec_tests::machine::encode;
use spec_tests::parity::subject::{Prices, RULESETS};
use spec_tests::parity::{Followed, GAS_LIMIT, Panel, SWEEP_MAX, generate};

/// Modules compared, for each ruleset.
const MODULES: u64 = 300;

/// One in how many of them is also run at every gas limit.
const SWEPT: u64 = 10;

/// Percent of the modules that must be followed to their end by the reference. The others have loops without end or use much gas.
const FOLLOWED_PERCENT: u64 = 50;

fn compare(rules: &'static Ruleset, modules: Range<u64>) {
    let mut followed = 0;
    for seed in modules.clone() {
        let said = |error: String| -> ! { panic!("seed {seed}: {error}") };
        let wasm = generate::module(seed, rules).unwrap_or_else(|error| said(error));
        let panel = Panel::new(&wasm, rules, seed, Prices::One).unwrap_or_else(|error| said(error));
        assert_eq!(panel.refusal(), None, "seed {seed}");
        let run = panel.compare(GAS_LIMIT).unwrap_or_else(|error| said(error));
        if panel.follow(&run, &wasm).unwrap_or_else(|error| said(error)) == Followed::Whole {
            followed += 1;
        }
        if seed % SWEPT == 0 && run.gas <= SWEEP_MAX {
            panel.sweep(run.gas).unwrap_or_else(|error| said(error));
        }
    }
    assert!(
        followed * 100 >= (modules.end - modules.start) * FOLLOWED_PERCENT,
        "only {followed} modules were followed to their end"
    );
}

#[test]
fn tiers_and_reference_agree_on_generated_modules_of_the_strict_ruleset() {
    compare(&Ruleset::STRICT, 0..MODULES);
}

#[test]
fn tiers_and_reference_agree_on_generated_modules_of_the_ruleset_of_2021() {
    compare(&Ruleset::ARWEN_1_3, MODULES..2 * MODULES);
}

#[test]
fn the_reference_selects_by_a_comparison_with_zero() {
    let text = r#"(module
        (func $by (param i32) (result i32) (select (i32.const 1) (i32.const 2) (i32.eqz (local.get 0))))
        (func (export "zero") (result i32) (call $by (i32.const 0)))
        (func (export "one") (result i32) (call $by (i32.const 1))))"#;
    let wasm = encode(text).unwrap();
    let panel = Panel::new(&wasm, &Ruleset::STRICT, 0, Prices::One).unwrap();
    let run = panel.compare(GAS_LIMIT).unwrap();
    assert_eq!(panel.follow(&run, &wasm), Ok(Followed::Whole));
}

#[test]
fn segments_that_do_not_fit_are_met_by_all() {
    for text in [
        "(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))",
        r#"(module (memory 1) (data (i32.const 65535) "ab"))"#,
        r#"(module (memory 1) (table 1 funcref) (func $f) (elem (i32.const 9) $f) (data (i32.const -1) "a"))"#,
    ] {
        let wasm = encode(text).unwrap();
        for rules in RULESETS {
            let panel = Panel::new(&wasm, rules, 0, Prices::One).unwrap();
            let run = panel.compare(GAS_LIMIT).unwrap();
            assert_eq!(panel.follow(&run, &wasm), Ok(Followed::Whole), "{text}");
        }
    }
}
