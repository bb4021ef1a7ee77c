//! What an operator is called, which proposal it comes from, and whether it computes with floats.

use wasmparser::Operator;

/// Name, proposal and float-ness of every operator, from the parser's own table.
macro_rules! describe {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        /// The operator's name as the parser spells it: `I32Add`.
        pub(crate) fn name(op: &Operator<'_>) -> &'static str {
            match op {
                $(Operator::$op { .. } => stringify!($op),)*
                _ => "unknown",
            }
        }

        /// The proposal the operator comes from: `mvp`, `bulk_memory`.
        pub(crate) fn proposal(op: &Operator<'_>) -> &'static str {
            match op {
                $(Operator::$op { .. } => stringify!($proposal),)*
                _ => "unknown",
            }
        }

        /// Does the operator take or give a float?
        pub(crate) fn is_float(op: &Operator<'_>) -> bool {
            match op {
                $(Operator::$op { .. } => const { names_float(stringify!($op)) },)*
                _ => false,
            }
        }
    };
}
wasmparser::for_each_operator!(describe);

/// Operators that rulesets have something to say about beside those of whole proposals and floats.
const RESTRICTED: &[&str] = &["Block", "Loop", "If", "BrTable", "TypedSelect"];

/// May a ruleset refuse an operator of this name and proposal that the validator accepts?
pub(crate) const fn is_restricted(name: &str, proposal: &str) -> bool {
    listed(name, RESTRICTED) || names_float(name) || equal(proposal, "bulk_memory")
}

/// Operators that may move many values.
const MOVING: &[&str] = &[
    "Block",
    "Loop",
    "If",
    "Br",
    "BrIf",
    "BrTable",
    "Return",
    "Call",
    "CallIndirect",
    "ReturnCall",
    "ReturnCallIndirect",
];

/// May an operator of this name move many values?
pub(crate) const fn moves_values(name: &str) -> bool {
    listed(name, MOVING)
}

const fn listed(name: &str, list: &[&str]) -> bool {
    let mut i = 0;
    while i < list.len() {
        if equal(name, list[i]) {
            return true;
        }
        i += 1;
    }
    false
}

const fn equal(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut i = 0;
    while i < one.len() && i < other.len() && one[i] == other[i] {
        i += 1;
    }
    i == one.len() && i == other.len()
}

/// Every operator on floats has `F32` or `F64` in its name, and no other has.
const fn names_float(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut i = 0;
    while i + 3 <= bytes.len() {
        if bytes[i] == b'F' && matches!((bytes[i + 1], bytes[i + 2]), (b'3', b'2') | (b'6', b'4')) {
            return true;
        }
        i += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_recognised_by_name() {
        for name in [
            "F32Add",
            "F64Load",
            "I32TruncF32S",
            "I64ReinterpretF64",
            "F64PromoteF32",
            "I64TruncSatF64U",
        ] {
            assert!(names_float(name), "{name}");
        }
        for name in ["I32Add", "If", "I64ExtendI32S", "RefFunc", "F16"] {
            assert!(!names_float(name), "{name}");
        }
        assert!(is_float(&Operator::F32Neg));
        assert_eq!(
            (name(&Operator::F32Neg), proposal(&Operator::F32Neg)),
            ("F32Neg", "mvp")
        );
    }
}
