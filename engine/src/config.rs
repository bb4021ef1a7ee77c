//! Settings of an engine.

use crate::ruleset::Ruleset;

/// How code is executed. Which tier ran is unobservable except by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Interpreted; needs no executable memory.
    Interpreter,
    /// Compiled to native code when the module is created.
    Jit,
    /// Interpreted until native code is ready.
    Tiered,
}

/// How memory accesses are kept inside the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemoryBounds {
    /// Inaccessible pages after the memory where the system grants the address space, else compares.
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
        }
    }

    /// How code is executed. Default: [`Tier::Jit`].
    pub fn tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// Slots of 8 bytes the logical stack may hold: a frame takes its parameters, its locals, its deepest operand
    /// stack and a constant ([`crate::FRAME_OVERHEAD_SLOTS`]). Default: the ruleset's. At most 4 Mi.
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

    /// The ruleset the settings are for.
    pub fn ruleset(&self) -> &'static Ruleset {
        self.ruleset
    }
}

/// Above this the native stack would not be reasonable to reserve.
const MAX_STACK_LIMIT: u32 = 4 * 1024 * 1024;
