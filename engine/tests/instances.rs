//! Instances are fresh: nothing that code did to memory, globals or tables is seen by a later instance.

mod common;

use std::collections::BTreeMap;

use arwen_engine::{
    Config, Engine, Extern, FuncType, Interrupt, MemoryBounds, Meter, Module, NoHost, Ruleset, Store, Tier,
    ValType, Value,
};
use arwen_metering::Schedule;
use common::{Fns, HostFn, wasm};

/// Bytes of the large data segment: enough for an image that is mapped.
const LARGE: usize = 150_000;

/// A module that reports its state and then makes as much of a mess as it can.
fn text(data: usize, fill: u8) -> String {
    let data = format!("\\{fill:02x}").repeat(data);
    format!(
        r#"(module (memory (export "m") 4 9) (table (export "t") 3 9 funcref) (global $g (export "g") (mut i32) (i32.const 5))
        (elem (i32.const 1) $seven) (elem $passive func $seven) (data $unused "abc")
        (data (i32.const 70001) "{data}") (data (i32.const 10) "ab") (data (i32.const 11) "c")
        (func $seven (result i32) i32.const 7)
        (func (export "state") (result i32 i32 i32 i32)
            memory.size table.size 0 global.get $g (call_indirect (result i32) (i32.const 1)))
        (func (export "mess") (result i32)
            (global.set $g (i32.const -1))
            (drop (memory.grow (i32.const 3)))
            (memory.fill (i32.const 0) (i32.const 0xee) (i32.mul (memory.size) (i32.const 65536)))
            (drop (table.grow 0 (ref.func $seven) (i32.const 4)))
            (table.set 0 (i32.const 1) (ref.null func))
            (data.drop $unused) (elem.drop $passive)
            memory.size))"#
    )
}

/// What an instance starts with: memory, state, table.
type Start = (Vec<u8>, Vec<Value>, Vec<Option<Value>>);

/// Starts an instance, notes how it is, and makes a mess of it.
fn run(module: &Module) -> Start {
    let mut store = Store::new(module.engine(), &Interrupt::new());
    store.meter().set_limit(u64::MAX);
    let prices = Schedule::bundled("dummy").expect("bundled").op_costs();
    let instance = store
        .instantiate(module, &[], &module.costs(prices), &mut NoHost)
        .unwrap_or_else(|e| panic!("{e}"));
    let call = |store: &mut Store, name| match store.export(instance, name) {
        Some(Extern::Func(func)) => store
            .invoke(func, &mut NoHost, &[])
            .unwrap_or_else(|e| panic!("{e}")),
        other => panic!("{name} is {other:?}"),
    };
    let state = call(&mut store, "state");
    let (Some(Extern::Memory(memory)), Some(Extern::Table(table))) =
        (store.export(instance, "m"), store.export(instance, "t"))
    else {
        panic!("exported above")
    };
    let bytes = store.memory(memory).to_vec();
    let elements = (0..4)
        .map(|index| {
            store.table_get(table, index).map(|value| match value {
                Value::FuncRef(func) => Value::I32(func.is_some().into()),
                other => other,
            })
        })
        .collect();
    assert_eq!(call(&mut store, "mess"), [Value::I32(7)]);
    assert!(store.memory(memory).iter().all(|byte| *byte == 0xee));
    (bytes, state, elements)
}

fn wanted(data: usize, fill: u8) -> Start {
    let mut bytes = vec![0; 4 * 65_536];
    bytes[70_001..70_001 + data].fill(fill);
    bytes[10..12].copy_from_slice(b"ac");
    let state = [4, 3, 5, 7].map(Value::I32).to_vec();
    let table = vec![
        Some(Value::I32(0)),
        Some(Value::I32(1)),
        Some(Value::I32(0)),
        None,
    ];
    (bytes, state, table)
}

#[test]
fn a_second_run_sees_nothing_of_the_first() {
    for tier in [Tier::Interpreter, Tier::Jit, Tier::Tiered] {
        for bounds in [MemoryBounds::Guarded, MemoryBounds::Explicit] {
            for pooled in [0, 1, 4] {
                let config = Config::new(&Ruleset::STRICT).tier(tier).memory_bounds(bounds);
                let engine = Engine::new(config.pooled_memories(pooled));
                // Small data is copied, large data mapped; the modules take reservations from each other.
                let kinds = [(3, 0x11), (LARGE, 0x22), (LARGE, 0x33)];
                let modules = kinds.map(|(data, fill)| {
                    Module::new(&engine, &wasm(&text(data, fill))).unwrap_or_else(|e| panic!("{e}"))
                });
                for round in 0..3 {
                    for (module, (data, fill)) in modules.iter().zip(kinds) {
                        for _ in 0..2 {
                            let (memory, state, table) = run(module);
                            let (wanted_memory, wanted_state, wanted_table) = wanted(data, fill);
                            let what = format!("{tier:?} {bounds:?} {pooled} {fill:x} {round}");
                            assert!(memory == wanted_memory, "{what}");
                            assert_eq!((state, table), (wanted_state, wanted_table), "{what}");
                        }
                    }
                }
            }
        }
    }
}

/// Calls an imported function, counts its calls in a global, and gives what both are.
const CALLER: &str = r#"(module
    (import "env" "a" (func $a (result i32))) (import "env" "b" (func $b (result i32)))
    (global $calls (mut i32) (i32.const 0)) (table 1 funcref) (elem (i32.const 0) $b)
    (func (export "run") (result i32 i32 i32)
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (call $a) (call_indirect (result i32) (i32.const 0)) (global.get $calls)))"#;

#[test]
fn what_an_instance_leaves_to_the_next_is_not_its_imports_prices_globals_or_limit() {
    for tier in [Tier::Interpreter, Tier::Jit] {
        let engine = Engine::new(Config::new(&Ruleset::STRICT).tier(tier));
        let module = Module::new(&engine, &wasm(CALLER)).unwrap_or_else(|e| panic!("{e}"));
        let mut host = Fns((0..4)
            .map(|id| -> HostFn<'_> {
                Box::new(move |_, _, results| {
                    results[0] = 10 + id;
                    Ok(())
                })
            })
            .collect());
        let mut gas_of = BTreeMap::new();
        let mut meters = Vec::new();
        for (round, schedule) in ["v3", "dummy", "dummy", "v3", "v3", "dummy"]
            .into_iter()
            .enumerate()
        {
            let prices = Schedule::bundled(schedule).expect("bundled").op_costs();
            let mut store = Store::new(&engine, &Interrupt::new());
            store.meter().set_limit(u64::MAX);
            let (a, b) = (round as u32 % 4, (round as u32 + 1) % 4);
            let ty = FuncType::new(&[], &[ValType::I32]);
            let imports = [a, b].map(|id| Extern::HostFunc { id, ty: ty.clone() });
            let instance = store
                .instantiate(&module, &imports, &module.costs(prices), &mut host)
                .unwrap_or_else(|e| panic!("{e}"));
            // Meters of stores that are gone, some kept and some not.
            for meter in &meters {
                Meter::set_limit(meter, 0);
            }
            let Some(Extern::Func(run)) = store.export(instance, "run") else {
                panic!("exported above")
            };
            let seen = store.invoke(run, &mut host, &[]);
            let expected = [10 + a as i32, 10 + b as i32, 1].map(Value::I32).to_vec();
            assert_eq!(seen, Ok(expected), "{tier:?} {round}");
            let gas = store.meter().used();
            assert_eq!(*gas_of.entry(schedule).or_insert(gas), gas, "{tier:?} {round}");
            if round % 2 == 0 {
                meters.push(store.meter());
            }
        }
        assert_ne!(gas_of["v3"], gas_of["dummy"]);
    }
}

#[test]
fn two_instances_of_an_image_at_a_time_do_not_share_it() {
    let engine = Engine::new(Config::new(&Ruleset::STRICT));
    let module = Module::new(&engine, &wasm(&text(LARGE, 0x44))).unwrap_or_else(|e| panic!("{e}"));
    let prices = Schedule::bundled("dummy").expect("bundled").op_costs();
    let mut stores = [(); 3].map(|()| {
        let mut store = Store::new(&engine, &Interrupt::new());
        let instance = store
            .instantiate(&module, &[], &module.costs(prices), &mut NoHost)
            .unwrap_or_else(|e| panic!("{e}"));
        let Some(Extern::Memory(memory)) = store.export(instance, "m") else {
            panic!("exported above")
        };
        (store, memory)
    });
    drop(module);
    for (number, (store, memory)) in (1..).zip(&mut stores) {
        store.memory_mut(*memory).fill(number);
    }
    for (number, (store, memory)) in (1..).zip(&stores) {
        assert!(store.memory(*memory).iter().all(|byte| *byte == number));
    }
}
