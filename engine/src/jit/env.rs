//! Loads and stores of what compiled code shares with the runtime. Nobody else writes an offset.

use std::mem::offset_of;

use arwen_metering::ChargeId;
use cranelift_codegen::ir::{AliasRegion, AliasRegionData, InstBuilder, MemFlagsData, Type, Value, types};
use cranelift_frontend::FunctionBuilder;

use super::abi::{native_signature, trap_code};
use super::libcalls::Libcall;
use crate::module::info::ModuleInfo;
use crate::runtime::cells::StoreCells;
use crate::runtime::context::{ContextBlock, FuncRef, VmContext};
use crate::runtime::memory::MemoryCell;
use crate::runtime::table::TableCell;
use crate::trap::Trap;

/// Kinds of memory that never overlap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Regions {
    /// The meter's cells.
    pub cells: AliasRegion,
    pub heap: AliasRegion,
    pub tables: AliasRegion,
    pub globals: AliasRegion,
}

/// What a function knows of its surroundings.
#[derive(Debug)]
pub(crate) struct Env<'m> {
    pub info: &'m ModuleInfo,
    /// The context parameter.
    pub ctx: Value,
    pub regions: Regions,
    /// Are memories followed by a guard (see `runtime::memory`)?
    pub guarded: bool,
}

/// Flags of loads from what never changes while the instance lives.
fn fixed() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly().with_can_move()
}

fn offset(bytes: usize) -> i32 {
    // Structures of a few words, and arrays bounded by the limits.
    i32::try_from(bytes).unwrap_or(i32::MAX)
}

impl Regions {
    /// Declares the regions in a function.
    pub fn declare(builder: &mut FunctionBuilder<'_>) -> Self {
        let mut region = |user_id, description: &'static str| {
            let description = description.into();
            builder
                .func
                .dfg
                .alias_regions
                .insert(AliasRegionData { user_id, description })
        };
        Self {
            cells: region(0, "meter"),
            heap: region(1, "memory"),
            tables: region(2, "tables"),
            globals: region(3, "globals"),
        }
    }
}

impl Env<'_> {
    fn context(&self, b: &mut FunctionBuilder<'_>, at: usize) -> Value {
        b.ins().load(types::I64, fixed(), self.ctx, offset(at))
    }

    /// The gas used as others see it: address, offset and flags of the meter's cell.
    pub fn used(&self, b: &mut FunctionBuilder<'_>) -> (Value, i32, MemFlagsData) {
        let cells = self.context(b, offset_of!(VmContext, cells));
        (cells, offset(offset_of!(StoreCells, used)), self.cell_flags())
    }

    /// What checks compare with, as it is at this moment.
    pub fn limit(&self, b: &mut FunctionBuilder<'_>) -> Value {
        // Other threads write it: what was read before does not count.
        b.ins().sequence_point();
        let at = offset(offset_of!(VmContext, limit));
        b.ins().load(types::I64, self.cell_flags(), self.ctx, at)
    }

    /// Flags of accesses to the gas used and its limit.
    fn cell_flags(&self) -> MemFlagsData {
        MemFlagsData::trusted().with_alias_region(Some(self.regions.cells))
    }

    /// A price.
    pub fn price(&self, b: &mut FunctionBuilder<'_>, charge: ChargeId) -> Value {
        // Not free to move: most belong next to their addition, not in a register across a loop.
        let flags = MemFlagsData::trusted().with_readonly();
        let at = ContextBlock::price_offset(self.info.globals.len(), charge.0);
        b.ins().load(types::I64, flags, self.ctx, offset(at))
    }

    /// Flags of accesses to linear memory.
    pub fn heap_flags(&self) -> MemFlagsData {
        MemFlagsData::new()
            .with_endianness(cranelift_codegen::ir::Endianness::Little)
            .with_alias_region(Some(self.regions.heap))
    }

    /// Base address of memory 0.
    pub fn memory_base(&self, b: &mut FunctionBuilder<'_>) -> Value {
        if self.guarded {
            return self.context(b, offset_of!(VmContext, memory_base));
        }
        let cell = self.context(b, offset_of!(VmContext, memory));
        b.ins().load(
            types::I64,
            MemFlagsData::trusted(),
            cell,
            offset(offset_of!(MemoryCell, base)),
        )
    }

    /// Size of memory 0 in bytes.
    pub fn memory_bytes(&self, b: &mut FunctionBuilder<'_>) -> Value {
        let cell = self.context(b, offset_of!(VmContext, memory));
        b.ins().load(
            types::I64,
            MemFlagsData::trusted(),
            cell,
            offset(offset_of!(MemoryCell, bytes)),
        )
    }

    /// Address of the elements of a table, and its size. A table that cannot grow stays where it is.
    pub fn table(&self, b: &mut FunctionBuilder<'_>, table: u32) -> (Value, Value) {
        let limits = self.info.tables[table as usize].limits;
        let size = (limits.max == Some(limits.min)).then_some(limits.min);
        let flags = match size {
            Some(_) => fixed(),
            None => MemFlagsData::trusted(),
        };
        let tables = self.context(b, offset_of!(VmContext, tables));
        let cell = b
            .ins()
            .load(types::I64, fixed(), tables, offset(table as usize * 8));
        let base = b
            .ins()
            .load(types::I64, flags, cell, offset(offset_of!(TableCell, base)));
        let len = match size {
            Some(size) => b.ins().iconst(types::I64, i64::from(size)),
            None => b
                .ins()
                .load(types::I64, flags, cell, offset(offset_of!(TableCell, len))),
        };
        (base, len)
    }

    /// Flags of accesses to table elements.
    pub fn table_flags(&self) -> MemFlagsData {
        MemFlagsData::trusted().with_alias_region(Some(self.regions.tables))
    }

    /// Address and offset of the slot of a global, and the flags to access it.
    pub fn global(&self, b: &mut FunctionBuilder<'_>, index: u32) -> (Value, i32, MemFlagsData) {
        let flags = MemFlagsData::trusted().with_alias_region(Some(self.regions.globals));
        let slot = ContextBlock::global_offset(index);
        if index < self.info.imported_globals {
            return (self.context(b, slot), 0, flags);
        }
        (self.ctx, offset(slot), flags)
    }

    /// The reference to a function of the module.
    pub fn func_ref(&self, b: &mut FunctionBuilder<'_>, index: u32) -> Value {
        let funcs = self.context(b, offset_of!(VmContext, funcs));
        b.ins()
            .load(types::I64, fixed(), funcs, offset(index as usize * 8))
    }

    /// Native entry and context of a function of the module, for a call.
    pub fn import(&self, b: &mut FunctionBuilder<'_>, index: u32) -> (Value, Value) {
        let reference = self.func_ref(b, index);
        let code = b
            .ins()
            .load(types::I64, fixed(), reference, offset(offset_of!(FuncRef, code)));
        let ctx = b
            .ins()
            .load(types::I64, fixed(), reference, offset(offset_of!(FuncRef, ctx)));
        (code, ctx)
    }

    /// Store number of the type of a reference; traps on null, whose page is never mapped.
    pub fn sig_of(&self, b: &mut FunctionBuilder<'_>, reference: Value) -> Value {
        let flags = MemFlagsData::new()
            .with_aligned()
            .with_readonly()
            .with_trap_code(Some(trap_code(Trap::IndirectCallToNull)));
        b.ins()
            .load(types::I32, flags, reference, offset(offset_of!(FuncRef, sig)))
    }

    /// Native entry and context of a reference known not to be null.
    pub fn entry_of(&self, b: &mut FunctionBuilder<'_>, reference: Value) -> (Value, Value) {
        let flags = MemFlagsData::trusted().with_readonly();
        let code = b
            .ins()
            .load(types::I64, flags, reference, offset(offset_of!(FuncRef, code)));
        let ctx = b
            .ins()
            .load(types::I64, flags, reference, offset(offset_of!(FuncRef, ctx)));
        (code, ctx)
    }

    /// Store number of a type of the module.
    pub fn sig(&self, b: &mut FunctionBuilder<'_>, ty: u32) -> Value {
        let sigs = self.context(b, offset_of!(VmContext, sigs));
        b.ins().load(types::I32, fixed(), sigs, offset(ty as usize * 4))
    }

    /// Calls a helper; gives its result if it has one. A helper that can trap is checked.
    pub fn libcall(&self, b: &mut FunctionBuilder<'_>, libcall: Libcall, args: &[Value]) -> Option<Value> {
        let (params, result) = libcall.types();
        let mut all = Vec::with_capacity(params.len() + 1);
        all.push(types::I64);
        all.extend_from_slice(params);
        let sig = b.import_signature(native_signature(&all, result.native()));
        let table = self.context(b, offset_of!(VmContext, libcalls));
        let code = b
            .ins()
            .load(types::I64, fixed(), table, offset(libcall as usize * 8));
        let mut values = Vec::with_capacity(args.len() + 1);
        values.push(self.ctx);
        values.extend_from_slice(args);
        // The helpers that show the counter to others, who may change it.
        let counted = matches!(libcall, Libcall::CallImport | Libcall::Interpret);
        if counted {
            super::gas::give(b, self);
        }
        let call = b.ins().call_indirect(sig, code, &values);
        if counted {
            super::gas::take(b, self);
        }
        let value = b.inst_results(call).first().copied();
        match (result, value) {
            (super::libcalls::Gives::Status, Some(status)) => {
                b.ins().trapnz(status, super::abi::STORED);
                None
            }
            (_, value) => value,
        }
    }
}

/// Type of an address.
pub(crate) const POINTER: Type = types::I64;
