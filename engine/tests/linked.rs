//! Two instances that call each other directly and through a shared table: the same in every configuration.

mod common;

use arwen_engine::{
    Config, Engine, Extern, HostStop, InstanceId, Interrupt, Module, Ruleset, Store, Trap, Value,
};
use arwen_metering::Schedule;
use common::{Fns, configs, host_imports, i32s, wasm};

/// Gives functions, and calls what it finds in its table.
const GIVER: &str = r#"(module (import "env" "h" (func $h (result i32)))
    (table (export "t") 8 funcref) (memory (export "m") 2)
    (type $f (func (param i32 i64) (result i64 i32)))
    (elem (i32.const 0) $swap $trap $host) (elem declare func $swap)
    (func $swap (export "swap") (type $f) (local.get 1) (local.get 0))
    (func $trap (export "trap") (type $f) (unreachable))
    (func $host (export "host") (type $f) (i64.const 0) (call $h))
    (func $deep (export "deep") (param i32) (result i32)
        (if (result i32) (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (call $h))))
    (export "h" (func $h))
    (func (export "back") (param i32) (result i64 i32)
        (call_indirect (type $f) (i32.const 5) (i64.const 6) (local.get 0))))"#;

/// Takes them, and puts a function of its own into the same table.
const TAKER: &str = r#"(module
    (type $f (func (param i32 i64) (result i64 i32)))
    (import "a" "t" (table 8 funcref))
    (import "a" "swap" (func $swap (type $f))) (import "a" "trap" (func $trap (type $f)))
    (import "a" "host" (func $host (type $f))) (import "a" "h" (func $h (result i32)))
    (import "a" "deep" (func $deep (param i32) (result i32)))
    (elem (i32.const 5) $own $swap $h) (elem declare func $swap)
    (func $own (type $f) (i64.const 77) (i32.const 78))
    (func (export "swap") (result i64 i32) (call $swap (i32.const 1) (i64.const 2)))
    (func (export "tail") (result i64 i32) (return_call $swap (i32.const 1) (i64.const 2)))
    (func (export "trap") (result i64 i32) (call $trap (i32.const 1) (i64.const 2)))
    (func (export "host") (result i64 i32) (call $host (i32.const 1) (i64.const 2)))
    (func (export "h") (result i32) (call $h))
    (func (export "deep") (param i32) (result i32) (call $deep (local.get 0)))
    (func (export "indirect") (param i32) (result i64 i32)
        (call_indirect (type $f) (i32.const 3) (i64.const 4) (local.get 0)))
    (func (export "tailindirect") (param i32) (result i64 i32)
        (return_call_indirect (type $f) (i32.const 3) (i64.const 4) (local.get 0))))"#;

struct Pair {
    store: Store,
    giver: InstanceId,
    taker: InstanceId,
}

impl Pair {
    fn new(config: Config) -> Self {
        let engine = Engine::new(config.stack_limit(10_000));
        let mut store = Store::new(&engine, &Interrupt::new());
        store.meter().set_limit(u64::MAX);
        let prices = Schedule::bundled("dummy").unwrap().op_costs();
        let module = Module::new(&engine, &wasm(GIVER)).unwrap();
        let giver = store
            .instantiate(
                &module,
                &host_imports(&module),
                &module.costs(prices),
                &mut Fns(vec![]),
            )
            .unwrap();
        let module = Module::new(&engine, &wasm(TAKER)).unwrap();
        let imports: Vec<Extern> = module
            .imports()
            .map(|import| store.export(giver, import.name).unwrap())
            .collect();
        let taker = store
            .instantiate(&module, &imports, &module.costs(prices), &mut Fns(vec![]))
            .unwrap();
        Self { store, giver, taker }
    }

    fn call(&mut self, of: InstanceId, name: &str, args: &[i32]) -> (Result<Vec<Value>, Trap>, u64) {
        let Some(Extern::Func(func)) = self.store.export(of, name) else {
            panic!("{name}")
        };
        let mut host = Fns(vec![Box::new(|caller, _, results| {
            let pages = caller.memory().map_or(0, |memory| memory.len() / 65_536);
            results[0] = u64::from(caller.stack_remaining()) * 10 + pages as u64;
            Ok(())
        })]);
        self.store.meter().set_used(0);
        let result = self.store.invoke(func, &mut host, &i32s(args));
        (result, self.store.meter().used())
    }
}

#[test]
fn calls_between_instances_are_the_same_in_every_tier() {
    let mut seen = Vec::new();
    for config in configs(&Ruleset::STRICT) {
        let mut pair = Pair::new(config);
        let (giver, taker) = (pair.giver, pair.taker);
        let mut outcomes = Vec::new();
        for name in ["swap", "tail", "trap", "host", "h"] {
            outcomes.push((name, 0, pair.call(taker, name, &[])));
        }
        for depth in [0, 1, 100, 100_000] {
            outcomes.push(("deep", depth, pair.call(taker, "deep", &[depth])));
        }
        for index in 0..9 {
            outcomes.push(("indirect", index, pair.call(taker, "indirect", &[index])));
            outcomes.push(("tailindirect", index, pair.call(taker, "tailindirect", &[index])));
            outcomes.push(("back", index, pair.call(giver, "back", &[index])));
        }
        seen.push(outcomes);
    }
    for other in &seen[1..] {
        assert_eq!(&seen[0], other);
    }
    // And it is right.
    let find = |name, arg| {
        seen[0]
            .iter()
            .find(|o| o.0 == name && o.1 == arg)
            .map(|o| o.2.0.clone())
            .unwrap()
    };
    let pair = |a: i64, b: i32| Ok(vec![Value::I64(a), Value::I32(b)]);
    assert_eq!(find("swap", 0), pair(2, 1));
    // Three operators and the end here, two and the end there.
    assert_eq!(seen[0][0].2.1, 7);
    assert_eq!(find("tail", 0), pair(2, 1));
    assert_eq!(find("trap", 0), Err(Trap::Unreachable));
    assert_eq!(find("indirect", 0), pair(4, 3));
    assert_eq!(find("tailindirect", 6), pair(4, 3));
    assert_eq!(find("indirect", 5), pair(77, 78));
    assert_eq!(find("back", 5), pair(77, 78));
    assert_eq!(find("indirect", 7), Err(Trap::BadSignature));
    assert_eq!(find("back", 7), Err(Trap::BadSignature));
    assert_eq!(find("indirect", 4), Err(Trap::IndirectCallToNull));
    assert_eq!(find("back", 8), Err(Trap::UndefinedElement));
    assert_eq!(find("deep", 100_000), Err(Trap::StackOverflow));
    let Ok([Value::I32(of_giver)]) = find("h", 0)
        .as_deref()
        .map(|v| <[Value; 1]>::try_from(v).unwrap())
    else {
        panic!("one result")
    };
    assert_eq!(
        of_giver % 10,
        2,
        "the memory of the instance that imported the host function"
    );
}

#[test]
fn a_stop_of_the_host_passes_through_both_instances() {
    for config in configs(&Ruleset::STRICT) {
        let mut pair = Pair::new(config);
        let Some(Extern::Func(deep)) = pair.store.export(pair.taker, "deep") else {
            panic!("deep")
        };
        let mut host = Fns(vec![Box::new(|_, _, _| Err(HostStop))]);
        assert_eq!(pair.store.invoke(deep, &mut host, &i32s(&[10])), Err(Trap::Host));
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut host = Fns(vec![Box::new(|_, _, _| std::panic::panic_any(5u8))]);
            pair.store.invoke(deep, &mut host, &i32s(&[10]))
        }));
        assert_eq!(*caught.unwrap_err().downcast::<u8>().unwrap(), 5);
        assert!(pair.call(pair.taker, "swap", &[]).0.is_ok());
    }
}
