//! How a value is described once and written in any marshalizer.
//!
//! A [`Record`] (a struct that crosses the pipe) is declared as a table of [`Field`]s by [`record!`](crate::record).
//! A marshalizer is a [`Sink`] and a [`Source`]: it knows bools, numbers, texts and records, and none of the messages.
//! The table also carries what only some marshalizers need: Go names and types for gob, null rules for JSON.

mod codecs;
mod record;

pub use codecs::{
    Big, Bool, Bytes, FirstOf, Int, LegacyName, LegacyNonce, LegacyType, LegacyValue, List, Map, MaybeBytes,
    Opaque, Output, Ptr, Rec, SecondOf, Text, Uint,
};
pub use record::{Blank, Declared, Field, Presence, Record, RecordMut, RecordType};

use num_bigint::BigInt;

use crate::error::{DecodeError, Inexpressible};

/// What a marshalizer must know of a value before it sees one.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// True or false.
    Bool,
    /// A signed number of up to 64 bits.
    Int,
    /// An unsigned number of up to 64 bits.
    Uint,
    /// Text; not always valid UTF-8, since contracts choose some of it.
    Text,
    /// Bytes.
    Bytes,
    /// Bytes, or none, where a reader tells that from empty.
    MaybeBytes,
    /// An integer of any size, or none.
    Big,
    /// Values of one type.
    List(&'static Type),
    /// Values of one type under text keys.
    Map(&'static Type),
    /// A struct.
    Record(&'static RecordType),
    /// A struct, or none.
    Pointer(&'static RecordType),
    /// A Go interface: present on the wire, never looked into.
    Interface,
}

/// The longest integer that is read, in bytes: that of about as many digits as JSON takes.
pub const MAX_BIG_BYTES: usize = 128 << 10;

/// How much memory the items of one payload may take besides their contents, in bytes.
///
/// An item that takes hundreds of bytes here can be one byte there, and a payload of nothing else would cost the reader
/// many times its own size. This is room for eleven million arguments.
pub const MAX_ITEM_MEMORY: usize = 256 << 20;

/// What is left of [`MAX_ITEM_MEMORY`].
#[derive(Clone, Copy, Debug)]
pub struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(MAX_ITEM_MEMORY)
    }
}

impl Budget {
    /// Takes memory for an item; false when there is not enough left.
    pub fn take(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// Which of the two message shapes a node speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Inputs carry a list `ESDTTransfers`; Initialize carries `BuiltInFuncContainer`.
    #[default]
    Current,
    /// Inputs carry one transfer as `ESDTValue` and friends; Initialize carries `ProtocolBuiltinFunctions`.
    Legacy,
}

/// The writing half of a marshalizer.
pub trait Sink {
    /// The shape the other side understands.
    fn dialect(&self) -> Dialect;
    /// Makes the whole payload an error, because of a value that has no place in it.
    fn refuse(&mut self, what: Inexpressible);
    /// Writes a bool.
    fn bool(&mut self, value: bool);
    /// Writes a signed number.
    fn int(&mut self, value: i64);
    /// Writes an unsigned number.
    fn uint(&mut self, value: u64);
    /// Writes text.
    fn text(&mut self, value: &[u8]);
    /// Writes bytes.
    fn bytes(&mut self, value: &[u8]);
    /// Writes an integer of any size, or none.
    fn big(&mut self, value: Option<&BigInt>);
    /// Writes "nothing there".
    fn null(&mut self);
    /// Writes a struct.
    fn record(&mut self, record: &dyn Record, presence: Presence);
    /// Begins a list; each element follows an [`element`](Self::element). False when the list is written already, by
    /// a word for "none": no end follows then.
    fn begin_list(&mut self, len: usize) -> bool;
    /// Begins the next element.
    fn element(&mut self);
    /// Ends a list.
    fn end_list(&mut self);
    /// Begins a map; each value follows its [`key`](Self::key). Keys come sorted. False as for a list.
    fn begin_map(&mut self, len: usize) -> bool;
    /// Begins the next entry.
    fn key(&mut self, key: &str);
    /// Ends a map.
    fn end_map(&mut self);
}

/// The reading half of a marshalizer. Every method fails with a typed error on anything it does not expect.
#[allow(clippy::missing_errors_doc, reason = "said once for all methods")]
pub trait Source {
    /// Takes a "nothing there" if one comes next.
    fn null(&mut self) -> Result<bool, DecodeError>;
    /// Reads a bool.
    fn bool(&mut self) -> Result<bool, DecodeError>;
    /// Reads a signed number.
    fn int(&mut self) -> Result<i64, DecodeError>;
    /// Reads an unsigned number of at most `max`.
    fn uint(&mut self, max: u64) -> Result<u64, DecodeError>;
    /// Reads text, as it is written.
    fn text(&mut self) -> Result<Vec<u8>, DecodeError>;
    /// Reads bytes.
    fn bytes(&mut self) -> Result<Vec<u8>, DecodeError>;
    /// The same in place of what is in `value`, whose memory is used again where the encoding allows it.
    fn bytes_into(&mut self, value: &mut Vec<u8>) -> Result<(), DecodeError> {
        *value = self.bytes()?;
        Ok(())
    }
    /// Reads an integer of any size.
    fn big(&mut self) -> Result<BigInt, DecodeError>;
    /// Reads the fields of a struct into `record`; those that are absent stay as they are.
    fn record(&mut self, record: &mut dyn RecordMut) -> Result<(), DecodeError>;
    /// Begins a list.
    fn begin_list(&mut self) -> Result<(), DecodeError>;
    /// Whether there is an element at `index`, counted from 0; ends the list when there is none.
    fn element(&mut self, index: usize) -> Result<bool, DecodeError>;
    /// Begins a map.
    fn begin_map(&mut self) -> Result<(), DecodeError>;
    /// The key of the entry at `index`, counted from 0; ends the map when there is none.
    fn key(&mut self, index: usize) -> Result<Option<String>, DecodeError>;
    /// What is left of the memory for items.
    fn budget(&mut self) -> &mut Budget;
    /// Reads a value of any type and forgets it.
    fn skip(&mut self) -> Result<(), DecodeError>;
    /// An error about the value just read.
    fn refuse(&self, expected: &'static str) -> DecodeError;
}

/// Something with a [`Type`].
pub trait Wire {
    /// The type.
    const TYPE: Type;
}

/// How a Rust value `T` crosses the pipe as this wire type.
pub trait Codec<T>: Wire {
    /// Writes `value`.
    fn write<S: Sink + ?Sized>(value: &T, sink: &mut S);
    /// Reads into `value`, which keeps what the source does not mention.
    ///
    /// # Errors
    /// What comes next is not of this type, or out of range.
    fn read<S: Source + ?Sized>(value: &mut T, source: &mut S) -> Result<(), DecodeError>;
}
