//! Tiers: how modules get native code, and that nothing but time shows which tier ran.
#![cfg(feature = "jit")]

mod common;

use arwen_engine::{
    Config, Engine, Extern, InstanceId, Interrupt, Module, NativeBudget, NoHost, Refusal, Ruleset, Store,
    Tier, TierStatus, Trap, Value,
};
use arwen_metering::Schedule;
use common::{Fns, host_imports, wasm};

const COUNTER: &str = r#"(module
    (memory (export "m") 1) (table 4 funcref) (global $g (mut i32) (i32.const 0))
    (elem (i32.const 1) $one)
    (type $f (func (result i32)))
    (func $one (result i32) i32.const 1)
    (func (export "count") (result i32)
        (global.set $g (i32.add (global.get $g) (call_indirect (type $f) (i32.const 1))))
        (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 2)))
        (i32.add (global.get $g) (i32.load (i32.const 8))))
    (func (export "loop") (param i32)
        loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end)
    (func (export "out") unreachable))"#;

fn tiered() -> Config {
    Config::new(&Ruleset::STRICT).tier(Tier::Tiered)
}

fn module(engine: &Engine, text: &str) -> Module {
    Module::new(engine, &wasm(text)).unwrap_or_else(|e| panic!("{e}"))
}

fn add(store: &mut Store, module: &Module, imports: &[Extern]) -> InstanceId {
    let prices = Schedule::bundled("dummy").expect("bundled").op_costs();
    store
        .instantiate(module, imports, &module.costs(prices), &mut NoHost)
        .unwrap_or_else(|e| panic!("{e}"))
}

fn store(module: &Module) -> (Store, InstanceId) {
    let mut store = Store::new(module.engine(), &Interrupt::new());
    store.meter().set_limit(u64::MAX);
    let instance = add(&mut store, module, &host_imports(module));
    (store, instance)
}

fn call(store: &mut Store, instance: InstanceId, name: &str, args: &[Value]) -> Result<Vec<Value>, Trap> {
    match store.export(instance, name) {
        Some(Extern::Func(func)) => store.invoke(func, &mut NoHost, args),
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn a_cold_module_is_interpreted_and_one_in_use_becomes_native() {
    let module = module(&Engine::new(tiered()), COUNTER);
    let (mut store, instance) = store(&module);
    assert_eq!(module.tier_status(), TierStatus::Interpreted);
    let mut gas = Vec::new();
    for round in 1..=6 {
        let before = store.meter().used();
        assert_eq!(
            call(&mut store, instance, "count", &[]),
            Ok(vec![Value::I32(3 * round)])
        );
        assert_eq!(call(&mut store, instance, "out", &[]), Err(Trap::Unreachable));
        gas.push(store.meter().used() - before);
        if round == 1 {
            // The second call asked for what the first had called; the third to come is the first that can be native.
            assert_eq!(module.wait_for_native(), TierStatus::Partly(2));
        }
    }
    assert!(gas.iter().all(|used| *used == gas[0]), "{gas:?}");
}

#[test]
fn one_call_with_much_work_is_enough() {
    let module = module(&Engine::new(tiered().promote_after(1_000, 10_000)), COUNTER);
    let (mut store, instance) = store(&module);
    assert_eq!(call(&mut store, instance, "loop", &[Value::I32(10)]), Ok(vec![]));
    assert_eq!(module.tier_status(), TierStatus::Interpreted);
    assert_eq!(
        call(&mut store, instance, "loop", &[Value::I32(10_000)]),
        Ok(vec![])
    );
    assert_eq!(module.wait_for_native(), TierStatus::Partly(1));
}

#[test]
fn a_refused_compilation_changes_no_outcome() {
    let budget = NativeBudget {
        body_bytes: 8,
        ..NativeBudget::default()
    };
    let outcome = |config: Config, ask: bool| {
        let module = module(&Engine::new(config), COUNTER);
        let (mut store, instance) = store(&module);
        if ask {
            module.request_native();
        }
        module.wait_for_native();
        let results = [
            call(&mut store, instance, "count", &[]),
            call(&mut store, instance, "out", &[]),
        ];
        ((results, store.meter().used()), module.tier_status())
    };
    let (wanted, status) = outcome(tiered().tier(Tier::Interpreter), false);
    assert_eq!(status, TierStatus::Interpreted);
    for tier in [Tier::Jit, Tier::Tiered] {
        let (given, status) = outcome(tiered().tier(tier).native_budget(budget), true);
        let TierStatus::Refused(Refusal::Budget {
            what, max, function, ..
        }) = status
        else {
            panic!("{status:?}");
        };
        assert_eq!((what, max, function), ("bytes of a function body", 8, Some(1)));
        assert_eq!(given, wanted, "{tier:?}");
        let (given, status) = outcome(tiered().tier(tier), true);
        assert_eq!(status, TierStatus::Native);
        assert_eq!(given, wanted, "{tier:?}");
    }
}

#[test]
fn a_store_with_one_refused_module_runs_all_of_it_interpreted() {
    // The callee alone is over the budget; calls and indirect calls go both ways between the two.
    let callee = r#"(module (table (export "t") 2 funcref)
        (type $f (func (param i32) (result i32)))
        (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
        (func $slot (param i32) (result i32) (i32.add (local.get 0) (i32.const 5)))
        (elem (i32.const 0) $slot)
        (func (export "back") (param i32) (result i32)
            (call_indirect (type $f) (local.get 0) (i32.const 1))
            i32.const 0 i32.add i32.const 0 i32.add i32.const 0 i32.add i32.const 0 i32.add))"#;
    let caller = r#"(module (import "c" "t" (table 2 funcref))
        (type $f (func (param i32) (result i32)))
        (import "c" "twice" (func $twice (type $f)))
        (import "c" "back" (func $back (type $f)))
        (func $own (type $f) (i32.sub (local.get 0) (i32.const 7)))
        (elem (i32.const 1) $own)
        (func (export "run") (param i32) (result i32)
            (call_indirect (type $f) (call $back (call $twice (local.get 0))) (i32.const 0))))"#;
    let run = |config: Config, wait: bool| {
        let engine = Engine::new(config);
        let (callee, caller) = (module(&engine, callee), module(&engine, caller));
        let (mut store, first) = store(&callee);
        let native_first = call(&mut store, first, "twice", &[Value::I32(4)]);
        let imports: Vec<Extern> = ["t", "twice", "back"]
            .iter()
            .map(|name| store.export(first, name).expect("exported above"))
            .collect();
        let second = add(&mut store, &caller, &imports);
        let mut results = vec![native_first];
        for _ in 0..3 {
            if wait {
                callee.request_native();
                caller.request_native();
                callee.wait_for_native();
                caller.wait_for_native();
            }
            results.push(call(&mut store, second, "run", &[Value::I32(10)]));
        }
        (
            results,
            store.meter().used(),
            callee.tier_status(),
            caller.tier_status(),
        )
    };
    let budget = NativeBudget {
        body_bytes: 20,
        ..NativeBudget::default()
    };
    let (wanted, gas, ..) = run(tiered().tier(Tier::Interpreter), false);
    assert_eq!(wanted[1], Ok(vec![Value::I32(18)]));
    for config in [
        tiered().tier(Tier::Jit),
        tiered(),
        tiered().tier(Tier::Jit).native_budget(budget),
        tiered().native_budget(budget),
    ] {
        let whole = config.clone();
        let (given, used, callee, caller) = run(config, true);
        assert_eq!((given, used), (wanted.clone(), gas), "{whole:?}");
        assert_eq!(caller, TierStatus::Native);
        assert!(matches!(callee, TierStatus::Native | TierStatus::Refused(_)));
    }
}

#[test]
fn a_full_queue_and_a_dropped_engine_leave_nothing_waiting() {
    // Enough functions that the thread is still at the first module when the others are asked for.
    let functions = "(func (param i64) (result i64) local.get 0 i64.const 3 i64.mul local.get 0 i64.add)";
    let text = format!("(module {} (func (export \"f\")))", functions.repeat(2_000));
    let engine = Engine::new(tiered().background(1, 1));
    let modules: Vec<Module> = (0..4).map(|_| module(&engine, &text)).collect();
    for module in &modules {
        module.request_native();
    }
    let waiting = |module: &Module| module.tier_status() == TierStatus::Queued;
    assert!(modules.iter().filter(|module| waiting(module)).count() <= 2);
    // Those without a place may ask again later.
    for module in &modules {
        let (mut store, instance) = store(module);
        assert_eq!(call(&mut store, instance, "f", &[]), Ok(vec![]));
    }
    drop(modules);
    drop(engine);
}

#[test]
fn threads_with_nothing_else_to_do_help_and_make_the_same_code() {
    let functions: String = (0..300)
        .map(|i| format!("(func (param i64) (result i64) (i64.mul (local.get 0) (i64.const {i})))"))
        .collect();
    let text = format!("(module {functions} (func (export \"f\") (result i64) (call 299 (i64.const 2))))");
    let compiled = |threads| {
        let engine = Engine::new(tiered().background(threads, 1));
        let module = module(&engine, &text);
        module.request_native();
        assert_eq!(module.wait_for_native(), TierStatus::Native);
        let (mut store, instance) = store(&module);
        assert_eq!(call(&mut store, instance, "f", &[]), Ok(vec![Value::I64(598)]));
        module.native_bytes()
    };
    let alone = compiled(1);
    for threads in [2, 5, 16] {
        assert_eq!(compiled(threads), alone, "{threads} threads");
    }
}

#[test]
fn the_interpreter_stays_the_interpreter() {
    let module = module(&Engine::new(tiered().tier(Tier::Interpreter)), COUNTER);
    let (mut store, instance) = store(&module);
    for round in 1..=5 {
        assert_eq!(
            call(&mut store, instance, "count", &[]),
            Ok(vec![Value::I32(3 * round)])
        );
    }
    assert_eq!(module.tier_status(), TierStatus::Interpreted);
}

#[test]
fn promotion_while_a_host_function_runs_waits_for_the_next_call() {
    // The module becomes native while its interpreted code is in a host call of a host call.
    let text = r#"(module (import "h" "f" (func $f (param i32) (result i32)))
        (func (export "run") (param i32) (result i32)
            (i32.add (call $f (local.get 0)) (i32.const 1))))"#;
    let engine = Engine::new(tiered().promote_after(1, u64::MAX));
    let module = module(&engine, text);
    let (mut outer, instance) = store(&module);
    for _ in 0..3 {
        let Some(Extern::Func(run)) = outer.export(instance, "run") else {
            panic!("exported above")
        };
        let same = module.clone();
        let mut host = Fns(vec![Box::new(move |_, args, results| {
            same.wait_for_native();
            let (mut inner, instance) = store(&same);
            let Some(Extern::Func(run)) = inner.export(instance, "run") else {
                panic!("exported above")
            };
            let mut host = Fns(vec![Box::new(|_, args, results| {
                results[0] = args[0] * 10;
                Ok(())
            })]);
            let value = inner.invoke(run, &mut host, &[Value::I32(args[0] as i32)]);
            let Ok([Value::I32(value)]) = value.as_deref() else {
                panic!("{value:?}")
            };
            results[0] = *value as u64;
            Ok(())
        })]);
        assert_eq!(
            outer.invoke(run, &mut host, &[Value::I32(4)]),
            Ok(vec![Value::I32(42)])
        );
    }
    assert_eq!(module.tier_status(), TierStatus::Native);
}
