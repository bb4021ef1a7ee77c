//! When: the current block, the last committed one, and the state's root.

use crate::abi::MemPtr;
use crate::errors::Stop;

use super::HostCall;

impl HostCall<'_, '_, '_> {
    pub(crate) fn get_block_hash(&mut self, nonce: i64, result: MemPtr) -> Result<i32, Stop> {
        let hash = self.run.chain.block_hash(nonce);
        self.store(result, &hash)?;
        Ok(0)
    }

    pub(crate) fn get_block_timestamp(&mut self) -> Result<i64, Stop> {
        Ok(self.run.chain.current_timestamp() as i64)
    }

    pub(crate) fn get_block_nonce(&mut self) -> Result<i64, Stop> {
        Ok(self.run.chain.current_nonce() as i64)
    }

    pub(crate) fn get_block_round(&mut self) -> Result<i64, Stop> {
        Ok(self.run.chain.current_round() as i64)
    }

    pub(crate) fn get_block_epoch(&mut self) -> Result<i64, Stop> {
        Ok(self.run.chain.current_epoch().into())
    }

    pub(crate) fn get_block_random_seed(&mut self, data: MemPtr) -> Result<(), Stop> {
        let seed = self.run.chain.current_random_seed();
        Ok(self.store(data, &seed)?)
    }

    pub(crate) fn get_prev_block_timestamp(&mut self) -> Result<i64, Stop> {
        Ok(self.run.chain.last_timestamp() as i64)
    }

    pub(crate) fn get_prev_block_nonce(&mut self) -> Result<i64, Stop> {
        Ok(self.run.chain.last_nonce() as i64)
    }

    pub(crate) fn get_prev_block_round(&mut self) -> Result<i64, Stop> {
        Ok(self.run.chain.last_round() as i64)
    }

    pub(crate) fn get_prev_block_epoch(&mut self) -> Result<i64, Stop> {
        Ok(self.run.chain.last_epoch().into())
    }

    pub(crate) fn get_prev_block_random_seed(&mut self, data: MemPtr) -> Result<(), Stop> {
        let seed = self.run.chain.last_random_seed();
        Ok(self.store(data, &seed)?)
    }

    pub(crate) fn get_state_root_hash(&mut self, data: MemPtr) -> Result<(), Stop> {
        let hash = self.run.chain.state_root_hash();
        Ok(self.store(data, &hash)?)
    }
}
