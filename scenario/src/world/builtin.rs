//! Built-in functions over the world, as a node runs them.

use arwen_eei::builtin::{self, BuiltinError, BuiltinWorld, Changes};
use arwen_interface::{BlockchainHook, Bytes, CallInput, HookError, UserAccount, VmOutput};

use super::World;

impl BuiltinWorld for World {
    fn storage(&mut self, account: &[u8], key: &[u8]) -> Bytes {
        World::account(self, account).map_or_else(Bytes::new, |account| account.value(key).to_vec())
    }

    fn account(&mut self, address: &[u8]) -> Result<Option<UserAccount>, HookError> {
        self.user_account(address)
    }

    fn shard_of(&mut self, address: &[u8]) -> u32 {
        World::shard_of(self, address)
    }

    fn own_shard(&mut self) -> u32 {
        self.own_shard
    }

    fn is_payable(&mut self, address: &[u8]) -> Result<bool, HookError> {
        BlockchainHook::is_payable(self, address)
    }

    fn is_name_service(&mut self, address: &[u8]) -> bool {
        self.name_services.contains(address)
    }
}

impl World {
    /// Runs a built-in function and makes its changes. The transfers in its output remain to be made.
    ///
    /// # Errors
    /// As [`builtin::process`]; nothing has changed then.
    pub fn run_builtin(&mut self, input: &CallInput) -> Result<VmOutput, BuiltinError> {
        let prices = self.builtin_prices.clone();
        let outcome = builtin::process(self, &prices, input)?;
        self.make_changes(outcome.changes);
        Ok(outcome.output)
    }

    fn make_changes(&mut self, changes: Changes) {
        for (address, entries) in changes.storage {
            self.accounts.entry(address).or_default().storage.extend(entries);
        }
        for (address, owner) in changes.owners {
            self.accounts.entry(address).or_default().owner = owner;
        }
        for (address, name) in changes.user_names {
            self.accounts.entry(address).or_default().username = name;
        }
        for (address, reward) in changes.claimed_rewards {
            self.accounts.entry(address).or_default().developer_reward -= reward;
        }
        for (address, amount) in changes.balances {
            self.accounts.entry(address).or_default().balance += amount;
        }
    }
}
