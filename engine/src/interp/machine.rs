//! Unchecked access to registers, code, prices and memory: the only `unsafe` of the interpreter.
//!
//! The argument, once for all blocks below:
//!
//! - *Code.* An [`Ip`] is made from a [`Code`], which `Code::seal` has checked: every jump stays inside and the last
//!   instruction does not fall through, so an `Ip` moved by the loop always points at an instruction of that code. Code
//!   lives in a module that an instance of the running store holds, and instances are never removed.
//! - *Registers.* A [`Regs`] points at the first register of a frame. `ValueStack::frame` has seen to it that the
//!   frame's registers (as many as its code's shape says) lie inside the stack's allocation, and `Code::seal` that no
//!   instruction names another. The stack moves only in `ValueStack::make_room` and `reserve`, which give the new place.
//! - *View.* A [`View`] holds addresses taken from an instance of the running store. Its context, tables, functions and
//!   type numbers live at fixed addresses as long as the store. Indices in code were validated against the module the
//!   instance is made of; the cost table was made by the same module's plan (`Store::instantiate` holds it to that).
//! - *Memory.* A [`Mem`] holds base and size as they are; whoever may change them (growth, host functions, calls into
//!   other instances) is followed by a fresh [`View::memory`]. Every access is compared with the size.
//! - *Aliasing.* While the loop runs it has the store exclusively; none of these addresses is used while a reference
//!   into the same place is alive.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::code::Instr;
use super::run::Handler;
use super::seal::{Code, Word};
use crate::runtime::cells::StoreCells;
use crate::runtime::context::{ContextBlock, FuncRef, VmContext};
use crate::runtime::instance::Instance;
use crate::runtime::store::{FuncId, InstanceId};
use crate::runtime::wiring::Linkage;

/// The next instruction.
#[derive(Clone, Copy)]
pub(super) struct Ip(*const Word);

impl Ip {
    /// The first instruction of a function.
    #[inline(always)]
    pub fn start(code: &Code) -> Self {
        Self(code.words().as_ptr())
    }

    /// What executes the next instruction.
    #[inline(always)]
    pub fn handler(self) -> Handler {
        // SAFETY: code, see the module's text.
        unsafe { (*self.0).handler }
    }

    /// Takes the next instruction.
    #[inline(always)]
    pub fn next<'c>(&mut self) -> &'c Instr {
        // SAFETY: code, see the module's text.
        unsafe {
            let word = &*self.0;
            self.0 = self.0.add(1);
            &word.instr
        }
    }

    /// Jumps, counted from the next instruction.
    #[inline(always)]
    pub fn jump(&mut self, by: i32) {
        // SAFETY: code, see the module's text.
        self.0 = unsafe { self.0.offset(by as isize) };
    }
}

/// The registers of a frame.
#[derive(Clone, Copy)]
pub(super) struct Regs(*mut u64);

impl Regs {
    /// A register.
    #[inline(always)]
    pub fn get(self, register: u16) -> u64 {
        // SAFETY: registers, see the module's text.
        unsafe { *self.0.add(register as usize) }
    }

    /// Sets a register.
    #[inline(always)]
    pub fn set(self, register: u16, slot: u64) {
        // SAFETY: registers, see the module's text.
        unsafe { *self.0.add(register as usize) = slot }
    }

    /// Clears the high half of a register.
    #[inline(always)]
    pub fn narrow(self, register: u16) {
        self.set(register, self.get(register) & u64::from(u32::MAX));
    }

    /// Sets `count` registers from `to` on to what those from `from` on were.
    #[inline]
    pub fn copy(self, to: u16, from: u16, count: usize) {
        // SAFETY: registers, see the module's text; `Code::seal` has checked the ends of a `Move`, and callers with
        // arguments have a frame that holds them. The ranges may overlap.
        unsafe { std::ptr::copy(self.0.add(from as usize), self.0.add(to as usize), count) }
    }

    /// Sets `count` registers from `first` on to zero, and up to `ZERO_STEP - 1` after them, which no one reads.
    #[inline(always)]
    pub fn zero(self, first: u16, count: u32) {
        let mut zeroed = 0;
        while zeroed < count as usize {
            // SAFETY: registers, see the module's text; the stack has `ZERO_STEP` more after every frame. Volatile, as
            // a call of `memset` would cost more than the few stores there are to do.
            unsafe {
                let at = self.0.add(first as usize + zeroed);
                at.write_volatile(0);
                at.add(1).write_volatile(0);
                at.add(2).write_volatile(0);
                at.add(3).write_volatile(0);
            }
            zeroed += ZERO_STEP;
        }
    }

    /// The registers of the frame that starts `by` registers below.
    #[inline(always)]
    pub fn down(self, by: u16) -> Self {
        // SAFETY: the loop goes down by as much as it went up when the frame was made.
        Self(unsafe { self.0.sub(by as usize) })
    }
}

/// Registers of all frames of an invocation.
#[derive(Debug, Default)]
pub(super) struct ValueStack {
    slots: Vec<u64>,
    /// Address past the last slot.
    end: usize,
}

/// Registers allocated at first.
const FIRST_SLOTS: usize = 4096;
/// Zeroing goes in steps of this many registers, so as many may be touched past the locals.
const ZERO_STEP: usize = 4;

impl ValueStack {
    /// The registers of the first frame, which starts with `args`.
    #[inline]
    pub fn first(&mut self, args: &[u64], registers: usize) -> Regs {
        let wanted = (registers.max(args.len()) + ZERO_STEP).max(FIRST_SLOTS);
        if self.slots.len() < wanted {
            self.slots = vec![0; wanted];
        }
        self.end = self.slots.as_ptr_range().end as usize;
        self.slots[..args.len()].copy_from_slice(args);
        Regs(self.slots.as_mut_ptr())
    }

    /// Registers of a frame for `code` that starts `up` registers above `below`; `None` when there is no room for it.
    #[inline(always)]
    pub fn frame(&self, below: Regs, up: u16, code: &Code) -> Option<Regs> {
        // A frame starts at most one past the registers of the one below (`Code::seal`): inside the stack.
        let base = below.0.wrapping_add(up as usize);
        let room = self.end.wrapping_sub(base as usize);
        (room >= code.registers().wrapping_add(ZERO_STEP).wrapping_mul(8)).then_some(Regs(base))
    }

    /// The same after making room, for which the stack may move.
    #[cold]
    #[inline(never)]
    pub fn make_room(&mut self, below: Regs, up: u16, code: &Code) -> Regs {
        self.frame(below, up, code).unwrap_or_else(|| {
            let below = self.grow(below, up as usize + code.registers());
            // SAFETY: there is room now.
            Regs(unsafe { below.0.add(up as usize) })
        })
    }

    /// Moves to an allocation with at least `wanted` registers from the first of a frame on; gives its new place.
    fn grow(&mut self, frame: Regs, wanted: usize) -> Regs {
        let below = (frame.0 as usize - self.slots.as_ptr() as usize) / 8;
        let wanted = (below + wanted + ZERO_STEP).max(self.slots.len() * 2);
        // All of the old stack is kept: the arguments are already there, above what `frame` knows of.
        let mut slots = vec![0; wanted];
        slots[..self.slots.len()].copy_from_slice(&self.slots);
        self.slots = slots;
        self.end = self.slots.as_ptr_range().end as usize;
        // SAFETY: `below` is inside the old stack, and the new one is larger.
        Regs(unsafe { self.slots.as_mut_ptr().add(below) })
    }

    /// The slots from the register `up` of a frame on, `count` of them; `None` when the stack is not that long.
    #[inline]
    pub fn slots(&mut self, frame: Regs, up: u16, count: usize) -> Option<&mut [u64]> {
        let first = (frame.0 as usize - self.slots.as_ptr() as usize) / 8 + up as usize;
        self.slots.get_mut(first..first.checked_add(count)?)
    }

    /// Makes sure that the stack has `count` slots from the register `up` of a frame on; gives the frame's new place.
    #[inline]
    pub fn reserve(&mut self, frame: Regs, up: u16, count: usize) -> Regs {
        if self.slots(frame, up, count).is_some() {
            return frame;
        }
        self.grow(frame, up as usize + count)
    }
}

/// A caller to go back to.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    /// The instruction after the call.
    pub ip: Ip,
    /// Slots of the logical stack the caller had left.
    pub remaining: u32,
    /// Registers from the caller's first to the callee's first.
    pub up: u16,
    /// Does the caller belong to the instance on top of `Vm::away`, not to the current one?
    pub away: bool,
}

/// Callers to go back to, innermost last.
#[derive(Debug)]
pub(super) struct Frames {
    /// Where the next one goes; those before it are alive.
    top: *mut Frame,
    end: *mut Frame,
    /// Owns the places; its length is not used.
    frames: Vec<MaybeUninit<Frame>>,
}

// SAFETY: the pointers are into `frames`, which moves with them; what frames point to matters only while code runs.
unsafe impl Send for Frames {}

impl Default for Frames {
    fn default() -> Self {
        let mut frames: Vec<MaybeUninit<Frame>> = Vec::new();
        let none = frames.as_mut_ptr_range();
        Self {
            top: none.start.cast(),
            end: none.end.cast(),
            frames,
        }
    }
}

impl Frames {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.top = self.frames.as_mut_ptr().cast();
    }

    /// Is there a place for one more?
    #[inline(always)]
    pub fn has_room(&self) -> bool {
        self.top != self.end
    }

    /// Adds a caller where there is a place for it; else does nothing.
    #[inline(always)]
    pub fn push(&mut self, frame: Frame) {
        if self.has_room() {
            // SAFETY: `top` is a place of `frames` when it is not the end.
            unsafe {
                self.top.write(frame);
                self.top = self.top.add(1);
            }
        }
    }

    /// Makes room for more.
    #[cold]
    #[inline(never)]
    pub fn grow(&mut self) {
        let (len, places) = (self.len(), (self.frames.len() * 2).max(128));
        self.frames.resize(places, MaybeUninit::uninit());
        let places = self.frames.as_mut_ptr_range();
        self.end = places.end.cast();
        // SAFETY: there were `len` places before, and there are more now.
        self.top = unsafe { places.start.add(len) }.cast();
    }

    #[inline(always)]
    fn len(&self) -> usize {
        (self.top as usize - self.frames.as_ptr() as usize) / size_of::<Frame>()
    }

    /// Takes the innermost caller, unless there is none.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<Frame> {
        let last = self.last()?;
        // SAFETY: there is one, so `top` is past the first place.
        self.top = unsafe { self.top.sub(1) };
        Some(last)
    }

    /// The innermost caller.
    #[inline(always)]
    pub fn last(&self) -> Option<Frame> {
        if self.top.cast_const().cast() == self.frames.as_ptr() {
            return None;
        }
        // SAFETY: below `top` and not below the first place: alive.
        Some(unsafe { *self.top.sub(1) })
    }

    /// Marks the innermost caller as of another instance; `false` when there is none or it is marked.
    pub fn mark_away(&mut self) -> bool {
        match self.pop() {
            Some(frame) => {
                self.push(Frame { away: true, ..frame });
                !frame.away
            }
            None => false,
        }
    }
}

/// Prices by charge.
#[derive(Clone, Copy)]
pub(super) struct Costs(*const u64);

impl Costs {
    #[inline(always)]
    pub fn get(self, charge: u32) -> u64 {
        // SAFETY: view, see the module's text.
        unsafe { *self.0.add(charge as usize) }
    }
}

/// The limit that checks compare with.
#[derive(Clone, Copy)]
pub(super) struct Limit(*const AtomicU64);

impl Limit {
    /// Of a store, whose meter outlives the loop.
    pub fn of(cells: &StoreCells) -> Self {
        Self(&cells.limit)
    }

    #[inline(always)]
    pub fn get(self) -> u64 {
        // SAFETY: the store that is running holds the cells.
        unsafe { &*self.0 }.load(Ordering::Relaxed)
    }
}

/// Where a linear memory starts.
#[derive(Clone, Copy)]
pub(super) struct Mem(*mut u8);

/// How long it is, in bytes. Kept apart, as few instructions want both and registers are few.
#[derive(Clone, Copy)]
pub(super) struct MemSize(u64);

impl MemSize {
    /// Size in pages.
    #[inline(always)]
    pub fn pages(self) -> u64 {
        self.0 / 65_536
    }
}

impl Mem {
    #[inline(always)]
    fn at(self, size: MemSize, address: u64, bytes: usize) -> Option<*mut u8> {
        // No overflow: an address is the sum of an index and an offset of 32 bits each.
        if address.wrapping_add(bytes as u64) > size.0 {
            return None;
        }
        // SAFETY: inside the memory, by the comparison.
        Some(unsafe { self.0.add(address as usize) })
    }

    /// Reads a value; `None` past the end.
    #[inline(always)]
    pub fn load<T: Scalar>(self, size: MemSize, address: u64) -> Option<T> {
        let at = self.at(size, address, size_of::<T>())?;
        // SAFETY: as many bytes are inside the memory, and every bit pattern is a value.
        Some(T::from_le(unsafe { at.cast::<T>().read_unaligned() }))
    }

    /// Writes a value; `None` past the end.
    #[inline(always)]
    pub fn store<T: Scalar>(self, size: MemSize, address: u64, value: T) -> Option<()> {
        let at = self.at(size, address, size_of::<T>())?;
        // SAFETY: as many bytes are inside the memory.
        unsafe { at.cast::<T>().write_unaligned(value.into_le()) };
        Some(())
    }
}

/// An integer in memory, little-endian.
pub(super) trait Scalar: Copy {
    fn from_le(raw: Self) -> Self;
    fn into_le(self) -> Self;
    /// The low bits of a slot.
    fn low(slot: u64) -> Self;
}

macro_rules! scalars {
    ($($ty:ty),*) => {$(
        impl Scalar for $ty {
            #[inline(always)]
            fn from_le(raw: Self) -> Self {
                <$ty>::from_le(raw)
            }
            #[inline(always)]
            fn into_le(self) -> Self {
                self.to_le()
            }
            #[inline(always)]
            fn low(slot: u64) -> Self {
                slot as $ty
            }
        }
    )*};
}
scalars!(u8, i8, u16, i16, u32, i32, u64);

/// The instance whose code runs.
#[derive(Clone, Copy)]
pub(super) struct View {
    context: *const VmContext,
    code: *const OnceLock<Code>,
    functions: usize,
    /// Number in the store of the first function defined in the module.
    first_defined: u32,
    pub instance: InstanceId,
}

impl View {
    /// Of an instance of the running store, with the code of its module's functions.
    #[inline]
    pub fn of(id: InstanceId, instance: &Instance, code: &[OnceLock<Code>]) -> Self {
        Self {
            context: instance.wiring.context.as_ptr(),
            code: code.as_ptr(),
            functions: code.len(),
            first_defined: instance.wiring.first_defined(),
            instance: id,
        }
    }

    #[inline(always)]
    fn context(&self) -> &VmContext {
        // SAFETY: view, see the module's text.
        unsafe { &*self.context }
    }

    #[inline(always)]
    pub fn costs(&self) -> Costs {
        Costs(self.context().costs)
    }

    /// The code of a defined function, if it has been translated.
    #[inline(always)]
    pub fn code<'c>(&self, function: u32) -> Option<&'c Code> {
        debug_assert!((function as usize) < self.functions);
        // SAFETY: view, see the module's text.
        unsafe { &*self.code.add(function as usize) }.get()
    }

    /// Memory 0 as it is now; empty when there is none.
    #[inline(always)]
    pub fn memory(&self) -> (Mem, MemSize) {
        // SAFETY: view, see the module's text.
        match unsafe { self.context().memory.as_ref() } {
            Some(cell) => (Mem(cell.base), MemSize(cell.bytes as u64)),
            None => (Mem(std::ptr::null_mut()), MemSize(0)),
        }
    }

    /// Address of the slot of a global.
    #[inline(always)]
    fn global(&self, index: u32) -> *mut u64 {
        // SAFETY: view, see the module's text: a slot for each global follows the context.
        unsafe {
            self.context
                .cast_mut()
                .byte_add(ContextBlock::global_offset(index))
                .cast()
        }
    }

    /// The value of a global defined in the module.
    #[inline(always)]
    pub fn global_get(&self, index: u32) -> u64 {
        // SAFETY: as in `global`.
        unsafe { *self.global(index) }
    }

    /// Sets a global defined in the module.
    #[inline(always)]
    pub fn global_set(&self, index: u32, slot: u64) {
        // SAFETY: as in `global`.
        unsafe { *self.global(index) = slot }
    }

    /// The value of an imported global.
    pub fn imported_global_get(&self, index: u32) -> u64 {
        // SAFETY: as in `global`; the slot of an imported global holds the address of its value.
        unsafe { **self.global(index).cast::<*const u64>() }
    }

    /// Sets an imported global.
    pub fn imported_global_set(&self, index: u32, slot: u64) {
        // SAFETY: as in `imported_global_get`.
        unsafe { **self.global(index).cast::<*mut u64>() = slot }
    }

    /// The slot of a reference to a function of the module.
    pub fn reference(&self, function: u32) -> u64 {
        // SAFETY: view, see the module's text.
        unsafe { *self.context().funcs.add(function as usize) as u64 }
    }

    /// What an imported function is.
    #[inline(always)]
    pub fn import(&self, function: u32) -> Linkage {
        // SAFETY: view, see the module's text.
        unsafe { *self.context().imports.add(function as usize) }
    }

    /// An element of a table; `None` past its end.
    #[inline(always)]
    pub fn element(&self, table: u16, index: u32) -> Option<u64> {
        // SAFETY: view, see the module's text; the table's cell says how long it is now.
        unsafe {
            let cell = &**self.context().tables.add(table as usize);
            (u64::from(index) < cell.len).then(|| *cell.base.add(index as usize))
        }
    }

    /// The function behind a reference, when it is of a type of the module.
    #[inline(always)]
    pub fn function_of_type(&self, reference: u64, ty: u32) -> Option<Callee> {
        // SAFETY: view, see the module's text; a non-null reference is the address of a `FuncRef` of the store.
        let (function, wanted) = unsafe {
            (
                &*(reference as *const FuncRef),
                *self.context().sigs.add(ty as usize),
            )
        };
        if function.sig != wanted {
            return None;
        }
        // An instance's own functions are numbered one after the other, imports from the host first.
        if function.ctx.cast_const() == self.context && function.func >= self.first_defined {
            return Some(Callee::Own(function.func - self.first_defined));
        }
        Some(Callee::Other(FuncId(function.func)))
    }
}

impl View {
    /// The number in the store of what an indirect call goes to.
    pub fn function(&self, callee: Callee) -> FuncId {
        match callee {
            Callee::Own(body) => FuncId(self.first_defined + body),
            Callee::Other(func) => func,
        }
    }
}

/// What an indirect call goes to.
pub(super) enum Callee {
    /// A function defined in the current instance: which body.
    Own(u32),
    /// Any other function of the store.
    Other(FuncId),
}
