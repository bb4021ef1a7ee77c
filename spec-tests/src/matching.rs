//! Values of scripts against values of the engine.

use arwen_engine::Value;
use wast::core::{AbstractHeapType, HeapType, NanPattern, WastArgCore, WastRetCore};
use wast::{WastArg, WastRet};

/// The engine's value of a script's argument; `None` for types we do not have. Floats become the integer of their
/// bits, as in float-stripped modules: no other module that runs takes any.
pub fn argument(arg: &WastArg<'_>) -> Option<Value> {
    let WastArg::Core(arg) = arg else { return None };
    Some(match arg {
        WastArgCore::I32(value) => Value::I32(*value),
        WastArgCore::I64(value) => Value::I64(*value),
        WastArgCore::F32(value) => Value::I32(value.bits as i32),
        WastArgCore::F64(value) => Value::I64(value.bits as i64),
        WastArgCore::RefNull(HeapType::Abstract {
            ty: AbstractHeapType::Func,
            ..
        }) => Value::FuncRef(None),
        WastArgCore::RefNull(HeapType::Abstract {
            ty: AbstractHeapType::Extern,
            ..
        }) => Value::ExternRef(None),
        WastArgCore::RefExtern(value) => Value::ExternRef(Some(*value)),
        _ => return None,
    })
}

/// Is it a NaN of which the script leaves bits open?
pub fn is_nan_pattern(result: &WastRet<'_>) -> bool {
    match result {
        WastRet::Core(WastRetCore::F32(pattern)) => !matches!(pattern, NanPattern::Value(_)),
        WastRet::Core(WastRetCore::F64(pattern)) => !matches!(pattern, NanPattern::Value(_)),
        _ => false,
    }
}

/// Are these the results the script wants?
pub fn all_match(wanted: &[WastRet<'_>], given: &[Value]) -> bool {
    wanted.len() == given.len()
        && wanted
            .iter()
            .zip(given)
            .all(|(wanted, given)| one_matches(wanted, given))
}

fn one_matches(wanted: &WastRet<'_>, given: &Value) -> bool {
    match wanted {
        WastRet::Core(wanted) => core_matches(wanted, given),
        _ => false,
    }
}

fn core_matches(wanted: &WastRetCore<'_>, given: &Value) -> bool {
    match (wanted, given) {
        (WastRetCore::I32(wanted), Value::I32(given)) => wanted == given,
        (WastRetCore::I64(wanted), Value::I64(given)) => wanted == given,
        (WastRetCore::F32(NanPattern::Value(wanted)), Value::I32(given)) => wanted.bits == *given as u32,
        (WastRetCore::F64(NanPattern::Value(wanted)), Value::I64(given)) => wanted.bits == *given as u64,
        (WastRetCore::RefNull(None), Value::FuncRef(None) | Value::ExternRef(None)) => true,
        (WastRetCore::RefNull(Some(HeapType::Abstract { ty, .. })), Value::FuncRef(None)) => {
            matches!(ty, AbstractHeapType::Func | AbstractHeapType::NoFunc)
        }
        (WastRetCore::RefNull(Some(HeapType::Abstract { ty, .. })), Value::ExternRef(None)) => {
            matches!(ty, AbstractHeapType::Extern | AbstractHeapType::NoExtern)
        }
        (WastRetCore::RefExtern(wanted), Value::ExternRef(Some(given))) => {
            wanted.is_none_or(|wanted| wanted == *given)
        }
        (WastRetCore::RefFunc(_), Value::FuncRef(Some(_))) => true,
        (WastRetCore::Either(choices), given) => choices.iter().any(|wanted| core_matches(wanted, given)),
        _ => false,
    }
}
