//! The three encodings of messages and log lines, behind one door.

use std::fmt;

use crate::error::{DecodeError, WireError};
use crate::records::Base;
use crate::wire::{Dialect, Record, RecordMut};
use crate::{binary, gob, json};

/// An encoding of records, by its number in Initialize.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Marshalizer {
    /// JSON as Go writes it; what every peer understands.
    #[default]
    Json = 0,
    /// Go's gob.
    Gob = 1,
    /// The binary encoding of [`binary`], which this project's driver and child agree on.
    Binary = 2,
}

impl Marshalizer {
    /// Every marshalizer, in the order of its number.
    pub const ALL: [Self; 3] = [Self::Json, Self::Gob, Self::Binary];

    /// The marshalizer with this number, if there is one.
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|marshalizer| *marshalizer as u64 == number)
    }

    /// Its name, as documents spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Gob => "gob",
            Self::Binary => "binary",
        }
    }

    /// The payload of a message.
    ///
    /// # Errors
    /// The encoding cannot express the message, or the dialect cannot.
    pub fn encode(self, base: &Base, message: &dyn Record, dialect: Dialect) -> Result<Vec<u8>, WireError> {
        Ok(match self {
            Self::Json => json::encode(&[base, message], dialect)?,
            Self::Gob => gob::encode(Some(base), message, dialect)?,
            Self::Binary => binary::encode(&[base, message]),
        })
    }

    /// Writes the payload of a message behind what is in `out`.
    ///
    /// # Errors
    /// The encoding cannot express the message.
    pub fn encode_into(
        self,
        out: &mut Vec<u8>,
        base: &Base,
        message: &dyn Record,
        dialect: Dialect,
    ) -> Result<(), WireError> {
        match self {
            Self::Binary => binary::encode_into(out, &[base, message]),
            _ => out.extend_from_slice(&self.encode(base, message, dialect)?),
        }
        Ok(())
    }

    /// Reads the payload of a message. Returns the dialect it gave away, if it did.
    ///
    /// # Errors
    /// `payload` is not of this encoding, or a field has a value of another type.
    pub fn decode(
        self,
        payload: &[u8],
        base: &mut Base,
        message: &mut dyn RecordMut,
    ) -> Result<Option<Dialect>, DecodeError> {
        match self {
            Self::Json => json::decode(payload, &mut [base, message]),
            Self::Gob => gob::decode(payload, Some(base), message),
            Self::Binary => binary::decode(payload, &mut [base, message]).map(|()| None),
        }
    }
}

impl fmt::Display for Marshalizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
