//! Faults that are not the guest's, and what is left behind.

mod common;

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use arwen_engine::{Config, Ruleset, Tier};
use common::{Fns, Run, configs};

/// Set for the process that is to die.
const CHILD: &str = "ARWEN_TEST_FAULT";
const SIGSEGV: i32 = 11;

#[test]
fn a_fault_in_host_code_is_not_swallowed() {
    if std::env::var_os(CHILD).is_some() {
        // Recursion without end on the guest's stack: the guard page is hit by host code.
        #[expect(unconditional_recursion, reason = "that is the fault")]
        fn endless(depth: &mut [u64; 64]) -> u64 {
            depth[0] += 1;
            let mut next = *depth;
            std::hint::black_box(endless(&mut next) + depth[1])
        }
        let text = r#"(module (import "env" "h" (func $h)) (func (export "f") (call $h)))"#;
        let mut run = Run::new(Config::new(&Ruleset::ARWEN_1_3).tier(Tier::Jit), text);
        let mut host = Fns(vec![Box::new(|_, _, _| {
            endless(&mut [0; 64]);
            Ok(())
        })]);
        let _ = run.call_with("f", &mut host, &[]);
        return;
    }
    let this = std::env::current_exe().unwrap();
    let status = Command::new(this)
        .args(["--exact", "a_fault_in_host_code_is_not_swallowed", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap()
        .status;
    assert_eq!(status.signal(), Some(SIGSEGV), "{status}");
}

#[test]
fn code_and_memories_are_given_back() {
    if std::env::var_os(CHILD).is_some() {
        return;
    }
    let text = r#"(module (memory 1) (table 10 funcref) (elem (i32.const 0) $f)
        (func $f (export "f") (result i32) (i32.load8_u (i32.const 100000))))"#;
    let mappings = || {
        std::fs::read_to_string("/proc/self/maps")
            .unwrap()
            .lines()
            .count()
    };
    for config in configs(&Ruleset::ARWEN_1_3) {
        let cycle = || {
            let mut run = Run::new(config.clone(), text);
            assert!(run.call("f", &[]).is_err());
        };
        (0..5).for_each(|_| cycle());
        let before = mappings();
        (0..100).for_each(|_| cycle());
        // The allocator and the other test may map a little; a leak would be at least one mapping a cycle.
        assert!(
            mappings() < before + 50,
            "{before} mappings became {}",
            mappings()
        );
    }
}
