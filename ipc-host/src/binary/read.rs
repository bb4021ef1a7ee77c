//! The reading half.

use num_bigint::BigInt;
use serde::Deserialize;

use super::{DEPTH, nullable, present};
use crate::error::{DecodeError, Problem};
use crate::wire::{Budget, Field, MAX_BIG_BYTES, RecordMut, Source, Type};

type Result<T> = std::result::Result<T, DecodeError>;

/// Reads the binary encoding off the front of a payload.
#[derive(Debug)]
pub struct BinarySource<'a> {
    input: &'a [u8],
    at: usize,
    /// The type of the value that comes next.
    ty: &'static Type,
    /// The lists and maps that are open, innermost last: the type of their items, and how many there are. The first
    /// `depth` count.
    open: [(&'static Type, usize); DEPTH],
    depth: usize,
    budget: Budget,
}

impl<'a> BinarySource<'a> {
    /// A reader of `input`.
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self {
            input,
            at: 0,
            ty: &Type::Bool,
            open: [(&Type::Bool, 0); DEPTH],
            depth: 0,
            budget: Budget::default(),
        }
    }

    /// Makes sure that nothing follows.
    ///
    /// # Errors
    /// Something follows.
    pub(super) fn finish(self) -> Result<()> {
        match self.rest() {
            [] => Ok(()),
            _ => Err(self.error(Problem::Trailing)),
        }
    }

    /// Begins a field. False when this encoding does not have it.
    #[inline]
    pub fn begin(&mut self, field: &'static Field) -> bool {
        self.ty = &field.ty;
        present(field)
    }

    /// Whether all was read.
    pub(crate) fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    #[cold]
    fn error(&self, problem: Problem) -> DecodeError {
        DecodeError::new(problem, self.at)
    }

    #[inline]
    fn take<T: Deserialize<'a>>(&mut self, expected: &'static str) -> Result<T> {
        match postcard::take_from_bytes(self.rest()) {
            Ok((value, rest)) => {
                self.at = self.input.len() - rest.len();
                Ok(value)
            }
            Err(postcard::Error::DeserializeUnexpectedEnd) => Err(self.error(Problem::End)),
            Err(_) => Err(self.refuse(expected)),
        }
    }

    /// Reads an unsigned number. Most are one byte.
    #[inline]
    fn number(&mut self, expected: &'static str) -> Result<u64> {
        match self.input.get(self.at) {
            Some(byte @ 0..=0x7f) => {
                self.at += 1;
                Ok(u64::from(*byte))
            }
            _ => self.take(expected),
        }
    }

    /// Reads bytes without copying them.
    ///
    /// # Errors
    /// The input ends early.
    #[inline]
    pub(crate) fn take_bytes(&mut self) -> Result<&'a [u8]> {
        let length = usize::try_from(self.number("bytes")?).unwrap_or(usize::MAX);
        match self.rest().get(..length) {
            Some(bytes) => {
                self.at += length;
                Ok(bytes)
            }
            None => Err(self.error(Problem::End)),
        }
    }

    /// Takes the byte that says that a value is there, if there is one.
    #[inline]
    fn some(&mut self) -> Result<()> {
        if nullable(self.ty) && !self.take::<bool>("0 or 1")? {
            return Err(self.refuse("a value"));
        }
        Ok(())
    }

    fn open(&mut self) -> Result<()> {
        let len = usize::try_from(self.number("a length")?).unwrap_or(usize::MAX);
        // An item has at least one byte, so that a length costs no more memory than the payload.
        if len > self.rest().len() {
            return Err(self.error(Problem::End));
        }
        match self.ty {
            Type::List(item) | Type::Map(item) => {
                let place = self.open.get_mut(self.depth);
                *place.ok_or_else(|| DecodeError::new(Problem::Type("less depth"), self.at))? = (item, len);
                self.depth += 1;
                Ok(())
            }
            _ => Err(self.refuse("a list")),
        }
    }

    fn innermost(&self) -> Option<(&'static Type, usize)> {
        self.open.get(self.depth.checked_sub(1)?).copied()
    }

    /// Whether there is an item at `index` of the innermost list, which is closed when not.
    fn item(&mut self, index: usize) -> bool {
        match self.innermost() {
            Some((item, len)) if index < len => {
                self.ty = item;
                true
            }
            _ => {
                self.depth = self.depth.saturating_sub(1);
                false
            }
        }
    }
}

impl Source for BinarySource<'_> {
    #[inline]
    fn null(&mut self) -> Result<bool> {
        let null = nullable(self.ty) && self.rest().first() == Some(&0);
        self.at += usize::from(null);
        Ok(null)
    }

    #[inline]
    fn bool(&mut self) -> Result<bool> {
        self.take("a bool")
    }

    #[inline]
    fn int(&mut self) -> Result<i64> {
        self.take("a signed integer of 64 bits")
    }

    #[inline]
    fn uint(&mut self, max: u64) -> Result<u64> {
        let number = self.number("an unsigned integer of 64 bits")?;
        if number > max {
            return Err(self.refuse("an unsigned integer of 32 bits"));
        }
        Ok(number)
    }

    #[inline]
    fn text(&mut self) -> Result<Vec<u8>> {
        Ok(self.take_bytes()?.to_vec())
    }

    #[inline]
    fn bytes(&mut self) -> Result<Vec<u8>> {
        self.some()?;
        Ok(self.take_bytes()?.to_vec())
    }

    #[inline]
    fn bytes_into(&mut self, value: &mut Vec<u8>) -> Result<()> {
        self.some()?;
        let bytes = self.take_bytes()?;
        if value.capacity() == 0 {
            // Exactly as much memory as is needed, and no more code than that takes.
            *value = bytes.to_vec();
        } else {
            value.clear();
            value.extend_from_slice(bytes);
        }
        Ok(())
    }

    #[inline]
    fn big(&mut self) -> Result<BigInt> {
        self.some()?;
        let bytes = self.take_bytes()?;
        if bytes.len() > MAX_BIG_BYTES {
            return Err(self.refuse("an integer of at most 128 KiB"));
        }
        Ok(match small(bytes) {
            Some(small) => BigInt::from(small),
            None => BigInt::from_signed_bytes_le(bytes),
        })
    }

    fn record(&mut self, record: &mut dyn RecordMut) -> Result<()> {
        self.some()?;
        record.read_binary(self)
    }

    fn begin_list(&mut self) -> Result<()> {
        self.open()
    }

    fn element(&mut self, index: usize) -> Result<bool> {
        Ok(self.item(index))
    }

    fn begin_map(&mut self) -> Result<()> {
        self.some()?;
        self.open()
    }

    fn key(&mut self, index: usize) -> Result<Option<String>> {
        // The key stands before the item.
        match self.innermost() {
            Some((_, len)) if index < len => {
                let key = String::from_utf8(self.take_bytes()?.to_vec()).map_err(|_| self.refuse("text"))?;
                self.item(index);
                Ok(Some(key))
            }
            _ => {
                self.depth = self.depth.saturating_sub(1);
                Ok(None)
            }
        }
    }

    fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    fn skip(&mut self) -> Result<()> {
        // Nothing is skipped but interfaces, of which only whether they were there travels.
        self.some()
    }

    fn refuse(&self, expected: &'static str) -> DecodeError {
        self.error(Problem::Type(expected))
    }
}

/// The number that these bytes are in two's complement, least significant first, if they are few.
fn small(bytes: &[u8]) -> Option<i64> {
    let mut number = match bytes.last() {
        Some(0x80..) => [0xff; 8],
        _ => [0; 8],
    };
    number.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(number))
}
