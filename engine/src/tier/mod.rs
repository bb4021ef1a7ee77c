//! Which tier serves a module, and how it gets native code in the background.
//!
//! Policy of [`Tier::Tiered`](crate::Tier::Tiered):
//!
//! - A module starts interpreted. Each [`Store::invoke`](crate::Store::invoke) counts one call, and the gas it used
//!   counts as work. The module is queued for compilation when it has been called as often, or has worked as much, as
//!   [`Config::promote_after`](crate::Config::promote_after) says. When the queue is full, the next call asks again.
//! - What is compiled are the functions that have been called until then, each by itself, most of a contract's never are;
//!   all of them if none has. From then on calls count that came to a function without native code: after twice as many, or twice as much
//!   work, those called meanwhile are compiled as well, then after four times as many, and so on. The last of
//!   [`MOST_STEPS`] steps compiles whatever is left.
//! - A store runs natively when every instance in it has native code and every memory the guard that the code relies on,
//!   and is interpreted otherwise, as is a call for which the machine has no native stack. That is decided
//!   when an instance is made and when a function is invoked, never while code runs. In a store that runs natively a
//!   function without native code is interpreted, with all that it calls, until it returns.
//! - A compilation is held to a [`NativeBudget`] that counts. Refused, failed or panicked: the function stays interpreted
//!   for good, which no outcome shows. Where the whole module was asked for, so does that, and
//!   [`Module::tier_status`](crate::Module::tier_status) says why.
//!
//! [`Tier::Jit`](crate::Tier::Jit) compiles while the module is made, each function when its bytes are there; a refusal has
//! the same effect.

pub(crate) mod budget;
pub(crate) mod inline;
pub(crate) mod queue;
pub(crate) mod repeat;

use std::collections::BTreeSet;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

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
    /// Has native code of so many of the functions that it defines, which is not all of them. The others are interpreted:
    /// nobody has asked for them, or they were refused.
    Partly(u32),
    /// Interpreted for good.
    Refused(Refusal),
}

/// Why a module, or one of its functions, has no native code.
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

/// Which functions are to have native code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of them, or none.
    All,
    /// These, by index in ascending order, as far as each can have it.
    These(Vec<u32>),
}

impl Wanted {
    pub fn is_all(&self) -> bool {
        *self == Self::All
    }

    pub fn includes(&self, function: u32) -> bool {
        match self {
            Self::All => true,
            Self::These(functions) => functions.binary_search(&function).is_ok(),
        }
    }
}

/// What a compilation gives.
#[derive(Debug)]
pub(crate) struct Made {
    pub native: NativeCode,
    /// Functions that were wanted and have none, and why.
    pub refused: Vec<(u32, Refusal)>,
}

/// How often a module gets the code of what has been called; the last time it gets all there can be.
const MOST_STEPS: u32 = 8;

/// Values of [`Promotion::stage`].
const OPEN: u8 = 0;
const QUEUED: u8 = 1;
const COMPILING: u8 = 2;
const SETTLED: u8 = 3;

/// A module's way to native code. Shared by the module and, weakly, by the compiling thread.
#[derive(Debug, Default)]
pub(crate) struct Promotion {
    /// Changes from what means that somebody is at work only while `code` is locked.
    stage: AtomicU8,
    calls: AtomicU32,
    /// Gas used by its calls.
    work: AtomicU64,
    /// How often there has been new code.
    steps: AtomicU32,
    code: Mutex<Outcome>,
    changed: Condvar,
}

/// What has come of compilations so far.
#[derive(Debug, Default)]
struct Outcome {
    native: Option<Arc<NativeCode>>,
    /// Functions that cannot have any.
    refused: BTreeSet<u32>,
    /// Why the first of them, or the module, cannot.
    why: Option<Refusal>,
}

impl Promotion {
    fn lock(&self) -> MutexGuard<'_, Outcome> {
        // Nothing panics while it is held, and it is valid at every moment.
        self.code.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The native code, as far as it is there.
    pub fn native(&self) -> Option<Arc<NativeCode>> {
        self.lock().native.clone()
    }

    /// Is there any?
    pub fn has_native(&self) -> bool {
        // A refusal is no step.
        self.steps() > 0
    }

    /// How often there has been new code: what was taken at the same number need not be taken again.
    pub fn steps(&self) -> u32 {
        self.steps.load(Ordering::Acquire)
    }

    /// Where it is, for a module with functions at these indices.
    pub fn status(&self, functions: Range<u32>) -> TierStatus {
        let code = self.lock();
        let Some(native) = &code.native else {
            return match (self.stage.load(Ordering::Acquire), &code.why) {
                (SETTLED, Some(why)) => TierStatus::Refused(why.clone()),
                (QUEUED, _) => TierStatus::Queued,
                (COMPILING, _) => TierStatus::Compiling,
                _ => TierStatus::Interpreted,
            };
        };
        let all = functions.len() as u32;
        match functions.filter(|function| native.has(*function)).count() as u32 {
            there if there == all => TierStatus::Native,
            there => TierStatus::Partly(there),
        }
    }

    /// Waits until a compilation that has been asked for is over.
    pub fn wait(&self) {
        let mut code = self.lock();
        while matches!(self.stage.load(Ordering::Acquire), QUEUED | COMPILING) {
            code = self.changed.wait(code).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// How many times as many calls and as much work as in the beginning the next code takes.
    pub fn patience(&self) -> u32 {
        1 << self.steps().min(MOST_STEPS)
    }

    /// Counts a call; gives the calls so far.
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

    /// Begins to count anew.
    fn cool(&self) {
        self.calls.store(0, Ordering::Relaxed);
        self.work.store(0, Ordering::Relaxed);
    }

    /// Can there be more code than there is, and has nobody asked for it?
    pub fn is_open(&self) -> bool {
        self.stage.load(Ordering::Relaxed) == OPEN
    }

    /// Can there not be more code than there is?
    pub fn is_settled(&self) -> bool {
        self.stage.load(Ordering::Acquire) == SETTLED
    }

    /// What to compile of these functions, in ascending order, each by itself; `None` when that is nothing new.
    pub fn new_of(&self, functions: impl Iterator<Item = u32>) -> Option<Wanted> {
        let code = self.lock();
        let there = |function| code.native.as_ref().is_some_and(|native| native.has(function));
        let new: Vec<u32> = functions
            .filter(|function| !there(*function) && !code.refused.contains(function))
            .collect();
        (!new.is_empty()).then_some(Wanted::These(new))
    }

    /// What to compile for a module that defines functions at indices `all`, where `called` have been called; `None` when
    /// that is nothing new.
    pub fn wanted(&self, mut called: impl Iterator<Item = u32>, all: Range<u32>) -> Option<Wanted> {
        let called = match (called.next(), self.has_native()) {
            // One without functions must have its code as well before its store can run natively.
            (None, false) => return Some(self.new_of(all).unwrap_or(Wanted::These(Vec::new()))),
            (first, _) => self.new_of(first.into_iter().chain(called)),
        };
        match called {
            None => {
                self.cool();
                None
            }
            Some(_) if self.steps() + 1 >= MOST_STEPS => self.new_of(all),
            some => some,
        }
    }

    /// Marks it as asked for; `false` when somebody else has.
    fn claim(&self) -> bool {
        self.stage
            .compare_exchange(OPEN, QUEUED, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// Ends what [`Promotion::claim`] began.
    fn end(&self, code: MutexGuard<'_, Outcome>, stage: u8) {
        self.stage.store(stage, Ordering::Release);
        drop(code);
        self.changed.notify_all();
    }

    /// Settles it with a refusal; it has been claimed.
    fn refuse(&self, why: Refusal) {
        let mut code = self.lock();
        code.why.get_or_insert(why);
        self.end(code, SETTLED);
    }

    /// Takes in what was made, for a module with functions at these indices; it has been claimed.
    fn take_in(&self, Made { native, refused }: Made, mut functions: Range<u32>) {
        let mut code = self.lock();
        for (function, why) in refused {
            code.refused.insert(function);
            code.why.get_or_insert(why);
        }
        let complete = functions.all(|function| native.has(function) || code.refused.contains(&function));
        code.native = Some(Arc::new(native));
        self.steps.fetch_add(1, Ordering::AcqRel);
        self.cool();
        self.end(code, if complete { SETTLED } else { OPEN });
    }

    /// Takes in what is there from the start.
    pub fn begin_with(&self, native: Result<NativeCode, Refusal>, functions: Range<u32>) {
        if self.claim() {
            match native {
                Ok(native) => {
                    let refused = Vec::new();
                    self.take_in(Made { native, refused }, functions);
                }
                Err(why) => self.refuse(why),
            }
        }
    }

    /// Takes in what `compile` gives, or lets it say why not; it has been claimed. Is there new code?
    fn run(
        &self,
        compiler: Result<&Arc<Compiler>, String>,
        functions: Range<u32>,
        compile: impl FnOnce(&Compiler, Option<&NativeCode>) -> Result<Made, Stopped>,
    ) -> bool {
        self.stage.store(COMPILING, Ordering::Release);
        let old = self.native();
        let made = match compiler {
            Err(reason) => Err(Refusal::Unavailable(reason).into()),
            // A bug in the code generator costs one module its native code, no more.
            Ok(compiler) => catch_unwind(AssertUnwindSafe(|| compile(compiler, old.as_deref())))
                .unwrap_or(Err(Refusal::Panicked { function: None }.into())),
        };
        match made {
            Ok(made) => {
                self.take_in(made, functions);
                return true;
            }
            Err(Stopped::Refused(why)) => self.refuse(why),
            Err(Stopped::Cancelled) => self.end(self.lock(), OPEN),
        }
        false
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
        promotion.run(engine.jit(), 0..1, |_, _| {
            std::panic::resume_unwind(Box::new("a bug"))
        });
        assert_eq!(
            promotion.status(0..1),
            TierStatus::Refused(Refusal::Panicked { function: None })
        );
    }

    #[test]
    fn a_cancelled_compilation_may_be_asked_for_again() {
        let engine = Engine::new(Config::new(&Ruleset::ARWEN_1_3));
        let promotion = Promotion::default();
        assert!(promotion.claim() && !promotion.claim());
        promotion.run(engine.jit(), 0..1, |_, _| Err(Stopped::Cancelled));
        assert_eq!(promotion.status(0..1), TierStatus::Interpreted);
        assert!(promotion.claim());
    }
}
