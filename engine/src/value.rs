//! Types and values of WebAssembly as an embedder sees them.

use std::fmt;
use std::sync::Arc;

use crate::runtime::store::FuncId;

/// The type of a value.
///
/// Float types exist for the rulesets that accept them as opaque bits; no operator computes with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// 32 opaque bits that some toolchain called a float.
    F32,
    /// 64 opaque bits that some toolchain called a float.
    F64,
    /// Reference to a function, or null.
    FuncRef,
    /// Reference to something of the host, or null.
    ExternRef,
}

impl ValType {
    /// The parser's type as ours; `None` for types no ruleset has (vectors, GC references).
    pub(crate) fn from_wasm(ty: wasmparser::ValType) -> Option<Self> {
        Some(match ty {
            wasmparser::ValType::I32 => Self::I32,
            wasmparser::ValType::I64 => Self::I64,
            wasmparser::ValType::F32 => Self::F32,
            wasmparser::ValType::F64 => Self::F64,
            wasmparser::ValType::Ref(wasmparser::RefType::FUNCREF) => Self::FuncRef,
            wasmparser::ValType::Ref(wasmparser::RefType::EXTERNREF) => Self::ExternRef,
            _ => return None,
        })
    }

    /// Is it `f32` or `f64`?
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// Is it a reference type?
    pub fn is_ref(self) -> bool {
        matches!(self, Self::FuncRef | Self::ExternRef)
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::FuncRef => "funcref",
            Self::ExternRef => "externref",
        })
    }
}

/// The type of a function. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FuncType {
    /// Parameters, then results.
    types: Arc<[ValType]>,
    params: usize,
}

impl FuncType {
    /// The function type `params → results`.
    pub fn new(params: &[ValType], results: &[ValType]) -> Self {
        Self {
            types: params.iter().chain(results).copied().collect(),
            params: params.len(),
        }
    }

    /// Types of the parameters, in order.
    #[inline]
    pub fn params(&self) -> &[ValType] {
        &self.types[..self.params]
    }

    /// Types of the results, in order.
    #[inline]
    pub fn results(&self) -> &[ValType] {
        &self.types[self.params..]
    }
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, types: &[ValType]| {
            f.write_str("(")?;
            for (i, ty) in types.iter().enumerate() {
                write!(f, "{}{ty}", if i == 0 { "" } else { ", " })?;
            }
            f.write_str(")")
        };
        list(f, self.params())?;
        f.write_str(" -> ")?;
        list(f, self.results())
    }
}

impl fmt::Debug for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Size bounds of a memory (in pages of 64 KiB) or a table (in elements).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeLimits {
    /// Size at instantiation.
    pub min: u32,
    /// Size it may never grow past; `None`: the format's own maximum.
    pub max: Option<u32>,
}

impl SizeLimits {
    /// May an import that wants `self` be given something of size `current` that may grow to `max`?
    pub(crate) fn accepts(&self, current: u32, max: Option<u32>) -> bool {
        current >= self.min
            && match (self.max, max) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(wanted), Some(given)) => given <= wanted,
            }
    }
}

/// The type of a linear memory: its size in pages of 64 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryType {
    /// Size bounds in pages.
    pub limits: SizeLimits,
}

/// The type of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableType {
    /// [`ValType::FuncRef`] or [`ValType::ExternRef`].
    pub element: ValType,
    /// Size bounds in elements.
    pub limits: SizeLimits,
}

/// The type of a global variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlobalType {
    /// Type of its value.
    pub content: ValType,
    /// May `global.set` change it?
    pub mutable: bool,
}

/// The type of an import or export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExternType {
    /// A function.
    Func(FuncType),
    /// A linear memory.
    Memory(MemoryType),
    /// A table.
    Table(TableType),
    /// A global variable.
    Global(GlobalType),
}

/// A typed value at the border between host and guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// 32-bit integer.
    I32(i32),
    /// 64-bit integer.
    I64(i64),
    /// 32 opaque bits.
    F32(u32),
    /// 64 opaque bits.
    F64(u64),
    /// A function of the same store, or null.
    FuncRef(Option<FuncId>),
    /// A number the host chose, or null.
    ExternRef(Option<u32>),
}

impl Value {
    /// The type of the value.
    #[inline]
    pub fn ty(&self) -> ValType {
        match self {
            Self::I32(_) => ValType::I32,
            Self::I64(_) => ValType::I64,
            Self::F32(_) => ValType::F32,
            Self::F64(_) => ValType::F64,
            Self::FuncRef(_) => ValType::FuncRef,
            Self::ExternRef(_) => ValType::ExternRef,
        }
    }

    /// The zero or null of a type: what locals start with.
    #[inline]
    pub fn zero(ty: ValType) -> Self {
        match ty {
            ValType::I32 => Self::I32(0),
            ValType::I64 => Self::I64(0),
            ValType::F32 => Self::F32(0),
            ValType::F64 => Self::F64(0),
            ValType::FuncRef => Self::FuncRef(None),
            ValType::ExternRef => Self::ExternRef(None),
        }
    }
}
