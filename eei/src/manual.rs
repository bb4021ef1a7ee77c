//! The manual of the environment interface, printed from the table.

use std::fmt::Write as _;

use crate::table::{Charged, GROUPS, HostFn};

/// `docs/eei.md`. A test compares it with the committed file.
pub fn manual() -> String {
    let count: usize = GROUPS.iter().map(|group| group.rows.len()).sum();
    let mut text = format!(
        "# The environment interface\n\n\
         Generated from `eei/src/table/`; do not edit.\n\n\
         The {count} functions a contract may import, all from module `env`. Every type on the contract's side is an \
         `i32`, unless it says `i64`: pointers and lengths are offsets into the contract's memory and counts of bytes, \
         a big integer is a handle.\n\n\
         *Gas* names the prices of the schedule that a call pays, before the function does anything unless it says \
         \"in between\"; prices per byte come on top. A charge never fails by itself: a contract that owes more than \
         it has stops at its next metered check.\n"
    );
    for group in &GROUPS {
        let _ = writeln!(text, "\n## {}", group.title);
        for row in group.rows {
            entry(&mut text, row);
        }
    }
    text
}

fn entry(text: &mut String, row: &HostFn) {
    let params: Vec<_> = row
        .params()
        .map(|(name, kind)| format!("{name}: {}", kind.name()))
        .collect();
    let result = row
        .result
        .map(|kind| format!(" -> {}", kind.name()))
        .unwrap_or_default();
    let gas: Vec<_> = row.gas.iter().map(|key| format!("`{}`", key.name())).collect();
    let when = if row.charged == Charged::Within {
        ", in between"
    } else {
        ""
    };
    let _ = write!(
        text,
        "\n### {}\n\n`{}({}){result}`\n\n{}\n\nGas: {}{when}. Since {}.\n",
        row.name,
        row.name,
        params.join(", "),
        row.doc.split_whitespace().collect::<Vec<_>>().join(" "),
        gas.join(", "),
        row.since,
    );
}
