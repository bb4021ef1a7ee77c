//! What a built-in function changes.

use std::collections::BTreeMap;

use arwen_interface::{BigInt, Bytes};

/// Changes of accounts that the node makes itself and its output does not list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// By account: its storage entries, by key. An empty value deletes the entry.
    pub storage: BTreeMap<Bytes, BTreeMap<Bytes, Bytes>>,
    /// By account: who owns it now.
    pub owners: BTreeMap<Bytes, Bytes>,
    /// By account: its name.
    pub user_names: BTreeMap<Bytes, Bytes>,
    /// By account: the developer reward that was taken out of it, which leaves none, in EGLD's smallest unit.
    pub claimed_rewards: BTreeMap<Bytes, BigInt>,
    /// By account: the EGLD that was added to its balance, in the smallest unit.
    pub balances: BTreeMap<Bytes, BigInt>,
}
