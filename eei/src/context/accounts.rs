//! The accounts of the output, and a journal of what calls change in them.
//!
//! A call that fails takes back what it did, so while calls are in progress each change is written down with what was
//! there before. Beginning and ending a call therefore costs what it changes, however many accounts there are.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arwen_interface::{BigInt, Bytes, OutputAccount, OutputTransfer, StorageUpdate};

/// What an account is, but for its storage and transfers: short, so all of it is written down before it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub nonce: u64,
    /// Its balance before the run, once the run has looked at it.
    pub balance: Option<BigInt>,
    pub balance_delta: BigInt,
    /// Its code: new, or kept from a read.
    pub code: Arc<Bytes>,
    pub code_metadata: Bytes,
    pub code_deployer: Bytes,
}

impl Head {
    /// Takes over what `right` has.
    fn merge(&mut self, right: Self) {
        if right.balance.is_some() {
            self.balance = right.balance;
        }
        self.balance_delta = right.balance_delta;
        if !right.code.is_empty() {
            self.code = right.code;
        }
        if !right.code_metadata.is_empty() {
            self.code_metadata = right.code_metadata;
        }
        if !right.code_deployer.is_empty() {
            self.code_deployer = right.code_deployer;
        }
        self.nonce = self.nonce.max(right.nonce);
    }

    fn has_code(&self) -> bool {
        !(self.code.is_empty() && self.code_metadata.is_empty() && self.code_deployer.is_empty())
    }

    fn drop_code(&mut self) {
        self.code = Arc::default();
        self.code_metadata.clear();
        self.code_deployer.clear();
    }
}

/// An account of the output.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    head: Head,
    /// Entries read and written.
    storage: BTreeMap<Bytes, Arc<Bytes>>,
    /// They only become more, until a call is taken back.
    transfers: Vec<OutputTransfer>,
    /// Gas units that left with the transfers.
    gas_transferred: u128,
    /// The call in whose journal the head already is, by number.
    saved_in: u64,
}

impl Account {
    /// What was sent to it, in order.
    pub(crate) fn transfers(&self) -> &[OutputTransfer] {
        &self.transfers
    }

    /// Gas units that left with the transfers.
    pub(crate) fn gas_transferred(&self) -> u128 {
        self.gas_transferred
    }
}

/// What undoes one change of an account.
#[derive(Debug)]
enum Undo {
    /// It was not there.
    Made,
    /// Its head, how many transfers it had, and its mark.
    Head {
        head: Box<Head>,
        transfers: usize,
        saved_in: u64,
    },
    /// An entry of its storage.
    Entry(Bytes, Option<Arc<Bytes>>),
    /// All of it.
    Removed(Box<Account>),
}

/// A call in progress.
#[derive(Debug)]
struct Frame {
    /// No two calls of a run have the same, and none has 0.
    number: u64,
    /// Changes by account, in the order they were made.
    journal: Vec<(Bytes, Undo)>,
    /// Whether one of them is a removal.
    removes: bool,
}

/// All accounts, in address order.
#[derive(Default)]
pub(crate) struct Accounts {
    by_address: BTreeMap<Bytes, Account>,
    /// Calls in progress, the innermost last.
    frames: Vec<Frame>,
    /// How many calls there were.
    calls: u64,
    gas_transferred: u128,
    /// Accounts whose code is new; calls that fail leave this as it is.
    code_updates: BTreeSet<Bytes>,
    /// Those that may have code besides, kept from a read.
    code_read: BTreeSet<Bytes>,
}

impl Accounts {
    /// An account to change, and whether this made it.
    pub(crate) fn get_or_make(&mut self, address: &[u8]) -> (&mut Head, bool) {
        let (account, is_new) = self.changing(address);
        (&mut account.head, is_new)
    }

    /// An account that is already there.
    pub(crate) fn get(&self, address: &[u8]) -> Option<&Account> {
        self.by_address.get(address)
    }

    pub(crate) fn contains(&self, address: &[u8]) -> bool {
        self.by_address.contains_key(address)
    }

    /// Gas units that left with all transfers.
    pub(crate) fn gas_transferred(&self) -> u128 {
        self.gas_transferred
    }

    /// A stored value that the run has read or written. This makes the account.
    pub(crate) fn stored(&mut self, address: &[u8], key: &[u8]) -> Option<&Arc<Bytes>> {
        self.made(address).storage.get(key)
    }

    /// Keeps a stored value.
    pub(crate) fn store(&mut self, address: &[u8], key: &[u8], value: Arc<Bytes>) {
        let account = self.made(address);
        let before = account.storage.insert(key.to_vec(), value);
        if let Some(frame) = self.frames.last_mut() {
            frame
                .journal
                .push((address.to_vec(), Undo::Entry(key.to_vec(), before)));
        }
    }

    /// Adds a transfer to an account.
    pub(crate) fn push_transfer(&mut self, address: &[u8], transfer: OutputTransfer) {
        let gas = gas_of(&transfer);
        let account = self.changing(address).0;
        account.transfers.push(transfer);
        account.gas_transferred += gas;
        self.gas_transferred += gas;
    }

    /// Records new code.
    pub(crate) fn deploy_code(&mut self, deployment: &crate::call::Deployment) {
        let (head, _) = self.get_or_make(&deployment.address);
        head.code = deployment.code.clone();
        head.code_metadata.clone_from(&deployment.code_metadata);
        head.code_deployer.clone_from(&deployment.deployer);
        self.code_updates.insert(deployment.address.clone());
    }

    /// Keeps code that was read.
    pub(crate) fn keep_code(&mut self, address: &[u8], code: Arc<Bytes>) {
        self.get_or_make(address).0.code = code;
        self.note_code(address);
    }

    /// Drops an account, its new code included.
    pub(crate) fn remove(&mut self, address: &[u8]) {
        self.code_updates.remove(address);
        let Some(account) = self.by_address.remove(address) else {
            return;
        };
        self.gas_transferred -= account.gas_transferred;
        if let Some(frame) = self.frames.last_mut() {
            frame.removes = true;
            frame
                .journal
                .push((address.to_vec(), Undo::Removed(Box::new(account))));
        }
    }

    /// Takes over an account of another output. Its transfers come on top, its balance change is relative.
    pub(crate) fn merge_output(&mut self, account: OutputAccount) {
        let address = account.address;
        let (head, _) = self.get_or_make(&address);
        let delta = account.balance_delta.unwrap_or_default() + &head.balance_delta;
        head.merge(Head {
            nonce: account.nonce,
            balance: account.balance,
            balance_delta: delta,
            code: Arc::new(account.code),
            code_metadata: account.code_metadata,
            code_deployer: account.code_deployer,
        });
        self.note_code(&address);
        for StorageUpdate { offset, data } in account.storage_updates {
            self.store(&address, &offset, Arc::new(data));
        }
        for transfer in account.transfers {
            self.push_transfer(&address, transfer);
        }
    }

    /// Begins a call.
    pub(crate) fn push(&mut self) {
        self.calls += 1;
        self.frames.push(Frame {
            number: self.calls,
            journal: Vec::new(),
            removes: false,
        });
    }

    /// Ends a call and takes back what it did.
    pub(crate) fn pop_undo(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        for (address, undo) in frame.journal.into_iter().rev() {
            self.take_back(address, undo);
        }
    }

    /// Ends a call and keeps what it did.
    pub(crate) fn pop_keep(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.hand_on(frame);
        }
    }

    /// Ends a call and adds what it did to what was there: code that the call dropped stays, and so do accounts.
    pub(crate) fn pop_merge(&mut self) {
        let Some(mut frame) = self.frames.pop() else {
            return;
        };
        let again = self.without_removals(&mut frame);
        for (address, undo) in &frame.journal {
            let Undo::Head { head: left, .. } = undo else {
                continue;
            };
            let Some(account) = self.by_address.get_mut(address) else {
                continue;
            };
            let right = std::mem::replace(&mut account.head, left.as_ref().clone());
            account.head.merge(right);
            note_code(&self.code_updates, &mut self.code_read, address, account);
        }
        self.hand_on(frame);
        for (address, right) in again {
            self.merge(&address, right);
        }
    }

    /// Forgets code that is not new.
    pub(crate) fn drop_read_code(&mut self) {
        for address in std::mem::take(&mut self.code_read) {
            let is_new = self.code_updates.contains(&address);
            if !is_new && self.get(&address).is_some_and(|account| account.head.has_code()) {
                self.get_or_make(&address).0.drop_code();
            }
        }
    }

    /// Forgets code that is not new in what the innermost call has changed.
    pub(crate) fn drop_read_code_of_call(&mut self) {
        let Some(frame) = self.frames.last() else { return };
        for (address, undo) in &frame.journal {
            let is_kept = matches!(undo, Undo::Entry(..)) || self.code_updates.contains(address);
            let Some(account) = self.by_address.get_mut(address).filter(|_| !is_kept) else {
                continue;
            };
            if account.head.has_code() {
                account.head.drop_code();
                self.code_read.remove(address);
            }
        }
    }

    /// The accounts as a node gets them, each with the gas it has used. None are left.
    pub(crate) fn take_output(&mut self, used_by: &BTreeMap<Bytes, u64>) -> Vec<OutputAccount> {
        let accounts = std::mem::take(&mut self.by_address).into_iter();
        let update = |(offset, data): (Bytes, Arc<Bytes>)| StorageUpdate {
            offset,
            data: Arc::unwrap_or_clone(data),
        };
        accounts
            .map(|(address, account)| OutputAccount {
                gas_used: used_by.get(&address).copied().unwrap_or(0),
                address,
                nonce: account.head.nonce,
                balance: account.head.balance,
                balance_delta: Some(account.head.balance_delta),
                storage_updates: account.storage.into_iter().map(update).collect(),
                code: Arc::unwrap_or_clone(account.head.code),
                code_metadata: account.head.code_metadata,
                transfers: account.transfers,
                code_deployer: account.head.code_deployer,
            })
            .collect()
    }

    /// An account whose storage is read or written.
    fn made(&mut self, address: &[u8]) -> &mut Account {
        made(&mut self.by_address, self.frames.last_mut(), address).0
    }

    /// An account whose head or transfers will change, and whether this made it.
    fn changing(&mut self, address: &[u8]) -> (&mut Account, bool) {
        let (account, is_new) = made(&mut self.by_address, self.frames.last_mut(), address);
        if let Some(frame) = self.frames.last_mut()
            && account.saved_in != frame.number
        {
            let undo = Undo::Head {
                head: Box::new(account.head.clone()),
                transfers: account.transfers.len(),
                saved_in: std::mem::replace(&mut account.saved_in, frame.number),
            };
            frame.journal.push((address.to_vec(), undo));
        }
        (account, is_new)
    }

    fn take_back(&mut self, address: Bytes, undo: Undo) {
        match undo {
            Undo::Made => {
                if let Some(account) = self.by_address.remove(&address) {
                    self.gas_transferred -= account.gas_transferred;
                }
            }
            Undo::Removed(account) => {
                self.gas_transferred += account.gas_transferred;
                self.by_address.insert(address.clone(), *account);
                self.note_code(&address);
            }
            Undo::Entry(key, before) => {
                let Some(account) = self.by_address.get_mut(&address) else {
                    return;
                };
                match before {
                    Some(value) => account.storage.insert(key, value),
                    None => account.storage.remove(&key),
                };
            }
            Undo::Head {
                head,
                transfers,
                saved_in,
            } => {
                let Some(account) = self.by_address.get_mut(&address) else {
                    return;
                };
                account.head = *head;
                account.saved_in = saved_in;
                let gas: u128 = account.transfers.drain(transfers..).map(|t| gas_of(&t)).sum();
                account.gas_transferred -= gas;
                self.gas_transferred -= gas;
                self.note_code(&address);
            }
        }
    }

    /// Makes the changes of a call that has ended those of its caller.
    fn hand_on(&mut self, frame: Frame) {
        let Some(caller) = self.frames.last_mut() else {
            return;
        };
        caller.removes |= frame.removes;
        for (address, undo) in frame.journal {
            let mut is_saved = false;
            if let Undo::Made | Undo::Head { .. } = undo
                && let Some(account) = self.by_address.get_mut(&address)
            {
                account.saved_in = caller.number;
                is_saved = matches!(undo, Undo::Head { saved_in, .. } if saved_in == caller.number);
            }
            if !is_saved {
                caller.journal.push((address, undo));
            }
        }
    }

    /// Takes back all changes of the accounts that a call has removed. Gives those that it has made again.
    fn without_removals(&mut self, frame: &mut Frame) -> Vec<(Bytes, Account)> {
        if !frame.removes {
            return Vec::new();
        }
        let is_removal = |(_, undo): &&(Bytes, Undo)| matches!(undo, Undo::Removed(_));
        let removed: BTreeSet<Bytes> = frame
            .journal
            .iter()
            .filter(is_removal)
            .map(|(address, _)| address.clone())
            .collect();
        let again = removed
            .iter()
            .filter_map(|address| Some((address.clone(), self.get(address)?.clone())))
            .collect();
        let journal = std::mem::take(&mut frame.journal);
        let (gone, rest): (Vec<_>, Vec<_>) = journal
            .into_iter()
            .partition(|(address, _)| removed.contains(address));
        for (address, undo) in gone.into_iter().rev() {
            self.take_back(address, undo);
        }
        frame.journal = rest;
        frame.removes = false;
        again
    }

    /// Takes over an account that was made anew; transfers that both have are the same.
    fn merge(&mut self, address: &[u8], right: Account) {
        self.get_or_make(address).0.merge(right.head);
        self.note_code(address);
        for (key, value) in right.storage {
            self.store(address, &key, value);
        }
        let there = self.get(address).map_or(0, |account| account.transfers.len());
        for transfer in right.transfers.into_iter().skip(there) {
            self.push_transfer(address, transfer);
        }
    }

    fn note_code(&mut self, address: &[u8]) {
        if let Some(account) = self.by_address.get(address) {
            note_code(&self.code_updates, &mut self.code_read, address, account);
        }
    }
}

/// An account, and whether this made it.
fn made<'a>(
    by_address: &'a mut BTreeMap<Bytes, Account>,
    innermost: Option<&mut Frame>,
    address: &[u8],
) -> (&'a mut Account, bool) {
    // Looking up first saves a copy of the address in the usual case.
    let is_new = !by_address.contains_key(address);
    if is_new {
        let mut account = Account::default();
        if let Some(frame) = innermost {
            account.saved_in = frame.number;
            frame.journal.push((address.to_vec(), Undo::Made));
        }
        by_address.insert(address.to_vec(), account);
    }
    let account = by_address.get_mut(address);
    // The entry was just looked up or made.
    (account.unwrap_or_else(|| unreachable!()), is_new)
}

/// Remembers an account that has code, unless it is new.
fn note_code(updates: &BTreeSet<Bytes>, read: &mut BTreeSet<Bytes>, address: &[u8], account: &Account) {
    if account.head.has_code() && !updates.contains(address) && !read.contains(address) {
        read.insert(address.to_vec());
    }
}

fn gas_of(transfer: &OutputTransfer) -> u128 {
    u128::from(transfer.gas_limit) + u128::from(transfer.gas_locked)
}
