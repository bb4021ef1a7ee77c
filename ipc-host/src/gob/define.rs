//! The definitions that a value needs in front of it, made from the tables.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::number::{put_bytes, put_int, put_uint};
use super::{form, id};
use crate::error::Inexpressible;
use crate::records::Base;
use crate::wire::{Declared, Dialect, Field, RecordType, Type};

/// What stands before a value.
#[derive(Debug)]
pub struct Definitions {
    /// The definitions, as they are sent.
    pub bytes: Vec<u8>,
    /// The number of the value's own type.
    pub root: i64,
}

/// Whether the struct that a node of this dialect knows has the field.
pub fn present(field: &Field, dialect: Dialect) -> bool {
    !field.own && field.dialect.is_none_or(|only| only == dialect)
}

type Known = BTreeMap<(&'static str, bool), Result<Arc<Definitions>, Inexpressible>>;

/// The definitions for a value of this type; `based` when it embeds the base of all messages.
///
/// # Errors
/// The type has an interface in it.
pub fn definitions(
    table: &'static RecordType,
    based: bool,
    dialect: Dialect,
) -> Result<Arc<Definitions>, Inexpressible> {
    static KNOWN: RwLock<Known> = RwLock::new(Known::new());
    let key = (table.go, dialect == Dialect::Legacy);
    // A panic elsewhere cannot have left half an entry.
    let known = KNOWN
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
        .cloned();
    known.unwrap_or_else(|| {
        let made = make(table, based, dialect).map(Arc::new);
        let mut all = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(key, made.clone());
        made
    })
}

fn make(table: &'static RecordType, based: bool, dialect: Dialect) -> Result<Definitions, Inexpressible> {
    let mut definer = Definer {
        dialect,
        next: id::FIRST,
        numbers: BTreeMap::new(),
        unsent: BTreeMap::new(),
        bytes: Vec::new(),
    };
    let base = based.then_some(&BASE);
    let root = definer.structure(table, table.go, base.into_iter())?;
    definer.send(root);
    Ok(Definitions {
        bytes: definer.bytes,
        root,
    })
}

/// The field in which every message has its base.
const BASE: Field = Field::new(Base::TABLE.go, Type::Record(&Base::TABLE));

/// A type of our own, to be told.
struct Untold {
    name: String,
    form: Form,
}

enum Form {
    Slice(i64),
    Map(i64),
    Struct(Vec<(&'static str, i64)>),
    Encoder,
}

/// Numbers types and tells them, both in Go's order: a struct is numbered before its fields and a list after its items;
/// told is first the type, then what it is made of.
struct Definer {
    dialect: Dialect,
    next: i64,
    /// The numbers given so far, by the spelling of the type.
    numbers: BTreeMap<String, i64>,
    /// What is numbered and not told.
    unsent: BTreeMap<i64, Untold>,
    bytes: Vec<u8>,
}

impl Definer {
    fn number(&mut self) -> i64 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// Numbers a struct of these fields, `more` first.
    fn structure<'a>(
        &mut self,
        table: &'static RecordType,
        name: &str,
        more: impl Iterator<Item = &'a Field>,
    ) -> Result<i64, Inexpressible> {
        let number = self.number();
        self.numbers.insert(table.go.to_owned(), number);
        let dialect = self.dialect;
        let mut fields = Vec::new();
        for field in more.chain(table.fields).filter(|field| present(field, dialect)) {
            let spelling = field.go_type.map_or_else(|| spell(&field.ty), str::to_owned);
            let number = self.register(&field.ty, &spelling, true)?.ok_or(Inexpressible {
                record: table.go,
                field: field.go,
                why: "has no type of its own in gob",
            })?;
            fields.push((field.go, number));
        }
        let (name, form) = (name.to_owned(), Form::Struct(fields));
        self.unsent.insert(number, Untold { name, form });
        Ok(number)
    }

    /// The number of a type with this spelling in Go; none if gob has none for it. Go names the type of a field, and
    /// that of an item only when it has a name of its own.
    fn register(&mut self, ty: &Type, spelling: &str, is_field: bool) -> Result<Option<i64>, Inexpressible> {
        let (key, name) = match ty {
            Type::Record(table) | Type::Pointer(table) if is_field || !spelling.starts_with('*') => {
                (table.go, table.go)
            }
            Type::Record(table) | Type::Pointer(table) => (table.go, ""),
            Type::Big => (spelling, ""),
            _ if is_field => (spelling, spelling),
            _ => (spelling, ""),
        };
        if let Some(known) = self.numbers.get(key) {
            return Ok(Some(*known));
        }
        let item = |prefix| spelling.strip_prefix(prefix).unwrap_or(spelling);
        let form = match ty {
            Type::Bool => return Ok(Some(id::BOOL)),
            Type::Int => return Ok(Some(id::INT)),
            Type::Uint => return Ok(Some(id::UINT)),
            Type::Text => return Ok(Some(id::TEXT)),
            Type::Bytes | Type::MaybeBytes => return Ok(Some(id::BYTES)),
            Type::Interface => return Ok(None),
            Type::Record(table) | Type::Pointer(table) => {
                return self.structure(table, name, [].iter()).map(Some);
            }
            Type::Big => Some(Form::Encoder),
            Type::List(inner) => self.register(inner, item("[]"), false)?.map(Form::Slice),
            Type::Map(inner) => self.register(inner, item("map[string]"), false)?.map(Form::Map),
        };
        Ok(form.map(|form| {
            let number = self.number();
            let name = name.to_owned();
            self.numbers.insert(key.to_owned(), number);
            self.unsent.insert(number, Untold { name, form });
            number
        }))
    }

    /// Tells a type, and then what it is made of, if that was not done yet.
    fn send(&mut self, number: i64) {
        let Some(Untold { name, form }) = self.unsent.remove(&number) else {
            return;
        };
        let mut out = Vec::new();
        put_int(&mut out, -number);
        match &form {
            Form::Struct(fields) => {
                put_uint(&mut out, form::STRUCT);
                put_common(&mut out, &name, number);
                if !fields.is_empty() {
                    put_uint(&mut out, 1);
                    put_uint(&mut out, fields.len() as u64);
                    for (name, number) in fields {
                        put_named(&mut out, name, *number);
                    }
                }
            }
            Form::Slice(item) => {
                put_uint(&mut out, form::SLICE);
                put_common(&mut out, &name, number);
                put_uint(&mut out, 1);
                put_int(&mut out, *item);
            }
            Form::Map(item) => {
                put_uint(&mut out, form::MAP);
                put_common(&mut out, &name, number);
                for part in [id::TEXT, *item] {
                    put_uint(&mut out, 1);
                    put_int(&mut out, part);
                }
            }
            Form::Encoder => {
                put_uint(&mut out, form::ENCODER);
                // Go numbers a pointer to such a type once more.
                let pointer = self.number();
                put_common(&mut out, &name, pointer);
            }
        }
        // The end of what the type is made of, and of the definition.
        out.extend_from_slice(&[0, 0]);
        put_bytes(&mut self.bytes, &out);
        match form {
            Form::Struct(fields) => fields.into_iter().for_each(|(_, field)| self.send(field)),
            Form::Slice(item) | Form::Map(item) => self.send(item),
            Form::Encoder => {}
        }
    }
}

/// The first field of a definition: its name and number.
fn put_common(out: &mut Vec<u8>, name: &str, number: i64) {
    put_uint(out, 1);
    put_named(out, name, number);
}

fn put_named(out: &mut Vec<u8>, name: &str, number: i64) {
    if name.is_empty() {
        put_uint(out, 2);
    } else {
        put_uint(out, 1);
        put_bytes(out, name.as_bytes());
        put_uint(out, 1);
    }
    put_int(out, number);
    put_uint(out, 0);
}

/// A type as Go spells it, apart from packages.
fn spell(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".into(),
        Type::Int => "int".into(),
        Type::Uint => "uint64".into(),
        Type::Text => "string".into(),
        Type::Bytes | Type::MaybeBytes => "[]uint8".into(),
        Type::Big => "*big.Int".into(),
        Type::List(item) => format!("[]{}", spell(item)),
        Type::Map(item) => format!("map[string]{}", spell(item)),
        Type::Record(table) => table.go.into(),
        Type::Pointer(table) => format!("*{}", table.go),
        Type::Interface => "interface {}".into(),
    }
}
