//! The wasmi interpreter with fuel.

use wasmi::{Config, Engine as WasmiEngine, Linker, Module, Store};

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
        let mut config = Config::default();
        config.consume_fuel(true);
        let engine = WasmiEngine::new(&config);
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
