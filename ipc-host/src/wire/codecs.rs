//! The wire types, and the Rust values each of them carries.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use arwen_interface::{CallType, EsdtTransfer, ReturnCode, VmInput, VmOutput};
use num_bigint::{BigInt, Sign};

use super::{Codec, Declared, Presence, Record, Sink, Source, Type, Wire};
use crate::error::{DecodeError, Inexpressible};
use crate::marshalizer::Marshalizer;

macro_rules! wire_types {
    ($($(#[$doc:meta])* $name:ident $(<$param:ident: $bound:ident>)? = $ty:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name$(<$param>(PhantomData<$param>))?;
        impl$(<$param: $bound>)? Wire for $name$(<$param>)? {
            const TYPE: Type = $ty;
        }
    )* };
}

wire_types! {
    /// A `bool`.
    Bool = Type::Bool;
    /// An `i64`, a call type, a return code, a log level.
    Int = Type::Int;
    /// A `u64` or `u32`.
    Uint = Type::Uint;
    /// A `String`, or bytes that are text on the wire.
    Text = Type::Text;
    /// A `Vec<u8>`.
    Bytes = Type::Bytes;
    /// An `Option<Vec<u8>>`.
    MaybeBytes = Type::MaybeBytes;
    /// An `Option<BigInt>`.
    Big = Type::Big;
    /// A `Vec`.
    List<C: Wire> = Type::List(&C::TYPE);
    /// A `BTreeMap` with text keys.
    Map<C: Wire> = Type::Map(&C::TYPE);
    /// A record.
    Rec<R: Declared> = Type::Record(&R::TABLE);
    /// An `Option` of a record.
    Ptr<R: Declared> = Type::Pointer(&R::TABLE);
    /// Something the protocol carries and nobody looks at: `null` or `{}`. The bool says whether it was there.
    Opaque = Type::Interface;
    /// A VM output that is sent as a record of zeros when there is none.
    Output = Type::Record(&<VmOutput as Declared>::TABLE);
    /// The first items of a list of pairs.
    FirstOf = Type::List(&Type::Bytes);
    /// The second items of a list of pairs; read after [`FirstOf`].
    SecondOf = Type::List(&Type::Bytes);
    /// The amount of the only transfer of an input, in the dialect that has no list.
    LegacyValue = Type::Big;
    /// The token of the only transfer of an input.
    LegacyName = Type::Bytes;
    /// The token type of the only transfer of an input.
    LegacyType = Type::Uint;
    /// The token instance of the only transfer of an input.
    LegacyNonce = Type::Uint;
}

macro_rules! codecs {
    ($($wire:ty as $rust:ty, |$out:ident, $w:ident| $write:expr, |$in:ident, $r:ident| $read:expr;)*) => { $(
        impl Codec<$rust> for $wire {
            fn write<S: Sink + ?Sized>($w: &$rust, $out: &mut S) {
                $write
            }
            fn read<S: Source + ?Sized>($r: &mut $rust, $in: &mut S) -> Result<(), DecodeError> {
                // A null leaves a scalar as it is, as in Go.
                if !$in.null()? {
                    *$r = $read;
                }
                Ok(())
            }
        }
    )* };
}

codecs! {
    Bool as bool, |out, v| out.bool(*v), |input, v| input.bool()?;
    Int as i64, |out, v| out.int(*v), |input, v| input.int()?;
    Int as i32, |out, v| out.int(i64::from(*v)),
        |input, v| i32::try_from(input.int()?).map_err(|_| input.refuse("a signed number of 32 bits"))?;
    Int as CallType, |out, v| out.int(i64::from(*v as u8)),
        |input, v| CallType::from_number(input.int()?).ok_or_else(|| input.refuse("a call type from 0 to 3"))?;
    Int as ReturnCode, |out, v| out.int(i64::from(*v as u8)),
        |input, v| ReturnCode::from_number(input.int()?).ok_or_else(|| input.refuse("a return code from 0 to 12"))?;
    Uint as u64, |out, v| out.uint(*v), |input, v| input.uint(u64::MAX)?;
    Uint as u32, |out, v| out.uint(u64::from(*v)),
        |input, v| u32::try_from(input.uint(u64::from(u32::MAX))?).unwrap_or(u32::MAX);
    // The reference takes every number it does not know for JSON.
    Uint as Marshalizer, |out, v| out.uint(u64::from(*v as u32)),
        |input, v| Marshalizer::from_number(input.uint(u64::from(u32::MAX))?).unwrap_or_default();
    Text as String, |out, v| out.text(v.as_bytes()), |input, v| into_text(input.text()?);
    Text as Vec<u8>, |out, v| out.text(v), |input, v| input.text()?;
}

/// Text as text, whatever a peer made of it.
fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

impl Codec<Vec<u8>> for Bytes {
    fn write<S: Sink + ?Sized>(value: &Vec<u8>, sink: &mut S) {
        sink.bytes(value);
    }
    fn read<S: Source + ?Sized>(value: &mut Vec<u8>, source: &mut S) -> Result<(), DecodeError> {
        if source.null()? {
            value.clear();
            return Ok(());
        }
        source.bytes_into(value)
    }
}

impl Codec<Option<Vec<u8>>> for MaybeBytes {
    fn write<S: Sink + ?Sized>(value: &Option<Vec<u8>>, sink: &mut S) {
        match value {
            Some(bytes) => sink.bytes(bytes),
            None => sink.null(),
        }
    }
    fn read<S: Source + ?Sized>(value: &mut Option<Vec<u8>>, source: &mut S) -> Result<(), DecodeError> {
        *value = if source.null()? {
            None
        } else {
            Some(source.bytes()?)
        };
        Ok(())
    }
}

impl Codec<Option<BigInt>> for Big {
    fn write<S: Sink + ?Sized>(value: &Option<BigInt>, sink: &mut S) {
        sink.big(value.as_ref());
    }
    fn read<S: Source + ?Sized>(value: &mut Option<BigInt>, source: &mut S) -> Result<(), DecodeError> {
        *value = if source.null()? { None } else { Some(source.big()?) };
        Ok(())
    }
}

/// Makes sure that there is memory for one more item.
fn charge<T, S: Source + ?Sized>(source: &mut S) -> Result<(), DecodeError> {
    if source.budget().take(size_of::<T>()) {
        Ok(())
    } else {
        Err(source.refuse("fewer items"))
    }
}

impl<T: Default, C: Codec<T>> Codec<Vec<T>> for List<C> {
    fn write<S: Sink + ?Sized>(value: &Vec<T>, sink: &mut S) {
        if sink.begin_list(value.len()) {
            for item in value {
                sink.element();
                C::write(item, sink);
            }
            sink.end_list();
        }
    }
    fn read<S: Source + ?Sized>(value: &mut Vec<T>, source: &mut S) -> Result<(), DecodeError> {
        value.clear();
        if source.null()? {
            return Ok(());
        }
        source.begin_list()?;
        while source.element(value.len())? {
            charge::<T, S>(source)?;
            let mut item = T::default();
            C::read(&mut item, source)?;
            value.push(item);
        }
        Ok(())
    }
}

impl<T: Default, C: Codec<T>> Codec<BTreeMap<String, T>> for Map<C> {
    fn write<S: Sink + ?Sized>(value: &BTreeMap<String, T>, sink: &mut S) {
        if sink.begin_map(value.len()) {
            for (key, item) in value {
                sink.key(key);
                C::write(item, sink);
            }
            sink.end_map();
        }
    }
    fn read<S: Source + ?Sized>(value: &mut BTreeMap<String, T>, source: &mut S) -> Result<(), DecodeError> {
        if source.null()? {
            value.clear();
            return Ok(());
        }
        source.begin_map()?;
        let mut index = 0;
        while let Some(key) = source.key(index)? {
            charge::<(String, T), S>(source)?;
            let mut item = T::default();
            C::read(&mut item, source)?;
            value.insert(key, item);
            index += 1;
        }
        Ok(())
    }
}

/// Names as the keys of a map to empty structs.
impl Codec<BTreeSet<String>> for Map<Opaque> {
    fn write<S: Sink + ?Sized>(value: &BTreeSet<String>, sink: &mut S) {
        if sink.begin_map(value.len()) {
            for key in value {
                sink.key(key);
                Opaque::write(&true, sink);
            }
            sink.end_map();
        }
    }
    fn read<S: Source + ?Sized>(value: &mut BTreeSet<String>, source: &mut S) -> Result<(), DecodeError> {
        if source.null()? {
            value.clear();
            return Ok(());
        }
        source.begin_map()?;
        let mut index = 0;
        while let Some(key) = source.key(index)? {
            charge::<String, S>(source)?;
            source.skip()?;
            value.insert(key);
            index += 1;
        }
        Ok(())
    }
}

/// Names that may be absent as a whole.
impl Codec<Option<BTreeSet<String>>> for Map<Opaque> {
    fn write<S: Sink + ?Sized>(value: &Option<BTreeSet<String>>, sink: &mut S) {
        match value {
            Some(names) => Self::write(names, sink),
            None => sink.null(),
        }
    }
    fn read<S: Source + ?Sized>(
        value: &mut Option<BTreeSet<String>>,
        source: &mut S,
    ) -> Result<(), DecodeError> {
        Self::read(value.get_or_insert_default(), source)
    }
}

impl<R: Declared> Codec<R> for Rec<R> {
    fn write<S: Sink + ?Sized>(value: &R, sink: &mut S) {
        sink.record(value, value.presence());
    }
    fn read<S: Source + ?Sized>(value: &mut R, source: &mut S) -> Result<(), DecodeError> {
        if source.null()? {
            Ok(())
        } else {
            source.record(value)
        }
    }
}

impl<R: Declared> Codec<Option<R>> for Ptr<R> {
    fn write<S: Sink + ?Sized>(value: &Option<R>, sink: &mut S) {
        match value {
            Some(record) => sink.record(record, record.presence()),
            None => sink.null(),
        }
    }
    fn read<S: Source + ?Sized>(value: &mut Option<R>, source: &mut S) -> Result<(), DecodeError> {
        if source.null()? {
            *value = None;
            return Ok(());
        }
        source.record(value.get_or_insert_default())
    }
}

impl Codec<bool> for Opaque {
    fn write<S: Sink + ?Sized>(value: &bool, sink: &mut S) {
        if *value {
            if sink.begin_map(0) {
                sink.end_map();
            }
        } else {
            sink.null();
        }
    }
    fn read<S: Source + ?Sized>(value: &mut bool, source: &mut S) -> Result<(), DecodeError> {
        *value = !source.null()?;
        if *value { source.skip() } else { Ok(()) }
    }
}

impl Codec<Option<VmOutput>> for Output {
    fn write<S: Sink + ?Sized>(value: &Option<VmOutput>, sink: &mut S) {
        match value {
            Some(output) => sink.record(output, output.presence()),
            None => sink.record(&VmOutput::default(), Presence::Nil),
        }
    }
    fn read<S: Source + ?Sized>(value: &mut Option<VmOutput>, source: &mut S) -> Result<(), DecodeError> {
        <Ptr<VmOutput> as Codec<_>>::read(value, source)
    }
}

type Pair = (Vec<u8>, Vec<u8>);
type Pairs = Vec<Pair>;

fn write_side<S: Sink + ?Sized>(pairs: &Pairs, sink: &mut S, side: fn(&Pair) -> &Vec<u8>) {
    if sink.begin_list(pairs.len()) {
        for pair in pairs {
            sink.element();
            sink.bytes(side(pair));
        }
        sink.end_list();
    }
}

fn read_side<S: Source + ?Sized>(
    pairs: &mut Pairs,
    source: &mut S,
    side: fn(&mut Pair) -> &mut Vec<u8>,
) -> Result<(), DecodeError> {
    let mut items: Vec<Vec<u8>> = Vec::new();
    <List<Bytes> as Codec<_>>::read(&mut items, source)?;
    pairs.resize(pairs.len().max(items.len()), Default::default());
    for (pair, item) in pairs.iter_mut().zip(items) {
        *side(pair) = item;
    }
    Ok(())
}

impl Codec<Pairs> for FirstOf {
    fn write<S: Sink + ?Sized>(value: &Pairs, sink: &mut S) {
        write_side(value, sink, |pair| &pair.0);
    }
    fn read<S: Source + ?Sized>(value: &mut Pairs, source: &mut S) -> Result<(), DecodeError> {
        read_side(value, source, |pair| &mut pair.0)
    }
}

impl Codec<Pairs> for SecondOf {
    fn write<S: Sink + ?Sized>(value: &Pairs, sink: &mut S) {
        write_side(value, sink, |pair| &pair.1);
    }
    fn read<S: Source + ?Sized>(value: &mut Pairs, source: &mut S) -> Result<(), DecodeError> {
        read_side(value, source, |pair| &mut pair.1)
    }
}

/// Reads one field of the only transfer. A transfer of nothing is none: the dialect has no other way to say so.
fn read_legacy(
    transfers: &mut Vec<EsdtTransfer>,
    read: impl FnOnce(&mut EsdtTransfer) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut transfer = transfers.pop().unwrap_or_default();
    read(&mut transfer)?;
    let nothing = transfer
        .value
        .as_ref()
        .is_none_or(|value| value.sign() == Sign::NoSign)
        && transfer.token_name.is_empty()
        && transfer.token_type == 0
        && transfer.token_nonce == 0;
    if !nothing {
        transfers.push(transfer);
    }
    Ok(())
}

/// The only transfer, or one of nothing when there is none. More than one have no place in the dialect.
fn only<'a>(
    transfers: &'a [EsdtTransfer],
    none: &'a EsdtTransfer,
    refuse: impl FnOnce(Inexpressible),
) -> &'a EsdtTransfer {
    if transfers.len() > 1 {
        refuse(Inexpressible {
            record: VmInput::TABLE.go,
            field: "ESDTTransfers",
            why: "has more than one item, in the dialect that has one transfer",
        });
    }
    transfers.first().unwrap_or(none)
}

macro_rules! legacy {
    ($($wire:ident, $codec:ty, $field:ident;)*) => { $(
        impl Codec<Vec<EsdtTransfer>> for $wire {
            fn write<S: Sink + ?Sized>(value: &Vec<EsdtTransfer>, sink: &mut S) {
                let none = EsdtTransfer::default();
                let transfer = only(value, &none, |what| sink.refuse(what));
                <$codec as Codec<_>>::write(&transfer.$field, sink);
            }
            fn read<S: Source + ?Sized>(value: &mut Vec<EsdtTransfer>, source: &mut S) -> Result<(), DecodeError> {
                read_legacy(value, |transfer| <$codec as Codec<_>>::read(&mut transfer.$field, source))
            }
        }
    )* };
}

legacy! {
    LegacyValue, Big, value;
    LegacyName, Bytes, token_name;
    LegacyType, Uint, token_type;
    LegacyNonce, Uint, token_nonce;
}
