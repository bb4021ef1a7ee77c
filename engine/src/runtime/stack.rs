//! The logical stack: counted alike in every tier and across guest → host → guest.
//!
//! A frame takes `Body::frame_slots`; an invocation starts with the configured limit or, inside a host call, with
//! what was left there less [`HOST_CALL_SLOTS`]. A frame that does not fit traps `StackOverflow` before its function
//! charges anything.

use std::cell::Cell;

/// Slots of the logical stack that a host function takes from the invocations it makes: what stands between two guest
/// frames (the tier, the host function, the store it makes) takes native stack as well. At 64 bytes a slot, as for
/// frames, 32 KiB.
pub const HOST_CALL_SLOTS: u32 = 512;

thread_local! {
    /// Slots left to what the innermost host call on this thread invokes, set by each; outside of any, no bound.
    static REMAINING: Cell<u32> = const { Cell::new(u32::MAX) };
}

/// An invocation under way. What was left around it is left again when it is dropped.
#[derive(Debug)]
pub(crate) struct Invoking(u32);

impl Invoking {
    /// Begins one.
    #[inline]
    pub fn begin() -> Self {
        Self(REMAINING.get())
    }

    /// Slots it may use.
    #[inline]
    pub fn budget(&self, limit: u32) -> u32 {
        self.0.min(limit)
    }
}

impl Drop for Invoking {
    #[inline]
    fn drop(&mut self) {
        REMAINING.set(self.0);
    }
}

/// Notes that the innermost invocation calls a host function with `remaining` slots left. When that has returned nobody
/// looks until the next call, or the end of the invocation.
#[inline]
pub(crate) fn host_call(remaining: u32) {
    REMAINING.set(remaining.saturating_sub(HOST_CALL_SLOTS));
}
