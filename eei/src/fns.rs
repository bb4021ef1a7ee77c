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
use crate::preemption::{PIECE, Pieces, Preemption};

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

/// The contract's memory. Only contracts made by contracts can be without; the reference breaks on them.
fn memory_of<'a>(caller: &'a mut Caller<'_>) -> &'a mut [u8] {
    caller.memory().unwrap_or_else(|| abort(NIL_POINTER))
}

/// Writes memory: see [`HostCall::store`].
pub(crate) fn write(
    caller: &mut Caller<'_>,
    preemption: &Preemption,
    ptr: MemPtr,
    bytes: &[u8],
) -> Result<(), EeiError> {
    if bytes.is_empty() {
        return Ok(());
    }
    let memory_len = memory_of(caller).len();
    let start = usize::try_from(ptr.0).map_err(|_| EeiError::StoreBadLowerBounds)?;
    // Additions of 32-bit offsets saturate.
    let end = (start + bytes.len()).min(i32::MAX as usize);
    if end > memory_len {
        caller
            .grow_memory(1)
            .map_err(|e| EeiError::grow_failed(e.left, e.max))?;
    }
    let target = memory_of(caller)
        .get_mut(start..start + bytes.len())
        .ok_or(EeiError::StoreBadUpperBounds)?;
    for (target, piece) in target.chunks_mut(PIECE).zip(preemption.pieces(bytes, 0)) {
        target.copy_from_slice(piece);
    }
    Ok(())
}

impl HostCall<'_, '_, '_> {
    /// Reads memory piece by piece, without copying it. What lies past its end reads as zero.
    pub(crate) fn pieces(&mut self, slice: MemSlice) -> Result<Pieces<'_>, EeiError> {
        let preemption = &self.run.core.preemption;
        let MemSlice { ptr, len } = slice;
        if len == 0 {
            return Ok(preemption.pieces(&[], 0));
        }
        let memory = memory_of(self.caller);
        let start = usize::try_from(ptr.0).ok().filter(|start| *start <= memory.len());
        let start = start.ok_or(EeiError::LoadBadBounds)?;
        let len = usize::try_from(len).map_err(|_| EeiError::LoadNegativeLength)?;
        let there = &memory[start..];
        let (there, zeros) = match there.get(..len) {
            Some(there) => (there, 0),
            None => (there, len - there.len()),
        };
        Ok(preemption.pieces(there, zeros))
    }

    /// Reads memory. What lies past its end reads as zero.
    pub(crate) fn load(&mut self, slice: MemSlice) -> Result<Bytes, EeiError> {
        let pieces = self.pieces(slice)?;
        let len = pieces.there.len() + pieces.zeros;
        if pieces.zeros == 0 {
            let mut bytes = Bytes::with_capacity(len);
            pieces.for_each(|piece| bytes.extend_from_slice(piece));
            return Ok(bytes);
        }
        // Up to 2 GiB of zeros, which cost no memory until somebody looks at them. The reservation is tried first:
        // without it a refusal would end the process.
        if Bytes::new().try_reserve_exact(len).is_err() {
            abort(OUT_OF_MEMORY);
        }
        let mut bytes = vec![0; len];
        let mut rest = &mut bytes[..];
        for piece in pieces.without_zeros() {
            let (target, after) = rest.split_at_mut(piece.len());
            target.copy_from_slice(piece);
            rest = after;
        }
        Ok(bytes)
    }

    /// Reads an address.
    pub(crate) fn load_address(&mut self, ptr: MemPtr) -> Result<Bytes, EeiError> {
        self.load(ptr.with_len(ADDRESS_LEN))
    }

    /// Writes memory. When the end lies past it the memory grows by one page, free of charge; if that is not
    /// enough the page stays all the same.
    pub(crate) fn store(&mut self, ptr: MemPtr, bytes: &[u8]) -> Result<(), EeiError> {
        write(self.caller, &self.run.core.preemption, ptr, bytes)
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
            if self.run.core.preemption.is_over() {
                break;
            }
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
