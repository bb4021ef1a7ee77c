//! Operators that compute: one or two operands in, one result out.

use wasmparser::Operator;

use super::Lower;
use super::operands::{Operand, Value};
use crate::interp::code::{Instr, Op};

impl Lower<'_> {
    /// Translates a numeric operator; `false` when it is not one.
    pub(super) fn numeric(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        match operator {
            O::I32Const { value } => self.push_const(u64::from(*value as u32)),
            O::I64Const { value } => self.push_const(*value as u64),

            O::I32Eqz => self.eqz(Op::I32EqImm),
            O::I64Eqz | O::RefIsNull => self.eqz(Op::I64EqImm),
            O::I32Eq => self.equality(Op::Eq, Op::I32EqImm),
            O::I32Ne => self.equality(Op::Ne, Op::I32NeImm),
            O::I64Eq => self.equality(Op::Eq, Op::I64EqImm),
            O::I64Ne => self.equality(Op::Ne, Op::I64NeImm),
            O::I32LtS => self.less(Order::I32_S, false, false),
            O::I32LtU => self.less(Order::I32_U, false, false),
            O::I32GtS => self.less(Order::I32_S, true, false),
            O::I32GtU => self.less(Order::I32_U, true, false),
            O::I32LeS => self.less(Order::I32_S, false, true),
            O::I32LeU => self.less(Order::I32_U, false, true),
            O::I32GeS => self.less(Order::I32_S, true, true),
            O::I32GeU => self.less(Order::I32_U, true, true),
            O::I64LtS => self.less(Order::I64_S, false, false),
            O::I64LtU => self.less(Order::I64_U, false, false),
            O::I64GtS => self.less(Order::I64_S, true, false),
            O::I64GtU => self.less(Order::I64_U, true, false),
            O::I64LeS => self.less(Order::I64_S, false, true),
            O::I64LeU => self.less(Order::I64_U, false, true),
            O::I64GeS => self.less(Order::I64_S, true, true),
            O::I64GeU => self.less(Order::I64_U, true, true),

            O::I32Clz => self.unary(Op::I32Clz),
            O::I32Ctz => self.unary(Op::I32Ctz),
            O::I32Popcnt => self.unary(Op::I32Popcnt),
            O::I64Clz => self.unary(Op::I64Clz),
            O::I64Ctz => self.unary(Op::I64Ctz),
            O::I64Popcnt => self.unary(Op::I64Popcnt),
            O::I32WrapI64 => self.unary(Op::Wrap),
            O::I64ExtendI32S | O::I64Extend32S => self.unary(Op::I64Extend32S),
            // A slot with an i32 is zero-extended already.
            O::I64ExtendI32U => {}
            O::I32Extend8S => self.unary(Op::I32Extend8S),
            O::I32Extend16S => self.unary(Op::I32Extend16S),
            O::I64Extend8S => self.unary(Op::I64Extend8S),
            O::I64Extend16S => self.unary(Op::I64Extend16S),

            O::I32Add => self.i32_add(),
            O::I64Add => self.commutative(Op::I64Add, Op::I64AddImm),
            O::I32Sub => self.subtract(Op::I32Sub, Op::I32AddImm, u64::from(u32::MAX)),
            O::I64Sub => self.subtract(Op::I64Sub, Op::I64AddImm, u64::MAX),
            O::I32Mul => self.commutative(Op::I32Mul, Op::I32MulImm),
            O::I64Mul => self.commutative(Op::I64Mul, Op::I64MulImm),
            O::I32And | O::I64And => self.commutative(Op::And, Op::AndImm),
            O::I32Or | O::I64Or => self.commutative(Op::Or, Op::OrImm),
            O::I32Xor | O::I64Xor => self.commutative(Op::Xor, Op::XorImm),
            O::I32Shl => self.shift(Op::I32Shl, Op::I32ShlImm, 31),
            O::I32ShrS => self.shift(Op::I32ShrS, Op::I32ShrSImm, 31),
            O::I32ShrU => self.shift(Op::I32ShrU, Op::ShrUImm, 31),
            O::I32Rotr => self.shift(Op::I32Rotr, Op::I32RotrImm, 31),
            O::I32Rotl => self.rotate_left(Op::I32Rotl, Op::I32RotrImm, 31),
            O::I64Shl => self.shift(Op::I64Shl, Op::I64ShlImm, 63),
            O::I64ShrS => self.shift(Op::I64ShrS, Op::I64ShrSImm, 63),
            O::I64ShrU => self.shift(Op::I64ShrU, Op::ShrUImm, 63),
            O::I64Rotr => self.shift(Op::I64Rotr, Op::I64RotrImm, 63),
            O::I64Rotl => self.rotate_left(Op::I64Rotl, Op::I64RotrImm, 63),

            O::I32DivS => self.binary(Op::I32DivS, Op::I32DivSImm),
            O::I32DivU => self.binary(Op::I32DivU, Op::I32DivUImm),
            O::I32RemS => self.binary(Op::I32RemS, Op::I32RemSImm),
            O::I32RemU => self.binary(Op::I32RemU, Op::I32RemUImm),
            O::I64DivS => self.binary(Op::I64DivS, Op::I64DivSImm),
            O::I64DivU => self.binary(Op::I64DivU, Op::I64DivUImm),
            O::I64RemS => self.binary(Op::I64RemS, Op::I64RemSImm),
            O::I64RemU => self.binary(Op::I64RemU, Op::I64RemUImm),
            _ => return false,
        }
        true
    }

    fn unary(&mut self, op: Op) {
        let operand = self.pop_register();
        let result = self.push_temp();
        self.emit.push(Instr::new(op, result, operand, 0, 0));
    }

    fn binary(&mut self, op: Op, with_imm: Op) {
        let rhs = self.pop();
        let lhs = self.pop();
        self.binary_of(op, with_imm, lhs, rhs);
    }

    fn binary_of(&mut self, op: Op, with_imm: Op, lhs: Operand, rhs: Operand) {
        let a = self.register(lhs);
        let instr = match rhs.value {
            Value::Const(imm) => Instr::new(with_imm, 0, a, 0, imm),
            _ => Instr::new(op, 0, a, self.register(rhs), 0),
        };
        self.push_result(instr);
    }

    /// Writes an instruction whose result is pushed.
    fn push_result(&mut self, mut instr: Instr) {
        instr.a = self.push_temp();
        self.emit.push(instr);
    }

    fn commutative(&mut self, op: Op, with_imm: Op) {
        let rhs = self.pop();
        let lhs = self.pop();
        let (lhs, rhs) = if let Value::Const(_) = lhs.value {
            (rhs, lhs)
        } else {
            (lhs, rhs)
        };
        if !self.fuse(op, lhs, rhs) {
            self.binary_of(op, with_imm, lhs, rhs);
        }
    }

    fn i32_add(&mut self) {
        self.commutative(Op::I32Add, Op::I32AddImm);
    }

    /// Writes `op` as one instruction with the one that gave one of its operands, if there is such a pair.
    fn fuse(&mut self, op: Op, lhs: Operand, rhs: Operand) -> bool {
        // The operand computed last is the one to join with; the other must be in a register by then.
        let (other, last) = match (lhs.value, rhs.value) {
            (_, Value::Temp) => (lhs, rhs),
            (Value::Temp, Value::Local(_)) => (rhs, lhs),
            _ => return false,
        };
        if let Value::Const(_) = other.value {
            return false;
        }
        let Some(first) = self.emit.definition(self.register_of(last.position)) else {
            return false;
        };
        let joined = match (op, first.op) {
            (Op::I32Add, Op::I32ShlImm) => Op::AddShl,
            (Op::I32Add, Op::I32Add) => Op::I32Add3,
            (Op::I64Add, Op::I64Add) => Op::I64Add3,
            (Op::I32Add, Op::I32Mul) => Op::I32MulAdd,
            (Op::I64Add, Op::I64Mul) => Op::I64MulAdd,
            (Op::Xor, Op::Xor) => Op::Xor3,
            (Op::Xor, Op::I32ShlImm) => Op::I32XorShl,
            (Op::Xor, Op::I64ShlImm) => Op::I64XorShl,
            (Op::Xor, Op::ShrUImm) => Op::XorShrU,
            (Op::Xor, Op::I32RotrImm) => Op::I32XorRotr,
            (Op::Xor, Op::I64RotrImm) => Op::I64XorRotr,
            _ => return false,
        };
        self.emit.take_last();
        let other = self.register(other);
        let instr = match first.op {
            // The other operand, then the shifted one.
            Op::I32ShlImm | Op::I64ShlImm | Op::ShrUImm | Op::I32RotrImm | Op::I64RotrImm => {
                Instr::new(joined, 0, other, first.b, first.imm())
            }
            // The two operands joined first, then the other.
            _ => Instr::new(joined, 0, first.b, first.c, other.into()),
        };
        self.push_result(instr);
        true
    }

    /// `a - constant` is an addition.
    fn subtract(&mut self, op: Op, add_imm: Op, mask: u64) {
        let mut rhs = self.pop();
        let lhs = self.pop();
        if let Value::Const(slot) = &mut rhs.value {
            *slot = slot.wrapping_neg() & mask;
        }
        self.binary_of(op, add_imm, lhs, rhs);
    }

    /// Constant distances are reduced here, so the instruction need not.
    fn shift(&mut self, op: Op, with_imm: Op, mask: u64) {
        let mut rhs = self.pop();
        let lhs = self.pop();
        if let Value::Const(slot) = &mut rhs.value {
            *slot &= mask;
        }
        self.binary_of(op, with_imm, lhs, rhs);
    }

    fn rotate_left(&mut self, op: Op, right_imm: Op, mask: u64) {
        let mut rhs = self.pop();
        let lhs = self.pop();
        if let Value::Const(slot) = &mut rhs.value {
            *slot = slot.wrapping_neg() & mask;
        }
        self.binary_of(op, right_imm, lhs, rhs);
    }

    /// Equal to zero; of a comparison, its opposite.
    fn eqz(&mut self, op: Op) {
        let operand = self.pop();
        if operand.value == Value::Temp
            && let Some(last) = self.emit.definition(self.register_of(operand.position))
            && let Some(opposite) = opposite(last)
        {
            self.emit.take_last();
            self.push_result(opposite);
            return;
        }
        let operand = self.register(operand);
        self.push_result(Instr::new(op, 0, operand, 0, 0));
    }

    fn equality(&mut self, op: Op, with_imm: Op) {
        let rhs = self.pop();
        let lhs = self.pop();
        let (lhs, rhs) = if let Value::Const(_) = lhs.value {
            (rhs, lhs)
        } else {
            (lhs, rhs)
        };
        self.binary_of(op, with_imm, lhs, rhs);
    }

    /// An ordering: `lhs < rhs`, with `swapped` `lhs > rhs`, with `or_equal` not strict.
    fn less(&mut self, order: Order, swapped: bool, or_equal: bool) {
        let rhs = self.pop();
        let lhs = self.pop();
        let (small, large) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
        // One instruction suffices for each: `x <= k` is `x < k + 1`, unless there is no `k + 1`.
        let instr = match (small.value, large.value) {
            (_, Value::Const(k)) => {
                let x = self.register(small);
                match (or_equal, order.next(k)) {
                    (false, _) if k == order.min => return self.push_const(0),
                    (false, _) => Instr::new(order.less_imm, 0, x, 0, k),
                    (true, Some(next)) => Instr::new(order.less_imm, 0, x, 0, next),
                    (true, None) => return self.push_const(1),
                }
            }
            (Value::Const(k), _) => {
                let x = self.register(large);
                match (or_equal, order.previous(k)) {
                    (false, _) if k == order.max => return self.push_const(0),
                    (false, _) => Instr::new(order.greater_imm, 0, x, 0, k),
                    (true, Some(previous)) => Instr::new(order.greater_imm, 0, x, 0, previous),
                    (true, None) => return self.push_const(1),
                }
            }
            _ => {
                // Operands are put into registers in the order they were pushed.
                let (lhs, rhs) = (self.register(lhs), self.register(rhs));
                let (small, large) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
                Instr::new(
                    if or_equal { order.less_equal } else { order.less },
                    0,
                    small,
                    large,
                    0,
                )
            }
        };
        self.push_result(instr);
    }
}

/// The instructions of one ordering.
struct Order {
    less: Op,
    less_equal: Op,
    less_imm: Op,
    greater_imm: Op,
    /// Smallest and largest slot in this order.
    min: u64,
    max: u64,
    /// Bits of a slot of the type.
    mask: u64,
}

impl Order {
    const I32_S: Order = Order {
        less: Op::I32LtS,
        less_equal: Op::I32LeS,
        less_imm: Op::I32LtSImm,
        greater_imm: Op::I32GtSImm,
        min: 0x8000_0000,
        max: 0x7fff_ffff,
        mask: 0xffff_ffff,
    };
    const I32_U: Order = Order {
        less: Op::LtU,
        less_equal: Op::LeU,
        less_imm: Op::I32LtUImm,
        greater_imm: Op::I32GtUImm,
        min: 0,
        max: 0xffff_ffff,
        mask: 0xffff_ffff,
    };
    const I64_S: Order = Order {
        less: Op::I64LtS,
        less_equal: Op::I64LeS,
        less_imm: Op::I64LtSImm,
        greater_imm: Op::I64GtSImm,
        min: 1 << 63,
        max: u64::MAX >> 1,
        mask: u64::MAX,
    };
    const I64_U: Order = Order {
        less: Op::LtU,
        less_equal: Op::LeU,
        less_imm: Op::I64LtUImm,
        greater_imm: Op::I64GtUImm,
        min: 0,
        max: u64::MAX,
        mask: u64::MAX,
    };

    fn next(&self, slot: u64) -> Option<u64> {
        (slot != self.max).then(|| slot.wrapping_add(1) & self.mask)
    }

    fn previous(&self, slot: u64) -> Option<u64> {
        (slot != self.min).then(|| slot.wrapping_sub(1) & self.mask)
    }
}

/// The comparison that is true when `instr` is false; `None` when `instr` is not a comparison.
///
/// Orderings with an immediate are never written for an immediate at the end of the range, so there always is one.
pub(super) fn opposite(instr: Instr) -> Option<Instr> {
    let with = |op| Some(Instr { op, ..instr });
    let swapped = |op| {
        Some(Instr {
            op,
            b: instr.c,
            c: instr.b,
            ..instr
        })
    };
    let low32 = u64::from(u32::MAX);
    let imm = |op, imm| Some(instr.with_op(op).with_imm(imm));
    match instr.op {
        Op::Eq => with(Op::Ne),
        Op::Ne => with(Op::Eq),
        Op::LtU => swapped(Op::LeU),
        Op::LeU => swapped(Op::LtU),
        Op::I32LtS => swapped(Op::I32LeS),
        Op::I32LeS => swapped(Op::I32LtS),
        Op::I64LtS => swapped(Op::I64LeS),
        Op::I64LeS => swapped(Op::I64LtS),
        Op::I32EqImm => with(Op::I32NeImm),
        Op::I32NeImm => with(Op::I32EqImm),
        Op::I64EqImm => with(Op::I64NeImm),
        Op::I64NeImm => with(Op::I64EqImm),
        Op::I32LtSImm => imm(Op::I32GtSImm, instr.imm().wrapping_sub(1) & low32),
        Op::I32GtSImm => imm(Op::I32LtSImm, instr.imm().wrapping_add(1) & low32),
        Op::I32LtUImm => imm(Op::I32GtUImm, instr.imm().wrapping_sub(1) & low32),
        Op::I32GtUImm => imm(Op::I32LtUImm, instr.imm().wrapping_add(1) & low32),
        Op::I64LtSImm => imm(Op::I64GtSImm, instr.imm().wrapping_sub(1)),
        Op::I64GtSImm => imm(Op::I64LtSImm, instr.imm().wrapping_add(1)),
        Op::I64LtUImm => imm(Op::I64GtUImm, instr.imm().wrapping_sub(1)),
        Op::I64GtUImm => imm(Op::I64LtUImm, instr.imm().wrapping_add(1)),
        _ => None,
    }
}
