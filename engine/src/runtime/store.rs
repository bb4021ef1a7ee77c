//! The store: owns instances and everything in them; one gas meter for all.

use super::cells::{Interrupt, Meter};
use super::context::{GlobalPtr, func_of};
use super::functions::{FuncKind, Function, TypeNumbers};
use super::instance::Instance;
use super::invocation::Invocation;
use super::memory::Memory;
use super::slots::Slots;
use super::stack::{self, Invoking};
use super::table::Table;
use super::tiers::Heat;
use crate::backend;
use crate::engine::Engine;
use crate::error::{GrowError, InstantiateError};
use crate::host::{Caller, Host, HostStop};
use crate::module::info::ExternIndex;
use crate::trap::Trap;
use crate::value::{ExternType, FuncType, GlobalType, MemoryType, SizeLimits, TableType, ValType, Value};

/// Declares handles: numbers that mean something only to the store they came from.
macro_rules! ids {
    ($($(#[doc = $doc:literal])* $name:ident;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) u32);
    )*};
}

ids! {
    /// An instance of a store.
    InstanceId;
    /// A function of a store.
    FuncId;
    /// A memory of a store.
    MemoryId;
    /// A table of a store.
    TableId;
    /// A global of a store.
    GlobalId;
}

/// Something that can be imported or was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extern {
    /// Function `id` of the [`Host`], of type `ty`.
    HostFunc {
        /// The number the host is called with.
        id: u32,
        /// Its type; must be equal to the import's.
        ty: FuncType,
    },
    /// A function of an instance of this store.
    Func(FuncId),
    /// A memory of this store.
    Memory(MemoryId),
    /// A table of this store.
    Table(TableId),
    /// A global of this store.
    Global(GlobalId),
}

/// A global of the store.
#[derive(Debug)]
pub(crate) struct GlobalEntity {
    pub ty: GlobalType,
    pub ptr: GlobalPtr,
}

/// Owns instances, memories, tables, globals; has one gas meter. Nothing is removed before the store is dropped.
#[derive(Debug)]
pub struct Store {
    engine: Engine,
    pub(super) meter: Meter,
    pub(crate) instances: Vec<Instance>,
    pub(crate) memories: Vec<Memory>,
    pub(crate) tables: Vec<Table>,
    pub(crate) globals: Vec<GlobalEntity>,
    /// Canonical numbers of function types: the position here.
    pub(crate) types: TypeNumbers,
    /// Stacks of the interpreter, kept between invocations.
    pub(crate) stacks: crate::interp::Stacks,
    /// Do its instances run natively? See [`Store::choose_tier`].
    pub(crate) native: bool,
    /// Instances whose references have native entries, counted from the first on.
    pub(super) wired: usize,
    /// May instances that are wired get more native code than they have?
    pub(super) open: bool,
    /// Has the interpreter been asked for anything?
    pub(crate) interpreted: bool,
    /// Has the machine refused memory to its code? Then nothing it does is an outcome.
    pub(super) refused: bool,
    /// Has its code been told less than the truth because of an interrupt? Then nothing it did is an outcome.
    pub(super) interrupted: bool,
}

impl Store {
    /// An empty store whose code `interrupt` can stop. Gas used and limit are 0.
    pub fn new(engine: &Engine, interrupt: &Interrupt) -> Self {
        Self {
            engine: engine.clone(),
            meter: Meter::new(interrupt),
            instances: Vec::new(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            types: TypeNumbers::default(),
            stacks: crate::interp::Stacks::default(),
            native: false,
            wired: 0,
            open: false,
            interpreted: false,
            refused: false,
            interrupted: false,
        }
    }

    /// The engine the store was made for.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// A handle to the gas meter.
    pub fn meter(&self) -> Meter {
        self.meter.clone()
    }

    pub(crate) fn meter_ref(&self) -> &Meter {
        &self.meter
    }

    /// An export of an instance, by name. A host function that is exported again comes out as a function.
    pub fn export(&self, instance: InstanceId, name: &str) -> Option<Extern> {
        let instance = self.instances.get(instance.0 as usize)?;
        Some(instance.extern_at(instance.module.info().export(name)?))
    }

    /// All exports of an instance, in the order of its module; none for an unknown instance.
    pub fn exports(&self, instance: InstanceId) -> impl Iterator<Item = (&str, Extern)> {
        self.instances
            .get(instance.0 as usize)
            .into_iter()
            .flat_map(|instance| {
                let info = instance.module.info();
                info.exports
                    .iter()
                    .map(|export| (info.name(export.name), instance.extern_at(export.index)))
            })
    }

    /// The type of something of this store; `None` for a handle of another.
    pub fn extern_type(&self, of: &Extern) -> Option<ExternType> {
        Some(match of {
            Extern::HostFunc { ty, .. } => ExternType::Func(ty.clone()),
            Extern::Func(id) => {
                self.reference(*id)?;
                ExternType::Func(self.func_type(*id)?.clone())
            }
            Extern::Memory(id) => {
                let memory = self.memories.get(id.0 as usize)?;
                let limits = SizeLimits {
                    min: memory.pages(),
                    max: memory.ty().limits.max,
                };
                ExternType::Memory(MemoryType { limits })
            }
            Extern::Table(id) => {
                let table = self.tables.get(id.0 as usize)?;
                let limits = SizeLimits {
                    min: table.len(),
                    max: table.ty().limits.max,
                };
                ExternType::Table(TableType {
                    element: table.ty().element,
                    limits,
                })
            }
            Extern::Global(id) => ExternType::Global(self.globals.get(id.0 as usize)?.ty),
        })
    }

    /// Calls a function with `host` behind its imports.
    ///
    /// Gas used is exact in the meter whatever the outcome. The store stays usable after a trap, with whatever the
    /// code had changed until then.
    ///
    /// # Errors
    /// The trap that ended it; [`Trap::BadInvocation`] when `args` are not of the function's types;
    /// [`Trap::NoMemory`] whatever the code did, when the machine has refused memory to it, and from then on.
    ///
    /// # Panics
    /// When a host function panicked: the same panic goes on here.
    pub fn invoke(&mut self, func: FuncId, host: &mut dyn Host, args: &[Value]) -> Result<Vec<Value>, Trap> {
        let count = self.func_type(func).map_or(0, |ty| ty.results().len());
        let mut results = vec![Value::I32(0); count];
        self.invoke_into(func, host, args, &mut results)?;
        Ok(results)
    }

    /// The same without an allocation: `results` has one place a result, and is overwritten: with zeros and nulls if
    /// there is a trap.
    ///
    /// # Errors
    /// As [`Store::invoke`]; [`Trap::BadInvocation`] also when there are not as many places as results.
    ///
    /// # Panics
    /// As [`Store::invoke`].
    pub fn invoke_into(
        &mut self,
        func: FuncId,
        host: &mut dyn Host,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<(), Trap> {
        self.choose_tier();
        let function = self.function(func).ok_or(Trap::BadInvocation)?;
        let ty = self.types.get(function.sig).ok_or(Trap::Internal)?;
        let (wanted, given) = (ty.params(), ty.results());
        let (params, count) = (args.len(), results.len());
        if wanted.len() != params || given.len() != count {
            return Err(Trap::BadInvocation);
        }
        let mut slots = Slots::zeros(params.max(count));
        let taken = slots.all();
        for i in 0..params {
            if wanted[i] != args[i].ty() {
                return Err(Trap::BadInvocation);
            }
            taken[i] = self.to_slot(args[i]).ok_or(Trap::BadInvocation)?;
        }
        for i in 0..count {
            results[i] = Value::zero(given[i]);
        }
        self.invoke_counted(function, host, slots.all(), (params, count))?;
        for (result, slot) in results.iter_mut().zip(slots.all()) {
            *result = from_slot(result.ty(), *slot);
        }
        Ok(())
    }

    /// Calls a function with slots of the right number and types, as [`Invocation`] says, for so many parameters and
    /// results, in the tier that it is time for.
    #[inline]
    pub(super) fn invoke_checked(
        &mut self,
        func: FuncId,
        host: &mut dyn Host,
        slots: &mut [u64],
        counts: (usize, usize),
    ) -> Result<(), Trap> {
        self.choose_tier();
        let function = self.function(func).ok_or(Trap::BadInvocation)?;
        self.invoke_counted(function, host, slots, counts)
    }

    /// The same in the tier that has been chosen, with the call counted for the promotion of its module.
    #[inline]
    fn invoke_counted(
        &mut self,
        function: Function,
        host: &mut dyn Host,
        slots: &mut [u64],
        counts: (usize, usize),
    ) -> Result<(), Trap> {
        let heat = Heat::start(self, function.kind);
        let outcome = self.invoke_slots(function, host, slots, counts);
        if let Some(heat) = heat {
            heat.end(self);
        }
        outcome
    }

    /// Runs the start function of an instance.
    pub(super) fn start(&mut self, func: FuncId, host: &mut dyn Host) -> Result<(), Trap> {
        let function = self.function(func).ok_or(Trap::Internal)?;
        self.invoke_slots(function, host, &mut [], (0, 0))
    }

    /// Has the interpreter run function `index` of an instance for native code that calls it, with slots as
    /// [`Invocation`] says.
    pub(crate) fn interpret(
        &mut self,
        instance: InstanceId,
        index: u32,
        host: &mut dyn Host,
        budget: u32,
        slots: &mut [u64],
        (params, results): (usize, usize),
    ) -> Result<(), Trap> {
        let target = &self.instances[instance.0 as usize];
        let body = index
            .checked_sub(target.module.info().imported_funcs)
            .ok_or(Trap::Internal)?;
        let reference = target.wiring.func_refs[index as usize];
        let call = Invocation {
            instance,
            body,
            reference,
            budget,
            slots,
            params,
            results,
        };
        backend::interpret(self, host, call)
    }

    /// The same without being counted.
    #[inline]
    fn invoke_slots(
        &mut self,
        Function { kind, reference, .. }: Function,
        host: &mut dyn Host,
        slots: &mut [u64],
        (params, results): (usize, usize),
    ) -> Result<(), Trap> {
        let invoking = Invoking::begin();
        let budget = invoking.budget(self.engine.config().stack_limit);
        let ended = match kind {
            FuncKind::Host { instance, id } => {
                self.invoke_host(instance, id, host, budget, &mut slots[..], (params, results))
            }
            FuncKind::Wasm { instance, body } => {
                let call = Invocation {
                    instance,
                    body,
                    reference,
                    budget,
                    slots,
                    params,
                    results,
                };
                backend::invoke(self, host, call)
            }
        };
        if ended == Err(Trap::OutOfGas) {
            // Where exactly a tier noticed that there is none left is its own business.
            self.meter_ref().set_used(self.meter_ref().limit());
        }
        let interrupted = std::mem::take(&mut self.interrupted);
        match ended {
            _ if self.refused => Err(Trap::NoMemory),
            _ if interrupted => Err(Trap::Interrupted),
            ended => ended,
        }
    }

    /// Calls a host function from outside of any code.
    #[cold]
    fn invoke_host(
        &mut self,
        instance: InstanceId,
        id: u32,
        host: &mut dyn Host,
        budget: u32,
        slots: &mut [u64],
        (params, results): (usize, usize),
    ) -> Result<(), Trap> {
        let args = slots[..params].to_vec();
        let results = &mut slots[..results];
        results.fill(0);
        self.call_host(instance, id, host, budget, &args, results)
            .map_err(|HostStop| Trap::Host)
    }

    /// Calls host function `id` on behalf of an instance, with `remaining` slots of stack left. The only way to a
    /// host function, for every tier.
    #[inline]
    pub(crate) fn call_host(
        &mut self,
        instance: InstanceId,
        id: u32,
        host: &mut dyn Host,
        remaining: u32,
        args: &[u64],
        results: &mut [u64],
    ) -> Result<(), HostStop> {
        stack::host_call(remaining);
        host.call(id, &mut Caller::new(self, instance, remaining), args, results)
    }

    /// The bytes of a memory; none for a handle of another store.
    pub fn memory(&self, memory: MemoryId) -> &[u8] {
        self.memories.get(memory.0 as usize).map_or(&[], Memory::bytes)
    }

    /// The bytes of a memory, to write; none for a handle of another store.
    pub fn memory_mut(&mut self, memory: MemoryId) -> &mut [u8] {
        self.memories
            .get_mut(memory.0 as usize)
            .map_or(&mut [], Memory::bytes_mut)
    }

    /// Grows a memory by `pages` of 64 KiB; gives its size before.
    ///
    /// # Errors
    /// When it may not have that many pages, or the machine refuses them; then the running invocation ends with
    /// [`Trap::NoMemory`].
    pub fn memory_grow(&mut self, memory: MemoryId, pages: u32) -> Result<u32, GrowError> {
        let Some(memory) = self.memories.get_mut(memory.0 as usize) else {
            return Err(GrowError {
                left: pages.into(),
                max: 0,
            });
        };
        let error = GrowError {
            left: u64::from(memory.pages()) + u64::from(pages),
            max: memory.max_pages(),
        };
        memory.grow(pages).map_err(|why| {
            self.note(why);
            error
        })
    }

    /// The memory host functions work on for an instance: the last one it exports.
    pub fn host_memory(&self, instance: InstanceId) -> Option<MemoryId> {
        self.instances.get(instance.0 as usize)?.host_memory
    }

    /// The value of a global; `None` for a handle of another store.
    pub fn global(&self, global: GlobalId) -> Option<Value> {
        let global = self.globals.get(global.0 as usize)?;
        Some(from_slot(global.ty.content, global.ptr.get()))
    }

    /// Sets a mutable global; `false` when it is immutable, of another type or of another store.
    pub fn set_global(&mut self, global: GlobalId, value: Value) -> bool {
        let Some(slot) = self.to_slot(value) else {
            return false;
        };
        match self.globals.get(global.0 as usize) {
            Some(global) if global.ty.mutable && global.ty.content == value.ty() => {
                global.ptr.set(slot);
                true
            }
            _ => false,
        }
    }

    /// An element of a table; `None` past its end or for a handle of another store.
    pub fn table_get(&self, table: TableId, index: u32) -> Option<Value> {
        let table = self.tables.get(table.0 as usize)?;
        Some(from_slot(table.ty().element, table.get(index)?))
    }

    /// Makes a memory that modules may import.
    ///
    /// # Errors
    /// When it is too large, or the machine refused memory.
    pub fn new_memory(&mut self, ty: MemoryType) -> Result<MemoryId, InstantiateError> {
        self.memories.push(Memory::new(&self.engine, ty, None)?);
        Ok(MemoryId(self.memories.len() as u32 - 1))
    }

    /// Makes a table of nulls that modules may import.
    ///
    /// # Errors
    /// When it is too large, or the machine refused memory.
    pub fn new_table(&mut self, ty: TableType) -> Result<TableId, InstantiateError> {
        self.tables.push(Table::new(ty)?);
        Ok(TableId(self.tables.len() as u32 - 1))
    }

    /// A value as a slot; `None` for a function of another store.
    #[inline]
    pub(crate) fn to_slot(&self, value: Value) -> Option<u64> {
        Some(match value {
            Value::I32(v) => u64::from(v as u32),
            Value::I64(v) => v as u64,
            Value::F32(bits) => bits.into(),
            Value::F64(bits) => bits,
            Value::FuncRef(None) | Value::ExternRef(None) => 0,
            Value::FuncRef(Some(func)) => self.reference(func)? as u64,
            Value::ExternRef(Some(number)) => u64::from(number) + 1,
        })
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if !self.instances.is_empty() {
            self.instances.swap_remove(0).retire();
        }
    }
}

/// A slot as a value of a type.
#[inline]
pub(crate) fn from_slot(ty: ValType, slot: u64) -> Value {
    match ty {
        ValType::I32 => Value::I32(slot as u32 as i32),
        ValType::I64 => Value::I64(slot as i64),
        ValType::F32 => Value::F32(slot as u32),
        ValType::F64 => Value::F64(slot),
        ValType::FuncRef => Value::FuncRef(func_of(slot).map(FuncId)),
        ValType::ExternRef => Value::ExternRef(slot.checked_sub(1).map(|number| number as u32)),
    }
}

impl Instance {
    /// What an export refers to.
    pub(crate) fn extern_at(&self, index: ExternIndex) -> Extern {
        match index {
            ExternIndex::Func(i) => Extern::Func(self.wiring.funcs[i as usize]),
            ExternIndex::Table(i) => Extern::Table(self.tables[i as usize]),
            ExternIndex::Memory(i) => Extern::Memory(self.memories[i as usize]),
            ExternIndex::Global(i) => Extern::Global(self.globals[i as usize]),
        }
    }
}
