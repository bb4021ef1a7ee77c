//! Orders to stop a run or a wait, from the thread that reads them to the dialogue they are meant for.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arwen_eei::Interrupt;

/// Which run is on, and which one is to be stopped. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Interrupts(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Told of every order.
    ordered: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The latest dialogue to be stopped; an order may come before its request.
    wanted: u64,
    running: Option<(u64, Interrupt)>,
}

impl Interrupts {
    /// Stops the run of this dialogue, now or as soon as it begins. Does nothing when it is over.
    pub fn order(&self, dialogue: u64) {
        let mut state = self.lock();
        state.wanted = state.wanted.max(dialogue);
        if let Some((running, interrupt)) = &state.running
            && *running == dialogue
        {
            interrupt.raise();
        }
        self.0.ordered.notify_all();
    }

    /// Does nothing for this long, on behalf of this dialogue. Returns whether it was stopped before.
    pub fn wait(&self, dialogue: u64, time: Duration) -> bool {
        let ordered = &self.0.ordered;
        let state = ordered.wait_timeout_while(self.lock(), time, |state| state.wanted != dialogue);
        let (state, _) = state.unwrap_or_else(PoisonError::into_inner);
        state.wanted == dialogue
    }

    /// The run of this dialogue begins; `interrupt` stops it. It lasts until the result is dropped.
    pub fn begin(&self, dialogue: u64, interrupt: Interrupt) -> Running<'_> {
        let mut state = self.lock();
        if state.wanted == dialogue {
            interrupt.raise();
        }
        state.running = Some((dialogue, interrupt));
        Running(self)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is whole, so a panic elsewhere cannot have broken anything.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run that can be stopped.
#[derive(Debug)]
pub struct Running<'a>(&'a Interrupts);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some((_, interrupt)) = self.0.lock().running.take()
            && interrupt.is_raised()
        {
            interrupt.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_stops_its_own_dialogue_whenever_it_comes() {
        let interrupts = Interrupts::default();
        let flag = Interrupt::new();
        interrupts.order(2);
        drop(interrupts.begin(1, flag.clone()));
        assert!(!flag.is_raised());
        {
            // It came early.
            let _run = interrupts.begin(2, flag.clone());
            assert!(flag.is_raised());
        }
        assert!(!flag.is_raised());
        let _run = interrupts.begin(3, flag.clone());
        interrupts.order(2);
        assert!(!flag.is_raised());
        interrupts.order(3);
        assert!(flag.is_raised());
    }

    #[test]
    fn an_order_ends_a_wait_of_its_dialogue_alone() {
        let interrupts = Interrupts::default();
        interrupts.order(1);
        assert!(!interrupts.wait(2, Duration::from_millis(1)));
        let waiter = {
            let interrupts = interrupts.clone();
            std::thread::spawn(move || interrupts.wait(3, Duration::MAX))
        };
        interrupts.order(3);
        assert!(waiter.join().unwrap());
        // It came early.
        interrupts.order(4);
        assert!(interrupts.wait(4, Duration::MAX));
    }
}
