//! Rulesets: everything consensus can see, as data.

use arwen_metering::Rules;
use wasmparser::WasmFeatures;

use crate::limits::Limits;

/// A named set of rules: what is accepted, what it costs, how instances behave.
#[derive(Debug)]
pub struct Ruleset {
    /// Name, stable.
    pub name: &'static str,
    /// Where execution charges and checks.
    pub metering: &'static Rules,
    /// What a module may have at most.
    pub limits: Limits,
    /// What the validator accepts; narrowed by the fields below.
    pub(crate) features: WasmFeatures,
    /// Are `f32` and `f64` accepted as types of opaque bits? Operators on them never are.
    pub float_types: bool,
    /// Results a function or block may have: `false` means at most one, and no block type by index.
    pub multi_value: bool,
    /// Are the bulk memory operators accepted? (Passive segments may be accepted without.)
    pub bulk_operators: bool,
    /// Are all active segments checked before any is written (the rule before bulk memory), also empty ones?
    pub segments_checked_first: bool,
    /// Default of [`crate::Config::stack_limit`], in slots.
    pub stack_limit: u32,
}

impl Ruleset {
    /// The virtual machine of July 2021: WebAssembly 1.0 with sign extension, float types as opaque bits.
    ///
    /// Features are wider than what is accepted where the reference parsed a construct but refused its use:
    /// passive segments are fine, bulk operators are not; a block type by index is fine only in dead code.
    pub const ARWEN_1_3: Ruleset = Ruleset {
        name: "arwen-1.3",
        metering: &Rules::ARWEN_1_3,
        limits: Limits::ARWEN_1_3,
        features: WasmFeatures::MVP
            .union(WasmFeatures::MUTABLE_GLOBAL)
            .union(WasmFeatures::SIGN_EXTENSION)
            .union(WasmFeatures::MULTI_VALUE)
            .union(WasmFeatures::BULK_MEMORY)
            .union(WasmFeatures::CALL_INDIRECT_OVERLONG),
        float_types: true,
        multi_value: false,
        bulk_operators: false,
        segments_checked_first: true,
        stack_limit: DEFAULT_STACK_LIMIT,
    };

    /// Our own, for new chains: no floats in any form, all integer features of WebAssembly 2.0, tail calls,
    /// extended constant expressions.
    pub const STRICT: Ruleset = Ruleset {
        name: "strict",
        metering: &Rules::STRICT,
        limits: Limits::STRICT,
        features: WasmFeatures::MVP
            .union(WasmFeatures::MUTABLE_GLOBAL)
            .union(WasmFeatures::SIGN_EXTENSION)
            .union(WasmFeatures::MULTI_VALUE)
            .union(WasmFeatures::BULK_MEMORY)
            .union(WasmFeatures::REFERENCE_TYPES)
            .union(WasmFeatures::TAIL_CALL)
            .union(WasmFeatures::EXTENDED_CONST),
        float_types: false,
        multi_value: true,
        bulk_operators: true,
        segments_checked_first: false,
        stack_limit: DEFAULT_STACK_LIMIT,
    };
}

/// Slots of 8 bytes. The reference of 2021 had no deterministic limit, only the 8 MiB of a native thread, which
/// its unoptimised frames fill at least as fast as one slot per 8 bytes; so nothing that ran there is refused.
const DEFAULT_STACK_LIMIT: u32 = 1024 * 1024;
