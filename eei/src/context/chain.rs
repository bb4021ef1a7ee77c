//! What the node knows: accounts, blocks, shards. The only file that asks hooks.

use std::collections::BTreeMap;
use std::sync::Arc;

use arwen_interface::{
    BigInt, BlockchainHook, Bytes, CallInput, EsdtToken, HookError, UserAccount, VmOutput,
};

use crate::builtin;
use crate::call::data::CallData;
use crate::errors::EeiError;
use crate::settings::BuiltinMode;

use super::Run;
use super::builtin_changes::BuiltinChanges;

/// What built-in functions had changed at some point.
#[derive(Clone, Copy)]
pub(crate) enum Mark {
    /// The node's number for it.
    Node(i64),
    /// The place in the journal of [`BuiltinChanges`].
    Here(usize),
}

macro_rules! block_facts {
    ($($fact:ident: $ty:ty;)*) => {
        /// What is the same for all of a run, whatever is executed: each fact is asked once.
        #[derive(Default)]
        struct BlockFacts { $($fact: Option<$ty>,)* }

        impl Chain<'_> {
            $(pub(crate) fn $fact(&mut self) -> $ty {
                let Self { block, hook, .. } = self;
                block.$fact.get_or_insert_with(|| hook.$fact()).clone()
            })*
        }
    };
}

block_facts! {
    current_epoch: u32;
    current_nonce: u64;
    current_round: u64;
    current_timestamp: u64;
    current_random_seed: Bytes;
    last_epoch: u32;
    last_nonce: u64;
    last_round: u64;
    last_timestamp: u64;
    last_random_seed: Bytes;
    state_root_hash: Bytes;
}

/// The node's side of a run.
///
/// Between two points where the node's state can change, the same question has the same answer, so answers are
/// kept. While the VM computes built-in functions itself the node's state does not change at all; when the node
/// computes them, every such call forgets the answers.
pub(crate) struct Chain<'a> {
    pub hook: &'a mut dyn BlockchainHook,
    delegated: bool,
    accounts: BTreeMap<Bytes, Result<Option<UserAccount>, HookError>>,
    shards: BTreeMap<Bytes, u32>,
    contracts: BTreeMap<Bytes, bool>,
    payable: BTreeMap<Bytes, Result<bool, HookError>>,
    tokens: BTreeMap<(Bytes, Bytes, u64), Result<EsdtToken, HookError>>,
    block: BlockFacts,
    marks: Vec<Mark>,
    /// What built-in functions have changed, when the VM computes them.
    pub changes: BuiltinChanges,
}

impl<'a> Chain<'a> {
    pub(crate) fn new(hook: &'a mut dyn BlockchainHook, builtins: BuiltinMode) -> Self {
        Self {
            hook,
            delegated: builtins == BuiltinMode::Node,
            accounts: BTreeMap::new(),
            shards: BTreeMap::new(),
            contracts: BTreeMap::new(),
            payable: BTreeMap::new(),
            tokens: BTreeMap::new(),
            block: BlockFacts::default(),
            marks: Vec::new(),
            changes: BuiltinChanges::default(),
        }
    }

    /// Drops kept answers: the node's state has changed.
    pub(crate) fn forget(&mut self) {
        self.accounts.clear();
        self.payable.clear();
        self.tokens.clear();
    }

    /// An account; `None` when there is none.
    pub(crate) fn account(&mut self, address: &[u8]) -> Result<Option<UserAccount>, HookError> {
        if let Some(known) = self.accounts.get(address) {
            return self.amended(known.clone());
        }
        let account = self.hook.user_account(address);
        self.accounts.insert(address.to_vec(), account.clone());
        self.amended(account)
    }

    fn amended(
        &self,
        account: Result<Option<UserAccount>, HookError>,
    ) -> Result<Option<UserAccount>, HookError> {
        let mut account = account;
        if let Ok(Some(account)) = &mut account {
            self.changes.now().amend(account);
        }
        account
    }

    /// An account, where not being able to tell is the same as there being none.
    pub(crate) fn account_if_any(&mut self, address: &[u8]) -> Option<UserAccount> {
        self.account(address).ok().flatten()
    }

    pub(crate) fn shard_of(&mut self, address: &[u8]) -> u32 {
        if let Some(shard) = self.shards.get(address) {
            return *shard;
        }
        let shard = self.hook.shard_of_address(address);
        self.shards.insert(address.to_vec(), shard);
        shard
    }

    pub(crate) fn is_contract(&mut self, address: &[u8]) -> bool {
        if let Some(known) = self.contracts.get(address) {
            return *known;
        }
        let contract = self.hook.is_smart_contract(address);
        self.contracts.insert(address.to_vec(), contract);
        contract
    }

    /// Whether an account accepts EGLD.
    pub(crate) fn is_payable(&mut self, address: &[u8]) -> Result<bool, HookError> {
        if let Some(known) = self.payable.get(address) {
            return known.clone();
        }
        let payable = self.hook.is_payable(address);
        self.payable.insert(address.to_vec(), payable.clone());
        payable
    }

    /// The hash of a block; nothing for a negative nonce or when the node has none.
    pub(crate) fn block_hash(&mut self, nonce: i64) -> Bytes {
        u64::try_from(nonce)
            .ok()
            .and_then(|nonce| self.hook.block_hash(nonce).ok())
            .unwrap_or_default()
    }

    /// A stored value; nothing when it cannot be read.
    pub(crate) fn storage(&mut self, address: &[u8], key: &[u8]) -> Bytes {
        match self
            .changes
            .now()
            .storage
            .get(address)
            .and_then(|entries| entries.get(key))
        {
            Some(value) => value.clone(),
            None => self.hook.storage_data(address, key).unwrap_or_default(),
        }
    }

    pub(crate) fn esdt_token(
        &mut self,
        address: &[u8],
        token: &[u8],
        nonce: u64,
    ) -> Result<EsdtToken, HookError> {
        let changed = self.changes.now().storage.get(address);
        let changed = changed
            .and_then(|entries| entries.get(&builtin::instance_key(&builtin::token_key(token), nonce)));
        match changed {
            None => {
                let asked = (address.to_vec(), token.to_vec(), nonce);
                let ask = || self.hook.esdt_token(address, token, nonce);
                self.tokens.entry(asked).or_insert_with(ask).clone()
            }
            Some(none) if none.is_empty() => Ok(EsdtToken {
                value: Some(BigInt::ZERO),
                ..EsdtToken::default()
            }),
            Some(bytes) => builtin::decode_token(bytes).map_err(|error| HookError(error.to_string())),
        }
    }

    /// Marks what built-in functions have changed, here or in the node.
    pub(crate) fn mark(&mut self) -> Mark {
        if self.delegated {
            Mark::Node(self.hook.snapshot())
        } else {
            Mark::Here(self.changes.mark())
        }
    }

    /// Returns to a mark. A node that refuses changes nothing for the caller.
    pub(crate) fn revert(&mut self, mark: Mark) {
        match mark {
            Mark::Node(snapshot) => {
                let _ = self.hook.revert_to_snapshot(snapshot);
                self.forget();
            }
            Mark::Here(mark) => self.changes.revert(mark),
        }
    }

    pub(crate) fn push_state(&mut self) {
        let mark = self.mark();
        self.marks.push(mark);
    }

    /// Returns to the last mark.
    pub(crate) fn pop_set_state(&mut self) {
        if let Some(mark) = self.marks.pop() {
            self.revert(mark);
        }
    }

    /// Drops the last mark.
    pub(crate) fn pop_discard(&mut self) {
        self.marks.pop();
    }

    /// Has the node run a built-in function.
    pub(crate) fn process_builtin(&mut self, input: &CallInput) -> Result<VmOutput, HookError> {
        let output = self.hook.process_builtin_function(input);
        self.forget();
        output
    }
}

impl Run<'_> {
    /// The address of a contract that `creator` deploys now.
    ///
    /// The creator's nonce already counts the transaction at hand, unless the creator is itself a contract.
    pub(crate) fn new_address(&mut self, creator: &[u8]) -> Result<Bytes, EeiError> {
        let mut nonce = self.nonce(creator)?;
        let indirect = self.chain.is_contract(creator) && self.flags.arwen_v3;
        if !indirect && nonce > 0 {
            nonce -= 1;
        }
        Ok(self
            .chain
            .hook
            .new_address(creator, nonce, &self.core.settings.vm_type)?)
    }

    /// Whether the node has an account at the address.
    pub(crate) fn account_exists(&mut self, address: &[u8]) -> bool {
        self.chain.account_if_any(address).is_some()
    }

    /// An account's EGLD, the changes of this run included.
    pub(crate) fn balance(&mut self, address: &[u8]) -> BigInt {
        let (account, _) = self.output.account(address);
        if account.balance.is_none() {
            let Some(known) = self.chain.account_if_any(address) else {
                return BigInt::ZERO;
            };
            account.balance = Some(known.balance.unwrap_or_default());
        }
        let claimed = self
            .chain
            .changes
            .now()
            .balances
            .get(address)
            .unwrap_or(&BigInt::ZERO);
        account.balance.as_ref().unwrap_or(&BigInt::ZERO) + &account.balance_delta + claimed
    }

    /// An account's nonce, the changes of this run included; 0 when the node has no such account.
    pub(crate) fn nonce(&mut self, address: &[u8]) -> Result<u64, EeiError> {
        let (account, is_new) = self.output.account(address);
        if !(is_new || (account.nonce == 0 && self.flags.arwen_v3)) {
            return Ok(account.nonce);
        }
        let Some(known) = self.chain.account(address)? else {
            return Ok(0);
        };
        account.nonce = known.nonce;
        Ok(known.nonce)
    }

    /// Counts one more transaction of an account.
    pub(crate) fn increase_nonce(&mut self, address: &[u8]) {
        let nonce = self.nonce(address).unwrap_or(0);
        self.output.account(address).0.nonce = nonce.wrapping_add(1);
    }

    /// The code at an address: this run's, or the node's.
    pub(crate) fn code(&mut self, address: &[u8]) -> Result<Arc<Bytes>, EeiError> {
        let (account, _) = self.output.account(address);
        if !account.code.is_empty() {
            return Ok(account.code.clone());
        }
        let known = self.chain.account(address)?.ok_or(EeiError::AccountMissing)?;
        let code = self.chain.hook.code(&known);
        if code.is_empty() {
            return Err(EeiError::ContractNotFound);
        }
        let code = Arc::new(code);
        self.output.accounts.keep_code(address, code.clone());
        Ok(code)
    }

    /// Whether two accounts live in the same shard.
    pub(crate) fn same_shard(&mut self, left: &[u8], right: &[u8]) -> bool {
        self.chain.shard_of(left) == self.chain.shard_of(right)
    }

    /// Whether call data names a built-in function.
    pub(crate) fn is_builtin_call(&self, data: &[u8]) -> bool {
        CallData::parse(data).is_ok_and(|call| self.is_builtin(&call.function))
    }

    /// Whether a name is that of a built-in function.
    pub(crate) fn is_builtin(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name).is_ok_and(|name| self.core.settings.builtin_function_names.contains(name))
    }
}
