//! Kinds of operators, for a table short enough to read.

use arwen_metering::Op;

/// What gas of operators is grouped by: a name, and which operators belong to it by the words of their names, as the
/// parser spells them. The first group that fits counts.
const GROUPS: &[(&str, &[&str])] = &[
    ("locals", &["Local"]),
    ("globals", &["Global"]),
    ("memory size and bulk", &["Memory", "DataDrop"]),
    ("tables", &["Table", "ElemDrop", "Ref"]),
    ("stores", &["Store"]),
    ("loads", &["Load"]),
    ("calls", &["Call"]),
    (
        "control",
        &[
            "Unreachable",
            "Nop",
            "Block",
            "Loop",
            "If",
            "Else",
            "End",
            "Br",
            "Return",
        ],
    ),
    ("stack", &["Drop", "Select"]),
    ("constants", &["Const"]),
    ("division", &["Div", "Rem"]),
    ("multiplication", &["Mul"]),
    ("comparisons", &["Eq", "Ne", "Lt", "Gt", "Le", "Ge"]),
    ("conversions", &["Wrap", "Extend"]),
    (
        "bits",
        &[
            "And", "Or", "Xor", "Shl", "Shr", "Rotl", "Rotr", "Clz", "Ctz", "Popcnt",
        ],
    ),
    ("additions", &["Add", "Sub"]),
];

/// The group of an operator.
pub fn of(op: Op) -> &'static str {
    // A width says nothing about what is done.
    let name = op.name();
    let name = name
        .strip_prefix("I32")
        .or_else(|| name.strip_prefix("I64"))
        .unwrap_or(name);
    let fits = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    // Bulk operators on tables and memories have theirs in front as well; only `TypedSelect` has its word behind.
    let found = GROUPS.iter().find(|(_, words)| fits(words));
    match found {
        Some((group, _)) => group,
        None if name.ends_with("Select") => "stack",
        None => "others",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_find_their_group() {
        let cases = [
            (Op::LocalTee, "locals"),
            (Op::I64Load8S, "loads"),
            (Op::I32Store, "stores"),
            (Op::MemoryCopy, "memory size and bulk"),
            (Op::TableGet, "tables"),
            (Op::CallIndirect, "calls"),
            (Op::ReturnCall, "control"),
            (Op::BrTable, "control"),
            (Op::I32Eqz, "comparisons"),
            (Op::I64LtU, "comparisons"),
            (Op::I64ExtendI32S, "conversions"),
            (Op::I32RemU, "division"),
            (Op::TypedSelect, "stack"),
            (Op::I64Const, "constants"),
            (Op::I64Sub, "additions"),
            (Op::F32Add, "others"),
        ];
        for (op, group) in cases {
            assert_eq!(of(op), group, "{op:?}");
        }
    }
}
