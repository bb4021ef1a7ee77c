//! Instances, and how one is made of a module and its imports.

#![allow(unsafe_code)]

use std::ptr;
use std::sync::atomic::AtomicU64;

use arwen_metering::CostTable;

use super::context::{ContextBlock, VmContext};
use super::memory::Memory;
use super::store::{Extern, GlobalEntity, GlobalId, InstanceId, MemoryId, Store, TableId};
use super::table::{Table, TableCell};
use super::wiring::{Linkage, Wiring};
use crate::backend;
use crate::error::{InstantiateError, LinkError, SegmentError};
use crate::host::Host;
use crate::module::Module;
use crate::module::const_expr::ConstExpr;
use crate::module::info::{ImportDecl, ImportType, ModuleInfo, Placement};
use crate::trap::Trap;
use crate::value::ExternType;

/// An instance of a module in a store.
#[derive(Debug)]
pub(crate) struct Instance {
    pub module: Module,
    /// Prices; compiled code reads them through the context.
    pub costs: CostTable,
    pub wiring: Wiring,
    /// How often there had been new native code when it was wired; 0 before.
    wired: u32,
    /// The memory index space; likewise below.
    pub memories: Box<[MemoryId]>,
    pub tables: Box<[TableId]>,
    pub globals: Box<[GlobalId]>,
    /// The memory host functions work on.
    pub host_memory: Option<MemoryId>,
    /// Segments that are used up; `true` reads as empty.
    pub dropped_data: Box<[bool]>,
    pub dropped_elements: Box<[bool]>,
    #[expect(dead_code, reason = "owns what a raw pointer in the context points to")]
    table_cells: TableCells,
}

/// Where compiled code finds the tables, by index.
#[derive(Debug)]
struct TableCells(Box<[*const TableCell]>);

// SAFETY: the pointers are to tables of the same store; a store is one unit that moves as a whole.
unsafe impl Send for TableCells {}

impl Store {
    /// Makes an instance: links `imports` (in the module's order), fills memories and tables from active segments
    /// and runs the start function with `host` behind it. `costs` are the prices for [`Module::plan`], the same for all
    /// instances of the module in the store.
    ///
    /// The start function runs under the store's gas limit as it is.
    ///
    /// # Errors
    /// [`InstantiateError::Link`]: an import is missing or of the wrong type.
    /// [`InstantiateError::Segment`]: an active segment does not fit, where the ruleset checks that first; else a
    /// trap. [`InstantiateError::Trap`]: the start function trapped. [`InstantiateError::TooLarge`]: a memory or table
    /// may not be that large. [`InstantiateError::Resource`]: the machine refused memory, which is no outcome. After an
    /// error nothing can reach the instance, except what its segments had already written to imported memories and
    /// tables.
    ///
    /// # Panics
    /// When a host function called by the start function panicked: the same panic goes on here.
    pub fn instantiate(
        &mut self,
        module: &Module,
        imports: &[Extern],
        costs: &CostTable,
        host: &mut dyn Host,
    ) -> Result<InstanceId, InstantiateError> {
        if !self.engine().same(module.engine()) {
            return Err(InstantiateError::Link(LinkError::Engine));
        }
        let info = module.info();
        let prices = module.plan().len();
        if costs.len() != prices {
            return Err(InstantiateError::Link(LinkError::Costs {
                wanted: prices,
                given: costs.len(),
            }));
        }
        let mut same = self
            .instances
            .iter()
            .filter(|instance| instance.module.is(module));
        if same.any(|instance| instance.costs != *costs) {
            return Err(InstantiateError::Link(LinkError::OtherCosts));
        }
        let id = InstanceId(self.instances.len() as u32);
        let linked = self.link(module, imports)?;
        let instance = self.build(module, id, linked, costs)?;
        self.instances.push(instance);
        self.choose_tier();
        self.init_globals(id, info);
        self.fill(id, info)?;
        if let Some(start) = info.start {
            let func = self.instances[id.0 as usize].wiring.funcs[start as usize];
            self.start(func, host).map_err(InstantiateError::Trap)?;
        }
        Ok(id)
    }

    /// Checks the imports and sorts them by kind.
    fn link(&self, module: &Module, imports: &[Extern]) -> Result<Linked, InstantiateError> {
        let info = module.info();
        let fail = |e| Err(InstantiateError::Link(e));
        if imports.len() != info.imports.len() {
            return fail(LinkError::Count {
                wanted: info.imports.len(),
                given: imports.len(),
            });
        }
        let mut linked = Linked {
            funcs: Vec::with_capacity(info.imported_funcs as usize),
            ..Linked::default()
        };
        for (decl, import) in info.imports.iter().zip(imports) {
            if let (ImportType::Func(wanted), Extern::HostFunc { id, ty }) = (&decl.ty, import)
                && info.types[*wanted as usize] == *ty
            {
                linked.funcs.push(Linkage::Host(*id));
                continue;
            }
            let names =
                |decl: &ImportDecl| (info.name(decl.module).to_owned(), info.name(decl.name).to_owned());
            let wanted = info.import_type(&decl.ty);
            let Some(given) = self.extern_type(import) else {
                let (module, name) = names(decl);
                return fail(LinkError::Handle { module, name });
            };
            let fits = match (&wanted, &given) {
                (ExternType::Memory(w), ExternType::Memory(g)) => {
                    w.limits.accepts(g.limits.min, g.limits.max)
                }
                (ExternType::Table(w), ExternType::Table(g)) => {
                    w.element == g.element && w.limits.accepts(g.limits.min, g.limits.max)
                }
                (wanted, given) => wanted == given,
            };
            if !fits {
                let (module, name) = names(decl);
                return fail(LinkError::Type {
                    module,
                    name,
                    wanted,
                    given,
                });
            }
            match import {
                Extern::HostFunc { id, .. } => linked.funcs.push(Linkage::Host(*id)),
                Extern::Func(id) => linked.funcs.push(Linkage::Func(*id)),
                Extern::Memory(id) => linked.memories.push(*id),
                Extern::Table(id) => linked.tables.push(*id),
                Extern::Global(id) => linked.globals.push(*id),
            }
        }
        Ok(linked)
    }

    /// Makes the instance and what it owns. Initial values come after.
    fn build(
        &mut self,
        module: &Module,
        id: InstanceId,
        linked: Linked,
        costs: &CostTable,
    ) -> Result<Instance, InstantiateError> {
        let info = module.info();
        let Linked {
            funcs: imported,
            mut memories,
            mut tables,
            mut globals,
        } = linked;
        // Refuse before anything is pushed, so that a failure leaves no half instance behind.
        for ty in &info.memories[memories.len()..] {
            let memory = Memory::new(self.engine(), *ty, module.image())?;
            memories.push(MemoryId(self.memories.len() as u32));
            self.memories.push(memory);
        }
        for ty in &info.tables[tables.len()..] {
            let table = Table::new(*ty)?;
            tables.push(TableId(self.tables.len() as u32));
            self.tables.push(table);
        }

        let first = self.function_count();
        // Then its wiring may be that of another.
        let is_first = self.types.is_empty() && first == 0;
        let distinct = self.types.of(&info.distinct_types);
        let by_host = imported.iter().all(|import| matches!(import, Linkage::Host(_)));
        let spare = (is_first && by_host).then(|| module.spares().take()).flatten();
        let mut wiring = match spare.and_then(|spare| spare.renewed(imported.clone())) {
            Some(wiring) => wiring,
            None => {
                let context = ContextBlock::new(info.globals.len(), costs.len());
                let sigs = info.canonical.iter();
                let sigs = sigs.map(|canonical| distinct[*canonical as usize]).collect();
                // There, as `link` has found its type.
                let reference = |func| self.reference(func).unwrap_or(ptr::null());
                Wiring::new(info, context, imported, sigs, first, reference)
            }
        };
        let memory = memories.first().map(|id| self.memories[id.0 as usize].cell());
        let table_cells = tables.iter().map(|id| self.tables[id.0 as usize].cell());
        let table_cells = TableCells(table_cells.collect());
        wiring.set_head(VmContext {
            limit: AtomicU64::new(0),
            cells: &**self.meter_ref().cells(),
            costs: costs.as_ptr(),
            memory_base: memories.first().map_or(ptr::null_mut(), |id| {
                self.memories[id.0 as usize].bytes_mut().as_mut_ptr()
            }),
            memory: memory.unwrap_or(ptr::null()),
            tables: table_cells.0.as_ptr(),
            funcs: ptr::null(),
            imports: ptr::null(),
            sigs: ptr::null(),
            libcalls: backend::libcalls(),
            instance: id.0,
        });
        let context = &wiring.context;
        self.meter_ref().cells().attach(context.limit());

        for (index, decl) in info.globals.iter().enumerate().skip(globals.len()) {
            globals.push(GlobalId(self.globals.len() as u32));
            self.globals.push(GlobalEntity {
                ty: decl.ty,
                ptr: context.global(index as u32),
            });
        }
        for (index, global) in globals.iter().enumerate().take(info.imported_globals as usize) {
            context
                .global(index as u32)
                .set(self.globals[global.0 as usize].ptr.as_slot());
        }
        Ok(Instance {
            host_memory: info.host_memory().map(|index| memories[index as usize]),
            module: module.clone(),
            costs: costs.clone(),
            wiring,
            wired: 0,
            memories: memories.into(),
            tables: tables.into(),
            globals: globals.into(),
            dropped_data: vec![false; info.data.len()].into(),
            dropped_elements: vec![false; info.elements.len()].into(),
            table_cells,
        })
    }

    fn init_globals(&mut self, id: InstanceId, info: &ModuleInfo) {
        for (index, decl) in info.globals.iter().enumerate() {
            if let Some(init) = &decl.init {
                let value = self.eval(id, init);
                let global = self.instances[id.0 as usize].globals[index];
                self.globals[global.0 as usize].ptr.set(value);
            }
        }
    }

    /// The value of a constant expression in an instance.
    pub(crate) fn eval(&self, id: InstanceId, expr: &ConstExpr) -> u64 {
        self.instances[id.0 as usize].eval(&self.globals, expr)
    }

    /// Writes the active segments.
    fn fill(&mut self, id: InstanceId, info: &ModuleInfo) -> Result<(), InstantiateError> {
        if self.engine().ruleset().segments_checked_first {
            self.check_segments(id, info)?;
        }
        let trap = InstantiateError::Trap;
        for (index, segment) in info.elements.iter().enumerate() {
            match &segment.placement {
                Placement::Active { index: table, offset } => {
                    let offset = self.eval(id, offset) as u32;
                    self.table_init(id, *table, index as u32, offset, 0, segment.items.len() as u32)
                        .map_err(trap)?;
                    self.elem_drop(id, index as u32);
                }
                Placement::Declared => self.elem_drop(id, index as u32),
                Placement::Passive => {}
            }
        }
        // An image has all of them.
        let imaged = self.instances[id.0 as usize].module.image().is_some();
        for (index, segment) in info.data.iter().enumerate() {
            if let Placement::Active { offset, .. } = &segment.placement {
                if !imaged {
                    let offset = self.eval(id, offset) as u32;
                    self.memory_init(id, index as u32, offset, 0, segment.bytes.len() as u32)
                        .map_err(trap)?;
                }
                self.data_drop(id, index as u32);
            }
        }
        Ok(())
    }

    /// The rule before bulk memory: nothing is written unless everything fits. Empty segments count as well.
    fn check_segments(&self, id: InstanceId, info: &ModuleInfo) -> Result<(), InstantiateError> {
        let instance = &self.instances[id.0 as usize];
        let past = |offset: u64, len: usize, size: u64| u64::from(offset as u32) + len as u64 > size;
        for (index, segment) in info.data.iter().enumerate() {
            if let Placement::Active {
                index: memory,
                offset,
            } = &segment.placement
            {
                let memory = &self.memories[instance.memories[*memory as usize].0 as usize];
                if past(
                    self.eval(id, offset),
                    segment.bytes.len(),
                    memory.bytes().len() as u64,
                ) {
                    return Err(InstantiateError::Segment(SegmentError::Data(index as u32)));
                }
            }
        }
        for (index, segment) in info.elements.iter().enumerate() {
            if let Placement::Active { index: table, offset } = &segment.placement {
                let table = &self.tables[instance.tables[*table as usize].0 as usize];
                if past(self.eval(id, offset), segment.items.len(), table.len().into()) {
                    return Err(InstantiateError::Segment(SegmentError::Element(index as u32)));
                }
            }
        }
        Ok(())
    }
}

impl Instance {
    /// The value of a constant expression, with the globals of the store.
    #[inline]
    pub(super) fn eval(&self, globals: &[GlobalEntity], expr: &ConstExpr) -> u64 {
        expr.eval(
            |global| globals[self.globals[global as usize].0 as usize].ptr.get(),
            |func| self.wiring.func_refs[func as usize] as u64,
        )
    }

    /// Makes it ready to run natively, with as much native code as there is. Only while no code of the store runs.
    pub(crate) fn wire(&mut self) {
        let code = self.module.code();
        let steps = code.promotion().steps();
        if self.wired != steps
            && let Some(native) = code.native()
        {
            self.wiring.wire(self.module.info(), native, &self.costs);
            self.wired = steps;
        }
    }

    /// Leaves to its module what another instance can use. Of the first instance of its store, which is going.
    pub(crate) fn retire(self) {
        self.module.spares().give(self.wiring);
    }
}

/// Imports by kind.
#[derive(Default)]
struct Linked {
    funcs: Vec<Linkage>,
    memories: Vec<MemoryId>,
    tables: Vec<TableId>,
    globals: Vec<GlobalId>,
}

/// A trap while a segment is written is a trap of instantiation.
impl From<Trap> for InstantiateError {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap)
    }
}
