//! Values, conditions and addresses: what the interpreter joins into one instruction, and what it must not.

use wasm_encoder::{Instruction as I, MemArg, MemArgTarget};

use super::body::{Body, Opening};
use super::outline::Signature;
use super::values::{Compare, I32, I64, PAGE, Ty, edge};

/// Operators of two operands that never trap, by type.
const BINARY: [[I<'static>; 11]; 2] = [
    [
        I::I32Add,
        I::I32Sub,
        I::I32Mul,
        I::I32And,
        I::I32Or,
        I::I32Xor,
        I::I32Shl,
        I::I32ShrS,
        I::I32ShrU,
        I::I32Rotl,
        I::I32Rotr,
    ],
    [
        I::I64Add,
        I::I64Sub,
        I::I64Mul,
        I::I64And,
        I::I64Or,
        I::I64Xor,
        I::I64Shl,
        I::I64ShrS,
        I::I64ShrU,
        I::I64Rotl,
        I::I64Rotr,
    ],
];

/// Operators that an addition or an exclusive or is joined with, by type.
const INNER: [[I<'static>; 7]; 2] = [
    [
        I::I32Add,
        I::I32Mul,
        I::I32Xor,
        I::I32Shl,
        I::I32ShrU,
        I::I32ShrS,
        I::I32Rotr,
    ],
    [
        I::I64Add,
        I::I64Mul,
        I::I64Xor,
        I::I64Shl,
        I::I64ShrU,
        I::I64ShrS,
        I::I64Rotr,
    ],
];

/// Divisions, by type.
pub(super) const DIVISION: [[I<'static>; 4]; 2] = [
    [I::I32DivU, I::I32DivS, I::I32RemU, I::I32RemS],
    [I::I64DivU, I::I64DivS, I::I64RemU, I::I64RemS],
];

/// What rotations are said with, by type: `and`, `sub`, `or`, `xor`, `shl`, `shr_u`, `shr_s`.
const TURNING: [[I<'static>; 7]; 2] = [
    [
        I::I32And,
        I::I32Sub,
        I::I32Or,
        I::I32Xor,
        I::I32Shl,
        I::I32ShrU,
        I::I32ShrS,
    ],
    [
        I::I64And,
        I::I64Sub,
        I::I64Or,
        I::I64Xor,
        I::I64Shl,
        I::I64ShrU,
        I::I64ShrS,
    ],
];

/// Operators of one operand, by type.
const UNARY: [[I<'static>; 5]; 2] = [
    [
        I::I32Clz,
        I::I32Ctz,
        I::I32Popcnt,
        I::I32Extend8S,
        I::I32Extend16S,
    ],
    [
        I::I64Clz,
        I::I64Ctz,
        I::I64Extend8S,
        I::I64Extend16S,
        I::I64Extend32S,
    ],
];

/// A load or store without its address.
type Access = fn(MemArg) -> I<'static>;

/// Loads, by type, each with its bytes.
pub(super) const LOADS: [&[(Access, u32)]; 2] = [
    &[
        (I::I32Load, 4),
        (I::I32Load8U, 1),
        (I::I32Load8S, 1),
        (I::I32Load16U, 2),
        (I::I32Load16S, 2),
    ],
    &[
        (I::I64Load, 8),
        (I::I64Load8U, 1),
        (I::I64Load8S, 1),
        (I::I64Load16U, 2),
        (I::I64Load16S, 2),
        (I::I64Load32U, 4),
        (I::I64Load32S, 4),
    ],
];

/// Stores, by type, each with its bytes.
pub(super) const STORES: [&[(Access, u32)]; 2] = [
    &[(I::I32Store, 4), (I::I32Store8, 1), (I::I32Store16, 2)],
    &[
        (I::I64Store, 8),
        (I::I64Store8, 1),
        (I::I64Store16, 2),
        (I::I64Store32, 4),
    ],
];

impl Ty {
    /// Its place in the tables above.
    pub fn row(self) -> usize {
        match self {
            I32 => 0,
            I64 => 1,
        }
    }
}

/// A memory access at an offset.
pub(super) fn at(offset: u64) -> MemArg {
    MemArg {
        offset,
        align: 0,
        target: MemArgTarget::Memory(0),
        ordering: None,
    }
}

impl Body<'_, '_> {
    /// Pushes a value; `depth` bounds how much code gives it.
    pub fn value(&mut self, ty: Ty, depth: u32) {
        if depth == 0 || !self.has_room(8) {
            return self.leaf(ty);
        }
        match self.draw.below(18) {
            0 | 1 => self.leaf(ty),
            2 | 3 => self.with_constant(ty, depth - 1),
            4 => self.binary(ty, depth - 1),
            5 | 6 => self.joined(ty, depth - 1),
            7 => self.unary(ty, depth - 1),
            8 => match ty {
                I32 => self.condition(depth - 1),
                I64 => self.widened(depth - 1),
            },
            9 => self.selected(ty, depth - 1),
            10 | 11 => self.load(ty),
            12 => self.teed(ty, depth - 1),
            13 => self.divided(ty, depth - 1),
            14 => self.branching(ty, depth - 1),
            15 => self.turned(ty),
            16 => self.summed(ty, depth - 1),
            _ => match ty {
                I32 if self.draw.one_in(3) => self.emit(I::MemorySize(0)),
                I32 => self.narrowed(depth - 1),
                I64 => self.global(I64),
            },
        }
    }

    /// A value for a place that constants go to in a form of their own.
    pub fn stored(&mut self, ty: Ty, depth: u32) {
        if self.draw.one_in(4) {
            let value = edge(self.draw);
            return self.constant(ty, value);
        }
        self.value(ty, depth);
    }

    /// A local or a constant; some that loops count with.
    pub fn leaf(&mut self, ty: Ty) {
        if self.draw.one_in(3) {
            let value = edge(self.draw);
            return self.constant(ty, value);
        }
        let counter = self.counter(ty);
        let local = match counter {
            Some(counter) if self.draw.one_in(2) => counter,
            _ => self.any_local(ty),
        };
        self.emit(I::LocalGet(local));
    }

    fn global(&mut self, ty: Ty) {
        let globals: Vec<u32> = (0..)
            .zip(&self.outline.globals)
            .filter(|(_, of)| **of == ty)
            .map(|(index, _)| index)
            .collect();
        let global = self.draw.pick(&globals);
        self.emit(I::GlobalGet(global));
    }

    fn binary(&mut self, ty: Ty, depth: u32) {
        self.value(ty, depth);
        self.value(ty, depth);
        self.any_binary(ty);
    }

    /// Any operator of two operands that never traps.
    pub fn any_binary(&mut self, ty: Ty) {
        let operator = self.draw.pick(&BINARY[ty.row()]);
        self.emit(operator);
    }

    /// One operand is a constant.
    fn with_constant(&mut self, ty: Ty, depth: u32) {
        let constant = edge(self.draw);
        let first = self.draw.one_in(4);
        if first {
            self.constant(ty, constant);
        }
        self.value(ty, depth);
        if !first {
            self.constant(ty, constant);
        }
        self.any_binary(ty);
    }

    /// An operator on the result of another, on either side.
    fn joined(&mut self, ty: Ty, depth: u32) {
        let left = self.draw.one_in(2);
        if !left {
            self.value(ty, depth.min(1));
        }
        // Widening without a sign writes no instruction in the interpreter.
        let widened = ty == I64 && self.draw.one_in(3);
        let narrow = if widened { I32 } else { ty };
        self.inner(narrow);
        if widened {
            self.emit(I::I64ExtendI32U);
        }
        if left {
            self.value(ty, depth.min(1));
        }
        let add = self.draw.one_in(2);
        self.emit(match (ty, add) {
            (I32, true) => I::I32Add,
            (I32, false) => I::I32Xor,
            (I64, true) => I::I64Add,
            (I64, false) => I::I64Xor,
        });
    }

    /// What an addition or an exclusive or is joined with.
    fn inner(&mut self, ty: Ty) {
        self.leaf(ty);
        let inner = self.draw.pick(&INNER[ty.row()]);
        let shifts = matches!(
            inner,
            I::I32Shl
                | I::I32ShrU
                | I::I32ShrS
                | I::I32Rotr
                | I::I64Shl
                | I::I64ShrU
                | I::I64ShrS
                | I::I64Rotr
        );
        if shifts {
            let distance = edge(self.draw);
            self.constant(ty, distance);
        } else {
            self.leaf(ty);
        }
        self.emit(inner);
    }

    /// A rotation, said with two shifts, or something that only looks like one.
    fn turned(&mut self, ty: Ty) {
        let [and, sub, or, xor, shl, shr_u, shr_s] = TURNING[ty.row()].clone();
        let bits: u64 = match ty {
            I32 => 32,
            I64 => 64,
        };
        let (x, distance) = (self.any_local(ty), self.any_local(ty));
        let complement_first = self.draw.one_in(2);
        for (side, shift) in [(0, shl), (1, shr_u)] {
            let other = self.draw.one_in(16);
            let x = if other { self.any_local(ty) } else { x };
            self.emit(I::LocalGet(x));
            let complement = complement_first == (side == 0);
            if complement {
                let whole = match self.draw.below(8) {
                    0 => 0,
                    1 => edge(self.draw),
                    _ => bits,
                };
                self.constant(ty, whole);
            }
            self.emit(I::LocalGet(distance));
            if complement {
                self.emit(sub.clone());
            }
            if self.draw.one_in(2) {
                let other = self.draw.one_in(8);
                let mask = if other { edge(self.draw) } else { bits - 1 };
                self.constant(ty, mask);
                self.emit(and.clone());
            }
            let signed = side == 1 && self.draw.one_in(16);
            self.emit(if signed { shr_s.clone() } else { shift });
        }
        let otherwise = self.draw.one_in(8);
        self.emit(if otherwise { xor } else { or });
    }

    /// Several values, added up in some order.
    fn summed(&mut self, ty: Ty, depth: u32) {
        let add = BINARY[ty.row()][0].clone();
        let parts = 3 + self.draw.below(4);
        let mut pending = 0;
        for _ in 0..parts {
            match self.draw.below(4) {
                0 => self.inner(ty),
                1 => self.load(ty),
                2 => self.leaf(ty),
                _ => self.value(ty, depth.min(1)),
            }
            pending += 1;
            while pending > 1 && self.draw.one_in(2) {
                self.emit(add.clone());
                pending -= 1;
            }
        }
        for _ in 1..pending {
            self.emit(add.clone());
        }
    }

    fn unary(&mut self, ty: Ty, depth: u32) {
        self.value(ty, depth);
        let operator = self.draw.pick(&UNARY[ty.row()]);
        self.emit(operator);
    }

    fn widened(&mut self, depth: u32) {
        self.value(I32, depth);
        let signed = self.draw.one_in(2);
        self.emit(if signed {
            I::I64ExtendI32S
        } else {
            I::I64ExtendI32U
        });
    }

    fn narrowed(&mut self, depth: u32) {
        self.value(I64, depth);
        self.emit(I::I32WrapI64);
    }

    fn selected(&mut self, ty: Ty, depth: u32) {
        self.value(ty, depth);
        self.value(ty, depth);
        self.condition(depth);
        self.emit(I::Select);
    }

    /// A value that is kept in a local as well, and perhaps read from there at once.
    fn teed(&mut self, ty: Ty, depth: u32) {
        // What was there before stays on the stack.
        let old = self.draw.one_in(2);
        let local = self.free_local(ty);
        if old {
            self.emit(I::LocalGet(local));
        }
        self.value(ty, depth);
        self.emit(I::LocalTee(local));
        if self.draw.one_in(2) {
            self.emit(I::LocalGet(local));
            self.any_binary(ty);
        }
        if old {
            self.any_binary(ty);
        }
    }

    /// A division that seldom traps.
    fn divided(&mut self, ty: Ty, depth: u32) {
        self.value(ty, depth);
        match self.draw.below(4) {
            0 | 1 => {
                let divisor = edge(self.draw);
                let divisor = if ty.cut(divisor) == 0 { 1 } else { divisor };
                self.constant(ty, divisor);
            }
            2 => {
                self.leaf(ty);
                self.constant(ty, 1);
                self.emit(if ty == I32 { I::I32Or } else { I::I64Or });
            }
            _ => self.leaf(ty),
        }
        let operator = self.draw.pick(&DIVISION[ty.row()]);
        self.emit(operator);
    }

    /// A value of an `if`, or of a block that may be left early.
    fn branching(&mut self, ty: Ty, depth: u32) {
        let signature = Signature {
            params: Vec::new(),
            results: vec![ty],
        };
        if self.draw.one_in(2) {
            self.condition(depth);
            self.open(Opening::If, &signature, true);
            self.value(ty, depth);
            self.emit(I::Else);
        } else {
            self.open(Opening::Block, &signature, true);
            self.value(ty, depth);
            self.condition(depth);
            self.emit(I::BrIf(0));
            self.emit(I::Drop);
        }
        self.value(ty, depth);
        self.close();
    }

    /// Pushes an `i32` that decides something.
    pub fn condition(&mut self, depth: u32) {
        if self.draw.one_in(16) {
            // What nobody reads, where a tier may look for what the condition came from.
            self.masked(0xff);
            self.emit(I::Drop);
            if self.draw.one_in(2) {
                self.leaf(I32);
                return self.emit(I::I32Eqz);
            }
        }
        match self.draw.below(8) {
            0..=3 => self.comparison(depth),
            4 => {
                self.value(I32, depth);
                let mask = edge(self.draw);
                self.constant(I32, mask);
                self.emit(I::I32And);
                if self.draw.one_in(2) {
                    self.emit(I::I32Eqz);
                }
            }
            5 => {
                let ty = self.draw.pick(&[I32, I64]);
                self.value(ty, depth);
                self.emit(if ty == I32 { I::I32Eqz } else { I::I64Eqz });
            }
            6 => {
                self.comparison(depth);
                self.emit(I::I32Eqz);
            }
            _ => self.leaf(I32),
        }
    }

    fn comparison(&mut self, depth: u32) {
        let ty = self.draw.pick(&[I32, I64]);
        let compare = Compare::draw(self.draw, ty);
        let constant = edge(self.draw);
        match self.draw.below(4) {
            0 | 1 => {
                self.value(ty, depth);
                self.constant(ty, constant);
            }
            2 => {
                self.constant(ty, constant);
                self.value(ty, depth);
            }
            _ => {
                self.value(ty, depth);
                self.value(ty, depth);
            }
        }
        self.emit(compare.operator());
    }

    pub fn load(&mut self, ty: Ty) {
        let offset = self.address();
        if self.draw.one_in(8) {
            self.statements(1);
        }
        let (load, _) = self.draw.pick(LOADS[ty.row()]);
        self.emit(load(at(offset)));
    }

    /// Pushes an address in one of the forms that accesses are joined with; gives the offset that belongs to it. The
    /// access is inside the memory.
    pub fn address(&mut self) -> u64 {
        let small = self.draw.pick(&[0, 1, 8, 255, PAGE / 2]);
        match self.draw.below(5) {
            0 => {
                self.constant(I32, small.into());
                0
            }
            1 => {
                self.masked(0xfff);
                small.into()
            }
            // The sum may go through zero.
            2 => {
                let addend = self.draw.pick(&[16, 1, 0x100, 0x7fff, 0x8000, PAGE / 2]);
                self.masked(0xff);
                let negative = self.draw.one_in(2);
                if negative {
                    self.constant(I32, 0x8000);
                    self.emit(I::I32Or);
                    self.constant(I32, 0_u64.wrapping_sub(addend.into()));
                } else {
                    self.constant(I32, addend.into());
                }
                self.emit(I::I32Add);
                small.min(0xff).into()
            }
            3 => {
                self.masked(0xff);
                self.masked(0x3f);
                let shift = self.draw.pick(&[0, 1, 2, 3, 8, 32, 33]);
                self.constant(I32, shift);
                self.emit(I::I32Shl);
                self.emit(I::I32Add);
                small.into()
            }
            _ => {
                self.masked(0xff);
                self.masked(0xff);
                self.emit(I::I32Add);
                small.into()
            }
        }
    }

    /// A local, cut to some bits, perhaps kept in a local in between.
    fn masked(&mut self, mask: u64) {
        let counter = self.counter(I32).filter(|_| self.draw.one_in(2));
        let local = counter.unwrap_or_else(|| self.any_local(I32));
        self.emit(I::LocalGet(local));
        self.constant(I32, mask);
        self.emit(I::I32And);
        if self.draw.one_in(4) {
            let kept = self.free_local(I32);
            self.emit(I::LocalTee(kept));
        }
    }
}
