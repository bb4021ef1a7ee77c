//! Where gas is charged and where the limit is looked at: the part of a ruleset that metering owns.

use crate::Op;

/// How a ruleset meters code. Pure data; [`ModulePlanner`](crate::ModulePlanner) is its only reader.
///
/// The comparison at a check is the same in all: out of gas when `used >= limit`, unsigned. An interrupt relies on it,
/// as it works by setting the limit to 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Operators before which everything gathered so far, their own price included, is charged.
    pub flush: &'static [Op],
    /// Operators before which, after the charge, the limit is checked. Each is a charge point as well.
    pub check: &'static [Op],
    /// Operators that also pay for an amount known only when they run. Each is a charge point as well.
    pub units: &'static [UnitRate],
    /// How locals are paid.
    pub locals: LocalsRule,
}

/// What an operator pays per unit of the count on top of the operand stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitRate {
    /// The operator.
    pub op: Op,
    /// The operator whose price measures one unit.
    pub measure: Op,
    /// How many times that price one unit costs, at least 1.
    pub factor: u32,
}

/// How declared locals (parameters are not among them) are paid, always with the first charge of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalsRule {
    /// Each declaration group pays for its locals beyond the free ones. A 32-bit sum runs through the whole module, so a
    /// function also pays for the locals of those before it.
    GroupsOfModule,
    /// A function pays for its own locals beyond the free ones.
    TotalOfFunction,
}

impl Rules {
    /// The July 2021 VM, quirks included.
    pub const ARWEN_1_3: Self = Self {
        flush: FLUSH_1_3,
        check: &[Op::Br, Op::BrTable, Op::BrIf, Op::Call, Op::CallIndirect],
        units: &[],
        locals: LocalsRule::GroupsOfModule,
    };

    /// For new chains: a check at every charge, and work paid by its size.
    pub const STRICT: Self = Self {
        flush: FLUSH_STRICT,
        check: FLUSH_STRICT,
        units: &[
            UnitRate {
                op: Op::MemoryGrow,
                ..PAGE
            },
            UnitRate {
                op: Op::MemoryCopy,
                ..BYTE
            },
            UnitRate {
                op: Op::MemoryFill,
                ..BYTE
            },
            UnitRate {
                op: Op::MemoryInit,
                ..BYTE
            },
            UnitRate {
                op: Op::TableGrow,
                ..ELEMENT
            },
            UnitRate {
                op: Op::TableCopy,
                ..ELEMENT
            },
            UnitRate {
                op: Op::TableFill,
                ..ELEMENT
            },
            UnitRate {
                op: Op::TableInit,
                ..ELEMENT
            },
        ],
        locals: LocalsRule::TotalOfFunction,
    };
}

/// A byte costs the least an operator can: less than moving it by loads and stores, so that bulk operators pay off.
const BYTE: UnitRate = UnitRate {
    op: Op::MemoryCopy,
    measure: Op::Nop,
    factor: 1,
};
/// An element is a word to store.
const ELEMENT: UnitRate = UnitRate {
    op: Op::TableCopy,
    measure: Op::I64Store,
    factor: 1,
};
/// A page is 65,536 zeros that the system hands out, 16 of them at the price of a byte.
const PAGE: UnitRate = UnitRate {
    op: Op::MemoryGrow,
    measure: Op::Nop,
    factor: 65_536 / 16,
};

const FLUSH_1_3: &[Op] = &[
    Op::Loop,
    Op::Block,
    Op::End,
    Op::If,
    Op::Else,
    Op::Unreachable,
    Op::Br,
    Op::BrTable,
    Op::BrIf,
    Op::Call,
    Op::CallIndirect,
    Op::Return,
];

const FLUSH_STRICT: &[Op] = &[
    Op::Loop,
    Op::Block,
    Op::End,
    Op::If,
    Op::Else,
    Op::Unreachable,
    Op::Br,
    Op::BrTable,
    Op::BrIf,
    Op::Call,
    Op::CallIndirect,
    Op::Return,
    Op::ReturnCall,
    Op::ReturnCallIndirect,
    Op::MemoryGrow,
    Op::MemoryCopy,
    Op::MemoryFill,
    Op::MemoryInit,
    Op::TableGrow,
    Op::TableCopy,
    Op::TableFill,
    Op::TableInit,
];
