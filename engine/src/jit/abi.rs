//! Calling conventions and trap numbers of compiled code.

use cranelift_codegen::ir::{AbiParam, Signature, TrapCode, Type, types};
use cranelift_codegen::isa::CallConv;

use crate::trap::Trap;
use crate::value::{FuncType, ValType};

/// Bytes of native stack one slot of the logical stack stands for. A function whose native frame is larger than its
/// slots times this gets no native code, nor its module if it is compiled as a whole, so the native stack, sized by the
/// same number, cannot overflow first.
pub(crate) const BYTES_PER_SLOT: u32 = 64;

/// How a wasm type lives in a register. Floats are opaque bits, references are slots.
pub(crate) fn native_type(ty: ValType) -> Type {
    match ty {
        ValType::I32 | ValType::F32 => types::I32,
        ValType::I64 | ValType::F64 | ValType::FuncRef | ValType::ExternRef => types::I64,
    }
}

/// A wasm function: context of its instance, depth, parameters → results.
///
/// The depth is the logical stack the other way round: `u32::MAX` less the slots left. A frame adds its slots, and has
/// no room when that overflows, which the processor notices by itself.
pub(crate) fn wasm_signature(ty: &FuncType) -> Signature {
    let mut sig = Signature::new(CallConv::Tail);
    sig.params = vec![AbiParam::new(types::I64), AbiParam::new(types::I32)];
    sig.params
        .extend(ty.params().iter().map(|ty| AbiParam::new(native_type(*ty))));
    sig.returns
        .extend(ty.results().iter().map(|ty| AbiParam::new(native_type(*ty))));
    sig
}

/// The way in, one per function type: context, native entry, slots of logical stack, array of slots that holds the
/// arguments and then the results.
pub(crate) fn entry_signature() -> Signature {
    native_signature(&[types::I64, types::I64, types::I32, types::I64], None)
}

/// A function of the system's own convention.
pub(crate) fn native_signature(params: &[Type], result: Option<Type>) -> Signature {
    let mut sig = Signature::new(CallConv::SystemV);
    sig.params.extend(params.iter().map(|ty| AbiParam::new(*ty)));
    sig.returns.extend(result.map(AbiParam::new));
    sig
}

/// The trap code for a trap that compiled code raises itself.
pub(crate) const fn trap_code(trap: Trap) -> TrapCode {
    TrapCode::unwrap_user(trap as u8)
}

/// A check of the gas limit failed; whether gas or an interrupt is behind it is found out when it is caught.
pub(crate) const LIMIT: TrapCode = TrapCode::unwrap_user(LIMIT_CODE);
/// A helper has stored the trap and only asks to stop.
pub(crate) const STORED: TrapCode = TrapCode::unwrap_user(STORED_CODE);

/// Numbers of sites that are no trap, above those of all traps.
const LIMIT_CODE: u8 = 100;
const STORED_CODE: u8 = 101;

/// What stopped at a trap site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    /// This trap.
    Trap(Trap),
    /// A failed check of the limit cell.
    Limit,
    /// A trap stored by a helper.
    Stored,
}

impl Site {
    /// What a trap code of compiled code means; `None` for codes we never emit.
    pub fn of(code: TrapCode) -> Option<Self> {
        Some(match code {
            TrapCode::HEAP_OUT_OF_BOUNDS => Self::Trap(Trap::MemoryOutOfBounds),
            TrapCode::INTEGER_OVERFLOW => Self::Trap(Trap::IntegerOverflow),
            TrapCode::INTEGER_DIVISION_BY_ZERO => Self::Trap(Trap::IntegerDivisionByZero),
            other => return Self::from_code(other.as_raw().get()),
        })
    }

    /// Its number.
    pub fn code(self) -> u8 {
        match self {
            Self::Trap(trap) => trap as u8,
            Self::Limit => LIMIT_CODE,
            Self::Stored => STORED_CODE,
        }
    }

    /// The site of a number; `None` when none has it.
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            LIMIT_CODE => Some(Self::Limit),
            STORED_CODE => Some(Self::Stored),
            trap => Trap::from_code(trap).map(Self::Trap),
        }
    }
}
