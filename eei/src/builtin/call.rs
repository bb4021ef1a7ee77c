//! One call of a built-in function: its input, what it may ask, what it has changed.

use arwen_interface::{Bytes, CallInput, CallType};
use num_traits::Zero;

use super::address::{ESDT_SYSTEM_CONTRACT, METACHAIN};
use super::{BuiltinError, BuiltinFunction, BuiltinPrices, BuiltinWorld, Changes};

/// A call being worked on.
pub(super) struct Call<'a> {
    pub world: &'a mut dyn BuiltinWorld,
    pub prices: &'a BuiltinPrices,
    pub input: &'a CallInput,
    pub changes: Changes,
    /// Whether the caller's account is in this shard. If not, this is the second half of a call that began elsewhere.
    pub has_sender: bool,
    /// Whether the recipient's account is in this shard. If not, this is only the first half of the call.
    pub has_recipient: bool,
    function: BuiltinFunction,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        world: &'a mut dyn BuiltinWorld,
        prices: &'a BuiltinPrices,
        input: &'a CallInput,
        function: BuiltinFunction,
    ) -> Result<Self, BuiltinError> {
        let own_shard = world.own_shard();
        let has_sender = world.shard_of(&input.vm_input.caller) == own_shard;
        let has_recipient = world.shard_of(&input.recipient) == own_shard;
        if has_sender && world.account(&input.vm_input.caller)?.is_none() {
            return Err(BuiltinError::AccountNotFound);
        }
        Ok(Self {
            world,
            prices,
            input,
            changes: Changes::default(),
            has_sender,
            has_recipient,
            function,
        })
    }

    pub(super) fn caller(&self) -> &'a [u8] {
        &self.input.vm_input.caller
    }

    pub(super) fn recipient(&self) -> &'a [u8] {
        &self.input.recipient
    }

    pub(super) fn arguments(&self) -> &'a [Bytes] {
        &self.input.vm_input.arguments
    }

    /// The argument at `index`.
    ///
    /// # Errors
    /// There are not that many.
    pub(super) fn argument(&self, index: usize) -> Result<&'a [u8], BuiltinError> {
        self.arguments()
            .get(index)
            .map(Bytes::as_slice)
            .ok_or(BuiltinError::InvalidArguments(""))
    }

    /// The arguments from `index` on, if any.
    pub(super) fn arguments_from(&self, index: usize) -> &'a [Bytes] {
        self.arguments().get(index..).unwrap_or_default()
    }

    pub(super) fn gas_provided(&self) -> u64 {
        self.input.vm_input.gas_provided
    }

    pub(super) fn name(&self) -> &'static str {
        self.function.name()
    }

    /// The price of this function.
    pub(super) fn price(&self) -> Result<u64, BuiltinError> {
        match self.function.price_key() {
            Some(key) => self.prices.function(key),
            None => Ok(0),
        }
    }

    /// The price of this function, which must not be more than the gas provided.
    pub(super) fn affordable_price(&self) -> Result<u64, BuiltinError> {
        let price = self.price()?;
        self.require_gas(price)?;
        Ok(price)
    }

    pub(super) fn require_gas(&self, gas: u64) -> Result<(), BuiltinError> {
        require(self.gas_provided() >= gas, BuiltinError::NotEnoughGas)
    }

    /// What is left after paying `price`: only in the caller's shard is gas paid, and given back.
    pub(super) fn gas_left_at_sender(&self, price: u64) -> u64 {
        if self.has_sender {
            self.gas_provided().saturating_sub(price)
        } else {
            0
        }
    }

    /// No EGLD may come along.
    pub(super) fn require_no_value(&self) -> Result<(), BuiltinError> {
        let value = self.input.vm_input.call_value.as_ref();
        require(value.is_none_or(Zero::is_zero), BuiltinError::CalledWithValue)
    }

    /// What every function on tokens wants: no EGLD, and at least two arguments.
    pub(super) fn require_token_arguments(&self) -> Result<(), BuiltinError> {
        require(self.input.vm_input.call_value.is_some(), BuiltinError::NilValue)?;
        self.require_no_value()?;
        require(self.arguments().len() >= 2, BuiltinError::InvalidArguments(""))
    }

    /// Only the contract that issues tokens may call.
    pub(super) fn require_esdt_system_caller(&self) -> Result<(), BuiltinError> {
        require(
            self.caller() == ESDT_SYSTEM_CONTRACT,
            BuiltinError::NotEsdtSystemContract,
        )
    }

    /// Tokens cannot go to the metachain.
    pub(super) fn require_not_on_metachain(&mut self, address: &[u8]) -> Result<(), BuiltinError> {
        require(
            self.world.shard_of(address) != METACHAIN,
            BuiltinError::InvalidReceiver,
        )
    }

    pub(super) fn is_own_shard(&mut self, address: &[u8]) -> bool {
        self.world.shard_of(address) == self.world.own_shard()
    }

    /// Tokens that come without a call need a receiver that accepts them; a transfer takes `max_arguments` arguments
    /// when it goes without a call.
    pub(super) fn require_payable(
        &mut self,
        receiver: &[u8],
        max_arguments: usize,
    ) -> Result<(), BuiltinError> {
        let exempt = matches!(
            self.input.vm_input.call_type,
            CallType::Callback | CallType::EsdtTransferAndExecute
        ) || self.caller() == ESDT_SYSTEM_CONTRACT
            || self.arguments().len() > max_arguments;
        require(
            exempt || self.world.is_payable(receiver)?,
            BuiltinError::NotPayable,
        )
    }

    /// A storage value, the changes of this call included.
    pub(super) fn storage(&mut self, account: &[u8], key: &[u8]) -> Bytes {
        match self
            .changes
            .storage
            .get(account)
            .and_then(|entries| entries.get(key))
        {
            Some(value) => value.clone(),
            None => self.world.storage(account, key),
        }
    }

    pub(super) fn set_storage(&mut self, account: &[u8], key: Bytes, value: Bytes) {
        self.changes
            .storage
            .entry(account.to_vec())
            .or_default()
            .insert(key, value);
    }
}

/// `error` unless `condition` holds.
pub(super) fn require(condition: bool, error: BuiltinError) -> Result<(), BuiltinError> {
    if condition { Ok(()) } else { Err(error) }
}
