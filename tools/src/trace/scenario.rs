//! Traces of what scenarios run.

use std::fmt;

use arwen_interface::{BlockchainHook, CallInput, CreateInput, VmOutput};
use arwen_scenario::Machine;
use arwen_scenario::model::{GasSchedule, TxStep};
use arwen_scenario::run::{MachineError, VmMachine};

use super::{CallTrace, TracedVm};
use crate::input::RunInput;
use crate::machine::ExplainingMachine;
use crate::record::Recorder;
use crate::stop::{Stop, stops};

/// Which transaction of a scenario is to be traced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// None; they are only listed.
    Nothing,
    /// The one with this number, from 1: see [`Transaction::number`].
    Number(usize),
    /// The one with this id.
    Id(String),
}

/// A transaction of a scenario that runs a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its number among those of the scenario, from 1, in the order in which they run.
    pub number: usize,
    /// Its step type.
    pub step: &'static str,
    /// Its id.
    pub id: String,
    /// The called function; `init` of a deployment.
    pub function: String,
}

impl fmt::Display for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number,
            step,
            id,
            function,
        } = self;
        write!(f, "{number:>4}  {step:<8}  \"{id}\"  {function}")
    }
}

/// Runs scenarios, or the transactions of a world, and traces one of them.
pub struct TracingMachine {
    machine: ExplainingMachine<VmMachine>,
    schedule: GasSchedule,
    scenario: String,
    wanted: Wanted,
    seen: Vec<Transaction>,
    traces: Vec<CallTrace>,
}

impl TracingMachine {
    /// A machine for one scenario or world, which is called `scenario` in the trace.
    ///
    /// # Errors
    /// When the VM cannot be set up.
    pub fn new(scenario: impl Into<String>, wanted: Wanted) -> Result<Self, MachineError> {
        Ok(Self {
            machine: ExplainingMachine::new(VmMachine::interpreter()?),
            schedule: GasSchedule::Default,
            scenario: scenario.into(),
            wanted,
            seen: Vec::new(),
            traces: Vec::new(),
        })
    }

    /// The transactions so far.
    pub fn transactions(&self) -> &[Transaction] {
        &self.seen
    }

    /// The traces of the wanted transaction: several when several have its id.
    pub fn traces(&self) -> &[CallTrace] {
        &self.traces
    }

    fn wanted(&self) -> Option<&Transaction> {
        self.seen.last().filter(|current| match &self.wanted {
            Wanted::Nothing => false,
            Wanted::Number(number) => current.number == *number,
            Wanted::Id(id) => current.id == *id,
        })
    }

    fn run(&mut self, node: &mut dyn BlockchainHook, input: RunInput) -> Result<VmOutput, MachineError> {
        let Some(Transaction { number, step, id, .. }) = self.wanted() else {
            return match &input {
                RunInput::Create(input) => self.machine.create(node, input),
                RunInput::Call(input) => self.machine.call(node, input),
            };
        };
        let about = format!("{}, transaction {number}: {step} \"{id}\"", self.scenario);
        let trace = CallTrace::record(about, TracedVm::of_scenarios(self.schedule), input, node);
        let trace = trace.map_err(|error| MachineError(error.to_string()))?;
        let outcome = trace.outcome.clone();
        self.traces.push(trace);
        outcome.map_err(|error| MachineError(error.to_string()))
    }
}

impl Machine for TracingMachine {
    fn set_schedule(&mut self, schedule: GasSchedule) -> Result<(), MachineError> {
        self.schedule = schedule;
        self.machine.set_schedule(schedule)
    }

    fn create(
        &mut self,
        node: &mut dyn BlockchainHook,
        input: &CreateInput,
    ) -> Result<VmOutput, MachineError> {
        self.run(node, RunInput::Create(input.clone()))
    }

    fn call(&mut self, node: &mut dyn BlockchainHook, input: &CallInput) -> Result<VmOutput, MachineError> {
        self.run(node, RunInput::Call(input.clone()))
    }

    fn stops(&mut self, node: &mut dyn BlockchainHook) -> Vec<String> {
        let Some(trace) = self.wanted().and(self.traces.last()) else {
            return self.machine.stops(node);
        };
        let mut recorder = Recorder::default();
        match trace.replay_observed(&mut recorder) {
            Ok(_) => stops(&recorder).iter().map(Stop::to_string).collect(),
            // A VM that cannot be set up explains nothing.
            Err(_) => Vec::new(),
        }
    }

    fn begin(&mut self, step: &TxStep) {
        self.machine.begin(step);
        let TxStep { id, tx, .. } = step;
        if tx.kind.runs_contract() {
            self.seen.push(Transaction {
                number: self.seen.len() + 1,
                step: tx.kind.step_name(),
                id: id.clone(),
                function: match tx.kind.has_function() {
                    true => tx.function.clone(),
                    false => "init".to_owned(),
                },
            });
        }
    }
}
