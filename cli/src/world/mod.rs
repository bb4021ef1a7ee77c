//! `arwen world`: a local world that persists.

mod args;
mod report;
mod show;

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use arwen_interface::ReturnCode;
use arwen_metering::Schedule;
use arwen_scenario::model::GasSchedule;
use arwen_scenario::run::{MachineError, VmMachine};
use arwen_tools::machine::{ExplainingMachine, RecordingMachine};
use arwen_tools::profile::{Profile, table};
use arwen_tools::trace::{TracingMachine, Wanted};
use arwen_world::{
    Account, Advance, Command as Work, Deployment, Gas, LocalWorld, Outcome, Payment, Query, Settings,
    Transaction, Transfer, Upgrade, WorldError,
};
use serde::Serialize;

use crate::module_file::{self, ModuleFileError};
use crate::output;
use args::{Command, Watch};
use report::Report;
use show::{Details, Overview};

pub use args::WorldArgs;

/// Seconds between two blocks of the protocol.
const BLOCK_SECONDS: u64 = 6;
/// Rows of each table of a profile.
const PROFILE_ROWS: usize = 15;

/// Why there is nothing to report.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    World(#[from] WorldError),
    #[error("{0}")]
    Module(#[from] ModuleFileError),
    #[error("the VM cannot be set up: {0}")]
    Machine(MachineError),
    #[error("no gas schedule is called {0:?}; there are {list}", list = Schedule::bundled_names().collect::<Vec<_>>().join(", "))]
    Schedule(String),
    #[error("no contract ran here, so there is no trace; the command has been carried out")]
    NothingTraced,
    #[error("{}: {error}", .path.display())]
    Write { path: PathBuf, error: io::Error },
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::World(error) if error.is_of_world() => 3,
            _ => 2,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::World(WorldError::Missing(_)) => {
                Some("`arwen world init` makes one; --world or ARWEN_WORLD names another folder")
            }
            Self::World(WorldError::NoAccount { .. }) => {
                Some("`arwen world show` lists the accounts, `arwen world create-account` makes one")
            }
            _ => None,
        }
    }
}

/// Runs `arwen world …`.
pub fn run(args: WorldArgs) -> ExitCode {
    match execute(args) {
        Ok(code) => code,
        Err(failure) => {
            output::complain(format_args!("arwen world: {failure}"));
            if let Some(hint) = failure.hint() {
                output::complain(format_args!("  {hint}"));
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

fn execute(args: WorldArgs) -> Result<ExitCode, Failure> {
    let (dir, json) = (args.world.as_path(), args.json);
    let (work, watch) = match args.command {
        Command::Init { gas_schedule, shards } => {
            let settings = Settings {
                gas_schedule: GasSchedule::from_name(&gas_schedule).ok_or(Failure::Schedule(gas_schedule))?,
                shards: NonZeroU32::new(shards).unwrap_or(NonZeroU32::MIN),
            };
            let world = LocalWorld::create(dir, settings)?;
            return print(json, &Overview::new(dir, &world.state()?));
        }
        Command::Show { address: None } => {
            return print(json, &Overview::new(dir, &LocalWorld::open(dir)?.state()?));
        }
        Command::Show { address: Some(text) } => {
            let (address, account) = LocalWorld::open(dir)?.account(&text)?;
            return print(json, &Details::new(&address, &account));
        }
        Command::Export { file } => return export(dir, file.as_deref()),
        Command::CreateAccount {
            address,
            balance,
            esdt,
        } => (
            Work::CreateAccount(Account {
                address,
                balance,
                esdt,
            }),
            Watch::default(),
        ),
        Command::Deploy {
            code,
            arguments,
            at,
            metadata,
            value,
            sender,
        } => {
            let deployment = Deployment {
                gas: gas(&sender),
                id: sender.id,
                from: sender.from,
                code: module_file::read(&code)?,
                metadata,
                at,
                arguments,
                value,
            };
            (Work::Deploy(deployment), sender.watch)
        }
        Command::Upgrade {
            contract,
            code,
            arguments,
            sender,
        } => {
            let upgrade = Upgrade {
                gas: gas(&sender),
                id: sender.id,
                from: sender.from,
                to: contract,
                code: module_file::read(&code)?,
                arguments,
            };
            (Work::Upgrade(upgrade), sender.watch)
        }
        Command::Call {
            contract,
            function,
            arguments,
            payment,
            sender,
        } => {
            let call = Transaction {
                gas: gas(&sender),
                id: sender.id,
                from: sender.from,
                to: contract,
                function,
                arguments,
                payment: payment.into(),
            };
            (Work::Call(call), sender.watch)
        }
        Command::Query {
            contract,
            function,
            arguments,
            watch,
        } => {
            let query = Query {
                to: contract,
                function,
                arguments,
            };
            (Work::Query(query), watch)
        }
        Command::Transfer {
            from,
            to,
            payment,
            id,
        } => {
            let payment = payment.into();
            (
                Work::Transfer(Transfer {
                    id,
                    from,
                    to,
                    payment,
                }),
                Watch::default(),
            )
        }
        Command::Advance {
            blocks,
            time,
            epochs,
            seed,
        } => (
            Work::Advance(advance(blocks, time, epochs, seed)),
            Watch::default(),
        ),
    };
    let world = LocalWorld::open(dir)?;
    let (outcome, profile) = match &watch {
        Watch { profile: true, .. } => {
            let mut machine = RecordingMachine::new().map_err(Failure::Machine)?;
            let outcome = world.execute(&mut machine, &work)?;
            let profile = Profile::of(machine.recorder());
            (outcome, Some(table(&profile, PROFILE_ROWS)))
        }
        Watch {
            trace: Some(path), ..
        } => (traced(&world, &work, dir, path)?, None),
        _ => {
            let mut machine = ExplainingMachine::new(VmMachine::interpreter().map_err(Failure::Machine)?);
            (world.execute(&mut machine, &work)?, None)
        }
    };
    print(json, &Report::new(&work, &outcome))?;
    if let Some(profile) = profile {
        write(format_args!("\n{profile}"))?;
    }
    Ok(ExitCode::from(u8::from(failed(&outcome))))
}

/// Carries out a command, and writes what it ran to a file. The file must be writable before anything happens.
fn traced(world: &LocalWorld, work: &Work, dir: &Path, path: &Path) -> Result<Outcome, Failure> {
    let write_error = |error| Failure::Write {
        path: path.to_owned(),
        error,
    };
    let mut file = File::create(path).map_err(write_error)?;
    let name = format!("world {}", dir.display());
    // A command runs one transaction at most.
    let mut machine = TracingMachine::new(name, Wanted::Number(1)).map_err(Failure::Machine)?;
    let outcome = world.execute(&mut machine, work)?;
    let [trace] = machine.traces() else {
        return Err(Failure::NothingTraced);
    };
    let text = trace
        .to_json()
        .map_err(|error| write_error(io::Error::other(error)))?;
    file.write_all(text.as_bytes()).map_err(write_error)?;
    Ok(outcome)
}

fn failed(outcome: &Outcome) -> bool {
    let output = outcome.output.as_ref();
    output.is_some_and(|output| output.return_code != ReturnCode::Ok)
}

fn gas(sender: &args::Sender) -> Gas {
    Gas {
        limit: sender.gas_limit,
        price: sender.gas_price,
    }
}

impl From<args::Payment> for Payment {
    fn from(args::Payment { value, esdt }: args::Payment) -> Self {
        Self { value, esdt }
    }
}

/// What is not said follows from what is: a block takes [`BLOCK_SECONDS`].
fn advance(blocks: Option<u64>, seconds: Option<u64>, epochs: u32, seed: Option<String>) -> Advance {
    let blocks = blocks.unwrap_or_else(|| seconds.map_or(1, |seconds| (seconds / BLOCK_SECONDS).max(1)));
    Advance {
        blocks,
        seconds: seconds.unwrap_or_else(|| blocks.saturating_mul(BLOCK_SECONDS)),
        epochs,
        seed,
    }
}

fn export(dir: &Path, file: Option<&Path>) -> Result<ExitCode, Failure> {
    let name = file
        .and_then(Path::file_name)
        .map(|name| name.to_string_lossy().trim_end_matches(".scen.json").to_owned());
    let text = LocalWorld::open(dir)?.export(&name.unwrap_or_else(|| "session".to_owned()))?;
    match file {
        None => write(text),
        Some(path) => std::fs::write(path, text)
            .map(|()| ExitCode::SUCCESS)
            .map_err(|error| Failure::Write {
                path: path.to_owned(),
                error,
            }),
    }
}

fn print(json: bool, report: &(impl Serialize + Display)) -> Result<ExitCode, Failure> {
    match json {
        true => write(serde_json::to_string_pretty(report).unwrap_or_default() + "\n"),
        false => write(format_args!("{report}\n")),
    }
}

fn write(text: impl Display) -> Result<ExitCode, Failure> {
    output::print(text)
        .map(|()| ExitCode::SUCCESS)
        .map_err(|error| Failure::Write {
            path: "standard output".into(),
            error,
        })
}
