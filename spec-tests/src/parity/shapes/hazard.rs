//! What traps, when a local has a certain value.

use wasm_encoder::Instruction as I;

use super::body::{Body, Opening};
use super::expression::{DIVISION, LOADS, STORES, at};
use super::outline::Signature;
use super::values::{Compare, I32, I64, Order, PAGE, Ty, edge};

/// What a counter is multiplied with to give an address.
const STRIDES: [u32; 6] = [1, 4, 8, 2, 255, PAGE];

impl Body<'_, '_> {
    /// Traps when some local has some value.
    pub fn some_hazard(&mut self) {
        let ty = self.draw.pick(&[I32, I64]);
        let local = match self.counter(ty) {
            Some(counter) => counter,
            None => self.any_local(ty),
        };
        let value = match self.draw.below(4) {
            0 => edge(self.draw),
            small => u64::from(small - 1),
        };
        self.hazard(local, ty, value);
    }

    /// Traps when a local has a value, unless the memory has grown; may trap with others.
    pub fn hazard(&mut self, local: u32, ty: Ty, value: u64) {
        match self.draw.below(4) {
            0 | 1 => self.access_at_the_end(local, ty, value),
            2 if self.outline.recent => self.bulk_at_the_end(local, ty, value),
            _ => self.certain_trap(local, ty, value),
        }
    }

    /// Traps when a local has a value.
    pub fn certain_trap(&mut self, local: u32, ty: Ty, value: u64) {
        match self.draw.below(6) {
            0 | 1 => self.division_by_zero(local, ty, value),
            2 => self.overflow(local, ty, value),
            3 => {
                self.is(local, ty, value);
                self.open_plain(Opening::If);
                self.emit(I::Unreachable);
                self.close();
            }
            4 if self.outline.recent && self.draw.one_in(2) => self.no_such_element(local, ty, value),
            4 => self.wrong_element(local, ty, value),
            _ => self.far_access(local, ty, value),
        }
    }

    /// Pushes whether a local has a value.
    fn is(&mut self, local: u32, ty: Ty, value: u64) {
        self.emit(I::LocalGet(local));
        self.constant(ty, value);
        let order = Order::Eq;
        self.emit(
            Compare {
                ty,
                order,
                signed: false,
            }
            .operator(),
        );
    }

    /// Pushes a local minus a constant.
    fn distance(&mut self, local: u32, ty: Ty, from: u64) {
        self.emit(I::LocalGet(local));
        self.constant(ty, from);
        self.emit(if ty == I32 { I::I32Sub } else { I::I64Sub });
    }

    /// Pushes `bad` when a local has a value, otherwise `good`.
    fn either_constant(&mut self, (bad, good): (u32, u32), local: u32, ty: Ty, value: u64) {
        self.constant(I32, bad.into());
        self.constant(I32, good.into());
        self.is(local, ty, value);
        self.emit(I::Select);
    }

    fn division_by_zero(&mut self, local: u32, ty: Ty, value: u64) {
        self.leaf(ty);
        if ty.cut(value) == 0 {
            self.emit(I::LocalGet(local));
        } else {
            self.distance(local, ty, value);
        }
        let operator = self.draw.pick(&DIVISION[ty.row()]);
        self.emit(operator);
        self.dispose(&[ty]);
    }

    /// The least number divided by -1.
    fn overflow(&mut self, local: u32, ty: Ty, value: u64) {
        match ty {
            I32 => self.constant(I32, i32::MIN as u64),
            I64 => self.constant(I64, i64::MIN as u64),
        }
        self.distance(local, ty, value.wrapping_add(1));
        self.emit(DIVISION[ty.row()][1].clone());
        self.dispose(&[ty]);
    }

    /// A call through the table of nothing, of something else, or of what is behind its end.
    fn wrong_element(&mut self, local: u32, ty: Ty, value: u64) {
        let slots = self.outline.table.len() as u32;
        let at = |is_bad: &dyn Fn(Option<u32>) -> bool| {
            let position = self.outline.table.iter().position(|slot| is_bad(*slot));
            position.map_or(slots, |slot| slot as u32)
        };
        let null = at(&|slot| slot.is_none());
        // The first import has neither parameters nor results, and the second has both.
        let (none, other) = (at(&|slot| slot == Some(0)), at(&|slot| slot == Some(1)));
        let bad = self.draw.pick(&[null, other, slots, u32::MAX]);
        self.either_constant((bad, none), local, ty, value);
        self.emit_indirect(&Signature::default());
    }

    fn no_such_element(&mut self, local: u32, ty: Ty, value: u64) {
        let slots = self.outline.table.len() as u32;
        self.either_constant((slots, 0), local, ty, value);
        self.emit(I::TableGet(0));
        self.emit(I::Drop);
    }

    /// An access behind any memory, by its offset or by its address.
    fn far_access(&mut self, local: u32, ty: Ty, value: u64) {
        let offset = self.draw.pick(&[0, 0x7fff_fff8, 0x8000_0000, u32::MAX]);
        self.is(local, ty, value);
        self.open_plain(Opening::If);
        let address = match offset {
            0 => u32::MAX,
            _ => self.draw.pick(&[0, u32::MAX]),
        };
        self.constant(I32, address.into());
        self.access(I64, offset.into());
        self.close();
    }

    /// Loads from, or stores to, the address on the stack.
    fn access(&mut self, ty: Ty, offset: u64) {
        if self.draw.one_in(2) {
            let (load, _) = self.draw.pick(LOADS[ty.row()]);
            self.emit(load(at(offset)));
            self.dispose(&[ty]);
        } else {
            self.leaf(ty);
            let (store, _) = self.draw.pick(STORES[ty.row()]);
            self.emit(store(at(offset)));
        }
    }

    /// An access at an address that goes with the local, and is one byte too far when that has the value.
    fn access_at_the_end(&mut self, local: u32, ty: Ty, value: u64) {
        let accessed = self.draw.pick(&[I32, I64]);
        let stride = self.draw.pick(&STRIDES);
        let loads = self.draw.one_in(2);
        let table = if loads { LOADS } else { STORES };
        let (operator, bytes) = self.draw.pick(table[accessed.row()]);
        let offset = self.draw.pick(&[0, 1, 4, 255, PAGE - 16]);
        // Sometimes the last bytes of the memory, which is fine.
        let past = self.draw.pick(&[1, 1, 0, bytes]);
        let end = self.outline.pages * PAGE;
        let way = (value as u32).wrapping_mul(stride);
        let base = (end - bytes + past - offset).wrapping_sub(way);
        self.emit(I::LocalGet(local));
        if ty == I64 {
            self.emit(I::I32WrapI64);
        }
        if stride.is_power_of_two() && self.draw.one_in(2) {
            self.constant(I32, stride.trailing_zeros().into());
            self.emit(I::I32Shl);
        } else if stride != 1 {
            self.constant(I32, stride.into());
            self.emit(I::I32Mul);
        }
        self.constant(I32, base.into());
        self.emit(I::I32Add);
        if self.draw.one_in(4) {
            self.statements(1);
        }
        if loads {
            self.emit(operator(at(offset.into())));
            self.dispose(&[accessed]);
        } else {
            let twice = self.draw.one_in(3).then(|| self.new_local(I32));
            if let Some(address) = twice {
                self.emit(I::LocalTee(address));
            }
            self.value(accessed, 1);
            self.emit(operator(at(offset.into())));
            if let Some(address) = twice {
                // Once more to the same place, where the first has trapped.
                self.condition(1);
                self.open_plain(Opening::If);
                self.emit(I::Nop);
                self.close();
                self.emit(I::LocalGet(address));
                self.value(accessed, 1);
                self.emit(operator(at(offset.into())));
            }
        }
    }

    /// A bulk operator on one byte too many when the local has the value.
    fn bulk_at_the_end(&mut self, local: u32, ty: Ty, value: u64) {
        let end = self.outline.pages * PAGE;
        self.constant(I32, u64::from(end - 4));
        self.constant(I32, 0);
        self.either_constant((5, 4), local, ty, value);
        match self.draw.below(3) {
            0 => self.emit(I::MemoryFill(0)),
            1 => self.emit(I::MemoryCopy {
                src_mem: 0,
                dst_mem: 0,
            }),
            _ => self.emit(I::MemoryInit {
                mem: 0,
                data_index: 1,
            }),
        }
    }
}
