//! `arwen profile`: what contracts use gas for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arwen_scenario::suite::{self, Options, Outcome, Report};
use arwen_tools::machine::{Collector, RecordingMachine};
use arwen_tools::profile::{Profile, compare, graph, table};
use arwen_tools::record::Recorder;
use clap::{Args, ValueEnum};

use crate::output;

pub const ABOUT: &str = "Shows what contracts use gas for: by call, function, host function, operator and source line.

Runs scenarios operator by operator and attributes every unit of gas that the VM's outputs report. Functions have the \
names of the module's name section; lines come from its debug information (DWARF), where there is some. A call that \
fails loses all its gas: what it did not use shows as lost.";

pub const EXAMPLE: &str = "Examples:
  arwen profile examples/counter                               # a table
  arwen profile --format svg --output gas.svg examples/token   # a flame graph
  arwen profile --format json --output gas.json examples       # to compare with later
  arwen profile --baseline gas.json --threshold 2 examples     # fails when a call is over 2 % dearer

Formats:
  table       tables for people
  json        every row, for --baseline and other programs
  folded      one line a stack, for flame graph tools
  speedscope  for https://www.speedscope.app
  svg         a flame graph

Exit codes:
  0  done, and nothing dearer than the baseline allows
  1  the total or a call is dearer than the baseline allows, or a scenario failed
  2  the files or the command line cannot be used";

/// The arguments of `arwen profile`.
#[derive(Debug, Args)]
pub struct ProfileArgs {
    /// Scenario files, or folders to search for .scen.json files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Run only scenarios whose path contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Where to write it (default: standard output)
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Rows of each table
    #[arg(long, value_name = "N", default_value_t = 15)]
    top: usize,
    /// A profile written with --format json: print what has changed since
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// By how many percent the total and each call may be dearer than in the baseline
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, requires = "baseline", value_parser = percent)]
    threshold: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Folded,
    Speedscope,
    Svg,
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(percent) if (0.0..=1e9).contains(&percent) => Ok(percent),
        _ => Err("not a percentage".to_owned()),
    }
}

/// Runs `arwen profile`.
pub fn run(args: &ProfileArgs) -> ExitCode {
    match profile(args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            output::complain(format_args!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

/// Whether all is well.
fn profile(args: &ProfileArgs) -> Result<bool, String> {
    // Found out before anything runs.
    let baseline = args.baseline.as_deref().map(read_baseline).transpose()?;
    let (recorder, mut well) = run_scenarios(args)?;
    if recorder.total() == 0 {
        return Err("nothing has used gas".to_owned());
    }
    let Some(baseline) = baseline else {
        write(args, &recorder)?;
        return Ok(well);
    };
    let changes = compare::changes(&baseline, &Profile::of(&recorder));
    print(&compare::table(&changes, args.threshold))?;
    well &= !changes.iter().any(|change| change.exceeds(args.threshold));
    if args.output.is_some() {
        write(args, &recorder)?;
    }
    Ok(well)
}

fn read_baseline(path: &Path) -> Result<Profile, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Profile::from_json(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Runs the scenarios one after the other, and says whether all passed.
fn run_scenarios(args: &ProfileArgs) -> Result<(Recorder, bool), String> {
    let cases = suite::discover(&args.paths).map_err(|error| error.to_string())?;
    let options = Options {
        filter: args.filter.clone(),
        fail_fast: false,
        // One machine, and so one recording.
        jobs: 1,
    };
    let collector = Collector::default();
    let machine = || RecordingMachine::collected_by(&collector);
    let finished = |report: &Report| {
        if matches!(report.outcome, Outcome::Failed(_)) {
            output::complain(suite::text_line(report));
        }
    };
    let summary = suite::run(&cases, &options, machine, finished).map_err(|error| error.to_string())?;
    if summary.passed + summary.failed == 0 {
        return Err("no scenario there".to_owned());
    }
    // After a panic there is a second machine.
    match <[Recorder; 1]>::try_from(collector.take()) {
        Ok([recorder]) => Ok((recorder, summary.failed == 0)),
        Err(_) => Err("a scenario ended in an internal error, and its gas is not known".to_owned()),
    }
}

fn write(args: &ProfileArgs, recorder: &Recorder) -> Result<(), String> {
    let title = args.paths.iter().map(|path| path.display().to_string());
    let title = format!("gas of {}", title.collect::<Vec<_>>().join(", "));
    let text = match args.format {
        Format::Table => table(&Profile::of(recorder), args.top),
        Format::Json => Profile::of(recorder)
            .to_json()
            .map_err(|error| error.to_string())?,
        Format::Folded => graph::folded(recorder),
        Format::Speedscope => graph::speedscope(recorder, &title),
        Format::Svg => {
            let mut svg = Vec::new();
            graph::flame_graph(recorder, &title, &mut svg)?;
            String::from_utf8_lossy(&svg).into_owned()
        }
    };
    match &args.output {
        Some(path) => fs::write(path, text).map_err(|error| format!("{}: {error}", path.display())),
        None => print(&text),
    }
}

fn print(text: &str) -> Result<(), String> {
    output::print(text).map_err(|error| format!("standard output: {error}"))
}
