//! Limits on the parts of a module outside function bodies, for every reader of modules.

use wasmparser::Payload;

use crate::error::CompileErrorKind;
use crate::limits::{check, what};
use crate::ruleset::Ruleset;

/// Whether a limit is kept.
type Held = Result<(), CompileErrorKind>;

/// Entries a module has before a section adds to them.
pub(super) struct Before {
    pub funcs: usize,
    pub tables: usize,
    pub globals: usize,
}

/// Pages that the specification allows.
const MAX_PAGES: u64 = 65_536;

/// The number of a section's entries, at the offset of the section.
pub(super) fn section(
    rules: &Ruleset,
    payload: &Payload<'_>,
    before: &Before,
) -> Result<(), (u64, CompileErrorKind)> {
    let limits = &rules.limits;
    let (range, before, count, what, max) = match payload {
        Payload::TypeSection(s) => (s.range(), 0, s.count(), what::types, limits.types),
        Payload::ImportSection(s) => (s.range(), 0, s.count(), what::imports, limits.imports),
        Payload::FunctionSection(s) => (
            s.range(),
            before.funcs,
            s.count(),
            what::functions,
            limits.functions,
        ),
        Payload::TableSection(s) => (s.range(), before.tables, s.count(), what::tables, limits.tables),
        Payload::GlobalSection(s) => (
            s.range(),
            before.globals,
            s.count(),
            what::globals,
            limits.globals,
        ),
        Payload::ExportSection(s) => (s.range(), 0, s.count(), what::exports, limits.exports),
        Payload::ElementSection(s) => (
            s.range(),
            0,
            s.count(),
            what::element_segments,
            limits.element_segments,
        ),
        Payload::DataSection(s) => (s.range(), 0, s.count(), what::data_segments, limits.data_segments),
        _ => return Ok(()),
    };
    check(what, before as u64 + u64::from(count), max).map_err(|kind| (range.start, kind))
}

/// A function type, each way it can be too much.
pub(super) fn func_type(rules: &Ruleset, ty: &wasmparser::FuncType) -> [Held; 3] {
    let limits = &rules.limits;
    let (params, results) = (ty.params().len(), ty.results().len());
    let several = results > 1 && !rules.multi_value;
    [
        check(what::params, params as u64, limits.params),
        check(what::results, results as u64, limits.results),
        if several {
            Err(CompileErrorKind::Refused("func type returns multiple values"))
        } else {
            Ok(())
        },
    ]
}

/// The size a table begins with.
pub(super) fn table(rules: &Ruleset, ty: &wasmparser::TableType) -> Held {
    check(what::table_elements, ty.initial, rules.limits.table_elements)
}

/// The sizes a memory begins with and may have.
pub(super) fn memory(rules: &Ruleset, ty: &wasmparser::MemoryType) -> Held {
    for pages in [ty.initial, ty.maximum.unwrap_or(0)] {
        // The validator's own bound comes with the text of the specification, so that speaks.
        if pages <= MAX_PAGES {
            check(what::memory_pages, pages, rules.limits.memory_pages)?;
        }
    }
    Ok(())
}
