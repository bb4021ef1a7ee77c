//! What is in a world, for people and for machines.

use std::fmt;
use std::path::Path;

use arwen_scenario::Account;
use arwen_scenario::expr::hex;
use arwen_world::{State, VERSION};
use serde::Serialize;

use crate::show::{Units, address, show};

/// The whole world, without storage. Bytes are in hex, EGLD in its smallest unit.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    folder: String,
    version: u64,
    gas_schedule: &'static str,
    /// How many steps an export has, its check aside.
    steps: u64,
    shards: u32,
    /// How much is on its way between shards.
    travelling: usize,
    block: Block,
    accounts: Vec<AccountLine>,
}

#[derive(Debug, Serialize)]
struct Block {
    nonce: u64,
    round: u64,
    timestamp: u64,
    epoch: u32,
    seed: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountLine {
    address: String,
    nonce: u64,
    balance: String,
    code_bytes: usize,
    code_hash: String,
    owner: String,
    storage_entries: usize,
    #[serde(skip)]
    name: String,
    #[serde(skip)]
    owner_name: String,
}

/// One account, all of it.
#[derive(Debug, Serialize)]
pub struct Details {
    #[serde(flatten)]
    line: AccountLine,
    username: String,
    metadata: String,
    storage: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    key: String,
    value: String,
    #[serde(skip)]
    text: String,
}

impl Overview {
    /// What is in a world.
    pub fn new(folder: &Path, state: &State) -> Self {
        let block = &state.world.current_block;
        Self {
            folder: folder.display().to_string(),
            version: VERSION,
            gas_schedule: state.settings.gas_schedule.bundled_name(),
            steps: state.steps,
            shards: state.settings.shards.get(),
            travelling: state.between.journey.travelling.len(),
            block: Block {
                nonce: block.nonce,
                round: block.round,
                timestamp: block.timestamp,
                epoch: block.epoch,
                seed: hex(&block.random_seed),
            },
            accounts: state
                .world
                .accounts
                .iter()
                .map(|(address, account)| AccountLine::new(address, account))
                .collect(),
        }
    }
}

impl AccountLine {
    fn new(at: &[u8], account: &Account) -> Self {
        Self {
            address: hex(at),
            nonce: account.nonce,
            balance: account.balance.to_string(),
            code_bytes: account.code.len(),
            code_hash: hex(&account.code_hash),
            owner: hex(&account.owner),
            storage_entries: account.storage.values().filter(|value| !value.is_empty()).count(),
            name: address(at),
            owner_name: address(&account.owner),
        }
    }
}

impl Details {
    /// What is in an account.
    pub fn new(address: &[u8], account: &Account) -> Self {
        let entries = account.storage.iter().filter(|(_, value)| !value.is_empty());
        Self {
            line: AccountLine::new(address, account),
            username: String::from_utf8_lossy(&account.username).into_owned(),
            metadata: hex(&account.code_metadata),
            storage: entries
                .map(|(key, value)| Entry {
                    key: hex(key),
                    value: hex(value),
                    text: format!("{}: {}", show(key), show(value)),
                })
                .collect(),
        }
    }
}

impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "world {}: version {}, gas schedule {}, {} steps\nblock nonce {}, round {}, {} s, epoch {}",
            self.folder,
            self.version,
            self.gas_schedule,
            self.steps,
            self.block.nonce,
            self.block.round,
            self.block.timestamp,
            self.block.epoch
        )?;
        if self.shards > 1 {
            write!(
                f,
                "\n{} shards, {} messages between them",
                self.shards, self.travelling
            )?;
        }
        for account in &self.accounts {
            write!(f, "\n{account}")?;
        }
        Ok(())
    }
}

impl fmt::Display for AccountLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: nonce {}, balance {}", self.name, self.nonce, self.balance)?;
        if self.code_bytes > 0 {
            let bytes = Units(self.code_bytes as u64);
            write!(f, ", contract of {bytes} bytes, owner {}", self.owner_name)?;
        }
        match self.storage_entries {
            0 => Ok(()),
            1 => f.write_str(", 1 storage entry"),
            count => write!(f, ", {count} storage entries"),
        }
    }
}

impl fmt::Display for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.line)?;
        if !self.username.is_empty() {
            write!(f, "\n  username  {}", self.username)?;
        }
        if !self.metadata.is_empty() {
            write!(
                f,
                "\n  code      metadata {}, SHA-256 {}",
                self.metadata, self.line.code_hash
            )?;
        }
        for entry in &self.storage {
            write!(f, "\n  storage   {}", entry.text)?;
        }
        Ok(())
    }
}
