//! The writing half.

use std::fmt;

use num_bigint::BigInt;
use postcard::ser_flavors::Flavor;
use serde::Serialize;

use super::{nullable, present};
use crate::error::Inexpressible;
use crate::wire::{Dialect, Field, Presence, Record, Sink, Type};

/// Bytes in memory, which take whatever comes.
#[derive(Debug)]
struct Memory<'a>(&'a mut Vec<u8>);

impl Flavor for Memory<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Writes the binary encoding.
pub struct BinarySink<'a> {
    out: postcard::Serializer<Memory<'a>>,
    /// The type of the value that is written next.
    ty: &'static Type,
    /// The types of the items of the lists and maps that are open, innermost last.
    items: Vec<&'static Type>,
}

impl fmt::Debug for BinarySink<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BinarySink")
            .field("out", &self.out.output)
            .finish_non_exhaustive()
    }
}

impl<'a> BinarySink<'a> {
    /// A writer behind what is in `out`.
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out: postcard::Serializer { output: Memory(out) },
            ty: &Type::Bool,
            items: Vec::new(),
        }
    }

    /// Begins a field. False when this encoding does not have it.
    #[inline]
    pub fn begin(&mut self, field: &'static Field) -> bool {
        self.ty = &field.ty;
        present(field)
    }

    #[inline]
    fn put(&mut self, value: impl Serialize) {
        // Memory refuses nothing, and these types have no other way to fail.
        let _ = value.serialize(&mut self.out);
    }

    /// Writes an unsigned number. Most are one byte.
    #[inline]
    fn put_number(&mut self, number: u64) {
        match u8::try_from(number) {
            Ok(byte @ 0..=0x7f) => self.out.output.0.push(byte),
            _ => self.put(number),
        }
    }

    #[inline]
    fn put_bytes(&mut self, bytes: &[u8]) {
        self.put_number(bytes.len() as u64);
        self.out.output.0.extend_from_slice(bytes);
    }

    /// Writes a number as the fewest bytes in two's complement that it has, but for 0, which is one byte.
    fn put_small(&mut self, number: i64) {
        let unused = match number {
            0.. => number.leading_zeros(),
            _ => number.leading_ones(),
        };
        // One bit is the sign.
        let bytes = 8 - (unused as usize - 1) / 8;
        self.put_bytes(number.to_le_bytes().get(..bytes).unwrap_or_default());
    }

    /// Says that a value follows that might have been absent.
    #[inline]
    fn some(&mut self) {
        if nullable(self.ty) {
            self.put(true);
        }
    }

    fn open(&mut self, len: usize) {
        if let Type::List(item) | Type::Map(item) = self.ty {
            self.items.push(item);
        }
        self.put_number(len as u64);
    }

    fn item(&mut self) {
        if let Some(item) = self.items.last() {
            self.ty = item;
        }
    }
}

impl Sink for BinarySink<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Current
    }
    fn refuse(&mut self, _: Inexpressible) {
        // Fields of the older dialect are not written here; everything has its place.
    }
    #[inline]
    fn bool(&mut self, value: bool) {
        self.put(value);
    }
    #[inline]
    fn int(&mut self, value: i64) {
        self.put(value);
    }
    #[inline]
    fn uint(&mut self, value: u64) {
        self.put_number(value);
    }
    #[inline]
    fn text(&mut self, value: &[u8]) {
        self.put_bytes(value);
    }
    #[inline]
    fn bytes(&mut self, value: &[u8]) {
        self.some();
        self.put_bytes(value);
    }
    fn big(&mut self, value: Option<&BigInt>) {
        match value {
            Some(value) => {
                self.some();
                match i64::try_from(value) {
                    Ok(small) => self.put_small(small),
                    Err(_) => self.put_bytes(&value.to_signed_bytes_le()),
                }
            }
            None => self.null(),
        }
    }
    #[inline]
    fn null(&mut self) {
        self.put(false);
    }
    fn record(&mut self, record: &dyn Record, _: Presence) {
        self.some();
        record.write_binary(self);
    }
    #[inline]
    fn begin_list(&mut self, len: usize) -> bool {
        self.open(len);
        true
    }
    #[inline]
    fn element(&mut self) {
        self.item();
    }
    #[inline]
    fn end_list(&mut self) {
        self.items.pop();
    }
    fn begin_map(&mut self, len: usize) -> bool {
        self.some();
        // Of an interface, only whether it was there travels.
        let map = matches!(self.ty, Type::Map(_));
        if map {
            self.open(len);
        }
        map
    }
    fn key(&mut self, key: &str) {
        self.put_bytes(key.as_bytes());
        self.item();
    }
    fn end_map(&mut self) {
        self.items.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::super::BinarySource;
    use super::*;
    use crate::wire::Source;

    #[test]
    fn short_integers_are_written_and_read_as_long_ones() {
        let near = |number: i64| (-2..=2).map(move |by| number.wrapping_add(by));
        for number in (0..64).flat_map(|bit| near(1 << bit).chain(near(-1 << bit))) {
            let big = BigInt::from(number);
            let mut out = Vec::new();
            BinarySink::new(&mut out).big(Some(&big));
            assert_eq!(out[1..], big.to_signed_bytes_le(), "{number}");
            assert_eq!(BinarySource::new(&out).big().unwrap(), big);
        }
    }

    #[test]
    fn numbers_are_as_postcard_writes_them() {
        for number in (0..64).flat_map(|bit| [1_u64 << bit, (1 << bit) - 1]) {
            let mut out = Vec::new();
            BinarySink::new(&mut out).uint(number);
            assert_eq!(out, postcard::to_slice(&number, &mut [0; 10]).unwrap());
            assert_eq!(BinarySource::new(&out).uint(u64::MAX).unwrap(), number);
        }
    }
}
