//! The logical stack: counted alike in both tiers and across guest → host → guest.
//!
//! A frame takes `Body::frame_slots`; an invocation starts with the configured limit or, inside a host call, with
//! what was left there. A frame that does not fit traps `StackOverflow` before its function charges anything.

use std::cell::Cell;

thread_local! {
    /// Slots left at the innermost host call on this thread; `None` outside of any.
    static REMAINING: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Slots an invocation that starts now may use.
pub(crate) fn budget(limit: u32) -> u32 {
    REMAINING.get().map_or(limit, |left| left.min(limit))
}

/// Marks a host call with `remaining` slots left, until dropped.
#[derive(Debug)]
pub(crate) struct HostCall(Option<u32>);

impl HostCall {
    pub fn enter(remaining: u32) -> Self {
        Self(REMAINING.replace(Some(remaining)))
    }
}

impl Drop for HostCall {
    fn drop(&mut self) {
        REMAINING.set(self.0);
    }
}
