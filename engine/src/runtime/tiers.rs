//! In which tiers a store runs, and what its calls count for the promotion of their modules (see [`tier`](crate::tier)).

use super::functions::FuncKind;
use super::memory::Memory;
use super::store::{InstanceId, Store};
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

    /// Queues what the store needs to run natively, as far as it is known.
    fn request_native(&self) {
        for instance in &self.instances {
            instance.module.request_called();
        }
    }
}

/// A call that counts for the promotion of the module of an instance.
pub(super) struct Heat {
    instance: InstanceId,
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
        let FuncKind::Wasm { instance, .. } = kind else {
            return None;
        };
        store.interpreted = false;
        let heat = Self {
            instance,
            used_before: store.meter.used(),
        };
        if !store.native {
            heat.count(store);
        }
        Some(heat)
    }

    fn promotion<'s>(&self, store: &'s Store) -> &'s Promotion {
        store.instances[self.instance.0 as usize]
            .module
            .code()
            .promotion()
    }

    /// Counts a call that comes to the interpreter.
    #[cold]
    fn count(&self, store: &Store) {
        let promotion = self.promotion(store);
        let enough = store.engine().config().promote_calls.max(1);
        if promotion.count_call() >= enough.saturating_mul(promotion.patience()) {
            store.request_native();
        }
    }

    /// Counts the work of the call, and the call itself if that depended on where it came.
    #[inline]
    pub fn end(self, store: &Store) {
        if store.interpreted {
            self.count_work(store);
        }
    }

    #[cold]
    fn count_work(self, store: &Store) {
        if store.native {
            self.count(store);
        }
        let work = store.meter.used().saturating_sub(self.used_before);
        let promotion = self.promotion(store);
        let enough = store.engine().config().promote_work.max(1);
        if promotion.count_work(work) >= enough.saturating_mul(promotion.patience().into()) {
            store.request_native();
        }
    }
}
