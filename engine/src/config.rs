//! Settings of an engine.

use crate::artefact::Artefacts;
use crate::ruleset::Ruleset;
use crate::tier::NativeBudget;

/// How code is executed. Which tier ran is unobservable except by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Interpreted; needs no executable memory.
    Interpreter,
    /// Compiled to native code when the module is created; interpreted where that is refused
    /// ([`crate::Module::tier_status`]).
    Jit,
    /// Interpreted until native code, compiled in the background for modules in use, is ready
    /// ([`Config::promote_after`]).
    Tiered,
    /// One operator after the other, as they stand in the module, telling an [`crate::Observer`]. Slow; for tools.
    Observed,
}

/// How memory accesses are kept inside the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemoryBounds {
    /// Inaccessible pages after the memory where the system grants the address space, 6 GiB for each. A memory that it
    /// grants none is one with compares, and what runs with it is interpreted; native code has compares everywhere if
    /// none is granted when the engine first compiles.
    Guarded,
    /// A compare before each access; the address space reserved is no larger than the memory may become.
    Explicit,
}

/// Settings of an [`crate::Engine`].
#[derive(Debug, Clone)]
pub struct Config {
    pub(crate) ruleset: &'static Ruleset,
    pub(crate) tier: Tier,
    pub(crate) stack_limit: u32,
    pub(crate) memory_bounds: MemoryBounds,
    pub(crate) memory_page_cap: u32,
    pub(crate) promote_calls: u32,
    pub(crate) promote_work: u64,
    pub(crate) compile_threads: usize,
    pub(crate) compile_queue: usize,
    pub(crate) native_budget: NativeBudget,
    pub(crate) pooled_memories: usize,
    pub(crate) artefacts: Option<Artefacts>,
}

impl Config {
    /// The default settings for a ruleset: native code, guarded memories, the ruleset's stack limit.
    pub fn new(ruleset: &'static Ruleset) -> Self {
        Self {
            ruleset,
            tier: Tier::Jit,
            stack_limit: ruleset.stack_limit,
            memory_bounds: MemoryBounds::Guarded,
            memory_page_cap: 65_536,
            promote_calls: 2,
            promote_work: 1_000_000,
            compile_threads: 1,
            compile_queue: 64,
            native_budget: NativeBudget::default(),
            pooled_memories: 16,
            artefacts: None,
        }
    }

    /// How code is executed. Default: [`Tier::Jit`].
    pub fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// Slots of 8 bytes the logical stack may hold: a frame takes its parameters, its locals, its deepest operand
    /// stack and a constant ([`crate::FRAME_OVERHEAD_SLOTS`]), a host function what it calls on through
    /// ([`crate::HOST_CALL_SLOTS`]). Default: the ruleset's. At most 4 Mi.
    pub fn stack_limit(mut self, slots: u32) -> Self {
        self.stack_limit = slots.min(MAX_STACK_LIMIT);
        self
    }

    /// How memory accesses are kept inside the memory. Default: [`MemoryBounds::Guarded`].
    pub fn memory_bounds(mut self, bounds: MemoryBounds) -> Self {
        self.memory_bounds = bounds;
        self
    }

    /// Pages of 64 KiB that any memory may have at most, whatever it declares. Default (and maximum) 65,536.
    /// Part of consensus: all nodes must use the same.
    pub fn memory_page_cap(mut self, pages: u32) -> Self {
        self.memory_page_cap = pages.min(65_536);
        self
    }

    /// For [`Tier::Tiered`]: when a module is queued for compilation, of the functions that have been called. Either at
    /// the start of its call number `calls` (0 and 1: the first), or after a call when all its calls together have used
    /// `work` gas (gas that host functions charge included: it is the one measure of work that costs nothing to take).
    /// Then again after twice, four times, eight times as many calls or as much work that came to a function without
    /// native code, up to the eighth time, when all functions are compiled. Default: 2 calls, a million gas,
    /// which the interpreter spends in about the time that compiling an average contract takes.
    pub fn promote_after(mut self, calls: u32, work: u64) -> Self {
        (self.promote_calls, self.promote_work) = (calls, work);
        self
    }

    /// For [`Tier::Tiered`]: threads that compile, and modules that may wait for one. As many functions of a module are
    /// compiled at once as there are threads without another module. A module that finds no place stays interpreted and
    /// asks again with its next call. Default: 1 thread, 64 modules. 1 to 16 threads.
    pub fn background(mut self, threads: usize, queue: usize) -> Self {
        (self.compile_threads, self.compile_queue) = (threads.clamp(1, 16), queue);
        self
    }

    /// What compiling a module may cost; above, it is interpreted. Default: [`NativeBudget::default`].
    pub fn native_budget(mut self, budget: NativeBudget) -> Self {
        self.native_budget = budget;
        self
    }

    /// Reservations of memories that are gone which the engine keeps for the next ones, with their pages given back
    /// to the system. Guarded, each takes 6 GiB of address space. Default: 16; 0 keeps none.
    pub fn pooled_memories(mut self, count: usize) -> Self {
        self.pooled_memories = count;
        self
    }

    /// Where native code is kept beyond the life of a module, and looked for before a module is compiled: see
    /// [`Artefacts`]. Default: nowhere.
    pub fn artefacts(mut self, artefacts: Option<Artefacts>) -> Self {
        self.artefacts = artefacts;
        self
    }

    /// The ruleset the settings are for.
    pub fn ruleset(&self) -> &'static Ruleset {
        self.ruleset
    }
}

/// Above this the native stack would not be reasonable to reserve.
const MAX_STACK_LIMIT: u32 = 4 * 1024 * 1024;
