//! The binary marshalizer: [`postcard`]'s wire format, for this project's driver and child.
//!
//! Fields stand in the order of the tables, without names: numbers are variable-length, bytes and lists follow their
//! length, big integers are two's complement bytes, and what may be absent follows a byte 1, or is a byte 0. Nothing
//! in a payload describes it, so both sides must have the same tables: [`fingerprint`] tells.

mod read;
mod write;

use std::sync::OnceLock;

pub use read::BinarySource;
pub use write::BinarySink;

use crate::error::DecodeError;
use crate::messages::Kind;
use crate::wire::{Dialect, Field, Record, RecordMut, RecordType, Type};

/// Counts what the tables do not show: how this module writes them, what [`known`](crate::known) answers mean, and how
/// the [`mailbox`](crate::mailbox) is laid out.
const REVISION: u64 = 3;

/// How deep lists and maps are nested in the tables, at most.
const DEPTH: usize = 8;

/// Most payloads fit, in bytes.
const USUAL: usize = 256;

/// Whether a value of this type may be absent.
#[inline]
fn nullable(ty: &Type) -> bool {
    matches!(
        ty,
        Type::MaybeBytes | Type::Big | Type::Map(_) | Type::Pointer(_) | Type::Interface
    )
}

/// Whether this encoding has the field. The older dialect's fields say again what the others say.
#[inline]
fn present(field: &Field) -> bool {
    field.dialect != Some(Dialect::Legacy)
}

/// Writes records, one after the other.
pub fn encode(records: &[&dyn Record]) -> Vec<u8> {
    let mut out = Vec::with_capacity(USUAL);
    encode_into(&mut out, records);
    out
}

/// Writes records, one after the other, behind what is there.
pub fn encode_into(out: &mut Vec<u8>, records: &[&dyn Record]) {
    let mut sink = BinarySink::new(out);
    for record in records {
        record.write_binary(&mut sink);
    }
}

/// Reads records, one after the other.
///
/// # Errors
/// `payload` ends early or late, or a value is out of range.
pub fn decode(payload: &[u8], records: &mut [&mut dyn RecordMut]) -> Result<(), DecodeError> {
    let mut source = BinarySource::new(payload);
    for record in records {
        record.read_binary(&mut source)?;
    }
    source.finish()
}

/// A digest of all that a payload's meaning depends on; never 0. Two sides with the same one understand each other.
pub fn fingerprint() -> u64 {
    static DIGEST: OnceLock<u64> = OnceLock::new();
    *DIGEST.get_or_init(|| {
        let mut digest = Digest(0xcbf2_9ce4_8422_2325);
        digest.bytes(&REVISION.to_le_bytes());
        for kind in Kind::ALL {
            digest.bytes(&(*kind as u32).to_le_bytes());
            digest.record(kind.table());
        }
        digest.0.max(1)
    })
}

/// FNV-1a over a walk through the tables.
struct Digest(u64);

impl Digest {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn record(&mut self, table: &RecordType) {
        for field in table.fields.iter().filter(|field| present(field)) {
            self.bytes(field.go.as_bytes());
            self.ty(&field.ty);
        }
        self.bytes(b"}");
    }

    fn ty(&mut self, ty: &Type) {
        match ty {
            Type::Bool => self.bytes(b"b"),
            Type::Int => self.bytes(b"i"),
            Type::Uint => self.bytes(b"u"),
            Type::Text => self.bytes(b"t"),
            Type::Bytes => self.bytes(b"x"),
            Type::MaybeBytes => self.bytes(b"*x"),
            Type::Big => self.bytes(b"z"),
            Type::Interface => self.bytes(b"?"),
            Type::List(item) => {
                self.bytes(b"[");
                self.ty(item);
            }
            Type::Map(item) => {
                self.bytes(b"<");
                self.ty(item);
            }
            Type::Record(table) => {
                self.bytes(b"{");
                self.record(table);
            }
            Type::Pointer(table) => {
                self.bytes(b"*{");
                self.record(table);
            }
        }
    }
}
