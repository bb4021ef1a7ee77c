//! The reading half.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use num_bigint::BigInt;

use crate::error::{DecodeError, Problem};
use crate::wire::{Budget, Dialect, Field, RecordMut, Source, Type};

/// How deeply objects and lists may nest, as in Go.
const MAX_DEPTH: usize = 10_000;

/// The most digits of an integer. Reading one takes time quadratic in it; this many take milliseconds.
const MAX_DIGITS: usize = 1 << 18;

/// Padding is required, and unused bits of the last character are not looked at, as in Go.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

type Result<T> = std::result::Result<T, DecodeError>;

/// Reads JSON off the front of a payload.
#[derive(Debug)]
pub struct JsonSource<'a> {
    input: &'a [u8],
    at: usize,
    depth: usize,
    /// The record read next is flattened, and this is the key its field was found under.
    flattened: Option<&'static Field>,
    dialect: Option<Dialect>,
    budget: Budget,
}

impl<'a> JsonSource<'a> {
    /// A reader of `input`.
    pub fn new(input: &'a [u8]) -> Self {
        Self {
            input,
            at: 0,
            depth: 0,
            flattened: None,
            dialect: None,
            budget: Budget::default(),
        }
    }

    /// Makes sure that nothing follows. Returns the dialect that the fields so far gave away.
    ///
    /// # Errors
    /// Something follows.
    pub fn finish(mut self) -> Result<Option<Dialect>> {
        match self.peek() {
            None => Ok(self.dialect),
            Some(_) => Err(self.error(Problem::Trailing)),
        }
    }

    /// Reads one object into several records.
    ///
    /// # Errors
    /// What comes next is no object, or a field has a value of another type.
    pub fn flattened(&mut self, records: &mut [&mut dyn RecordMut]) -> Result<()> {
        if self.null()? {
            return Ok(());
        }
        self.open(b'{', "an object")?;
        let mut index = 0;
        while let Some(key) = self.next_key(index)? {
            index += 1;
            let found = [str::eq as fn(&str, &str) -> bool, folded_eq]
                .into_iter()
                .find_map(|eq| {
                    records
                        .iter()
                        .position(|record| lookup(record.table().fields, &key, eq).is_some())
                });
            match found.and_then(|at| records.get_mut(at)) {
                Some(record) => self.field(*record, &key)?,
                None => self.skip()?,
            }
        }
        Ok(())
    }

    /// Reads the value of `key` into the field of `record` that has this name, or skips it.
    fn field(&mut self, record: &mut dyn RecordMut, key: &str) -> Result<()> {
        let fields = record.table().fields;
        let Some((index, inner)) = lookup(fields, key, str::eq).or_else(|| lookup(fields, key, folded_eq))
        else {
            return self.skip();
        };
        self.flattened = inner;
        self.read_field(record, index)
    }

    fn read_field(&mut self, record: &mut dyn RecordMut, index: usize) -> Result<()> {
        let Some(field) = record.table().fields.get(index) else {
            return self.skip();
        };
        self.dialect = field.dialect.or(self.dialect);
        record
            .read_field(index, self)
            .map_err(|error| error.within(field.json))
    }

    #[cold]
    fn error(&self, problem: Problem) -> DecodeError {
        DecodeError::new(problem, self.at)
    }

    #[cold]
    fn syntax(&self, what: &'static str) -> DecodeError {
        self.error(if self.at >= self.input.len() {
            Problem::End
        } else {
            Problem::Syntax(what)
        })
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.input.get(self.at) {
            self.at += 1;
        }
        self.input.get(self.at).copied()
    }

    fn open(&mut self, bracket: u8, expected: &'static str) -> Result<()> {
        match self.peek() {
            Some(found) if found == bracket => {}
            Some(_) => return Err(self.error(Problem::Type(expected))),
            None => return Err(self.error(Problem::End)),
        }
        if self.depth == MAX_DEPTH {
            return Err(self.error(Problem::Syntax("exceeded max depth")));
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Steps over what stands before the item at `index`; false, and the bracket closed, after the last.
    fn next_item(&mut self, close: u8, index: usize) -> Result<bool> {
        match self.peek() {
            Some(found) if found == close => {
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            Some(b',') if index > 0 => {
                self.at += 1;
                if self.peek() == Some(close) {
                    return Err(self.syntax("a comma before a closing bracket"));
                }
                Ok(true)
            }
            Some(_) if index == 0 => Ok(true),
            _ => Err(self.syntax("expected a comma or a closing bracket")),
        }
    }

    fn next_key(&mut self, index: usize) -> Result<Option<Cow<'a, str>>> {
        if !self.next_item(b'}', index)? {
            return Ok(None);
        }
        if self.peek() != Some(b'"') {
            return Err(self.syntax("expected a key"));
        }
        let key = self.string()?;
        if self.peek() != Some(b':') {
            return Err(self.syntax("expected a colon"));
        }
        self.at += 1;
        Ok(Some(key))
    }

    fn word(&mut self, word: &'static str) -> bool {
        self.peek();
        let found = self
            .input
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word.as_bytes()));
        if found {
            self.at += word.len();
        }
        found
    }

    /// The text between two quotes, unescaped; broken UTF-8 and lone surrogates become U+FFFD.
    fn string(&mut self) -> Result<Cow<'a, str>> {
        self.at += 1;
        // The common case needs no copy.
        let rest = self.input.get(self.at..).unwrap_or_default();
        if let Some(run) = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f))
            && rest[run] == b'"'
            && let Ok(text) = str::from_utf8(&rest[..run])
        {
            self.at += run + 1;
            return Ok(Cow::Borrowed(text));
        }
        let mut text = String::new();
        loop {
            let rest = self.input.get(self.at..).unwrap_or_default();
            let Some(run) = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f)) else {
                self.at = self.input.len();
                return Err(self.error(Problem::End));
            };
            for chunk in rest[..run].utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
            }
            self.at += run;
            match rest[run] {
                b'"' => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                b'\\' => text.push(self.escape()?),
                _ => return Err(self.syntax("a control character in a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        self.at += 2;
        Ok(match self.input.get(self.at - 1) {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(*c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hex4(self.at)?;
                self.at += 4;
                let second = match self.input.get(self.at..self.at + 2) {
                    Some(b"\\u") if (0xd800..0xdc00).contains(&first) => self.hex4(self.at + 2).ok(),
                    _ => None,
                };
                match second {
                    Some(second @ 0xdc00..0xe000) => {
                        self.at += 6;
                        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
                    }
                    _ => char::from_u32(first),
                }
                .unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return Err(self.syntax("an unknown escape")),
        })
    }

    fn hex4(&self, at: usize) -> Result<u32> {
        self.input
            .get(at..at + 4)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.syntax("an escape without four hex digits"))
    }

    /// The text of a number of JSON's grammar.
    fn number(&mut self) -> Result<&'a str> {
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(match self.peek() {
                Some(_) => self.error(Problem::Type("a number")),
                None => self.error(Problem::End),
            });
        }
        let start = self.at;
        if self.input[self.at] == b'-' {
            self.at += 1;
        }
        match self.input.get(self.at) {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.syntax("a minus sign without a number")),
        }
        if self.input.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.input.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.input.get(self.at) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        str::from_utf8(&self.input[start..self.at]).map_err(|_| self.syntax("a number that is no text"))
    }

    fn digits(&mut self) {
        while self.input.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<()> {
        let start = self.at;
        self.digits();
        if self.at == start {
            Err(self.syntax("a number that ends too early"))
        } else {
            Ok(())
        }
    }
}

impl Source for JsonSource<'_> {
    fn null(&mut self) -> Result<bool> {
        // A flattened record has no value of its own that could be null.
        Ok(self.flattened.is_none() && self.word("null"))
    }

    fn bool(&mut self) -> Result<bool> {
        if self.word("true") {
            Ok(true)
        } else if self.word("false") {
            Ok(false)
        } else {
            Err(self.error(Problem::Type("a bool")))
        }
    }

    fn int(&mut self) -> Result<i64> {
        let text = self.number()?;
        text.parse()
            .map_err(|_| self.refuse("a signed integer of 64 bits"))
    }

    fn uint(&mut self, max: u64) -> Result<u64> {
        let text = self.number()?;
        text.parse().ok().filter(|number| *number <= max).ok_or_else(|| {
            self.refuse(match max {
                0..=0xffff_ffff => "an unsigned integer of 32 bits",
                _ => "an unsigned integer of 64 bits",
            })
        })
    }

    fn text(&mut self) -> Result<Vec<u8>> {
        match self.peek() {
            Some(b'"') => Ok(self.string()?.into_owned().into_bytes()),
            Some(_) => Err(self.error(Problem::Type("a string"))),
            None => Err(self.error(Problem::End)),
        }
    }

    fn bytes(&mut self) -> Result<Vec<u8>> {
        // Base64 never needs an escape, so the common case decodes in place.
        if self.peek() == Some(b'"') {
            let rest = &self.input[self.at + 1..];
            if let Some(end) = memchr::memchr(b'"', rest)
                && let Ok(bytes) = BASE64.decode(&rest[..end])
            {
                self.at += end + 2;
                return Ok(bytes);
            }
        }
        let mut text = self.text()?;
        text.retain(|byte| !matches!(byte, b'\r' | b'\n'));
        BASE64.decode(text).map_err(|_| self.refuse("base64"))
    }

    fn big(&mut self) -> Result<BigInt> {
        let text = self.number()?;
        if text.len() > MAX_DIGITS {
            return Err(self.refuse("an integer of at most 262144 digits"));
        }
        text.parse().map_err(|_| self.refuse("an integer"))
    }

    fn record(&mut self, record: &mut dyn RecordMut) -> Result<()> {
        if let Some(field) = self.flattened.take() {
            let index = record
                .table()
                .fields
                .iter()
                .position(|other| other.json == field.json);
            return match index {
                Some(index) => self.read_field(record, index),
                None => self.skip(),
            };
        }
        self.open(b'{', "an object")?;
        let mut index = 0;
        while let Some(key) = self.next_key(index)? {
            self.field(record, &key)?;
            index += 1;
        }
        Ok(())
    }

    fn begin_list(&mut self) -> Result<()> {
        self.open(b'[', "a list")
    }

    fn element(&mut self, index: usize) -> Result<bool> {
        self.next_item(b']', index)
    }

    fn begin_map(&mut self) -> Result<()> {
        self.open(b'{', "an object")
    }

    fn key(&mut self, index: usize) -> Result<Option<String>> {
        Ok(self.next_key(index)?.map(Cow::into_owned))
    }

    fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    fn skip(&mut self) -> Result<()> {
        // Brackets that are open, and how many items each has had: a stack on the heap, so that depth costs no stack.
        let mut open: Vec<(u8, usize)> = Vec::new();
        loop {
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.open(bracket, "a value")?;
                    open.push((bracket, 0));
                }
                Some(b'"') => drop(self.string()?),
                Some(b't' | b'f') => drop(self.bool()?),
                Some(b'n') if self.word("null") => {}
                _ => drop(self.number()?),
            }
            // Go on to the next item of the innermost bracket that has one.
            loop {
                let Some((bracket, items)) = open.last_mut() else {
                    return Ok(());
                };
                let index = *items;
                *items += 1;
                let more = match *bracket {
                    b'{' => self.next_key(index)?.is_some(),
                    _ => self.next_item(b']', index)?,
                };
                if more {
                    break;
                }
                open.pop();
            }
        }
    }

    fn refuse(&self, expected: &'static str) -> DecodeError {
        self.error(Problem::Type(expected))
    }
}

/// The field called `key`: its index, or that of the embedded record it is in, and the inner field then.
fn lookup(
    fields: &'static [Field],
    key: &str,
    eq: fn(&str, &str) -> bool,
) -> Option<(usize, Option<&'static Field>)> {
    fields.iter().enumerate().find_map(|(index, field)| {
        if !field.embedded {
            return eq(field.json, key).then_some((index, None));
        }
        let Type::Record(table) = field.ty else {
            return None;
        };
        table
            .fields
            .iter()
            .find(|inner| eq(inner.json, key))
            .map(|inner| (index, Some(inner)))
    })
}

/// Whether two keys are equal without regard to case. Go's simple folding adds two letters to ASCII's.
fn folded_eq(name: &str, key: &str) -> bool {
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        _ => c.to_ascii_lowercase(),
    };
    name.chars().map(fold).eq(key.chars().map(fold))
}
