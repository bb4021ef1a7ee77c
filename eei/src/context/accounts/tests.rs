//! The journal against copies of everything, on calls at random.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arwen_interface::{Bytes, OutputAccount, OutputTransfer, StorageUpdate};

use super::{Accounts, Head};
use crate::call::Deployment;

/// An account where nothing is clever.
#[derive(Clone, Debug, Default, PartialEq)]
struct Plain {
    head: Head,
    storage: BTreeMap<Bytes, Arc<Bytes>>,
    transfers: Vec<OutputTransfer>,
}

/// Accounts that are copied when a call begins, and merged one by one when it ends well.
#[derive(Default)]
struct Model {
    accounts: BTreeMap<Bytes, Plain>,
    saved: Vec<BTreeMap<Bytes, Plain>>,
    code_updates: BTreeSet<Bytes>,
}

impl Model {
    fn at(&mut self, address: &[u8]) -> &mut Plain {
        self.accounts.entry(address.to_vec()).or_default()
    }

    fn drop_read_code(&mut self) {
        for (address, account) in &mut self.accounts {
            if !self.code_updates.contains(address) {
                account.head.drop_code();
            }
        }
    }

    fn pop_merge(&mut self) {
        let mut left = self.saved.pop().expect("a call");
        for (address, right) in std::mem::take(&mut self.accounts) {
            let account = left.entry(address).or_default();
            account.head.merge(right.head);
            account.storage.extend(right.storage);
            if let Some(more) = right.transfers.get(account.transfers.len()..) {
                account.transfers.extend_from_slice(more);
            }
        }
        self.accounts = left;
    }
}

/// Numbers that look random and are always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn bytes(&mut self, kinds: u64) -> Bytes {
        vec![self.below(kinds) as u8 + 1]
    }
}

fn transfer(random: &mut Random) -> OutputTransfer {
    OutputTransfer {
        gas_limit: random.below(1000),
        gas_locked: random.below(1000),
        ..OutputTransfer::default()
    }
}

/// One step, the same on both.
fn step(random: &mut Random, accounts: &mut Accounts, model: &mut Model) {
    let address = random.bytes(5);
    match random.below(16) {
        0 => {
            let nonce = random.below(9);
            accounts.get_or_make(&address).0.nonce = nonce;
            model.at(&address).head.nonce = nonce;
        }
        1 => {
            let balance = Some(random.below(9).into());
            accounts.get_or_make(&address).0.balance.clone_from(&balance);
            model.at(&address).head.balance = balance;
        }
        2 => {
            let delta = random.below(9);
            accounts.get_or_make(&address).0.balance_delta += delta;
            model.at(&address).head.balance_delta += delta;
        }
        3 | 4 => {
            let (key, value) = (random.bytes(4), Arc::new(random.bytes(200)));
            accounts.store(&address, &key, value.clone());
            model.at(&address).storage.insert(key, value);
        }
        5 => {
            let key = random.bytes(4);
            let stored = accounts.stored(&address, &key);
            assert_eq!(stored, model.at(&address).storage.get(&key));
        }
        6 | 7 => {
            let transfer = transfer(random);
            accounts.push_transfer(&address, transfer.clone());
            model.at(&address).transfers.push(transfer);
        }
        8 => {
            let code = Arc::new(random.bytes(200));
            accounts.keep_code(&address, code.clone());
            model.at(&address).head.code = code;
        }
        9 => {
            let deployment = Deployment {
                code: Arc::new(random.bytes(200)),
                code_metadata: random.bytes(200),
                address: address.clone(),
                deployer: random.bytes(200),
            };
            accounts.deploy_code(&deployment);
            let head = &mut model.at(&address).head;
            head.code = deployment.code;
            head.code_metadata = deployment.code_metadata;
            head.code_deployer = deployment.deployer;
            model.code_updates.insert(address);
        }
        10 => {
            accounts.remove(&address);
            model.accounts.remove(&address);
            model.code_updates.remove(&address);
        }
        11 => merge_output(random, address, accounts, model),
        12 | 13 if model.saved.len() < 5 => {
            accounts.push();
            model.saved.push(model.accounts.clone());
        }
        _ => end_call(random, accounts, model),
    }
}

fn merge_output(random: &mut Random, address: Bytes, accounts: &mut Accounts, model: &mut Model) {
    let output = OutputAccount {
        address,
        nonce: random.below(9),
        balance: (random.below(2) == 0).then(|| 4.into()),
        balance_delta: (random.below(2) == 0).then(|| 5.into()),
        storage_updates: vec![StorageUpdate {
            offset: random.bytes(4),
            data: random.bytes(200),
        }],
        code: (0..random.below(2)).map(|_| 7).collect(),
        transfers: (0..random.below(3)).map(|_| transfer(random)).collect(),
        ..OutputAccount::default()
    };
    accounts.merge_output(output.clone());
    let account = model.at(&output.address);
    let delta = output.balance_delta.unwrap_or_default() + &account.head.balance_delta;
    account.head.merge(Head {
        nonce: output.nonce,
        balance: output.balance,
        balance_delta: delta,
        code: Arc::new(output.code),
        ..Head::default()
    });
    for StorageUpdate { offset, data } in output.storage_updates {
        account.storage.insert(offset, Arc::new(data));
    }
    account.transfers.extend(output.transfers);
}

/// Ends the innermost call, if there is one, in one of the three ways.
fn end_call(random: &mut Random, accounts: &mut Accounts, model: &mut Model) {
    if model.saved.is_empty() {
        return;
    }
    match random.below(4) {
        0 => {
            accounts.pop_undo();
            model.accounts = model.saved.pop().expect("a call");
        }
        1 => {
            accounts.drop_read_code();
            accounts.pop_keep();
            model.drop_read_code();
            model.saved.pop();
        }
        _ => {
            accounts.drop_read_code_of_call();
            accounts.pop_merge();
            model.drop_read_code();
            model.pop_merge();
        }
    }
}

fn assert_same(accounts: &Accounts, model: &Model) {
    let plain: BTreeMap<Bytes, Plain> = accounts
        .by_address
        .iter()
        .map(|(address, account)| {
            let plain = Plain {
                head: account.head.clone(),
                storage: account.storage.clone(),
                transfers: account.transfers.clone(),
            };
            (address.clone(), plain)
        })
        .collect();
    assert_eq!(plain, model.accounts);
    let mut all = 0;
    for account in accounts.by_address.values() {
        let gas: u128 = account.transfers.iter().map(super::gas_of).sum();
        assert_eq!(account.gas_transferred(), gas);
        all += gas;
    }
    assert_eq!(accounts.gas_transferred(), all);
}

#[test]
fn a_journal_does_what_copies_do() {
    for seed in 1..=150 {
        let mut random = Random(seed);
        let (mut accounts, mut model) = (Accounts::default(), Model::default());
        for _ in 0..200 {
            step(&mut random, &mut accounts, &mut model);
            assert_same(&accounts, &model);
        }
        while !model.saved.is_empty() {
            end_call(&mut random, &mut accounts, &mut model);
            assert_same(&accounts, &model);
        }
        accounts.drop_read_code();
        model.drop_read_code();
        assert_same(&accounts, &model);
    }
}

#[test]
fn a_call_writes_down_what_it_changes_and_no_more() {
    let mut accounts = Accounts::default();
    for address in 0..100 {
        accounts.push_transfer(&[address], OutputTransfer::default());
        accounts.store(&[address], b"key", Arc::default());
    }
    for times in 1..=50 {
        accounts.push();
        accounts.push();
        accounts.get_or_make(&[7]).0.nonce += 1;
        accounts.push_transfer(&[7], OutputTransfer::default());
        accounts.store(&[7], b"key", Arc::default());
        accounts.drop_read_code_of_call();
        accounts.pop_merge();
        let [outer] = &accounts.frames[..] else {
            panic!("one call")
        };
        assert_eq!(outer.journal.len(), 2, "a head and an entry");
        accounts.pop_keep();
        assert_eq!(
            accounts.get(&[7]).map(|account| account.transfers().len()),
            Some(times + 1)
        );
    }
}
