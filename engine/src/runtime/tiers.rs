//! In which tiers a store runs, and what its calls count for the promotion of their modules (see [`tier`](crate::tier)).

use super::functions::FuncKind;
use super::memory::Memory;
use super::store::Store;
use crate::config::Tier;
use crate::tier::Promotion;

impl Store {
    /// Decides in which tier the store runs: natively when every instance has native code, and every memory the guard
    /// that the code relies on. Only while no code of the store runs.
    #[inline]
    pub(crate) fn choose_tier(&mut self) {
        if self.native && self.wired == self.instances.len() && !self.open {
            return;
        }
        if !matches!(self.engine().tier(), Tier::Interpreter | Tier::Observed) {
            self.choose_anew();
        }
    }

    #[cold]
    fn choose_anew(&mut self) {
        let instances = self.instances.iter();
        let mut promotions = instances.map(|instance| instance.module.code().promotion());
        self.native = promotions.clone().all(|promotion| promotion.has_native())
            && (self.memories.iter().all(Memory::is_guarded) || !self.relies_on_guards());
        if self.native {
            self.open = !promotions.all(|promotion| promotion.is_settled());
            for instance in &mut self.instances {
                instance.wire();
            }
            self.wired = self.instances.len();
        }
    }

    /// Does native code of this engine rely on guards?
    fn relies_on_guards(&self) -> bool {
        self.engine()
            .jit()
            .is_ok_and(|compiler| compiler.relies_on_guards())
    }

    /// Counts for every module that may get native code, by `count`, and queues those that have reached `enough`, times
    /// their patience.
    fn heat(&self, enough: u64, count: impl Fn(&Promotion) -> u64) {
        for instance in &self.instances {
            let promotion = instance.module.code().promotion();
            if promotion.is_open()
                && count(promotion) >= enough.max(1).saturating_mul(promotion.patience().into())
            {
                instance.module.request_called();
            }
        }
    }

    /// Counts a call that comes to the interpreter.
    #[cold]
    fn heat_by_call(&self) {
        let enough = self.engine().config().promote_calls;
        self.heat(enough.into(), |promotion| promotion.count_call().into());
    }

    /// Counts the work of such a call.
    #[cold]
    fn heat_by_work(&self, work: u64) {
        let enough = self.engine().config().promote_work;
        self.heat(enough, |promotion| promotion.count_work(work));
    }
}

/// A call that counts for the promotion of the modules of its store.
pub(super) struct Heat {
    used_before: u64,
}

impl Heat {
    /// Counts a call that is about to be made, when the engine wants to know.
    #[inline]
    pub fn start(store: &mut Store, kind: FuncKind) -> Option<Self> {
        // What is settled need not be counted; another instance may still keep the store waiting.
        if store.native && !store.open || store.engine().tier() != Tier::Tiered {
            return None;
        }
        if let FuncKind::Host { .. } = kind {
            return None;
        }
        store.interpreted = false;
        if !store.native {
            store.heat_by_call();
        }
        Some(Self {
            used_before: store.meter.used(),
        })
    }

    /// Counts the work of the call, and the call itself if that depended on where it came.
    #[inline]
    pub fn end(self, store: &Store) {
        if !store.interpreted {
            return;
        }
        if store.native {
            store.heat_by_call();
        }
        store.heat_by_work(store.meter.used().saturating_sub(self.used_before));
    }
}

#[cfg(all(test, feature = "jit"))]
mod tests {
    use arwen_metering::Schedule;

    use crate::{Config, Engine, Extern, Interrupt, Module, NoHost, Ruleset, Store, Tier, TierStatus, Value};

    #[test]
    fn a_store_takes_code_that_is_added_with_its_next_call() {
        let wasm = wat::parse_str(
            r#"(module (func $f (result i32) (call $g)) (func $g (result i32) (i32.const 7))
            (func (export "run") (result i32) (i32.add (call $f) (call $g))))"#,
        )
        .unwrap();
        let config = Config::new(&Ruleset::STRICT).tier(Tier::Tiered);
        let engine = Engine::new(config.promote_after(u32::MAX, u64::MAX));
        let module = Module::new(&engine, &wasm).unwrap();
        let costs = module.costs(Schedule::bundled("dummy").unwrap().op_costs());
        let mut store = Store::new(&engine, &Interrupt::new());
        store.meter().set_limit(u64::MAX);
        let instance = store.instantiate(&module, &[], &costs, &mut NoHost).unwrap();
        let Some(Extern::Func(run)) = store.export(instance, "run") else {
            panic!("it is exported")
        };
        // Last what the others call: the calls that led out have to be filled in.
        for (function, left) in [(2, true), (0, true), (1, false)] {
            module.request_native_of([function]);
            module.wait_for_native();
            store.interpreted = false;
            assert_eq!(store.invoke(run, &mut NoHost, &[]), Ok(vec![Value::I32(14)]));
            assert_eq!(store.interpreted, left, "after function {function}");
        }
        assert_eq!(module.tier_status(), TierStatus::Native);
    }
}
