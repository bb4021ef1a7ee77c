//! Ours, always metered and always preemptible.

use arwen_engine::{
    Config, Engine as ArwenEngine, Extern, Interrupt, Module, NoHost, Ruleset, Store, Tier, Value,
};
use arwen_metering::Schedule;

use super::{Engine, Prepared, timed};
use crate::kernels::Kernel;

struct Arwen {
    name: &'static str,
    tier: Tier,
}

pub fn all() -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(Arwen {
            name: "arwen JIT, gas + interrupt",
            tier: Tier::Jit,
        }),
        Box::new(Arwen {
            name: "arwen interpreter, gas + interrupt",
            tier: Tier::Interpreter,
        }),
    ]
}

impl Engine for Arwen {
    fn name(&self) -> &str {
        self.name
    }

    fn prepare(&self, kernel: &Kernel) -> Option<Prepared> {
        let engine = ArwenEngine::new(Config::new(&Ruleset::ARWEN_1_3).tier(self.tier));
        let module = Module::new(&engine, kernel.wasm).expect("the kernels are valid");
        let costs = module.plan().costs(Schedule::bundled("v3")?.op_costs());
        let mut store = Store::new(&engine, &Interrupt::new());
        let instance = store
            .instantiate(&module, &[], &costs, &mut NoHost)
            .expect("the kernels import nothing");
        let Some(Extern::Func(run)) = store.export(instance, "run") else {
            panic!("{} exports no run", kernel.name)
        };
        Some(timed(move || {
            store.meter().set_used(0);
            store.meter().set_limit(u64::MAX >> 1);
            match store
                .invoke(run, &mut NoHost, &[])
                .expect("the kernels do not trap")
                .as_slice()
            {
                [Value::I64(result)] => *result,
                other => panic!("run returned {other:?}"),
            }
        }))
    }
}
