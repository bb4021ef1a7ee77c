//! Variables, memory and tables.

use wasmparser::{MemArg, Operator as O};

use super::code::Site;
use super::machine::Machine;
use crate::runtime::context::GlobalPtr;
use crate::runtime::memory::Memory;
use crate::runtime::table::Table;
use crate::trap::Trap;

impl Machine<'_, '_> {
    /// Constants, locals, globals and references; `false` when the operator is on none of them.
    pub(super) fn variable(&mut self, site: &Site<'_>) -> Result<bool, Trap> {
        match site.operator {
            O::I32Const { value } => self.stack.push(u64::from(value as u32)),
            O::I64Const { value } => self.stack.push(value as u64),
            O::LocalGet { local_index } => {
                let slot = *self.local(local_index)?;
                self.stack.push(slot);
            }
            O::LocalSet { local_index } => {
                let slot = self.pop()?;
                *self.local(local_index)? = slot;
            }
            O::LocalTee { local_index } => {
                let slot = *self.stack.last().ok_or(Trap::Internal)?;
                *self.local(local_index)? = slot;
            }
            O::GlobalGet { global_index } => {
                let slot = self.global(global_index)?.get();
                self.stack.push(slot);
            }
            O::GlobalSet { global_index } => {
                let slot = self.pop()?;
                self.global(global_index)?.set(slot);
            }
            O::RefNull { .. } => self.stack.push(0),
            O::RefIsNull => {
                let slot = self.pop()?;
                self.stack.push(u64::from(slot == 0));
            }
            O::RefFunc { function_index } => {
                let reference = self.instance()?.wiring.func_refs.get(function_index as usize);
                let slot = *reference.ok_or(Trap::Internal)? as u64;
                self.stack.push(slot);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn local(&mut self, index: u32) -> Result<&mut u64, Trap> {
        let at = self.frame()?.locals + index as usize;
        self.stack.get_mut(at).ok_or(Trap::Internal)
    }

    fn global(&self, index: u32) -> Result<GlobalPtr, Trap> {
        let global = *self
            .instance()?
            .globals
            .get(index as usize)
            .ok_or(Trap::Internal)?;
        let entity = self.store.globals.get(global.0 as usize);
        Ok(entity.ok_or(Trap::Internal)?.ptr)
    }

    /// A table of the running instance.
    pub(super) fn table(&self, index: u32) -> Result<&Table, Trap> {
        let table = *self
            .instance()?
            .tables
            .get(index as usize)
            .ok_or(Trap::Internal)?;
        self.store.tables.get(table.0 as usize).ok_or(Trap::Internal)
    }

    /// Memory 0 of the running instance.
    fn memory_0(&mut self) -> Result<&mut Memory, Trap> {
        let memory = *self.instance()?.memories.first().ok_or(Trap::Internal)?;
        self.store
            .memories
            .get_mut(memory.0 as usize)
            .ok_or(Trap::Internal)
    }

    /// Loads and stores; `false` when the operator is none.
    pub(super) fn memory(&mut self, site: &Site<'_>) -> Result<bool, Trap> {
        match site.operator {
            O::I32Load { memarg } | O::I64Load32U { memarg } => self.load(memarg, u32::from_le_bytes)?,
            O::I32Load8U { memarg } | O::I64Load8U { memarg } => self.load(memarg, u8::from_le_bytes)?,
            O::I32Load16U { memarg } | O::I64Load16U { memarg } => self.load(memarg, u16::from_le_bytes)?,
            O::I64Load { memarg } => self.load(memarg, u64::from_le_bytes)?,
            O::I32Load8S { memarg } => {
                self.load(memarg, |bytes| i32::from(i8::from_le_bytes(bytes)) as u32)?
            }
            O::I32Load16S { memarg } => {
                self.load(memarg, |bytes| i32::from(i16::from_le_bytes(bytes)) as u32)?
            }
            O::I64Load8S { memarg } => {
                self.load(memarg, |bytes| i64::from(i8::from_le_bytes(bytes)) as u64)?
            }
            O::I64Load16S { memarg } => {
                self.load(memarg, |bytes| i64::from(i16::from_le_bytes(bytes)) as u64)?
            }
            O::I64Load32S { memarg } => {
                self.load(memarg, |bytes| i64::from(i32::from_le_bytes(bytes)) as u64)?
            }
            O::I32Store8 { memarg } | O::I64Store8 { memarg } => self.store(memarg, 1)?,
            O::I32Store16 { memarg } | O::I64Store16 { memarg } => self.store(memarg, 2)?,
            O::I32Store { memarg } | O::I64Store32 { memarg } => self.store(memarg, 4)?,
            O::I64Store { memarg } => self.store(memarg, 8)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn load<const N: usize, T: Into<u64>>(
        &mut self,
        memarg: MemArg,
        value: impl FnOnce([u8; N]) -> T,
    ) -> Result<(), Trap> {
        let index = self.pop()?;
        let bytes = self.memory_0()?.bytes();
        let bytes = bytes
            .get(range(index, memarg, N)?)
            .and_then(|bytes| bytes.try_into().ok());
        self.stack
            .push(value(bytes.ok_or(Trap::MemoryOutOfBounds)?).into());
        Ok(())
    }

    fn store(&mut self, memarg: MemArg, count: usize) -> Result<(), Trap> {
        let (slot, index) = (self.pop()?, self.pop()?);
        let bytes = self.memory_0()?.bytes_mut();
        let target = bytes.get_mut(range(index, memarg, count)?);
        let target = target.ok_or(Trap::MemoryOutOfBounds)?;
        target.copy_from_slice(&slot.to_le_bytes()[..count]);
        Ok(())
    }

    /// Sizes, growth and bulk operators; `false` when the operator is none of them.
    pub(super) fn bulk(&mut self, site: &Site<'_>) -> Result<bool, Trap> {
        let id = self.frame()?.instance;
        match site.operator {
            O::MemorySize { .. } => {
                let pages = self.memory_0()?.pages();
                self.stack.push(pages.into());
            }
            O::MemoryGrow { .. } => {
                let pages = self.pop()? as u32;
                let before = self.store.op_memory_grow(id, pages);
                self.stack.push(before.into());
            }
            O::MemoryFill { .. } => {
                let [to, byte, len] = self.pop_three()?;
                self.store.memory_fill(id, to as u32, byte as u8, len as u32)?;
            }
            O::MemoryCopy { .. } => {
                let [to, from, len] = self.pop_three()?;
                self.store.memory_copy(id, to as u32, from as u32, len as u32)?;
            }
            O::MemoryInit { data_index, .. } => {
                let [to, from, len] = self.pop_three()?;
                self.store
                    .memory_init(id, data_index, to as u32, from as u32, len as u32)?;
            }
            O::DataDrop { data_index } => self.store.data_drop(id, data_index),
            O::TableGet { table } => {
                let index = self.pop()? as u32;
                let slot = self.table(table)?.get(index).ok_or(Trap::TableOutOfBounds)?;
                self.stack.push(slot);
            }
            O::TableSet { table } => {
                let (slot, index) = (self.pop()?, self.pop()? as u32);
                self.store.op_table_fill(id, table, index, slot, 1)?;
            }
            O::TableSize { table } => {
                let len = self.table(table)?.len();
                self.stack.push(len.into());
            }
            O::TableGrow { table } => {
                let (count, slot) = (self.pop()? as u32, self.pop()?);
                let before = self.store.op_table_grow(id, table, slot, count);
                self.stack.push(before.into());
            }
            O::TableFill { table } => {
                let [at, slot, count] = self.pop_three()?;
                self.store
                    .op_table_fill(id, table, at as u32, slot, count as u32)?;
            }
            O::TableCopy { dst_table, src_table } => {
                let [to, from, len] = self.pop_three()?;
                let (to, from) = ((dst_table, to as u32), (src_table, from as u32));
                self.store.op_table_copy(id, to, from, len as u32)?;
            }
            O::TableInit { elem_index, table } => {
                let [to, from, len] = self.pop_three()?;
                self.store
                    .table_init(id, table, elem_index, to as u32, from as u32, len as u32)?;
            }
            O::ElemDrop { elem_index } => self.store.elem_drop(id, elem_index),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Takes three operands, the deepest first.
    fn pop_three(&mut self) -> Result<[u64; 3], Trap> {
        let (third, second, first) = (self.pop()?, self.pop()?, self.pop()?);
        Ok([first, second, third])
    }
}

/// The bytes that an access touches.
fn range(index: u64, memarg: MemArg, count: usize) -> Result<std::ops::Range<usize>, Trap> {
    // Index and offset have 32 bits each.
    let start = u64::from(index as u32) + memarg.offset;
    let start = usize::try_from(start).map_err(|_| Trap::MemoryOutOfBounds)?;
    Ok(start..start + count)
}
