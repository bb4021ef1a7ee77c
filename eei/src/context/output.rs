//! What a run changes: accounts, return data, logs. Saved, censored and merged around nested calls.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use arwen_interface::{
    AccountUpdate, BigInt, Bytes, CallType, LogEntry, OutputAccount, OutputTransfer, ReturnCode,
    StorageUpdate, VmOutput,
};
use num_traits::Signed;

use crate::errors::EeiError;

use super::Run;

/// An account of the output.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub address: Bytes,
    pub nonce: u64,
    /// Its balance before the run, once the run has looked at it.
    pub balance: Option<BigInt>,
    pub balance_delta: BigInt,
    /// Entries read and written. Shared like the account, which changes more often.
    pub storage: Rc<BTreeMap<Bytes, Rc<Bytes>>>,
    /// Its code: new, or kept from a read.
    pub code: Rc<Bytes>,
    pub code_metadata: Bytes,
    pub gas_used: u64,
    pub transfers: Vec<OutputTransfer>,
    pub code_deployer: Bytes,
}

/// What a call saves, censors and merges. Accounts are shared until they change, so saving is cheap.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutputState {
    pub return_data: Vec<Bytes>,
    pub return_code: ReturnCode,
    pub return_message: Bytes,
    pub gas_remaining: u64,
    pub gas_refund: BigInt,
    pub logs: Vec<LogEntry>,
    accounts: BTreeMap<Bytes, Rc<Account>>,
}

/// The output of the running contract and those of its callers.
#[derive(Default)]
pub(crate) struct Output {
    pub state: OutputState,
    saved: Vec<OutputState>,
    /// Accounts whose code is new; in others it is only kept from a read.
    code_updates: BTreeSet<Bytes>,
    /// What built-in functions changed besides.
    pub account_updates: Vec<AccountUpdate>,
}

impl Output {
    /// An account, and whether this made it.
    pub(crate) fn account(&mut self, address: &[u8]) -> (&mut Account, bool) {
        // Looking up first saves a copy of the address in the usual case.
        let is_new = !self.state.accounts.contains_key(address);
        if is_new {
            let account = Account {
                address: address.to_vec(),
                ..Account::default()
            };
            self.state.accounts.insert(address.to_vec(), Rc::new(account));
        }
        let account = self.state.accounts.get_mut(address).map(Rc::make_mut);
        // The entry was just looked up or made.
        (account.unwrap_or_else(|| unreachable!()), is_new)
    }

    /// An account that is already there.
    pub(crate) fn account_if_any(&self, address: &[u8]) -> Option<&Account> {
        self.state.accounts.get(address).map(Rc::as_ref)
    }

    pub(crate) fn has_account(&self, address: &[u8]) -> bool {
        self.state.accounts.contains_key(address)
    }

    /// All accounts, in address order.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.state.accounts.values().map(Rc::as_ref)
    }

    /// Sets the gas that each account has used.
    pub(crate) fn set_gas_used(&mut self, used_by: impl Fn(&[u8]) -> u64) {
        for account in self.state.accounts.values_mut() {
            let used = used_by(&account.address);
            // Most stay as they are, and shared.
            if account.gas_used != used {
                Rc::make_mut(account).gas_used = used;
            }
        }
    }

    /// Drops an account, its new code included.
    pub(crate) fn delete_account(&mut self, address: &[u8]) {
        self.state.accounts.remove(address);
        self.code_updates.remove(address);
    }

    /// Records new code.
    pub(crate) fn deploy_code(&mut self, deployment: &crate::call::Deployment) {
        let (account, _) = self.account(&deployment.address);
        account.code = deployment.code.clone();
        account.code_metadata.clone_from(&deployment.code_metadata);
        account.code_deployer.clone_from(&deployment.deployer);
        self.code_updates.insert(deployment.address.clone());
    }

    /// Forgets code that is not new.
    fn drop_read_code(&mut self) {
        for (address, account) in &mut self.state.accounts {
            let has_code = !account.code.is_empty()
                || !account.code_metadata.is_empty()
                || !account.code_deployer.is_empty();
            if has_code && !self.code_updates.contains(address) {
                let account = Rc::make_mut(account);
                account.code = Rc::default();
                account.code_metadata.clear();
                account.code_deployer.clear();
            }
        }
    }

    pub(crate) fn push_state(&mut self) {
        self.saved.push(self.state.clone());
    }

    pub(crate) fn pop_set_state(&mut self) {
        if let Some(state) = self.saved.pop() {
            self.state = state;
        }
    }

    pub(crate) fn pop_discard(&mut self) {
        self.saved.pop();
    }

    /// Returns to the caller's output with the callee's merged into it.
    pub(crate) fn pop_merge_state(&mut self) {
        if let Some(mut state) = self.saved.pop() {
            state.merge(std::mem::take(&mut self.state));
            self.state = state;
        }
    }

    /// Saves the state and hides from a callee what is its caller's alone. Accounts stay visible.
    pub(crate) fn put_aside(&mut self) {
        let callee = OutputState {
            accounts: self.state.accounts.clone(),
            ..OutputState::default()
        };
        self.saved.push(std::mem::replace(&mut self.state, callee));
    }

    /// Merges what a built-in function gave: its balance changes are relative, its transfers come on top.
    pub(crate) fn merge_builtin(&mut self, output: VmOutput) {
        // Without a refund of its own, such an output wipes out the one there was, a quirk of the reference.
        let has_refund = output.gas_refund.is_some();
        let mut right = OutputState::from_output(output);
        if has_refund {
            right.gas_refund += &self.state.gas_refund;
        }
        for (address, account) in &mut right.accounts {
            let Some(left) = self.state.accounts.get_mut(address) else {
                continue;
            };
            let account = Rc::make_mut(account);
            account.balance_delta += &left.balance_delta;
            if !account.transfers.is_empty() {
                Rc::make_mut(left)
                    .transfers
                    .append(&mut account.transfers.clone());
            }
        }
        self.state.merge(right);
    }

    /// Appends a log entry; the first topic is its identifier.
    pub(crate) fn log(&mut self, address: &[u8], topics: Vec<Bytes>, data: Bytes) {
        let mut topics = topics.into_iter();
        let identifier = topics.next().unwrap_or_default();
        self.state.logs.push(LogEntry {
            identifier,
            address: address.to_vec(),
            topics: topics.collect(),
            data: Some(data),
        });
    }
}

impl OutputState {
    /// Takes over what `right` changed on top of `self`: lists grow, the rest is replaced.
    fn merge(&mut self, right: OutputState) {
        for (address, account) in right.accounts {
            match self.accounts.get_mut(&address) {
                None => {
                    self.accounts.insert(address, account);
                }
                Some(left) if Rc::ptr_eq(left, &account) => {}
                Some(left) => Rc::make_mut(left).merge(&account),
            }
        }
        self.logs.extend(right.logs);
        self.return_data.extend(right.return_data);
        self.gas_remaining = right.gas_remaining;
        self.gas_refund = right.gas_refund;
        self.return_code = right.return_code;
        self.return_message = right.return_message;
    }

    fn from_output(output: VmOutput) -> Self {
        let account = |account: OutputAccount| {
            let address = account.address.clone();
            (address, Rc::new(Account::from(account)))
        };
        Self {
            return_data: output.return_data,
            return_code: output.return_code,
            return_message: output.return_message,
            gas_remaining: output.gas_remaining,
            gas_refund: output.gas_refund.unwrap_or_default(),
            logs: output.logs,
            accounts: output.output_accounts.into_iter().map(account).collect(),
        }
    }

    /// The state as a node gets it.
    pub(crate) fn to_output(&self) -> VmOutput {
        VmOutput {
            return_data: self.return_data.clone(),
            return_code: self.return_code,
            return_message: self.return_message.clone(),
            gas_remaining: self.gas_remaining,
            gas_refund: Some(self.gas_refund.clone()),
            output_accounts: self
                .accounts
                .values()
                .map(|account| OutputAccount::from(account.as_ref()))
                .collect(),
            logs: self.logs.clone(),
            ..VmOutput::default()
        }
    }
}

impl Account {
    fn merge(&mut self, right: &Account) {
        if self.storage.is_empty() {
            self.storage = right.storage.clone();
        } else if !Rc::ptr_eq(&self.storage, &right.storage) {
            let entries = right.storage.iter();
            Rc::make_mut(&mut self.storage).extend(entries.map(|(key, value)| (key.clone(), value.clone())));
        }
        if right.balance.is_some() {
            self.balance.clone_from(&right.balance);
        }
        self.balance_delta.clone_from(&right.balance_delta);
        if !right.code.is_empty() {
            self.code = right.code.clone();
        }
        if !right.code_metadata.is_empty() {
            self.code_metadata.clone_from(&right.code_metadata);
        }
        self.nonce = self.nonce.max(right.nonce);
        if let Some(more) = right.transfers.get(self.transfers.len()..) {
            self.transfers.extend_from_slice(more);
        }
        self.gas_used = right.gas_used;
        if !right.code_deployer.is_empty() {
            self.code_deployer.clone_from(&right.code_deployer);
        }
    }
}

impl From<OutputAccount> for Account {
    fn from(account: OutputAccount) -> Self {
        Self {
            address: account.address,
            nonce: account.nonce,
            balance: account.balance,
            balance_delta: account.balance_delta.unwrap_or_default(),
            storage: Rc::new(
                account
                    .storage_updates
                    .into_iter()
                    .map(|update| (update.offset, Rc::new(update.data)))
                    .collect(),
            ),
            code: Rc::new(account.code),
            code_metadata: account.code_metadata,
            gas_used: account.gas_used,
            transfers: account.transfers,
            code_deployer: account.code_deployer,
        }
    }
}

impl From<&Account> for OutputAccount {
    fn from(account: &Account) -> Self {
        let update = |(offset, data): (&Bytes, &Rc<Bytes>)| StorageUpdate {
            offset: offset.clone(),
            data: data.as_ref().clone(),
        };
        Self {
            address: account.address.clone(),
            nonce: account.nonce,
            balance: account.balance.clone(),
            balance_delta: Some(account.balance_delta.clone()),
            storage_updates: account.storage.iter().map(update).collect(),
            code: account.code.as_ref().clone(),
            code_metadata: account.code_metadata.clone(),
            gas_used: account.gas_used,
            transfers: account.transfers.clone(),
            code_deployer: account.code_deployer.clone(),
        }
    }
}

impl Run<'_> {
    /// Adds the value that came with the transaction; the node has already taken it from the sender.
    pub(crate) fn add_tx_value(&mut self, address: &[u8], value: &BigInt) {
        self.output.account(address).0.balance_delta += value;
    }

    /// Moves EGLD between accounts.
    ///
    /// # Errors
    /// For a negative value, a balance too small, or a contract that takes no EGLD. The last is looked at when
    /// `check_payable` says so, always before the ESDT functions, and from V3 on never in an asynchronous call.
    pub(crate) fn transfer_value_only(
        &mut self,
        destination: &[u8],
        sender: &[u8],
        value: &BigInt,
        check_payable: bool,
    ) -> Result<(), EeiError> {
        if value.is_negative() {
            return Err(EeiError::NegativeTransfer);
        }
        if self.balance(sender) < *value {
            return Err(EeiError::InsufficientFunds);
        }
        let payable = self.chain.is_payable(destination)?;
        let in_async = self.flags.arwen_v3 && self.runtime.input.call_type == CallType::Asynchronous;
        let check = check_payable || !self.flags.esdt_functions;
        if check && !payable && value.is_positive() && !in_async {
            return Err(EeiError::NotPayable);
        }
        self.output.account(sender).0.balance_delta -= value;
        self.output.account(destination).0.balance_delta += value;
        Ok(())
    }

    /// Moves EGLD and records the transfer, with data and gas for a call.
    pub(crate) fn transfer(&mut self, destination: &[u8], transfer: OutputTransfer) -> Result<(), EeiError> {
        let check_payable = transfer.gas_limit > 0 && transfer.call_type != CallType::Callback;
        let value = transfer.value.clone().unwrap_or_default();
        self.transfer_value_only(destination, &transfer.sender, &value, check_payable)?;
        self.output.account(destination).0.transfers.push(transfer);
        Ok(())
    }

    /// The output of a contract that has ended well, unless its gas does not add up.
    pub(crate) fn finish_output(&mut self) -> VmOutput {
        match self.close_output() {
            Ok(()) => {
                self.apply_builtin_changes();
                VmOutput {
                    account_updates: std::mem::take(&mut self.output.account_updates),
                    ..self.output.state.to_output()
                }
            }
            Err(error) => self.error_output(&error),
        }
    }

    /// Counts the gas of a contract that has ended well, and drops what was only read.
    ///
    /// # Errors
    /// When the gas does not add up.
    pub(crate) fn close_output(&mut self) -> Result<(), EeiError> {
        self.output.drop_read_code();
        self.output.state.gas_remaining = self.gas_left();
        self.settle_gas()
    }

    /// The output of a contract that has failed. Nothing it did remains; its gas counts as used.
    pub(crate) fn error_output(&mut self, error: &EeiError) -> VmOutput {
        let stored = &self.output.state.return_message;
        let message = match error {
            EeiError::SignalError => stored.clone(),
            _ if !stored.is_empty() => stored.clone(),
            _ => error.text().as_bytes().to_vec(),
        };
        let provided = self.gas.provided;
        let address = self.runtime.address.clone();
        let (account, _) = self.output.account(&address);
        account.gas_used = account.gas_used.saturating_add(provided);
        VmOutput {
            return_code: error.return_code(),
            return_message: message,
            gas_refund: Some(BigInt::ZERO),
            ..VmOutput::default()
        }
    }
}
