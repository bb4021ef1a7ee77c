//! The writing half.

use num_bigint::{BigInt, Sign};

use super::BIG_VERSION;
use super::define::{Definitions, present};
use super::number::{put_bytes, put_int, put_uint};
use crate::error::Inexpressible;
use crate::records::Base;
use crate::wire::{Dialect, Presence, Record, Sink};

/// Where the next value goes.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Into the field with this number: announced, and left out when zero.
    Field(u64),
    /// Into a list or map, as it is.
    Item,
}

/// Writes values. Structs are always sent, even when all of their fields are left out.
pub struct GobSink {
    out: Vec<u8>,
    dialect: Dialect,
    place: Place,
    /// The last field that was announced.
    last: u64,
    /// What cannot be written.
    refused: Option<Inexpressible>,
}

impl GobSink {
    /// A writer for a node that speaks `dialect`.
    pub fn new(dialect: Dialect) -> Self {
        Self {
            out: Vec::new(),
            dialect,
            place: Place::Item,
            last: 0,
            refused: None,
        }
    }

    /// A whole payload: a struct with the fields of `record`, `base` before them.
    ///
    /// # Errors
    /// The dialect cannot express the record.
    pub fn value(
        mut self,
        definitions: &Definitions,
        base: Option<&Base>,
        record: &dyn Record,
    ) -> Result<Vec<u8>, Inexpressible> {
        put_int(&mut self.out, definitions.root);
        let mut before = 0;
        if let Some(base) = base {
            before = 1;
            self.place = Place::Field(1);
            self.record(base, Presence::Success);
        }
        self.fields(record, before);
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        let mut payload = Vec::with_capacity(definitions.bytes.len() + self.out.len() + 9);
        payload.extend_from_slice(&definitions.bytes);
        put_bytes(&mut payload, &self.out);
        Ok(payload)
    }

    /// The fields of a record, numbered after `before`, and the end of the struct.
    fn fields(&mut self, record: &dyn Record, before: u64) {
        self.last = before;
        let mut number = before;
        for (index, field) in record.table().fields.iter().enumerate() {
            if present(field, self.dialect) {
                number += 1;
                self.place = Place::Field(number);
                record.write_field(index, self);
            }
        }
        put_uint(&mut self.out, 0);
    }

    /// Announces a value, unless it is left out.
    fn announce(&mut self, is_zero: bool) -> bool {
        match self.place {
            Place::Field(_) if is_zero => return false,
            Place::Field(number) => {
                put_uint(&mut self.out, number - self.last);
                self.last = number;
            }
            Place::Item => {}
        }
        true
    }

    fn begin(&mut self, len: usize) -> bool {
        let announced = self.announce(len == 0);
        if announced {
            put_uint(&mut self.out, len as u64);
        }
        announced
    }
}

impl Sink for GobSink {
    fn dialect(&self) -> Dialect {
        self.dialect
    }
    fn refuse(&mut self, what: Inexpressible) {
        self.refused = Some(what);
    }
    fn bool(&mut self, value: bool) {
        self.uint(u64::from(value));
    }
    fn int(&mut self, value: i64) {
        if self.announce(value == 0) {
            put_int(&mut self.out, value);
        }
    }
    fn uint(&mut self, value: u64) {
        if self.announce(value == 0) {
            put_uint(&mut self.out, value);
        }
    }
    fn text(&mut self, value: &[u8]) {
        self.bytes(value);
    }
    fn bytes(&mut self, value: &[u8]) {
        if self.begin(value.len()) {
            self.out.extend_from_slice(value);
        }
    }
    fn big(&mut self, value: Option<&BigInt>) {
        let Some(value) = value else { return };
        self.announce(false);
        let (sign, mut magnitude) = value.to_bytes_be();
        if sign == Sign::NoSign {
            magnitude.clear();
        }
        put_uint(&mut self.out, magnitude.len() as u64 + 1);
        self.out.push(BIG_VERSION | u8::from(sign == Sign::Minus));
        self.out.extend_from_slice(&magnitude);
    }
    fn null(&mut self) {
        // What is not there is left out.
    }
    fn record(&mut self, record: &dyn Record, _: Presence) {
        self.announce(false);
        let last = self.last;
        self.fields(record, 0);
        self.last = last;
    }
    fn begin_list(&mut self, len: usize) -> bool {
        self.begin(len)
    }
    fn element(&mut self) {
        self.place = Place::Item;
    }
    fn end_list(&mut self) {}
    fn begin_map(&mut self, len: usize) -> bool {
        self.begin(len)
    }
    fn key(&mut self, key: &str) {
        put_bytes(&mut self.out, key.as_bytes());
        self.place = Place::Item;
    }
    fn end_map(&mut self) {}
}
