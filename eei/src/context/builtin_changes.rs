//! What built-in functions have changed, when the VM computes them, and how to take it back.
//!
//! A journal holds what each change found there. Taking back what a call has changed costs what it changed, however much
//! there is.

use std::collections::BTreeMap;

use arwen_interface::{BigInt, Bytes};

use crate::builtin::Changes;

/// The changes of a run.
#[derive(Default)]
pub(crate) struct BuiltinChanges {
    now: Changes,
    journal: Vec<Before>,
}

/// What a change found, by account; `None` where there was nothing.
enum Before {
    /// No storage entry of the account had changed.
    NoStorage(Bytes),
    Storage(Bytes, Bytes, Option<Bytes>),
    Owner(Bytes, Option<Bytes>),
    UserName(Bytes, Option<Bytes>),
    ClaimedReward(Bytes, Option<BigInt>),
    Balance(Bytes, Option<BigInt>),
}

impl BuiltinChanges {
    /// All of them.
    pub fn now(&self) -> &Changes {
        &self.now
    }

    /// A point to return to.
    pub fn mark(&self) -> usize {
        self.journal.len()
    }

    /// Returns to a mark; the marks set since count no more.
    pub fn revert(&mut self, mark: usize) {
        let Self { now, journal } = self;
        for before in journal.drain(mark.min(journal.len())..).rev() {
            match before {
                Before::NoStorage(address) => put_back(&mut now.storage, address, None),
                Before::Storage(address, key, value) => {
                    if let Some(entries) = now.storage.get_mut(&address) {
                        put_back(entries, key, value);
                    }
                }
                Before::Owner(address, owner) => put_back(&mut now.owners, address, owner),
                Before::UserName(address, name) => put_back(&mut now.user_names, address, name),
                Before::ClaimedReward(address, reward) => {
                    put_back(&mut now.claimed_rewards, address, reward);
                }
                Before::Balance(address, balance) => put_back(&mut now.balances, address, balance),
            }
        }
    }

    /// Adds what another built-in function has changed since.
    pub fn extend(&mut self, later: Changes) {
        let Self { now, journal } = self;
        for (address, entries) in later.storage {
            let known = now.storage.entry(address.clone());
            if let std::collections::btree_map::Entry::Vacant(_) = known {
                journal.push(Before::NoStorage(address.clone()));
            }
            let known = known.or_default();
            for (key, value) in entries {
                let before = known.insert(key.clone(), value);
                journal.push(Before::Storage(address.clone(), key, before));
            }
        }
        for (address, owner) in later.owners {
            let before = now.owners.insert(address.clone(), owner);
            journal.push(Before::Owner(address, before));
        }
        for (address, name) in later.user_names {
            let before = now.user_names.insert(address.clone(), name);
            journal.push(Before::UserName(address, before));
        }
        for (address, reward) in later.claimed_rewards {
            let before = add(&mut now.claimed_rewards, &address, reward);
            journal.push(Before::ClaimedReward(address, before));
        }
        for (address, value) in later.balances {
            let before = add(&mut now.balances, &address, value);
            journal.push(Before::Balance(address, before));
        }
    }
}

fn put_back<V>(map: &mut BTreeMap<Bytes, V>, key: Bytes, value: Option<V>) {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}

/// Adds to a number; gives what it was.
fn add(map: &mut BTreeMap<Bytes, BigInt>, address: &Bytes, value: BigInt) -> Option<BigInt> {
    let before = map.get(address).cloned();
    *map.entry(address.clone()).or_default() += value;
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A few changes of a few accounts, other ones for every number.
    fn drawn(number: u64) -> Changes {
        let bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let pick = |shift: u32, count: u64| (bits >> shift) % count;
        let name = |shift: u32| vec![pick(shift, 3) as u8];
        let mut changes = Changes::default();
        match pick(0, 5) {
            0 => {
                let entries = (0..pick(8, 3)).map(|key| (vec![key as u8], name(12))).collect();
                changes.storage.insert(name(16), entries);
            }
            1 => drop(changes.owners.insert(name(16), name(20))),
            2 => drop(changes.user_names.insert(name(16), name(20))),
            3 => drop(
                changes
                    .claimed_rewards
                    .insert(name(16), BigInt::from(pick(24, 9))),
            ),
            _ => drop(changes.balances.insert(name(16), BigInt::from(pick(24, 9)))),
        }
        changes
    }

    #[test]
    fn returning_to_a_mark_gives_what_was_there() {
        let mut changes = BuiltinChanges::default();
        let mut marks = vec![(changes.mark(), changes.now().clone())];
        for number in 0..3_000 {
            changes.extend(drawn(number));
            if number % 3 == 0 {
                marks.push((changes.mark(), changes.now().clone()));
            }
            if number % 7 == 0
                && let Some((mark, then)) = marks.pop()
            {
                changes.revert(mark);
                assert_eq!(*changes.now(), then, "after {number}");
            }
        }
        changes.revert(0);
        assert_eq!(*changes.now(), Changes::default());
    }
}
