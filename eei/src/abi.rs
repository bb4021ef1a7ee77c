//! The types that cross the border between a contract and the host.

use arwen_engine::ValType;

/// An offset into the contract's memory, in bytes. Negative offsets exist and are refused where they are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemPtr(pub i32);

/// A length in the contract's memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemLen(pub i32);

/// A big integer of the running contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BigHandle(pub i32);

/// Bytes in the contract's memory: two parameters, where they begin and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemSlice {
    /// Where they begin.
    pub ptr: MemPtr,
    /// How many they are. Negative lengths exist and are refused where they are used.
    pub len: i32,
}

/// A list of byte strings in the contract's memory: three parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemList {
    /// How many strings there are.
    pub count: i32,
    /// Where their lengths are: 32-bit little-endian numbers.
    pub lengths: MemPtr,
    /// Where their bytes are, one string after the other.
    pub data: MemPtr,
}

impl MemPtr {
    /// `len` bytes from here.
    pub fn with_len(self, len: i32) -> MemSlice {
        MemSlice { ptr: self, len }
    }
}

/// In a row: where the host function writes. Its method gets a [`MemPtr`].
#[derive(Clone, Copy, Debug)]
pub struct MemOut;

/// Where an array of 32-bit integers lies.
#[derive(Clone, Copy, Debug)]
pub struct MemInts;

/// What a number means that crosses the border: more than its Wasm type says, and what manuals and declarations in
/// other languages are printed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A 32-bit integer.
    I32,
    /// A 64-bit integer.
    I64,
    /// Bytes that the host reads.
    Pointer,
    /// Bytes that the host writes.
    OutPointer,
    /// 32-bit little-endian integers that the host reads.
    IntsPointer,
    /// A number of bytes.
    Length,
    /// The handle of a big integer.
    BigInteger,
}

impl Kind {
    /// The name in the manual.
    pub fn name(self) -> &'static str {
        match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::Pointer => "pointer",
            Self::OutPointer => "out pointer",
            Self::IntsPointer => "pointer to i32s",
            Self::Length => "length",
            Self::BigInteger => "big integer",
        }
    }

    /// The type in a Wasm signature.
    pub fn wasm(self) -> ValType {
        match self {
            Self::I64 => ValType::I64,
            _ => ValType::I32,
        }
    }
}

/// A type of a parameter or result in a row of the table.
pub trait Abi {
    /// What its numbers mean.
    const KIND: Kind;
    /// What the row's method gets or gives.
    type Host;
    /// From the untyped slot of the engine.
    fn from_slot(slot: u64) -> Self::Host;
    /// To the untyped slot of the engine; 32-bit values are zero-extended.
    fn into_slot(host: Self::Host) -> u64;
}

/// One Wasm parameter of a host function.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// What stands before the name of the whole.
    pub prefix: &'static str,
    /// What stands behind the name of the whole.
    pub suffix: &'static str,
    /// What its numbers mean.
    pub kind: Kind,
}

impl Part {
    const fn of<T: Abi>(prefix: &'static str, suffix: &'static str) -> Self {
        Self {
            prefix,
            suffix,
            kind: T::KIND,
        }
    }
}

/// What a row's method takes: one or more Wasm parameters in a row.
pub trait Param {
    /// The Wasm parameters.
    const PARTS: &'static [Part];
    /// What the row's method gets.
    type Host;
    /// Takes the parameters out of a call's untyped slots.
    fn take(slots: &mut impl Iterator<Item = u64>) -> Self::Host;
}

impl<T: Abi> Param for T {
    const PARTS: &'static [Part] = &[Part::of::<T>("", "")];
    type Host = <T as Abi>::Host;

    fn take(slots: &mut impl Iterator<Item = u64>) -> Self::Host {
        // The engine has checked the arity against the row's type.
        Self::from_slot(slots.next().unwrap_or_default())
    }
}

impl Param for MemSlice {
    const PARTS: &'static [Part] = &[Part::of::<MemPtr>("", ""), Part::of::<MemLen>("", "_len")];
    type Host = Self;

    fn take(slots: &mut impl Iterator<Item = u64>) -> Self {
        let ptr = MemPtr::take(slots);
        ptr.with_len(MemLen::take(slots).0)
    }
}

impl Param for MemList {
    const PARTS: &'static [Part] = &[
        Part::of::<i32>("num_", ""),
        Part::of::<MemInts>("", "_lengths"),
        Part::of::<MemPtr>("", "_data"),
    ];
    type Host = Self;

    fn take(slots: &mut impl Iterator<Item = u64>) -> Self {
        Self {
            count: i32::take(slots),
            lengths: MemInts::take(slots),
            data: MemPtr::take(slots),
        }
    }
}

macro_rules! abi {
    ($($t:ty as $host:ty, $kind:ident, |$s:ident| $from:expr, |$v:ident| $into:expr;)*) => {$(
        impl Abi for $t {
            const KIND: Kind = Kind::$kind;
            type Host = $host;
            fn from_slot($s: u64) -> $host { $from }
            fn into_slot($v: $host) -> u64 { $into }
        }
    )*};
}

abi! {
    i32 as i32, I32, |s| s as u32 as i32, |v| u64::from(v as u32);
    i64 as i64, I64, |s| s as i64, |v| v as u64;
    MemPtr as MemPtr, Pointer, |s| MemPtr(s as u32 as i32), |v| u64::from(v.0 as u32);
    MemOut as MemPtr, OutPointer, |s| MemPtr(s as u32 as i32), |v| u64::from(v.0 as u32);
    MemInts as MemPtr, IntsPointer, |s| MemPtr(s as u32 as i32), |v| u64::from(v.0 as u32);
    MemLen as MemLen, Length, |s| MemLen(s as u32 as i32), |v| u64::from(v.0 as u32);
    BigHandle as BigHandle, BigInteger, |s| BigHandle(s as u32 as i32), |v| u64::from(v.0 as u32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_values_keep_their_sign_and_clear_the_upper_half() {
        assert_eq!(i32::into_slot(-1), 0xffff_ffff);
        assert_eq!(i32::from_slot(0xffff_ffff), -1);
        assert_eq!(MemPtr::from_slot(0x8000_0000), MemPtr(i32::MIN));
        assert_eq!(i64::from_slot(u64::MAX), -1);
    }
}
