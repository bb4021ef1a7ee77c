//! Do the tiers make the same of a module?
//!
//! [`generate`] makes modules, [`observe`] runs one in a tier and writes down everything that a chain could see:
//! results, traps, host calls and the gas at each, memory, globals, gas at the end.

pub mod generate;
pub mod observe;

use arwen_engine::Tier;

use observe::{Observation, Prices, Subject};

/// Gas that a generated module may use. Most loops that never end are stopped by it.
pub const GAS_LIMIT: u64 = 50_000;

/// Programs that use more gas than this are not run once for every limit. Unit: gas.
pub const SWEEP_MAX: u64 = 400;

/// A module in both tiers.
#[derive(Debug)]
pub struct Pair {
    interpreter: Subject,
    jit: Subject,
    seed: u64,
}

impl Pair {
    /// Compiles a module for both tiers. `seed` decides the arguments of its functions.
    ///
    /// # Errors
    /// When it does not compile, in words.
    pub fn new(wasm: &[u8], seed: u64, prices: Prices) -> Result<Self, String> {
        Ok(Self {
            interpreter: Subject::new(wasm, Tier::Interpreter, prices)?,
            jit: Subject::new(wasm, Tier::Jit, prices)?,
            seed,
        })
    }

    /// Runs both with a gas limit.
    ///
    /// # Errors
    /// The first difference, in words.
    pub fn compare(&self, gas_limit: u64) -> Result<Observation, String> {
        let interpreter = self.interpreter.observe(self.seed, gas_limit);
        let jit = self.jit.observe(self.seed, gas_limit);
        match interpreter.difference(&jit) {
            Some(difference) => Err(format!("interpreter and JIT differ: {difference}")),
            None => Ok(interpreter),
        }
    }

    /// Runs both with every gas limit from 0 to what they need and one more.
    ///
    /// # Errors
    /// The first difference, in words.
    pub fn sweep(&self, needed: u64) -> Result<(), String> {
        for gas_limit in 0..=needed.saturating_add(1) {
            self.compare(gas_limit)
                .map_err(|error| format!("with a gas limit of {gas_limit}: {error}"))?;
        }
        Ok(())
    }
}
