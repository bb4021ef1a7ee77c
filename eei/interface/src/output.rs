//! What a run changed. Nothing here has happened yet: the node applies it, and only on success.

use crate::{BigInt, Bytes, CallType, ReturnCode};

/// The result of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VmOutput {
    /// What the contract returned, item by item.
    pub return_data: Vec<Bytes>,
    /// How the run ended.
    pub return_code: ReturnCode,
    /// Why it ended so; empty on success. Bytes, since a contract chooses them.
    pub return_message: Bytes,
    /// Gas that was provided and not used.
    pub gas_remaining: u64,
    /// Gas earned back by freeing storage; may not be present in an output that a node built.
    pub gas_refund: Option<BigInt>,
    /// The accounts that were touched, in address order.
    pub output_accounts: Vec<OutputAccount>,
    /// Accounts to delete.
    pub deleted_accounts: Vec<Bytes>,
    /// Accounts to mark as touched.
    pub touched_accounts: Vec<Bytes>,
    /// Log entries, in the order they were written.
    pub logs: Vec<LogEntry>,
    /// What else changes in accounts, in address order. Only for nodes that leave built-in functions to the VM and
    /// say that they take such updates; no message of the pipe carries them.
    pub account_updates: Vec<AccountUpdate>,
}

/// What built-in functions change in an account besides its storage and its balance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountUpdate {
    /// The account, 32 bytes.
    pub address: Bytes,
    /// Its new owner.
    pub owner: Option<Bytes>,
    /// Its new name.
    pub user_name: Option<Bytes>,
    /// The EGLD taken out of its developer reward, in the smallest unit.
    pub claimed_reward: Option<BigInt>,
}

/// What changes in one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputAccount {
    /// The account, 32 bytes.
    pub address: Bytes,
    /// Its new nonce; 0 when it does not change.
    pub nonce: u64,
    /// Its balance before the run, where the run has looked at it.
    pub balance: Option<BigInt>,
    /// What the run adds to its balance.
    pub balance_delta: Option<BigInt>,
    /// Its storage entries that the run wrote, or read, in key order.
    pub storage_updates: Vec<StorageUpdate>,
    /// Its new code; empty when it does not change.
    pub code: Bytes,
    /// Its new code metadata.
    pub code_metadata: Bytes,
    /// Gas used in this account.
    pub gas_used: u64,
    /// What it is sent: value, and calls for other shards.
    pub transfers: Vec<OutputTransfer>,
    /// Who deployed its new code.
    pub code_deployer: Bytes,
}

/// A storage entry; empty data deletes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct StorageUpdate {
    /// The key.
    pub offset: Bytes,
    /// The value.
    pub data: Bytes,
}

/// Value, data and gas that leave for an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputTransfer {
    /// EGLD, in its smallest unit.
    pub value: Option<BigInt>,
    /// The call's data: `function@hex@hex…`.
    pub data: Bytes,
    /// Gas for the call.
    pub gas_limit: u64,
    /// Gas set aside for its callback.
    pub gas_locked: u64,
    /// What kind of call it is.
    pub call_type: CallType,
    /// Who sends it; empty when it is the account being executed.
    pub sender: Bytes,
}

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogEntry {
    /// What happened.
    pub identifier: Bytes,
    /// The contract that says so.
    pub address: Bytes,
    /// Indexed details.
    pub topics: Vec<Bytes>,
    /// Other details; `None` where a built-in function wrote the entry, which nodes tell from empty.
    pub data: Option<Bytes>,
}
