//! Values of scripts against values of the engine.

use arwen_engine::Value;
use wast::core::{AbstractHeapType, HeapType, WastArgCore, WastRetCore};
use wast::{WastArg, WastRet};

/// The engine's value of a script's argument; `None` for types we do not have, floats among them.
pub fn argument(arg: &WastArg<'_>) -> Option<Value> {
    let WastArg::Core(arg) = arg else { return None };
    Some(match arg {
        WastArgCore::I32(value) => Value::I32(*value),
        WastArgCore::I64(value) => Value::I64(*value),
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

/// Is it a float, as argument or as expected result?
pub fn is_float_argument(arg: &WastArg<'_>) -> bool {
    matches!(arg, WastArg::Core(WastArgCore::F32(_) | WastArgCore::F64(_)))
}

/// The same for a result.
pub fn is_float_result(result: &WastRet<'_>) -> bool {
    matches!(result, WastRet::Core(WastRetCore::F32(_) | WastRetCore::F64(_)))
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
