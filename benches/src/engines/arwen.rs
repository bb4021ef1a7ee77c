//! Ours, always metered and always preemptible.

use arwen_engine::{
    Config, Engine as ArwenEngine, Extern, Interrupt, Module, NoHost, Ruleset, Store, Tier, Value,
};
use arwen_metering::{Rules, Schedule};

use super::{Engine, Prepared, timed};
use crate::kernels::Kernel;

struct Arwen {
    name: &'static str,
    tier: Tier,
    ruleset: &'static Ruleset,
}

pub fn all() -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(Arwen {
            name: "arwen JIT, gas + interrupt",
            tier: Tier::Jit,
            ruleset: &Ruleset::ARWEN_1_3,
        }),
        Box::new(Arwen {
            name: "arwen interpreter, gas + interrupt",
            tier: Tier::Interpreter,
            ruleset: &Ruleset::ARWEN_1_3,
        }),
    ]
}

/// Ours with all of metering, with a part and with nothing of it. What is left out nobody charges or checks: no node may
/// run contracts so.
pub fn by_metering() -> Vec<Box<dyn Engine>> {
    let rules = |rules: Rules| -> &'static Ruleset {
        let mut ruleset = Ruleset::ARWEN_1_3;
        ruleset.metering = Box::leak(Box::new(rules));
        Box::leak(Box::new(ruleset))
    };
    let charges = rules(Rules {
        check: &[],
        ..Rules::ARWEN_1_3
    });
    let nothing = rules(Rules {
        check: &[],
        flush: &[],
        ..Rules::ARWEN_1_3
    });
    let engine = |name, tier, ruleset| -> Box<dyn Engine> { Box::new(Arwen { name, tier, ruleset }) };
    vec![
        engine("JIT, nothing", Tier::Jit, nothing),
        engine("JIT, charges", Tier::Jit, charges),
        engine("JIT, charges and checks", Tier::Jit, &Ruleset::ARWEN_1_3),
        engine("interpreter, nothing", Tier::Interpreter, nothing),
        engine("interpreter, charges", Tier::Interpreter, charges),
        engine(
            "interpreter, charges and checks",
            Tier::Interpreter,
            &Ruleset::ARWEN_1_3,
        ),
    ]
}

impl Engine for Arwen {
    fn name(&self) -> &str {
        self.name
    }

    fn prepare(&self, kernel: &Kernel) -> Option<Prepared> {
        let engine = ArwenEngine::new(Config::new(self.ruleset).tier(self.tier));
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
