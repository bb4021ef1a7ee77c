//! Counts what is allocated while that is measured; else it adds nothing to what is timed.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};

/// The system's allocator, counted while [`peak`] or [`counted`] runs.
pub struct Counting;

static ON: AtomicBool = AtomicBool::new(false);
/// Bytes allocated since counting began, less those freed; below 0 when older ones have been freed.
static NOW: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);
/// How often memory was allocated, and how many bytes, whatever was freed meanwhile.
static COUNT: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

fn add(bytes: usize) {
    if ON.load(Ordering::Relaxed) {
        COUNT.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(bytes, Ordering::Relaxed);
        let bytes = bytes as isize;
        let now = NOW.fetch_add(bytes, Ordering::Relaxed) + bytes;
        PEAK.fetch_max(now, Ordering::Relaxed);
    }
}

fn subtract(bytes: usize) {
    if ON.load(Ordering::Relaxed) {
        NOW.fetch_sub(bytes as isize, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        subtract(layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Old and new may both be there for a moment.
        add(size);
        subtract(layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Runs `work`; gives its result and how many bytes more than before were allocated at most.
pub fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    NOW.store(0, Ordering::Relaxed);
    PEAK.store(0, Ordering::Relaxed);
    ON.store(true, Ordering::Relaxed);
    let result = work();
    ON.store(false, Ordering::Relaxed);
    (result, PEAK.load(Ordering::Relaxed).unsigned_abs())
}

/// Runs `work`; gives its result, how often memory was allocated on any thread meanwhile, and how many bytes in all.
pub fn counted<T>(work: impl FnOnce() -> T) -> (T, [usize; 2]) {
    COUNT.store(0, Ordering::Relaxed);
    BYTES.store(0, Ordering::Relaxed);
    let (result, _) = peak(work);
    (
        result,
        [COUNT.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed)],
    )
}
