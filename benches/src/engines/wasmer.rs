//! wasmer: singlepass and Cranelift, both with its metering middleware.

use std::sync::Arc;

use wasmer::sys::{CompilerConfig, Cranelift, EngineBuilder, Singlepass};
use wasmer::{Instance, Module, Store, imports};
use wasmer_middlewares::Metering;
use wasmer_middlewares::metering::set_remaining_points;

use super::{Engine, Prepared};
use crate::kernels::Kernel;

struct Wasmer {
    name: &'static str,
    singlepass: bool,
}

pub fn all() -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(Wasmer {
            name: "wasmer singlepass + metering",
            singlepass: true,
        }),
        Box::new(Wasmer {
            name: "wasmer Cranelift + metering",
            singlepass: false,
        }),
    ]
}

impl Engine for Wasmer {
    fn name(&self) -> &str {
        self.name
    }

    fn prepare(&self, kernel: &Kernel) -> Option<Prepared> {
        let metering = Arc::new(Metering::new(u64::MAX >> 1, |_| 1));
        let mut store = if self.singlepass {
            let mut compiler = Singlepass::default();
            compiler.push_middleware(metering);
            Store::new(EngineBuilder::new(compiler))
        } else {
            let mut compiler = Cranelift::default();
            compiler.push_middleware(metering);
            Store::new(EngineBuilder::new(compiler))
        };
        let module = Module::new(&store, kernel.wasm).ok()?;
        let instance = Instance::new(&mut store, &module, &imports! {}).ok()?;
        let run = instance
            .exports
            .get_typed_function::<(), i64>(&store, "run")
            .ok()?;
        Some(Box::new(move || {
            set_remaining_points(&mut store, &instance, u64::MAX >> 1);
            run.call(&mut store).expect("the kernels do not trap")
        }))
    }
}
