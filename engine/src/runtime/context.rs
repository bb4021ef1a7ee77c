//! The layout that compiled code and runtime share. Declared here alone; `jit/env.rs` takes every offset from here.

#![allow(unsafe_code)]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::mem::{offset_of, size_of};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::cells::StoreCells;
use super::memory::MemoryCell;
use super::table::TableCell;
use super::wiring::Linkage;

/// A reference to a function: what a non-null `funcref` slot points to. One per function and store, owned by an
/// instance, so it lives as long as the store.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct FuncRef {
    /// Native entry, in the convention of compiled code: code of the function, or a way out to what runs it. Null while
    /// the store is interpreted and has never run natively, and for functions that no compiled code can come to. Changes
    /// only while no code runs.
    pub code: *const u8,
    /// The context the entry wants: that of the instance that owns the function (or imported it from the host).
    pub ctx: *mut VmContext,
    /// Canonical number of its type in the store.
    pub sig: u32,
    /// [`super::store::FuncId`] of the function.
    pub func: u32,
    /// The way in from the host for its type; null as long as the function has no code of its own.
    pub way_in: *const u8,
}

/// Head of an instance's context. One slot per global follows (the value of a defined global, the address of the
/// value of an imported one), then one per price of its cost table: charges and checks need no pointer but the
/// context's own.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct VmContext {
    /// What checks compare with: the limit cell of the store, which keeps all of them equal.
    pub limit: AtomicU64,
    /// Meter of the store.
    pub cells: *const StoreCells,
    /// Cost table as it was given: prices by charge id.
    pub costs: *const u64,
    /// Base of memory 0; never moves in guarded mode, not read otherwise.
    pub memory_base: *mut u8,
    /// Memory 0; null without one.
    pub memory: *const MemoryCell,
    /// Tables by index.
    pub tables: *const *const TableCell,
    /// Functions by index.
    pub funcs: *const *const FuncRef,
    /// What the function imports were given, by index.
    pub imports: *const Linkage,
    /// Canonical numbers of the module's types in the store.
    pub sigs: *const u32,
    /// The helpers compiled code calls.
    pub libcalls: *const usize,
    /// Number of the instance in its store.
    pub instance: u32,
}

/// An instance's context with its globals and prices, at an address that never changes.
#[derive(Debug)]
pub(crate) struct ContextBlock {
    block: Arc<Block>,
    globals: usize,
    prices: usize,
}

/// The memory of a context. Whoever may still write its limit keeps it alive.
#[derive(Debug)]
struct Block {
    head: NonNull<VmContext>,
    layout: Layout,
}

// SAFETY: what is not atomic is used only through `ContextBlock` and compiled code, by the thread that runs the store;
// what it points to is owned by the same store.
unsafe impl Send for Block {}
// SAFETY: a shared block alone gives access to nothing but its limit, which is atomic.
unsafe impl Sync for Block {}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: allocated in `ContextBlock::new` with the same layout.
        unsafe { dealloc(self.head.as_ptr().cast(), self.layout) };
    }
}

/// The limit in a context, for the meter of its store.
#[derive(Debug)]
pub(crate) struct LimitSlot(Arc<Block>);

impl LimitSlot {
    /// Sets what the checks of the instance compare with.
    pub fn set(&self, limit: u64) {
        // SAFETY: the block is alive and initialised; the field is atomic, and nobody makes a `&mut` to it.
        let cell = unsafe {
            &*self
                .0
                .head
                .byte_add(offset_of!(VmContext, limit))
                .cast::<AtomicU64>()
                .as_ptr()
        };
        cell.store(limit, Ordering::SeqCst);
    }
}

impl ContextBlock {
    /// Offset of the slot of a global.
    pub const fn global_offset(index: u32) -> usize {
        size_of::<VmContext>() + index as usize * 8
    }

    /// Offset of a price, in a module with `globals` globals.
    pub const fn price_offset(globals: usize, charge: u32) -> usize {
        size_of::<VmContext>() + (globals + charge as usize) * 8
    }

    /// A context with room for its head in front, then `globals` slots, all zero, then room for `prices` prices.
    pub fn new(globals: usize, prices: usize) -> Self {
        // At most `limits.globals` slots and a price an operator: never near the size a layout may have.
        let layout = Layout::from_size_align(size_of::<VmContext>() + (globals + prices) * 8, 16)
            .expect("globals and prices are bounded by the limits");
        // SAFETY: the layout has a size above zero.
        let block = unsafe { alloc(layout) };
        let Some(head) = NonNull::new(block.cast::<VmContext>()) else {
            handle_alloc_error(layout)
        };
        let this = Self {
            block: Arc::new(Block { head, layout }),
            globals,
            prices,
        };
        this.clear();
        this
    }

    /// Sets head and globals to zero.
    fn clear(&self) {
        // SAFETY: the block is that large, aligned for 16 bytes, and used by nobody else: it is new, or `renew` says so.
        // A head of zeros is valid: null pointers and numbers.
        unsafe {
            self.block
                .head
                .cast::<u8>()
                .write_bytes(0, Self::price_offset(self.globals, 0))
        };
    }

    /// Gets ready for another instance of the same module: head and globals are zero again, prices stay. `false`, and
    /// nothing is done, while somebody may still set the limit of the instance before.
    pub fn renew(&mut self) -> bool {
        let alone = Arc::get_mut(&mut self.block).is_some();
        if alone {
            self.clear();
        }
        alone
    }

    /// Sets the head, before others know of the context.
    pub fn set_head(&mut self, head: VmContext) {
        // SAFETY: the block is larger than its head; no code runs and no limit is set before this.
        unsafe { self.block.head.write(head) };
    }

    /// Its address, for compiled code.
    pub fn as_ptr(&self) -> *mut VmContext {
        self.block.head.as_ptr()
    }

    /// Its limit, for the meter of the store.
    pub fn limit(&self) -> LimitSlot {
        LimitSlot(self.block.clone())
    }

    /// Address of the slot of a global.
    pub fn global(&self, index: u32) -> GlobalPtr {
        assert!((index as usize) < self.globals);
        // SAFETY: inside the block, by the assertion; the block lives as long as the store.
        GlobalPtr(unsafe { self.block.head.byte_add(Self::global_offset(index)) }.cast())
    }

    /// Copies the prices to where compiled code reads them. Before that none may run.
    pub fn set_prices(&mut self, prices: &[u64]) {
        assert_eq!(prices.len(), self.prices);
        let to = Self::price_offset(self.globals, 0);
        // SAFETY: the block has room for this many behind its globals; no compiled code runs while the store is
        // borrowed here, and other threads touch the limit alone.
        unsafe {
            let to = self.block.head.byte_add(to).cast::<u64>();
            to.copy_from_nonoverlapping(NonNull::from(prices).cast(), prices.len());
        }
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
