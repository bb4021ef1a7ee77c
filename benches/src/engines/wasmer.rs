//! wasmer: singlepass with its metering middleware. Its Cranelift backend cannot be built beside ours: it pins another
//! patch version of the same Cranelift.

use std::sync::Arc;

use wasmer::sys::{CompilerConfig, EngineBuilder, Singlepass};
use wasmer::{Instance, Module, Store, imports};
use wasmer_middlewares::Metering;
use wasmer_middlewares::metering::set_remaining_points;

use super::{Engine, Prepared, timed};
use crate::kernels::Kernel;

struct Wasmer;

pub fn all() -> Vec<Box<dyn Engine>> {
    vec![Box::new(Wasmer)]
}

impl Engine for Wasmer {
    fn name(&self) -> &str {
        "wasmer singlepass + metering"
    }

    fn prepare(&self, kernel: &Kernel) -> Option<Prepared> {
        let mut compiler = Singlepass::default();
        compiler.push_middleware(Arc::new(Metering::new(u64::MAX >> 1, |_| 1)));
        let mut store = Store::new(EngineBuilder::new(compiler));
        let module = Module::new(&store, kernel.wasm).ok()?;
        let instance = Instance::new(&mut store, &module, &imports! {}).ok()?;
        let run = instance
            .exports
            .get_typed_function::<(), i64>(&store, "run")
            .ok()?;
        Some(timed(move || {
            set_remaining_points(&mut store, &instance, u64::MAX >> 1);
            run.call(&mut store).expect("the kernels do not trap")
        }))
    }
}
