//! The writing half.

use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigInt;

use crate::error::Inexpressible;
use crate::wire::{Blank, Dialect, Presence, Record, Sink};

/// What Go's `omitempty` leaves out.
const EMPTY_TEXTS: [&[u8]; 5] = [b"0", b"\"\"", b"null", b"[]", b"false"];

/// Whether Go does not write this as it is.
fn needs_escape(c: char) -> bool {
    matches!(
        c,
        '"' | '\\' | '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}'
    )
}

/// Writes JSON without any space.
#[derive(Debug)]
pub struct JsonSink {
    out: Vec<u8>,
    dialect: Dialect,
    /// The field being written looks like `null` when it has no content.
    null_when_empty: bool,
    /// The record being written next has no braces of its own.
    flatten: bool,
    /// What cannot be written.
    refused: Option<Inexpressible>,
}

impl JsonSink {
    /// A writer for a node that speaks `dialect`.
    pub fn new(dialect: Dialect) -> Self {
        Self {
            out: Vec::new(),
            dialect,
            null_when_empty: false,
            flatten: false,
            refused: None,
        }
    }

    /// What was written, and what could not be written if there is such a thing.
    pub fn finish(self) -> (Vec<u8>, Option<Inexpressible>) {
        (self.out, self.refused)
    }

    /// Writes the fields of several records as one object.
    pub fn flattened(&mut self, records: &[&dyn Record]) {
        self.out.push(b'{');
        for record in records {
            self.fields(*record, record.presence());
        }
        self.out.push(b'}');
    }

    fn fields(&mut self, record: &dyn Record, presence: Presence) {
        for (index, field) in record.table().fields.iter().enumerate() {
            if field.dialect.is_some_and(|dialect| dialect != self.dialect) {
                continue;
            }
            if field.embedded {
                self.flatten = true;
                record.write_field(index, self);
                continue;
            }
            let before = self.out.len();
            self.separate();
            // Keys of the tables need no escapes.
            self.out.push(b'"');
            self.out.extend_from_slice(field.json.as_bytes());
            self.out.extend_from_slice(b"\":");
            let value = self.out.len();
            self.null_when_empty = match field.blank {
                Blank::Empty => false,
                Blank::EmptyIfPresent => presence == Presence::Nil,
                Blank::EmptyOnSuccess => presence != Presence::Success,
                Blank::Null => true,
            };
            record.write_field(index, self);
            self.null_when_empty = false;
            if field.omitted
                && self
                    .out
                    .get(value..)
                    .is_some_and(|text| EMPTY_TEXTS.contains(&text))
            {
                self.out.truncate(before);
            }
        }
    }

    fn separate(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[') | None) {
            self.out.push(b',');
        }
    }

    /// Writes a string as Go does: HTML-safe, invalid UTF-8 replaced byte by byte.
    fn string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        for chunk in text.utf8_chunks() {
            let mut rest = chunk.valid();
            while let Some(at) = rest.find(needs_escape) {
                let (plain, special) = rest.split_at(at);
                self.out.extend_from_slice(plain.as_bytes());
                let mut chars = special.chars();
                match chars.next().unwrap_or_default() {
                    '"' => self.out.extend_from_slice(b"\\\""),
                    '\\' => self.out.extend_from_slice(b"\\\\"),
                    '\n' => self.out.extend_from_slice(b"\\n"),
                    '\r' => self.out.extend_from_slice(b"\\r"),
                    '\t' => self.out.extend_from_slice(b"\\t"),
                    c => self
                        .out
                        .extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes()),
                }
                rest = chars.as_str();
            }
            self.out.extend_from_slice(rest.as_bytes());
            for _ in chunk.invalid() {
                self.out.extend_from_slice(b"\\ufffd");
            }
        }
        self.out.push(b'"');
    }

    fn number(&mut self, number: impl std::fmt::Display) {
        // Memory takes whatever is written to it.
        let _ = write!(self.out, "{number}");
    }

    /// Whether `null` was written in place of something empty. Nested values decide for themselves.
    fn wrote_null(&mut self, empty: bool) -> bool {
        let null = std::mem::take(&mut self.null_when_empty) && empty;
        if null {
            self.null();
        }
        null
    }
}

impl Sink for JsonSink {
    fn dialect(&self) -> Dialect {
        self.dialect
    }
    fn refuse(&mut self, what: Inexpressible) {
        self.refused = Some(what);
    }
    fn bool(&mut self, value: bool) {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }
    fn int(&mut self, value: i64) {
        self.number(value);
    }
    fn uint(&mut self, value: u64) {
        self.number(value);
    }
    fn text(&mut self, value: &[u8]) {
        self.string(value);
    }
    fn bytes(&mut self, value: &[u8]) {
        if self.wrote_null(value.is_empty()) {
            return;
        }
        self.out.push(b'"');
        let start = self.out.len();
        self.out.resize(start + value.len().div_ceil(3) * 4, 0);
        let written = STANDARD.encode_slice(value, &mut self.out[start..]).unwrap_or(0);
        self.out.truncate(start + written);
        self.out.push(b'"');
    }
    fn big(&mut self, value: Option<&BigInt>) {
        match value {
            Some(value) => self.number(value),
            None => self.null(),
        }
    }
    fn null(&mut self) {
        self.out.extend_from_slice(b"null");
    }
    fn record(&mut self, record: &dyn Record, presence: Presence) {
        self.null_when_empty = false;
        if std::mem::take(&mut self.flatten) {
            self.fields(record, presence);
        } else {
            self.out.push(b'{');
            self.fields(record, presence);
            self.out.push(b'}');
        }
    }
    fn begin_list(&mut self, len: usize) -> bool {
        let open = !self.wrote_null(len == 0);
        if open {
            self.out.push(b'[');
        }
        open
    }
    fn element(&mut self) {
        self.separate();
    }
    fn end_list(&mut self) {
        self.out.push(b']');
    }
    fn begin_map(&mut self, len: usize) -> bool {
        let open = !self.wrote_null(len == 0);
        if open {
            self.out.push(b'{');
        }
        open
    }
    fn key(&mut self, key: &str) {
        self.separate();
        self.string(key.as_bytes());
        self.out.push(b':');
    }
    fn end_map(&mut self) {
        self.out.push(b'}');
    }
}
