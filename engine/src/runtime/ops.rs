//! Operators on memories, tables and segments that are too long to compile in line. All tiers call these.

use super::store::{InstanceId, Store};
use crate::trap::Trap;

/// Bytes a bulk operator moves between two looks at the interrupt flag: well under a millisecond.
const STRETCH: usize = 4 << 20;

impl Store {
    /// `memory.grow` of memory 0: pages before, or `u32::MAX` when it may not grow.
    pub(crate) fn op_memory_grow(&mut self, id: InstanceId, pages: u32) -> u32 {
        let memory = self.instances[id.0 as usize].memories[0];
        self.memory_grow(memory, pages).unwrap_or(u32::MAX)
    }

    /// Writes `len` bytes of a data segment from `from` on to memory 0 at `to`.
    pub(crate) fn memory_init(
        &mut self,
        id: InstanceId,
        segment: u32,
        to: u32,
        from: u32,
        len: u32,
    ) -> Result<(), Trap> {
        let instance = &self.instances[id.0 as usize];
        let info = instance.module.info();
        let bytes: &[u8] = match instance.dropped_data[segment as usize] {
            true => &[],
            false => info.data_bytes(&info.data[segment as usize]),
        };
        let bytes = slice(bytes, from, len)?;
        let memory = self.memories[instance.memories[0].0 as usize].bytes_mut();
        slice_mut(memory, to, len)?.copy_from_slice(bytes);
        Ok(())
    }

    /// `data.drop`.
    pub(crate) fn data_drop(&mut self, id: InstanceId, segment: u32) {
        self.instances[id.0 as usize].dropped_data[segment as usize] = true;
    }

    /// `memory.copy` inside memory 0.
    pub(crate) fn memory_copy(&mut self, id: InstanceId, to: u32, from: u32, len: u32) -> Result<(), Trap> {
        let memory = self.instances[id.0 as usize].memories[0];
        let interrupt = self.meter_ref().interrupt().clone();
        let bytes = self.memories[memory.0 as usize].bytes_mut();
        slice(bytes, from, len)?;
        slice(bytes, to, len)?;
        let (to, from, len) = (to as usize, from as usize, len as usize);
        // In the direction that keeps an overlap intact.
        let mut done = 0;
        while done < len {
            let step = (len - done).min(STRETCH);
            let at = if to <= from { done } else { len - done - step };
            bytes.copy_within(from + at..from + at + step, to + at);
            done += step;
            if done < len && interrupt.is_raised() {
                return Err(Trap::Interrupted);
            }
        }
        Ok(())
    }

    /// `memory.fill` of memory 0.
    pub(crate) fn memory_fill(&mut self, id: InstanceId, to: u32, byte: u8, len: u32) -> Result<(), Trap> {
        let memory = self.instances[id.0 as usize].memories[0];
        let interrupt = self.meter_ref().interrupt().clone();
        let bytes = slice_mut(self.memories[memory.0 as usize].bytes_mut(), to, len)?;
        let stretches = bytes.len().div_ceil(STRETCH);
        for (i, stretch) in bytes.chunks_mut(STRETCH).enumerate() {
            stretch.fill(byte);
            if i + 1 < stretches && interrupt.is_raised() {
                return Err(Trap::Interrupted);
            }
        }
        Ok(())
    }

    /// Writes `len` items of an element segment from `from` on to a table at `to`.
    pub(crate) fn table_init(
        &mut self,
        id: InstanceId,
        table: u32,
        segment: u32,
        to: u32,
        from: u32,
        len: u32,
    ) -> Result<(), Trap> {
        let instance = &self.instances[id.0 as usize];
        let info = instance.module.info();
        let items = match instance.dropped_elements[segment as usize] {
            true => &[],
            false => &info.elements[segment as usize].items[..],
        };
        let end = (from as usize)
            .checked_add(len as usize)
            .ok_or(Trap::TableOutOfBounds)?;
        let items = items.get(from as usize..end).ok_or(Trap::TableOutOfBounds)?;
        let slots: Vec<u64> = items.iter().map(|item| self.eval(id, item)).collect();
        let table = instance.tables[table as usize];
        self.tables[table.0 as usize].write(to, &slots)
    }

    /// `elem.drop`.
    pub(crate) fn elem_drop(&mut self, id: InstanceId, segment: u32) {
        self.instances[id.0 as usize].dropped_elements[segment as usize] = true;
    }

    /// `table.grow`: elements before, or `u32::MAX` when it may not grow.
    pub(crate) fn op_table_grow(&mut self, id: InstanceId, table: u32, slot: u64, count: u32) -> u32 {
        let table = self.instances[id.0 as usize].tables[table as usize];
        let grown = self.tables[table.0 as usize].grow(count, slot);
        grown.map_err(|why| self.note(why)).unwrap_or(u32::MAX)
    }

    /// `table.fill`.
    pub(crate) fn op_table_fill(
        &mut self,
        id: InstanceId,
        table: u32,
        at: u32,
        slot: u64,
        count: u32,
    ) -> Result<(), Trap> {
        let table = self.instances[id.0 as usize].tables[table as usize];
        self.tables[table.0 as usize].fill(at, slot, count)
    }

    /// `table.copy` from table `source` to table `target`, which may be the same.
    pub(crate) fn op_table_copy(
        &mut self,
        id: InstanceId,
        (target, to): (u32, u32),
        (source, from): (u32, u32),
        len: u32,
    ) -> Result<(), Trap> {
        let tables = &self.instances[id.0 as usize].tables;
        let (target, source) = (tables[target as usize], tables[source as usize]);
        if target == source {
            return self.tables[target.0 as usize].copy_within(to, from, len);
        }
        let slots = self.tables[source.0 as usize].read(from, len)?.to_vec();
        self.tables[target.0 as usize].write(to, &slots)
    }
}

fn slice(bytes: &[u8], at: u32, len: u32) -> Result<&[u8], Trap> {
    let end = (at as usize)
        .checked_add(len as usize)
        .ok_or(Trap::MemoryOutOfBounds)?;
    bytes.get(at as usize..end).ok_or(Trap::MemoryOutOfBounds)
}

fn slice_mut(bytes: &mut [u8], at: u32, len: u32) -> Result<&mut [u8], Trap> {
    let end = (at as usize)
        .checked_add(len as usize)
        .ok_or(Trap::MemoryOutOfBounds)?;
    bytes.get_mut(at as usize..end).ok_or(Trap::MemoryOutOfBounds)
}
