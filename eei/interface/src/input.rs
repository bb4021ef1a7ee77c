//! What a node asks the VM to run.

use crate::{BigInt, Bytes};

/// Who caused a call, and which reply its caller expects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CallType {
    /// A transaction, or a synchronous call from a contract.
    #[default]
    Direct = 0,
    /// An asynchronous call: its caller's callback will be told the result.
    Asynchronous = 1,
    /// The callback of an asynchronous call.
    Callback = 2,
    /// A token transfer that also executes the receiver.
    EsdtTransferAndExecute = 3,
}

impl CallType {
    /// The call type with this number on the wire, if there is one.
    pub fn from_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Direct),
            1 => Some(Self::Asynchronous),
            2 => Some(Self::Callback),
            3 => Some(Self::EsdtTransferAndExecute),
            _ => None,
        }
    }
}

/// What kind of token an ESDT transfer moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum EsdtType {
    /// Interchangeable units.
    #[default]
    Fungible = 0,
    /// Instances told apart by a nonce.
    NonFungible = 1,
}

/// One token transfer that arrives with a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EsdtTransfer {
    /// The amount, in the token's smallest unit.
    pub value: Option<BigInt>,
    /// The token's identifier.
    pub token_name: Bytes,
    /// The token's type as the node numbers it; see [`EsdtType`].
    pub token_type: u32,
    /// The instance; 0 for fungible tokens.
    pub token_nonce: u64,
}

/// What deployments and calls have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VmInput {
    /// The account that calls, 32 bytes.
    pub caller: Bytes,
    /// The arguments.
    pub arguments: Vec<Bytes>,
    /// The EGLD that comes with the call, in its smallest unit; a node may leave it out for none.
    pub call_value: Option<BigInt>,
    /// Who caused the call.
    pub call_type: CallType,
    /// The price of one unit of gas.
    pub gas_price: u64,
    /// The gas the call may use, loading included.
    pub gas_provided: u64,
    /// The gas set aside for a callback.
    pub gas_locked: u64,
    /// The hash of the transaction that began the chain of calls.
    pub original_tx_hash: Bytes,
    /// The hash of the transaction, or smart-contract result, being executed.
    pub current_tx_hash: Bytes,
    /// The hash of the one before it.
    pub prev_tx_hash: Bytes,
    /// The tokens that come with the call.
    pub esdt_transfers: Vec<EsdtTransfer>,
    /// Whether this call returns tokens after an error, so that checks on them must not fail.
    pub return_call_after_error: bool,
}

/// A deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateInput {
    /// The common part; the arguments go to `init`.
    pub vm_input: VmInput,
    /// The WebAssembly binary.
    pub code: Bytes,
    /// The two metadata bytes: upgradeable, readable, payable.
    pub code_metadata: Bytes,
}

/// A call of a function of a contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallInput {
    /// The common part.
    pub vm_input: VmInput,
    /// The contract, 32 bytes.
    pub recipient: Bytes,
    /// The exported function.
    pub function: String,
    /// Whether `init` may be called by name.
    pub allow_init_function: bool,
}
