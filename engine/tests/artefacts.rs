//! Compiled modules that come back from outside: run only when they are what an engine like this one gave out, and then
//! not to be told from modules compiled on the spot.

#![cfg(feature = "jit")]

mod common;

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use arwen_engine::{
    ArtefactError, ArtefactName, ArtefactStore, Artefacts, Config, Engine, Extern, Interrupt, MemoryBounds,
    Module, Ruleset, Store, StoredArtefact, Tier, TierStatus, Trap, Value,
};
use arwen_metering::Schedule;
use common::{Fns, host_imports, i32s, wasm};

/// Artefacts in memory, and what happened to them.
#[derive(Default)]
struct Shelf {
    kept: Mutex<BTreeMap<ArtefactName, Vec<u8>>>,
    events: Mutex<Vec<String>>,
    /// Claims this much more than there is.
    boast: u64,
    /// Panics when something is to be kept.
    brittle: AtomicBool,
}

impl Shelf {
    fn tell(&self, event: &str) {
        self.events.lock().unwrap().push(event.to_owned());
    }

    /// What happened since the last time.
    fn events(&self) -> Vec<String> {
        std::mem::take(&mut self.events.lock().unwrap())
    }

    fn only(&self) -> (ArtefactName, Vec<u8>) {
        let kept = self.kept.lock().unwrap();
        assert_eq!(kept.len(), 1);
        let (name, bytes) = kept.first_key_value().unwrap();
        (*name, bytes.clone())
    }

    fn put(&self, name: ArtefactName, bytes: &[u8]) {
        self.kept.lock().unwrap().insert(name, bytes.to_vec());
    }
}

impl ArtefactStore for Shelf {
    fn open(&self, name: &ArtefactName) -> Option<StoredArtefact<'_>> {
        let bytes = self.kept.lock().unwrap().get(name)?.clone();
        self.tell("found");
        Some(StoredArtefact {
            len: bytes.len() as u64 + self.boast,
            bytes: Box::new(io::Cursor::new(bytes)),
        })
    }

    fn save(&self, name: &ArtefactName, parts: &[&[u8]]) {
        assert!(!self.brittle.load(Ordering::Relaxed), "a brittle shelf");
        self.tell("kept");
        self.put(*name, &parts.concat());
    }

    fn refused(&self, name: &ArtefactName, why: &ArtefactError) {
        self.tell(&format!("refused: {why}"));
        self.kept.lock().unwrap().remove(name);
    }
}

const KEY: [u8; 32] = [7; 32];

fn config(shelf: &Arc<Shelf>) -> Config {
    Config::new(&Ruleset::STRICT).artefacts(Some(Artefacts::new(shelf.clone(), &KEY)))
}

/// Calls in both directions, a table, memory, a branch table, traps of every kind that compiled code raises.
const MODULE: &str = r#"(module
    (import "env" "twice" (func $twice (param i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 8) "\2a\00\00\00")
    (table 3 funcref) (elem (i32.const 0) $add $fib)
    (global $calls (mut i32) (i32.const 0))
    (type $binary (func (param i32 i32) (result i32)))
    (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
    (func $fib (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                           (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "run") (param i32 i32) (result i32)
        (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (i32.store (i32.const 16) (local.get 1))
        (block $out (block $e (block $d (block $c (block $b (block $a
            (br_table $a $b $c $d $e $out (local.get 0)))
            (return (call $fib (local.get 1))))
            (return (call $twice (i32.load (i32.const 8)))))
            (return (call_indirect (type $binary) (i32.const 30) (i32.const 12) (local.get 1))))
            (return (i32.load (local.get 1))))
            (return (i32.div_s (i32.const -2147483648) (local.get 1))))
        unreachable))"#;

/// Arguments of `run`.
const CALLS: &[[i32; 2]] = &[
    [0, 12],
    [1, 0],
    [2, 0],
    [2, 1],
    [2, 2],
    [2, 3],
    [3, 8],
    [3, 65_533],
    [4, 2],
    [4, 0],
    [4, -1],
    [5, 0],
];

/// Everything that can be seen of a run: value or trap, gas, memory.
type Seen = (Result<Vec<Value>, Trap>, u64, Vec<u8>);

fn run(module: &Module, schedule: &str, limit: u64) -> Vec<Seen> {
    let prices = Schedule::bundled(schedule).unwrap().op_costs();
    let costs = module.costs(prices);
    CALLS
        .iter()
        .map(|args| {
            let mut host = Fns(vec![Box::new(|_, args, results| {
                results[0] = args[0] * 2;
                Ok(())
            })]);
            let mut store = Store::new(module.engine(), &Interrupt::new());
            store.meter().set_limit(limit);
            let imports = host_imports(module);
            let instance = store.instantiate(module, &imports, &costs, &mut host).unwrap();
            let Some(Extern::Func(func)) = store.export(instance, "run") else {
                panic!("it is exported");
            };
            let outcome = store.invoke(func, &mut host, &i32s(args));
            let Some(Extern::Memory(memory)) = store.export(instance, "memory") else {
                panic!("it is exported");
            };
            let bytes = store.memory(memory)[..64].to_vec();
            (outcome, store.meter().used(), bytes)
        })
        .collect()
}

/// A module of an engine of its own, as after a restart.
fn module(config: Config) -> Module {
    Module::new(&Engine::new(config), &wasm(MODULE)).unwrap()
}

/// What everything else must be like.
fn interpreted() -> Module {
    module(Config::new(&Ruleset::STRICT).tier(Tier::Interpreter))
}

#[test]
fn what_one_engine_compiled_another_runs_and_nothing_shows() {
    let shelf = Arc::new(Shelf::default());
    let compiled = module(config(&shelf));
    assert_eq!(shelf.events(), ["kept"]);
    let loaded = module(config(&shelf));
    assert_eq!(shelf.events(), ["found"]);
    assert_eq!(loaded.tier_status(), TierStatus::Native);
    for limit in (0..300).chain([5_000, u64::MAX]) {
        let expected = run(&interpreted(), "v3", limit);
        assert_eq!(run(&compiled, "v3", limit), expected, "compiled, limit {limit}");
        assert_eq!(run(&loaded, "v3", limit), expected, "loaded, limit {limit}");
    }
    assert!(loaded.exports().eq(compiled.exports()) && loaded.imports().eq(compiled.imports()));
    assert_eq!(loaded.plan(), compiled.plan());
}

#[test]
fn new_prices_compile_nothing_and_give_the_gas_of_a_cold_compilation() {
    let shelf = Arc::new(Shelf::default());
    module(config(&shelf));
    shelf.events();
    let loaded = module(config(&shelf));
    for schedule in ["v3", "dummy", "v1", "v3"] {
        let cold = module(Config::new(&Ruleset::STRICT));
        assert_eq!(
            run(&loaded, schedule, u64::MAX),
            run(&cold, schedule, u64::MAX),
            "{schedule}"
        );
    }
    assert_ne!(run(&loaded, "v3", u64::MAX), run(&loaded, "dummy", u64::MAX));
    assert_eq!(shelf.events(), ["found"]);
}

/// Puts `bytes` where an artefact is expected. They must be refused, and the module compiled and kept anew.
#[track_caller]
fn refuses(name: ArtefactName, bytes: &[u8], good: &[u8], what: &str) {
    let shelf = Arc::new(Shelf::default());
    shelf.put(name, bytes);
    let module = module(config(&shelf));
    let events = shelf.events();
    assert!(
        events.len() == 3 && events[1].starts_with("refused: ") && events[2] == "kept",
        "{what}: {events:?}"
    );
    assert_eq!(module.tier_status(), TierStatus::Native, "{what}");
    assert!(shelf.only() == (name, good.to_vec()), "{what}");
}

#[test]
fn every_flipped_byte_and_every_other_length_is_refused() {
    let shelf = Arc::new(Shelf::default());
    module(config(&shelf));
    let (name, good) = shelf.only();
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        refuses(name, &bytes, &good, &format!("byte {at} of {}", good.len()));
    }
    for len in 0..good.len() {
        refuses(
            name,
            &good[..len],
            &good,
            &format!("{len} of {} bytes", good.len()),
        );
    }
    refuses(name, &[&good[..], &[0]].concat(), &good, "a byte too many");
    refuses(name, &vec![0xff; good.len()], &good, "bytes of a deleted file");
    assert_eq!(
        run(&module(config(&shelf)), "v3", u64::MAX),
        run(&interpreted(), "v3", u64::MAX)
    );
}

#[test]
fn code_of_other_settings_rules_modules_and_keys_is_not_found_and_not_taken() {
    let shelf = Arc::new(Shelf::default());
    module(config(&shelf));
    let (name, good) = shelf.only();
    let other_wasm = [&wasm(MODULE)[..], &[0, 2, 1, b'x']].concat();
    let artefacts = |key| Some(Artefacts::new(shelf.clone(), key));
    let others = [
        (
            "bounds",
            config(&shelf).memory_bounds(MemoryBounds::Explicit),
            wasm(MODULE),
        ),
        (
            "rules",
            Config::new(&Ruleset::ARWEN_1_3).artefacts(artefacts(&KEY)),
            wasm(MODULE),
        ),
        ("key", config(&shelf).artefacts(artefacts(&[8; 32])), wasm(MODULE)),
        ("module", config(&shelf), other_wasm),
    ];
    shelf.events();
    for (what, config, wasm) in others {
        let make = || Module::new(&Engine::new(config.clone()), &wasm).unwrap();
        make();
        assert_eq!(shelf.events(), ["kept"], "another {what}");
        let mut kept = shelf.kept.lock().unwrap();
        let other = *kept.keys().find(|other| **other != name).unwrap();
        assert_ne!(
            kept.insert(other, good.clone()),
            Some(good.clone()),
            "another {what}"
        );
        drop(kept);
        make();
        assert_eq!(
            shelf.events(),
            ["found", "refused: not authentic", "kept"],
            "another {what}"
        );
        shelf.kept.lock().unwrap().remove(&other);
    }
}

#[test]
fn a_length_that_is_not_true_is_no_harm() {
    for boast in [1, 1 << 20, u64::MAX >> 1] {
        let shelf = Arc::new(Shelf {
            boast,
            ..Shelf::default()
        });
        module(config(&shelf));
        let module = module(config(&shelf));
        let events = shelf.events();
        assert!(events[2].starts_with("refused: "), "{events:?}");
        assert_eq!(run(&module, "v3", u64::MAX), run(&interpreted(), "v3", u64::MAX));
    }
}

#[test]
fn background_compilation_keeps_its_code_and_the_next_engine_starts_with_it() {
    let shelf = Arc::new(Shelf::default());
    let tiered = || config(&shelf).tier(Tier::Tiered).promote_after(2, u64::MAX);
    let engine = Engine::new(tiered());
    let first = Module::new(&engine, &wasm(MODULE)).unwrap();
    assert_eq!(first.tier_status(), TierStatus::Interpreted);
    first.request_native_of([2, 3]);
    assert_eq!(first.wait_for_native(), TierStatus::Partly(2));
    // The compiling thread keeps the code after it has let it be used; the end of the engine waits for that.
    drop((first, engine));
    assert_eq!(shelf.events(), ["kept"]);
    // Another that wants all of it from the start is not content, and keeps more.
    let (name, partly) = shelf.only();
    assert_eq!(module(config(&shelf)).tier_status(), TierStatus::Native);
    assert_eq!(shelf.events(), ["found", "kept"]);
    shelf.put(name, &partly);
    // The next engine starts with what there is, and adds to it what is called there.
    let wanted = run(&interpreted(), "v3", u64::MAX);
    let engine = Engine::new(tiered());
    let next = Module::new(&engine, &wasm(MODULE)).unwrap();
    assert_eq!(next.tier_status(), TierStatus::Partly(2));
    for _ in 0..4 {
        assert_eq!(run(&next, "v3", u64::MAX), wanted);
    }
    assert_eq!(next.wait_for_native(), TierStatus::Native);
    assert_eq!(run(&next, "v3", u64::MAX), wanted);
    drop((next, engine));
    assert_eq!(shelf.events(), ["found", "kept"]);
    let last = module(tiered());
    assert_eq!(last.tier_status(), TierStatus::Native);
    assert_eq!(run(&last, "v3", u64::MAX), wanted);
    assert_eq!(shelf.events(), ["found"]);
}

#[test]
fn a_store_that_panics_costs_an_artefact_alone() {
    let shelf = Arc::new(Shelf::default());
    shelf.brittle.store(true, Ordering::Relaxed);
    let module = module(config(&shelf));
    assert_eq!(module.tier_status(), TierStatus::Native);
    assert_eq!(shelf.events(), [""; 0]);
}

#[test]
fn a_store_that_panics_in_the_background_costs_an_artefact_alone() {
    let shelf = Arc::new(Shelf::default());
    shelf.brittle.store(true, Ordering::Relaxed);
    let engine = Engine::new(config(&shelf).tier(Tier::Tiered).promote_after(1, 0));
    for text in [MODULE, "(module (func))"] {
        let module = Module::new(&engine, &wasm(text)).unwrap();
        module.request_native();
        assert_eq!(module.wait_for_native(), TierStatus::Native);
    }
    drop(engine);
    assert_eq!(shelf.events(), [""; 0]);
}

#[test]
fn tiers_without_native_code_look_for_none() {
    let shelf = Arc::new(Shelf::default());
    module(config(&shelf));
    shelf.events();
    for tier in [Tier::Interpreter, Tier::Observed] {
        module(config(&shelf).tier(tier));
        assert_eq!(shelf.events(), [""; 0]);
    }
}

#[test]
fn a_loaded_module_is_interpreted_beside_one_that_is() {
    let shelf = Arc::new(Shelf::default());
    module(config(&shelf));
    let engine = Engine::new(
        config(&shelf)
            .tier(Tier::Tiered)
            .promote_after(u32::MAX, u64::MAX),
    );
    let loaded = Module::new(&engine, &wasm(MODULE)).unwrap();
    let cold = Module::new(&engine, &wasm("(module (func))")).unwrap();
    assert_eq!(
        (loaded.tier_status(), cold.tier_status()),
        (TierStatus::Native, TierStatus::Interpreted)
    );
    let prices = Schedule::bundled("v3").unwrap().op_costs();
    let mut store = Store::new(&engine, &Interrupt::new());
    store.meter().set_limit(u64::MAX);
    let mut host = Fns(Vec::new());
    let instance = store.instantiate(&loaded, &host_imports(&loaded), &loaded.costs(prices), &mut host);
    store
        .instantiate(&cold, &[], &cold.costs(prices), &mut host)
        .unwrap();
    let Some(Extern::Func(func)) = store.export(instance.unwrap(), "run") else {
        panic!("it is exported");
    };
    let (expected, gas, _) = run(&interpreted(), "v3", u64::MAX).swap_remove(0);
    assert_eq!(store.invoke(func, &mut host, &i32s(&CALLS[0])), expected);
    assert_eq!(store.meter().used(), gas);
}
