//! Host functions: arguments, results, memory, stopping, panicking; imports from other instances.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use arwen_engine::{
    Config, Engine, Extern, FuncType, GrowError, HostStop, InstantiateError, Interrupt, LinkError, Module,
    NoHost, Ruleset, Store, Tier, Trap, ValType, Value,
};
use arwen_metering::Schedule;
use common::{Fns, Run, configs, i32s, wasm};

#[test]
fn arguments_and_results_are_zero_extended_slots() {
    let text = r#"(module
        (import "env" "mix" (func $mix (param i32 i64 i32 i64 i32 i64 i32 i64) (result i32)))
        (import "env" "none" (func $none))
        (func (export "f") (result i32)
            (call $none)
            (call $mix (i32.const -1) (i64.const -2) (i32.const 3) (i64.const 4) (i32.const 5) (i64.const 6)
                (i32.const 7) (i64.const 8))))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let mut run = Run::new(config, text);
        let mut host = Fns(vec![
            Box::new(|_, args, results| {
                assert_eq!(args, [0xffff_ffff, -2i64 as u64, 3, 4, 5, 6, 7, 8]);
                assert_eq!(results, [0]);
                results[0] = 0xdead_0000_0000_002a;
                Ok(())
            }),
            Box::new(|_, args, results| {
                assert!(args.is_empty() && results.is_empty());
                Ok(())
            }),
        ]);
        assert_eq!(run.call_with("f", &mut host, &[]), Ok(i32s(&[42])));
    }
}

#[test]
fn hosts_read_write_and_grow_the_last_exported_memory() {
    let text = r#"(module (import "env" "h" (func $h (param i32)))
        (memory (export "m") 1 2)
        (func (export "f") (result i32)
            (i32.store (i32.const 8) (i32.const 77))
            (call $h (i32.const 8))
            (i32.add (i32.load (i32.const 65540)) (memory.size))))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let mut run = Run::new(config, text);
        let mut host = Fns(vec![Box::new(|caller, args, _| {
            let at = args[0] as usize;
            let memory = caller.memory().unwrap();
            assert_eq!(memory[at], 77);
            assert_eq!(caller.grow_memory(1), Ok(1));
            assert_eq!(caller.grow_memory(1), Err(GrowError { left: 3, max: 2 }));
            caller.memory().unwrap()[65_540] = 5;
            Ok(())
        })]);
        assert_eq!(run.call_with("f", &mut host, &[]), Ok(i32s(&[7])));
    }
}

#[test]
fn a_memory_that_is_not_exported_is_not_there_for_hosts() {
    let text = r#"(module (import "env" "h" (func $h)) (memory 1) (func (export "f") (call $h)))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let mut run = Run::new(config, text);
        let mut host = Fns(vec![Box::new(|caller, _, _| {
            assert!(caller.memory().is_none());
            assert_eq!(caller.grow_memory(1), Err(GrowError { left: 1, max: 0 }));
            Ok(())
        })]);
        assert_eq!(run.call_with("f", &mut host, &[]), Ok(vec![]));
    }
}

#[test]
fn a_host_stops_the_code_and_the_store_stays_usable() {
    let text = r#"(module (import "env" "h" (func $h (param i32))) (global $g (mut i32) (i32.const 0))
        (func $deep (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))))
            (else (global.set $g (i32.add (global.get $g) (i32.const 1))) (call $h (i32.const 1))
                  (global.set $g (i32.const 100)))))
        (func (export "f") (call $deep (i32.const 50)))
        (func (export "g") (result i32) global.get $g))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let mut run = Run::new(config, text);
        for i in 1..=3 {
            let mut host = Fns(vec![Box::new(|_, _, _| Err(HostStop))]);
            assert_eq!(run.call_with("f", &mut host, &[]), Err(Trap::Host));
            assert_eq!(run.call("g", &[]), Ok(i32s(&[i])));
        }
    }
}

#[test]
fn a_panicking_host_panics_in_its_caller() {
    let text = r#"(module (import "env" "h" (func $h)) (func (export "f") (call $h)) (func (export "ok")))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let mut run = Run::new(config, text);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let mut host = Fns(vec![Box::new(|_, _, _| std::panic::panic_any(17u8))]);
            run.call_with("f", &mut host, &[])
        }));
        assert_eq!(*caught.unwrap_err().downcast::<u8>().unwrap(), 17);
        assert_eq!(run.call("ok", &[]), Ok(vec![]));
    }
}

#[test]
fn a_panic_passes_through_all_nested_stores() {
    let text = r#"(module (import "env" "h" (func $h)) (func (export "f") (call $h)))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        fn level(config: &Config, text: &str, left: u32) {
            let mut run = Run::new(config.clone(), text);
            let mut host = Fns(vec![Box::new(|_, _, _| {
                if left == 0 {
                    std::panic::panic_any("inmost");
                }
                level(config, text, left - 1);
                Ok(())
            })]);
            let _ = run.call_with("f", &mut host, &[]);
            unreachable!("the panic goes on");
        }
        let caught = catch_unwind(AssertUnwindSafe(|| level(&config, text, 5)));
        assert_eq!(*caught.unwrap_err().downcast::<&str>().unwrap(), "inmost");
    }
}

#[test]
fn code_runs_on_threads_with_small_stacks() {
    let text = r#"(module (func $r (export "r") (param i32) (result i32)
        (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call $r (i32.sub (local.get 0) (i32.const 1)))))
            (else (i32.const 0)))))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let mut run = Run::new(config, text);
        let thread = std::thread::Builder::new()
            .stack_size(64 * 1024)
            .spawn(move || run.call("r", &i32s(&[50_000])));
        assert_eq!(thread.unwrap().join().unwrap(), Ok(i32s(&[50_000])));
    }
}

/// A store in which modules are linked by hand.
struct Linked {
    engine: Engine,
    store: Store,
}

impl Linked {
    fn new(config: Config) -> Self {
        let engine = Engine::new(config);
        let store = Store::new(&engine, &Interrupt::new());
        store.meter().set_limit(u64::MAX);
        Self { engine, store }
    }

    fn add(&mut self, text: &str, imports: &[Extern]) -> Result<arwen_engine::InstanceId, InstantiateError> {
        let module = Module::new(&self.engine, &wasm(text)).unwrap();
        let costs = module.costs(Schedule::bundled("dummy").unwrap().op_costs());
        self.store.instantiate(&module, imports, &costs, &mut NoHost)
    }

    fn call(&mut self, of: arwen_engine::InstanceId, name: &str, args: &[Value]) -> Result<Vec<Value>, Trap> {
        let Some(Extern::Func(func)) = self.store.export(of, name) else {
            panic!("{name}")
        };
        self.store.invoke(func, &mut NoHost, args)
    }
}

#[test]
fn instances_share_functions_memories_tables_and_globals() {
    for config in configs(&Ruleset::STRICT) {
        let mut linked = Linked::new(config);
        let a = linked
            .add(
                r#"(module (memory (export "m") 1) (global (export "g") (mut i32) (i32.const 3))
                (table (export "t") 4 funcref) (elem (i32.const 0) $f)
                (func $f (export "f") (param i32) (result i32)
                    (i32.add (local.get 0) (i32.load (i32.const 0)))))"#,
                &[],
            )
            .unwrap();
        let imports: Vec<Extern> = ["m", "g", "t", "f"]
            .map(|name| linked.store.export(a, name).unwrap())
            .into();
        let b = linked
            .add(
                r#"(module (import "a" "m" (memory 1)) (import "a" "g" (global $g (mut i32)))
                (import "a" "t" (table 4 funcref)) (import "a" "f" (func $f (param i32) (result i32)))
                (type $ii (func (param i32) (result i32)))
                (elem (i32.const 1) $mine) (func $mine (param i32) (result i32) (i32.const 1000))
                (func (export "direct") (result i32) (i32.store (i32.const 0) (i32.const 40)) (call $f (i32.const 2)))
                (func (export "tail") (result i32) (return_call $f (i32.const 3)))
                (func (export "indirect") (param i32) (result i32)
                    (call_indirect (type $ii) (i32.const 5) (local.get 0)))
                (func (export "set") (global.set $g (i32.const 9)) (drop (memory.grow (i32.const 1)))))"#,
                &imports,
            )
            .unwrap();
        assert_eq!(linked.call(b, "direct", &[]), Ok(i32s(&[42])));
        assert_eq!(linked.call(b, "tail", &[]), Ok(i32s(&[43])));
        assert_eq!(linked.call(b, "indirect", &i32s(&[0])), Ok(i32s(&[45])));
        assert_eq!(linked.call(b, "indirect", &i32s(&[1])), Ok(i32s(&[1000])));
        assert_eq!(
            linked.call(b, "indirect", &i32s(&[2])),
            Err(Trap::IndirectCallToNull)
        );
        assert_eq!(linked.call(b, "set", &[]), Ok(vec![]));
        let Some(Extern::Global(g)) = linked.store.export(a, "g") else {
            panic!("g")
        };
        assert_eq!(linked.store.global(g), Some(Value::I32(9)));
        let Some(Extern::Memory(m)) = linked.store.export(a, "m") else {
            panic!("m")
        };
        assert_eq!(linked.store.memory(m).len(), 2 * 65_536);
        assert_eq!(linked.call(a, "f", &i32s(&[1])), Ok(i32s(&[41])));
    }
}

#[test]
fn a_host_function_exported_again_is_called_with_the_memory_of_its_importer() {
    for config in configs(&Ruleset::STRICT) {
        let mut linked = Linked::new(config);
        let ty = FuncType::new(&[], &[ValType::I32]);
        let a = linked
            .add(
                r#"(module (import "env" "h" (func $h (result i32))) (memory (export "m") 3) (export "h" (func $h)))"#,
                &[Extern::HostFunc { id: 0, ty }],
            )
            .unwrap();
        let h = linked.store.export(a, "h").unwrap();
        let b = linked
            .add(
                r#"(module (import "a" "h" (func $h (result i32))) (memory (export "m") 1)
                (func (export "f") (result i32) (call $h)))"#,
                &[h],
            )
            .unwrap();
        let mut host = Fns(vec![Box::new(|caller, _, results| {
            results[0] = (caller.memory().unwrap().len() / 65_536) as u64;
            Ok(())
        })]);
        let Some(Extern::Func(f)) = linked.store.export(b, "f") else {
            panic!("f")
        };
        assert_eq!(linked.store.invoke(f, &mut host, &[]), Ok(i32s(&[3])));
    }
}

#[test]
fn imports_of_the_wrong_kind_or_type_do_not_link() {
    let config = Config::new(&Ruleset::STRICT).tier(Tier::Jit);
    let mut linked = Linked::new(config);
    let text = r#"(module (import "env" "h" (func (param i32))))"#;
    let err = linked.add(text, &[]).unwrap_err();
    assert_eq!(
        err,
        InstantiateError::Link(LinkError::Count { wanted: 1, given: 0 })
    );
    let wrong = Extern::HostFunc {
        id: 0,
        ty: FuncType::new(&[ValType::I64], &[]),
    };
    let err = linked.add(text, &[wrong]).unwrap_err();
    assert_eq!(
        err.to_string(),
        "link error: import env.h wants Func((i32) -> ()), was given Func((i64) -> ())"
    );
    let err = linked.add(
        r#"(module (import "env" "m" (memory 2)))"#,
        &[Extern::Func(arwen_engine_handle(&mut linked_other()))],
    );
    assert!(
        matches!(err, Err(InstantiateError::Link(LinkError::Handle { .. }))),
        "{err:?}"
    );
}

fn linked_other() -> Linked {
    Linked::new(Config::new(&Ruleset::STRICT))
}

/// A function handle that no fresh store has.
fn arwen_engine_handle(other: &mut Linked) -> arwen_engine::FuncId {
    let a = other.add(r#"(module (func (export "f")))"#, &[]).unwrap();
    match other.store.export(a, "f") {
        Some(Extern::Func(func)) => func,
        other => panic!("{other:?}"),
    }
}

#[test]
fn segments_that_do_not_fit_write_nothing_under_the_old_rule_and_trap_under_the_new() {
    let text = r#"(module (memory (export "m") 1) (data (i32.const 0) "x") (data (i32.const 65536) "y"))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let err = Run::try_new(config, text, &mut NoHost).err().unwrap();
        assert_eq!(err.to_string(), "data segment 1 does not fit");
    }
    for config in configs(&Ruleset::STRICT) {
        let err = Run::try_new(config, text, &mut NoHost).err().unwrap();
        assert_eq!(err, InstantiateError::Trap(Trap::MemoryOutOfBounds));
    }
    let empty = r#"(module (table 1 funcref) (elem (i32.const 2)))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let err = Run::try_new(config, empty, &mut NoHost).err().unwrap();
        assert_eq!(err.to_string(), "element segment 0 does not fit");
    }
}

#[test]
fn a_function_of_a_known_type_is_called_as_any() {
    let text = r#"(module
        (import "env" "h" (func $h (param i32) (result i32)))
        (func (export "none"))
        (func (export "negative") (param i32) (result i32) (i32.sub (i32.const 0) (local.get 0)))
        (func (export "wide") (param i64) (result i64) (i64.sub (i64.const 0) (local.get 0)))
        (func (export "eight") (param i32 i64 i32 i64 i32 i64 i32 i64) (result i64) (local.get 7))
        (func (export "host") (param i32) (result i32) (call $h (local.get 0)))
        (func (export "trap") (result i32) unreachable)
        (export "import" (func $h)))"#;
    for config in configs(&Ruleset::ARWEN_1_3) {
        let mut run = Run::new(config.clone(), text);
        let mut other = Run::new(config, text);
        let mut host = Fns(vec![Box::new(|_, args, results| {
            if args[0] == 0 {
                return Err(HostStop);
            }
            results[0] = args[0] | 0xdead << 32;
            Ok(())
        })]);
        let func = |run: &Run, name: &str| match run.store.export(run.instance, name) {
            Some(Extern::Func(func)) => func,
            other => panic!("{name} is {other:?}"),
        };
        // Called three times, as one of the configurations changes its tier in between.
        macro_rules! calls {
            ($($name:literal $types:ty => $result:ty: $($args:expr => $outcome:expr),+;)*) => {$($(
                let typed = run.store.typed::<$types, $result>(func(&run, $name)).expect($name);
                assert_eq!(typed.id(), func(&run, $name));
                for _ in 0..3 {
                    let used = run.store.meter().used();
                    assert_eq!(typed.call(&mut run.store, &mut host, $args), $outcome, "{}", $name);
                    assert_eq!(typed.clone().call(&mut other.store, &mut host, $args), Err(Trap::BadInvocation));
                    assert!(run.store.meter().used() > used || $name == "import");
                }
                assert_eq!(other.store.meter().used(), 0);
            )+)*};
        }
        calls! {
            "none" () => (): () => Ok(());
            "negative" i32 => i32: 5 => Ok(-5), i32::MIN => Ok(i32::MIN);
            "negative" (u32,) => (u32,): (1,) => Ok((u32::MAX,));
            "wide" i64 => i64: i64::MAX => Ok(-i64::MAX);
            "wide" u64 => u64: 1 => Ok(u64::MAX);
            "eight" (i32, i64, i32, i64, i32, i64, i32, i64) => i64: (1, 2, 3, 4, 5, 6, 7, -8) => Ok(-8);
            "host" i32 => i32: 7 => Ok(7), 0 => Err(Trap::Host);
            "import" i32 => i32: -7 => Ok(-7), 0 => Err(Trap::Host);
            "trap" () => i32: () => Err(Trap::Unreachable);
        }
        let negative = func(&run, "negative");
        assert!(run.store.typed::<i64, i32>(negative).is_none());
        assert!(run.store.typed::<i32, i64>(negative).is_none());
        assert!(run.store.typed::<i32, ()>(negative).is_none());
        assert!(run.store.typed::<(), i32>(negative).is_none());
        assert!(run.store.typed::<(i32, i32), i32>(negative).is_none());
        let empty = Store::new(run.store.engine(), &Interrupt::new());
        assert!(empty.typed::<i32, i32>(negative).is_none());
    }
}
