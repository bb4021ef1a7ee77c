//! Entering compiled code, and leaving it in the middle.
//!
//! An activation is one entry. It saves the host's registers in `arch::enter`; a trap goes back there by restoring
//! them, over compiled frames only: a Rust function called from compiled code always returns to it, with its trap or
//! panic stored here, and the compiled code then stops at a trap instruction of its own.

#![allow(unsafe_code)]

use std::any::Any;
use std::cell::Cell;
use std::panic::resume_unwind;
use std::ptr;

use super::native_stack::{self, Stack};
use super::{arch, traps};
use crate::host::Host;
use crate::runtime::context::FuncRef;
use crate::runtime::invocation::Invocation;
use crate::runtime::store::Store;
use crate::trap::Trap;

thread_local! {
    /// The innermost activation of this thread.
    static CURRENT: Cell<*mut Activation> = const { Cell::new(ptr::null_mut()) };
}

/// One entry into compiled code.
#[repr(C)]
pub(crate) struct Activation {
    /// Stack pointer with the host's registers below it; written and read by `arch`.
    saved_sp: usize,
    /// The activation this one was entered from.
    outer: *mut Activation,
    /// The store whose code runs.
    pub store: *mut Store,
    /// The host behind its imports.
    pub host: *mut dyn Host,
    /// Why it stopped, once it has.
    trap: Option<Trap>,
    panic: Option<Box<dyn Any + Send>>,
}

impl Activation {
    /// The innermost activation of this thread.
    ///
    /// # Safety
    /// Only for helpers called by compiled code, which has an activation by construction and is suspended in the
    /// call. The borrow must not be used after the helper returns.
    pub unsafe fn current<'a>() -> &'a mut Activation {
        // SAFETY: not null and not otherwise borrowed, by the contract.
        unsafe { &mut *CURRENT.get() }
    }

    /// The innermost activation, for the signal handler.
    pub fn innermost() -> *mut Activation {
        CURRENT.try_with(Cell::get).unwrap_or(ptr::null_mut())
    }

    /// Stores why the code must stop.
    pub fn stop(&mut self, trap: Trap, panic: Option<Box<dyn Any + Send>>) {
        self.trap = Some(trap);
        self.panic = panic;
    }

    /// Has a reason been stored?
    pub fn stopped(&self) -> bool {
        self.trap.is_some()
    }
}

/// Where an entry runs.
pub(crate) enum Place {
    /// On the stack it is on, which was taken for a budget that includes this one: a host function called by compiled
    /// code enters again.
    Here,
    /// On a stack that nobody uses.
    On(Stack),
}

/// Where the code of a function may be entered on this thread; `None` when it has no way in, or the system has no address
/// space for a stack.
#[inline]
pub(crate) fn place(call: &Invocation<'_>) -> Option<Place> {
    // SAFETY: of a function of the store, and so owned by one of its instances; nobody changes it while it is read.
    if unsafe { (*call.reference).way_in }.is_null() {
        return None;
    }
    match CURRENT.get().is_null() {
        true => native_stack::take(call.budget).map(Place::On),
        false => Some(Place::Here),
    }
}

/// Runs a function that has native code, at a place that [`place`] gave for it.
pub(crate) fn invoke(
    store: &mut Store,
    host: &mut dyn Host,
    call: Invocation<'_>,
    place: Place,
) -> Result<(), Trap> {
    let Invocation {
        reference,
        budget,
        slots,
        ..
    } = call;
    // SAFETY: of a function of the store, and so owned by one of its instances; nobody changes it while it is read.
    let FuncRef {
        code: entry,
        ctx,
        way_in,
        ..
    } = *unsafe { &*reference };
    if way_in.is_null() {
        return Err(Trap::BadInvocation);
    }

    traps::prepare_thread();
    let outer = CURRENT.get();

    let host: *mut (dyn Host + '_) = host;
    // SAFETY: only the lifetime changes; the pointer is dropped before `invoke`, which holds the borrow, returns.
    let host: *mut (dyn Host + 'static) = unsafe { std::mem::transmute(host) };
    let mut activation = Activation {
        saved_sp: 0,
        outer,
        store,
        host,
        trap: None,
        panic: None,
    };
    let activation_ptr: *mut Activation = &mut activation;
    CURRENT.set(activation_ptr);
    let top = match &place {
        Place::Here => 0,
        Place::On(stack) => stack.top(),
    };
    // SAFETY: `way_in` was compiled for this function's type and reads and writes `slots` by it; `entry` and `ctx`
    // belong together; store, host and slots outlive the call and nobody else uses them meanwhile; the stack is
    // large enough for `budget` slots, or the one we are on is, as it was taken for a budget that includes this and the
    // host functions in between.
    let stopped = unsafe {
        arch::enter(
            activation_ptr,
            top,
            way_in,
            ctx,
            entry,
            budget,
            slots.as_mut_ptr(),
        )
    };
    // SAFETY: the activation is still alive here; going through the pointer that compiled code and handler used.
    let (trap, panic) = unsafe {
        CURRENT.set((*activation_ptr).outer);
        ((*activation_ptr).trap.take(), (*activation_ptr).panic.take())
    };
    if let Place::On(stack) = place {
        native_stack::give_back(stack);
    }
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
    if stopped != 0 {
        // Whoever makes `enter` return early stores why first.
        return Err(trap.unwrap_or(Trap::Unreachable));
    }
    Ok(())
}
