//! The in-memory world: the node's side of the VM, in a few maps.

mod account;
mod address;
mod apply;
mod builtin;
mod hook;
pub(crate) mod token;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use arwen_eei::builtin::BuiltinPrices;
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
#[derive(Clone, Debug)]
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
    /// The shard this world is, where [`Self::shard_rule`] knows others.
    pub own_shard: u32,
    /// What built-in functions cost.
    pub builtin_prices: BuiltinPrices,
    /// The contracts that may name accounts.
    pub name_services: BTreeSet<Bytes>,
    compiled_code: BTreeMap<Bytes, Bytes>,
    snapshots: Vec<BTreeMap<Bytes, Account>>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// The name services of scenarios; the last byte that is left over has none.
pub fn scenario_name_services() -> impl Iterator<Item = Bytes> {
    (0..u8::MAX).map(|last| crate::expr::contract_by_name("dns", last))
}

impl World {
    /// An empty world.
    pub fn new() -> Self {
        Self {
            accounts: BTreeMap::new(),
            current_block: BlockInfo::default(),
            previous_block: BlockInfo::default(),
            block_hashes: Vec::new(),
            new_addresses: Vec::new(),
            state_root_hash: Bytes::new(),
            shard_rule: ShardRule::default(),
            metadata_rule: MetadataRule::default(),
            own_shard: 0,
            builtin_prices: BuiltinPrices::uniform(1),
            name_services: BTreeSet::new(),
            compiled_code: BTreeMap::new(),
            snapshots: Vec::new(),
        }
    }

    /// The empty world of a scenario: deployed code gets [`SCENARIO_CODE_METADATA`], and the contracts `sc:dns#00` to
    /// `sc:dns#fe` may name accounts.
    pub fn for_scenario() -> Self {
        let mut world = Self::new();
        world.metadata_rule = MetadataRule::Scenario;
        world.name_services = scenario_name_services().collect();
        world
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
