//! EGLD and tokens that came with the call, and EGLD that leaves.

use arwen_interface::{BigInt, Bytes, CallType, OutputTransfer};
use arwen_metering::GasKey;
use num_traits::Signed;

use crate::abi::{MemPtr, MemSlice};
use crate::context::big_int::{from_unsigned, unsigned_bytes};
use crate::errors::{EeiError, Stop};

use super::{BALANCE_LEN, HostCall, charged};

/// An amount as contracts read it: nothing for zero, otherwise at least 32 bytes.
fn padded(value: &BigInt) -> Bytes {
    let bytes = unsigned_bytes(value);
    let missing = (BALANCE_LEN as usize).saturating_sub(bytes.len());
    if bytes.is_empty() || missing == 0 {
        return bytes;
    }
    let mut padded = vec![0; missing];
    padded.extend(bytes);
    padded
}

impl HostCall<'_, '_, '_> {
    /// The value of the first token transfer; 0 when there is none.
    pub(crate) fn first_transfer_value(&self) -> BigInt {
        self.run
            .runtime
            .first_transfer()
            .and_then(|transfer| transfer.value.clone())
            .unwrap_or_default()
    }

    pub(crate) fn check_no_payment(&mut self) -> Result<(), Stop> {
        if self.run.runtime.call_value().is_positive() {
            return Err(EeiError::NonPayableEgld.into());
        }
        if self.run.runtime.first_transfer().is_some() {
            return Err(EeiError::NonPayableEsdt.into());
        }
        Ok(())
    }

    pub(crate) fn get_call_value(&mut self, result: MemPtr) -> Result<i32, Stop> {
        let value = padded(&self.run.runtime.call_value());
        self.store_counted(result, &value)
    }

    pub(crate) fn get_esdt_value(&mut self, result: MemPtr) -> Result<i32, Stop> {
        let value = self.first_transfer_value();
        let value = if value.is_positive() {
            padded(&value)
        } else {
            Bytes::new()
        };
        self.store_counted(result, &value)
    }

    pub(crate) fn get_esdt_token_name(&mut self, result: MemPtr) -> Result<i32, Stop> {
        let name = self
            .run
            .runtime
            .first_transfer()
            .map(|transfer| transfer.token_name.clone());
        self.store_counted(result, &name.unwrap_or_default())
    }

    pub(crate) fn get_esdt_token_nonce(&mut self) -> Result<i64, Stop> {
        Ok(self
            .run
            .runtime
            .first_transfer()
            .map_or(0, |transfer| transfer.token_nonce as i64))
    }

    pub(crate) fn get_esdt_token_type(&mut self) -> Result<i32, Stop> {
        Ok(self
            .run
            .runtime
            .first_transfer()
            .map_or(0, |transfer| transfer.token_type as i32))
    }

    /// The reference copies the name into a list of no length, so it never writes one and always returns 0.
    pub(crate) fn get_call_value_token_name(&mut self, value: MemPtr, _name: MemPtr) -> Result<i32, Stop> {
        let has_token = self
            .run
            .runtime
            .first_transfer()
            .is_some_and(|transfer| !transfer.token_name.is_empty());
        let amount = if has_token {
            self.first_transfer_value()
        } else {
            self.run.runtime.call_value()
        };
        self.store(value, &padded(&amount))?;
        Ok(0)
    }

    pub(crate) fn transfer_value(
        &mut self,
        dest: MemPtr,
        value: MemPtr,
        data: MemSlice,
    ) -> Result<i32, Stop> {
        let dest = self.load_address(dest)?;
        let value = from_unsigned(&self.load(value.with_len(BALANCE_LEN))?);
        self.run.charge_bytes(GasKey::PersistPerByte, charged(data.len));
        let data = self.load(data)?;
        if self.run.is_builtin_call(&data) {
            return Ok(1);
        }
        let transfer = OutputTransfer {
            value: Some(value),
            data,
            gas_limit: 0,
            gas_locked: 0,
            call_type: CallType::Direct,
            sender: self.run.runtime.address.clone(),
        };
        self.run.transfer(&dest, transfer)?;
        Ok(0)
    }

    pub(crate) fn transfer_esdt(
        &mut self,
        _dest: MemPtr,
        _token: MemSlice,
        _value: MemPtr,
        _gas_limit: i64,
        data: MemSlice,
    ) -> Result<i32, Stop> {
        self.run.charge_bytes(GasKey::PersistPerByte, charged(data.len));
        Ok(1)
    }
}
