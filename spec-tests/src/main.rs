//! Runs the whole suite in every setup and prints a table.

use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

use arwen_engine::Tier;
use spec_tests::expected::ExpectedFailures;
use spec_tests::machine::Setup;
use spec_tests::oracle::{self, ALL, Oracle, drawn, seeds};
use spec_tests::record::{Check, FileRun, Outcome, Record, Tally};
use spec_tests::report::{Failure, Report, Script};
use spec_tests::{script, suite};

const USAGE: &str = "\
usage: spec-tests [--tier interpreter|jit|tiered|observed] [--filter TEXT] [--json FILE]
       spec-tests --seeds FOLDER
       spec-tests --hold differential|metering --inputs FROM..TO
       spec-tests --module FILE|NUMBER

Runs the WebAssembly specification suite on the engine: every version and proposal of ours, in every tier, metered
and not, then versions 1 and 2 once more with the floats taken out of their modules.

  --tier     only this tier
  --filter   only files whose suite/name contains the text
  --json     also write the report to a file
  --seeds    run nothing; write inputs for the fuzz targets to begin with, a folder for each
  --hold     run no suite; hold an oracle of the fuzz targets against generated programs
  --inputs   which, by number
  --module   run nothing; write the module that a find, or an input by its number, stands for, as FILE.wasm
";

/// Those that generated programs are inputs of.
const ORACLES_OF_PROGRAMS: [&str; 2] = ["differential", "metering"];

#[derive(Default)]
struct Options {
    tier: Option<Tier>,
    filter: String,
    json: Option<String>,
    seeds: Option<String>,
    hold: Option<&'static Oracle>,
    inputs: Range<u64>,
    module: Option<String>,
}

fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let done = match &options {
        Options {
            seeds: Some(folder), ..
        } => seeds::write(folder.as_ref()).map(|()| 0),
        Options {
            module: Some(find), ..
        } => write_module(find).map(|()| 0),
        Options {
            hold: Some(oracle), ..
        } => hold(oracle, options.inputs.clone()),
        _ => run(&options),
    };
    match done {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options::default();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} wants a value"));
        match arg.as_str() {
            "--help" | "-h" => return Ok(None),
            "--filter" => options.filter = value()?,
            "--json" => options.json = Some(value()?),
            "--seeds" => options.seeds = Some(value()?),
            "--module" => options.module = Some(value()?),
            "--hold" => {
                let name = value()?;
                let oracle = ORACLES_OF_PROGRAMS.contains(&&name[..]);
                let oracle = ALL.iter().find(|row| oracle && row.name == name);
                options.hold =
                    Some(oracle.ok_or_else(|| format!("no oracle of programs is called `{name}`"))?);
            }
            "--inputs" => {
                let range = value()?;
                let bounds = range
                    .split_once("..")
                    .map(|(from, to)| (from.parse(), to.parse()));
                options.inputs = match bounds {
                    Some((Ok(from), Ok(to))) => from..to,
                    _ => return Err(format!("`{range}` is no range of numbers")),
                };
            }
            "--tier" => {
                options.tier = Some(match value()?.as_str() {
                    "interpreter" => Tier::Interpreter,
                    "jit" => Tier::Jit,
                    "tiered" => Tier::Tiered,
                    "observed" => Tier::Observed,
                    other => return Err(format!("no tier is called `{other}`")),
                });
            }
            other => return Err(format!("unknown argument `{other}`")),
        }
    }
    Ok(Some(options))
}

/// Gives the number of failures, after the first of which it ends.
fn hold(oracle: &Oracle, inputs: Range<u64>) -> Result<u64, String> {
    let held = drawn::hold(oracle.check, inputs.clone());
    match held {
        Ok(()) => println!("{}: {} inputs hold", oracle.name, inputs.count()),
        Err(error) => {
            println!("{}: {error}", oracle.name);
            return Ok(1);
        }
    }
    Ok(0)
}

/// Writes the module that an input stands for: one with a number, or one in a file.
fn write_module(find: &str) -> Result<(), String> {
    let bytes = match find.parse() {
        Ok(number) => drawn::input(number),
        Err(_) => std::fs::read(find).map_err(|error| format!("{find}: {error}"))?,
    };
    let wasm = oracle::module(&bytes).ok_or_else(|| format!("{find} stands for no module that is run"))?;
    let path = format!("{find}.wasm");
    std::fs::write(&path, wasm).map_err(|error| format!("{path}: {error}"))
}

/// Gives the number of failures.
fn run(options: &Options) -> Result<u64, String> {
    let expected = ExpectedFailures::load()?;
    let mut files = suite::files();
    files.retain(|file| format!("{}/{}", file.suite, file.name).contains(&options.filter));
    let plain = Setup::all();
    let stripped = Setup::all().into_iter().map(|setup| Setup {
        stripped: true,
        ..setup
    });
    let setups = plain.into_iter().chain(stripped);

    let mut report = Report::default();
    for setup in setups.filter(|setup| options.tier.is_none_or(|tier| tier == setup.tier)) {
        for file in files
            .iter()
            .filter(|file| !setup.stripped || file.in_stripped_pass())
        {
            let start = Instant::now();
            let mut run = script::run(file, &setup).unwrap_or_else(broken);
            let micros = start.elapsed().as_micros() as u64;
            expected.apply(file, &setup, &mut run);
            let suite = if setup.stripped {
                format!("{} stripped", file.suite)
            } else {
                file.suite.clone()
            };
            report
                .row(&suite, setup.tier_name(), setup.metering_name())
                .add(&run);
            let mut tally = Tally::default();
            tally.add(&run);
            report.scripts.push(Script {
                suite,
                name: file.name.clone(),
                tier: setup.tier_name().to_owned(),
                metering: setup.metering_name().to_owned(),
                float_modules: tally.count(Check::FloatModule).passed,
                count: tally.total,
                micros,
            });
            report
                .failures
                .extend(run.records.iter().filter_map(|record| match &record.outcome {
                    Outcome::Failed(text) => Some(Failure {
                        place: format!("{}/{}:{}", file.suite, file.name, record.line),
                        setup: format!("{}, {}", setup.tier_name(), setup.metering_name()),
                        text: text.clone(),
                    }),
                    _ => None,
                }));
        }
    }
    print!("{}", report.text());
    if let Some(path) = &options.json {
        let json = serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        std::fs::write(path, json).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(report.total().failed)
}

/// The run of a file that could not be run.
fn broken(error: String) -> FileRun {
    let record = Record {
        line: 0,
        check: Check::Other,
        outcome: Outcome::Failed(error),
    };
    FileRun {
        records: vec![record],
        gas: 0,
    }
}
