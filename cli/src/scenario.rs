//! `arwen scenario`: declarative contract tests.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arwen_scenario::run::{MachineError, VmMachine};
use arwen_scenario::suite::{self, Case, Options, Outcome, Report, Summary};
use arwen_tools::coverage;
use arwen_tools::machine::{Collector, ExplainingMachine, RecordingMachine};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::output;

const EXAMPLE: &str = "Examples:
  arwen scenario run examples
  arwen scenario run --tier both --filter transfer tests
  arwen scenario run --format junit tests > report.xml
  arwen scenario run --coverage lcov.info tests && genhtml lcov.info --output-directory coverage

Exit codes:
  0  no scenario failed
  1  a scenario failed
  2  the files or the command line cannot be used";

/// The arguments of `arwen scenario`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct ScenarioArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenario files, and the .scen.json files in folders
    Run(RunArgs),
}

/// The arguments of `arwen scenario run`, and of the binary when it is called as `mandos-test`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct RunArgs {
    /// Scenario files, or folders to search for .scen.json files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Run only scenarios whose path contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Skip everything after the first failure
    #[arg(long)]
    fail_fast: bool,
    /// What runs the contracts; `both` fails where the two differ
    #[arg(long, value_enum, default_value_t = TierChoice::Jit)]
    tier: TierChoice,
    /// Write which code of the contracts ran, as an lcov file: by source line where a contract has debug information, else
    /// by byte offset
    #[arg(long, value_name = "FILE", conflicts_with = "tier")]
    coverage: Option<PathBuf>,
    /// How many scenarios to run at once (default: one a processor)
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line a scenario
    Text,
    /// One JSON object
    Json,
    /// JUnit XML
    Junit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TierChoice {
    /// The interpreter
    Interpreter,
    /// The compiler
    Jit,
    /// Both, comparing every output
    Both,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value()
            .map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}

impl fmt::Display for TierChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value()
            .map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}

/// What is wrong with the call is not a failed scenario, and has a code of its own.
const USAGE: u8 = 2;

/// Runs `arwen scenario …`: 0 when nothing failed, 1 when something did, 2 when nothing could be run.
pub fn run(args: ScenarioArgs) -> ExitCode {
    let Command::Run(args) = args.command;
    match run_scenarios(&args) {
        Ok(summary) if summary.failed == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            output::complain(format_args!("error: {error}"));
            ExitCode::from(USAGE)
        }
    }
}

#[derive(Debug, Parser)]
#[command(name = "mandos-test", version, about = "Run declarative contract tests")]
struct MandosTest {
    #[command(flatten)]
    args: RunArgs,
}

/// Runs the binary as `mandos-test`; `args` begins with that name.
pub fn mandos_test(args: impl Iterator<Item = OsString>) -> ExitCode {
    match MandosTest::try_parse_from(args) {
        Ok(MandosTest { args }) => run(ScenarioArgs {
            command: Command::Run(args),
        }),
        Err(error) => {
            // Help goes to standard output, mistakes to standard error; neither has anywhere to go if that fails.
            let _ = error.print();
            if error.use_stderr() {
                ExitCode::from(USAGE)
            } else {
                ExitCode::SUCCESS
            }
        }
    }
}

fn run_scenarios(args: &RunArgs) -> Result<Summary, String> {
    let cases = suite::discover(&args.paths).map_err(|error| error.to_string())?;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let options = Options {
        filter: args.filter.clone(),
        fail_fast: args.fail_fast,
        jobs: args.jobs.unwrap_or(processors),
    };
    let mut progress = Progress::new(cases.len());
    let mut reports = Vec::new();
    let mut printed = Ok(());
    let finished = |report: &Report| {
        progress.clear();
        if args.format == Format::Text {
            if printed.is_ok() {
                printed = print_text(report, &options);
            }
        } else {
            reports.push(report.clone());
        }
        progress.advance(&report.name);
    };
    let machine = || -> Result<ExplainingMachine<VmMachine>, MachineError> {
        let machine = match args.tier {
            TierChoice::Interpreter => VmMachine::interpreter(),
            TierChoice::Jit => VmMachine::jit(),
            TierChoice::Both => VmMachine::both(),
        };
        Ok(ExplainingMachine::new(machine?))
    };
    let summary = match &args.coverage {
        None => suite::run(&cases, &options, machine, finished).map_err(|error| error.to_string())?,
        Some(path) => run_covered(&cases, &options, path, finished)?,
    };
    progress.clear();
    printed
        .and_then(|()| match args.format {
            Format::Text => output::print_line(summary),
            Format::Json => output::print(suite::json(&reports, summary)),
            Format::Junit => output::print(suite::junit(&reports, summary)),
        })
        .map_err(|error| format!("standard output: {error}"))?;
    if args.format != Format::Text {
        output::complain(summary);
    }
    Ok(summary)
}

/// Runs cases in the observed tier and writes their coverage.
fn run_covered(
    cases: &[Case],
    options: &Options,
    path: &Path,
    finished: impl FnMut(&Report),
) -> Result<Summary, String> {
    let collector = Collector::default();
    let machine = || RecordingMachine::collected_by(&collector);
    let summary = suite::run(cases, options, machine, finished).map_err(|error| error.to_string())?;
    std::fs::write(path, coverage::lcov(&collector.take()))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(summary)
}

fn print_text(report: &Report, options: &Options) -> io::Result<()> {
    for dump in &report.dumps {
        output::print_line(dump)?;
    }
    // What the filter leaves out would drown the rest.
    let left_out = options
        .filter
        .as_ref()
        .is_some_and(|filter| !report.name.contains(filter.as_str()));
    match left_out && report.outcome == Outcome::Skipped {
        true => Ok(()),
        false => output::print_line(suite::text_line(report)),
    }
}

/// One changing line on a terminal, and nothing anywhere else.
struct Progress {
    shown: bool,
    done: usize,
    all: usize,
}

impl Progress {
    fn new(all: usize) -> Self {
        Self {
            shown: io::stderr().is_terminal(),
            done: 0,
            all,
        }
    }

    fn clear(&self) {
        if self.shown {
            // As below.
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    fn advance(&mut self, name: &str) {
        self.done += 1;
        if self.shown {
            // Losing the progress line is no reason to stop.
            let _ = write!(io::stderr(), "[{}/{}] {name}", self.done, self.all);
        }
    }
}
