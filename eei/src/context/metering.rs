//! Gas of a run: what was provided, what loading cost, who used the rest.
//!
//! Charges of host functions never fail by themselves: the counter saturates, and the next check in the contract, or
//! the one at the end, finds out.

use std::collections::BTreeMap;

use arwen_interface::{BigInt, Bytes, CallType};
use arwen_metering::{GasKey, Schedule};
use num_traits::ToPrimitive;

use crate::errors::EeiError;
use crate::observe::GasUse;

use super::Run;

/// The gas of the running contract.
#[derive(Clone, Default)]
pub(crate) struct GasAccount {
    /// What its input brought.
    pub provided: u64,
    /// What loading or deploying code cost; not part of the instance's counter.
    pub initial_cost: u64,
    /// What is left for execution after that.
    pub for_execution: u64,
    /// What each account has used so far.
    pub used_by: BTreeMap<Bytes, u64>,
}

/// The gas accounts of waiting contracts.
#[derive(Default)]
pub(crate) struct SavedGas(Vec<GasAccount>);

/// What loading code is priced by.
#[derive(Clone, Copy)]
pub(crate) struct Loading {
    base: Option<GasKey>,
    per_byte: GasKey,
}

impl Loading {
    /// Code that comes with a deployment or an upgrade.
    pub const DEPLOYED: Self = Self {
        base: Some(GasKey::CreateContract),
        per_byte: GasKey::CompilePerByte,
    };
    /// Code of an account, compiled ahead of time.
    pub const PREPARED: Self = Self {
        base: Some(GasKey::GetCode),
        per_byte: GasKey::AoTPreparePerByte,
    };
    /// Code that is compiled for the call.
    pub const COMPILED: Self = Self {
        base: None,
        per_byte: GasKey::CompilePerByte,
    };

    /// In gas units.
    pub fn cost(self, schedule: &Schedule, bytes: usize) -> u64 {
        let base = self.base.map_or(0, |key| schedule.cost(key));
        base.saturating_add(schedule.cost(self.per_byte).saturating_mul(bytes as u64))
    }
}

impl Run<'_> {
    /// Starts the gas account of a call. A callback also gets the gas that was locked for it; the input itself keeps
    /// both numbers, so loading code is paid from what was provided alone, a quirk of the reference.
    pub(crate) fn start_gas(&mut self) {
        let input = &self.runtime.input;
        let locked = if input.call_type == CallType::Callback {
            input.gas_locked
        } else {
            0
        };
        let provided = input.gas_provided.saturating_add(locked);
        self.gas = GasAccount {
            provided,
            for_execution: provided,
            ..Default::default()
        };
    }

    /// Saves the gas account; that of the call is still to be started.
    pub(crate) fn push_gas(&mut self) {
        self.saved_gas.0.push(std::mem::take(&mut self.gas));
    }

    /// Returns to the caller's gas account.
    pub(crate) fn pop_set_gas(&mut self) {
        if let Some(gas) = self.saved_gas.0.pop() {
            self.gas = gas;
        }
    }

    /// Returns to the caller's gas account and keeps what accounts have used meanwhile.
    pub(crate) fn pop_merge_gas(&mut self) {
        if let Some(mut gas) = self.saved_gas.0.pop() {
            for (address, used) in std::mem::take(&mut self.gas.used_by) {
                let total = gas.used_by.entry(address).or_default();
                *total = total.wrapping_add(used);
            }
            self.gas = gas;
        }
    }

    /// Adds to the counter of the current instance.
    pub(crate) fn use_gas(&mut self, gas: u64) {
        self.runtime
            .set_points_used(self.runtime.points_used().saturating_add(gas));
    }

    /// Charges a fixed price.
    pub(crate) fn charge(&mut self, key: GasKey) {
        self.charge_for_api(self.price(key));
    }

    /// Charges a price per byte. A negative 32-bit length, sign-extended, is more than anybody can pay.
    pub(crate) fn charge_bytes(&mut self, key: GasKey, bytes: u64) {
        self.charge_for_api(self.price(key).saturating_mul(bytes));
    }

    fn charge_for_api(&mut self, gas: u64) {
        let tally = &mut self.core.gas_tally;
        tally.api = tally.api.saturating_add(gas);
        self.use_gas(gas);
    }

    /// Adds a price per byte to the refund.
    pub(crate) fn free_bytes(&mut self, key: GasKey, bytes: u64) {
        let freed = self.price(key).saturating_mul(bytes);
        let refund = self.output.state.gas_refund.to_i64().unwrap_or(0) as u64;
        // The reference keeps the refund as a signed number.
        self.output.state.gas_refund = BigInt::from(refund.saturating_add(freed) as i64);
    }

    /// Gives back gas that a nested call did not use; nothing when the counter is below it.
    pub(crate) fn restore_gas(&mut self, gas: u64) {
        if let Some(points) = self.runtime.points_used().checked_sub(gas) {
            self.runtime.set_points_used(points);
        }
    }

    /// What the running contract may still use.
    pub(crate) fn gas_left(&self) -> u64 {
        self.gas.for_execution.saturating_sub(self.runtime.points_used())
    }

    /// Charges only when more than the price is left.
    pub(crate) fn use_gas_bounded(&mut self, gas: u64) -> Result<(), EeiError> {
        if self.gas_left() <= gas {
            return Err(EeiError::NotEnoughGas);
        }
        self.use_gas(gas);
        Ok(())
    }

    /// The same for something that is named.
    pub(crate) fn use_gas_bounded_for(&mut self, what: GasUse<'_>, gas: u64) -> Result<(), EeiError> {
        if self.gas_left() <= gas {
            return Err(EeiError::NotEnoughGas);
        }
        self.use_gas_for(what, gas);
        Ok(())
    }

    /// A gas limit that a contract chose, at most what is left. Negative limits are huge.
    pub(crate) fn bound_gas_limit(&self, limit: i64) -> u64 {
        self.gas_left().min(limit as u64)
    }

    /// Pays for loading code for a call.
    pub(crate) fn pay_for_execution(&mut self, code: &[u8]) -> Result<(), EeiError> {
        let loading = if self.flags.ahead_of_time {
            Loading::PREPARED
        } else {
            Loading::COMPILED
        };
        self.pay_initial(code, loading)
    }

    /// Pays for code that comes with the input.
    pub(crate) fn pay_for_deployment(&mut self, code: &[u8]) -> Result<(), EeiError> {
        self.pay_initial(code, Loading::DEPLOYED)
    }

    /// Pays for code that a contract deploys. It is measured against the contract's own input and replaces the
    /// contract's own initial cost, a quirk of the reference.
    pub(crate) fn pay_for_indirect_deployment(&mut self, code: &[u8]) -> Result<(), EeiError> {
        self.pay_initial(code, Loading::COMPILED)
    }

    fn pay_initial(&mut self, code: &[u8], loading: Loading) -> Result<(), EeiError> {
        let cost = loading.cost(&self.core.schedule, code.len());
        let rest = self
            .runtime
            .input
            .gas_provided
            .checked_sub(cost)
            .ok_or(EeiError::NotEnoughGas)?;
        let tally = &mut self.core.gas_tally;
        tally.loading = tally.loading.saturating_add(cost);
        self.tell(|observer| observer.gas(GasUse::Loading, cost.into()));
        self.gas.initial_cost = cost;
        self.gas.for_execution = rest;
        Ok(())
    }

    /// The gas an asynchronous call sets aside for its callback.
    pub(crate) fn gas_to_lock(&self) -> u64 {
        let per_byte = if self.flags.ahead_of_time {
            GasKey::AoTPreparePerByte
        } else {
            GasKey::CompilePerByte
        };
        let compile = if self.flags.dyn_gas_lock {
            self.runtime.code_size.saturating_mul(self.price(per_byte))
        } else {
            0
        };
        let execute = self
            .price(GasKey::AsyncCallStep)
            .saturating_add(self.price(GasKey::AsyncCallbackGasLock));
        compile.saturating_add(execute)
    }

    /// What the running contract has spent; loading counts only from V2 on.
    pub(crate) fn gas_spent(&self) -> u64 {
        let initial = if self.flags.arwen_v2 {
            self.gas.initial_cost
        } else {
            0
        };
        initial.saturating_add(self.runtime.points_used())
    }

    /// The V2 check after a top-level function: what was used must not exceed what there was.
    pub(crate) fn check_final_gas(&self) -> Result<(), EeiError> {
        if self.flags.arwen_v2 && self.runtime.points_used() > self.gas.for_execution {
            return Err(EeiError::NotEnoughGas);
        }
        Ok(())
    }

    /// Shares out the gas used among the accounts of the output, and checks the sum.
    ///
    /// # Errors
    /// When an account that used gas is no longer there, or the sum is not what was provided.
    pub(crate) fn settle_gas(&mut self) -> Result<(), EeiError> {
        let own = self.runtime.address.clone();
        self.output.account(&own);
        let accounts = &self.output.accounts;
        let transferred = saturated(accounts.gas_transferred());
        let transferred_by_own = accounts
            .get(&own)
            .map_or(0, |account| saturated(account.gas_transferred()));
        let elsewhere = self
            .gas
            .used_by
            .iter()
            .filter(|(address, _)| **address != own && accounts.contains(address))
            .fold(transferred, |sum, (_, used)| sum.saturating_add(*used));
        let used = self
            .gas_spent()
            .saturating_sub(transferred_by_own)
            .saturating_sub(elsewhere);
        self.gas.used_by.insert(own, used);

        let mut total = transferred.saturating_add(self.output.state.gas_remaining);
        for (address, used) in &self.gas.used_by {
            if !accounts.contains(address) {
                return Err(EeiError::GasAccountMissing);
            }
            total = total.saturating_add(*used);
        }
        if self.flags.arwen_v2 && total != self.gas.provided {
            return Err(EeiError::GasMismatch);
        }
        Ok(())
    }
}

/// A sum of gas units, as the reference's counters have it.
fn saturated(gas: u128) -> u64 {
    gas.try_into().unwrap_or(u64::MAX)
}
