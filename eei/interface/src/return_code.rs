//! How a run can end.

use std::fmt;

macro_rules! return_codes {
    ($($(#[$attr:meta])* $number:literal $name:ident $text:literal;)*) => {
        /// How a run ended. Number and text are visible to consensus.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum ReturnCode { $($(#[$attr])* $name = $number,)* }

        impl ReturnCode {
            /// Every return code, in the order of its number.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The return code with this number, if there is one.
            pub fn from_number(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }

            /// The code as nodes print it and contracts see it.
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

return_codes! {
    /// Success.
    #[default]
    0 Ok "ok";
    /// The contract exports no such function.
    1 FunctionNotFound "function not found";
    /// The function takes parameters or returns results.
    2 FunctionWrongSignature "wrong signature for function";
    /// There is no contract at the address.
    3 ContractNotFound "contract not found";
    /// The contract, or a rule about its functions, said no.
    4 UserError "user error";
    /// The gas provided was not enough.
    5 OutOfGas "out of gas";
    /// An account is already there.
    6 AccountCollision "account collision";
    /// A balance was not enough.
    7 OutOfFunds "out of funds";
    /// Calls were nested too deeply.
    8 CallStackOverflow "call stack overflow";
    /// The code is not an acceptable contract.
    9 ContractInvalid "contract invalid";
    /// The contract trapped, or a host function refused.
    10 ExecutionFailed "execution failed";
    /// An upgrade was refused.
    11 UpgradeFailed "unknown error, code: 11";
    /// A simulation failed.
    12 SimulateFailed "unknown error, code: 12";
}

impl fmt::Display for ReturnCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
