//! Errors before any code runs. Traps are in [`crate::trap`].

use crate::trap::Trap;
use crate::value::ExternType;

/// Why a module was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (offset {offset:#x}{})", .function.map(|f| format!(", function {f}")).unwrap_or_default())]
pub struct CompileError {
    /// What is wrong.
    pub kind: CompileErrorKind,
    /// Where: byte offset from the start of the module.
    pub offset: u64,
    /// In which function body: index in the function index space (imports included).
    pub function: Option<u32>,
}

/// What is wrong with a module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileErrorKind {
    /// Not a well-formed, valid module: the parser's or validator's message.
    #[error("{0}")]
    Invalid(String),
    /// A float operator: no ruleset has them.
    #[error("float operator {0}")]
    FloatOperator(&'static str),
    /// A float type where the ruleset has none.
    #[error("float type {0}")]
    FloatType(&'static str),
    /// An operator of a proposal that the ruleset does not have.
    #[error("{feature} support is not enabled: operator {operator}")]
    Unsupported {
        /// Name of the operator.
        operator: &'static str,
        /// Name of the proposal.
        feature: &'static str,
    },
    /// A construct the ruleset refuses although the format allows it.
    #[error("{0}")]
    Refused(&'static str),
    /// A number in the module exceeds a limit of the ruleset.
    #[error("{what} is out of bounds: {found}, at most {max}")]
    Limit {
        /// What was counted, in words.
        what: &'static str,
        /// How many the module has.
        found: u64,
        /// How many the ruleset allows.
        max: u64,
    },
}

/// Why a module could not be instantiated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstantiateError {
    /// An import is missing or of the wrong type.
    #[error("link error: {0}")]
    Link(LinkError),
    /// An active segment does not fit. Only for rulesets that check all segments before writing any.
    #[error("{0}")]
    Segment(SegmentError),
    /// An active segment, or the start function, trapped.
    #[error("trap during instantiation: {0}")]
    Trap(Trap),
    /// A memory or table starts larger than this engine lets any be.
    #[error("a {what} is too large: {found}, at most {max}")]
    TooLarge {
        /// What it is and what is counted, in words.
        what: &'static str,
        /// How many the module asks for.
        found: u32,
        /// How many are allowed.
        max: u32,
    },
    /// The machine refused memory, in its own words. Not an outcome of the module: on another machine it goes on.
    #[error("resource refused: {0}")]
    Resource(String),
}

/// Which segment does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// An active data segment reaches past the end of the memory.
    #[error("data segment {0} does not fit")]
    Data(u32),
    /// An active element segment reaches past the end of the table.
    #[error("element segment {0} does not fit")]
    Element(u32),
}

/// What is wrong with the imports given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Fewer or more externs than the module imports.
    #[error("{wanted} imports wanted, {given} given")]
    Count {
        /// How many the module imports.
        wanted: usize,
        /// How many were given.
        given: usize,
    },
    /// The module was made for another engine than the store.
    #[error("the module belongs to another engine")]
    Engine,
    /// The cost table is not one of the module's plan.
    #[error("{wanted} prices wanted, {given} given")]
    Costs {
        /// How many the module's plan has.
        wanted: usize,
        /// How many were given.
        given: usize,
    },
    /// The store has an instance of the module with other prices. All of them have the same.
    #[error("other prices than those of an earlier instance of the module")]
    OtherCosts,
    /// The extern is of another type than the import.
    #[error("import {module}.{name} wants {wanted:?}, was given {given:?}")]
    Type {
        /// Module part of the import's name.
        module: String,
        /// Field part of the import's name.
        name: String,
        /// Type in the module.
        wanted: ExternType,
        /// Type of what was given.
        given: ExternType,
    },
    /// A handle that does not belong to this store.
    #[error("import {module}.{name} was given a handle of another store")]
    Handle {
        /// Module part of the import's name.
        module: String,
        /// Field part of the import's name.
        name: String,
    },
}

/// Why a memory did not grow: that many pages are more than it may have or, when they are not, the machine refused them
/// ([`Trap::NoMemory`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the memory would have {left} pages, at most {max} are allowed")]
pub struct GrowError {
    /// Pages the memory would have had.
    pub left: u64,
    /// Pages it may have.
    pub max: u32,
}

/// Who does not let a memory or table grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoGrowth {
    /// Its limit: an outcome of the code.
    Limit,
    /// The machine: none.
    Machine,
    /// An interrupt came in between: none either.
    Interrupted,
}
