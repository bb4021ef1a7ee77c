//! Takes away from a case what does not matter.

use arwen_interface::{BigInt, Bytes};
use arwen_scenario::world::{SCENARIO_CODE_METADATA, is_contract_format};
use arwen_scenario::{Account, BlockInfo};

use super::case::{Case, UNSEEN_CODE};

/// A change of an account that makes it smaller; nothing happens when it is that small.
type Simpler = fn(&Bytes, &mut Account);

/// What an account can do without, the largest first.
const SIMPLER: &[Simpler] = &[
    |address, account| {
        if is_contract_format(address) && account.code.len() > UNSEEN_CODE.len() {
            let metadata = account.code_metadata.clone();
            account.set_code(UNSEEN_CODE.to_vec(), metadata);
        }
    },
    |_, account| {
        account.code_metadata = if account.is_contract() {
            SCENARIO_CODE_METADATA.to_vec()
        } else {
            Bytes::new()
        }
    },
    |_, account| account.owner.clear(),
    |_, account| account.username.clear(),
    |_, account| account.developer_reward = BigInt::ZERO,
    |_, account| account.balance = BigInt::ZERO,
    |_, account| account.nonce = 0,
    |_, account| account.shard = 0,
];

/// The smallest case that `holds`, as far as taking away one thing after the other leads. `case` itself must hold.
pub(super) fn reduce(case: Case, mut holds: impl FnMut(&Case) -> bool) -> Case {
    let mut best = case;
    // Every round that goes on has made the case smaller, so there is an end.
    loop {
        let mut smaller = false;
        let mut attempt = |best: &mut Case, change: &dyn Fn(&mut Case)| {
            let mut candidate = best.clone();
            change(&mut candidate);
            if candidate != *best && holds(&candidate) {
                *best = candidate;
                smaller = true;
            }
        };
        blocks(&mut best, &mut attempt);
        let addresses: Vec<Bytes> = best.accounts.keys().cloned().collect();
        for address in &addresses {
            attempt(&mut best, &|case| drop(case.accounts.remove(address)));
        }
        for address in best.accounts.keys().cloned().collect::<Vec<_>>() {
            storage(&mut best, &address, &mut attempt);
            for simpler in SIMPLER {
                attempt(&mut best, &|case| {
                    if let Some(account) = case.accounts.get_mut(&address) {
                        simpler(&address, account);
                    }
                });
            }
        }
        if !smaller {
            return best;
        }
    }
}

type Attempt<'a> = dyn FnMut(&mut Case, &dyn Fn(&mut Case)) + 'a;

fn blocks(best: &mut Case, attempt: &mut Attempt<'_>) {
    attempt(best, &|case| case.current_block = BlockInfo::default());
    attempt(best, &|case| case.previous_block = BlockInfo::default());
    attempt(best, &|case| case.block_hashes.clear());
    for index in (0..best.new_addresses.len()).rev() {
        attempt(best, &|case| drop(case.new_addresses.remove(index)));
    }
}

/// Takes entries away: all, then half of them, and so on to single ones.
fn storage(best: &mut Case, address: &Bytes, attempt: &mut Attempt<'_>) {
    let keys = |case: &Case| -> Vec<Bytes> {
        let account = case.accounts.get(address);
        account.map_or_else(Vec::new, |account| account.storage.keys().cloned().collect())
    };
    let mut size = keys(best).len();
    while size > 0 {
        for chunk in keys(best).chunks(size) {
            attempt(best, &|case| {
                if let Some(account) = case.accounts.get_mut(address) {
                    account.storage.retain(|key, _| !chunk.contains(key));
                }
            });
        }
        size /= 2;
    }
}

impl Case {
    /// Accounts and storage entries.
    pub fn size(&self) -> (usize, usize) {
        let entries = self.accounts.values().map(|account| account.storage.len()).sum();
        (self.accounts.len(), entries)
    }
}
