//! The smallest scenario in which a traced call ends as it did.
//!
//! It begins with all that the trace shows of the world, and loses accounts, storage, code and blocks one by one, for as
//! long as the run has the same effects: return code, message, data, logs, gas, what is written and sent, and, of a call
//! that fails, where it stops.

mod case;
mod reduce;
mod text;
mod trial;

use std::collections::BTreeMap;

use arwen_interface::Bytes;
use arwen_scenario::model::GasSchedule;
use arwen_scenario::run::MachineError;

use crate::trace::{CallTrace, TraceError};
use case::Case;
use reduce::reduce;
use text::Writer;
use trial::{Effects, Ended, Trials, Watcher};

/// A scenario in place of a trace.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The text of the scenario. It expects what the trace says.
    pub scenario: String,
    /// The contracts it names: file name and code.
    pub files: BTreeMap<String, Bytes>,
    /// Accounts of the trace, and how many are left.
    pub accounts: (usize, usize),
    /// Storage entries of the trace, and how many are left.
    pub entries: (usize, usize),
}

/// Why there is no scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShrinkError {
    /// Scenarios have no such call.
    #[error("no scenario can make this call: {0}")]
    Inexpressible(&'static str),
    /// The scenario that shows all of the trace does not run, or ends otherwise.
    #[error("a scenario with all that the trace shows does not end as the trace: {0}")]
    Different(String),
    /// The trace itself does not end as it says.
    #[error("the trace does not end as it says when it is replayed")]
    Stale,
    /// The VM cannot be set up.
    #[error("{0}")]
    Machine(#[from] MachineError),
    /// The VM of the trace cannot be set up.
    #[error("{0}")]
    Trace(#[from] TraceError),
}

/// Finds the scenario; its name, and those of its files, are made of `stem`.
///
/// # Errors
/// When the call cannot be made in a scenario, or does not end there as it did.
pub fn shrink(trace: &CallTrace, stem: &str) -> Result<Shrunk, ShrinkError> {
    let wanted = effects(trace)?;
    let mut writer = Writer::new(trace, stem);
    let mut trials = Trials::new()?;
    let mut case = Case::of(trace)?;
    let first = run(&mut trials, &mut writer, &case).map_err(ShrinkError::Different)?;
    // Token transfers have been paid out of the transaction's gas.
    let input = trace.input.vm_input();
    case.add_gas(input, input.gas_provided.saturating_sub(first.gas_provided));
    let whole = run(&mut trials, &mut writer, &case).map_err(ShrinkError::Different)?;
    if whole.effects != wanted {
        return Err(ShrinkError::Different(difference(trace, &whole)));
    }
    let before = case.size();
    let case = reduce(case, |smaller| {
        run(&mut trials, &mut writer, smaller).is_ok_and(|ended| ended.effects == wanted)
    });
    let after = case.size();
    let mut writer = Writer::new(trace, stem);
    let scenario = writer.scenario(&case, Some(&whole.output));
    Ok(Shrunk {
        scenario,
        files: writer.files,
        accounts: (before.0, after.0),
        entries: (before.1, after.1),
    })
}

/// What the trace does, from running it again.
fn effects(trace: &CallTrace) -> Result<Effects, ShrinkError> {
    if GasSchedule::from_name(&trace.vm.gas_schedule).is_none() {
        return Err(ShrinkError::Inexpressible("scenarios have no such gas schedule"));
    }
    let mut watcher = Watcher::default();
    let replay = trace.replay_observed(&mut watcher)?;
    match &replay.outcome {
        Err(_) => Err(ShrinkError::Inexpressible(
            "it has no output that could be expected",
        )),
        Ok(_) if !replay.is_same() => Err(ShrinkError::Stale),
        Ok(output) => Ok(watcher.effects(output)),
    }
}

fn run(trials: &mut Trials, writer: &mut Writer<'_>, case: &Case) -> Result<Ended, String> {
    let text = writer.scenario(case, None);
    trials.run(&text, &writer.files)
}

/// The first field in which the outputs differ.
fn difference(trace: &CallTrace, ended: &Ended) -> String {
    let differences = trace.differences_to(&Ok(ended.output.clone()));
    let first = differences.first().map(ToString::to_string);
    first.unwrap_or_else(|| "it stops elsewhere".to_owned())
}
