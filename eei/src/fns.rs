//! What host functions do: one method a row of [`crate::table`], and how they reach the contract's memory.

mod account;
mod argument;
mod big_int;
mod block;
mod call;
mod create;
mod crypto;
mod output;
mod small_int;
mod storage;
mod token;
mod value;

use arwen_engine::Caller;
use arwen_interface::Bytes;

use crate::abi::{MemList, MemPtr, MemSlice};
use crate::context::{NIL_POINTER, OUT_OF_MEMORY, Run, abort};
use crate::errors::{EeiError, Stop};

/// A host function at work: the run, and the instance that called.
pub(crate) struct HostCall<'c, 'r, 's> {
    pub run: &'c mut Run<'r>,
    pub caller: &'c mut Caller<'s>,
}

/// The length of an amount in memory, in bytes.
pub(crate) const BALANCE_LEN: i32 = 32;
/// The length of a hash, and of a topic of `writeLog`, in bytes.
pub(crate) const HASH_LEN: i32 = 32;
/// The length of an address, in bytes.
pub(crate) const ADDRESS_LEN: i32 = arwen_interface::ADDRESS_LEN as i32;

/// A 32-bit length for a charge per byte: negative ones are huge.
pub(crate) fn charged(length: i32) -> u64 {
    i64::from(length) as u64
}

impl HostCall<'_, '_, '_> {
    /// The contract's memory. Only contracts made by contracts can be without; the reference breaks on them.
    fn memory(&mut self) -> &mut [u8] {
        self.caller.memory().unwrap_or_else(|| abort(NIL_POINTER))
    }

    /// Reads memory. What lies past its end reads as zero.
    pub(crate) fn load(&mut self, slice: MemSlice) -> Result<Bytes, EeiError> {
        let MemSlice { ptr, len } = slice;
        if len == 0 {
            return Ok(Bytes::new());
        }
        let memory = self.memory();
        let start = usize::try_from(ptr.0).ok().filter(|start| *start <= memory.len());
        let start = start.ok_or(EeiError::LoadBadBounds)?;
        let len = usize::try_from(len).map_err(|_| EeiError::LoadNegativeLength)?;
        let there = &memory[start..];
        if len <= there.len() {
            return Ok(there[..len].to_vec());
        }
        // Up to 2 GiB of zeros, which cost no memory until somebody looks at them. The reservation is tried first:
        // without it a refusal would end the process.
        if Bytes::new().try_reserve_exact(len).is_err() {
            abort(OUT_OF_MEMORY);
        }
        let mut bytes = vec![0; len];
        bytes[..there.len()].copy_from_slice(there);
        Ok(bytes)
    }

    /// Reads an address.
    pub(crate) fn load_address(&mut self, ptr: MemPtr) -> Result<Bytes, EeiError> {
        self.load(ptr.with_len(ADDRESS_LEN))
    }

    /// Writes memory. When the end lies past it the memory grows by one page, free of charge; if that is not
    /// enough the page stays all the same.
    pub(crate) fn store(&mut self, ptr: MemPtr, bytes: &[u8]) -> Result<(), EeiError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let memory_len = self.memory().len();
        let start = usize::try_from(ptr.0).map_err(|_| EeiError::StoreBadLowerBounds)?;
        // Additions of 32-bit offsets saturate.
        let end = (start + bytes.len()).min(i32::MAX as usize);
        if end > memory_len {
            self.caller
                .grow_memory(1)
                .map_err(|e| EeiError::grow_failed(e.left, e.max))?;
        }
        let target = self
            .memory()
            .get_mut(start..start + bytes.len())
            .ok_or(EeiError::StoreBadUpperBounds)?;
        target.copy_from_slice(bytes);
        Ok(())
    }

    /// Reads a list of byte strings. Also gives the sum of the lengths.
    pub(crate) fn load_list(&mut self, list: MemList) -> Result<(Vec<Bytes>, i32), EeiError> {
        let MemList { count, lengths, data } = list;
        if count < 0 {
            return Err(EeiError::negative_arguments(count));
        }
        let lengths = self.load(lengths.with_len(count.wrapping_mul(4)))?;
        let mut at = data;
        let mut total = 0i32;
        let mut list = Vec::with_capacity(lengths.len() / 4);
        for length in lengths.chunks_exact(4) {
            let length = length
                .iter()
                .rev()
                .fold(0u32, |number, byte| number << 8 | u32::from(*byte)) as i32;
            list.push(self.load(at.with_len(length))?);
            at = MemPtr(at.0.wrapping_add(length));
            total = total.wrapping_add(length);
        }
        // When four times the count wraps around, the reference has a list of that many empty items less; no memory
        // holds so many lengths, so it is refused before it gets here.
        Ok((list, total))
    }

    /// Writes bytes and gives their length, as many functions do.
    pub(crate) fn store_counted(&mut self, ptr: MemPtr, bytes: &[u8]) -> Result<i32, Stop> {
        self.store(ptr, bytes)?;
        Ok(bytes.len() as i32)
    }
}
