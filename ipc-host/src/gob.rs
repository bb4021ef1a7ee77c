//! The gob marshalizer, as Go's `encoding/gob` reads and writes it.
//!
//! A payload is a stream of its own: definitions of the types that follow, then one value, each behind its length. The
//! sender numbers the types as it likes, from 65 up, so a reader goes by the definitions: it matches fields by name,
//! skips those it does not know, and takes what is missing for zero. A message is a struct whose first field, `Message`,
//! is the [base](crate::records::Base) that Go embeds.

mod define;
mod number;
mod read;
#[cfg(test)]
mod tests;
mod types;
mod write;

use define::definitions;
use read::GobSource;
use write::GobSink;

use crate::error::{DecodeError, Inexpressible};
use crate::records::Base;
use crate::wire::{Dialect, Record, RecordMut};

/// The types every stream knows without a definition.
mod id {
    pub const BOOL: i64 = 1;
    pub const INT: i64 = 2;
    pub const UINT: i64 = 3;
    pub const FLOAT: i64 = 4;
    pub const BYTES: i64 = 5;
    pub const TEXT: i64 = 6;
    pub const COMPLEX: i64 = 7;
    pub const INTERFACE: i64 = 8;
    /// The first that a sender gives to a type of its own.
    pub const FIRST: i64 = 65;
}

/// How a type is told in a definition: the number of the field of Go's `wireType` that is set.
mod form {
    pub const ARRAY: u64 = 1;
    pub const SLICE: u64 = 2;
    pub const STRUCT: u64 = 3;
    pub const MAP: u64 = 4;
    /// A type that encodes itself, with `GobEncode`. The next two do it with `MarshalBinary` and `MarshalText`.
    pub const ENCODER: u64 = 5;
    pub const BINARY: u64 = 6;
    pub const TEXT: u64 = 7;
}

/// The first byte of an encoded `big.Int`: its version, and the sign in the lowest bit.
const BIG_VERSION: u8 = 1 << 1;

/// Writes a record, after `base` if it is a message.
///
/// # Errors
/// Gob cannot express the record, or the dialect cannot.
pub fn encode(base: Option<&Base>, record: &dyn Record, dialect: Dialect) -> Result<Vec<u8>, Inexpressible> {
    let definitions = definitions(record.table(), base.is_some(), dialect)?;
    GobSink::new(dialect).value(&definitions, base, record)
}

/// Reads a record, and `base` with it if it is a message. Returns the dialect that its types gave away, if they did.
///
/// # Errors
/// `payload` is no gob, or a field has a value of another type.
pub fn decode(
    payload: &[u8],
    base: Option<&mut Base>,
    record: &mut dyn RecordMut,
) -> Result<Option<Dialect>, DecodeError> {
    GobSource::new(payload).value(base, record)
}
