//! The reading half.

use num_bigint::BigInt;
use serde::Deserialize;

use super::{nullable, present};
use crate::error::{DecodeError, Problem};
use crate::wire::{Budget, Field, MAX_BIG_BYTES, Record, Source, Type};

type Result<T> = std::result::Result<T, DecodeError>;

/// Reads the binary encoding off the front of a payload.
#[derive(Debug)]
pub struct BinarySource<'a> {
    input: &'a [u8],
    at: usize,
    /// The type of the value that comes next.
    ty: &'static Type,
    /// The lists and maps that are open, innermost last: the type of their items, and how many there are.
    open: Vec<(&'static Type, usize)>,
    budget: Budget,
}

impl<'a> BinarySource<'a> {
    /// A reader of `input`.
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self {
            input,
            at: 0,
            ty: &Type::Bool,
            open: Vec::new(),
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

    /// Reads bytes without copying them.
    ///
    /// # Errors
    /// The input ends early.
    pub(crate) fn take_bytes(&mut self) -> Result<&'a [u8]> {
        self.take("bytes")
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
        let len: usize = self.take("a length")?;
        // An item has at least one byte, so that a length costs no more memory than the payload.
        if len > self.rest().len() {
            return Err(self.error(Problem::End));
        }
        match self.ty {
            Type::List(item) | Type::Map(item) => self.open.push((item, len)),
            _ => return Err(self.refuse("a list")),
        }
        Ok(())
    }

    /// Whether there is an item at `index` of the innermost list, which is closed when not.
    fn item(&mut self, index: usize) -> bool {
        match self.open.last() {
            Some((item, len)) if index < *len => {
                self.ty = item;
                true
            }
            _ => {
                self.open.pop();
                false
            }
        }
    }
}

impl Source for BinarySource<'_> {
    fn null(&mut self) -> Result<bool> {
        let null = nullable(self.ty) && self.rest().first() == Some(&0);
        self.at += usize::from(null);
        Ok(null)
    }

    fn bool(&mut self) -> Result<bool> {
        self.take("a bool")
    }

    fn int(&mut self) -> Result<i64> {
        self.take("a signed integer of 64 bits")
    }

    fn uint(&mut self, max: u64) -> Result<u64> {
        let number = self.take("an unsigned integer of 64 bits")?;
        if number > max {
            return Err(self.refuse("an unsigned integer of 32 bits"));
        }
        Ok(number)
    }

    fn text(&mut self) -> Result<Vec<u8>> {
        Ok(self.take_bytes()?.to_vec())
    }

    fn bytes(&mut self) -> Result<Vec<u8>> {
        self.some()?;
        Ok(self.take_bytes()?.to_vec())
    }

    fn big(&mut self) -> Result<BigInt> {
        self.some()?;
        let bytes = self.take_bytes()?;
        if bytes.len() > MAX_BIG_BYTES {
            return Err(self.refuse("an integer of at most 128 KiB"));
        }
        Ok(BigInt::from_signed_bytes_le(bytes))
    }

    fn record(&mut self, record: &mut dyn Record) -> Result<()> {
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
        match self.open.last() {
            Some((_, len)) if index < *len => {
                let key = String::from_utf8(self.take_bytes()?.to_vec()).map_err(|_| self.refuse("text"))?;
                self.item(index);
                Ok(Some(key))
            }
            _ => {
                self.open.pop();
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
