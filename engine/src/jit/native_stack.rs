//! The stack guest code runs on: mapped by the engine, with a guard page, large enough for the logical limit on any
//! thread. One is kept per thread.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr;

use super::abi::BYTES_PER_SLOT;

/// Room for one host function: those that call guests again are covered by the slots they are charged
/// ([`HOST_CALL_SLOTS`](crate::HOST_CALL_SLOTS)).
const HOST_ROOM: usize = 64 << 20;
/// Inaccessible bytes below the stack, where a host function without end ends.
const GUARD: usize = 1 << 20;

thread_local! {
    static SPARE: Cell<Option<Stack>> = const { Cell::new(None) };
}

/// A mapped stack. Pages are only committed when touched.
#[derive(Debug)]
pub(crate) struct Stack {
    base: *mut u8,
    len: usize,
}

/// A stack for a logical limit of `slots`; `None` when the system has no address space for it.
#[inline]
pub(crate) fn take(slots: u32) -> Option<Stack> {
    let len = GUARD + HOST_ROOM + slots as usize * BYTES_PER_SLOT as usize;
    match SPARE.try_with(Cell::take).ok().flatten() {
        Some(stack) if stack.len >= len => Some(stack),
        _ => Stack::map(len),
    }
}

/// Keeps a stack for the next entry of this thread.
#[inline]
pub(crate) fn give_back(stack: Stack) {
    // While the thread ends it is unmapped instead.
    let _ = SPARE.try_with(|spare| spare.set(Some(stack)));
}

impl Stack {
    fn map(len: usize) -> Option<Self> {
        // SAFETY: a fresh private anonymous mapping touches nothing.
        let base = unsafe {
            libc::mmap(
                ptr::null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_STACK,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return None;
        }
        let stack = Self {
            base: base.cast(),
            len,
        };
        // SAFETY: the guard is the start of the mapping just made.
        let guarded = unsafe { libc::mprotect(base, GUARD, libc::PROT_NONE) };
        (guarded == 0).then_some(stack)
    }

    /// Its end, where it starts to grow down from. Aligned to pages.
    pub fn top(&self) -> usize {
        (self.base as usize + self.len) & !15
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: unmaps what `map` mapped; the code that ran on it has returned.
        unsafe { libc::munmap(self.base.cast(), self.len) };
    }
}
