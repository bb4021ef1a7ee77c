//! Traps: every way in which running code stops without a result.

/// Declares [`Trap`] from one row a trap: stable number, name, message, doc.
macro_rules! traps {
    ($($(#[doc = $doc:literal])* $code:literal $name:ident $text:literal;)*) => {
        /// Why execution stopped. The numbers are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
        #[repr(u8)]
        pub enum Trap {
            $($(#[doc = $doc])* #[error($text)] $name = $code,)*
        }

        impl Trap {
            /// Every trap, by number.
            pub const ALL: &[Trap] = &[$(Trap::$name),*];

            /// The trap of a number; `None` when no trap has it.
            pub fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

traps! {
    /// The operator `unreachable` ran.
    1 Unreachable "unreachable executed";
    /// A load, store or bulk operator reached past the end of the memory, or a data segment past its own end.
    2 MemoryOutOfBounds "out of bounds memory access";
    /// A table operator reached past the end of the table, or an element segment past its own end.
    3 TableOutOfBounds "out of bounds table access";
    /// `call_indirect` through a table index past the end of the table.
    4 UndefinedElement "undefined element";
    /// `call_indirect` through a null reference.
    5 IndirectCallToNull "uninitialized element";
    /// `call_indirect` to a function of another type than expected.
    6 BadSignature "indirect call type mismatch";
    /// A signed division whose result does not fit.
    7 IntegerOverflow "integer overflow";
    /// A division or remainder by zero.
    8 IntegerDivisionByZero "integer divide by zero";
    /// The logical stack limit was reached.
    9 StackOverflow "call stack exhausted";
    /// The gas used reached the limit. All of the limit has been used, no more; what memories, globals and tables of the
    /// store hold is not defined.
    10 OutOfGas "out of gas";
    /// The interrupt flag was raised from outside.
    11 Interrupted "interrupted";
    /// A host function asked to stop.
    12 Host "stopped by the host";
    /// `invoke` was given arguments that are not of the function's types, or a handle of another store.
    13 BadInvocation "arguments do not match the function";
    /// A bug of the engine: validated code that a tier could not run.
    14 Internal "internal error";
    /// The machine refused memory to a memory or table that was allowed to grow. Not an outcome of the code: on another
    /// machine it goes on.
    15 NoMemory "the machine refused memory";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_dense_and_go_both_ways() {
        for (i, trap) in Trap::ALL.iter().enumerate() {
            assert_eq!(*trap as usize, i + 1);
            assert_eq!(Trap::from_code(*trap as u8), Some(*trap));
        }
        assert_eq!(Trap::from_code(0), None);
        assert_eq!(Trap::from_code(Trap::ALL.len() as u8 + 1), None);
    }
}
