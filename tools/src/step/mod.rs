//! Stepping through a trace: one operator, function or break point after the other, with a look at everything.
//!
//! The run is made twice in the observed tier. The first tells what code there is, which operators call host functions
//! and which of them stop a contract; the second stops before the operators that were asked for. Stepping changes
//! nothing: the run ends as the trace says.

mod breaks;
mod code;
mod command;
mod show;
mod stepper;
mod survey;

use arwen_eei::Tier;
use arwen_interface::VmOutput;

use crate::both::Both;
use crate::profile::units;
use crate::record::Recorder;
use crate::stop::stops;
use crate::trace::{CallTrace, Replay, TraceError};
use code::Codes;
use stepper::Stepper;
use survey::Survey;

/// Who steps.
pub trait Console {
    /// The next command; none when there are no more. Then the run goes on to its end.
    fn command(&mut self) -> Option<String>;
    /// Shows a text, which ends with a line break.
    fn print(&mut self, text: &str);
}

/// All commands, as the command `help` shows them.
pub fn help() -> String {
    command::help()
}

/// Steps through a trace. Gives what came out; nothing when it was told to quit.
///
/// # Errors
/// When the VM cannot be set up.
pub fn session(trace: &CallTrace, console: &mut dyn Console) -> Result<Option<Replay>, TraceError> {
    let mut first = Both::<Recorder, Survey>::default();
    if trace.replay_observed(&mut first)?.outcome.is_err() {
        first.0.abandon();
    }
    let Both(recorder, survey) = first;
    let codes = Codes::of(&recorder);
    console.print(&format!(
        "{}, {} operators\n",
        trace.about,
        units(survey.operators.into())
    ));
    let mut vm = trace.vm.start(Tier::Observed)?;
    let mut stepper = Stepper::new(&codes, (&survey, &recorder), console, vm.interrupt());
    let replay = trace.replay_in(&mut vm, Some(&mut stepper));
    if stepper.quit {
        return Ok(None);
    }
    console.print(&ending(trace, &replay, &recorder));
    Ok(Some(replay))
}

/// How a run ended.
pub fn ended(output: &VmOutput) -> String {
    let message = String::from_utf8_lossy(&output.return_message);
    let message = match message.is_empty() {
        true => String::new(),
        false => format!(": {message}"),
    };
    format!("{} ({}){message}", output.return_code, output.return_code as u8)
}

fn ending(trace: &CallTrace, replay: &Replay, recorder: &Recorder) -> String {
    let mut text = match &replay.outcome {
        Err(error) => format!("ended without an output: {error}\n"),
        Ok(output) => {
            let provided = i128::from(trace.input.vm_input().gas_provided);
            let used = provided - i128::from(output.gas_remaining);
            format!(
                "ended: {}\ngas: {} of {}\n",
                ended(output),
                units(used),
                units(provided)
            )
        }
    };
    for stop in stops(recorder) {
        text += &format!("{stop}\n");
    }
    text
}
