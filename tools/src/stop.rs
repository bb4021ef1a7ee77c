//! Where contracts stopped when a call failed, in words.
//!
//! The VM's output says no more than "execution failed"; what is here is for people and no part of any output.

use std::fmt;

use arwen_engine::Trap;
use arwen_scenario::expr::{Hint, exact};

use crate::record::{Recorder, TrapPlace};
use crate::source_map::{SourceMap, SourcePlace, host_function_name};

/// Callers shown of one stop; a stack that has run full has thousands.
const MAX_CALLERS: usize = 12;

/// Where and why a contract stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// How its call ended and what stopped it, as in `execution failed: unreachable executed`.
    pub cause: String,
    /// The contract, when the run had several.
    pub contract: Option<String>,
    /// The operator that stopped it.
    pub place: SourcePlace,
    /// Where the functions around it were, innermost first: at most as many as are worth showing.
    pub callers: Vec<SourcePlace>,
    /// How many callers there are besides.
    pub more_callers: usize,
}

/// Where the contracts of the last run stopped that failed with it, in the order in which they did. There is none when
/// the run ended well, or failed before or after its code ran.
pub fn stops(recorder: &Recorder) -> Vec<Stop> {
    recorder
        .traps()
        .iter()
        .filter_map(|trap| stop(recorder, trap))
        .collect()
}

fn stop(recorder: &Recorder, trap: &TrapPlace) -> Option<Stop> {
    let contracts = recorder.contracts();
    let source = SourceMap::read(contracts.get(trap.contract)?.module.wasm());
    let mut places = trap
        .frames
        .iter()
        .map(|frame| source.place(frame.function, frame.offset));
    let place = places.next()?;
    Some(Stop {
        cause: cause(trap)?,
        contract: (contracts.len() > 1).then(|| exact(&trap.address, Hint::Address)),
        place,
        callers: places.by_ref().take(MAX_CALLERS).collect(),
        more_callers: places.count(),
    })
}

/// None of a contract that did not fail.
fn cause(trap: &TrapPlace) -> Option<String> {
    let code = trap.failed?.text();
    let what = match (trap.trap, trap.host) {
        (Trap::Host, Some(id)) => format!("stopped by {}", host_function_name(id)),
        (trap, _) => trap.to_string(),
    };
    Some(match what == code {
        true => what,
        false => format!("{code}: {what}"),
    })
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in ", self.cause)?;
        if let Some(contract) = &self.contract {
            write!(f, "{contract}: ")?;
        }
        write!(f, "{}", self.place)?;
        for caller in &self.callers {
            write!(f, "\n  called by {caller}")?;
        }
        match self.more_callers {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more callers"),
        }
    }
}
