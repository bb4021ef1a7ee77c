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
    /// Slots left to what the innermost host call on this thread invokes; outside of any, no bound.
    static REMAINING: Cell<u32> = const { Cell::new(u32::MAX) };
}

/// Slots an invocation that starts now may use.
#[inline]
pub(crate) fn budget(limit: u32) -> u32 {
    REMAINING.get().min(limit)
}

/// Marks a host call with `remaining` slots left, until dropped.
#[derive(Debug)]
pub(crate) struct HostCall(u32);

impl HostCall {
    #[inline]
    pub fn enter(remaining: u32) -> Self {
        Self(REMAINING.replace(remaining.saturating_sub(HOST_CALL_SLOTS)))
    }
}

impl Drop for HostCall {
    #[inline]
    fn drop(&mut self) {
        REMAINING.set(self.0);
    }
}
