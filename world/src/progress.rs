//! A command under way: its steps, one after the other, in the in-memory world.

use arwen_scenario::files::NoFiles;
use arwen_scenario::json::Json;
use arwen_scenario::model::{Step as Parsed, StepKind, TxKind, TxStep};
use arwen_scenario::run::{Between, Refusal, Transacted, deliver, send, set_state, transact};
use arwen_scenario::shards::Arrival;
use arwen_scenario::{Machine, Parser, World, write};

use crate::command::Advance;
use crate::steps::{self, Step};
use crate::{Command, WorldError};

/// What the steps have done so far.
pub(crate) struct Progress<'a, M> {
    machine: &'a mut M,
    /// The world they have led to.
    pub world: World,
    /// What is between its shards.
    pub between: Between,
    /// The steps, with their results.
    pub steps: Vec<Json>,
    /// What the transaction came to, if it has come to anything yet.
    pub done: Option<Transacted>,
    /// What has arrived from other shards.
    pub arrivals: Vec<Arrival>,
    /// Whether there was a transaction.
    pub with_id: bool,
}

impl<'a, M: Machine> Progress<'a, M> {
    /// Nothing yet.
    pub fn new(machine: &'a mut M, world: World, between: Between) -> Self {
        Self {
            machine,
            world,
            between,
            steps: Vec::new(),
            done: None,
            arrivals: Vec::new(),
            with_id: false,
        }
    }

    /// Carries out a command; `id` is the name of its transaction, should it have one.
    pub fn run(&mut self, command: &Command, id: &str) -> Result<(), WorldError> {
        match command {
            Command::Advance(time) => self.advance(time.clone()),
            command => steps::of(command, &self.world, id)?
                .into_iter()
                .try_for_each(|step| self.step(step)),
        }
    }

    /// While something is on its way between shards, block after block, and at each all of it arrives. Then all at once.
    fn advance(&mut self, mut time: Advance) -> Result<(), WorldError> {
        while time.blocks > 0 && !self.between.journey.travelling.is_empty() {
            let seconds = time.seconds / time.blocks;
            let one = Advance {
                blocks: 1,
                seconds,
                epochs: std::mem::take(&mut time.epochs),
                seed: time.seed.take(),
            };
            self.step(steps::advance(&one, &self.world)?)?;
            self.step(vec![("step", Json::str("deliver"))])?;
            time.blocks -= 1;
            time.seconds -= seconds;
        }
        match time == Advance::default() && !self.steps.is_empty() {
            true => Ok(()),
            false => self.step(steps::advance(&time, &self.world)?),
        }
    }

    fn step(&mut self, mut step: Step) -> Result<(), WorldError> {
        match parse(Json::map(step.clone()))?.kind {
            StepKind::SetState(set) => set_state(&set, &mut self.world).map_err(WorldError::Refused)?,
            StepKind::Tx(tx) => {
                self.done = self.transact(&tx).map_err(refused)?;
                self.with_id = true;
                if let Some(done) = self.done.as_ref().filter(|_| tx.tx.kind.runs_contract()) {
                    let is_query = tx.tx.kind == TxKind::ScQuery;
                    step.push(("expect", write::expected(&done.output, is_query)));
                }
            }
            StepKind::Deliver { .. } => {
                let arrivals = deliver(self.machine, &mut self.world, &mut self.between).map_err(refused)?;
                let outputs = arrivals.iter().filter_map(Arrival::output);
                let expected = outputs.map(|output| write::expected(output, false));
                step.push(("expect", Json::list(expected)));
                self.arrivals.extend(arrivals);
            }
            // Commands make no others.
            StepKind::External { .. } | StepKind::CheckState(_) | StepKind::DumpState => {}
        }
        self.steps.push(Json::map(step));
        Ok(())
    }

    fn transact(&mut self, step: &TxStep) -> Result<Option<Transacted>, Refusal> {
        if self.between.shards.get() > 1 {
            return send(self.machine, &mut self.world, &mut self.between, step);
        }
        let done = transact(self.machine, &mut self.world, step, |_| true)?;
        Ok(step.tx.kind.runs_contract().then_some(done))
    }
}

fn refused(refusal: Refusal) -> WorldError {
    WorldError::Refused(refusal.message)
}

fn parse(step: Json) -> Result<Parsed, WorldError> {
    Parser::new(&NoFiles)
        .step(&step.into())
        .map_err(|error| WorldError::Refused(error.message))
}
