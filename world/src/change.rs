//! What differs between two worlds.

use std::collections::BTreeSet;

use arwen_interface::Bytes;
use arwen_scenario::{Account, World};

/// An account that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its address.
    pub address: Bytes,
    /// What it was; none when it did not exist.
    pub before: Option<Account>,
    /// What it is; none when it does not exist any more.
    pub after: Option<Account>,
}

/// A storage entry that differs. Empty is the same as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageChange<'a> {
    /// Its key.
    pub key: &'a [u8],
    /// Its value before.
    pub before: &'a [u8],
    /// Its value after.
    pub after: &'a [u8],
}

impl Change {
    /// All accounts that differ, by address.
    pub fn between(before: &World, after: &World) -> Vec<Self> {
        let addresses: BTreeSet<_> = before.accounts.keys().chain(after.accounts.keys()).collect();
        let pairs = addresses
            .into_iter()
            .map(|address| (address, before.account(address), after.account(address)));
        pairs
            .filter(|(_, before, after)| before != after)
            .map(|(address, before, after)| Self {
                address: address.clone(),
                before: before.cloned(),
                after: after.cloned(),
            })
            .collect()
    }

    /// The storage entries that differ, by key.
    pub fn storage(&self) -> Vec<StorageChange<'_>> {
        let sides = [&self.before, &self.after];
        let keys: BTreeSet<&Bytes> = sides
            .into_iter()
            .flatten()
            .flat_map(|account| account.storage.keys())
            .collect();
        keys.into_iter()
            .map(|key| StorageChange {
                key,
                before: self.before.as_ref().map_or(&[], |account| account.value(key)),
                after: self.after.as_ref().map_or(&[], |account| account.value(key)),
            })
            .filter(|change| change.before != change.after)
            .collect()
    }
}
