//! The `arwen` binary: the VM child when a node starts it without arguments, tools for people otherwise.

mod child;
mod inspect;
mod manual;
mod module_file;
mod output;
mod profile;
mod replay;
mod run;
mod scenario;
mod show;
mod trace;
mod world;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

const ABOUT: &str = "Runs WebAssembly smart contracts.

Without arguments it is the VM child of a node, which passes it pipes as file descriptors 3 to 7.";

const EXAMPLES: &str = "Examples:
  arwen run examples/counter          # deploy and call, through a VM child
  arwen inspect contract.wasm         # would it be deployed?
  arwen scenario run tests            # declarative tests
  arwen world init                    # a local chain that stays

Exit codes:
  0  done
  1  what was run has failed
  2  the files or the command line cannot be used
More of them are told by each command's own --help. As a VM child: docs/ipc.md.";

const VERSION_EXAMPLE: &str = "Example:
  arwen version

Exit codes:
  0  always";

const RUN_ABOUT: &str = "Deploys a contract in a local world and calls it, through a VM child and its pipes.

PATH is a folder with a run.toml, or such a file. It names the contract, the arguments of its deployment, the gas limit \
and the calls to make. For each step this prints what came back: return data, gas used for loading, operators and host \
functions, storage changes, logs.";

const RUN_EXAMPLE: &str = "Example:
  arwen run examples/counter
  arwen run --json examples/counter | jq '.steps[].gas'

A run.toml:
  wasm = \"counter.wasm\"
  gas-schedule = \"v3\"
  gas-limit = 20_000_000

  [deploy]
  arguments = [\"5\"]

  [[call]]
  function = \"increment\"
  caller = \"address:alice\"
  expect = { status = \"0\", out = [\"6\"] }

Exit codes:
  0  every step ended as expected
  1  a step ended otherwise
  2  the files or the command line cannot be used
  3  the VM child failed";

#[derive(Parser)]
#[command(name = "arwen", version, about = "Runs WebAssembly smart contracts.", long_about = ABOUT, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Deploys a contract in a local world and calls it.
    #[command(long_about = RUN_ABOUT, after_help = RUN_EXAMPLE)]
    Run {
        /// A folder with a run.toml, or such a file.
        path: PathBuf,
        /// Print one JSON object instead of text.
        #[arg(long)]
        json: bool,
        /// How long a step may take, in milliseconds; 0 for no limit.
        #[arg(long, value_name = "MS", default_value_t = 10_000)]
        timeout: u64,
    },
    /// Shows what is in a module and whether it can be deployed.
    Inspect(inspect::InspectArgs),
    /// Shows what contracts use gas for.
    #[command(long_about = profile::ABOUT, after_help = profile::EXAMPLE)]
    Profile(profile::ProfileArgs),
    /// Runs a recorded call again, or steps through it.
    #[command(long_about = replay::ABOUT, after_help = replay::example())]
    Replay(replay::ReplayArgs),
    /// Runs declarative contract tests.
    Scenario(scenario::ScenarioArgs),
    /// Records a call of a scenario.
    #[command(long_about = trace::ABOUT, after_help = trace::EXAMPLE)]
    Trace(trace::TraceArgs),
    /// Keeps a local world: accounts, contracts, blocks.
    World(world::WorldArgs),
    /// Prints a script that makes a shell complete these commands.
    Completions(manual::CompletionsArgs),
    /// Writes manual pages.
    Man(manual::ManArgs),
    /// Prints the version.
    #[command(after_help = VERSION_EXAMPLE)]
    Version,
}

fn main() -> ExitCode {
    // Nothing may open a file before the child takes over its pipes, so this comes before everything else.
    if std::env::args_os().len() <= 1 {
        return child::main();
    }
    // Under this name the binary takes the arguments of the tool it stands in for.
    let name = std::env::args_os().next().unwrap_or_default();
    if Path::new(&name).file_stem() == Some(OsStr::new("mandos-test")) {
        return scenario::mandos_test(std::env::args_os());
    }
    match Cli::parse().command {
        None => child::main(),
        Some(Command::Run { path, json, timeout }) => run::main(&path, json, timeout),
        Some(Command::Inspect(args)) => inspect::run(&args),
        Some(Command::Profile(args)) => profile::run(&args),
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::Scenario(args)) => scenario::run(args),
        Some(Command::Trace(args)) => trace::run(&args),
        Some(Command::World(args)) => world::run(args),
        Some(Command::Completions(args)) => manual::completions(&args, Cli::command()),
        Some(Command::Man(args)) => manual::pages(&args, Cli::command()),
        Some(Command::Version) => printed(output::print_line(concat!("arwen ", env!("CARGO_PKG_VERSION")))),
    }
}

/// How a command ends that only prints.
fn printed(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(format_args!("arwen: standard output: {error}"));
            ExitCode::from(2)
        }
    }
}
