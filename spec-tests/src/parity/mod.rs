//! Do the tiers make the same of a module, and the same as another engine?
//!
//! [`generate`] and [`shapes`] make modules. A [`subject`] is a module in one of our tiers, [`mod@reference`] is the same module in wasmi;
//! both are given the same [`inputs`] and [`observe`] says what is written down of a run: results, traps, host calls
//! and the gas at each, memory, globals and tables at the end. wasmi counts no gas.

pub mod generate;
pub mod inputs;
pub mod observe;
pub mod reference;
mod rephrase;
pub mod shapes;
pub mod subject;

use arwen_engine::{Refusal, Ruleset, Trap};

use observe::{Event, Observation, first_difference};
use reference::Reference;
use subject::{Prices, Subject};

/// Gas that a generated module may use. Most loops that never end are stopped by it.
pub const GAS_LIMIT: u64 = 50_000;

/// Programs that use more gas than this are not run once for every limit. Unit: gas.
pub const SWEEP_MAX: u64 = 400;

/// A module in every tier and with every kind of memory bounds.
#[derive(Debug)]
pub struct Panel {
    subjects: Vec<Subject>,
    seed: u64,
}

/// How far a run could be compared with the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// To its end.
    Whole,
    /// Until one of the two ran out of what each measures in its own way: gas and stack.
    UntilExhausted,
}

impl Panel {
    /// Compiles a module in all ways. `seed` decides the arguments of its functions, and whether they have a small stack.
    ///
    /// # Errors
    /// When it does not compile, in words.
    pub fn new(wasm: &[u8], rules: &'static Ruleset, seed: u64, prices: Prices) -> Result<Self, String> {
        Ok(Self {
            subjects: Subject::all(wasm, rules, prices, seed % 4 == 1, seed)?,
            seed,
        })
    }

    /// Why a tier does not run the module natively, if one has refused that.
    pub fn refusal(&self) -> Option<Refusal> {
        self.subjects.iter().find_map(Subject::refusal)
    }

    /// Runs all with a gas limit.
    ///
    /// # Errors
    /// The first difference, in words.
    pub fn compare(&self, gas_limit: u64) -> Result<Observation, String> {
        let mut runs = self
            .subjects
            .iter()
            .map(|subject| (subject.way(), subject.observe(self.seed, gas_limit)));
        let Some((first, wanted)) = runs.next() else {
            return Err("no way to run it in".to_owned());
        };
        for (way, run) in runs {
            if let Some(difference) = wanted.difference(&run) {
                return Err(format!("{first:?} and {way:?} differ: {difference}"));
            }
        }
        Ok(wanted)
    }

    /// Runs all with every gas limit from 0 to what they need and one more.
    ///
    /// # Errors
    /// The first difference, in words.
    pub fn sweep(&self, needed: u64) -> Result<(), String> {
        for gas_limit in 0..=needed.saturating_add(1) {
            self.compare_at(gas_limit)?;
        }
        Ok(())
    }

    /// Stops all at one check of the limit after the other, from the first that `from` does not pass: with the gas that
    /// the check finds used, which is the most that it stops, and with one more, which stops at the next one. Between
    /// those two limits of neighbouring checks the outcome is the same, so these are as good as all limits. Returns the
    /// limit to go on with after so many `checks`, or `None` when a run was not stopped or would need more than `most`.
    ///
    /// # Errors
    /// The first difference, in words.
    pub fn climb(&self, from: u64, checks: u32, most: u64) -> Result<Option<u64>, String> {
        let mut gas_limit = from;
        for _ in 0..checks {
            if gas_limit > most {
                return Ok(None);
            }
            let run = self.compare_at(gas_limit)?;
            let stops = |event: &&Event| event.trap == Some(Trap::OutOfGas);
            let Some(found) = run.events.iter().find(stops).map(|event| event.gas) else {
                return Ok(None);
            };
            if found != gas_limit && found <= most {
                self.compare_at(found)?;
            }
            gas_limit = found.saturating_add(1);
        }
        Ok(Some(gas_limit))
    }

    fn compare_at(&self, gas_limit: u64) -> Result<Observation, String> {
        self.compare(gas_limit)
            .map_err(|error| format!("with a gas limit of {gas_limit}: {error}"))
    }

    /// Holds a run against the reference, gas aside.
    ///
    /// # Errors
    /// The first difference, in words.
    pub fn follow(&self, run: &Observation, wasm: &[u8]) -> Result<Followed, String> {
        let mut reference = Reference::new(wasm)?.observe(self.seed);
        let mut ours: Vec<Event> = run.events.iter().map(without_gas).collect();
        for event in ours.iter_mut().chain(&mut reference.events) {
            event.forget_which_segment();
        }
        for (event, theirs) in ours.iter_mut().zip(&reference.events) {
            event.memory = event.memory.filter(|_| theirs.memory.is_some());
        }
        let exhausted = |events: &[Event]| {
            let stops = |event: &Event| matches!(event.trap, Some(Trap::OutOfGas | Trap::StackOverflow));
            events.iter().position(stops)
        };
        let ends = [exhausted(&ours), exhausted(&reference.events)];
        let (difference, followed) = match ends.into_iter().flatten().min() {
            // Where one stopped, the other went on; both have come as far.
            Some(end) => {
                let until = |events: &[Event]| events[..end.min(events.len())].to_vec();
                let difference = first_difference(&until(&ours), &until(&reference.events));
                (difference, Followed::UntilExhausted)
            }
            None => {
                let difference = first_difference(&ours, &reference.events);
                let difference = difference.or_else(|| first_difference(&run.state, &reference.state));
                (difference, Followed::Whole)
            }
        };
        match difference {
            Some(difference) => Err(format!("we and the reference differ: {difference}")),
            None => Ok(followed),
        }
    }
}

/// An event in the words of the reference.
fn without_gas(event: &Event) -> Event {
    Event {
        gas: 0,
        trap: match event.trap {
            Some(Trap::UndefinedElement) => Some(Trap::TableOutOfBounds),
            other => other,
        },
        ..event.clone()
    }
}
