//! What the VM asks the node while it runs.

use std::collections::BTreeSet;

use crate::{BigInt, Bytes, CallInput, VmOutput};

/// A hook's refusal. Consensus sees its text where the reference shows it, so it is text and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookError(pub String);

impl std::fmt::Display for HookError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for HookError {}

/// An account as the node knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserAccount {
    /// How many transactions it has sent.
    pub nonce: u64,
    /// EGLD, in its smallest unit.
    pub balance: Option<BigInt>,
    /// The hash of its code; empty when it has none.
    pub code_hash: Bytes,
    /// The root of its storage.
    pub root_hash: Bytes,
    /// Its address, 32 bytes.
    pub address: Bytes,
    /// EGLD its owner may claim, in its smallest unit.
    pub developer_reward: Option<BigInt>,
    /// Who may upgrade it.
    pub owner: Bytes,
    /// Its registered name.
    pub user_name: Bytes,
    /// The two metadata bytes of its code.
    pub code_metadata: Bytes,
}

/// A token in an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EsdtToken {
    /// The token's type as the node numbers it.
    pub token_type: u32,
    /// How much the account has, in the token's smallest unit.
    pub value: Option<BigInt>,
    /// Two bytes of flags; bit 0 of the first is "frozen".
    pub properties: Bytes,
    /// What a non-fungible instance carries.
    pub metadata: Option<EsdtMetadata>,
    /// Kept for later use by the node.
    pub reserved: Bytes,
}

/// What a non-fungible instance carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EsdtMetadata {
    /// The instance.
    pub nonce: u64,
    /// Its name.
    pub name: Bytes,
    /// Who created it, 32 bytes.
    pub creator: Bytes,
    /// The creator's share of sales, in hundredths of a percent (0–10,000).
    pub royalties: u32,
    /// The hash of what it stands for.
    pub hash: Bytes,
    /// Where that is found.
    pub uris: Vec<Bytes>,
    /// Anything else.
    pub attributes: Bytes,
}

/// The node's side: read-only state, answered at any time.
///
/// The order and number of questions are not part of any agreement; the answers are. A method without a `Result`
/// gives the zero value when the node cannot answer.
///
/// # Errors
/// A [`HookError`] is the node's own text; what it means is up to the caller.
#[allow(clippy::missing_errors_doc, reason = "said once for all methods")]
pub trait BlockchainHook {
    /// The address of a contract that `creator` deploys at `creator_nonce`.
    fn new_address(&mut self, creator: &[u8], creator_nonce: u64, vm_type: &[u8])
    -> Result<Bytes, HookError>;
    /// A storage value; empty when unset.
    fn storage_data(&mut self, account: &[u8], key: &[u8]) -> Result<Bytes, HookError>;
    /// The hash of the block with this nonce.
    fn block_hash(&mut self, nonce: u64) -> Result<Bytes, HookError>;
    /// The nonce of the last committed block.
    fn last_nonce(&mut self) -> u64;
    /// The round of the last committed block.
    fn last_round(&mut self) -> u64;
    /// The time of the last committed block, in seconds since 1970.
    fn last_timestamp(&mut self) -> u64;
    /// The random seed of the last committed block.
    fn last_random_seed(&mut self) -> Bytes;
    /// The epoch of the last committed block.
    fn last_epoch(&mut self) -> u32;
    /// The state's root hash.
    fn state_root_hash(&mut self) -> Bytes;
    /// The nonce of the block being executed.
    fn current_nonce(&mut self) -> u64;
    /// The round of the block being executed.
    fn current_round(&mut self) -> u64;
    /// The time of the block being executed, in seconds since 1970.
    fn current_timestamp(&mut self) -> u64;
    /// The random seed of the block being executed.
    fn current_random_seed(&mut self) -> Bytes;
    /// The epoch of the block being executed.
    fn current_epoch(&mut self) -> u32;
    /// A token's data in an account.
    fn esdt_token(&mut self, address: &[u8], token: &[u8], nonce: u64) -> Result<EsdtToken, HookError>;
    /// The names of the node's built-in functions.
    fn builtin_function_names(&mut self) -> BTreeSet<String>;
    /// An account's whole storage.
    fn all_state(&mut self, address: &[u8]) -> Result<Vec<(Bytes, Bytes)>, HookError>;
    /// An account; `None` when there is none.
    fn user_account(&mut self, address: &[u8]) -> Result<Option<UserAccount>, HookError>;
    /// The code of an account, empty when it has none. The node may look at `account`'s address, hash or both.
    fn code(&mut self, account: &UserAccount) -> Bytes;
    /// The shard an address belongs to.
    fn shard_of_address(&mut self, address: &[u8]) -> u32;
    /// Whether an account accepts EGLD.
    fn is_payable(&mut self, address: &[u8]) -> Result<bool, HookError>;
    /// Whether an address is a contract's.
    fn is_smart_contract(&mut self, address: &[u8]) -> bool;
    /// Keeps compiled code for later; a node may drop it.
    fn save_compiled_code(&mut self, code_hash: &[u8], code: &[u8]);
    /// Compiled code kept earlier.
    fn compiled_code(&mut self, code_hash: &[u8]) -> Option<Bytes>;
    /// Marks the state, so that [`revert_to_snapshot`](Self::revert_to_snapshot) can return to it. Asked only when
    /// built-in functions are delegated to the node.
    fn snapshot(&mut self) -> i64;
    /// Returns to a mark. Asked only when built-in functions are delegated to the node.
    fn revert_to_snapshot(&mut self, snapshot: i64) -> Result<(), HookError>;
    /// Runs a built-in function. Asked only when built-in functions are delegated to the node.
    fn process_builtin_function(&mut self, input: &CallInput) -> Result<VmOutput, HookError>;
}
