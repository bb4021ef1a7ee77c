//! Every tier charges the same, at every stop.

use super::differential::panel;
use super::{Verdict, program};
use crate::parity::subject::Prices;
use crate::parity::{GAS_LIMIT, SWEEP_MAX};

/// Limits tried on a program that uses too much gas for trying all.
const SAMPLED_LIMITS: u64 = 8;

/// Runs a program under prices that the bytes choose, in every tier: the gas is the same at every host call and every
/// end, with enough gas, with every limit up to what a small program needs, and with a few of those of a large one.
///
/// # Errors
/// The first difference.
pub fn metering(data: &[u8]) -> Verdict {
    let Some(program) = program(data) else {
        return Ok(());
    };
    let seed = program.seed;
    let prices = Prices::ALL[(seed >> 32) as usize % Prices::ALL.len()];
    let panel = panel(&program, prices)?;
    let run = panel.compare(GAS_LIMIT)?;
    if run.gas <= SWEEP_MAX {
        return panel.sweep(run.gas);
    }
    let mut numbers = crate::parity::generate::Numbers::new(seed);
    // Work that is paid by its amount may be charged far more than the limit, and then not done. With such a limit the
    // loops that never end would take hours.
    let most = run.gas.min(GAS_LIMIT);
    for _ in 0..SAMPLED_LIMITS {
        let gas_limit = numbers.draw() % most;
        panel
            .compare(gas_limit)
            .map_err(|error| format!("with a gas limit of {gas_limit}: {error}"))?;
    }
    Ok(())
}
