//! Modules from a seed.

use arbitrary::Unstructured;
use arwen_engine::Ruleset;
use wasm_smith::{Config, Module};

/// Functions of the host that generated modules may import.
const IMPORTS: &str = r#"
    (import "host" "none" (func))
    (import "host" "narrow" (func (param i32) (result i32)))
    (import "host" "wide" (func (param i64 i32) (result i64)))"#;

/// One more, where functions may have several results.
const IMPORT_OF_MANY: &str = r#"(import "host" "many" (func (param i32 i64 i32 i64) (result i32 i64)))"#;

/// A generator of numbers: the same seed gives the same sequence, on every machine.
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    /// Starts a sequence.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number (splitmix64).
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Bytes of randomness a module is made of.
const ENTROPY_BYTES: usize = 6 * 1024;

/// A valid module without floats that a ruleset accepts, made from a seed.
///
/// # Errors
/// When the generator runs out of randomness, in words.
pub fn module(seed: u64, rules: &Ruleset) -> Result<Vec<u8>, String> {
    module_from(&entropy(seed), rules)
}

/// The bytes that [`module`] makes a module from.
pub fn entropy(seed: u64) -> Vec<u8> {
    let mut numbers = Numbers::new(seed);
    (0..ENTROPY_BYTES / 8)
        .flat_map(|_| numbers.draw().to_le_bytes())
        .collect()
}

/// A valid module without floats that a ruleset accepts, made from any bytes.
///
/// # Errors
/// When the generator runs out of bytes, in words.
pub fn module_from(entropy: &[u8], rules: &Ruleset) -> Result<Vec<u8>, String> {
    let module =
        Module::new(config(rules)?, &mut Unstructured::new(entropy)).map_err(|error| error.to_string())?;
    Ok(module.to_bytes())
}

/// What a ruleset has, small.
fn config(rules: &Ruleset) -> Result<Config, String> {
    // The ruleset of 2021 has nothing that came into the specification with several values or later.
    let recent = rules.multi_value;
    let many = if recent { IMPORT_OF_MANY } else { "" };
    Ok(Config {
        available_imports: Some(crate::machine::encode(&format!("(module {IMPORTS} {many})"))?),
        export_everything: true,
        allow_floats: false,
        allow_start_export: true,
        min_funcs: 2,
        max_funcs: 12,
        max_instructions: 120,
        min_memories: 1,
        max_memories: 1,
        max_memory32_bytes: 8 * 65_536,
        memory_max_size_required: true,
        max_tables: if recent { 3 } else { 1 },
        max_table_elements: 40,
        table_max_size_required: true,
        max_globals: 8,
        max_data_segments: 4,
        max_element_segments: 4,
        max_imports: 4,
        max_type_size: 100,
        max_types: 12,
        bulk_memory_enabled: rules.bulk_operators,
        reference_types_enabled: recent,
        multi_value_enabled: recent,
        sign_extension_ops_enabled: true,
        tail_call_enabled: recent,
        extended_const_enabled: recent,
        saturating_float_to_int_enabled: false,
        simd_enabled: false,
        relaxed_simd_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        threads_enabled: false,
        compact_imports_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{Class, classify};

    #[test]
    fn generated_modules_are_valid_and_float_free() {
        for seed in 0..200 {
            let wasm = module(seed, &Ruleset::STRICT).expect("enough randomness");
            assert_eq!(classify(&wasm), Class::Ours, "seed {seed}");
        }
    }

    #[test]
    fn a_seed_stands_for_one_module() {
        let module = |seed| module(seed, &Ruleset::STRICT);
        assert_eq!(module(7), module(7));
        assert_ne!(module(7), module(8));
    }
}
