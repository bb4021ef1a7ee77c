//! `arwen replay`: runs a trace again.

mod console;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arwen_eei::Tier;
use arwen_tools::record::Recorder;
use arwen_tools::shrink::{ShrinkError, shrink};
use arwen_tools::step;
use arwen_tools::stop::stops;
use arwen_tools::trace::{CallTrace, Replay};
use clap::{Args, ValueEnum};

use crate::trace::read;
use console::CommandConsole;

pub const ABOUT: &str = "Runs a trace again, with the answers it holds and without a node, and compares what comes out.

The result must be the same to the last byte and the last unit of gas, in every tier. --step goes through the run \
operator by operator.";

/// Help that ends with the stepper's own.
pub fn example() -> String {
    format!(
        "Examples:
  arwen replay call.trace.json                    # in every tier
  arwen replay --tier jit call.trace.json
  arwen replay --step call.trace.json             # asks for commands
  arwen replay --step --command 'break trap' --command continue --command where call.trace.json
  arwen replay --shrink -o small.scen.json call.trace.json

Commands of --step:
{}
Exit codes:
  0  the same came out, or the stepper was left with quit
  1  something else came out, and each field that differs is shown; or no scenario does what the trace does
  2  the file is no trace of this version, or the command line cannot be used",
        step::help()
    )
}

/// Prints a line. Whoever closed the output does not want the rest.
macro_rules! say {
    ($($text:tt)*) => {{
        let _ = writeln!(io::stdout(), $($text)*);
    }};
}

/// The arguments of `arwen replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// A trace, as arwen trace writes it
    #[arg(value_name = "FILE.trace.json")]
    trace: PathBuf,
    /// What runs the contracts
    #[arg(long, value_enum, default_value_t = TierChoice::All)]
    tier: TierChoice,
    /// Step through the run: see the commands below
    #[arg(long, conflicts_with = "tier")]
    step: bool,
    /// Write the smallest scenario in which the call ends as it did: return code, message, data, logs, gas, what it writes
    /// and sends, where it stops. The contracts in it get files beside it
    #[arg(long, conflicts_with_all = ["step", "tier"], requires = "output")]
    shrink: bool,
    /// Where to write the scenario
    #[arg(short, long, value_name = "FILE.scen.json", requires = "shrink")]
    output: Option<PathBuf>,
    /// A command for --step, instead of reading them from standard input; may be repeated. After the last one the run goes
    /// on to its end
    #[arg(long, value_name = "COMMAND", requires = "step")]
    command: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TierChoice {
    /// The interpreter
    Interpreter,
    /// The compiler
    Jit,
    /// The interpreter until compiled code is ready
    Tiered,
    /// The one that tools watch
    Observed,
    /// Each of them
    All,
}

impl TierChoice {
    fn tiers(self) -> Vec<(&'static str, Tier)> {
        let all = [
            (Self::Interpreter, "interpreter", Tier::Interpreter),
            (Self::Jit, "jit", Tier::Jit),
            (Self::Tiered, "tiered", Tier::Tiered),
            (Self::Observed, "observed", Tier::Observed),
        ];
        let chosen = all
            .iter()
            .filter(|(choice, ..)| [*choice, Self::All].contains(&self));
        chosen.map(|(_, name, tier)| (*name, *tier)).collect()
    }
}

/// Runs `arwen replay`.
pub fn run(args: &ReplayArgs) -> ExitCode {
    let done = read(&args.trace).and_then(|trace| match &args.output {
        Some(path) => shrink_to(&trace, path),
        None if args.step => step(&trace, &args.command),
        None => replay(&trace, args.tier),
    });
    done.unwrap_or_else(|error| {
        eprintln!("arwen replay: {error}");
        ExitCode::from(2)
    })
}

fn replay(trace: &CallTrace, tier: TierChoice) -> Result<ExitCode, String> {
    let mut recorder = Recorder::default();
    trace
        .replay_observed(&mut recorder)
        .map_err(|error| error.to_string())?;
    say!("{}", trace.about);
    match &trace.outcome {
        Ok(output) => say!("recorded: {}", step::ended(output)),
        Err(error) => say!("recorded: no output: {error}"),
    }
    for stop in stops(&recorder) {
        say!("{stop}");
    }
    let mut same = true;
    for (name, tier) in tier.tiers() {
        let replay = trace.replay(tier).map_err(|error| error.to_string())?;
        same &= replay.is_same();
        report(name, &replay);
    }
    Ok(ExitCode::from(u8::from(!same)))
}

/// Says whether the same came out, and if not, what.
fn report(name: &str, replay: &Replay) {
    if replay.is_same() {
        say!("{name}: the same");
        return;
    }
    say!("{name}: DIFFERENT");
    for difference in &replay.differences {
        say!("  {difference}");
    }
    for question in &replay.unanswered {
        say!("  asks {question}, which the trace does not answer");
    }
}

fn shrink_to(trace: &CallTrace, path: &Path) -> Result<ExitCode, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or_default();
    let shrunk = match shrink(trace, stem) {
        Ok(shrunk) => shrunk,
        Err(ShrinkError::Trace(error)) => return Err(error.to_string()),
        Err(error) => {
            eprintln!("arwen replay: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let files = shrunk
        .files
        .iter()
        .map(|(name, code)| (path.with_file_name(name), code.as_slice()));
    for (path, contents) in files.chain([(path.to_owned(), shrunk.scenario.as_bytes())]) {
        fs::write(&path, contents).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let ((accounts, accounts_left), (entries, entries_left)) = (shrunk.accounts, shrunk.entries);
    say!(
        "{}: {accounts_left} of {accounts} accounts, {entries_left} of {entries} storage entries",
        path.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Steps through a trace.
///
/// # Errors
/// When it cannot be run at all.
pub fn step(trace: &CallTrace, commands: &[String]) -> Result<ExitCode, String> {
    let mut console = CommandConsole::new(commands);
    let replay = step::session(trace, &mut console).map_err(|error| error.to_string())?;
    Ok(match replay {
        None => ExitCode::SUCCESS,
        Some(replay) => {
            report("replayed", &replay);
            ExitCode::from(u8::from(!replay.is_same()))
        }
    })
}
