//! Every error text and the return code it leads to, once.

use arwen_interface::{HookError, ReturnCode};

/// Declares [`EeiError`] from one row an error: name, text, return code.
macro_rules! errors {
    ($($(#[doc = $doc:literal])* $name:ident $text:literal $code:ident;)*) => {
        /// Why a host function or a call failed. The texts are visible to consensus.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum EeiError {
            $($(#[doc = $doc])* $name,)*
            /// A text that something else chose: a hook, the engine, or a row with a number in it. Ends in
            /// `ExecutionFailed`.
            Text(String),
        }

        impl EeiError {
            /// The text as a node sees it.
            pub fn text(&self) -> &str {
                match self { $(Self::$name => $text,)* Self::Text(text) => text }
            }

            /// The return code of a run that ends with this error.
            pub fn return_code(&self) -> ReturnCode {
                match self { $(Self::$name => ReturnCode::$code,)* Self::Text(_) => ReturnCode::ExecutionFailed }
            }
        }
    };
}

errors! {
    /// A nested call ended with another code than `Ok`.
    ReturnCodeNotOk "return code is not ok" ExecutionFailed;
    /// A contract was created in read-only mode.
    ReadOnlyMode "operation not permitted in read only mode" ExecutionFailed;
    /// A charge, or the charges of wasm code, exceed the gas.
    NotEnoughGas "not enough gas" OutOfGas;
    /// A breakpoint without a meaning.
    UnhandledBreakpoint "unhandled runtime breakpoint" ExecutionFailed;
    /// The contract called `signalError`; its message is in the output.
    SignalError "error signalled by smartcontract" UserError;
    /// A trap, or a host function refused.
    ExecutionFailed "execution failed" ExecutionFailed;
    /// A load starts outside the memory.
    LoadBadBounds "mem load: bad bounds" ExecutionFailed;
    /// A load of a negative length.
    LoadNegativeLength "mem load: negative length" ExecutionFailed;
    /// A store starts before the memory.
    StoreBadLowerBounds "bad bounds (lower)" ExecutionFailed;
    /// A store ends past the memory, even with a page more.
    StoreBadUpperBounds "bad bounds (upper)" ExecutionFailed;
    /// A transfer of more than the balance.
    InsufficientFunds "failed transfer (insufficient funds)" OutOfFunds;
    /// A transfer of a negative value.
    NegativeTransfer "failed transfer (negative value)" ExecutionFailed;
    /// An upgrade without code and metadata.
    InvalidUpgradeArguments "upgrade failed (invalid arguments)" UpgradeFailed;
    /// A call of a constructor by name.
    InitCalledDirectly "invalid function (calling init() directly is forbidden)" UserError;
    /// A call of `callBack` that is not a callback.
    CallbackCalledDirectly "invalid function (calling callBack() directly is forbidden)" UserError;
    /// A callback nobody waits for.
    CallbackNotExpected "invalid function (unexpected callback was received)" UserError;
    /// The contract exports no such function.
    FunctionNotFound "invalid function (not found)" FunctionNotFound;
    /// The code cannot be a contract.
    ContractInvalid "invalid contract code" ContractInvalid;
    /// The account has no code.
    ContractNotFound "invalid contract code (not found)" ContractNotFound;
    /// New code exports no memory.
    MemoryMissing "invalid contract code (missing memory declaration)" ContractInvalid;
    /// Too many instances at once.
    MaxInstancesReached "execution failed (max instances reached)" ExecutionFailed;
    /// A write under the prefix that belongs to the node.
    ReservedKey "cannot write to storage under Elrond reserved key" ExecutionFailed;
    /// A write under the prefix that belongs to the VM.
    ProtectedKey "cannot write to protected key" ExecutionFailed;
    /// EGLD came with a call that takes none.
    NonPayableEgld "function does not accept EGLD payment" ExecutionFailed;
    /// A token came with a call that takes none.
    NonPayableEsdt "function does not accept ESDT payment" ExecutionFailed;
    /// No argument has this index.
    ArgumentIndexOutOfRange "argument index out of range" ExecutionFailed;
    /// An argument does not fit 64 bits.
    ArgumentOutOfRange "argument out of range" ExecutionFailed;
    /// A stored value does not fit 64 bits.
    StorageValueOutOfRange "storage value out of range" ExecutionFailed;
    /// A big-integer division by zero.
    DivisionByZero "division by 0" ExecutionFailed;
    /// A bit operation on a negative number.
    BitwiseNegative "bitwise operations only allowed on positive integers" ExecutionFailed;
    /// A shift of a negative number or by a negative amount.
    ShiftNegative "bitwise shift operations only allowed on positive integers and by a positive amount" ExecutionFailed;
    /// The node knows no such account.
    AccountMissing "account does not exist" ExecutionFailed;
    /// A new contract's address is taken.
    DeployOverAccount "cannot deploy over existing account" ExecutionFailed;
    /// EGLD for a contract that takes none.
    NotPayable "sending value to non payable contract" ExecutionFailed;
    /// A secp256k1 key that is neither 33 nor 65 bytes long.
    InvalidKeySize "invalid public key size" ExecutionFailed;
    /// The contract exports no `callBack`.
    NilCallback "nil callback function" ExecutionFailed;
    /// The caller may not upgrade the contract, or nobody may.
    UpgradeNotAllowed "upgrade not allowed" ExecutionFailed;
    /// An upgrade of an account that does not exist.
    NilContract "nil contract" ExecutionFailed;
    /// A built-in function called on the same context.
    BuiltinOnSameContext "calling built-in function on the same context is disallowed" ExecutionFailed;
    /// A synchronous call into another shard.
    NotSameShard "sync execution request is not in the same shard" ExecutionFailed;
    /// The gas of the accounts does not add up.
    GasMismatch "input and output gas does not match" ExecutionFailed;
    /// Gas was used by an account that the output does not have.
    GasAccountMissing "expected OutputAccount has used gas but is missing" ExecutionFailed;
    /// Call data that is not `function@hex@hex…`.
    TokenizeFailed "tokenize failed" ExecutionFailed;
}

impl EeiError {
    /// An array of arguments with a negative count.
    pub(crate) fn negative_arguments(count: i32) -> Self {
        Self::Text(format!("negative numArguments ({count})"))
    }

    /// A list of topics with a negative count.
    pub(crate) fn negative_topics(count: i32) -> Self {
        Self::Text(format!("GuardedMakeByteSlice2D: negative length ({count})"))
    }

    /// A free page was refused; `left` is the size the memory would have had, in pages.
    pub(crate) fn grow_failed(left: u64, max: u32) -> Self {
        Self::Text(format!(
            "Failed to grow the memory:\n    Failed to add pages because would exceed maximum number of pages for \
             the memory. Left: {left}, Added: {max}"
        ))
    }

    /// A built-in function that changes what the output has no place for, as far as the node reads it.
    pub(crate) fn builtin_needs_node(function: &str) -> Self {
        Self::Text(format!(
            "built-in function {function} has to be processed by the node"
        ))
    }

    /// An exported function whose name new code may not use.
    pub(crate) fn invalid_name(name: &str) -> Self {
        Self::Text(format!("invalid function (invalid name): {name}"))
    }

    /// An exported function of new code that takes parameters or returns something.
    pub(crate) fn nonvoid_signature(name: &str) -> Self {
        Self::Text(format!("invalid function (nonvoid signature): {name}"))
    }
}

impl std::fmt::Display for EeiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for EeiError {}

impl From<HookError> for EeiError {
    fn from(error: HookError) -> Self {
        Self::Text(error.0)
    }
}

/// A run that has no output: the reference returns an error value instead. Its text is part of the reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VmError(pub String);

/// How a host function ends when it does not return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The fault procedure: all gas is used and the text is the message.
    Fault(EeiError),
    /// A breakpoint that is already set.
    Breakpoint,
}

impl From<EeiError> for Stop {
    fn from(error: EeiError) -> Self {
        Self::Fault(error)
    }
}

impl From<HookError> for Stop {
    fn from(error: HookError) -> Self {
        Self::Fault(error.into())
    }
}
