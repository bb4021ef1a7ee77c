//! Prices of operators and locals, ready for summing.

use crate::Op;
use crate::opcode_keys;

/// What each operator costs, and the two numbers that price locals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpCosts {
    prices: Box<[u32]>,
    locals_unmetered: u32,
    local_allocate: u32,
}

impl OpCosts {
    /// Price of an operator that has none: prohibitive rather than free.
    ///
    /// Never charged, as every ruleset rejects such operators before they are planned.
    const UNPRICED: u32 = u32::MAX;

    /// Reads each number from `price`, which knows the keys of the section `WASMOpcodeCost`.
    pub(crate) fn from_prices(price: impl Fn(&str) -> Option<u32>) -> Self {
        let of = |key: &str| price(key).unwrap_or(Self::UNPRICED);
        Self {
            prices: Op::ALL.iter().map(|op| of(opcode_keys::key_of(*op))).collect(),
            locals_unmetered: of(opcode_keys::LOCALS_UNMETERED),
            local_allocate: of(opcode_keys::LOCAL_ALLOCATE),
        }
    }

    /// Every price 0: running without metering, as tests and benchmarks do. No schedule says this.
    pub fn free() -> Self {
        Self {
            prices: Op::ALL.iter().map(|_| 0).collect(),
            locals_unmetered: 0,
            local_allocate: 0,
        }
    }

    /// Gas of one execution of `op`, the part that does not depend on operands.
    pub fn price(&self, op: Op) -> u32 {
        self.price_at(op.index())
    }

    /// The same by index.
    #[inline]
    pub(crate) fn price_at(&self, op: usize) -> u32 {
        self.prices.get(op).copied().unwrap_or(Self::UNPRICED)
    }

    /// How many locals are free (`LocalsUnmetered`).
    pub fn locals_unmetered(&self) -> u32 {
        self.locals_unmetered
    }

    /// Gas of each further local (`LocalAllocate`).
    pub fn local_allocate(&self) -> u32 {
        self.local_allocate
    }
}
