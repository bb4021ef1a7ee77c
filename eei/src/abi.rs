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

/// A type with a Wasm type, a name for manuals, and a conversion from and to an untyped slot.
pub trait Abi: Sized {
    /// The type in a Wasm signature.
    const WASM: ValType;
    /// The name in the manual.
    const NAME: &'static str;
    /// From the untyped slot of the engine.
    fn from_slot(slot: u64) -> Self;
    /// To the untyped slot of the engine; 32-bit values are zero-extended.
    fn into_slot(self) -> u64;
}

macro_rules! abi {
    ($($t:ty, $wasm:ident, $name:literal, |$s:ident| $from:expr, |$v:ident| $into:expr;)*) => {$(
        impl Abi for $t {
            const WASM: ValType = ValType::$wasm;
            const NAME: &'static str = $name;
            fn from_slot($s: u64) -> Self { $from }
            fn into_slot(self) -> u64 { let $v = self; $into }
        }
    )*};
}

abi! {
    i32, I32, "i32", |s| s as u32 as i32, |v| u64::from(v as u32);
    i64, I64, "i64", |s| s as i64, |v| v as u64;
    MemPtr, I32, "pointer", |s| Self(s as u32 as i32), |v| u64::from(v.0 as u32);
    MemLen, I32, "length", |s| Self(s as u32 as i32), |v| u64::from(v.0 as u32);
    BigHandle, I32, "big integer", |s| Self(s as u32 as i32), |v| u64::from(v.0 as u32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_values_keep_their_sign_and_clear_the_upper_half() {
        assert_eq!((-1i32).into_slot(), 0xffff_ffff);
        assert_eq!(i32::from_slot(0xffff_ffff), -1);
        assert_eq!(MemPtr::from_slot(0x8000_0000), MemPtr(i32::MIN));
        assert_eq!(i64::from_slot(u64::MAX), -1);
    }
}
