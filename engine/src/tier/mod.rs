//! Which tier serves a module, and how it gets native code in the background.
//!
//! Policy of [`Tier::Tiered`](crate::Tier::Tiered):
//!
//! - A module starts interpreted. Each [`Store::invoke`](crate::Store::invoke) counts one call, and the gas it used
//!   counts as work. The module is queued for compilation when it has been called as often, or has worked as much, as
//!   [`Config::promote_after`](crate::Config::promote_after) says. When the queue is full, the next call asks again.
//! - A store runs natively when every instance in it has native code and every memory the guard that the code relies on,
//!   and is interpreted otherwise, as is a call for which the machine has no native stack. That is decided
//!   when an instance is made and when a function is invoked, never while code runs; so one store never mixes tiers.
//! - A compilation is held to a [`NativeBudget`] that counts. Refused, failed or panicked: the module
//!   stays interpreted for good, which no outcome shows, and [`Module::tier_status`](crate::Module::tier_status) says
//!   why.
//!
//! [`Tier::Jit`](crate::Tier::Jit) compiles while the module is made, each function when its bytes are there; a refusal has
//! the same effect.

pub(crate) mod budget;
pub(crate) mod inline;
pub(crate) mod queue;
pub(crate) mod repeat;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::jit::{Compiler, NativeCode};
pub use budget::NativeBudget;

/// Where a module is on its way to native code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TierStatus {
    /// Interpreted; native code has not been asked for.
    Interpreted,
    /// Interpreted; waits for a compiling thread.
    Queued,
    /// Interpreted; being compiled.
    Compiling,
    /// Has native code.
    Native,
    /// Interpreted for good.
    Refused(Refusal),
}

/// Why a module has no native code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// This build, machine or process cannot have native code.
    #[error("no native code here: {0}")]
    Unavailable(String),
    /// Compiling it could cost more than the budget.
    #[error("{what} is over the budget for native code: {found}, at most {max}{}", in_function(.function))]
    Budget {
        /// What was counted, in words with its unit.
        what: &'static str,
        /// How many the module or function has.
        found: u64,
        /// How many the budget allows.
        max: u64,
        /// Index of the function; none when the whole module was counted.
        function: Option<u32>,
    },
    /// The code generator could not do it.
    #[error("no native code: {reason}{}", in_function(.function))]
    Failed {
        /// In the code generator's words.
        reason: String,
        /// Index of the function, if it was one.
        function: Option<u32>,
    },
    /// The code generator has a bug.
    #[error("the code generator panicked{}", in_function(.function))]
    Panicked {
        /// Index of the function, if it was one.
        function: Option<u32>,
    },
}

fn in_function(function: &Option<u32>) -> String {
    function.map(|f| format!(" (function {f})")).unwrap_or_default()
}

/// Why a compilation ended without code.
#[derive(Debug)]
pub(crate) enum Stopped {
    Refused(Refusal),
    /// Nobody wants the code any more.
    Cancelled,
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Values of [`Promotion::stage`].
const COLD: u8 = 0;
const QUEUED: u8 = 1;
const COMPILING: u8 = 2;

/// A module's way to native code. Shared by the module and, weakly, by the compiling thread.
#[derive(Debug, Default)]
pub(crate) struct Promotion {
    stage: AtomicU8,
    calls: AtomicU32,
    /// Gas used by its calls.
    work: AtomicU64,
    outcome: OnceLock<Result<NativeCode, Refusal>>,
}

impl Promotion {
    /// The native code, once it is there.
    pub fn native(&self) -> Option<&NativeCode> {
        self.outcome.get()?.as_ref().ok()
    }

    /// Where it is.
    pub fn status(&self) -> TierStatus {
        match self.outcome.get() {
            Some(Ok(_)) => TierStatus::Native,
            Some(Err(refusal)) => TierStatus::Refused(refusal.clone()),
            None => match self.stage.load(Ordering::Acquire) {
                QUEUED => TierStatus::Queued,
                COMPILING => TierStatus::Compiling,
                _ => TierStatus::Interpreted,
            },
        }
    }

    /// Waits until a compilation that has been asked for is over.
    pub fn wait(&self) {
        if self.stage.load(Ordering::Acquire) != COLD {
            self.outcome.wait();
        }
    }

    /// Counts a call that is about to be made; gives the calls so far.
    pub fn count_call(&self) -> u32 {
        // Wraps after four thousand million calls, which only asks once more for what has been settled long ago.
        self.calls.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    /// Counts the gas of a call; gives the gas so far.
    pub fn count_work(&self, gas: u64) -> u64 {
        let old = self.work.load(Ordering::Relaxed);
        // Calls that end at the same time may lose each other's work: the count only steers when to compile.
        let new = old.saturating_add(gas);
        self.work.store(new, Ordering::Relaxed);
        new
    }

    /// Is it neither asked for nor settled?
    pub fn is_cold(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == COLD && self.outcome.get().is_none()
    }

    /// Marks it as asked for; `false` when somebody else has.
    fn claim(&self) -> bool {
        self.stage
            .compare_exchange(COLD, QUEUED, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Takes back [`Promotion::claim`].
    fn release(&self) {
        self.stage.store(COLD, Ordering::Release);
    }

    fn settle(&self, outcome: Result<NativeCode, Refusal>) {
        // Only who has claimed it gets here, so it is set once.
        let _ = self.outcome.set(outcome);
    }

    /// Settles what nobody else has asked for yet.
    pub fn settle_now(&self, outcome: Result<NativeCode, Refusal>) {
        if self.claim() {
            self.settle(outcome);
        }
    }

    /// Settles with what `compile` gives; it has been claimed.
    fn run(
        &self,
        compiler: Result<&Arc<Compiler>, String>,
        compile: impl FnOnce(&Compiler) -> Result<NativeCode, Stopped>,
    ) {
        self.stage.store(COMPILING, Ordering::Release);
        let outcome = match compiler {
            Err(reason) => Err(Refusal::Unavailable(reason).into()),
            // A bug in the code generator costs one module its native code, no more.
            Ok(compiler) => catch_unwind(AssertUnwindSafe(|| compile(compiler)))
                .unwrap_or(Err(Refusal::Panicked { function: None }.into())),
        };
        match outcome {
            Ok(code) => self.settle(Ok(code)),
            Err(Stopped::Refused(refusal)) => self.settle(Err(refusal)),
            Err(Stopped::Cancelled) => self.release(),
        }
    }
}

#[cfg(all(test, feature = "jit"))]
mod tests {
    use super::*;
    use crate::{Config, Engine, Ruleset};

    #[test]
    fn a_panicking_compilation_is_a_refusal() {
        let engine = Engine::new(Config::new(&Ruleset::ARWEN_1_3));
        let promotion = Promotion::default();
        assert!(promotion.claim());
        promotion.run(engine.jit(), |_| std::panic::resume_unwind(Box::new("a bug")));
        assert_eq!(
            promotion.status(),
            TierStatus::Refused(Refusal::Panicked { function: None })
        );
    }

    #[test]
    fn a_cancelled_compilation_may_be_asked_for_again() {
        let engine = Engine::new(Config::new(&Ruleset::ARWEN_1_3));
        let promotion = Promotion::default();
        assert!(promotion.claim() && !promotion.claim());
        promotion.run(engine.jit(), |_| Err(Stopped::Cancelled));
        assert_eq!(promotion.status(), TierStatus::Interpreted);
        assert!(promotion.claim());
    }
}
