//! The wasmi interpreter with fuel.

use wasmi::{Config, Engine as WasmiEngine, Instance, Linker, Module, Store};

use super::{Engine, Prepared, timed};
use crate::kernels::Kernel;

struct Wasmi;

pub fn all() -> Vec<Box<dyn Engine>> {
    vec![Box::new(Wasmi)]
}

impl Engine for Wasmi {
    fn name(&self) -> &str {
        "wasmi 2 + fuel"
    }

    fn prepare(&self, kernel: &Kernel) -> Option<Prepared> {
        let engine = engine();
        let module = Module::new(&engine, kernel.wasm).ok()?;
        let mut store = Store::new(&engine, ());
        store.set_fuel(u64::MAX >> 1).ok()?;
        let instance = Linker::new(&engine)
            .instantiate_and_start(&mut store, &module)
            .ok()?;
        let run = instance.get_typed_func::<(), i64>(&store, "run").ok()?;
        Some(timed(move || {
            store.set_fuel(u64::MAX >> 1).expect("fuel is on");
            run.call(&mut store, ()).expect("the kernels do not trap")
        }))
    }
}

/// An engine with fuel, as in the tables: functions are translated when first called.
pub fn engine() -> WasmiEngine {
    let mut config = Config::default();
    config.consume_fuel(true);
    WasmiEngine::new(&config)
}

/// A module made ready.
pub fn module(engine: &WasmiEngine, wasm: &[u8]) -> Module {
    Module::new(engine, wasm).expect("whatever ours accepts is valid")
}

/// Makes instances of a module, each in a store with fuel; imports answer 0.
pub fn instances(engine: &WasmiEngine, module: &Module) -> impl Fn() -> (Store<()>, Instance) + use<> {
    let mut linker = Linker::new(engine);
    for import in module.imports() {
        if let wasmi::ExternType::Func(ty) = import.ty() {
            // Results are zeros before the call. A function imported twice is defined once.
            let _ = linker.func_new(import.module(), import.name(), ty.clone(), |_, _, _| Ok(()));
        }
    }
    let (engine, module) = (engine.clone(), module.clone());
    move || {
        let mut store = Store::new(&engine, ());
        store.set_fuel(u64::MAX >> 1).expect("fuel is on");
        let instance = linker.instantiate_and_start(&mut store, &module);
        (store, instance.expect("the contracts can be instantiated"))
    }
}
