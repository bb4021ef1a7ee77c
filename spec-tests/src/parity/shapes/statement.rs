//! Statements: code that leaves the operand stack as it was.

use wasm_encoder::Instruction as I;

use super::body::{Body, Opening};
use super::expression::{STORES, at};
use super::outline::{Callee, Signature};
use super::values::{Compare, I32, I64, PAGE, Ty, edge};

/// Depth of the expressions in a statement.
const DEPTH: u32 = 2;

/// Operands that are held at once by [`Body::crowd`]: more than an interpreter would follow one by one.
const CROWD: u32 = 18;

/// Copies in a row, so that none of them is near a branch.
const LONG: u32 = 140;

impl Body<'_, '_> {
    /// At least one statement, at most so many.
    pub fn statements(&mut self, most: u32) {
        for _ in 0..=self.draw.below(most) {
            if self.has_room(12) {
                self.statement();
            }
        }
    }

    fn statement(&mut self) {
        match self.draw.below(28) {
            0..=4 => self.assign(),
            5 | 6 => self.store(),
            7..=10 => self.a_loop(),
            11 | 12 => self.either(),
            13 => self.block(),
            14 | 15 => self.leave_sometimes(),
            16 => self.call(),
            17 => self.call_through_table(),
            18 => self.some_hazard(),
            19 => self.set_global(),
            20 => self.hold(),
            21 => self.crowd(),
            22 => self.grow(),
            23 if self.outline.recent => self.bulk(),
            24 => self.nothing(),
            25 | 26 => self.dispatch(),
            _ => self.long(),
        }
    }

    fn any_type(&mut self) -> Ty {
        self.draw.pick(&[I32, I64])
    }

    fn assign(&mut self) {
        let ty = self.any_type();
        let local = self.free_local(ty);
        self.value(ty, DEPTH);
        if self.draw.one_in(4) {
            // Written, read twice at once, and written again.
            self.emit(I::LocalTee(local));
            self.emit(I::LocalGet(local));
            self.any_binary(ty);
        }
        self.emit(I::LocalSet(local));
    }

    fn set_global(&mut self) {
        let globals = self.outline.globals.len() as u32;
        let global = self.draw.below(globals);
        let ty = self.outline.globals[global as usize];
        self.stored(ty, DEPTH);
        self.emit(I::GlobalSet(global));
    }

    fn store(&mut self) {
        let ty = self.any_type();
        let offset = self.address();
        if self.draw.one_in(8) {
            self.statements(1);
        }
        self.stored(ty, 1);
        let (store, _) = self.draw.pick(STORES[ty.row()]);
        self.emit(store(at(offset)));
    }

    /// An `if`, sometimes without an `else`.
    fn either(&mut self) {
        if self.draw.one_in(3) {
            self.step_and_test();
        } else {
            self.condition(DEPTH);
        }
        self.open_plain(Opening::If);
        self.statements(2);
        if self.draw.one_in(2) {
            self.emit(I::Else);
            self.statements(2);
        }
        self.close();
    }

    /// A block that may be left before its end, with values.
    fn block(&mut self) {
        let signature = self.block_signature();
        self.bring(&signature.params);
        self.open(Opening::Block, &signature, true);
        self.dispose(&signature.params);
        self.statements(2);
        if self.draw.one_in(2) {
            self.bring(&signature.results);
            self.condition(1);
            self.emit(I::BrIf(0));
            self.dispose(&signature.results);
            self.statements(1);
        }
        self.bring(&signature.results);
        self.close();
        self.dispose(&signature.results);
    }

    fn block_signature(&mut self) -> Signature {
        let (params, results) = if self.outline.recent {
            (self.draw.pick(&[0, 0, 0, 1, 3]), self.draw.pick(&[0, 1, 0, 2, 6]))
        } else {
            (0, self.draw.below(2))
        };
        Signature {
            params: self.types(params),
            results: self.types(results),
        }
    }

    /// So many types.
    pub fn types(&mut self, count: u32) -> Vec<Ty> {
        (0..count).map(|_| self.any_type()).collect()
    }

    /// Pushes values of these types.
    pub fn bring(&mut self, types: &[Ty]) {
        for ty in types {
            self.value(*ty, 1);
        }
    }

    /// Takes values of these types from the stack.
    pub fn dispose(&mut self, types: &[Ty]) {
        for ty in types.iter().rev() {
            match self.draw.below(9) {
                0..3 => self.emit(I::Drop),
                3 | 4 => self.select_by(*ty),
                _ => {
                    let local = self.free_local(*ty);
                    self.emit(I::LocalSet(local));
                }
            }
        }
    }

    /// Takes a value of the type from the stack and selects by it: what was just read may so be what is chosen by.
    fn select_by(&mut self, ty: Ty) {
        let by = self.free_local(ty);
        self.emit(I::LocalSet(by));
        let selected = self.any_type();
        self.leaf(selected);
        self.leaf(selected);
        self.emit(I::LocalGet(by));
        match (self.draw.below(3), ty) {
            (0, I32) => {}
            (0 | 1, _) => self.emit(if ty == I32 { I::I32Eqz } else { I::I64Eqz }),
            _ => {
                self.leaf(ty);
                let compare = Compare::draw(self.draw, ty);
                self.emit(compare.operator());
            }
        }
        self.emit(I::Select);
        let local = self.free_local(selected);
        self.emit(I::LocalSet(local));
    }

    /// Goes out of a block, or around in a loop, or out of the function, if a condition is true.
    fn leave_sometimes(&mut self) {
        let free: Vec<usize> = (0..self.labels().len())
            .filter(|label| self.labels()[*label].free)
            .collect();
        let label = self.draw.pick(&free);
        let takes = self.labels()[label].takes.clone();
        // Values below those that a branch takes, which it drops.
        let below = match self.draw.below(4) {
            3 => self.types(2),
            _ => Vec::new(),
        };
        self.bring(&below);
        match self.draw.below(4) {
            0 | 1 => {
                self.bring(&takes);
                if self.draw.one_in(3) {
                    self.step_and_test();
                } else {
                    self.condition(DEPTH);
                }
                self.emit(I::BrIf(self.depth(label)));
                self.dispose(&takes);
            }
            2 => self.choose(&free, label, &takes),
            _ => {
                self.condition(1);
                self.open_plain(Opening::If);
                self.bring(&takes);
                if label == 0 && self.draw.one_in(2) {
                    self.emit(I::Return);
                } else {
                    self.emit(I::Br(self.depth(label)));
                }
                if self.draw.one_in(4) {
                    // Code that nothing reaches.
                    self.assign();
                }
                self.close();
            }
        }
        self.dispose(&below);
    }

    /// Returns if a condition is true.
    pub fn return_sometimes(&mut self) {
        self.condition(1);
        self.open_plain(Opening::If);
        let results = self.results.clone();
        self.bring(&results);
        self.emit(I::Return);
        self.close();
    }

    /// A `br_table` to blocks that take the same values.
    fn choose(&mut self, free: &[usize], default: usize, takes: &[Ty]) {
        self.open_plain(Opening::Block);
        let here = self.innermost();
        let same = |label: &usize| self.labels()[*label].takes == takes;
        let mut targets: Vec<usize> = free.iter().copied().filter(same).collect();
        if takes.is_empty() {
            targets.push(here);
        }
        let depths: Vec<u32> = targets.iter().map(|label| self.depth(*label)).collect();
        let targets: Vec<u32> = (0..=self.draw.below(4))
            .map(|_| self.draw.pick(&depths))
            .collect();
        self.bring(takes);
        self.selector();
        let default = self.depth(if takes.is_empty() { here } else { default });
        self.emit(I::BrTable(targets.into(), default));
        self.close();
    }

    /// A table of branches and behind it values selected by what has just been read, as interpreters have it.
    fn dispatch(&mut self) {
        self.open_plain(Opening::Block);
        self.open_plain(Opening::Block);
        let targets: Vec<u32> = (0..=self.draw.below(4)).map(|_| self.draw.below(2)).collect();
        let default = self.draw.below(2);
        self.selector();
        self.emit(I::BrTable(targets.into(), default));
        self.close();
        self.statements(1);
        self.close();
        for _ in 0..=self.draw.below(2) {
            let ty = self.any_type();
            self.load(ty);
            self.select_by(ty);
            match self.draw.below(8) {
                0 | 1 => self.statements(1),
                2 => self.some_hazard(),
                _ => {}
            }
        }
    }

    /// Pushes what chooses from a table of branches.
    fn selector(&mut self) {
        let counter = self.counter(I32).filter(|_| self.draw.one_in(2));
        match counter {
            Some(counter) => self.emit(I::LocalGet(counter)),
            None => {
                self.value(I32, 1);
                self.constant(I32, 3);
                self.emit(I::I32And);
            }
        }
    }

    /// Calls a function that is known not to call this one.
    fn call(&mut self) {
        let callees: Vec<Callee> = self.outline.callees.clone();
        let Callee {
            index,
            signature,
            cost,
        } = self.draw.pick(&callees);
        if !self.has_room(cost + 8) {
            return;
        }
        let tail = self.outline.recent && signature.results == self.results && self.draw.one_in(3);
        if tail {
            self.condition(1);
            self.open_plain(Opening::If);
        }
        self.bring(&signature.params);
        self.spend(cost);
        if tail {
            self.emit(I::ReturnCall(index));
            self.close();
        } else {
            self.emit(I::Call(index));
            self.dispose(&signature.results);
        }
    }

    /// The statements of a function that calls itself with half of its first parameter, until that is nothing.
    pub fn recursion(&mut self, index: u32, signature: &Signature) {
        let most: u32 = self.draw.pick(&[1, 7, 0xff]);
        // In a loop it does so once more with nothing.
        let in_loop = self.draw.one_in(2);
        let depth = u32::BITS - most.leading_zeros() + 1;
        self.repeated(if in_loop { 2 * depth } else { depth }, |body| {
            body.keeping(&[0], |body| body.statements(2));
            body.emit(I::LocalGet(0));
            body.constant(I32, most.into());
            body.emit(I::I32And);
            body.emit(I::LocalTee(0));
            body.open_plain(Opening::If);
            if in_loop {
                body.open_plain(Opening::Loop);
            }
            body.emit(I::LocalGet(0));
            body.constant(I32, 1);
            body.emit(I::I32ShrU);
            body.bring(&signature.params[1..]);
            body.emit(I::Call(index));
            body.keeping(&[0], |body| body.dispose(&signature.results));
            if in_loop {
                body.emit(I::LocalGet(0));
                body.constant(I32, 0);
                body.emit(I::LocalSet(0));
                body.emit(I::BrIf(0));
                body.close();
            }
            body.close();
            body.statements(2);
        });
    }

    /// Calls what stands in the table, or traps.
    fn call_through_table(&mut self) {
        if !self.calls_table {
            return self.call();
        }
        let callees = self.outline.callees.clone();
        let callee = self.draw.pick(&callees);
        let slots = self.outline.table.len() as u32;
        let right = self
            .outline
            .table
            .iter()
            .position(|slot| *slot == Some(callee.index));
        let slot = match right {
            Some(right) if !self.draw.one_in(8) => right as u32,
            _ => self.draw.below(slots + 1),
        };
        if !self.has_room(callee.cost + 8) {
            return;
        }
        self.bring(&callee.signature.params);
        self.constant(I32, slot.into());
        self.spend(callee.cost);
        self.emit_indirect(&callee.signature);
        self.dispose(&callee.signature.results);
    }

    /// The call itself, of an element of the type given.
    pub fn emit_indirect(&mut self, signature: &Signature) {
        let type_index = self.outline.types.index(signature);
        self.emit(I::CallIndirect {
            type_index,
            table_index: 0,
        });
    }

    /// Statements while a value waits on the stack.
    fn hold(&mut self) {
        let ty = self.any_type();
        self.value(ty, 1);
        self.statements(2);
        self.dispose(&[ty]);
    }

    /// Locals many times on the stack while one of them is written.
    fn crowd(&mut self) {
        if !self.has_room(3 * CROWD) {
            return self.hold();
        }
        let ty = self.any_type();
        let local = self.free_local(ty);
        let mixed = self.draw.one_in(2);
        for _ in 0..CROWD {
            let other = mixed.then(|| self.any_local(ty));
            self.emit(I::LocalGet(other.unwrap_or(local)));
        }
        self.value(ty, 1);
        self.emit(I::LocalSet(local));
        for _ in 0..CROWD - 1 {
            self.emit(if ty == I32 { I::I32Add } else { I::I64Add });
        }
        let kept = self.free_local(ty);
        self.emit(I::LocalSet(kept));
    }

    /// Grows the memory, or tries to.
    fn grow(&mut self) {
        let pages = self.draw.pick(&[0, 1, 1, 2, 100, 0xffff_ffff]);
        // What is paid by amount must be affordable.
        let pages = if self.outline.recent { pages.min(1) } else { pages };
        self.constant(I32, pages);
        self.emit(I::MemoryGrow(0));
        self.dispose(&[I32]);
    }

    /// Moves bytes.
    fn bulk(&mut self) {
        let len = self.draw.pick(&[0, 1, 8, 9]);
        let place = self
            .draw
            .pick(&[0, 1, 0x100, PAGE - 9, self.outline.pages * PAGE - 4]);
        self.constant(I32, place.into());
        match self.draw.below(3) {
            0 => {
                self.value(I32, 1);
                self.constant(I32, len);
                self.emit(I::MemoryFill(0));
            }
            1 => {
                self.masked_counter();
                self.constant(I32, len);
                self.emit(I::MemoryCopy {
                    src_mem: 0,
                    dst_mem: 0,
                });
            }
            _ => {
                let from = self.draw.below(self.outline.segment_bytes);
                self.constant(I32, from.into());
                self.constant(I32, len);
                self.emit(I::MemoryInit {
                    mem: 0,
                    data_index: 1,
                });
            }
        }
    }

    fn masked_counter(&mut self) {
        self.leaf(I32);
        self.constant(I32, 0xff);
        self.emit(I::I32And);
    }

    /// Blocks in which nothing happens: charges in a row.
    fn nothing(&mut self) {
        let depth = 1 + self.draw.below(3);
        for _ in 0..depth {
            self.open_plain(Opening::Block);
        }
        if self.draw.one_in(2) {
            self.emit(I::Nop);
        }
        for _ in 0..depth {
            self.close();
        }
    }

    /// Code without a branch, where there is room for it.
    fn long(&mut self) {
        if !self.has_room(3 * LONG) {
            return self.assign();
        }
        let ty = self.any_type();
        let (from, to) = (self.any_local(ty), self.free_local(ty));
        for _ in 0..LONG {
            self.emit(I::LocalGet(from));
            self.emit(I::LocalSet(to));
        }
    }

    /// Adds to a local, and pushes a test of it.
    fn step_and_test(&mut self) {
        let ty = self.any_type();
        let local = self.free_local(ty);
        let (step, limit) = (edge(self.draw), edge(self.draw));
        let count = self.draw_count(local, ty, 0, step, limit);
        self.step_and_go_on(&count);
    }
}
