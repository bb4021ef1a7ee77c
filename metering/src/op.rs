//! The one list of operators, read from wasmparser's.

use wasmparser::Operator;

macro_rules! define_op {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        /// A WebAssembly operator without its immediates, spelled as wasmparser spells it.
        ///
        /// The number behind a variant is an index for tables in memory. It changes with wasmparser and must not be
        /// stored or sent.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        #[allow(missing_docs)]
        pub enum Op { $($op,)* }

        impl Op {
            /// Every operator, in the order of their numbers.
            pub const ALL: &'static [Op] = &[$(Op::$op),*];
            /// How many operators there are.
            pub const COUNT: usize = Self::ALL.len();

            /// The operator of an instruction.
            #[inline(always)]
            pub fn of(operator: &Operator<'_>) -> Op {
                match operator {
                    $(Operator::$op { .. } => Op::$op,)*
                    // Closes wasmparser's non-exhaustive enum; its own list above leaves nothing out.
                    _ => Op::Unreachable,
                }
            }

            /// The name, as in `I32Add`.
            pub fn name(self) -> &'static str {
                match self { $(Op::$op => stringify!($op),)* }
            }

            /// The WebAssembly proposal that brought the operator, as wasmparser names it; `mvp` for the first version.
            pub fn proposal(self) -> &'static str {
                match self { $(Op::$op => stringify!($proposal),)* }
            }
        }
    };
}
wasmparser::for_each_operator!(define_op);

impl Op {
    /// The number as a table index.
    #[inline]
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// Whether executing the operator can end in a trap, or in a call. Where in doubt, it can.
    pub fn may_trap(self) -> bool {
        !SAFE.contains(&self)
    }
}

/// Operators that never trap and leave the function only by a branch.
#[rustfmt::skip]
const SAFE: &[Op] = &[
    Op::Nop, Op::Block, Op::Loop, Op::If, Op::Else, Op::End, Op::Br, Op::BrIf, Op::BrTable, Op::Return,
    Op::Drop, Op::Select, Op::TypedSelect, Op::LocalGet, Op::LocalSet, Op::LocalTee, Op::GlobalGet, Op::GlobalSet,
    Op::MemorySize, Op::TableSize, Op::RefNull, Op::RefIsNull, Op::RefFunc, Op::I32Const, Op::I64Const,
    Op::I32Eqz, Op::I32Eq, Op::I32Ne, Op::I32LtS, Op::I32LtU, Op::I32GtS, Op::I32GtU, Op::I32LeS, Op::I32LeU,
    Op::I32GeS, Op::I32GeU, Op::I64Eqz, Op::I64Eq, Op::I64Ne, Op::I64LtS, Op::I64LtU, Op::I64GtS, Op::I64GtU,
    Op::I64LeS, Op::I64LeU, Op::I64GeS, Op::I64GeU,
    Op::I32Clz, Op::I32Ctz, Op::I32Popcnt, Op::I32Add, Op::I32Sub, Op::I32Mul, Op::I32And, Op::I32Or, Op::I32Xor,
    Op::I32Shl, Op::I32ShrS, Op::I32ShrU, Op::I32Rotl, Op::I32Rotr,
    Op::I64Clz, Op::I64Ctz, Op::I64Popcnt, Op::I64Add, Op::I64Sub, Op::I64Mul, Op::I64And, Op::I64Or, Op::I64Xor,
    Op::I64Shl, Op::I64ShrS, Op::I64ShrU, Op::I64Rotl, Op::I64Rotr,
    Op::I32WrapI64, Op::I64ExtendI32S, Op::I64ExtendI32U, Op::I32Extend8S, Op::I32Extend16S, Op::I64Extend8S,
    Op::I64Extend16S, Op::I64Extend32S,
];
