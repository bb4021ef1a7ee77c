//! Interpreter, JIT, tiered and wasmi make the same of a program.

use arwen_engine::Refusal;

use super::{Program, Verdict, program};
use crate::parity::{GAS_LIMIT, Panel};

/// Runs a program in every tier, metered, and in the reference: results, trap kinds, host calls, memory, globals and
/// tables are equal, and the gas in all tiers.
///
/// # Errors
/// The first difference.
pub fn differential(data: &[u8]) -> Verdict {
    let Some(program) = program(data) else {
        return Ok(());
    };
    let panel = panel(&program)?;
    let run = panel.compare(GAS_LIMIT)?;
    panel.follow(&run, &program.wasm).map(|_| ())
}

/// The program in every tier. A generated one is native where it should be; another may be over a limit of the
/// ruleset or the budget of the compiler, but never be more than the compiler can do.
pub(super) fn panel(program: &Program) -> Result<Panel, String> {
    let panel = Panel::new(&program.wasm, program.rules, program.seed, program.prices)?;
    match panel.refusal() {
        Some(refusal @ Refusal::Panicked { .. }) => Err(refusal.to_string()),
        Some(refusal) if program.generated => Err(refusal.to_string()),
        _ => Ok(panel),
    }
}
