//! Big integers.

use arwen_interface::BigInt;
use arwen_metering::GasKey;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};

use crate::abi::{BigHandle, MemPtr, MemSlice};
use crate::context::abort_index;
use crate::context::big_int::wide::{self, Growth, Operation, digits};
use crate::context::big_int::{from_signed, from_unsigned, low_i64, signed_bytes, unsigned_bytes};
use crate::errors::{EeiError, Stop};

use super::HostCall;

/// Numbers up to this many whole bytes pay nothing extra.
const FREE_BYTES: u64 = 32;

impl HostCall<'_, '_, '_> {
    /// Charges for each number that is wide. All handles are in use afterwards.
    fn charge_wide(&mut self, handles: &[BigHandle]) {
        for handle in handles {
            let bytes = self.run.big_ints.read(handle.0).bits() / 8;
            if bytes > FREE_BYTES {
                self.run.charge_bytes(GasKey::DataCopyPerByte, bytes);
            }
        }
    }

    fn number(&self, handle: BigHandle) -> &BigInt {
        self.run.big_ints.peek(handle.0)
    }

    fn set(&mut self, handle: BigHandle, value: BigInt) {
        self.run.big_ints.set(handle.0, value);
    }

    /// operation(a, b): here, or apart when the numbers are wide.
    /// What `dest` holds goes, if nothing else: far away too, as giving back much memory takes long.
    fn compute<T: Default + Send + 'static>(
        &mut self,
        operation: Operation<T>,
        dest: Option<BigHandle>,
        a: BigHandle,
        b: BigHandle,
    ) -> T {
        let (left, right) = (self.number(a), self.number(b));
        let Some(far) = operation.far(left, right) else {
            return operation.near(left, right);
        };
        let mut take = |handle: BigHandle| std::mem::take(self.run.big_ints.get(handle.0));
        let spent = dest.filter(|dest| ![a, b].contains(dest)).map(&mut take);
        let left = take(a);
        let right = (a != b).then(|| take(b));
        let (left, right, result) = self.run.core.preemption.apart(move |abandoned| {
            drop(spent);
            let result = far(&left, right.as_ref().unwrap_or(&left), abandoned).ok();
            let left = (dest != Some(a)).then_some(left);
            let right = right.filter(|_| dest != Some(b));
            (left, right, result)
        });
        for (handle, number) in [(a, left), (b, right)] {
            if let Some(number) = number {
                self.set(handle, number);
            }
        }
        // Only who was left behind has none.
        result.unwrap_or_default()
    }

    /// operation(a), whose result has up to `more` digits more than a: here, or apart when that is wide. What `dest` holds
    /// goes as in [`compute`](Self::compute).
    fn convert<T: Default + Send + 'static>(
        &mut self,
        dest: Option<BigHandle>,
        a: BigHandle,
        more: u64,
        operation: impl FnOnce(&BigInt) -> T + Send + 'static,
    ) -> T {
        let number = self.run.big_ints.read(a.0);
        if !Growth::Sum.is_far(digits(number), more) {
            return operation(number);
        }
        let mut take = |handle: BigHandle| std::mem::take(self.run.big_ints.get(handle.0));
        let spent = dest.filter(|dest| *dest != a).map(&mut take);
        let number = take(a);
        let (number, result) = self.run.core.preemption.apart(move |_| {
            drop(spent);
            let result = operation(&number);
            ((dest != Some(a)).then_some(number), result)
        });
        if let Some(number) = number {
            self.set(a, number);
        }
        result
    }

    /// dest := operation(a, b); the number that `dest` held is charged for as well.
    fn binary(
        &mut self,
        dest: BigHandle,
        a: BigHandle,
        b: BigHandle,
        operation: Operation<BigInt>,
    ) -> Result<(), Stop> {
        self.charge_wide(&[dest, a, b]);
        let result = self.compute(operation, Some(dest), a, b);
        self.set(dest, result);
        Ok(())
    }

    /// dest := operation(a); the number that `dest` held is charged for as well.
    fn unary(&mut self, dest: BigHandle, a: BigHandle, operation: fn(&BigInt) -> BigInt) -> Result<(), Stop> {
        self.charge_wide(&[dest, a]);
        let result = self.convert(Some(dest), a, 0, operation);
        self.set(dest, result);
        Ok(())
    }

    fn divide(
        &mut self,
        dest: BigHandle,
        a: BigHandle,
        b: BigHandle,
        operation: Operation<BigInt>,
    ) -> Result<(), Stop> {
        self.charge_wide(&[dest, a, b]);
        if self.number(b).is_zero() {
            return Err(EeiError::DivisionByZero.into());
        }
        let result = self.compute(operation, Some(dest), a, b);
        self.set(dest, result);
        Ok(())
    }

    fn bitwise(
        &mut self,
        dest: BigHandle,
        a: BigHandle,
        b: BigHandle,
        operation: Operation<BigInt>,
    ) -> Result<(), Stop> {
        self.run.big_ints.read(dest.0);
        self.charge_wide(&[a, b]);
        if self.number(a).is_negative() || self.number(b).is_negative() {
            return Err(EeiError::BitwiseNegative.into());
        }
        let result = self.compute(operation, Some(dest), a, b);
        self.set(dest, result);
        Ok(())
    }

    fn shift(
        &mut self,
        dest: BigHandle,
        a: BigHandle,
        bits: i32,
        operation: fn(&BigInt, u32) -> BigInt,
    ) -> Result<(), Stop> {
        self.run.big_ints.read(dest.0);
        self.charge_wide(&[a]);
        let bits = u32::try_from(bits)
            .ok()
            .filter(|_| !self.number(a).is_negative())
            .ok_or(EeiError::ShiftNegative)?;
        let more = u64::from(bits).div_ceil(wide::DIGIT);
        let result = self.convert(Some(dest), a, more, move |a| operation(a, bits));
        self.set(dest, result);
        // The result is paid for after it was computed.
        self.charge_wide(&[dest]);
        Ok(())
    }

    pub(crate) fn big_int_new(&mut self, value: i64) -> Result<BigHandle, Stop> {
        Ok(BigHandle(self.run.big_ints.put(value.into())))
    }

    pub(crate) fn big_int_unsigned_byte_length(&mut self, a: BigHandle) -> Result<i32, Stop> {
        Ok(self.run.big_ints.read(a.0).bits().div_ceil(8) as i32)
    }

    pub(crate) fn big_int_signed_byte_length(&mut self, a: BigHandle) -> Result<i32, Stop> {
        Ok(self.convert(None, a, 0, |a| signed_bytes(a).len()) as i32)
    }

    fn write_number(&mut self, at: MemPtr, number: &[u8]) -> Result<i32, Stop> {
        let len = self.store_counted(at, number)?;
        self.run
            .charge_bytes(GasKey::DataCopyPerByte, number.len() as u64);
        Ok(len)
    }

    pub(crate) fn big_int_get_unsigned_bytes(&mut self, a: BigHandle, bytes: MemPtr) -> Result<i32, Stop> {
        let number = self.convert(None, a, 0, unsigned_bytes);
        self.write_number(bytes, &number)
    }

    pub(crate) fn big_int_get_signed_bytes(&mut self, a: BigHandle, bytes: MemPtr) -> Result<i32, Stop> {
        let number = self.convert(None, a, 0, signed_bytes);
        self.write_number(bytes, &number)
    }

    fn read_number(
        &mut self,
        dest: BigHandle,
        at: MemSlice,
        number: fn(&[u8]) -> BigInt,
    ) -> Result<(), Stop> {
        let bytes = self.load(at)?;
        self.set_from(dest, &bytes, number);
        self.run.charge_bytes(GasKey::DataCopyPerByte, bytes.len() as u64);
        Ok(())
    }

    /// The number that bytes stand for: read here, or apart when they are many.
    fn set_from(&mut self, dest: BigHandle, bytes: &[u8], number: fn(&[u8]) -> BigInt) {
        let value = self.read(bytes, number);
        self.set(dest, value);
    }

    fn read(&self, bytes: &[u8], number: fn(&[u8]) -> BigInt) -> BigInt {
        if !Growth::Sum.is_far(bytes.len() as u64 / wide::DIGIT_BYTES, 0) {
            return number(bytes);
        }
        let preemption = &self.run.core.preemption;
        let bytes = preemption.copy(bytes);
        preemption.apart(move |_| number(&bytes))
    }

    pub(crate) fn big_int_set_unsigned_bytes(
        &mut self,
        dest: BigHandle,
        bytes: MemSlice,
    ) -> Result<(), Stop> {
        self.read_number(dest, bytes, from_unsigned)
    }

    pub(crate) fn big_int_set_signed_bytes(&mut self, dest: BigHandle, bytes: MemSlice) -> Result<(), Stop> {
        self.read_number(dest, bytes, from_signed)
    }

    pub(crate) fn big_int_is_int64(&mut self, dest: BigHandle) -> Result<i32, Stop> {
        Ok(self.run.big_ints.read(dest.0).to_i64().is_some().into())
    }

    pub(crate) fn big_int_get_int64(&mut self, dest: BigHandle) -> Result<i64, Stop> {
        Ok(low_i64(self.run.big_ints.read(dest.0)))
    }

    pub(crate) fn big_int_set_int64(&mut self, dest: BigHandle, value: i64) -> Result<(), Stop> {
        self.set(dest, value.into());
        Ok(())
    }

    pub(crate) fn big_int_add(&mut self, dest: BigHandle, a: BigHandle, b: BigHandle) -> Result<(), Stop> {
        self.binary(dest, a, b, Operation::Sum(|a, b| a + b))
    }

    pub(crate) fn big_int_sub(&mut self, dest: BigHandle, a: BigHandle, b: BigHandle) -> Result<(), Stop> {
        self.binary(dest, a, b, Operation::Sum(|a, b| a - b))
    }

    pub(crate) fn big_int_mul(&mut self, dest: BigHandle, a: BigHandle, b: BigHandle) -> Result<(), Stop> {
        self.binary(dest, a, b, Operation::Product(|a, b| a * b, wide::product))
    }

    pub(crate) fn big_int_tdiv(&mut self, dest: BigHandle, a: BigHandle, b: BigHandle) -> Result<(), Stop> {
        self.divide(
            dest,
            a,
            b,
            Operation::Product(
                |a, b| a / b,
                |a, b, abandoned| Ok(wide::quotient_and_rest(a, b, abandoned)?.0),
            ),
        )
    }

    pub(crate) fn big_int_tmod(&mut self, dest: BigHandle, a: BigHandle, b: BigHandle) -> Result<(), Stop> {
        self.divide(
            dest,
            a,
            b,
            Operation::Product(
                |a, b| a % b,
                |a, b, abandoned| Ok(wide::quotient_and_rest(a, b, abandoned)?.1),
            ),
        )
    }

    pub(crate) fn big_int_ediv(&mut self, dest: BigHandle, a: BigHandle, b: BigHandle) -> Result<(), Stop> {
        self.divide(
            dest,
            a,
            b,
            Operation::Product(
                |a, b| euclid(a.div_rem(b), b).0,
                |a, b, abandoned| Ok(euclid(wide::quotient_and_rest(a, b, abandoned)?, b).0),
            ),
        )
    }

    pub(crate) fn big_int_emod(&mut self, dest: BigHandle, a: BigHandle, b: BigHandle) -> Result<(), Stop> {
        self.divide(
            dest,
            a,
            b,
            Operation::Product(
                |a, b| euclid(a.div_rem(b), b).1,
                |a, b, abandoned| Ok(euclid(wide::quotient_and_rest(a, b, abandoned)?, b).1),
            ),
        )
    }

    pub(crate) fn big_int_abs(&mut self, dest: BigHandle, a: BigHandle) -> Result<(), Stop> {
        self.unary(dest, a, Signed::abs)
    }

    pub(crate) fn big_int_neg(&mut self, dest: BigHandle, a: BigHandle) -> Result<(), Stop> {
        self.unary(dest, a, |a| -a)
    }

    pub(crate) fn big_int_not(&mut self, dest: BigHandle, a: BigHandle) -> Result<(), Stop> {
        self.charge_wide(&[dest, a]);
        if self.number(a).is_negative() {
            return Err(EeiError::BitwiseNegative.into());
        }
        let result = self.convert(Some(dest), a, 0, |a| !a);
        self.set(dest, result);
        Ok(())
    }

    pub(crate) fn big_int_sign(&mut self, a: BigHandle) -> Result<i32, Stop> {
        self.charge_wide(&[a]);
        Ok(self.number(a).signum().to_i32().unwrap_or(0))
    }

    pub(crate) fn big_int_cmp(&mut self, a: BigHandle, b: BigHandle) -> Result<i32, Stop> {
        self.charge_wide(&[a, b]);
        Ok(self.compute(Operation::Sum(|a, b| a.cmp(b) as i32), None, a, b))
    }

    pub(crate) fn big_int_and(&mut self, dest: BigHandle, a: BigHandle, b: BigHandle) -> Result<(), Stop> {
        self.bitwise(dest, a, b, Operation::Sum(|a, b| a & b))
    }

    pub(crate) fn big_int_or(&mut self, dest: BigHandle, a: BigHandle, b: BigHandle) -> Result<(), Stop> {
        self.bitwise(dest, a, b, Operation::Sum(|a, b| a | b))
    }

    pub(crate) fn big_int_xor(&mut self, dest: BigHandle, a: BigHandle, b: BigHandle) -> Result<(), Stop> {
        self.bitwise(dest, a, b, Operation::Sum(|a, b| a ^ b))
    }

    pub(crate) fn big_int_shr(&mut self, dest: BigHandle, a: BigHandle, bits: i32) -> Result<(), Stop> {
        self.shift(dest, a, bits, |a, bits| a >> bits)
    }

    pub(crate) fn big_int_shl(&mut self, dest: BigHandle, a: BigHandle, bits: i32) -> Result<(), Stop> {
        self.shift(dest, a, bits, |a, bits| a << bits)
    }

    fn finish_number(&mut self, number: Vec<u8>) {
        let len = number.len() as u64;
        self.run.output.state.return_data.push(number);
        self.run.charge_bytes(GasKey::PersistPerByte, len);
    }

    pub(crate) fn big_int_finish_unsigned(&mut self, a: BigHandle) -> Result<(), Stop> {
        let number = self.convert(None, a, 0, unsigned_bytes);
        self.finish_number(number);
        Ok(())
    }

    pub(crate) fn big_int_finish_signed(&mut self, a: BigHandle) -> Result<(), Stop> {
        let number = self.convert(None, a, 0, signed_bytes);
        self.finish_number(number);
        Ok(())
    }

    fn set_from_argument(
        &mut self,
        id: i32,
        dest: BigHandle,
        number: fn(&[u8]) -> BigInt,
    ) -> Result<(), Stop> {
        if id < 0 {
            abort_index(id);
        }
        if let Some(value) = self.argument(id).map(|argument| self.read(argument, number)) {
            self.set(dest, value);
        }
        Ok(())
    }

    pub(crate) fn big_int_get_unsigned_argument(&mut self, id: i32, dest: BigHandle) -> Result<(), Stop> {
        self.set_from_argument(id, dest, from_unsigned)
    }

    pub(crate) fn big_int_get_signed_argument(&mut self, id: i32, dest: BigHandle) -> Result<(), Stop> {
        self.set_from_argument(id, dest, from_signed)
    }

    pub(crate) fn big_int_storage_store_unsigned(
        &mut self,
        key: MemSlice,
        source: BigHandle,
    ) -> Result<i32, Stop> {
        let key = self.load(key)?;
        let value = self.convert(None, source, 0, unsigned_bytes);
        Ok(self.run.store(&key, value)? as i32)
    }

    pub(crate) fn big_int_storage_load_unsigned(
        &mut self,
        key: MemSlice,
        dest: BigHandle,
    ) -> Result<i32, Stop> {
        let key = self.load(key)?;
        let value = self.run.load(&key);
        self.set(dest, from_unsigned(&value));
        Ok(value.len() as i32)
    }

    pub(crate) fn big_int_get_call_value(&mut self, dest: BigHandle) -> Result<(), Stop> {
        self.set(dest, self.run.runtime.call_value());
        Ok(())
    }

    pub(crate) fn big_int_get_esdt_call_value(&mut self, dest: BigHandle) -> Result<(), Stop> {
        self.set(dest, self.first_transfer_value());
        Ok(())
    }

    pub(crate) fn big_int_get_external_balance(
        &mut self,
        address: MemPtr,
        dest: BigHandle,
    ) -> Result<(), Stop> {
        let address = self.load_address(address)?;
        // The absolute value, should a balance ever be negative.
        let balance = self.run.balance(&address).abs();
        self.set(dest, balance);
        Ok(())
    }
}

/// Of a quotient towards zero and its remainder: those with a remainder that is never negative.
fn euclid((quotient, remainder): (BigInt, BigInt), b: &BigInt) -> (BigInt, BigInt) {
    if !remainder.is_negative() {
        (quotient, remainder)
    } else if b.is_positive() {
        (quotient - 1, remainder + b)
    } else {
        (quotient + 1, remainder - b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn euclidean_remainders_are_never_negative() {
        let cases = [
            (7, 2, 3, 1),
            (-7, 2, -4, 1),
            (7, -2, -3, 1),
            (-7, -2, 4, 1),
            (-6, 2, -3, 0),
        ];
        for (a, b, quotient, remainder) in cases {
            let (a, b) = (BigInt::from(a), BigInt::from(b));
            let (q, r) = euclid(a.div_rem(&b), &b);
            assert_eq!((q, r), (quotient.into(), remainder.into()), "{a} / {b}");
        }
    }
}
