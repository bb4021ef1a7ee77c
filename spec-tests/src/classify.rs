//! What a valid module must meet in the ruleset `strict`, decided by the validator of wasmparser alone.

use arwen_metering::Op;
use wasmparser::{Operator, Parser, Payload, Validator, WasmFeatures};

/// What a module needs of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// Nothing but what `strict` has.
    Ours,
    /// That and floats: must be rejected, with the float error.
    Floats,
    /// Features that `strict` does not have, by name: must be rejected, with whatever error comes first.
    Needs(String),
    /// Valid under no feature set.
    Never(String),
}

/// The features of `strict`, stated a second time on purpose: this is the oracle.
const STRICT: WasmFeatures = WasmFeatures::GC_TYPES
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST);

/// The same and floats.
const WITH_FLOATS: WasmFeatures = STRICT
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT);

/// Classifies an encoded module.
pub fn classify(wasm: &[u8]) -> Class {
    let check = |features| Validator::new_with_features(features).validate_all(wasm);
    if check(STRICT).is_ok() {
        // In dead code the validator lets an operator on floats pass when it gives none.
        let floats = has_float_operators(wasm).unwrap_or(false);
        return if floats { Class::Floats } else { Class::Ours };
    }
    if check(WITH_FLOATS).is_ok() {
        return Class::Floats;
    }
    let everything = WasmFeatures::all().difference(WasmFeatures::COMPONENT_MODEL);
    if let Err(error) = check(everything) {
        return Class::Never(error.message().to_owned());
    }
    // Take away what it validates without; what is left is needed.
    let mut needed = everything;
    for (_, feature) in WasmFeatures::all().iter_names() {
        let without = needed.difference(feature);
        if !WITH_FLOATS.contains(feature) && check(without).is_ok() {
            needed = without;
        }
    }
    let names: Vec<&str> = needed
        .difference(WITH_FLOATS)
        .iter_names()
        .map(|(name, _)| name)
        .collect();
    Class::Needs(names.join(" + ").to_lowercase().replace('_', " "))
}

/// Is a float type in the name of an operator?
pub(crate) fn names_floats(operator: &Operator<'_>) -> bool {
    let name = Op::of(operator).name();
    name.contains("F32") || name.contains("F64")
}

fn has_float_operators(wasm: &[u8]) -> wasmparser::Result<bool> {
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionEntry(body) = payload? {
            for operator in body.get_operators_reader()? {
                if names_floats(&operator?) {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> Class {
        let buffer = wast::parser::ParseBuffer::new(text).expect("lexes");
        let mut wat = wast::parser::parse::<wast::Wat<'_>>(&buffer).expect("parses");
        classify(&wat.encode().expect("encodes"))
    }

    #[test]
    fn modules_fall_into_the_class_of_what_they_use() {
        assert_eq!(
            class("(module (func (param i32) (result i64) i64.const 1))"),
            Class::Ours
        );
        assert_eq!(class("(module (func (param f32)))"), Class::Floats);
        assert_eq!(class("(module (func (drop (f64.const 1))))"), Class::Floats);
        assert_eq!(
            class("(module (func (result i32) unreachable i32.trunc_f64_s))"),
            Class::Floats
        );
        assert_eq!(
            class("(module (memory 1) (memory 1))"),
            Class::Needs("multi memory".to_owned())
        );
        assert!(matches!(class("(module (func i32.add))"), Class::Never(_)));
    }
}
