//! The in-memory world: the node's side of the VM, in a few maps.

mod account;
mod address;
mod apply;
mod hook;
pub mod token;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use arwen_interface::{BigInt, Bytes};

pub use account::{Account, SCENARIO_CODE_METADATA};
pub use address::{CONTRACT_LEADING_ZEROS, generated_address, is_contract_address, is_contract_format};
pub use apply::WorldError;

/// The length of a block's random seed, in bytes.
pub const RANDOM_SEED_LEN: usize = 48;

/// What contracts can ask about a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockInfo {
    /// Seconds since 1970.
    pub timestamp: u64,
    /// The block's number.
    pub nonce: u64,
    /// The round it was proposed in.
    pub round: u64,
    /// The epoch it belongs to.
    pub epoch: u32,
    /// Its random seed, 48 bytes; empty when the world has none.
    pub random_seed: Bytes,
}

/// Where a deployment goes, by decree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAddress {
    /// The deploying account.
    pub creator: Bytes,
    /// Its nonce before the deployment.
    pub creator_nonce: u64,
    /// The contract's address.
    pub address: Bytes,
}

/// How the world tells shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShardRule {
    /// By [`Account::shard`]; unknown accounts are in shard 0.
    #[default]
    ByAccount,
    /// By the last byte of the address, modulo the number of shards.
    ByLastByte(NonZeroU32),
}

/// Which metadata deployed code gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetadataRule {
    /// What the deployment asked for.
    #[default]
    AsDeployed,
    /// [`SCENARIO_CODE_METADATA`], whatever the deployment asked for.
    Scenario,
}

/// Accounts and blocks in memory. Answers the VM's questions and takes what it did.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The accounts, by address.
    pub accounts: BTreeMap<Bytes, Account>,
    /// The block being executed.
    pub current_block: BlockInfo,
    /// The one before.
    pub previous_block: BlockInfo,
    /// Hashes of the current block and the ones before it, newest first.
    pub block_hashes: Vec<Bytes>,
    /// Decreed addresses; of several that match the first counts.
    pub new_addresses: Vec<NewAddress>,
    /// The root hash of the state.
    pub state_root_hash: Bytes,
    /// How shards are told.
    pub shard_rule: ShardRule,
    /// Which metadata deployed code gets.
    pub metadata_rule: MetadataRule,
    compiled_code: BTreeMap<Bytes, Bytes>,
    snapshots: Vec<BTreeMap<Bytes, Account>>,
}

impl World {
    /// An empty world.
    pub fn new() -> Self {
        Self::default()
    }

    /// The empty world of a scenario.
    pub fn for_scenario() -> Self {
        Self {
            metadata_rule: MetadataRule::Scenario,
            ..Self::default()
        }
    }

    /// The account at an address.
    pub fn account(&self, address: &[u8]) -> Option<&Account> {
        self.accounts.get(address)
    }

    /// Puts an account at an address, in place of the one that was there.
    pub fn put(&mut self, address: impl Into<Bytes>, account: Account) {
        self.accounts.insert(address.into(), account);
    }

    /// The EGLD at an address, in its smallest unit; 0 when there is no account.
    pub fn balance(&self, address: &[u8]) -> BigInt {
        self.account(address)
            .map_or(BigInt::ZERO, |account| account.balance.clone())
    }

    /// The shard of an address.
    pub fn shard_of(&self, address: &[u8]) -> u32 {
        match self.shard_rule {
            ShardRule::ByAccount => self.account(address).map_or(0, |account| account.shard),
            ShardRule::ByLastByte(shards) => address.last().map_or(0, |&byte| u32::from(byte) % shards),
        }
    }
}
