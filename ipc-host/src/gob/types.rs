//! The types that a stream defines.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::number::Cursor;
use super::{form, id};
use crate::error::DecodeError;

/// How many types a stream may define, and how many fields a struct may have: far more than any sender has.
const MAX_PARTS: usize = 4096;

/// A type of the sender's, reached by its number.
#[derive(Clone, Debug)]
pub enum Wire<'a> {
    Bool,
    Int,
    Uint,
    Float,
    Bytes,
    Text,
    Complex,
    Interface,
    /// Items of one type, by its number; arrays too.
    List(i64),
    /// The types of key and value.
    Map(i64, i64),
    /// Names and types of the fields.
    Struct(Rc<[(&'a [u8], i64)]>),
    /// Something that encodes itself into bytes.
    Encoder,
}

/// Every type the stream has told so far.
#[derive(Debug, Default)]
pub struct Types<'a>(BTreeMap<i64, Wire<'a>>);

impl<'a> Types<'a> {
    /// The type with this number.
    pub fn get(&self, number: i64) -> Option<Wire<'a>> {
        Some(match number {
            id::BOOL => Wire::Bool,
            id::INT => Wire::Int,
            id::UINT => Wire::Uint,
            id::FLOAT => Wire::Float,
            id::BYTES => Wire::Bytes,
            id::TEXT => Wire::Text,
            id::COMPLEX => Wire::Complex,
            id::INTERFACE => Wire::Interface,
            _ => self.0.get(&number)?.clone(),
        })
    }

    /// Reads the definition of the type with this number.
    pub fn define(&mut self, number: i64, cursor: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let mut found = None;
        cursor.fields(|cursor, form| {
            found = Some(read(cursor, form)?);
            Ok(())
        })?;
        let wire = found.ok_or_else(|| cursor.syntax("a type without a form"))?;
        if self.get(number).is_some() || self.0.len() == MAX_PARTS {
            return Err(cursor.syntax("a type that is defined twice, or one too many"));
        }
        self.0.insert(number, wire);
        Ok(())
    }
}

/// Reads what a type of this form is made of. Its first field is its name and number, which nobody needs.
fn read<'a>(cursor: &mut Cursor<'a>, form: u64) -> Result<Wire<'a>, DecodeError> {
    let mut numbers = [0; 2];
    let mut fields = Vec::new();
    cursor.fields(|cursor, field| {
        match (form, field) {
            (_, 1) => return common(cursor),
            (form::STRUCT, 2) => {
                let count = cursor.count()?;
                if count > MAX_PARTS {
                    return Err(cursor.syntax("a struct of too many fields"));
                }
                for _ in 0..count {
                    fields.push(named(cursor)?);
                }
            }
            (form::SLICE, 2) | (form::ARRAY | form::MAP, 2 | 3) => {
                numbers[usize::from(field == 3)] = cursor.int()?;
            }
            _ => return Err(cursor.syntax("an unknown field in a type")),
        }
        Ok(())
    })?;
    Ok(match form {
        form::ARRAY | form::SLICE => Wire::List(numbers[0]),
        form::STRUCT => Wire::Struct(fields.into()),
        form::MAP => Wire::Map(numbers[0], numbers[1]),
        form::ENCODER | form::BINARY | form::TEXT => Wire::Encoder,
        _ => return Err(cursor.syntax("a type of an unknown form")),
    })
}

/// A name and a number: of a type, or of a field and its type.
fn named<'a>(cursor: &mut Cursor<'a>) -> Result<(&'a [u8], i64), DecodeError> {
    let mut both = (&[][..], 0);
    cursor.fields(|cursor, field| {
        match field {
            1 => both.0 = cursor.counted()?,
            2 => both.1 = cursor.int()?,
            _ => return Err(cursor.syntax("an unknown field in a type")),
        }
        Ok(())
    })?;
    Ok(both)
}

fn common(cursor: &mut Cursor<'_>) -> Result<(), DecodeError> {
    named(cursor).map(drop)
}
