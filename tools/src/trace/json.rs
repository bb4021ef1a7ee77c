//! How plain data looks in a trace file.
//!
//! Bytes are text where they are printable (`str:total`), else hex (`0x0102`); amounts are decimal strings; what is
//! zero or empty is left out of records. Reading takes nothing that it does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use arwen_eei::VmError;
use arwen_interface::{BigInt, Bytes, CallType, HookError, ReturnCode};
use serde_json::{Map, Value};

/// What is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: expected {expected}", if .path.is_empty() { "the file" } else { .path.as_str() })]
pub struct Wrong {
    /// Fields and positions that lead there, as in `hooks[3].asks.key`; empty for the whole file.
    pub path: String,
    /// What should be there.
    pub expected: String,
}

impl Wrong {
    pub(super) fn new(expected: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            expected: expected.into(),
        }
    }

    /// The same, seen from outside.
    pub(super) fn below(mut self, step: &str) -> Self {
        let join = match self.path.chars().next() {
            Some('[') | None => "",
            Some(_) => ".",
        };
        self.path = format!("{step}{join}{}", self.path);
        self
    }
}

/// Something that trace files hold.
pub(super) trait Json: Sized {
    fn to_json(&self) -> Value;
    fn from_json(value: &Value) -> Result<Self, Wrong>;
}

/// The fields of a record, to be written or still to be read.
#[derive(Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub fn read(value: &Value) -> Result<Self, Wrong> {
        match value {
            Value::Object(fields) => Ok(Self(fields.clone())),
            _ => Err(Wrong::new("an object")),
        }
    }

    /// Writes a field, unless it holds what a reader takes for granted.
    pub fn write<T: Json + PartialEq>(&mut self, name: &str, value: &T, granted: &T) {
        if value != granted {
            self.0.insert(camel_case(name), value.to_json());
        }
    }

    pub fn take<T: Json>(&mut self, name: &str, granted: T) -> Result<T, Wrong> {
        let name = camel_case(name);
        match self.0.remove(&name) {
            Some(value) => T::from_json(&value).map_err(|wrong| wrong.below(&name)),
            None => Ok(granted),
        }
    }

    /// Nothing may be left.
    pub fn finish(self) -> Result<(), Wrong> {
        match self.0.into_iter().next() {
            Some((name, _)) => Err(Wrong::new("no such field").below(&name)),
            None => Ok(()),
        }
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.0)
    }
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut text, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        text.push_str(&initial.to_ascii_uppercase());
        text.push_str(rest);
        text
    })
}

/// Implements [`Json`] for structs from the names of their fields. One that is forgotten does not compile; of those
/// after the semicolon, which trace files leave out, a value is given.
macro_rules! records {
    ($($name:ty { $($field:ident),* $(,)? $(; $($left_out:ident = $value:expr),*)? } granted $granted:expr;)*) => {$(
        impl $crate::trace::json::Json for $name {
            fn to_json(&self) -> serde_json::Value {
                let granted: Self = $granted;
                let Self { $($field,)* $($($left_out: _),*)? } = self;
                let mut fields = $crate::trace::json::Fields::default();
                $(fields.write(stringify!($field), $field, &granted.$field);)*
                fields.into()
            }

            fn from_json(value: &serde_json::Value) -> Result<Self, $crate::trace::json::Wrong> {
                let granted: Self = $granted;
                let mut fields = $crate::trace::json::Fields::read(value)?;
                let record = Self {
                    $($field: fields.take(stringify!($field), granted.$field)?,)*
                    $($($left_out: $value),*)?
                };
                fields.finish()?;
                Ok(record)
            }
        }
    )*};
}
pub(super) use records;

/// Implements [`Json`] for what JSON has itself, and for numbers with a meaning.
macro_rules! scalars {
    ($($name:ty: $expected:literal, |$given:ident| $write:expr, |$value:ident| $read:expr;)*) => {$(
        impl Json for $name {
            fn to_json(&self) -> Value {
                let $given = self;
                Value::from($write)
            }

            fn from_json(value: &Value) -> Result<Self, Wrong> {
                let $value = value;
                $read.ok_or_else(|| Wrong::new($expected))
            }
        }
    )*};
}

scalars! {
    bool: "true or false", |it| *it, |value| value.as_bool();
    u64: "a number from 0 to 2^64-1", |it| *it, |value| value.as_u64();
    u32: "a number from 0 to 2^32-1", |it| *it, |value| value.as_u64().and_then(|number| number.try_into().ok());
    i64: "a signed number of 64 bits", |it| *it, |value| value.as_i64();
    usize: "a size", |it| *it as u64, |value| value.as_u64().and_then(|number| number.try_into().ok());
    String: "text", |it| it.as_str(), |value| value.as_str().map(str::to_owned);
    CallType: "a call type from 0 to 3", |it| *it as u8, |value| value.as_i64().and_then(Self::from_number);
    ReturnCode: "a return code from 0 to 12", |it| *it as u8, |value| value.as_i64().and_then(Self::from_number);
    BigInt: "a decimal number in quotes", |it| it.to_string(), |value| value.as_str().and_then(|text| text.parse().ok());
    Bytes: "bytes, as str:… or 0x…", |it| write_bytes(it), |value| value.as_str().and_then(read_bytes);
}

/// Bytes as text where all of them are printable, else in hex.
pub(super) fn write_bytes(bytes: &[u8]) -> String {
    let plain = |byte: &u8| (b' '..=b'~').contains(byte) && !matches!(byte, b'"' | b'\\');
    if bytes.is_empty() {
        String::new()
    } else if bytes.iter().all(plain) {
        format!("str:{}", String::from_utf8_lossy(bytes))
    } else {
        bytes.iter().fold("0x".to_owned(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

fn read_bytes(text: &str) -> Option<Bytes> {
    if text.is_empty() {
        return Some(Bytes::new());
    }
    if let Some(text) = text.strip_prefix("str:") {
        return Some(text.as_bytes().to_vec());
    }
    let digits = text.strip_prefix("0x")?.as_bytes();
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    };
    digits.chunks(2).map(byte).collect()
}

impl Json for () {
    fn to_json(&self) -> Value {
        Value::Null
    }

    fn from_json(value: &Value) -> Result<Self, Wrong> {
        value.as_null().ok_or_else(|| Wrong::new("null"))
    }
}

impl<T: Json> Json for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, Json::to_json)
    }

    fn from_json(value: &Value) -> Result<Self, Wrong> {
        match value {
            Value::Null => Ok(None),
            value => T::from_json(value).map(Some),
        }
    }
}

fn read_list<T: Json, L: FromIterator<T>>(value: &Value) -> Result<L, Wrong> {
    let items = value.as_array().ok_or_else(|| Wrong::new("a list"))?;
    let item = |(index, item)| T::from_json(item).map_err(|wrong| wrong.below(&format!("[{index}]")));
    items.iter().enumerate().map(item).collect()
}

impl<T: Json> Json for Vec<T> {
    fn to_json(&self) -> Value {
        self.iter().map(Json::to_json).collect()
    }

    fn from_json(value: &Value) -> Result<Self, Wrong> {
        read_list(value)
    }
}

impl<T: Json + Ord> Json for BTreeSet<T> {
    fn to_json(&self) -> Value {
        self.iter().map(Json::to_json).collect()
    }

    fn from_json(value: &Value) -> Result<Self, Wrong> {
        read_list(value)
    }
}

impl<T: Json> Json for BTreeMap<String, T> {
    fn to_json(&self) -> Value {
        let fields = self.iter().map(|(name, value)| (name.clone(), value.to_json()));
        Value::Object(fields.collect())
    }

    fn from_json(value: &Value) -> Result<Self, Wrong> {
        let fields = value.as_object().ok_or_else(|| Wrong::new("an object"))?;
        let field = |(name, value): (&String, &Value)| match T::from_json(value) {
            Ok(value) => Ok((name.clone(), value)),
            Err(wrong) => Err(wrong.below(name)),
        };
        fields.iter().map(field).collect()
    }
}

/// Pairs are lists of two.
impl<A: Json, B: Json> Json for (A, B) {
    fn to_json(&self) -> Value {
        Value::Array(vec![self.0.to_json(), self.1.to_json()])
    }

    fn from_json(value: &Value) -> Result<Self, Wrong> {
        match value.as_array().map(Vec::as_slice) {
            Some([first, second]) => Ok((
                A::from_json(first).map_err(|wrong| wrong.below("[0]"))?,
                B::from_json(second).map_err(|wrong| wrong.below("[1]"))?,
            )),
            _ => Err(Wrong::new("a list of two")),
        }
    }
}

/// An error that is a text.
pub(super) trait TextError {
    fn of(text: String) -> Self;
    fn text(&self) -> &str;
}

impl TextError for HookError {
    fn of(text: String) -> Self {
        Self(text)
    }

    fn text(&self) -> &str {
        &self.0
    }
}

impl TextError for VmError {
    fn of(text: String) -> Self {
        Self(text)
    }

    fn text(&self) -> &str {
        &self.0
    }
}

/// `{"ok": …}` or `{"error": "…"}`.
impl<T: Json, E: TextError> Json for Result<T, E> {
    fn to_json(&self) -> Value {
        let (name, value) = match self {
            Ok(value) => ("ok", value.to_json()),
            Err(error) => ("error", error.text().into()),
        };
        Value::Object([(name.to_owned(), value)].into_iter().collect())
    }

    fn from_json(value: &Value) -> Result<Self, Wrong> {
        let fields = value.as_object().filter(|fields| fields.len() == 1);
        match fields.and_then(|fields| fields.iter().next()) {
            Some((name, value)) if name == "ok" => match T::from_json(value) {
                Ok(value) => Ok(Ok(value)),
                Err(wrong) => Err(wrong.below("ok")),
            },
            Some((name, Value::String(text))) if name == "error" => Ok(Err(E::of(text.clone()))),
            _ => Err(Wrong::new("an object with the field ok or the text error")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_they_are_written() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"total", "str:total"),
            (b"0x01", "str:0x01"),
            (b"a\"b", "0x612262"),
            (&[0, 255], "0x00ff"),
        ] {
            assert_eq!(write_bytes(bytes), text);
            assert_eq!(read_bytes(text).as_deref(), Some(bytes));
        }
        for text in ["total", "0x0", "0x0g", "x"] {
            assert_eq!(read_bytes(text), None, "{text}");
        }
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        type Items = Vec<(Bytes, Option<u32>)>;
        let value: Value = serde_json::from_str(r#"[["str:a", null], ["0x1", 7]]"#).expect("JSON");
        let wrong = Items::from_json(&value).expect_err("half a byte");
        assert_eq!(wrong.to_string(), "[1][0]: expected bytes, as str:… or 0x…");
    }
}
