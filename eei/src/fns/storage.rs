//! Storage, and locks on it.

use arwen_interface::Bytes;
use arwen_metering::GasKey;

use crate::abi::{MemPtr, MemSlice};
use crate::context::big_int::{from_unsigned, low_i64, unsigned_bytes};
use crate::errors::Stop;

use super::HostCall;

/// After a key: the key of its lock.
const LOCK_SUFFIX: &[u8] = b"ARWEN@TIMELOCK";

impl HostCall<'_, '_, '_> {
    pub(crate) fn storage_store(&mut self, key: MemSlice, data: MemSlice) -> Result<i32, Stop> {
        let key = self.load(key)?;
        let data = self.load(data)?;
        Ok(self.run.store(&key, data)? as i32)
    }

    pub(crate) fn storage_load(&mut self, key: MemSlice, data: MemPtr) -> Result<i32, Stop> {
        let key = self.load(key)?;
        let value = self.run.load(&key);
        self.store_counted(data, &value)
    }

    pub(crate) fn storage_load_length(&mut self, key: MemSlice) -> Result<i32, Stop> {
        let key = self.load(key)?;
        Ok(self.run.load_unmetered(&key).len() as i32)
    }

    pub(crate) fn storage_load_from_address(
        &mut self,
        address: MemPtr,
        key: MemSlice,
        data: MemPtr,
    ) -> Result<i32, Stop> {
        let key = self.load(key)?;
        let address = self.load_address(address)?;
        let value = self.run.load_from(&address, &key);
        self.store_counted(data, &value)
    }

    fn lock_key(&mut self, key: MemSlice) -> Result<Bytes, Stop> {
        Ok([&self.load(key)?, LOCK_SUFFIX].concat())
    }

    pub(crate) fn set_storage_lock(&mut self, key: MemSlice, timestamp: i64) -> Result<i32, Stop> {
        let key = self.lock_key(key)?;
        // The sign is lost, as in the reference.
        let value = unsigned_bytes(&timestamp.into());
        Ok(self.run.store_protected(&key, value)? as i32)
    }

    pub(crate) fn get_storage_lock(&mut self, key: MemSlice) -> Result<i64, Stop> {
        let key = self.lock_key(key)?;
        let value = self.run.load(&key);
        Ok(low_i64(&from_unsigned(&value)))
    }

    pub(crate) fn is_storage_locked(&mut self, key: MemSlice) -> Result<i32, Stop> {
        self.run.charge(GasKey::StorageLoad);
        let until = self.get_storage_lock(key)?;
        if until < 0 {
            return Ok(-1);
        }
        self.run.charge(GasKey::GetBlockTimeStamp);
        let now = self.get_block_timestamp()?;
        Ok((until > now).into())
    }

    pub(crate) fn clear_storage_lock(&mut self, key: MemSlice) -> Result<i32, Stop> {
        self.set_storage_lock(key, 0)
    }
}
