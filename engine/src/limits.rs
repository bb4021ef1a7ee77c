//! Every limit a module is held to, with its unit. One value per ruleset.

use crate::error::CompileErrorKind;

/// Declares [`Limits`] from one row a limit: field, words for messages, doc.
macro_rules! limits {
    ($($(#[doc = $doc:literal])* $field:ident $what:literal;)*) => {
        /// What a module may have at most. All checked before anything of that size is allocated. Names are bounded
        /// by the parser: 100,000 bytes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Limits {
            $($(#[doc = $doc])* pub $field: u32,)*
        }

        /// Names of the limits, for messages.
        pub(crate) mod what {
            $(#[allow(non_upper_case_globals)] pub const $field: &str = $what;)*
        }
    };
}

limits! {
    /// Types in the type section.
    types "number of types";
    /// Functions, imported and defined.
    functions "number of functions";
    /// Imports of any kind.
    imports "number of imports";
    /// Exports of any kind.
    exports "number of exports";
    /// Globals, imported and defined.
    globals "number of globals";
    /// Tables, imported and defined.
    tables "number of tables";
    /// Elements a table may start with or declare as its maximum start; larger initial sizes are refused.
    table_elements "initial table size";
    /// Pages of 64 KiB a memory may start with, and may declare as its maximum.
    memory_pages "memory size";
    /// Parameters of a function type.
    params "number of parameters";
    /// Results of a function type.
    results "number of results";
    /// Locals a function declares, parameters not counted.
    locals "locals_total";
    /// Bytes of a function body.
    body_bytes "function body size";
    /// Blocks open at once in a function.
    nesting "block nesting";
    /// Targets of one `br_table`, the default not counted.
    br_table_targets "br_table targets";
    /// Values moved by calls, branches and blocks given by a type, in all bodies: a target of a `br_table` is a byte and
    /// may carry as many as a function has results. What compilers write puts each on the stack first, by a byte at
    /// least.
    moved_values "values moved by calls, blocks and branches";
    /// Element segments.
    element_segments "number of element segments";
    /// Items of one element segment.
    segment_elements "elements in a segment";
    /// Data segments.
    data_segments "number of data segments";
    /// Bytes of the module.
    module_bytes "module size";
}

impl Limits {
    /// No limit tighter than the parser's own.
    const UNLIMITED: u32 = u32::MAX;

    /// The limits of July 2021: those that were enforced. The tail are not consensus limits but bounds on what
    /// one compilation may cost; no real module comes near.
    pub const ARWEN_1_3: Limits = Limits {
        types: 10_001, // the check ran before the push
        functions: 10_000,
        imports: Self::UNLIMITED,
        exports: Self::UNLIMITED,
        globals: 4_000,
        tables: 1,
        table_elements: 10_000_000,
        memory_pages: 1_000,
        params: 100,
        results: 100,
        locals: 4_000,
        body_bytes: Self::UNLIMITED,
        nesting: Self::UNLIMITED,
        br_table_targets: 131_072,
        moved_values: Self::UNLIMITED,
        element_segments: Self::UNLIMITED,
        segment_elements: 10_000,
        data_segments: Self::UNLIMITED,
        module_bytes: Self::UNLIMITED,
    };

    /// Room for what compilers produce, and a bound on what one module may cost.
    pub const STRICT: Limits = Limits {
        types: 10_000,
        functions: 20_000,
        imports: 10_000,
        exports: 10_000,
        globals: 4_000,
        tables: 100,
        table_elements: 10_000_000,
        memory_pages: 65_536,
        params: 200,
        results: 200,
        locals: 4_000,
        body_bytes: 2 * 1024 * 1024,
        nesting: 10_000,
        br_table_targets: 65_536,
        moved_values: 64 * 1024 * 1024, // twice the bytes of a module
        element_segments: 10_000,
        segment_elements: 100_000,
        data_segments: 10_000,
        module_bytes: 32 * 1024 * 1024,
    };
}

/// `Err` when `found` is more than `max`.
pub(crate) fn check(what: &'static str, found: u64, max: u32) -> Result<(), CompileErrorKind> {
    if found > u64::from(max) {
        return Err(CompileErrorKind::Limit {
            what,
            found,
            max: max.into(),
        });
    }
    Ok(())
}
