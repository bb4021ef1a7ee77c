//! The layout that compiled code and runtime share. Declared here alone; `jit/env.rs` takes every offset from here.

#![allow(unsafe_code)]

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::mem::size_of;
use std::ptr::NonNull;

use super::cells::StoreCells;
use super::memory::MemoryCell;
use super::table::TableCell;

/// A reference to a function: what a non-null `funcref` slot points to. One per function and store, owned by an
/// instance, so it lives as long as the store.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct FuncRef {
    /// Native entry, in the convention of compiled code; null while the store is interpreted and has never run
    /// natively. Changes only while no code runs.
    pub code: *const u8,
    /// The context the entry wants: that of the instance that owns the function (or imported it from the host).
    pub ctx: *mut VmContext,
    /// Canonical number of its type in the store.
    pub sig: u32,
    /// [`super::store::FuncId`] of the function.
    pub func: u32,
}

/// Head of an instance's context; one slot per global follows (the value of a defined global, the address of the
/// value of an imported one).
#[repr(C)]
#[derive(Debug)]
pub(crate) struct VmContext {
    /// Meter of the store.
    pub cells: *const StoreCells,
    /// Cost table: prices by charge id.
    pub costs: *const u64,
    /// Base of memory 0; never moves in guarded mode, not read otherwise.
    pub memory_base: *mut u8,
    /// Memory 0; null without one.
    pub memory: *const MemoryCell,
    /// Tables by index.
    pub tables: *const *const TableCell,
    /// Functions by index.
    pub funcs: *const *const FuncRef,
    /// Canonical numbers of the module's types in the store.
    pub sigs: *const u32,
    /// The helpers compiled code calls.
    pub libcalls: *const usize,
    /// Number of the instance in its store.
    pub instance: u32,
}

/// An instance's context with its globals, at an address that never changes.
#[derive(Debug)]
pub(crate) struct ContextBlock {
    head: NonNull<VmContext>,
    globals: usize,
}

// SAFETY: the block is owned by this value alone; what it points to is owned by the same store.
unsafe impl Send for ContextBlock {}

impl ContextBlock {
    /// Offset of the slot of a global.
    pub const fn global_offset(index: u32) -> usize {
        size_of::<VmContext>() + index as usize * 8
    }

    fn layout(globals: usize) -> Layout {
        // At most `limits.globals` slots: never near the size a layout may have.
        Layout::from_size_align(size_of::<VmContext>() + globals * 8, 16)
            .expect("globals are bounded by the limits")
    }

    /// A context with `globals` zero slots and `head` in front.
    pub fn new(head: VmContext, globals: usize) -> Self {
        let layout = Self::layout(globals);
        // SAFETY: the layout has a size above zero.
        let block = unsafe { alloc_zeroed(layout) };
        let Some(block) = NonNull::new(block.cast::<VmContext>()) else {
            handle_alloc_error(layout)
        };
        // SAFETY: fresh, aligned for 16 bytes and large enough for the head.
        unsafe { block.write(head) };
        Self { head: block, globals }
    }

    /// Its address, for compiled code.
    pub fn as_ptr(&self) -> *mut VmContext {
        self.head.as_ptr()
    }

    /// Address of the slot of a global.
    pub fn global(&self, index: u32) -> GlobalPtr {
        assert!((index as usize) < self.globals);
        // SAFETY: inside the block, by the assertion; the block lives as long as the store.
        GlobalPtr(unsafe { self.head.byte_add(Self::global_offset(index)) }.cast())
    }

    /// The head, to change.
    pub fn head_mut(&mut self) -> &mut VmContext {
        // SAFETY: initialised in `new`; no compiled code runs while the store is borrowed here.
        unsafe { self.head.as_mut() }
    }
}

impl Drop for ContextBlock {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with the same layout.
        unsafe { dealloc(self.head.as_ptr().cast(), Self::layout(self.globals)) };
    }
}

/// Address of the value of a global. Only the store hands it out, for globals of its own instances.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GlobalPtr(NonNull<u64>);

// SAFETY: only used through the store that owns the slot.
unsafe impl Send for GlobalPtr {}

impl GlobalPtr {
    /// The value. Crate-private, and only the store holds such pointers, next to the instances they point into.
    pub fn get(self) -> u64 {
        // SAFETY: the slot lives as long as the store that holds this pointer (instances are never removed).
        unsafe { self.0.read() }
    }

    /// Sets the value.
    pub fn set(self, slot: u64) {
        // SAFETY: as in `get`; the store is borrowed exclusively where values are set.
        unsafe { self.0.write(slot) }
    }

    /// As a slot, for the context of an importing instance.
    pub fn as_slot(self) -> u64 {
        self.0.as_ptr() as u64
    }
}

/// The function a non-null `funcref` slot refers to.
pub(crate) fn func_of(slot: u64) -> Option<u32> {
    let reference = NonNull::new(slot as *mut FuncRef)?;
    // SAFETY: a non-zero funcref slot is always the address of a `FuncRef` of the same store: validation keeps
    // guests from making one up, and the store makes slots only from its own functions.
    Some(unsafe { reference.as_ref() }.func)
}
