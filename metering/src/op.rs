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
}
