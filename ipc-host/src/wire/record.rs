//! Structs as tables of fields.

use super::{Dialect, Sink, Source, Type};
use crate::binary::{BinarySink, BinarySource};
use crate::error::DecodeError;

/// How a field without content is written by a marshalizer that tells "none" from "empty", as JSON does.
///
/// Go tells nil from empty and writes `null` or `""`/`[]`; a reader treats them alike. Writing what the reference
/// writes keeps replies equal to the byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blank {
    /// As empty.
    Empty,
    /// As empty, unless the whole record stands for none.
    EmptyIfPresent,
    /// As empty in the record of a success, else as none.
    EmptyOnSuccess,
    /// As none.
    Null,
}

/// What a record stands for; see [`Blank`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// A result, or data that can be no failure.
    Success,
    /// A failure.
    Failure,
    /// Nothing: a nil pointer that the protocol sends as a struct of zeros.
    Nil,
}

/// One field of a record.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its key in JSON.
    pub json: &'static str,
    /// Its name in Go, for gob.
    pub go: &'static str,
    /// Its type.
    pub ty: Type,
    /// How Go spells its type, where that does not follow from it: definitions in gob carry such names.
    pub go_type: Option<&'static str>,
    /// How it looks when it has no content.
    pub blank: Blank,
    /// Whether it is a record whose fields JSON writes in place of it.
    pub embedded: bool,
    /// Whether JSON leaves it out when it is zero or empty.
    pub omitted: bool,
    /// Whether only this project's own sides know it: gob has no such field, and JSON leaves it out when it is zero.
    pub own: bool,
    /// The only dialect that has it.
    pub dialect: Option<Dialect>,
}

impl Field {
    /// A field of the given name in JSON and Go, and type.
    pub const fn new(name: &'static str, ty: Type) -> Self {
        Self {
            json: name,
            go: name,
            ty,
            go_type: None,
            blank: Blank::Empty,
            embedded: false,
            omitted: false,
            own: false,
            dialect: None,
        }
    }
    /// The same, with another name in Go.
    pub const fn go(self, go: &'static str) -> Self {
        Self { go, ..self }
    }
    /// The same, of a type that Go spells like this.
    pub const fn go_type(self, spelling: &'static str) -> Self {
        Self {
            go_type: Some(spelling),
            ..self
        }
    }
    /// The same, looking like this when it has no content.
    pub const fn blank(self, blank: Blank) -> Self {
        Self { blank, ..self }
    }
    /// The same, its fields written in place of it.
    pub const fn embedded(self) -> Self {
        Self {
            embedded: true,
            ..self
        }
    }
    /// The same, left out when zero or empty.
    pub const fn omitted(self) -> Self {
        Self {
            omitted: true,
            ..self
        }
    }
    /// The same, known to this project's own sides alone.
    pub const fn own(self) -> Self {
        Self {
            own: true,
            ..self.omitted()
        }
    }
    /// The same, in one dialect only.
    pub const fn only(self, dialect: Dialect) -> Self {
        Self {
            dialect: Some(dialect),
            ..self
        }
    }
}

/// A record's table.
#[derive(Clone, Copy, Debug)]
pub struct RecordType {
    /// Its name in Go, for gob.
    pub go: &'static str,
    /// Its fields, in wire order.
    pub fields: &'static [Field],
}

/// A struct that crosses the pipe, as its writer sees it.
pub trait Record {
    /// Its table.
    fn table(&self) -> &'static RecordType;
    /// What it stands for.
    fn presence(&self) -> Presence {
        Presence::Success
    }
    /// Writes the field at `index` of the table.
    fn write_field(&self, index: usize, sink: &mut dyn Sink);
    /// Writes all fields in binary: what [`write_field`](Self::write_field) would do for one after the other, at once.
    fn write_binary(&self, sink: &mut BinarySink<'_>);
}

/// A struct that crosses the pipe, as its reader sees it.
pub trait RecordMut: Record {
    /// Reads the field at `index` of the table.
    ///
    /// # Errors
    /// What comes next is not of the field's type.
    fn read_field(&mut self, index: usize, source: &mut dyn Source) -> Result<(), DecodeError>;
    /// Reads all fields in binary.
    ///
    /// # Errors
    /// As [`read_field`](Self::read_field).
    fn read_binary(&mut self, source: &mut BinarySource<'_>) -> Result<(), DecodeError>;
}

/// A record whose table is known without a value.
pub trait Declared: RecordMut + Default + 'static {
    /// The table.
    const TABLE: RecordType;
}

/// Declares the wire table of structs: `Rust type, "Go name" { "key": WireType => rust_field, options; … }`.
///
/// Options are calls of [`Field`]'s builder. A `presence` row tells what a value stands for.
#[macro_export]
macro_rules! record {
    (@field $json:literal: $codec:ty $(, .$option:ident($($arg:expr)?))*) => {
        $crate::wire::Field::new($json, <$codec as $crate::wire::Wire>::TYPE)$(.$option($($arg)?))*
    };
    ($($rust:ty, $go:literal $(presence $presence:expr)? => {
        $($json:literal: $codec:ty => $field:ident $(, .$option:ident($($arg:expr)?))*;)*
    })*) => { $(
        impl $crate::wire::Record for $rust {
            fn table(&self) -> &'static $crate::wire::RecordType {
                const { &<$rust as $crate::wire::Declared>::TABLE }
            }
            $(fn presence(&self) -> $crate::wire::Presence { ($presence)(self) })?
            #[allow(unused_assignments, unused_mut, unused_variables)]
            fn write_field(&self, index: usize, sink: &mut dyn $crate::wire::Sink) {
                let mut at = 0;
                $(
                    if at == index {
                        return <$codec as $crate::wire::Codec<_>>::write(&self.$field, sink);
                    }
                    at += 1;
                )*
            }
            #[allow(unused_variables)]
            fn write_binary(&self, sink: &mut $crate::binary::BinarySink<'_>) {
                $(
                    if sink.begin(const { &$crate::record!(@field $json: $codec $(, .$option($($arg)?))*) }) {
                        <$codec as $crate::wire::Codec<_>>::write(&self.$field, sink);
                    }
                )*
            }
        }
        impl $crate::wire::RecordMut for $rust {
            #[allow(unused_assignments, unused_mut, unused_variables)]
            fn read_field(
                &mut self,
                index: usize,
                source: &mut dyn $crate::wire::Source,
            ) -> Result<(), $crate::error::DecodeError> {
                let mut at = 0;
                $(
                    if at == index {
                        return <$codec as $crate::wire::Codec<_>>::read(&mut self.$field, source);
                    }
                    at += 1;
                )*
                Ok(())
            }
            #[allow(unused_variables)]
            fn read_binary(
                &mut self,
                source: &mut $crate::binary::BinarySource<'_>,
            ) -> Result<(), $crate::error::DecodeError> {
                $(
                    if source.begin(const { &$crate::record!(@field $json: $codec $(, .$option($($arg)?))*) }) {
                        <$codec as $crate::wire::Codec<_>>::read(&mut self.$field, source)
                            .map_err(|error| error.within($json))?;
                    }
                )*
                Ok(())
            }
        }
        impl $crate::wire::Declared for $rust {
            const TABLE: $crate::wire::RecordType = $crate::wire::RecordType {
                go: $go,
                fields: &[$($crate::record!(@field $json: $codec $(, .$option($($arg)?))*)),*],
            };
        }
    )* };
}
