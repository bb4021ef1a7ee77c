//! The reading half.

use num_bigint::{BigInt, Sign};

use super::BIG_VERSION;
use super::number::Cursor;
use super::types::{Types, Wire};
use crate::error::{DecodeError, Problem};
use crate::records::Base;
use crate::wire::{Budget, Declared, Dialect, MAX_BIG_BYTES, RecordMut, Source};

type Result<T> = std::result::Result<T, DecodeError>;

/// How deeply a value that nobody knows may nest. What we know nests as deep as our tables.
const MAX_DEPTH: usize = 100;

/// Reads a payload.
pub struct GobSource<'a> {
    cursor: Cursor<'a>,
    types: Types<'a>,
    /// The number of the type of the value that comes next.
    ty: i64,
    /// The lists and maps that are open, innermost last: the type of their items, and how many there are.
    open: Vec<(i64, usize)>,
    dialect: Option<Dialect>,
    budget: Budget,
}

impl<'a> GobSource<'a> {
    /// A reader of `payload`.
    pub fn new(payload: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(payload),
            types: Types::default(),
            ty: 0,
            open: Vec::new(),
            dialect: None,
            budget: Budget::default(),
        }
    }

    /// Reads the definitions and the value, whose field `Message` goes to `base` when there is one. Returns the dialect
    /// that the types gave away, if they did.
    ///
    /// # Errors
    /// The payload is no gob, or a field has a value of another type.
    pub fn value(
        mut self,
        mut base: Option<&mut Base>,
        record: &mut dyn RecordMut,
    ) -> Result<Option<Dialect>> {
        loop {
            let length = self.cursor.count()?;
            let end = self.cursor.rest().len() - length;
            let number = self.cursor.int()?;
            if number >= 0 {
                self.ty = number;
                self.fields(base.take(), record)?;
            } else {
                let number = number.checked_neg().unwrap_or(i64::MAX);
                self.types.define(number, &mut self.cursor)?;
            }
            if self.cursor.rest().len() != end {
                return Err(self.cursor.syntax("a part that is not as long as it says"));
            }
            if number >= 0 {
                break;
            }
        }
        if self.cursor.is_at_end() {
            Ok(self.dialect)
        } else {
            Err(self.cursor.error(Problem::Trailing))
        }
    }

    /// Reads a struct into the fields of `record` that have the names of the sender's.
    fn fields(&mut self, mut base: Option<&mut Base>, record: &mut dyn RecordMut) -> Result<()> {
        let Some(Wire::Struct(fields)) = self.types.get(self.ty) else {
            return Err(self.refuse("a struct"));
        };
        let own = record.table().fields;
        // A dialect shows in what a struct could hold, whether it does or not.
        let known = own.iter().filter(|field| field.dialect.is_some());
        for field in known {
            if fields.iter().any(|(name, _)| *name == field.go.as_bytes()) {
                self.dialect = field.dialect;
            }
        }
        let mut number = 0;
        while let Some((name, ty)) = self.next_field(&fields, &mut number)? {
            self.ty = ty;
            if let Some(base) = base.as_deref_mut().filter(|_| name == Base::TABLE.go.as_bytes()) {
                self.fields(None, base)?;
                continue;
            }
            match own.iter().position(|field| field.go.as_bytes() == name) {
                Some(index) => record
                    .read_field(index, self)
                    .map_err(|error| error.within(own[index].go))?,
                None => self.skip()?,
            }
        }
        Ok(())
    }

    /// Name and type of the field after field `number`, which moves on to it; none after the last.
    fn next_field(
        &mut self,
        fields: &[(&'a [u8], i64)],
        number: &mut u64,
    ) -> Result<Option<(&'a [u8], i64)>> {
        let Some(next) = self.cursor.next_field(*number)? else {
            return Ok(None);
        };
        *number = next;
        let field = usize::try_from(next - 1).ok().and_then(|index| fields.get(index));
        match field {
            Some(field) => Ok(Some(*field)),
            None => Err(self.cursor.syntax("a field that its type does not have")),
        }
    }

    fn expect(&self, expected: &'static str, fits: impl FnOnce(&Wire<'a>) -> bool) -> Result<Wire<'a>> {
        self.types
            .get(self.ty)
            .filter(fits)
            .ok_or_else(|| self.refuse(expected))
    }

    fn open(&mut self, item: i64) -> Result<()> {
        let count = self.cursor.count()?;
        self.open.push((item, count));
        Ok(())
    }

    /// The type of the item at `index` of the innermost list, which is closed when there is none.
    fn item(&mut self, index: usize) -> Option<i64> {
        match self.open.last() {
            Some((item, count)) if index < *count => Some(*item),
            _ => {
                self.open.pop();
                None
            }
        }
    }

    /// Reads a value of any type and forgets it.
    fn forget(&mut self, ty: i64, depth: usize) -> Result<()> {
        if depth == MAX_DEPTH {
            return Err(self.cursor.syntax("exceeded max depth"));
        }
        let wire = self
            .types
            .get(ty)
            .ok_or_else(|| self.cursor.syntax("a type that is not defined"))?;
        match wire {
            Wire::Bool | Wire::Int | Wire::Uint | Wire::Float => drop(self.cursor.uint()?),
            Wire::Complex => {
                self.cursor.uint()?;
                self.cursor.uint()?;
            }
            Wire::Bytes | Wire::Text | Wire::Encoder => drop(self.cursor.counted()?),
            Wire::List(item) => {
                for _ in 0..self.cursor.count()? {
                    self.forget(item, depth + 1)?;
                }
            }
            Wire::Map(key, item) => {
                for _ in 0..self.cursor.count()? {
                    self.forget(key, depth + 1)?;
                    self.forget(item, depth + 1)?;
                }
            }
            Wire::Struct(fields) => {
                let mut number = 0;
                while let Some((_, ty)) = self.next_field(&fields, &mut number)? {
                    self.forget(ty, depth + 1)?;
                }
            }
            Wire::Interface => self.forget_interface()?,
        }
        Ok(())
    }

    /// An interface is the name of a type, and unless that is empty its number, perhaps after definitions, and the value
    /// behind its length.
    fn forget_interface(&mut self) -> Result<()> {
        if self.cursor.counted()?.is_empty() {
            return Ok(());
        }
        loop {
            let number = self.cursor.int()?;
            if number >= 0 {
                break;
            }
            let number = number.checked_neg().unwrap_or(i64::MAX);
            self.types.define(number, &mut self.cursor)?;
            // The length of the next part.
            self.cursor.count()?;
        }
        self.cursor.counted().map(drop)
    }
}

impl Source for GobSource<'_> {
    fn null(&mut self) -> Result<bool> {
        // What is not there is left out.
        Ok(false)
    }

    fn bool(&mut self) -> Result<bool> {
        self.expect("a bool", |wire| matches!(wire, Wire::Bool))?;
        Ok(self.cursor.uint()? != 0)
    }

    fn int(&mut self) -> Result<i64> {
        self.expect("a signed integer", |wire| matches!(wire, Wire::Int))?;
        self.cursor.int()
    }

    fn uint(&mut self, max: u64) -> Result<u64> {
        self.expect("an unsigned integer", |wire| matches!(wire, Wire::Uint))?;
        let number = self.cursor.uint()?;
        if number > max {
            return Err(self.refuse("an unsigned integer of 32 bits"));
        }
        Ok(number)
    }

    fn text(&mut self) -> Result<Vec<u8>> {
        self.expect("a string", |wire| matches!(wire, Wire::Text))?;
        Ok(self.cursor.counted()?.to_vec())
    }

    fn bytes(&mut self) -> Result<Vec<u8>> {
        self.expect("bytes", |wire| matches!(wire, Wire::Bytes))?;
        Ok(self.cursor.counted()?.to_vec())
    }

    fn big(&mut self) -> Result<BigInt> {
        self.expect("a big integer", |wire| matches!(wire, Wire::Encoder))?;
        match self.cursor.counted()? {
            [] => Ok(BigInt::ZERO),
            bytes if bytes.len() > MAX_BIG_BYTES => Err(self.refuse("an integer of at most 128 KiB")),
            [head, magnitude @ ..] if head >> 1 == BIG_VERSION >> 1 => {
                let sign = if head & 1 == 1 { Sign::Minus } else { Sign::Plus };
                Ok(BigInt::from_bytes_be(sign, magnitude))
            }
            _ => Err(self.refuse("a big integer of version 1")),
        }
    }

    fn record(&mut self, record: &mut dyn RecordMut) -> Result<()> {
        self.fields(None, record)
    }

    fn begin_list(&mut self) -> Result<()> {
        match self.types.get(self.ty) {
            Some(Wire::List(item)) => self.open(item),
            _ => Err(self.refuse("a list")),
        }
    }

    fn element(&mut self, index: usize) -> Result<bool> {
        let item = self.item(index);
        self.ty = item.unwrap_or(self.ty);
        Ok(item.is_some())
    }

    fn begin_map(&mut self) -> Result<()> {
        match self.types.get(self.ty) {
            Some(Wire::Map(key, item)) if matches!(self.types.get(key), Some(Wire::Text)) => self.open(item),
            _ => Err(self.refuse("a map")),
        }
    }

    fn key(&mut self, index: usize) -> Result<Option<String>> {
        let Some(item) = self.item(index) else {
            return Ok(None);
        };
        self.ty = item;
        let key = self.cursor.counted()?.to_vec();
        String::from_utf8(key).map(Some).map_err(|_| self.refuse("text"))
    }

    fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    fn skip(&mut self) -> Result<()> {
        self.forget(self.ty, 0)
    }

    fn refuse(&self, expected: &'static str) -> DecodeError {
        self.cursor.error(Problem::Type(expected))
    }
}
