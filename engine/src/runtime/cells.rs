//! The gas meter of a store and the interrupt flag, which share one memory cell.
//!
//! Running code adds to `used` and, at check points, traps when `used >= limit`. To preempt, another thread
//! stores 0 in `limit`: the next check fails, and the trap path tells the two reasons apart. Compiled code finds the
//! limit in the context of its instance, so the cell has a copy there; all are written under one lock.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{Thread, ThreadId};

use super::apart::Helpers;
use super::context::LimitSlot;
use crate::trap::Trap;

/// What running code shares with the rest of the world; one per store. The layout is read by compiled code.
#[repr(C)]
#[derive(Debug, Default)]
pub(crate) struct StoreCells {
    /// Gas used so far. Written by the thread that runs the store; atomic only so that handles may be shared.
    pub used: AtomicU64,
    /// What checks compare with: the gas limit, or 0 while the interrupt is raised.
    pub limit: AtomicU64,
    /// The gas limit as it was set.
    real_limit: AtomicU64,
    /// Copies of `limit`, one an instance.
    copies: Mutex<Vec<LimitSlot>>,
}

impl StoreCells {
    /// Adds a copy of the limit cell, kept equal from here on.
    pub fn attach(&self, copy: LimitSlot) {
        let mut copies = self.lock();
        copy.set(self.limit.load(Ordering::SeqCst));
        copies.push(copy);
    }

    /// Sets the limit cell and its copies; they are locked by the caller, who has decided on the value under the lock.
    fn show(&self, copies: &[LimitSlot], limit: u64) {
        self.limit.store(limit, Ordering::SeqCst);
        for copy in copies {
            copy.set(limit);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<LimitSlot>> {
        // The list is valid at every moment, so a panic elsewhere cannot have broken it.
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why a failed limit check failed: gas first, so that an exhausted run reports gas whatever else happens.
    pub fn why_stopped(&self) -> Trap {
        if self.used.load(Ordering::Relaxed) >= self.real_limit.load(Ordering::Relaxed) {
            Trap::OutOfGas
        } else {
            Trap::Interrupted
        }
    }
}

/// Handle to the gas meter of a store. Clones are the same meter.
#[derive(Debug, Clone)]
pub struct Meter {
    cells: Arc<StoreCells>,
    interrupt: Interrupt,
}

impl Meter {
    pub(crate) fn new(interrupt: &Interrupt) -> Self {
        let cells = Arc::new(StoreCells::default());
        let mut list = interrupt.lock();
        list.retain(|cells| cells.strong_count() > 0);
        list.push(Arc::downgrade(&cells));
        drop(list);
        Self {
            cells,
            interrupt: interrupt.clone(),
        }
    }

    pub(crate) fn cells(&self) -> &Arc<StoreCells> {
        &self.cells
    }

    /// The interrupt that stops this store.
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Gas used so far.
    pub fn used(&self) -> u64 {
        self.cells.used.load(Ordering::Relaxed)
    }

    /// Sets the gas used. Arithmetic rules (saturating, clamped) belong to the caller.
    pub fn set_used(&self, gas: u64) {
        self.cells.used.store(gas, Ordering::Relaxed);
    }

    /// The gas limit as last set; an interrupt does not change it.
    pub fn limit(&self) -> u64 {
        self.cells.real_limit.load(Ordering::Relaxed)
    }

    /// Sets the gas limit. While the interrupt is raised, checks go on failing.
    pub fn set_limit(&self, gas: u64) {
        let copies = self.cells.lock();
        self.cells.real_limit.store(gas, Ordering::SeqCst);
        // Who raises or clears the flag after this look writes the cell after this one, as the lock is held.
        let shown = if self.interrupt.is_raised() { 0 } else { gas };
        self.cells.show(&copies, shown);
    }
}

/// Stops running code from another thread. Clones are the same flag; many stores may listen to one.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    raised: AtomicBool,
    stores: Mutex<Vec<Weak<StoreCells>>>,
    /// Threads that sleep until the flag is raised.
    waiting: Mutex<Vec<Thread>>,
    /// Threads for work that cannot look at the flag.
    helpers: Arc<Helpers>,
}

/// A thread that is woken when the flag is raised, as long as this lives.
pub(super) struct Waiting<'a> {
    interrupt: &'a Interrupt,
    thread: ThreadId,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = self.interrupt.waiting();
        if let Some(at) = waiting.iter().position(|thread| thread.id() == self.thread) {
            waiting.swap_remove(at);
        }
    }
}

impl Interrupt {
    /// A flag that is down and that no store listens to yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises the flag: every store that listens stops at its next check with [`crate::Trap::Interrupted`].
    pub fn raise(&self) {
        let list = self.lock();
        self.0.raised.store(true, Ordering::SeqCst);
        for cells in list.iter().filter_map(Weak::upgrade) {
            let copies = cells.lock();
            cells.show(&copies, 0);
        }
        drop(list);
        // Who wakes up finds no lock held.
        let waiting = self.waiting().clone();
        waiting.iter().for_each(Thread::unpark);
    }

    /// Wakes a thread when the flag is raised from now on. Who waits looks at the flag after this.
    pub(super) fn wait_on(&self, thread: Thread) -> Waiting<'_> {
        let id = thread.id();
        self.waiting().push(thread);
        Waiting {
            interrupt: self,
            thread: id,
        }
    }

    pub(super) fn helpers(&self) -> &Arc<Helpers> {
        &self.0.helpers
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Thread>> {
        // As with the stores.
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lowers the flag and gives every store its limit back.
    pub fn clear(&self) {
        let list = self.lock();
        self.0.raised.store(false, Ordering::SeqCst);
        for cells in list.iter().filter_map(Weak::upgrade) {
            let copies = cells.lock();
            cells.show(&copies, cells.real_limit.load(Ordering::SeqCst));
        }
    }

    /// Is the flag up?
    pub fn is_raised(&self) -> bool {
        self.0.raised.load(Ordering::SeqCst)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<StoreCells>>> {
        // The list is valid at every moment, so a panic elsewhere cannot have broken it.
        self.0.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raising_zeroes_the_cell_and_clearing_restores_it() {
        let interrupt = Interrupt::new();
        let meter = Meter::new(&interrupt);
        meter.set_limit(7);
        interrupt.raise();
        assert_eq!((meter.limit(), meter.cells.limit.load(Ordering::Relaxed)), (7, 0));
        meter.set_limit(9);
        assert_eq!((meter.limit(), meter.cells.limit.load(Ordering::Relaxed)), (9, 0));
        interrupt.clear();
        assert_eq!(meter.cells.limit.load(Ordering::Relaxed), 9);
    }

    #[test]
    fn dead_stores_are_forgotten() {
        let interrupt = Interrupt::new();
        for _ in 0..100 {
            drop(Meter::new(&interrupt));
        }
        assert!(interrupt.lock().len() <= 1);
    }
}
