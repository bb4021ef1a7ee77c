//! Gas, interrupts and stack: where code stops, and that it stops there exactly.

mod common;

use std::time::Duration;

use arwen_engine::{
    Config, Extern, HOST_CALL_SLOTS, HostStop, Interrupt, Module, NoHost, Ruleset, Store, Tier, Trap, Value,
};
use arwen_metering::Schedule;
use common::{Endless, Fns, Run, compile, configs, host_imports, i32s};

const RULES: [&Ruleset; 2] = [&Ruleset::ARWEN_1_3, &Ruleset::STRICT];

/// Sums 1 to n with a loop, a call and an if.
const SUM: &str = r#"(module
    (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "sum") (param i32) (result i32) (local i32)
        (block $out (loop $again
            (br_if $out (i32.eqz (local.get 0)))
            (if (i32.and (local.get 0) (i32.const 1)) (then nop) (else nop nop))
            (local.set 1 (call $add (local.get 1) (local.get 0)))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br $again)))
        (local.get 1)))"#;

#[test]
fn every_limit_up_to_what_is_needed_stops_or_not_alike() {
    for rules in RULES {
        let mut outcomes = Vec::new();
        for config in configs(rules) {
            let mut run = Run::new(config, SUM);
            let meter = run.store.meter();
            let mut found = Vec::new();
            for limit in 0..200 {
                meter.set_used(0);
                meter.set_limit(limit);
                let result = run.call("sum", &i32s(&[5]));
                if result == Err(Trap::OutOfGas) {
                    assert!(meter.used() >= limit);
                }
                found.push((result, meter.used()));
            }
            assert_eq!(found[0].0, Err(Trap::OutOfGas));
            assert_eq!(found[199].0, Ok(i32s(&[15])));
            outcomes.push(found);
        }
        assert!(
            outcomes.windows(2).all(|pair| pair[0] == pair[1]),
            "{}",
            rules.name
        );
    }
}

#[test]
fn gas_of_a_straight_run_is_its_operators() {
    // local.get, local.get, add, end: one each.
    let text = r#"(module (func (export "f") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let mut run = Run::new(config, text);
        assert_eq!(run.call("f", &i32s(&[1, 2])), Ok(i32s(&[3])));
        assert_eq!(run.store.meter().used(), 4);
    }
}

#[test]
fn a_trap_leaves_the_run_before_it_unpaid_and_the_rest_paid() {
    // loop 1; then end, const, const, div_u trap before the next charge.
    let text = r#"(module (func (export "f") (loop) i32.const 1 i32.const 0 i32.div_u drop))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let mut run = Run::new(config, text);
        assert_eq!(run.call("f", &[]), Err(Trap::IntegerDivisionByZero));
        assert_eq!(run.store.meter().used(), 1);
    }
}

#[test]
fn host_calls_see_exact_gas_and_change_it() {
    let text = r#"(module (import "env" "h" (func $h))
        (func (export "f") nop nop (call $h) (call $h)))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let mut run = Run::new(config, text);
        let mut seen = Vec::new();
        let mut host = Fns(vec![Box::new(|caller, _, _| {
            seen.push(caller.meter().used());
            caller.meter().set_used(caller.meter().used() + 100);
            Ok(())
        })]);
        assert_eq!(run.call_with("f", &mut host, &[]), Ok(vec![]));
        drop(host);
        assert_eq!(seen, [3, 104]);
        assert_eq!(run.store.meter().used(), 205);
    }
}

#[test]
fn a_start_function_runs_under_the_limit_of_the_new_store() {
    let checked = "(module (func $s (block (br 0))) (start $s))";
    let unchecked = "(module (func $s nop) (start $s))";
    for config in configs(&Ruleset::ARWEN_1_3) {
        for (text, works) in [(checked, false), (unchecked, true)] {
            let module = compile(config.clone(), text).unwrap();
            let mut store = Store::new(module.engine(), &Interrupt::new());
            let costs = module.costs(Schedule::bundled("dummy").unwrap().op_costs());
            let made = store.instantiate(&module, &[], &costs, &mut Fns(vec![]));
            assert_eq!(made.is_ok(), works, "{made:?}");
            // A store starts without gas, and who runs out of gas has used what there was.
            assert_eq!(store.meter().used(), if works { 2 } else { 0 });
        }
    }
}

const ENDLESS: &str = r#"(module
    (func (export "loop") (loop (br 0)))
    (func (export "tight") (param i32) (loop (br_if 0 (i32.const 1))))
    (func $r (export "recursion") (call $r)))"#;

#[test]
fn every_instance_of_a_store_has_its_limit_and_its_interrupt() {
    for config in configs(&Ruleset::ARWEN_1_3) {
        let module = compile(config.clone(), ENDLESS).unwrap();
        let interrupt = Interrupt::new();
        let mut store = Store::new(module.engine(), &interrupt);
        let costs = module.costs(Schedule::bundled("dummy").unwrap().op_costs());
        let mut instances = Vec::new();
        // One is made before the limit is set, one after.
        for _ in 0..2 {
            instances.push(store.instantiate(&module, &[], &costs, &mut NoHost).unwrap());
            store.meter().set_limit(1_000);
        }
        for instance in instances {
            let Some(Extern::Func(endless)) = store.export(instance, "loop") else {
                panic!("no export")
            };
            let mut stopped = |used| {
                store.meter().set_used(used);
                store.invoke(endless, &mut NoHost, &[]).unwrap_err()
            };
            assert_eq!(stopped(0), Trap::OutOfGas);
            interrupt.raise();
            assert_eq!(stopped(0), Trap::Interrupted);
            assert_eq!(stopped(1_000), Trap::OutOfGas);
            interrupt.clear();
            assert_eq!(stopped(0), Trap::OutOfGas);
        }
    }
}

#[test]
fn endless_code_is_stopped_by_gas() {
    for rules in RULES {
        for config in configs(rules) {
            let mut run = Run::new(config.stack_limit(1 << 22), ENDLESS);
            for (name, args) in [("loop", vec![]), ("tight", i32s(&[0])), ("recursion", vec![])] {
                run.store.meter().set_used(0);
                run.store.meter().set_limit(100_000);
                assert_eq!(run.call(name, &args), Err(Trap::OutOfGas), "{name}");
                assert!((100_000..100_010).contains(&run.store.meter().used()));
            }
        }
    }
}

#[test]
fn endless_code_is_stopped_by_the_interrupt() {
    for rules in RULES {
        for config in configs(rules) {
            let mut run = Run::new(config, ENDLESS);
            for (name, args) in [("loop", vec![]), ("tight", i32s(&[0]))] {
                let interrupt = run.interrupt.clone();
                let other = std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(20));
                    interrupt.raise();
                });
                assert_eq!(run.call(name, &args), Err(Trap::Interrupted));
                other.join().unwrap();
                // Still up: nothing runs.
                run.store.meter().set_limit(u64::MAX);
                assert_eq!(run.call(name, &args), Err(Trap::Interrupted));
                run.interrupt.clear();
            }
        }
    }
}

/// The interpreter looks at the flag also where nothing is charged and checked for long. Compiled code is through by then.
#[test]
fn straight_code_is_stopped_by_the_interrupt_in_the_interpreter() {
    let straight = "(local.set 0 (i64.mul (local.get 0) (i64.const 3)))".repeat(10_000);
    let text = format!(
        r#"(module (import "env" "h" (func $h)) (global $g (export "g") (mut i64) (i64.const 0))
            (func (export "f") (local i64) (call $h) {straight} (global.set $g (i64.const 1))))"#
    );
    let mut run = Run::new(Config::new(&Ruleset::ARWEN_1_3).tier(Tier::Interpreter), &text);
    let interrupt = run.interrupt.clone();
    let mut host = Fns(vec![Box::new(|_, _, _| {
        interrupt.raise();
        Ok(())
    })]);
    assert_eq!(run.call_with("f", &mut host, &[]), Err(Trap::Interrupted));
    let Some(Extern::Global(global)) = run.store.export(run.instance, "g") else {
        panic!("no global")
    };
    assert_eq!(
        run.store.global(global),
        Some(Value::I64(0)),
        "it did not get to the end"
    );
    // Without a limit nothing is left, and that is no interrupt.
    run.interrupt.clear();
    run.store.meter().set_limit(0);
    let ended = run.call_with("f", &mut Fns(vec![Box::new(|_, _, _| Ok(()))]), &[]);
    assert_ne!(ended, Err(Trap::Interrupted));
}

#[test]
fn endless_recursion_is_stopped_by_the_interrupt_or_the_stack() {
    let text = r#"(module (func $r (export "r") (param i32)
        (if (local.get 0) (then (call $r (i32.sub (local.get 0) (i32.const 1))) (call $r (i32.sub (local.get 0) (i32.const 1)))))))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let mut run = Run::new(config, text);
        let interrupt = run.interrupt.clone();
        let other = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            interrupt.raise();
        });
        assert_eq!(run.call("r", &i32s(&[200])), Err(Trap::Interrupted));
        other.join().unwrap();
    }
}

#[test]
fn the_stack_overflows_at_a_depth_that_only_the_limit_decides() {
    let text = r#"(module (global $depth (mut i32) (i32.const 0))
        (func $r (export "r") (param i64 i64) (local i32 i32 i32)
            (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
            (call $r (local.get 1) (local.get 0)))
        (func (export "depth") (result i32) global.get $depth))"#;
    for rules in RULES {
        for config in configs(rules) {
            // 2 parameters, 3 locals, 2 operands at most, 8 for the frame itself.
            let mut run = Run::new(config.stack_limit(15 * 1000 + 14), text);
            let args = [Value::I64(1), Value::I64(2)];
            assert_eq!(run.call("r", &args), Err(Trap::StackOverflow));
            assert_eq!(run.call("depth", &[]), Ok(i32s(&[1000])));
            assert_eq!(run.call("r", &args), Err(Trap::StackOverflow));
            assert_eq!(run.call("depth", &[]), Ok(i32s(&[2000])));
        }
    }
}

#[test]
fn the_deepest_program_with_the_largest_frames_fits_the_native_stack() {
    // Every local is live across the call and used after it, so it needs its place in the native frame.
    let count = 400;
    let locals = "(local ".to_string() + &"i64 ".repeat(count) + ")";
    let set: String = (0..count)
        .map(|i| {
            format!(
                "(local.set {} (i64.add (i64.extend_i32_u (local.get 0)) (i64.const {i})))",
                i + 1
            )
        })
        .collect();
    let sum: String = (0..count)
        .map(|i| format!("(local.set 1 (i64.xor (local.get 1) (local.get {})))", i + 1))
        .collect();
    let text = format!(
        r#"(module (global $depth (mut i32) (i32.const 0))
        (func $r (export "r") (param i32) (result i64) {locals} {set}
            (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
            (drop (call $r (i32.add (local.get 0) (i32.const 1)))) {sum} (local.get 1))
        (func (export "depth") (result i32) global.get $depth))"#
    );
    for config in configs(&Ruleset::ARWEN_1_3) {
        let mut run = Run::new(config, &text);
        assert_eq!(run.call("r", &i32s(&[0])), Err(Trap::StackOverflow));
        let Ok([Value::I32(depth)]) = run
            .call("depth", &[])
            .as_deref()
            .map(|v| <[Value; 1]>::try_from(v).unwrap())
        else {
            panic!("one result")
        };
        assert!(depth > 2_000, "{depth}");
    }
}

#[test]
fn the_smallest_frames_fit_the_native_stack() {
    for rules in RULES {
        for config in configs(rules) {
            for config in [config.clone(), config.stack_limit(u32::MAX)] {
                let mut run = Run::new(config, "(module (func $r (export \"r\") (call $r)))");
                assert_eq!(run.call("r", &[]), Err(Trap::StackOverflow));
            }
        }
    }
}

#[test]
fn nested_stores_go_on_with_the_stack_of_the_caller() {
    let outer = r#"(module (import "env" "h" (func $h)) (func (export "f") (local i64 i64) (call $h)))"#;
    let inner = r#"(module (global $depth (mut i32) (i32.const 0))
        (func $r (export "r") (global.set $depth (i32.add (global.get $depth) (i32.const 1))) (call $r))
        (func (export "depth") (result i32) global.get $depth))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let config = config.stack_limit(10_000);
        let inner_module = compile(config.clone(), inner).unwrap();
        let depth_of = |host_depth: u32| {
            let mut run = Run::new(config.clone(), outer);
            let mut depth = Vec::new();
            let mut nested = Nested {
                module: &inner_module,
                outer: compile(config.clone(), outer).unwrap(),
                levels: host_depth,
                depth: &mut depth,
            };
            run.call_with("f", &mut nested, &[]).unwrap();
            depth[0]
        };
        // An outer frame takes 2 locals and 8; the inner ones 2 operands and 8.
        let host = HOST_CALL_SLOTS as i32;
        assert_eq!(depth_of(0), (10_000 - 10 - host) / 10);
        assert_eq!(depth_of(3), (10_000 - 4 * (10 + host)) / 10);
    }
}

#[test]
fn stores_nested_without_end_are_stopped_by_the_logical_stack() {
    let text = r#"(module (import "env" "h" (func $h)) (func (export "f") (local i64 i64) (call $h)))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let module = compile(config.clone(), text).unwrap();
        // The interpreter is on the thread's own stack: what the limit stands for, and room for one host function.
        let thread = std::thread::Builder::new()
            .stack_size((64 << 20) + (4 << 20))
            .spawn(move || {
                let mut endless = Endless { module, levels: 0 };
                endless.enter().expect("only the inmost has no room");
                endless.levels
            });
        let levels = thread.unwrap().join().unwrap();
        let host = HOST_CALL_SLOTS;
        assert_eq!(
            levels,
            (Ruleset::ARWEN_1_3.stack_limit + host) / (10 + host),
            "{config:?}"
        );
    }
}

/// Calls itself through `levels` further stores, then recurses without end in the last.
struct Nested<'a> {
    module: &'a Module,
    outer: Module,
    levels: u32,
    depth: &'a mut Vec<i32>,
}

impl arwen_engine::Host for Nested<'_> {
    fn call(
        &mut self,
        _: u32,
        caller: &mut arwen_engine::Caller<'_>,
        _: &[u64],
        _: &mut [u64],
    ) -> Result<(), HostStop> {
        let module = if self.levels == 0 {
            self.module.clone()
        } else {
            self.outer.clone()
        };
        let before = caller.stack_remaining();
        assert!(before < 10_000);
        let mut store = Store::new(module.engine(), &Interrupt::new());
        store.meter().set_limit(u64::MAX);
        let costs = module.costs(Schedule::bundled("dummy").unwrap().op_costs());
        let instance = store
            .instantiate(&module, &host_imports(&module), &costs, self)
            .unwrap();
        let func = |store: &Store, name| match store.export(instance, name) {
            Some(Extern::Func(func)) => func,
            other => panic!("{other:?}"),
        };
        if self.levels > 0 {
            self.levels -= 1;
            let f = func(&store, "f");
            store.invoke(f, self, &[]).unwrap();
        } else {
            let r = func(&store, "r");
            assert_eq!(store.invoke(r, self, &[]), Err(Trap::StackOverflow));
            let Some(Value::I32(depth)) = store.invoke(func(&store, "depth"), self, &[]).unwrap().pop()
            else {
                panic!("one result")
            };
            self.depth.push(depth);
        }
        Ok(())
    }
}
