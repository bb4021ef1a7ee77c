//! Integers of 64 bits: arguments, return data, storage.

use arwen_interface::BigInt;
use num_traits::ToPrimitive;

use crate::abi::MemSlice;
use crate::context::big_int::{from_signed, from_unsigned, signed_bytes, unsigned_bytes};
use crate::errors::{EeiError, Stop};

use super::HostCall;

impl HostCall<'_, '_, '_> {
    pub(crate) fn small_int_get_unsigned_argument(&mut self, id: i32) -> Result<i64, Stop> {
        let argument = self.argument(id).ok_or(EeiError::ArgumentIndexOutOfRange)?;
        let value = from_unsigned(argument)
            .to_u64()
            .ok_or(EeiError::ArgumentOutOfRange)?;
        Ok(value as i64)
    }

    pub(crate) fn small_int_get_signed_argument(&mut self, id: i32) -> Result<i64, Stop> {
        let argument = self.argument(id).ok_or(EeiError::ArgumentIndexOutOfRange)?;
        Ok(from_signed(argument)
            .to_i64()
            .ok_or(EeiError::ArgumentOutOfRange)?)
    }

    pub(crate) fn small_int_finish_unsigned(&mut self, value: i64) -> Result<(), Stop> {
        let bytes = unsigned_bytes(&BigInt::from(value as u64));
        self.run.output.state.return_data.push(bytes);
        Ok(())
    }

    pub(crate) fn small_int_finish_signed(&mut self, value: i64) -> Result<(), Stop> {
        self.run
            .output
            .state
            .return_data
            .push(signed_bytes(&value.into()));
        Ok(())
    }

    pub(crate) fn small_int_storage_store_unsigned(
        &mut self,
        key: MemSlice,
        value: i64,
    ) -> Result<i32, Stop> {
        let key = self.load(key)?;
        Ok(self
            .run
            .store(&key, unsigned_bytes(&BigInt::from(value as u64)))? as i32)
    }

    pub(crate) fn small_int_storage_store_signed(&mut self, key: MemSlice, value: i64) -> Result<i32, Stop> {
        let key = self.load(key)?;
        Ok(self.run.store(&key, signed_bytes(&value.into()))? as i32)
    }

    pub(crate) fn small_int_storage_load_unsigned(&mut self, key: MemSlice) -> Result<i64, Stop> {
        let key = self.load(key)?;
        let value = from_unsigned(&self.run.load(&key));
        Ok(value.to_u64().ok_or(EeiError::StorageValueOutOfRange)? as i64)
    }

    pub(crate) fn small_int_storage_load_signed(&mut self, key: MemSlice) -> Result<i64, Stop> {
        let key = self.load(key)?;
        Ok(from_signed(&self.run.load(&key))
            .to_i64()
            .ok_or(EeiError::StorageValueOutOfRange)?)
    }

    pub(crate) fn int64get_argument(&mut self, id: i32) -> Result<i64, Stop> {
        self.small_int_get_signed_argument(id)
    }

    pub(crate) fn int64finish(&mut self, value: i64) -> Result<(), Stop> {
        self.small_int_finish_signed(value)
    }

    pub(crate) fn int64storage_store(&mut self, key: MemSlice, value: i64) -> Result<i32, Stop> {
        self.small_int_storage_store_unsigned(key, value)
    }

    pub(crate) fn int64storage_load(&mut self, key: MemSlice) -> Result<i64, Stop> {
        self.small_int_storage_load_unsigned(key)
    }
}
