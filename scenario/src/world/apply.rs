//! How transactions change the world.

use arwen_interface::{BigInt, OutputAccount, VmOutput};

use super::{Account, MetadataRule, SCENARIO_CODE_METADATA, World};

/// Why the world refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// The sender of a transaction does not exist.
    #[error("method UpdateWorldStateBefore expects an existing address")]
    NoSender,
    /// The sender cannot pay for the gas.
    #[error("not enough balance to pay gas upfront")]
    NoGasMoney,
    /// An output makes or destroys EGLD.
    #[error(
        "sum of balance deltas should equal call value. Sum of balance deltas: {deltas} (0x{deltas:x}). \
         Call value: {value} (0x{value:x})"
    )]
    Unbalanced {
        /// What the output adds to all accounts together.
        deltas: BigInt,
        /// What the sender paid in.
        value: BigInt,
    },
}

impl World {
    /// Begins a transaction: raises the sender's nonce and takes the price of the gas, which is never given back.
    ///
    /// # Errors
    /// When there is no sender, or (the nonce stays raised) it cannot pay.
    pub fn begin_transaction(
        &mut self,
        sender: &[u8],
        gas_limit: u64,
        gas_price: u64,
    ) -> Result<(), WorldError> {
        let account = self.accounts.get_mut(sender).ok_or(WorldError::NoSender)?;
        account.nonce = account.nonce.wrapping_add(1);
        let payment = BigInt::from(gas_limit) * gas_price;
        if account.balance < payment {
            return Err(WorldError::NoGasMoney);
        }
        account.balance -= payment;
        Ok(())
    }

    /// Ends a successful transaction: takes its value from the sender and applies its output.
    ///
    /// # Errors
    /// When the output does not hand on exactly the value. The output is applied nevertheless.
    pub fn commit(&mut self, sender: &[u8], value: &BigInt, output: &VmOutput) -> Result<(), WorldError> {
        if let Some(account) = self.accounts.get_mut(sender) {
            account.balance -= value;
        }
        self.apply(output);
        let deltas: BigInt = output
            .output_accounts
            .iter()
            .filter_map(|it| it.balance_delta.as_ref())
            .sum();
        if deltas == *value {
            Ok(())
        } else {
            Err(WorldError::Unbalanced {
                deltas,
                value: value.clone(),
            })
        }
    }

    /// Applies the output of a successful run. Transfers of data are kept in [`Account::async_call_data`] and otherwise
    /// left to the caller.
    pub fn apply(&mut self, output: &VmOutput) {
        for change in &output.output_accounts {
            self.apply_account(change);
        }
        for update in &output.account_updates {
            let account = self.accounts.entry(update.address.clone()).or_default();
            if let Some(owner) = &update.owner {
                account.owner.clone_from(owner);
            }
            if let Some(name) = &update.user_name {
                account.username.clone_from(name);
            }
            if let Some(reward) = &update.claimed_reward {
                account.developer_reward -= reward;
            }
        }
        for address in &output.deleted_accounts {
            self.accounts.remove(address);
        }
    }

    fn apply_account(&mut self, change: &OutputAccount) {
        let account = self
            .accounts
            .entry(change.address.clone())
            .or_insert_with(|| Account {
                owner: change.code_deployer.clone(),
                ..Account::default()
            });
        match (&change.balance_delta, &change.balance) {
            (Some(delta), _) => account.balance += delta,
            (None, Some(balance)) => account.balance = balance.clone(),
            (None, None) => {}
        }
        account.nonce = account.nonce.max(change.nonce);
        if !change.code.is_empty() {
            let metadata = match self.metadata_rule {
                MetadataRule::AsDeployed => change.code_metadata.clone(),
                MetadataRule::Scenario => SCENARIO_CODE_METADATA.to_vec(),
            };
            account.set_code(change.code.clone(), metadata);
        }
        if let Some(first) = change.transfers.first()
            && !first.data.is_empty()
        {
            account.async_call_data.clone_from(&first.data);
        }
        for update in &change.storage_updates {
            account.storage.insert(update.offset.clone(), update.data.clone());
        }
    }
}
