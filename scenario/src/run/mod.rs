//! Runs scenarios: one world a scenario, one VM for all of them.

mod machine;
mod sharded;
mod state;
mod tx;
mod vm;

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use crate::check;
use crate::files::Directory;
use crate::json::Pos;
use crate::model::{ExpectedResult, GasSchedule, Scenario, Step, StepKind, TxStep};
use crate::parse::Parser;
use crate::shards::Arrival;
use crate::world::World;
use crate::write;

pub use machine::{Machine, MachineError};
pub use sharded::{Between, deliver, send};
pub use state::set_state;
pub use tx::{Transacted, transact};
pub use vm::{VmMachine, scenario_prices, scenario_settings, scenario_vm};

/// Step files that include each other deeper than this include themselves.
const MAX_INCLUDES: usize = 64;

/// Why a scenario failed, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The file: the scenario, or the step file it includes.
    pub file: PathBuf,
    /// The place in the file: of a mistake in it, or where the failed step begins.
    pub pos: Option<Pos>,
    /// The failed step: its type, and its name when it is a transaction.
    pub step: Option<String>,
    /// What went wrong, in the reference's words.
    pub message: String,
    /// Where contracts stopped, when a call failed that should not have; see [`Machine::stops`].
    pub stops: Vec<String>,
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What went wrong, in the reference's words.
    pub message: String,
    /// Where contracts stopped; see [`Machine::stops`].
    pub stops: Vec<String>,
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self {
            message,
            stops: Vec::new(),
        }
    }
}

/// Runs scenarios on a machine.
pub struct Runner<M> {
    machine: M,
    world: World,
    between: Between,
    check_gas: bool,
    dumps: Vec<String>,
}

impl<M: Machine> Runner<M> {
    /// A runner with an empty world.
    pub fn new(machine: M) -> Self {
        Self {
            machine,
            world: World::for_scenario(),
            between: Between::default(),
            check_gas: true,
            dumps: Vec::new(),
        }
    }

    /// The machine.
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// The machine, to be asked or changed between two runs.
    pub fn machine_mut(&mut self) -> &mut M {
        &mut self.machine
    }

    /// The machine, when there is nothing more to run.
    pub fn into_machine(self) -> M {
        self.machine
    }

    /// The world, as the last scenario left it.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// What `dumpState` steps of the last scenario printed.
    pub fn dumps(&self) -> &[String] {
        &self.dumps
    }

    /// Runs a scenario file in an empty world, at the prices of `schedule`, or, when there is none, at its own.
    ///
    /// # Errors
    /// The first mistake, failed check or refused transaction.
    pub fn run_file(&mut self, file: &Path, schedule: Option<GasSchedule>) -> Result<(), Failure> {
        self.reset();
        self.run_scenario(&load(file)?, file, schedule)
    }

    fn reset(&mut self) {
        self.world = World::for_scenario();
        self.dumps.clear();
    }

    /// Runs a scenario that has been read, as [`run_file`](Self::run_file) does. Step files that it includes are relative to
    /// `file`.
    ///
    /// # Errors
    /// The first failed check or refused transaction, or the first mistake in a step file.
    pub fn run_scenario(
        &mut self,
        scenario: &Scenario,
        file: &Path,
        schedule: Option<GasSchedule>,
    ) -> Result<(), Failure> {
        self.reset();
        self.between = Between::new(scenario.shards);
        let schedule = schedule.unwrap_or(scenario.gas_schedule);
        self.machine.set_schedule(schedule).map_err(|error| Failure {
            file: file.to_owned(),
            pos: None,
            step: None,
            message: error.to_string(),
            stops: Vec::new(),
        })?;
        self.run(scenario, file, 0)
    }

    fn run(&mut self, scenario: &Scenario, file: &Path, depth: usize) -> Result<(), Failure> {
        // Of an included file too, and for good: the rest of the including file follows it.
        self.check_gas = scenario.check_gas;
        scenario
            .steps
            .iter()
            .try_for_each(|step| self.step(step, file, depth))
    }

    fn step(&mut self, step: &Step, file: &Path, depth: usize) -> Result<(), Failure> {
        let result = match &step.kind {
            StepKind::External { path } => return self.external(step, path, file, depth),
            StepKind::SetState(set) => set_state(set, &mut self.world),
            StepKind::CheckState(expected) => check::accounts(expected, &self.world),
            StepKind::DumpState => write::dump(&self.world).map(|text| self.dumps.push(text)),
            StepKind::Tx(tx) if self.between.shards > NonZeroU32::MIN => self.send(tx),
            StepKind::Deliver { expect } => self.deliver(expect.as_deref()),
            StepKind::Tx(tx) => {
                let ended = tx::execute(&mut self.machine, &mut self.world, tx, self.check_gas);
                return ended.map_err(|refusal| failure(step, file, refusal));
            }
        };
        result.map_err(|message| failure(step, file, message.into()))
    }

    fn send(&mut self, step: &TxStep) -> Result<(), String> {
        let done = send(&mut self.machine, &mut self.world, &mut self.between, step)
            .map_err(|refusal| refusal.message)?;
        match (&step.expect, done) {
            (None, _) => Ok(()),
            (Some(expected), Some(done)) => check::result(&step.id, expected, self.check_gas, &done.output),
            (Some(_), None) => Err(format!(
                "Tx {} has left for another shard; its result is one of a later deliver step",
                step.id
            )),
        }
    }

    fn deliver(&mut self, expected: Option<&[ExpectedResult]>) -> Result<(), String> {
        let arrivals = deliver(&mut self.machine, &mut self.world, &mut self.between)
            .map_err(|refusal| refusal.message)?;
        let Some(expected) = expected else { return Ok(()) };
        let outputs: Vec<_> = arrivals.iter().filter_map(Arrival::output).collect();
        if outputs.len() != expected.len() {
            return Err(format!(
                "wrong number of results. Want: {}. Have: {}",
                expected.len(),
                outputs.len()
            ));
        }
        let mut pairs = expected.iter().zip(outputs).enumerate();
        pairs.try_for_each(|(index, (expected, output))| {
            check::result(
                &format!("delivery {}", index + 1),
                expected,
                self.check_gas,
                output,
            )
        })
    }

    fn external(&mut self, step: &Step, path: &str, file: &Path, depth: usize) -> Result<(), Failure> {
        let included = Directory::of_file(file).resolve(path);
        if depth == MAX_INCLUDES {
            let message = format!("step files include each other deeper than {MAX_INCLUDES} levels");
            return Err(failure(step, file, message.into()));
        }
        // A file that cannot even be opened is the including file's mistake.
        let scenario = load(&included).map_err(|error| match error.pos {
            Some(_) => error,
            None => failure(step, file, error.message.into()),
        })?;
        self.run(&scenario, &included, depth + 1)
    }
}

fn failure(step: &Step, file: &Path, Refusal { message, stops }: Refusal) -> Failure {
    Failure {
        file: file.to_owned(),
        pos: Some(step.pos),
        step: Some(step_name(step)),
        message,
        stops,
    }
}

fn step_name(step: &Step) -> String {
    match &step.kind {
        StepKind::External { .. } => "externalSteps".to_owned(),
        StepKind::SetState(_) => "setState".to_owned(),
        StepKind::CheckState(_) => "checkState".to_owned(),
        StepKind::DumpState => "dumpState".to_owned(),
        StepKind::Deliver { .. } => "deliver".to_owned(),
        StepKind::Tx(tx) => format!("{} \"{}\"", tx.tx.kind.step_name(), tx.id),
    }
}

/// Reads and parses a file.
///
/// # Errors
/// When it cannot be read, or is no scenario.
pub fn load(file: &Path) -> Result<Scenario, Failure> {
    let error = |pos, message| Failure {
        file: file.to_owned(),
        pos,
        step: None,
        message,
        stops: Vec::new(),
    };
    let bytes = std::fs::read(file).map_err(|e| error(None, format!("open {}: {e}", file.display())))?;
    let text = String::from_utf8(bytes).map_err(|e| error(None, format!("not UTF-8: {e}")))?;
    let files = Directory::of_file(file);
    Parser::new(&files)
        .scenario(&text)
        .map_err(|e| error(Some(e.pos), e.message))
}
