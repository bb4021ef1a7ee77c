//! The world as the VM sees it.

use std::collections::BTreeSet;

use arwen_eei::builtin::BuiltinFunction;
use arwen_interface::{BlockchainHook, Bytes, CallInput, EsdtToken, HookError, UserAccount, VmOutput};

use super::{World, generated_address, is_contract_address};
use crate::expr::hex;

fn refuse<T>(text: impl Into<String>) -> Result<T, HookError> {
    Err(HookError(text.into()))
}

impl BlockchainHook for World {
    fn new_address(
        &mut self,
        creator: &[u8],
        creator_nonce: u64,
        _vm_type: &[u8],
    ) -> Result<Bytes, HookError> {
        let decreed = self
            .new_addresses
            .iter()
            .find(|it| it.creator == creator && it.creator_nonce == creator_nonce);
        if let Some(decreed) = decreed {
            return Ok(decreed.address.clone());
        }
        match creator.try_into() {
            Ok(creator) => Ok(generated_address(creator, creator_nonce)),
            Err(_) => refuse(format!("the creator's address is not 32 bytes: {}", hex(creator))),
        }
    }

    fn storage_data(&mut self, account: &[u8], key: &[u8]) -> Result<Bytes, HookError> {
        Ok(self
            .account(account)
            .map_or_else(Bytes::new, |account| account.value(key).to_vec()))
    }

    fn block_hash(&mut self, nonce: u64) -> Result<Bytes, HookError> {
        let Some(age) = self.current_block.nonce.checked_sub(nonce) else {
            return refuse("requested nonce is greater than current nonce");
        };
        match usize::try_from(age)
            .ok()
            .and_then(|age| self.block_hashes.get(age))
        {
            Some(hash) => Ok(hash.clone()),
            None => refuse("requested nonce is older than the oldest available block nonce"),
        }
    }

    fn last_nonce(&mut self) -> u64 {
        self.previous_block.nonce
    }

    fn last_round(&mut self) -> u64 {
        self.previous_block.round
    }

    fn last_timestamp(&mut self) -> u64 {
        self.previous_block.timestamp
    }

    fn last_random_seed(&mut self) -> Bytes {
        self.previous_block.random_seed.clone()
    }

    fn last_epoch(&mut self) -> u32 {
        self.previous_block.epoch
    }

    fn state_root_hash(&mut self) -> Bytes {
        self.state_root_hash.clone()
    }

    fn current_nonce(&mut self) -> u64 {
        self.current_block.nonce
    }

    fn current_round(&mut self) -> u64 {
        self.current_block.round
    }

    fn current_timestamp(&mut self) -> u64 {
        self.current_block.timestamp
    }

    fn current_random_seed(&mut self) -> Bytes {
        self.current_block.random_seed.clone()
    }

    fn current_epoch(&mut self) -> u32 {
        self.current_block.epoch
    }

    fn esdt_token(&mut self, address: &[u8], token: &[u8], nonce: u64) -> Result<EsdtToken, HookError> {
        match self.account(address) {
            Some(account) => account
                .token(token, nonce)
                .map_err(|error| HookError(error.to_string())),
            None => refuse(no_account(address)),
        }
    }

    fn builtin_function_names(&mut self) -> BTreeSet<String> {
        BuiltinFunction::ALL
            .iter()
            .map(|function| function.name().to_owned())
            .collect()
    }

    fn all_state(&mut self, address: &[u8]) -> Result<Vec<(Bytes, Bytes)>, HookError> {
        match self.account(address) {
            Some(account) => Ok(account.storage.clone().into_iter().collect()),
            None => refuse(no_account(address)),
        }
    }

    fn user_account(&mut self, address: &[u8]) -> Result<Option<UserAccount>, HookError> {
        Ok(self.account(address).map(|account| UserAccount {
            nonce: account.nonce,
            balance: Some(account.balance.clone()),
            code_hash: account.code_hash.clone(),
            root_hash: Bytes::new(),
            address: address.to_vec(),
            developer_reward: Some(account.developer_reward.clone()),
            owner: account.owner.clone(),
            user_name: account.username.clone(),
            code_metadata: account.code_metadata.clone(),
        }))
    }

    fn code(&mut self, account: &UserAccount) -> Bytes {
        self.account(&account.address)
            .map_or_else(Bytes::new, |account| account.code.clone())
    }

    fn shard_of_address(&mut self, address: &[u8]) -> u32 {
        self.shard_of(address)
    }

    fn is_payable(&mut self, address: &[u8]) -> Result<bool, HookError> {
        Ok(self.account(address).is_none_or(|account| account.is_payable()))
    }

    fn is_smart_contract(&mut self, address: &[u8]) -> bool {
        self.account(address)
            .map_or_else(|| is_contract_address(address), |account| account.is_contract())
    }

    fn save_compiled_code(&mut self, code_hash: &[u8], code: &[u8]) {
        self.compiled_code.insert(code_hash.to_vec(), code.to_vec());
    }

    fn compiled_code(&mut self, code_hash: &[u8]) -> Option<Bytes> {
        self.compiled_code.get(code_hash).cloned()
    }

    fn snapshot(&mut self) -> i64 {
        self.snapshots.push(self.accounts.clone());
        self.snapshots.len() as i64 - 1
    }

    fn revert_to_snapshot(&mut self, snapshot: i64) -> Result<(), HookError> {
        let index = usize::try_from(snapshot)
            .ok()
            .filter(|&index| index < self.snapshots.len());
        let Some(index) = index else {
            return refuse(format!(
                "snapshot {snapshot} out of bounds (min 0, max {})",
                self.snapshots.len() as i64 - 1
            ));
        };
        self.accounts.clone_from(&self.snapshots[index]);
        self.snapshots.truncate(index);
        Ok(())
    }

    fn process_builtin_function(&mut self, input: &CallInput) -> Result<VmOutput, HookError> {
        self.run_builtin(input)
            .map_err(|error| HookError(error.to_string()))
    }
}

fn no_account(address: &[u8]) -> String {
    format!("account not found: {}", hex(address))
}
