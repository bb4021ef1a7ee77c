//! What a node and a smart-contract VM say to each other.
//!
//! Two directions: a node hands the VM an input ([`CreateInput`], [`CallInput`]) and gets a [`VmOutput`] back; while
//! it works, the VM asks the node through [`BlockchainHook`]. Everything here is plain data without behaviour of its
//! own, so a node can link this crate without linking an engine.

mod hook;
mod input;
mod output;
mod return_code;

pub use hook::{BlockchainHook, EsdtMetadata, EsdtToken, HookError, UserAccount};
pub use input::{CallInput, CallType, CreateInput, EsdtTransfer, EsdtType, VmInput};
pub use num_bigint::BigInt;
pub use output::{
    AccountUpdate, LogEntry, MAX_OUTPUT_SIZE, OutputAccount, OutputTooLarge, OutputTransfer, StorageUpdate,
    VmOutput,
};
pub use return_code::ReturnCode;

/// Bytes of no fixed length: keys, values, code, hashes.
pub type Bytes = Vec<u8>;

/// The error of a run that was stopped from outside. It has no output, so there is nothing to apply.
pub const INTERRUPTED: &str = "execution interrupted";

/// The length of an account address, in bytes.
pub const ADDRESS_LEN: usize = 32;
