//! Every tier charges the same, at every stop.

use super::differential::panel;
use super::{Verdict, program};
use crate::parity::generate::Numbers;
use crate::parity::{GAS_LIMIT, Panel};

/// A program that uses no more gas is run with every limit. Unit: gas.
const SWEPT: u64 = 60;

/// Checks of the limit at which a program is stopped, from the first one on.
const FIRST_CHECKS: u32 = 40;

/// Places further on where a program that meets more checks is stopped as well.
const SAMPLED_PLACES: u32 = 8;

/// Checks in a row at each of them.
const SAMPLED_CHECKS: u32 = 2;

/// Runs a program under prices that the bytes choose, in every tier: the gas is the same at every host call and every
/// end, with enough gas, with every limit up to what a small program needs, and with the limits around what checks
/// of a large one find.
///
/// # Errors
/// The first difference.
pub fn metering(data: &[u8]) -> Verdict {
    let Some(program) = program(data) else {
        return Ok(());
    };
    let panel = panel(&program)?;
    let run = panel.compare(GAS_LIMIT)?;
    if run.gas <= SWEPT {
        return panel.sweep(run.gas);
    }
    // Work that is paid by its amount may be charged far more than the limit, and then not done. With such a limit the
    // loops that never end would take hours.
    let most = run.gas.min(GAS_LIMIT);
    if let Some(next) = panel.climb(0, FIRST_CHECKS, most)? {
        sample(&panel, program.seed, next..most)?;
    }
    Ok(())
}

/// Stops a program at some of the checks it meets with limits in a range.
fn sample(panel: &Panel, seed: u64, limits: std::ops::Range<u64>) -> Verdict {
    let mut numbers = Numbers::new(seed);
    for _ in 0..SAMPLED_PLACES {
        let span = limits.end.saturating_sub(limits.start).max(1);
        let from = limits.start + numbers.draw() % span;
        panel.climb(from, SAMPLED_CHECKS, limits.end)?;
    }
    Ok(())
}
