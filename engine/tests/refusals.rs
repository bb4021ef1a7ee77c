//! What the machine refuses is no outcome: code goes on without guards or without native code, or ends in a way that
//! says whose fault it is.

mod common;

use std::process::Command;

use arwen_engine::{InstantiateError, Ruleset, Trap, Value};
use common::{Fns, Run, configs, i32s};

/// Set for the process that is short of address space.
const SHORT: &str = "ARWEN_TEST_SHORT_OF_SPACE";

/// Runs `test` where there is address space for one guarded memory (6 GiB) and little more.
fn short_of_space(name: &str, test: impl FnOnce()) {
    if std::env::var_os(SHORT).is_some() {
        return test();
    }
    let this = std::env::current_exe().expect("the test's own path");
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 9000000; exec \"$0\" --exact \"$1\" --nocapture"])
        .arg(this)
        .arg(name)
        .env(SHORT, "1")
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {text}", output.status);
}

/// Takes address space until there are no `piece` bytes of it together.
fn leave_less_than(piece: usize) -> Vec<Vec<u8>> {
    let mut taken = Vec::new();
    loop {
        let mut hog = Vec::new();
        if hog.try_reserve_exact(piece).is_err() {
            return taken;
        }
        taken.push(hog);
    }
}

const PROGRAM: &str = r#"(module (memory (export "m") 1)
    (func (export "f") (param i32) (result i32)
        (i32.store (i32.const 65532) (i32.const 5))
        (i32.add (i32.mul (memory.grow (i32.const 2)) (i32.const 100)) (i32.load (local.get 0)))))"#;

/// Value or trap at addresses inside, in the memory grown, and past its end; the gas of all.
fn outcome(run: &mut Run) -> (Vec<Result<Vec<Value>, Trap>>, u64) {
    let ends = [65_532, 131_072, 196_605 + 2 * 65_536, -1].map(|at| run.call("f", &i32s(&[at])));
    (ends.into(), run.store.meter().used())
}

#[test]
fn memories_without_a_guard_are_checked_in_every_tier() {
    short_of_space("memories_without_a_guard_are_checked_in_every_tier", || {
        let ends = [
            Ok(i32s(&[105])),
            Ok(i32s(&[300])),
            Ok(i32s(&[500])),
            Err(Trap::MemoryOutOfBounds),
        ];
        for config in configs(&Ruleset::STRICT) {
            // All alive, so that at most the first has a guard.
            let mut runs = Vec::from([(); 3].map(|()| Run::new(config.clone(), PROGRAM)));
            let given: Vec<_> = runs.iter_mut().map(outcome).collect();
            assert_eq!(given[0].0, ends, "{config:?}");
            assert!(given.iter().all(|other| *other == given[0]), "{config:?}");
        }
        // Nor is one there when the engine begins to compile.
        let _hogs = leave_less_than(4 << 30);
        for config in configs(&Ruleset::STRICT) {
            let mut run = Run::new(config.clone(), PROGRAM);
            assert_eq!(outcome(&mut run).0, ends, "{config:?}");
        }
    });
}

#[test]
fn memory_that_the_machine_refuses_is_no_outcome() {
    short_of_space("memory_that_the_machine_refuses_is_no_outcome", || {
        let grow = r#"(module (import "env" "h" (func $h)) (memory (export "m") 1)
            (func (export "memory") (drop (memory.grow (i32.const 30000))))
            (func (export "host") (call $h))
            (func (export "limit") (result i32) (memory.grow (i32.const 65536))))"#;
        let table = r#"(module (table $t 1 funcref)
            (func (export "table") (drop (table.grow $t (ref.null func) (i32.const 9999999))))
            (func (export "size") (result i32) (table.size $t)))"#;
        let large = r#"(module (memory 40000))"#;
        for config in configs(&Ruleset::STRICT) {
            let config = config.pooled_memories(0);
            // The first two may have all the room reserved that they can grow into.
            let mut runs = Vec::from([(); 5].map(|()| Run::new(config.clone(), grow)));
            let hogs = leave_less_than(32 << 20);
            // More than it may have: an outcome, as everywhere.
            assert_eq!(runs[2].call("limit", &[]), Ok(i32s(&[-1])));
            for (run, name) in runs[3..].iter_mut().zip(["memory", "host"]) {
                let mut host = Fns(vec![Box::new(|caller, _, _| {
                    assert!(caller.grow_memory(30_000).is_err());
                    Ok(())
                })]);
                assert_eq!(run.call_with(name, &mut host, &[]), Err(Trap::NoMemory), "{name}");
                assert_eq!(run.call("limit", &[]), Err(Trap::NoMemory), "{name}");
            }
            // There is no room for all that it may become, and so none is taken in advance.
            let mut run = Run::new(config.clone(), table);
            for name in ["table", "size"] {
                assert_eq!(run.call(name, &[]), Err(Trap::NoMemory), "{name}");
            }
            let refused = Run::try_new(config, large, &mut Fns(Vec::new())).err();
            assert!(
                matches!(refused, Some(InstantiateError::Resource(_))),
                "{refused:?}"
            );
            drop(hogs);
        }
    });
}

#[test]
fn without_a_stack_for_native_code_the_interpreter_gives_the_same() {
    short_of_space(
        "without_a_stack_for_native_code_the_interpreter_gives_the_same",
        || {
            let text = r#"(module (func $r (export "r") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call $r (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0)))))"#;
            for config in configs(&Ruleset::STRICT) {
                let mut run = Run::new(config.clone(), text);
                let hogs = leave_less_than(32 << 20);
                assert_eq!(run.call("r", &i32s(&[1000])), Ok(i32s(&[1000])), "{config:?}");
                let used = run.store.meter().used();
                drop(hogs);
                assert_eq!(run.call("r", &i32s(&[1000])), Ok(i32s(&[1000])), "{config:?}");
                assert_eq!(run.store.meter().used(), 2 * used);
            }
        },
    );
}
