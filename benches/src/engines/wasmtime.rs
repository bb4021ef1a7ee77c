//! wasmtime: Cranelift without metering, with fuel, with epochs, with both; Winch with fuel.

use wasmtime::{Config, Engine as WasmtimeEngine, Instance, Module, Store, Strategy};

use super::{Engine, Prepared, timed};
use crate::kernels::Kernel;

struct Wasmtime {
    name: &'static str,
    strategy: Strategy,
    fuel: bool,
    epochs: bool,
}

pub fn all() -> Vec<Box<dyn Engine>> {
    let row = |name, strategy, fuel, epochs| -> Box<dyn Engine> {
        Box::new(Wasmtime {
            name,
            strategy,
            fuel,
            epochs,
        })
    };
    vec![
        row(
            "wasmtime Cranelift, no metering",
            Strategy::Cranelift,
            false,
            false,
        ),
        row("wasmtime Cranelift + epoch", Strategy::Cranelift, false, true),
        row("wasmtime Cranelift + fuel", Strategy::Cranelift, true, false),
        row(
            "wasmtime Cranelift + fuel + epoch",
            Strategy::Cranelift,
            true,
            true,
        ),
        row("wasmtime Winch + fuel", Strategy::Winch, true, false),
    ]
}

impl Engine for Wasmtime {
    fn name(&self) -> &str {
        self.name
    }

    fn prepare(&self, kernel: &Kernel) -> Option<Prepared> {
        let mut config = Config::new();
        config
            .strategy(self.strategy)
            .consume_fuel(self.fuel)
            .epoch_interruption(self.epochs);
        let engine = WasmtimeEngine::new(&config).ok()?;
        let module = Module::new(&engine, kernel.wasm).ok()?;
        let mut store = Store::new(&engine, ());
        if self.fuel {
            store.set_fuel(u64::MAX >> 1).ok()?;
        }
        if self.epochs {
            store.set_epoch_deadline(1 << 40);
        }
        let instance = Instance::new(&mut store, &module, &[]).ok()?;
        let run = instance.get_typed_func::<(), i64>(&mut store, "run").ok()?;
        let fuel = self.fuel;
        Some(timed(move || {
            if fuel {
                store.set_fuel(u64::MAX >> 1).expect("fuel is on");
            }
            run.call(&mut store, ()).expect("the kernels do not trap")
        }))
    }
}
