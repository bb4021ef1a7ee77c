//! Unchecked access to registers, code, prices and memory: the only `unsafe` of the interpreter.
//!
//! The argument, once for all blocks below:
//!
//! - *Code.* An [`Ip`] is made from a [`Code`], which `Code::seal` has checked: every jump stays inside and the last
//!   instruction does not fall through, so an `Ip` moved by the loop always points at an instruction of that code. Code
//!   lives in a module that an instance of the running store holds, and instances are never removed.
//! - *Registers.* A [`Regs`] points at the first register of a frame. `ValueStack::frame` has seen to it that the
//!   frame's registers (as many as its code's shape says) lie inside the stack's allocation, and `Code::seal` that no
//!   instruction names another. The stack moves only in `ValueStack::frame`, which gives the new place.
//! - *View.* A [`View`] holds addresses taken from an instance of the running store. Its context, tables, functions and
//!   type numbers live at fixed addresses as long as the store. Indices in code were validated against the module the
//!   instance is made of; the cost table was made by the same module's plan (`Store::instantiate` holds it to that).
//! - *Memory.* A [`Mem`] holds base and size as they are; whoever may change them (growth, host functions, calls into
//!   other instances) is followed by a fresh [`View::memory`]. Every access is compared with the size.
//! - *Aliasing.* While the loop runs it has the store exclusively; none of these addresses is used while a reference
//!   into the same place is alive.

#![allow(unsafe_code)]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::code::{Code, Instr};
use crate::runtime::cells::StoreCells;
use crate::runtime::context::{ContextBlock, FuncRef, VmContext};
use crate::runtime::instance::Instance;
use crate::runtime::store::InstanceId;

/// The next instruction.
#[derive(Clone, Copy)]
pub(super) struct Ip(*const Instr);

impl Ip {
    /// The first instruction of a function.
    #[inline(always)]
    pub fn start(code: &Code) -> Self {
        Self(code.instrs().as_ptr())
    }

    /// Takes the next instruction.
    #[inline(always)]
    pub fn next<'c>(&mut self) -> &'c Instr {
        // SAFETY: code, see the module's text.
        unsafe {
            let instr = &*self.0;
            self.0 = self.0.add(1);
            instr
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
pub(crate) struct Regs(*mut u64);

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

    /// Sets `count` registers from `to` on to what those from `from` on were.
    #[inline]
    pub fn copy(self, to: u16, from: u16, count: usize) {
        // SAFETY: registers, see the module's text; `Code::seal` has checked the ends of a `Move`, and callers with
        // arguments have a frame that holds them. The ranges may overlap.
        unsafe { std::ptr::copy(self.0.add(from as usize), self.0.add(to as usize), count) }
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
pub(crate) struct ValueStack {
    slots: Vec<u64>,
}

/// Registers allocated at first.
const FIRST_SLOTS: usize = 4096;
/// Zeroing goes in steps of this many registers, so as many may be touched past the locals.
const ZERO_STEP: usize = 4;

impl ValueStack {
    /// The registers of the first frame, which starts with `args`.
    pub fn first(&mut self, args: &[u64], registers: usize) -> Regs {
        let wanted = (registers.max(args.len()) + ZERO_STEP).max(FIRST_SLOTS);
        if self.slots.len() < wanted {
            self.slots = vec![0; wanted];
        }
        self.slots[..args.len()].copy_from_slice(args);
        Regs(self.slots.as_mut_ptr())
    }

    /// Registers of a frame for `code` that starts `up` registers above `below`. Locals are zero.
    #[inline(always)]
    pub fn frame(&mut self, below: Regs, up: u16, code: &Code) -> Regs {
        // SAFETY: a frame starts at most one past the registers of the one below (`Code::seal`).
        let mut base = unsafe { below.0.add(up as usize) };
        let end = self.slots.as_ptr_range().end as usize;
        if (end - base as usize) / 8 < code.registers() + ZERO_STEP {
            base = self.grow(base, code.registers());
        }
        let mut zeroed = 0;
        while zeroed < code.zeroed() {
            // SAFETY: less than `ZERO_STEP` past the locals, which end inside the frame, which ends `ZERO_STEP` before
            // the end. Volatile, as a call of `memset` would cost more than the few stores there are to do.
            unsafe {
                let at = base.add(code.params() + zeroed);
                at.write_volatile(0);
                at.add(1).write_volatile(0);
                at.add(2).write_volatile(0);
                at.add(3).write_volatile(0);
            }
            zeroed += ZERO_STEP;
        }
        Regs(base)
    }

    /// Moves to a larger allocation; gives the new place of `base`.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, base: *mut u64, registers: usize) -> *mut u64 {
        let used = (base as usize - self.slots.as_ptr() as usize) / 8;
        // The arguments are already there, above `used`; all of the old stack is kept.
        let wanted = (used + registers + ZERO_STEP).max(self.slots.len() * 2);
        let mut slots = vec![0; wanted];
        slots[..self.slots.len()].copy_from_slice(&self.slots);
        self.slots = slots;
        // SAFETY: `used` is inside the old stack or one past it, and the new one is larger.
        unsafe { self.slots.as_mut_ptr().add(used) }
    }

    /// The slots from the register `up` of a frame on, `count` of them; `None` when the stack is not that long.
    pub fn slots(&mut self, frame: Regs, up: u16, count: usize) -> Option<&mut [u64]> {
        let first = (frame.0 as usize - self.slots.as_ptr() as usize) / 8 + up as usize;
        self.slots.get_mut(first..first.checked_add(count)?)
    }

    /// Makes sure that the stack has `count` slots from the register `up` of a frame on; gives the frame's new place.
    pub fn reserve(&mut self, frame: Regs, up: u16, count: usize) -> Regs {
        if self.slots(frame, up, count).is_some() {
            return frame;
        }
        Regs(self.grow(frame.0, up as usize + count))
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

/// A linear memory as it is now.
#[derive(Clone, Copy)]
pub(super) struct Mem {
    base: *mut u8,
    bytes: u64,
}

impl Mem {
    /// Size in pages.
    #[inline(always)]
    pub fn pages(self) -> u64 {
        self.bytes / 65_536
    }

    #[inline(always)]
    fn at(self, address: u64, size: usize) -> Option<*mut u8> {
        // No overflow: an address is an index and an offset of 32 bits each.
        if address + size as u64 > self.bytes {
            return None;
        }
        // SAFETY: inside the memory, by the comparison.
        Some(unsafe { self.base.add(address as usize) })
    }

    /// Reads a value; `None` past the end.
    #[inline(always)]
    pub fn load<T: Scalar>(self, address: u64) -> Option<T> {
        let at = self.at(address, size_of::<T>())?;
        // SAFETY: as many bytes are inside the memory, and every bit pattern is a value.
        Some(T::from_le(unsafe { at.cast::<T>().read_unaligned() }))
    }

    /// Writes a value; `None` past the end.
    #[inline(always)]
    pub fn store<T: Scalar>(self, address: u64, value: T) -> Option<()> {
        let at = self.at(address, size_of::<T>())?;
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
    pub instance: InstanceId,
}

impl View {
    /// Of an instance of the running store, with the code of its module's functions.
    pub fn of(id: InstanceId, instance: &Instance, code: &[OnceLock<Code>]) -> Self {
        Self {
            context: instance.context.as_ptr(),
            code: code.as_ptr(),
            functions: code.len(),
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
    pub fn memory(&self) -> Mem {
        // SAFETY: view, see the module's text.
        match unsafe { self.context().memory.as_ref() } {
            Some(cell) => Mem {
                base: cell.base,
                bytes: cell.bytes as u64,
            },
            None => Mem {
                base: std::ptr::null_mut(),
                bytes: 0,
            },
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
    pub fn function_of_type(&self, reference: u64, ty: u32) -> Option<u32> {
        // SAFETY: view, see the module's text; a non-null reference is the address of a `FuncRef` of the store.
        unsafe {
            let function = &*(reference as *const FuncRef);
            let wanted = *self.context().sigs.add(ty as usize);
            (function.sig == wanted).then_some(function.func)
        }
    }
}
