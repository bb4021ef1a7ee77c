//! Operators on memories, tables and segments that are too long to compile in line. All tiers call these.

use super::cells::Interrupt;
use super::store::{InstanceId, Store};
use crate::error::NoGrowth;
use crate::trap::Trap;

/// Bytes a bulk operator moves between two looks at the interrupt flag. Where they are touched for the first time, the
/// kernel clears a page for every 4 KiB, twice where they were read before: that, not the moving, is what takes long.
const STRETCH: usize = 4 << 10;

/// Elements of a table in as many bytes.
const STRETCH_ELEMENTS: usize = STRETCH / size_of::<u64>();

/// Moves or sets `len` things, `stretch` at a time, from the end when `backwards`, and looks at the interrupt flag between
/// two stretches. `step` is told where a stretch begins and how long it is.
fn in_stretches(
    interrupt: &Interrupt,
    (len, stretch): (usize, usize),
    backwards: bool,
    mut step: impl FnMut(usize, usize) -> Result<(), Trap>,
) -> Result<(), Trap> {
    let mut done = 0;
    while done < len {
        if done > 0 && interrupt.is_raised() {
            return Err(Trap::Interrupted);
        }
        let now = (len - done).min(stretch);
        step(if backwards { len - done - now } else { done }, now)?;
        done += now;
    }
    Ok(())
}

impl Store {
    /// Notes why something did not grow: what the machine refused, or an interrupt left undone, must not be seen as an
    /// outcome.
    pub(crate) fn note(&mut self, why: NoGrowth) {
        match why {
            NoGrowth::Limit => {}
            NoGrowth::Machine => self.refused = true,
            NoGrowth::Interrupted => self.interrupted = true,
        }
    }

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
        let target = slice_mut(memory, to, len)?;
        in_stretches(
            self.meter.interrupt(),
            (bytes.len(), STRETCH),
            false,
            |at, len| {
                target[at..at + len].copy_from_slice(&bytes[at..at + len]);
                Ok(())
            },
        )
    }

    /// `data.drop`.
    pub(crate) fn data_drop(&mut self, id: InstanceId, segment: u32) {
        self.instances[id.0 as usize].dropped_data[segment as usize] = true;
    }

    /// `memory.copy` inside memory 0.
    pub(crate) fn memory_copy(&mut self, id: InstanceId, to: u32, from: u32, len: u32) -> Result<(), Trap> {
        let memory = self.instances[id.0 as usize].memories[0];
        let bytes = self.memories[memory.0 as usize].bytes_mut();
        slice(bytes, from, len)?;
        slice(bytes, to, len)?;
        let (to, from, len) = (to as usize, from as usize, len as usize);
        // In the direction that keeps an overlap intact.
        in_stretches(self.meter.interrupt(), (len, STRETCH), to > from, |at, len| {
            bytes.copy_within(from + at..from + at + len, to + at);
            Ok(())
        })
    }

    /// `memory.fill` of memory 0.
    pub(crate) fn memory_fill(&mut self, id: InstanceId, to: u32, byte: u8, len: u32) -> Result<(), Trap> {
        let memory = self.instances[id.0 as usize].memories[0];
        let bytes = slice_mut(self.memories[memory.0 as usize].bytes_mut(), to, len)?;
        in_stretches(
            self.meter.interrupt(),
            (bytes.len(), STRETCH),
            false,
            |at, len| {
                bytes[at..at + len].fill(byte);
                Ok(())
            },
        )
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
        let table = instance.tables[table as usize].0 as usize;
        let elements = self.tables[table].range(to, len)?;
        let interrupt = self.meter.interrupt();
        in_stretches(interrupt, (items.len(), STRETCH_ELEMENTS), false, |at, len| {
            for (element, item) in elements[at..at + len].iter_mut().zip(&items[at..at + len]) {
                *element = instance.eval(&self.globals, item);
            }
            Ok(())
        })
    }

    /// `elem.drop`.
    pub(crate) fn elem_drop(&mut self, id: InstanceId, segment: u32) {
        self.instances[id.0 as usize].dropped_elements[segment as usize] = true;
    }

    /// `table.grow`: elements before, or `u32::MAX` when it may not grow.
    pub(crate) fn op_table_grow(&mut self, id: InstanceId, table: u32, slot: u64, count: u32) -> u32 {
        let table = self.instances[id.0 as usize].tables[table as usize];
        let interrupt = self.meter.interrupt();
        let table = &mut self.tables[table.0 as usize];
        let grown = table.grow(count).and_then(|old| {
            let filled = in_stretches(interrupt, (count as usize, STRETCH_ELEMENTS), false, |_, len| {
                table.push(len, slot);
                Ok(())
            });
            filled.map(|()| old).map_err(|_| NoGrowth::Interrupted)
        });
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
        let elements = self.tables[table.0 as usize].range(at, count)?;
        let interrupt = self.meter.interrupt();
        in_stretches(interrupt, (elements.len(), STRETCH_ELEMENTS), false, |at, len| {
            elements[at..at + len].fill(slot);
            Ok(())
        })
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
        let interrupt = self.meter.interrupt();
        let (target, source) = (target.0 as usize, source.0 as usize);
        self.tables[source].read(from, len)?;
        self.tables[target].read(to, len)?;
        // In the direction that keeps an overlap intact.
        in_stretches(
            interrupt,
            (len as usize, STRETCH_ELEMENTS),
            to > from,
            |at, len| {
                let (to, from, len) = (to + at as u32, from + at as u32, len as u32);
                if target == source {
                    return self.tables[target].copy_within(to, from, len);
                }
                let [target, source] = self
                    .tables
                    .get_disjoint_mut([target, source])
                    .map_err(|_| Trap::Internal)?;
                target.write(to, source.read(from, len)?)
            },
        )
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

#[cfg(test)]
mod tests {
    use arwen_metering::Schedule;

    use super::*;
    use crate::config::{Config, Tier};
    use crate::engine::Engine;
    use crate::host::NoHost;
    use crate::module::Module;
    use crate::ruleset::Ruleset;

    const ELEMENTS: u32 = 3 * STRETCH_ELEMENTS as u32;
    const BYTES: u32 = 3 * STRETCH as u32;

    fn store() -> (Store, InstanceId) {
        let text = format!(
            "(module (memory 8) (data $d \"{}\") (table $t {ELEMENTS} 99999 externref) (table $u {ELEMENTS} externref)
                (table $f {ELEMENTS} funcref) (func $g) (elem $e func{}))",
            "x".repeat(BYTES as usize),
            " $g".repeat(ELEMENTS as usize)
        );
        let engine = Engine::new(Config::new(&Ruleset::STRICT).tier(Tier::Interpreter));
        let module = Module::new(&engine, &wat::parse_str(text).unwrap()).unwrap();
        let costs = module.costs(Schedule::bundled("dummy").unwrap().op_costs());
        let mut store = Store::new(&engine, &Interrupt::new());
        let id = store.instantiate(&module, &[], &costs, &mut NoHost).unwrap();
        (store, id)
    }

    /// Elements of a table that are not null.
    fn set(store: &Store, table: usize) -> usize {
        let table = &store.tables[table];
        (0..table.len()).filter(|at| table.get(*at) != Some(0)).count()
    }

    /// Each with how much is done when the flag is up, and in all.
    #[test]
    fn bulk_operators_stop_after_the_first_stretch() {
        type Work = fn(&mut Store, InstanceId) -> Result<(), Trap>;
        type Done = fn(&Store) -> usize;
        let bytes: Done = |store| {
            store.memories[0]
                .bytes()
                .iter()
                .filter(|byte| **byte != 0)
                .count()
        };
        let cases: [(Work, Done, usize, usize); 7] = [
            (
                |s, id| s.memory_fill(id, 5, 7, BYTES),
                bytes,
                STRETCH,
                BYTES as usize,
            ),
            (
                |s, id| s.memory_init(id, 0, 5, 0, BYTES),
                bytes,
                STRETCH,
                BYTES as usize,
            ),
            (
                |s, id| {
                    let bytes = s.memories[0].bytes_mut();
                    (bytes[0], bytes[BYTES as usize - 1]) = (1, 1);
                    s.memory_copy(id, 5, 0, BYTES)
                },
                // The last byte is copied first, over what was the last one, as the copy goes up.
                |s| s.memories[0].bytes().iter().filter(|byte| **byte != 0).count(),
                2,
                3,
            ),
            (
                |s, id| s.op_table_fill(id, 0, 0, 9, ELEMENTS),
                |s| set(s, 0),
                STRETCH_ELEMENTS,
                ELEMENTS as usize,
            ),
            (
                |s, id| {
                    s.tables[0].range(0, ELEMENTS)?.fill(9);
                    s.op_table_copy(id, (1, 0), (0, 0), ELEMENTS)
                },
                |s| set(s, 1),
                STRETCH_ELEMENTS,
                ELEMENTS as usize,
            ),
            (
                |s, id| s.table_init(id, 2, 0, 0, 0, ELEMENTS),
                |s| set(s, 2),
                STRETCH_ELEMENTS,
                ELEMENTS as usize,
            ),
            (
                |s, id| match s.op_table_grow(id, 0, 9, ELEMENTS) {
                    u32::MAX if s.interrupted => Err(Trap::Interrupted),
                    _ => Ok(()),
                },
                |s| s.tables[0].len() as usize,
                (ELEMENTS as usize) + STRETCH_ELEMENTS,
                2 * ELEMENTS as usize,
            ),
        ];
        for (number, (work, done, first, all)) in cases.into_iter().enumerate() {
            let (mut store, id) = store();
            store.meter().interrupt().raise();
            assert_eq!(work(&mut store, id), Err(Trap::Interrupted), "case {number}");
            assert_eq!(done(&store), first, "case {number}");
            store.meter().interrupt().clear();
            assert_eq!(work(&mut store, id), Ok(()), "case {number}");
            assert!(done(&store) >= all, "case {number}");
        }
    }
}
