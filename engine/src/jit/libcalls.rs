//! The helpers compiled code may call, one row each: name, parameters, what it gives, doc.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use cranelift_codegen::ir::{Type, types};

use super::enter::Activation;
use crate::host::{Host, HostStop};
use crate::runtime::context::VmContext;
use crate::runtime::slots::Slots;
use crate::runtime::store::{InstanceId, Store};
use crate::runtime::wiring::Linkage;
use crate::trap::Trap;

/// What a helper gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gives {
    /// An `i32`.
    Value,
    /// 0, or not 0 when it has stored a trap and the code must stop.
    Status,
}

impl Gives {
    pub fn native(self) -> Option<Type> {
        Some(types::I32)
    }
}

macro_rules! native {
    (u32) => {
        types::I32
    };
    (u64) => {
        types::I64
    };
}

macro_rules! libcalls {
    ($($(#[doc = $doc:literal])* $variant:ident $name:ident($($arg:ident: $ty:ident),*) -> $gives:ident;)*) => {
        /// A helper; the number is its place in the table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(usize)]
        pub(crate) enum Libcall {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Libcall {
            /// Types of its parameters after the context, and what it gives.
            pub fn types(self) -> (&'static [Type], Gives) {
                match self {
                    $(Self::$variant => (&[$(native!($ty)),*], Gives::$gives),)*
                }
            }
        }

        /// Addresses of the helpers, in the order of [`Libcall`].
        static TABLE: &[Address] = &[$(Address($name as *const ())),*];

        $(
            $(#[doc = $doc])*
            extern "C" fn $name(ctx: *mut VmContext, $($arg: $ty),*) -> u32 {
                run(ctx, Gives::$gives, |call| call.$name($($arg),*))
            }
        )*
    };
}

libcalls! {
    /// Calls import `index`; `values` points to as many arguments as it has parameters, then zeros for its results.
    CallImport call_import(index: u32, remaining: u32, values: u64, params: u32, results: u32) -> Status;
    /// Has the interpreter run function `index`, with `values` as for an import.
    Interpret interpret(index: u32, remaining: u32, values: u64, params: u32, results: u32) -> Status;
    /// `memory.grow`.
    MemoryGrow memory_grow(pages: u32) -> Value;
    /// `memory.copy`.
    MemoryCopy memory_copy(to: u32, from: u32, len: u32) -> Status;
    /// `memory.fill`.
    MemoryFill memory_fill(to: u32, byte: u32, len: u32) -> Status;
    /// `memory.init`.
    MemoryInit memory_init(segment: u32, to: u32, from: u32, len: u32) -> Status;
    /// `data.drop`.
    DataDrop data_drop(segment: u32) -> Value;
    /// `table.grow`.
    TableGrow table_grow(table: u32, slot: u64, count: u32) -> Value;
    /// `table.fill`.
    TableFill table_fill(table: u32, at: u32, slot: u64, count: u32) -> Status;
    /// `table.copy`.
    TableCopy table_copy(target: u32, source: u32, to: u32, from: u32, len: u32) -> Status;
    /// `table.init`.
    TableInit table_init(segment: u32, table: u32, to: u32, from: u32, len: u32) -> Status;
    /// `elem.drop`.
    ElemDrop elem_drop(segment: u32) -> Value;
}

/// Address of a function.
struct Address(#[expect(dead_code, reason = "read by compiled code")] *const ());

// SAFETY: an address of code is the same on every thread.
unsafe impl Sync for Address {}

/// The table compiled code finds in its context.
pub(crate) fn table() -> *const usize {
    TABLE.as_ptr().cast()
}

/// A call from compiled code.
struct Call<'a> {
    activation: &'a mut Activation,
    ctx: *const VmContext,
    instance: InstanceId,
}

/// Runs a helper for the instance of `ctx`. A trap or panic is stored in the activation, never unwound: there is
/// compiled code above.
fn run(ctx: *mut VmContext, gives: Gives, body: impl FnOnce(&mut Call<'_>) -> Result<u32, Trap>) -> u32 {
    // SAFETY: compiled code runs only inside an activation of its store, on this thread; it is suspended in this
    // call, so nothing else uses the activation.
    let activation = unsafe { Activation::current() };
    // SAFETY: `ctx` is the context compiled code was entered with: alive as long as the store.
    let instance = InstanceId(unsafe { (*ctx).instance });
    let result = catch_unwind(AssertUnwindSafe(|| {
        body(&mut Call {
            activation,
            ctx,
            instance,
        })
    }));
    let activation = activation as *mut Activation;
    let stop = |trap, panic| {
        // SAFETY: the reborrow inside `body` is over.
        unsafe { (*activation).stop(trap, panic) };
        1
    };
    match (result, gives) {
        (Ok(Ok(value)), _) => value,
        (Ok(Err(trap)), Gives::Status) => stop(trap, None),
        (Err(panic), Gives::Status) => stop(Trap::Host, Some(panic)),
        // Helpers that give a value call nothing that traps or panics.
        (Ok(Err(_)) | Err(_), Gives::Value) => std::process::abort(),
    }
}

impl Call<'_> {
    fn store(&mut self) -> &mut Store {
        // SAFETY: the activation holds the store exclusively, and compiled code, the only other user, is suspended.
        unsafe { &mut *self.activation.store }
    }

    #[inline]
    fn store_and_host(&mut self) -> (&mut Store, &mut dyn Host) {
        let host = self.activation.host;
        // SAFETY: `invoke` was given the host exclusively for as long as the activation lives; between helper calls
        // nobody uses it.
        (self.store(), unsafe { &mut *host })
    }

    #[inline]
    fn call_import(
        &mut self,
        index: u32,
        remaining: u32,
        values: u64,
        params: u32,
        results: u32,
    ) -> Result<u32, Trap> {
        let instance = self.instance;
        // SAFETY: the context is of an instance whose module has a way out for this import and so a place for it.
        let import = unsafe { *(*self.ctx).imports.add(index as usize) };
        // References to functions of other instances lead to their own code, not here.
        let Linkage::Host(id) = import else {
            return Err(Trap::Internal);
        };
        let values = values as *mut u64;
        // SAFETY: the way out that calls this has laid out as many slots in its frame, arguments before results.
        let (args, results) = unsafe {
            (
                std::slice::from_raw_parts(values, params as usize),
                std::slice::from_raw_parts_mut(values.add(params as usize), results as usize),
            )
        };
        let (store, host) = self.store_and_host();
        store
            .call_host(instance, id, host, remaining, args, results)
            .map_err(|HostStop| Trap::Host)?;
        Ok(0)
    }

    fn interpret(
        &mut self,
        index: u32,
        remaining: u32,
        values: u64,
        params: u32,
        results: u32,
    ) -> Result<u32, Trap> {
        let instance = self.instance;
        let (params, results) = (params as usize, results as usize);
        // SAFETY: the way out that calls this has laid out as many slots in its frame, arguments before results.
        let values = unsafe { std::slice::from_raw_parts_mut(values as *mut u64, params + results) };
        let mut slots = Slots::zeros(params.max(results));
        slots.all()[..params].copy_from_slice(&values[..params]);
        let (store, host) = self.store_and_host();
        store.interpret(instance, index, host, remaining, slots.all(), (params, results))?;
        values[params..].copy_from_slice(&slots.all()[..results]);
        Ok(0)
    }

    fn memory_grow(&mut self, pages: u32) -> Result<u32, Trap> {
        let id = self.instance;
        Ok(self.store().op_memory_grow(id, pages))
    }

    fn memory_copy(&mut self, to: u32, from: u32, len: u32) -> Result<u32, Trap> {
        let id = self.instance;
        self.store().memory_copy(id, to, from, len).map(|()| 0)
    }

    fn memory_fill(&mut self, to: u32, byte: u32, len: u32) -> Result<u32, Trap> {
        let id = self.instance;
        self.store().memory_fill(id, to, byte as u8, len).map(|()| 0)
    }

    fn memory_init(&mut self, segment: u32, to: u32, from: u32, len: u32) -> Result<u32, Trap> {
        let id = self.instance;
        self.store().memory_init(id, segment, to, from, len).map(|()| 0)
    }

    fn data_drop(&mut self, segment: u32) -> Result<u32, Trap> {
        let id = self.instance;
        self.store().data_drop(id, segment);
        Ok(0)
    }

    fn table_grow(&mut self, table: u32, slot: u64, count: u32) -> Result<u32, Trap> {
        let id = self.instance;
        Ok(self.store().op_table_grow(id, table, slot, count))
    }

    fn table_fill(&mut self, table: u32, at: u32, slot: u64, count: u32) -> Result<u32, Trap> {
        let id = self.instance;
        self.store().op_table_fill(id, table, at, slot, count).map(|()| 0)
    }

    fn table_copy(&mut self, target: u32, source: u32, to: u32, from: u32, len: u32) -> Result<u32, Trap> {
        let id = self.instance;
        self.store()
            .op_table_copy(id, (target, to), (source, from), len)
            .map(|()| 0)
    }

    fn table_init(&mut self, segment: u32, table: u32, to: u32, from: u32, len: u32) -> Result<u32, Trap> {
        let id = self.instance;
        self.store()
            .table_init(id, table, segment, to, from, len)
            .map(|()| 0)
    }

    fn elem_drop(&mut self, segment: u32) -> Result<u32, Trap> {
        let id = self.instance;
        self.store().elem_drop(id, segment);
        Ok(0)
    }
}
