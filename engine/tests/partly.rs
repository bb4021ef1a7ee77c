//! Modules of which some functions have native code and the others are interpreted: which ones cannot be told from
//! outside.
#![cfg(feature = "jit")]

mod common;

use arwen_engine::{
    Config, Engine, Extern, HOST_CALL_SLOTS, Host, HostStop, InstanceId, Interrupt, MemoryBounds, Module,
    NativeBudget, NoHost, Ruleset, Store, Tier, TierStatus, Trap, Value,
};
use arwen_metering::Schedule;
use common::{Endless, Fns, host_imports, i32s, wasm};

/// A native function that is asked for and never compiled on its own account.
fn tiered() -> Config {
    Config::new(&Ruleset::STRICT)
        .tier(Tier::Tiered)
        .promote_after(u32::MAX, u64::MAX)
}

/// Every kind of way from one function to another, and every kind of end. Functions 1 to 7 are defined here.
const PROGRAM: &str = r#"(module
    (import "env" "h" (func $h (param i32) (result i32)))
    (type $f (func (param i32) (result i32)))
    (memory (export "m") 1)
    (global $g (export "g") (mut i32) (i32.const 0))
    (table (export "t") 4 funcref) (elem (i32.const 0) $even $tail $host $many)
    (func $even (type $f)
        (global.set $g (i32.add (global.get $g) (i32.const 1)))
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
            (else (call $odd (i32.sub (local.get 0) (i32.const 1))))))
    (func $odd (type $f)
        (i32.store8 (local.get 0) (i32.const 7))
        (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
            (else (call $even (i32.sub (local.get 0) (i32.const 1))))))
    (func $tail (type $f)
        (return_call $host (i32.add (local.get 0) (i32.const 1))))
    (func $host (type $f)
        (i32.mul (call $h (local.get 0)) (i32.const 3)))
    (func $many (type $f) (local i64)
        (call $pair (i64.extend_i32_u (local.get 0)) (local.get 0))
        (local.set 1)
        (i32.add (i32.wrap_i64 (local.get 1))))
    (func $pair (param i64 i32) (result i32 i64)
        (i32.div_u (i32.const 1000) (local.get 1)) (i64.shl (local.get 0) (i64.const 3)))
    (func (export "run") (param i32 i32) (result i32)
        (call_indirect (type $f) (local.get 1) (local.get 0)))
    (export "odd" (func $odd)))"#;

const DEFINED: std::ops::Range<u32> = 1..8;

/// Calls of `run`: what element of the table, with what.
const CALLS: &[[i32; 2]] = &[
    [0, 0],
    [0, 7],
    [0, 60_000],
    [0, 1_000_000],
    [1, 4],
    [2, 5],
    [2, -1],
    [3, 10],
    [3, 0],
    [4, 0],
];

/// What can be seen of a call: value or trap, gas, the global, what host calls saw.
type Seen = (Result<Vec<Value>, Trap>, u64, Option<Value>, Vec<(u64, u32, u64)>);

fn instance(module: &Module, limit: u64, host: &mut dyn Host) -> (Store, InstanceId) {
    let mut store = Store::new(module.engine(), &Interrupt::new());
    store.meter().set_limit(limit);
    let prices = Schedule::bundled("dummy").unwrap().op_costs();
    let instance = store
        .instantiate(module, &host_imports(module), &module.costs(prices), host)
        .unwrap();
    (store, instance)
}

fn call(store: &mut Store, instance: InstanceId, name: &str, args: &[i32]) -> Seen {
    let mut calls = Vec::new();
    let mut host = Fns(vec![Box::new(|caller, args, results| {
        calls.push((args[0], caller.stack_remaining(), caller.meter().used()));
        // The half of the slot above an `i32` is nobody's.
        results[0] = args[0] | 0xdead << 32;
        if args[0] == u64::from(u32::MAX) {
            return Err(HostStop);
        }
        Ok(())
    })]);
    let Some(Extern::Func(func)) = store.export(instance, name) else {
        panic!("{name} is exported")
    };
    let outcome = store.invoke(func, &mut host, &i32s(args));
    drop(host);
    let Some(Extern::Global(global)) = store.export(instance, "g") else {
        panic!("it is exported")
    };
    (outcome, store.meter().used(), store.global(global), calls)
}

/// All calls, each in an instance of its own.
fn run(module: &Module, limit: u64) -> Vec<Seen> {
    let each = |args: &[i32; 2]| {
        let (mut store, instance) = instance(module, limit, &mut NoHost);
        call(&mut store, instance, "run", args)
    };
    CALLS.iter().map(each).collect()
}

fn module(config: Config, text: &str) -> Module {
    Module::new(&Engine::new(config), &wasm(text)).unwrap()
}

/// The program with native code of some functions.
fn with_native_code(config: Config, functions: &[u32]) -> Module {
    let module = module(config, PROGRAM);
    module.request_native_of(functions.iter().copied());
    let wanted = match functions.len() as u32 {
        0 => TierStatus::Interpreted,
        all if all == DEFINED.len() as u32 => TierStatus::Native,
        some => TierStatus::Partly(some),
    };
    assert_eq!(module.wait_for_native(), wanted);
    module
}

/// Every choice of functions.
fn choices() -> impl Iterator<Item = Vec<u32>> {
    let count = DEFINED.len();
    (0..1u32 << count).map(|bits| {
        DEFINED
            .filter(|index| bits >> (index - DEFINED.start) & 1 == 1)
            .collect()
    })
}

#[test]
fn whichever_functions_have_native_code_the_outcome_is_the_same() {
    let config = |bounds| tiered().stack_limit(100_000).memory_bounds(bounds);
    let wanted = run(&module(config(MemoryBounds::Guarded), PROGRAM), u64::MAX);
    let outcomes: Vec<_> = wanted.iter().map(|seen| seen.0.clone()).collect();
    assert_eq!(outcomes[1], Ok(i32s(&[0])));
    assert_eq!(outcomes[2], Err(Trap::StackOverflow));
    assert_eq!(outcomes[3], Err(Trap::MemoryOutOfBounds));
    assert_eq!(outcomes[4..6], [Ok(i32s(&[15])), Ok(i32s(&[15]))]);
    assert_eq!(outcomes[6], Err(Trap::Host));
    assert_eq!(outcomes[7], Ok(i32s(&[180])));
    assert_eq!(outcomes[8], Err(Trap::IntegerDivisionByZero));
    assert_eq!(outcomes[9], Err(Trap::UndefinedElement));
    for functions in choices() {
        for bounds in [MemoryBounds::Guarded, MemoryBounds::Explicit] {
            let module = with_native_code(config(bounds), &functions);
            assert_eq!(run(&module, u64::MAX), wanted, "native code of {functions:?}");
        }
    }
}

#[test]
fn whichever_functions_have_native_code_gas_ends_at_the_same_place() {
    let interpreted = module(tiered(), PROGRAM);
    for functions in choices() {
        let module = with_native_code(tiered(), &functions);
        for args in [[0, 3], [1, 4], [3, 10]] {
            let (mut most, mut limit) = (u64::MAX, 0);
            while limit <= most {
                let seen = [&interpreted, &module].map(|module| {
                    let (mut store, instance) = instance(module, limit, &mut NoHost);
                    call(&mut store, instance, "run", &args)
                });
                // What an instance looks like whose gas ran out is not defined.
                let (outcome, used, _, calls) = &seen[0];
                assert_eq!(
                    (outcome, used, calls),
                    (&seen[1].0, &seen[1].1, &seen[1].3),
                    "limit {limit}, native code of {functions:?}"
                );
                if outcome.is_ok() {
                    most = most.min(*used);
                }
                limit += 1;
            }
        }
    }
}

#[test]
fn code_that_is_added_takes_the_calls_that_led_out_before() {
    let wanted = run(&module(tiered(), PROGRAM), u64::MAX);
    // Forwards, backwards, and by twos with what is there already.
    let orders: [&[&[u32]]; 3] = [
        &[&[1], &[2], &[3], &[4], &[5], &[6], &[7]],
        &[&[7], &[6], &[5], &[4], &[3], &[2], &[1]],
        &[&[2, 5], &[2, 4, 7, 99], &[1, 3, 6]],
    ];
    for order in orders {
        let module = module(tiered(), PROGRAM);
        // This one sees all of it.
        let (mut old, kept) = instance(&module, u64::MAX, &mut NoHost);
        let odd = call(&mut old, kept, "odd", &[5]).0;
        for functions in order {
            module.request_native_of(functions.iter().copied());
            module.wait_for_native();
            assert_eq!(run(&module, u64::MAX), wanted, "{functions:?} of {order:?}");
            assert_eq!(call(&mut old, kept, "odd", &[5]).0, odd);
        }
        assert_eq!(module.tier_status(), TierStatus::Native);
    }
}

#[test]
fn what_is_called_is_compiled_and_what_is_not_is_not() {
    let text = r#"(module (global (export "g") i32 (i32.const 0))
        (func $a (export "a") (call $b)) (func $b) (func $c (export "c") (call $d) (call $b)) (func $d)
        (func (export "e") (call $a) (call $c)))"#;
    let engine = Engine::new(tiered().promote_after(2, u64::MAX));
    let module = Module::new(&engine, &wasm(text)).unwrap();
    let (mut store, instance) = instance(&module, u64::MAX, &mut NoHost);
    let mut often = |name, calls| {
        for _ in 0..calls {
            assert_eq!(call(&mut store, instance, name, &[]).0, Ok(vec![]));
        }
        module.wait_for_native()
    };
    assert_eq!(often("a", 1), TierStatus::Interpreted);
    assert_eq!(often("a", 1), TierStatus::Partly(2));
    // Nothing new is called.
    assert_eq!(often("a", 100), TierStatus::Partly(2));
    // Each time it takes twice as long.
    assert_eq!(often("c", 3), TierStatus::Partly(2));
    assert_eq!(often("c", 1), TierStatus::Partly(4));
    assert_eq!(often("e", 7), TierStatus::Partly(4));
    assert_eq!(often("e", 1), TierStatus::Native);
}

#[test]
fn modules_beside_the_one_that_is_called_get_native_code_as_well() {
    let memory = r#"(module (memory (export "m") 1))"#;
    let user = r#"(module (import "a" "m" (memory 1)) (global (export "g") i32 (i32.const 0))
        (func (export "f") (i32.store (i32.const 0) (i32.const 1))))"#;
    let engine = Engine::new(tiered().promote_after(2, u64::MAX));
    let [memory, user] = [memory, user].map(|text| Module::new(&engine, &wasm(text)).unwrap());
    let (mut store, first) = instance(&memory, u64::MAX, &mut NoHost);
    let imports = [store.export(first, "m").unwrap()];
    let prices = Schedule::bundled("dummy").unwrap().op_costs();
    let second = store
        .instantiate(&user, &imports, &user.costs(prices), &mut NoHost)
        .unwrap();
    for _ in 0..3 {
        assert_eq!(call(&mut store, second, "f", &[]).0, Ok(vec![]));
    }
    for module in [memory, user] {
        assert_eq!(module.wait_for_native(), TierStatus::Native);
    }
}

#[test]
fn one_call_that_works_much_where_there_is_no_native_code_is_enough() {
    let text = r#"(module (global (export "g") i32 (i32.const 0))
        (func (export "few")) (func $work (param i32) loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) end)
        (func (export "many") (param i32) (if (local.get 0) (then (call $work (local.get 0))))))"#;
    let engine = Engine::new(tiered().promote_after(1_000, 10_000));
    let module = Module::new(&engine, &wasm(text)).unwrap();
    let (mut store, instance) = instance(&module, u64::MAX, &mut NoHost);
    let mut status = |work| {
        call(&mut store, instance, "many", &[work]).0.unwrap();
        module.wait_for_native()
    };
    assert_eq!(status(10), TierStatus::Interpreted);
    assert_eq!(status(10_000), TierStatus::Partly(2));
}

#[test]
fn in_the_end_everything_is_compiled_together() {
    let functions: String = (0..40).map(|i| format!("(func (export \"{i}\"))")).collect();
    let text = format!("(module (global (export \"g\") i32 (i32.const 0)) {functions})");
    let engine = Engine::new(tiered().promote_after(1, u64::MAX));
    let module = Module::new(&engine, &wasm(&text)).unwrap();
    let (mut store, instance) = instance(&module, u64::MAX, &mut NoHost);
    module.request_native_of([39]);
    for index in 1..8 {
        for _ in 0..1 << index {
            assert_eq!(module.wait_for_native(), TierStatus::Partly(index));
            assert_eq!(call(&mut store, instance, &index.to_string(), &[]).0, Ok(vec![]));
        }
    }
    assert_eq!(module.wait_for_native(), TierStatus::Native);
}

#[test]
fn who_knows_what_is_needed_may_ask_as_often_as_there_are_functions() {
    let functions = "(func)".repeat(20);
    let module = module(tiered(), &format!("(module {functions})"));
    for index in 0..20 {
        let there = module.tier_status();
        let wanted = if index == 0 {
            TierStatus::Interpreted
        } else {
            TierStatus::Partly(index)
        };
        assert_eq!(there, wanted);
        module.request_native_of([index]);
        module.wait_for_native();
    }
    assert_eq!(module.tier_status(), TierStatus::Native);
}

#[test]
fn a_function_that_is_refused_leaves_the_others_their_code() {
    let large = "(drop (i32.const 1))".repeat(100);
    let text = format!(
        r#"(module (global (export "g") i32 (i32.const 0))
        (func $large (export "large") (param i32) (result i32) {large} (i32.add (local.get 0) (i32.const 1)))
        (func (export "small") (param i32) (result i32) (i32.mul (call $large (local.get 0)) (i32.const 2))))"#
    );
    let budget = NativeBudget {
        body_bytes: 100,
        ..NativeBudget::default()
    };
    let config = tiered().promote_after(2, u64::MAX).native_budget(budget);
    let module = Module::new(&Engine::new(config), &wasm(&text)).unwrap();
    let (mut store, instance) = instance(&module, u64::MAX, &mut NoHost);
    for round in 0..6 {
        assert_eq!(
            call(&mut store, instance, "small", &[round]).0,
            Ok(i32s(&[2 * round + 2]))
        );
        assert_eq!(
            call(&mut store, instance, "large", &[round]).0,
            Ok(i32s(&[round + 1]))
        );
        module.wait_for_native();
    }
    assert_eq!(module.tier_status(), TierStatus::Partly(1));
    // Whoever asks for the whole module is told why there is none.
    let whole = Module::new(module.engine(), &wasm(&text)).unwrap();
    whole.request_native();
    assert!(matches!(whole.wait_for_native(), TierStatus::Refused(_)));
}

#[test]
fn what_is_there_and_ways_out_count_for_the_budget() {
    // The second function takes half of what is allowed, and so does the first, which is asked for later.
    let body = "(drop (i32.const 1))".repeat(20);
    let text = format!("(module (func {body}) (func {body}) (func {body}))");
    let budget = NativeBudget {
        module_code_bytes: 140,
        ..NativeBudget::default()
    };
    let bounded = module(tiered().native_budget(budget), &text);
    for (index, there) in [(2, 1), (0, 2), (1, 2)] {
        bounded.request_native_of([index]);
        assert_eq!(bounded.wait_for_native(), TierStatus::Partly(there), "{index}");
    }
    // Functions in a table, none of them compiled.
    let budget = NativeBudget {
        machine_code_bytes: 10_000,
        ..NativeBudget::default()
    };
    let text = format!(
        "(module (table 1000 funcref) (elem (i32.const 0) {}) {} (func))",
        (0..1000).map(|index| format!("{index} ")).collect::<String>(),
        "(func (unreachable))".repeat(1000)
    );
    let bounded = module(tiered().native_budget(budget), &text);
    bounded.request_native_of([1000]);
    assert!(matches!(bounded.wait_for_native(), TierStatus::Refused(_)));
}

#[test]
fn instances_with_native_code_of_different_functions_call_each_other() {
    let giver = r#"(module (table (export "t") 4 funcref) (global (export "g") i32 (i32.const 0))
        (type $f (func (param i32) (result i32)))
        (elem (i32.const 0) $add)
        (func $add (export "add") (type $f) (i32.add (local.get 0) (i32.const 1)))
        (func (export "back") (type $f) (call_indirect (type $f) (call $add (local.get 0)) (i32.const 1))))"#;
    let taker = r#"(module (import "a" "t" (table 4 funcref))
        (type $f (func (param i32) (result i32)))
        (import "a" "add" (func $add (type $f))) (import "a" "back" (func $back (type $f)))
        (global (export "g") i32 (i32.const 0))
        (elem (i32.const 1) $own)
        (func $own (type $f) (i32.mul (call $add (local.get 0)) (i32.const 10)))
        (func (export "run") (type $f)
            (i32.sub (call $back (local.get 0)) (call_indirect (type $f) (local.get 0) (i32.const 0)))))"#;
    for given in [vec![0], vec![1], vec![0, 1], vec![]] {
        for taken in [vec![2], vec![3], vec![2, 3], vec![]] {
            let engine = Engine::new(tiered());
            let giver = Module::new(&engine, &wasm(giver)).unwrap();
            let taker = Module::new(&engine, &wasm(taker)).unwrap();
            for (module, functions) in [(&giver, &given), (&taker, &taken)] {
                module.request_native_of(functions.iter().copied());
                module.wait_for_native();
                assert_eq!(module.native_bytes() > 0, !functions.is_empty());
            }
            let (mut store, first) = instance(&giver, u64::MAX, &mut NoHost);
            let imports: Vec<Extern> = taker
                .imports()
                .map(|import| store.export(first, import.name).unwrap())
                .collect();
            let prices = Schedule::bundled("dummy").unwrap().op_costs();
            let second = store
                .instantiate(&taker, &imports, &taker.costs(prices), &mut NoHost)
                .unwrap();
            let (outcome, gas, ..) = call(&mut store, second, "run", &[5]);
            // (5 + 1 + 1 - 0) * 10 less 5 + 1; seven operators of `run`, and of the others five, four, five, four and four.
            assert_eq!(outcome, Ok(i32s(&[64])), "{given:?} {taken:?}");
            assert_eq!(gas, 29, "{given:?} {taken:?}");
        }
    }
}

#[test]
fn a_function_that_nobody_can_have_a_handle_of_is_not_taken_for_one() {
    let giver = r#"(module (func) (func) (func (export "f") (result i32) (i32.const 1)))"#;
    // The third function here is nobody's to refer to, and no compiled code calls it.
    let taker = r#"(module (table $t 1 funcref) (func) (func) (func (result i32) (i32.const 2))
        (func (export "run") (param funcref) (result i32)
            (table.set $t (i32.const 0) (local.get 0)) (call_indirect (result i32) (i32.const 0))))"#;
    let engine = Engine::new(tiered());
    let [giver, taker] = [giver, taker].map(|text| Module::new(&engine, &wasm(text)).unwrap());
    taker.request_native_of([3]);
    assert_eq!(taker.wait_for_native(), TierStatus::Partly(1));
    let (others, instance_there) = instance(&giver, u64::MAX, &mut NoHost);
    let (mut store, here) = instance(&taker, u64::MAX, &mut NoHost);
    let Some(Extern::Func(foreign)) = others.export(instance_there, "f") else {
        panic!("it is exported")
    };
    let Some(Extern::Func(run)) = store.export(here, "run") else {
        panic!("it is exported")
    };
    let args = [Value::FuncRef(Some(foreign))];
    assert_eq!(store.invoke(run, &mut NoHost, &args), Err(Trap::BadInvocation));
    assert_eq!(store.extern_type(&Extern::Func(foreign)), None);
}

#[test]
fn a_panic_of_the_host_passes_through_interpreted_functions_that_native_code_has_called() {
    for functions in [&[7][..], &[4, 7], &[3, 4, 7]] {
        let module = with_native_code(tiered(), functions);
        let (mut store, instance) = instance(&module, u64::MAX, &mut NoHost);
        let Some(Extern::Func(func)) = store.export(instance, "run") else {
            panic!("it is exported")
        };
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut host = Fns(vec![Box::new(|_, _, _| std::panic::panic_any(5u8))]);
            store.invoke(func, &mut host, &i32s(&[1, 4]))
        }));
        assert_eq!(*caught.unwrap_err().downcast::<u8>().unwrap(), 5);
        assert_eq!(call(&mut store, instance, "run", &[1, 4]).0, Ok(i32s(&[15])));
    }
}

#[test]
fn an_interrupt_stops_an_interpreted_loop_that_native_code_has_called() {
    let text = r#"(module
        (import "env" "h" (func $h (param i32) (result i32))) (global (export "g") i32 (i32.const 0))
        (func $loop (drop (call $h (i32.const 0))) loop (br 0) end)
        (func (export "run") (call $loop)))"#;
    let module = module(tiered(), text);
    module.request_native_of([2]);
    assert_eq!(module.wait_for_native(), TierStatus::Partly(1));
    let interrupt = Interrupt::new();
    let mut store = Store::new(module.engine(), &interrupt);
    store.meter().set_limit(u64::MAX);
    let prices = Schedule::bundled("dummy").unwrap().op_costs();
    let instance = store
        .instantiate(
            &module,
            &host_imports(&module),
            &module.costs(prices),
            &mut NoHost,
        )
        .unwrap();
    let Some(Extern::Func(run)) = store.export(instance, "run") else {
        panic!("it is exported")
    };
    let mut host = Fns(vec![Box::new(|_, _, _| {
        interrupt.raise();
        Ok(())
    })]);
    assert_eq!(store.invoke(run, &mut host, &[]), Err(Trap::Interrupted));
}

#[test]
fn stores_nested_without_end_through_both_tiers_are_stopped_by_the_logical_stack() {
    let text = r#"(module (import "env" "h" (func $h)) (global (export "g") i32 (i32.const 0))
        (func $leave (local i64 i64) (call $h))
        (func (export "f") (local i64 i64) (call $leave)))"#;
    // The host function takes as much native stack as it may.
    let module = module(tiered().stack_limit(1 << 20), text);
    module.request_native_of([2]);
    assert_eq!(module.wait_for_native(), TierStatus::Partly(1));
    let mut endless = Endless { module, levels: 0 };
    endless.enter().expect("only the inmost has no room");
    // Two frames of two locals and eight a level.
    assert_eq!(
        endless.levels,
        ((1 << 20) + HOST_CALL_SLOTS) / (20 + HOST_CALL_SLOTS)
    );
}
