//! Built-in functions computed by the VM: what they see, and where their changes go.
//!
//! Their changes are kept apart from the output while the run lasts. A nested call that fails takes back the changes
//! made since it began, also those the reference's node would take back while the output keeps its transfers.

use std::collections::BTreeMap;
use std::sync::Arc;

use arwen_interface::{AccountUpdate, Bytes, CallInput, HookError, UserAccount, VmOutput};

use crate::builtin::{self, BuiltinPrices, BuiltinWorld, Changes};
use crate::errors::EeiError;

use super::Run;
use super::chain::Chain;

/// The node's state with the changes of the run's built-in functions.
struct World<'c, 'a> {
    chain: &'c mut Chain<'a>,
    own_shard: u32,
    name_services: &'c std::collections::BTreeSet<Bytes>,
}

impl BuiltinWorld for World<'_, '_> {
    fn storage(&mut self, account: &[u8], key: &[u8]) -> Bytes {
        self.chain.storage(account, key)
    }

    fn account(&mut self, address: &[u8]) -> Result<Option<UserAccount>, HookError> {
        self.chain.account(address)
    }

    fn shard_of(&mut self, address: &[u8]) -> u32 {
        self.chain.shard_of(address)
    }

    fn own_shard(&mut self) -> u32 {
        self.own_shard
    }

    fn is_payable(&mut self, address: &[u8]) -> Result<bool, HookError> {
        self.chain.is_payable(address)
    }

    fn is_name_service(&mut self, address: &[u8]) -> bool {
        self.name_services.contains(address)
    }
}

impl Changes {
    /// Whether there are changes that only a node which reads account updates can make.
    fn needs_account_updates(&self) -> bool {
        !(self.owners.is_empty() && self.user_names.is_empty() && self.claimed_rewards.is_empty())
    }

    /// An account as the node knows it, with what has changed in it but for its balance.
    pub(super) fn amend(&self, account: &mut UserAccount) {
        if let Some(owner) = self.owners.get(&account.address) {
            account.owner.clone_from(owner);
        }
        if let Some(name) = self.user_names.get(&account.address) {
            account.user_name.clone_from(name);
        }
        if self.claimed_rewards.contains_key(&account.address) {
            account.developer_reward = None;
        }
    }

    fn account_updates(&self) -> Vec<AccountUpdate> {
        let mut updates: BTreeMap<&Bytes, AccountUpdate> = BTreeMap::new();
        for (address, owner) in &self.owners {
            updates.entry(address).or_default().owner = Some(owner.clone());
        }
        for (address, name) in &self.user_names {
            updates.entry(address).or_default().user_name = Some(name.clone());
        }
        for (address, reward) in &self.claimed_rewards {
            updates.entry(address).or_default().claimed_reward = Some(reward.clone());
        }
        updates
            .into_iter()
            .map(|(address, update)| AccountUpdate {
                address: address.clone(),
                ..update
            })
            .collect()
    }
}

impl Run<'_> {
    /// Computes a built-in function and keeps its changes.
    ///
    /// # Errors
    /// When the function refuses, or changes what the node does not take from an output.
    pub(crate) fn compute_builtin(&mut self, input: &CallInput) -> Result<VmOutput, EeiError> {
        let settings = &self.core.settings;
        let mut world = World {
            own_shard: self.chain.shard_of(&self.runtime.address),
            chain: &mut self.chain,
            name_services: &settings.name_services,
        };
        let prices = match &settings.builtin_prices {
            Some(prices) => prices.clone(),
            None => BuiltinPrices::of(&self.core.schedule),
        };
        let outcome =
            builtin::process(&mut world, &prices, input).map_err(|e| EeiError::Text(e.to_string()))?;
        if outcome.changes.needs_account_updates() && !settings.account_updates {
            return Err(EeiError::builtin_needs_node(&input.function));
        }
        self.chain.changes.extend(outcome.changes);
        Ok(outcome.output)
    }

    /// Makes the changes of built-in functions part of the output. Storage they wrote wins over what was read before.
    pub(crate) fn apply_builtin_changes(&mut self) {
        let Self { chain, output, .. } = self;
        let changes = chain.changes.now();
        for (address, entries) in &changes.storage {
            output.account(address);
            for (key, value) in entries {
                output.accounts.store(address, key, Arc::new(value.clone()));
            }
        }
        for (address, value) in &changes.balances {
            output.account(address).0.balance_delta += value;
        }
        output.account_updates = changes.account_updates();
    }
}
