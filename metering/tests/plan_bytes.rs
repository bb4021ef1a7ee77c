//! Plans as bytes: there and back, and nothing else is taken for one.

mod common;

use arwen_metering::{LocalsRule, ModulePlan, Rules};
use common::plan;

/// Charges of every kind, locals in groups, and operators more often than fits in a word and in a run.
fn module() -> String {
    let runs = "nop ".repeat(70_000) + &"i32.const 0 drop ".repeat(100);
    format!(
        "(module (memory 1)
            (func (param i32) (local i32 i64 i32) local.get 0 if nop nop else unreachable end)
            (func (local i64) i32.const 1 memory.grow drop loop br 0 end)
            (func i32.const 0 i32.const 0 i32.const 9 memory.copy)
            (func loop {runs} end))"
    )
}

fn written(rules: &'static Rules, module: &str) -> (ModulePlan, Vec<u8>) {
    let plan = plan(rules, module).plan;
    let mut bytes = Vec::new();
    plan.write_to(&mut bytes);
    (plan, bytes)
}

#[test]
fn a_plan_comes_back_as_it_was() {
    for rules in [&Rules::ARWEN_1_3, &Rules::STRICT] {
        let (plan, bytes) = written(rules, &module());
        assert!(!plan.is_empty());
        assert_eq!(ModulePlan::read_from(&bytes, rules.locals), Some(plan));
    }
}

#[test]
fn other_lengths_are_no_plan() {
    let module =
        "(module (func (local i64) loop nop br 0 end) (func i32.const 1 memory.grow drop) (memory 1))";
    let (_, bytes) = written(&Rules::STRICT, module);
    let read = |bytes: &[u8]| ModulePlan::read_from(bytes, LocalsRule::TotalOfFunction);
    assert!(read(&bytes).is_some());
    for len in 0..bytes.len() {
        assert_eq!(read(&bytes[..len]), None, "{len}");
    }
    // The lengths.
    for at in 0..16 {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x80;
        assert_eq!(read(&bytes), None, "{at}");
    }
    assert_eq!(read(&[&bytes[..], &[0; 2]].concat()), None);
}
