//! A first run, which tells the second where it will call host functions and where it will stop.

use std::collections::BTreeMap;

use arwen_eei::RunObserver;
use arwen_engine::{Observer, Place, Step, Trap};

/// What happens at which operator of a run. Operators are counted from 1, over all contracts.
#[derive(Default)]
pub(super) struct Survey {
    /// How many operators it began.
    pub operators: u64,
    /// The host functions that operators call, by number.
    pub hosts: BTreeMap<u64, u32>,
    /// The operators that code stopped at, each with its place among all of them: see
    /// [`Recorder::traps`](crate::record::Recorder::traps).
    pub traps: BTreeMap<u64, usize>,
    /// The operators that wait for their host functions, innermost last.
    waiting: Vec<u64>,
    /// The operator whose host function has ended last.
    last_host: u64,
    /// How often code has stopped.
    stopped: usize,
}

impl Observer for Survey {
    fn operator(&mut self, _: &Step<'_>) {
        self.operators += 1;
    }

    fn host_enter(&mut self, _: Place, id: u32, _: u64) {
        self.hosts.insert(self.operators, id);
        self.waiting.push(self.operators);
    }

    fn host_leave(&mut self, _: Place, _: u32, _: u64) {
        self.last_host = self.waiting.pop().unwrap_or_default();
    }

    fn trap(&mut self, _: Place, trap: Trap) {
        let at = match trap {
            // Contracts that it called have run since its operator began.
            Trap::Host => self.last_host,
            _ => self.operators,
        };
        self.traps.insert(at, self.stopped);
        self.stopped += 1;
    }
}

impl RunObserver for Survey {}
