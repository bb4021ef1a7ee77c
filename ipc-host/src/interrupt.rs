//! Stopping a run without stopping the child.
//!
//! The order travels on the profile pipe (fd 6), which the child watches on a thread of its own. It names the dialogue
//! that it is meant for, counted by both sides from the child's start, so one that comes late stops nothing else.
//! Only this driver sends it: to other children it is a profile without patterns, which they do not follow.

use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::frame::{MAX_PAYLOAD, write_log};
use crate::json;
use crate::record;
use crate::wire::{Record, Uint};

/// What stops a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InterruptOrder {
    /// Which dialogue, counted from 1 since the child started; 0 in a message that is no order.
    pub dialogue: u64,
}

record! {
    InterruptOrder, "InterruptOrder" => {
        "InterruptDialogue": Uint => dialogue;
    }
}

/// Stops the operation that its driver is busy with; clones are the same, and any thread may have one.
#[derive(Clone, Debug)]
pub struct InterruptHandle(Orders);

impl InterruptHandle {
    /// Asks for the end of the operation that is running. Returns whether there is one.
    ///
    /// A contract stops at its next check of gas, a wait at once, and the operation fails with
    /// [`Interrupted`](crate::driver::DriverError::Interrupted). The child goes on. An operation that ends by itself
    /// before the order reaches the contract has its own result; so have questions for the version and new prices.
    pub fn interrupt(&self) -> bool {
        let mut state = self.0.lock();
        match state.phase {
            Phase::Idle => return false,
            Phase::Preparing => {}
            Phase::Running if state.wanted => {}
            Phase::Running => state.order(),
        }
        state.wanted = true;
        true
    }

    /// The same, and if no operation is running the next one is stopped, unless [`forget`](Self::forget) comes first.
    pub(crate) fn interrupt_even_before_it_begins(&self) {
        self.0.lock().next_too = true;
        self.interrupt();
    }

    /// Spares the next operation.
    pub(crate) fn forget(&self) {
        self.0.lock().next_too = false;
    }
}

/// The profile pipe, shared by a driver and its handles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orders(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    pipe: Option<File>,
    /// Requests that were sent to the child on the other end of `pipe`.
    dialogues: u64,
    phase: Phase,
    /// Whether the operation is to be stopped.
    wanted: bool,
    /// Whether one that has not begun is to be stopped as well.
    next_too: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// No operation.
    #[default]
    Idle,
    /// The request is not sent yet.
    Preparing,
    /// The request is sent.
    Running,
}

impl State {
    fn order(&mut self) {
        let dialogue = self.dialogues;
        self.write(&InterruptOrder { dialogue });
    }

    /// Best effort: a child that does not read this pipe is found out by the deadline.
    fn write(&mut self, record: &dyn Record) {
        if let Some(pipe) = &mut self.pipe {
            let _ = write_log(pipe, &json::encode_one(record), MAX_PAYLOAD);
        }
    }
}

impl Orders {
    /// Orders go to a child that was just started from now on.
    pub fn attach(&self, pipe: File) {
        let mut state = self.lock();
        state.pipe = Some(pipe);
        state.dialogues = 0;
    }

    /// There is no child any more.
    pub fn detach(&self) {
        self.lock().pipe = None;
    }

    pub fn handle(&self) -> InterruptHandle {
        InterruptHandle(self.clone())
    }

    /// Sends something else on the same pipe.
    pub fn send(&self, record: &dyn Record) {
        self.lock().write(record);
    }

    /// An operation begins.
    pub fn begin(&self) {
        let mut state = self.lock();
        state.phase = Phase::Preparing;
        state.wanted = state.next_too;
    }

    /// The operation's request is sent.
    pub fn sent(&self) {
        let mut state = self.lock();
        state.phase = Phase::Running;
        state.dialogues += 1;
        if state.wanted {
            state.order();
        }
    }

    /// The operation is over.
    pub fn end(&self) {
        self.lock().phase = Phase::Idle;
    }

    /// Whether the operation, or the last one if it is over, was to be stopped.
    pub fn wanted(&self) -> bool {
        self.lock().wanted
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is whole, so a panic elsewhere cannot have broken anything.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::read_log;
    use std::os::fd::OwnedFd;

    #[test]
    fn an_order_is_sent_once_and_only_for_a_request_that_was() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let orders = Orders::default();
        let handle = orders.handle();
        orders.attach(OwnedFd::from(writer).into());
        assert!(!handle.interrupt());
        orders.begin();
        orders.sent();
        orders.end();
        assert!(!handle.interrupt() && !orders.wanted());
        orders.begin();
        assert!(handle.interrupt());
        orders.sent();
        assert!(handle.interrupt() && orders.wanted());
        orders.end();
        orders.detach();
        let mut order = InterruptOrder::default();
        json::decode_one(&read_log(&mut reader, 100).unwrap(), &mut order).unwrap();
        assert_eq!(order.dialogue, 2);
        assert_eq!(read_log(&mut reader, 100).unwrap_err().to_string(), "EOF");
    }
}
