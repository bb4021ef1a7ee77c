//! Who: the contract, its caller, its owner, other accounts.

use crate::abi::MemPtr;
use crate::context::big_int::unsigned_bytes;
use crate::errors::Stop;

use super::HostCall;

impl HostCall<'_, '_, '_> {
    pub(crate) fn get_sc_address(&mut self, result: MemPtr) -> Result<(), Stop> {
        let address = self.run.runtime.address.clone();
        Ok(self.store(result, &address)?)
    }

    pub(crate) fn get_owner_address(&mut self, result: MemPtr) -> Result<(), Stop> {
        let account = self.run.chain.account(&self.run.runtime.address)?;
        Ok(self.store(result, &account.unwrap_or_default().owner)?)
    }

    pub(crate) fn get_shard_of_address(&mut self, address: MemPtr) -> Result<i32, Stop> {
        let address = self.load_address(address)?;
        Ok(self.run.chain.shard_of(&address) as i32)
    }

    pub(crate) fn is_smart_contract(&mut self, address: MemPtr) -> Result<i32, Stop> {
        let address = self.load_address(address)?;
        Ok(self.run.chain.is_contract(&address).into())
    }

    pub(crate) fn get_external_balance(&mut self, address: MemPtr, result: MemPtr) -> Result<(), Stop> {
        let address = self.load_address(address)?;
        let balance = self.run.balance(&address);
        Ok(self.store(result, &unsigned_bytes(&balance))?)
    }

    pub(crate) fn get_caller(&mut self, result: MemPtr) -> Result<(), Stop> {
        let caller = self.run.runtime.input.caller.clone();
        Ok(self.store(result, &caller)?)
    }

    pub(crate) fn get_function(&mut self, function: MemPtr) -> Result<i32, Stop> {
        let name = self.run.runtime.function.clone();
        self.store_counted(function, &name)
    }

    pub(crate) fn get_original_tx_hash(&mut self, data: MemPtr) -> Result<(), Stop> {
        let hash = self.run.runtime.input.original_tx_hash.clone();
        Ok(self.store(data, &hash)?)
    }

    pub(crate) fn get_gas_left(&mut self) -> Result<i64, Stop> {
        Ok(self.run.gas_left() as i64)
    }
}
