//! What a run changed. Nothing here has happened yet: the node applies it, and only on success.

use crate::{BigInt, Bytes, CallType, ReturnCode};

/// The largest output that a run may have, as [`VmOutput::decoded_size`] counts it: 128 MiB. It is half of what a frame
/// of the pipe protocol takes, and no encoding needs more than twice the size, so whether an output reaches the node
/// depends on no encoding, and not on whether there is a pipe.
pub const MAX_OUTPUT_SIZE: u64 = 128 << 20;

/// An output that is larger than [`MAX_OUTPUT_SIZE`]. The run fails, as if the VM itself had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputTooLarge {
    /// Its size; see [`VmOutput::decoded_size`].
    pub size: u64,
}

impl std::fmt::Display for OutputTooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "output of {} bytes, at most {MAX_OUTPUT_SIZE} are possible",
            self.size
        )
    }
}

impl std::error::Error for OutputTooLarge {}

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

impl VmOutput {
    /// What it takes in memory, in bytes: every item of a list and every byte of its contents, but for the
    /// [account updates](Self::account_updates), which do not travel. Integers count twice and the return message four
    /// times, for what text makes of them.
    pub fn decoded_size(&self) -> u64 {
        let accounts = self.output_accounts.iter().map(OutputAccount::decoded_size);
        let logs = self.logs.iter().map(LogEntry::decoded_size);
        4 * self.return_message.len() as u64
            + integer(self.gas_refund.as_ref())
            + list(&self.return_data)
            + list(&self.deleted_accounts)
            + list(&self.touched_accounts)
            + accounts.chain(logs).sum::<u64>()
    }

    /// Whether it is small enough to be the result of a run.
    ///
    /// # Errors
    /// It is too large.
    pub fn check_size(&self) -> Result<(), OutputTooLarge> {
        match self.decoded_size() {
            ..=MAX_OUTPUT_SIZE => Ok(()),
            size => Err(OutputTooLarge { size }),
        }
    }
}

/// What one item of a list takes besides its contents.
const fn item<T>() -> u64 {
    size_of::<T>() as u64
}

fn list(items: &[Bytes]) -> u64 {
    items
        .iter()
        .map(|bytes| item::<Bytes>() + bytes.len() as u64)
        .sum()
}

fn integer(value: Option<&BigInt>) -> u64 {
    value.map_or(0, |value| 2 * value.bits().div_ceil(8))
}

impl OutputAccount {
    fn decoded_size(&self) -> u64 {
        let bytes = [
            &self.address,
            &self.code,
            &self.code_metadata,
            &self.code_deployer,
        ];
        let updates = self
            .storage_updates
            .iter()
            .map(|update| item::<StorageUpdate>() + update.offset.len() as u64 + update.data.len() as u64);
        let transfers = self.transfers.iter().map(|transfer| {
            let bytes = transfer.data.len() + transfer.sender.len();
            item::<OutputTransfer>() + integer(transfer.value.as_ref()) + bytes as u64
        });
        item::<Self>()
            + integer(self.balance.as_ref())
            + integer(self.balance_delta.as_ref())
            + bytes.map(|bytes| bytes.len() as u64).iter().sum::<u64>()
            + updates.chain(transfers).sum::<u64>()
    }
}

impl LogEntry {
    fn decoded_size(&self) -> u64 {
        let data = self.data.as_ref().map_or(0, Bytes::len);
        let bytes = self.identifier.len() + self.address.len() + data;
        item::<Self>() + bytes as u64 + list(&self.topics)
    }
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
