//! `arwen inspect`: what is in a module, whether it can be deployed, and what that costs.

mod report;
mod text;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use arwen_metering::Schedule;
use clap::Args;

use crate::module_file::{self, ModuleFileError};
use crate::output;
use report::Report;

const ABOUT: &str = "Shows what is in a WebAssembly module, and whether it can be deployed.

For each ruleset it names everything that speaks against a deployment, with the byte offset, the function and, if the \
module has debug information, the line of source: float operators, operators of later versions of WebAssembly, unknown \
imports, exports that break the rules, limits. Then imports with what they cost, exports, sections and functions with \
their sizes, and what a deployment and a call cost before the contract does anything.";

const EXAMPLE: &str = "Example:
  arwen inspect examples/counter/counter.wasm
  arwen inspect --json contract.wasm | jq '.rulesets[0].reasons'

Exit codes:
  0  the module can be deployed under arwen-1.3
  1  it cannot
  2  the file cannot be read or is no module, or the command line is wrong";

/// The arguments of `arwen inspect`.
#[derive(Debug, Args)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub struct InspectArgs {
    /// A WebAssembly module
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
    /// List every function and every reason, not only the first ones
    #[arg(long)]
    all: bool,
    /// Prices: v1, v2, v3 or dummy (every price 1)
    #[arg(long, value_name = "NAME", default_value = "v3")]
    gas_schedule: String,
}

/// Why there is nothing to report.
#[derive(Debug, thiserror::Error)]
enum InspectError {
    #[error("{0}")]
    File(#[from] ModuleFileError),
    #[error("no gas schedule is called {0:?}; there are {list}", list = Schedule::bundled_names().collect::<Vec<_>>().join(", "))]
    Schedule(String),
}

/// Inspects a file and prints what it found.
pub fn run(args: &InspectArgs) -> ExitCode {
    let report = match inspect(args) {
        Ok(report) => report,
        Err(error) => {
            output::complain(format_args!("arwen inspect: {error}"));
            return ExitCode::from(2);
        }
    };
    let mut text = Vec::new();
    let written = if args.json {
        serde_json::to_writer_pretty(&mut text, &report)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(text))
    } else {
        text::print(&mut text, &report, args.all)
    };
    match written.and_then(|()| output::print(String::from_utf8_lossy(&text))) {
        Err(error) => {
            output::complain(format_args!("arwen inspect: standard output: {error}"));
            ExitCode::from(2)
        }
        _ if report.deployable() => ExitCode::SUCCESS,
        _ => ExitCode::from(1),
    }
}

fn inspect(args: &InspectArgs) -> Result<Report, InspectError> {
    let wasm = module_file::read(&args.file)?;
    let schedule = Schedule::bundled(&args.gas_schedule)
        .ok_or_else(|| InspectError::Schedule(args.gas_schedule.clone()))?;
    Ok(Report::new(
        &args.file.to_string_lossy(),
        &wasm,
        (&args.gas_schedule, schedule),
    ))
}
