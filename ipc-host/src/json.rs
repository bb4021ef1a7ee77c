//! The JSON marshalizer, as Go's `encoding/json` reads and writes it.
//!
//! Written on top of the field tables instead of a general JSON crate, because the details are the protocol: integers
//! of any size as bare numbers, `null` apart from empty, U+FFFD for broken UTF-8, keys matched case by case and then
//! without, duplicate keys merged, embedded structs flattened, and a nesting limit, all in one pass without a tree.

mod read;
mod write;

pub use read::JsonSource;
pub use write::JsonSink;

use crate::error::{DecodeError, Inexpressible};
use crate::wire::{Dialect, Presence, Record, RecordMut, Sink, Source};

/// Writes records, flattened into one object.
///
/// # Errors
/// The dialect cannot express a record.
pub fn encode(records: &[&dyn Record], dialect: Dialect) -> Result<Vec<u8>, Inexpressible> {
    let mut sink = JsonSink::new(dialect);
    sink.flattened(records);
    match sink.finish() {
        (_, Some(refused)) => Err(refused),
        (payload, None) => Ok(payload),
    }
}

/// Writes one record, in the dialect that has a place for everything.
pub fn encode_one(record: &dyn Record) -> Vec<u8> {
    let mut sink = JsonSink::new(Dialect::default());
    sink.record(record, Presence::Success);
    sink.finish().0
}

/// Reads records that were flattened into one object. Returns the dialect the object gave away, if it did.
///
/// # Errors
/// `payload` is not JSON, or a field has a value of another type.
pub fn decode(payload: &[u8], records: &mut [&mut dyn RecordMut]) -> Result<Option<Dialect>, DecodeError> {
    let mut source = JsonSource::new(payload);
    source.flattened(records)?;
    source.finish()
}

/// Reads one record.
///
/// # Errors
/// `payload` is not JSON, or a field has a value of another type.
pub fn decode_one(payload: &[u8], record: &mut dyn RecordMut) -> Result<(), DecodeError> {
    let mut source = JsonSource::new(payload);
    if !source.null()? {
        source.record(record)?;
    }
    source.finish().map(drop)
}
