//! Stopping a run without stopping the child.
//!
//! A handle can be bound to an operation or to a lease, so that a watchdog that is late stops nobody else. The order
//! travels on the profile pipe (fd 6), which the child watches on a thread of its own. It names the dialogue that it is
//! meant for, counted by both sides from the child's start, so one that comes late stops nothing else.
//! Only this driver sends it: to other children it is a profile without patterns, which they do not follow.

use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::pipe::PIPE_BUF;

use crate::error::WireError;
use crate::frame::write_log;
use crate::json;
use crate::record;
use crate::wire::{Record, Uint};

/// The longest payload on the profile pipe, in bytes. With its length it is as much as a pipe takes whole or not at all:
/// the pipe never blocks, and after half a frame the child would take what follows for the rest of it.
pub const MAX_ORDER: u32 = PIPE_BUF as u32 - 4;

/// A message for the profile pipe, as it is sent.
///
/// # Errors
/// It is longer than [`MAX_ORDER`].
pub(crate) fn frame(record: &dyn Record) -> Result<Vec<u8>, WireError> {
    let mut frame = Vec::new();
    write_log(&mut frame, &json::encode_one(record), MAX_ORDER)?;
    Ok(frame)
}

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

/// Stops an operation of a driver; clones are the same, and any thread may have one.
///
/// Which operations it can stop depends on where it is from: see
/// [`Driver::interrupt_handle`](crate::driver::Driver::interrupt_handle),
/// [`Driver::next_interrupt_handle`](crate::driver::Driver::next_interrupt_handle) and
/// [`Lease::interrupt_handle`](crate::pool::Lease::interrupt_handle).
#[derive(Clone, Debug)]
pub struct InterruptHandle {
    orders: Orders,
    scope: Scope,
}

/// What a handle can stop.
#[derive(Clone, Copy, Debug)]
enum Scope {
    /// Whatever the driver is busy with.
    Any,
    /// What runs in the lease with this number.
    Lease(u64),
    /// The operation with this number.
    Operation(u64),
}

impl InterruptHandle {
    /// Asks for the end of the operation that is running. Returns whether there is one that this handle can stop.
    ///
    /// A contract stops at its next check of gas, a wait at once, and the operation fails with
    /// [`Interrupted`](crate::driver::DriverError::Interrupted). The child goes on. An operation that ends by itself
    /// before the order reaches the contract has its own result; so have questions for the version and new prices.
    pub fn interrupt(&self) -> bool {
        let mut state = self.orders.lock();
        match self.scope {
            Scope::Operation(number) if number == state.operations + 1 => {
                state.next_too = true;
                return true;
            }
            Scope::Operation(number) if number != state.operations => return false,
            Scope::Lease(number) if number != state.lease => return false,
            _ => {}
        }
        match state.phase {
            Phase::Idle => return false,
            Phase::Preparing => {}
            Phase::Running if state.wanted => {}
            Phase::Running => state.order(),
        }
        state.wanted = true;
        true
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
    /// Messages that were written to `pipe`.
    written: u64,
    phase: Phase,
    /// The number of the operation that began last; the first one is 1.
    operations: u64,
    /// The number of the lease that the driver is in.
    lease: u64,
    /// Whether the operation is to be stopped.
    wanted: bool,
    /// Whether the one after it, which has not begun, is to be stopped as well.
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

/// An operation, which is over when this is dropped: also when a hook or a log handler of the node panics.
#[must_use = "the operation is over when this is dropped"]
pub(crate) struct Begun(Orders);

impl Drop for Begun {
    fn drop(&mut self) {
        self.0.lock().phase = Phase::Idle;
    }
}

impl State {
    fn order(&mut self) {
        let dialogue = self.dialogues;
        // A number is never too long.
        if let Ok(order) = frame(&InterruptOrder { dialogue }) {
            self.write(&order);
        }
    }

    /// Best effort: a child that does not read this pipe is found out by the deadline.
    fn write(&mut self, frame: &[u8]) {
        if let Some(pipe) = &mut self.pipe {
            self.written += u64::from(pipe.write_all(frame).is_ok());
        }
    }
}

impl Orders {
    /// Orders go to a child that was just started from now on.
    pub fn attach(&self, pipe: File) {
        let mut state = self.lock();
        state.pipe = Some(pipe);
        state.dialogues = 0;
        state.written = 0;
    }

    /// There is no child any more.
    pub fn detach(&self) {
        self.lock().pipe = None;
    }

    /// A handle on whatever runs.
    pub fn handle(&self) -> InterruptHandle {
        self.scoped(Scope::Any)
    }

    /// A handle on the operation that begins next.
    pub fn next_handle(&self) -> InterruptHandle {
        let next = self.lock().operations + 1;
        self.scoped(Scope::Operation(next))
    }

    /// A handle on what runs in this lease.
    pub fn lease_handle(&self) -> InterruptHandle {
        let lease = self.lock().lease;
        self.scoped(Scope::Lease(lease))
    }

    fn scoped(&self, scope: Scope) -> InterruptHandle {
        InterruptHandle {
            orders: self.clone(),
            scope,
        }
    }

    /// A lease is over: no handle from it stops anything any longer.
    pub fn end_lease(&self) {
        let mut state = self.lock();
        state.lease += 1;
        // The operation that a handle was waiting for never begins.
        state.operations += 1;
        state.next_too = false;
    }

    /// Sends a [`frame`] on the same pipe.
    pub fn send(&self, frame: &[u8]) {
        self.lock().write(frame);
    }

    /// How many messages the child will have got through this pipe when it has read it to the end.
    pub fn written(&self) -> u64 {
        self.lock().written
    }

    /// An operation begins.
    pub fn begin(&self) -> Begun {
        let mut state = self.lock();
        state.phase = Phase::Preparing;
        state.operations += 1;
        state.wanted = std::mem::take(&mut state.next_too);
        Begun(self.clone())
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
    use crate::log::LogProfile;
    use std::os::fd::OwnedFd;

    /// Numbers of the dialogues that were ordered to stop, when no more orders come.
    fn ordered(orders: Orders, mut reader: impl std::io::Read) -> Vec<u64> {
        orders.detach();
        let mut numbers = Vec::new();
        while let Ok(payload) = read_log(&mut reader, 100) {
            let mut order = InterruptOrder::default();
            json::decode_one(&payload, &mut order).unwrap();
            numbers.push(order.dialogue);
        }
        numbers
    }

    fn attached() -> (Orders, std::io::PipeReader) {
        let (reader, writer) = std::io::pipe().unwrap();
        let orders = Orders::default();
        rustix::io::ioctl_fionbio(&writer, true).unwrap();
        orders.attach(OwnedFd::from(writer).into());
        (orders, reader)
    }

    #[test]
    fn an_order_is_sent_once_and_only_for_a_request_that_was() {
        let (orders, reader) = attached();
        let handle = orders.handle();
        assert!(!handle.interrupt());
        let operation = orders.begin();
        orders.sent();
        drop(operation);
        assert!(!handle.interrupt() && !orders.wanted());
        let operation = orders.begin();
        assert!(handle.interrupt());
        orders.sent();
        assert!(handle.interrupt() && orders.wanted());
        drop(operation);
        assert_eq!(ordered(orders, reader), [2]);
    }

    #[test]
    fn a_handle_stops_nothing_but_what_it_is_for() {
        let (orders, reader) = attached();
        let (first, of_lease) = (orders.next_handle(), orders.lease_handle());
        // Before, during and after its operation.
        assert!(first.interrupt() && !of_lease.interrupt());
        let operation = orders.begin();
        orders.sent();
        assert!(orders.wanted() && first.interrupt() && of_lease.interrupt());
        drop(operation);
        assert!(!first.interrupt() && !of_lease.interrupt());
        let operation = orders.begin();
        orders.sent();
        assert!(!first.interrupt() && !orders.wanted());
        assert!(of_lease.interrupt());
        drop(operation);
        // What it was to stop never began; the next lease begins without its orders.
        let never = orders.next_handle();
        assert!(never.interrupt());
        orders.end_lease();
        let _operation = orders.begin();
        orders.sent();
        assert!(!never.interrupt() && !of_lease.interrupt() && !orders.wanted());
        assert_eq!(ordered(orders, reader), [1, 2]);
    }

    #[test]
    fn what_finds_no_room_in_the_pipe_is_left_out_whole() {
        let (orders, mut reader) = attached();
        let _operation = orders.begin();
        orders.sent();
        // Frames of 3000 bytes leave a rest at the end of a pipe of whole pages.
        let mut filler = frame(&InterruptOrder { dialogue: 1 }).unwrap();
        filler.resize(3000, b' ');
        filler[..4].copy_from_slice(&2996u32.to_le_bytes());
        (0..1000).for_each(|_| orders.send(&filler));
        assert!(orders.handle().interrupt());
        orders.detach();
        let end = loop {
            match read_log(&mut reader, MAX_ORDER) {
                Ok(payload) => assert!(payload.starts_with(b"{")),
                Err(end) => break end,
            }
        };
        assert_eq!(end.to_string(), "EOF");
        let profile = LogProfile {
            patterns: "x".repeat(PIPE_BUF),
            ..LogProfile::default()
        };
        assert!(matches!(frame(&profile), Err(WireError::TooLong { .. })));
    }

    #[test]
    fn an_operation_that_panics_is_over() {
        let (orders, _reader) = attached();
        let panic = std::panic::catch_unwind(|| {
            let _operation = orders.begin();
            orders.sent();
            panic!("a bug of the node");
        });
        assert!(panic.is_err() && !orders.handle().interrupt());
    }
}
