//! `arwen trace`: one call of a scenario, with all that it asked its node, in one file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arwen_scenario::Runner;
use arwen_scenario::suite::{self, Outcome, Report};
use arwen_tools::trace::{CallTrace, TracingMachine, Transaction, Wanted};
use clap::Args;

use crate::{output, replay};

pub const ABOUT: &str = "Writes one call of a scenario to a file, with every answer of the world it ran in.

`arwen replay` runs the file again anywhere, without the scenario and its world. Without --step-index and --id, this \
lists the calls of the scenario.";

pub const EXAMPLE: &str = "Examples:
  arwen trace examples/token/scenarios/transfer.scen.json          # what can be traced
  arwen trace -o call.trace.json --step-index 4 examples/token/scenarios/transfer.scen.json
  arwen replay call.trace.json
  arwen trace --step --id self examples/token/scenarios/transfer.scen.json   # straight into the stepper

Exit codes:
  0  the calls are listed, or the call is written; a call that fails can be written like any other
  1  with --step: the run did not end as it had when it was recorded
  2  there is no such call, the scenario does not get there, or the files or the command line cannot be used";

/// The arguments of `arwen trace`.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// A scenario file
    #[arg(value_name = "FILE.scen.json")]
    scenario: PathBuf,
    /// Which call: its number in the list
    #[arg(long, value_name = "N", conflicts_with = "id")]
    step_index: Option<usize>,
    /// Which call: the id of its step
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Where to write it (default: standard output)
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Step through the call, as `arwen replay --step` does
    #[arg(long)]
    step: bool,
    /// A command for --step, instead of reading them; may be repeated
    #[arg(long, value_name = "COMMAND", requires = "step")]
    command: Vec<String>,
}

/// Runs `arwen trace`.
pub fn run(args: &TraceArgs) -> ExitCode {
    match trace(args) {
        Ok(code) => code,
        Err(error) => {
            output::complain(format_args!("arwen trace: {error}"));
            ExitCode::from(2)
        }
    }
}

fn trace(args: &TraceArgs) -> Result<ExitCode, String> {
    let wanted = match (args.step_index, &args.id) {
        (Some(number), _) => Wanted::Number(number),
        (None, Some(id)) => Wanted::Id(id.clone()),
        (None, None) if args.step => return Err("--step needs a call: give --step-index or --id".to_owned()),
        (None, None) => Wanted::Nothing,
    };
    let (machine, failure) = play(&args.scenario, wanted.clone())?;
    if let Some(failure) = &failure {
        output::complain(failure);
    }
    if wanted == Wanted::Nothing {
        let lines: String = machine
            .transactions()
            .iter()
            .map(|it| format!("{it}\n"))
            .collect();
        return write(None, &lines);
    }
    let trace = match (machine.traces(), &wanted) {
        ([trace], _) => trace,
        ([], _) if failure.is_some() => return Err("the scenario fails before that call".to_owned()),
        ([], Wanted::Id(id)) => {
            return Err(format!(
                "no call has the id {id:?}{}",
                ids(machine.transactions())
            ));
        }
        ([], _) => {
            let (path, calls) = (args.scenario.display(), machine.transactions().len());
            return Err(format!("no such call: {path} has {calls}"));
        }
        (traces, _) => {
            let count = traces.len();
            return Err(format!("{count} calls have that id; choose one by --step-index"));
        }
    };
    if args.step {
        return replay::step(trace, &args.command);
    }
    let text = trace.to_json().map_err(|error| error.to_string())?;
    write(args.output.as_deref(), &text)
}

/// Runs a scenario; the text says how it failed, if it did.
fn play(path: &Path, wanted: Wanted) -> Result<(TracingMachine, Option<String>), String> {
    let name = path.to_string_lossy().into_owned();
    let machine = TracingMachine::new(name.clone(), wanted).map_err(|error| error.to_string())?;
    let mut runner = Runner::new(machine);
    let failure = runner.run_file(path, None).err().map(|failure| {
        suite::text_line(&Report {
            name,
            outcome: Outcome::Failed(failure),
            dumps: Vec::new(),
        })
    });
    let machine = runner.into_machine();
    match failure {
        // Not even read.
        Some(failure) if machine.transactions().is_empty() => Err(failure),
        failure => Ok((machine, failure)),
    }
}

fn ids(transactions: &[Transaction]) -> String {
    let ids: Vec<String> = transactions.iter().map(|it| format!("{:?}", it.id)).collect();
    match ids.is_empty() {
        true => String::new(),
        false => format!("; there are {}", ids.join(", ")),
    }
}

fn write(path: Option<&Path>, text: &str) -> Result<ExitCode, String> {
    match path {
        Some(path) => fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?,
        None => output::print(text).map_err(|error| format!("standard output: {error}"))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a trace.
pub fn read(path: &Path) -> Result<CallTrace, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    CallTrace::from_json(&text).map_err(|error| format!("{}: {error}", path.display()))
}
