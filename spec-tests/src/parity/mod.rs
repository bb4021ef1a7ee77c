//! Do the tiers make the same of a module?
//!
//! [`generate`] makes modules, [`observe`] runs one in a tier and writes down everything that a chain could see:
//! results, traps, host calls and the gas at each, memory, globals, gas at the end.

pub mod generate;
pub mod observe;

use arwen_engine::Tier;

use observe::{Limits, Observation, Prices, observe};

/// Gas that a generated module may use. Most loops that never end are stopped by it.
pub const GAS_LIMIT: u64 = 200_000;

/// Programs that use more gas than this are not run once for every limit. Unit: gas.
pub const SWEEP_MAX: u64 = 3_000;

/// Runs a module in both tiers.
///
/// # Errors
/// The first difference, or why it cannot be run, in words.
pub fn compare_tiers(wasm: &[u8], seed: u64) -> Result<Observation, String> {
    let limits = Limits {
        gas: GAS_LIMIT,
        prices: Prices::One,
    };
    same_in_both(wasm, seed, &limits)
}

/// Runs a module in both tiers with every gas limit from 0 to what it needs and one more.
///
/// # Errors
/// The first difference, in words.
pub fn sweep_gas(wasm: &[u8], seed: u64, needed: u64) -> Result<(), String> {
    for gas in 0..=needed.saturating_add(1) {
        let limits = Limits {
            gas,
            prices: Prices::One,
        };
        same_in_both(wasm, seed, &limits).map_err(|error| format!("with a gas limit of {gas}: {error}"))?;
    }
    Ok(())
}

fn same_in_both(wasm: &[u8], seed: u64, limits: &Limits) -> Result<Observation, String> {
    let interpreter = observe(wasm, seed, Tier::Interpreter, limits)?;
    let jit = observe(wasm, seed, Tier::Jit, limits)?;
    match interpreter.difference(&jit) {
        Some(difference) => Err(format!("interpreter and JIT differ: {difference}")),
        None => Ok(interpreter),
    }
}
