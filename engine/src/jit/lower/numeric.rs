//! Integer arithmetic, comparisons and conversions.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Type, types};
use wasmparser::Operator;

use super::Lower;

/// One arm an operator: two operands of the same type → one.
macro_rules! binary {
    ($lower:ident, $ins:ident) => {{
        let (lhs, rhs) = $lower.pop2();
        let value = $lower.b.ins().$ins(lhs, rhs);
        $lower.push(value);
    }};
}

/// One arm an operator: one operand → one of the same type.
macro_rules! unary {
    ($lower:ident, $ins:ident) => {{
        let operand = $lower.pop();
        let value = $lower.b.ins().$ins(operand);
        $lower.push(value);
    }};
}

impl Lower<'_, '_> {
    /// Integer operators; `false` when `op` is none. Divisions trap by themselves.
    pub(super) fn numeric(&mut self, op: &Operator<'_>) -> bool {
        use Operator as O;
        use types::{I8, I16, I32, I64};
        match op {
            O::I32Add | O::I64Add => binary!(self, iadd),
            O::I32Sub | O::I64Sub => binary!(self, isub),
            O::I32Mul | O::I64Mul => binary!(self, imul),
            O::I32DivS | O::I64DivS => binary!(self, sdiv),
            O::I32DivU | O::I64DivU => binary!(self, udiv),
            O::I32RemS | O::I64RemS => binary!(self, srem),
            O::I32RemU | O::I64RemU => binary!(self, urem),
            O::I32And | O::I64And => binary!(self, band),
            O::I32Or | O::I64Or => binary!(self, bor),
            O::I32Xor | O::I64Xor => binary!(self, bxor),
            // The amount counts modulo the width, as in the format.
            O::I32Shl | O::I64Shl => binary!(self, ishl),
            O::I32ShrS | O::I64ShrS => binary!(self, sshr),
            O::I32ShrU | O::I64ShrU => binary!(self, ushr),
            O::I32Rotl | O::I64Rotl => binary!(self, rotl),
            O::I32Rotr | O::I64Rotr => binary!(self, rotr),
            O::I32Clz | O::I64Clz => unary!(self, clz),
            O::I32Ctz | O::I64Ctz => unary!(self, ctz),
            O::I32Popcnt | O::I64Popcnt => unary!(self, popcnt),

            O::I32Eqz | O::I64Eqz => {
                let operand = self.pop();
                let zero = self.b.ins().icmp_imm_s(IntCC::Equal, operand, 0);
                let zero = self.b.ins().uextend(I32, zero);
                self.push(zero);
            }
            O::I32Eq | O::I64Eq => self.compare(IntCC::Equal),
            O::I32Ne | O::I64Ne => self.compare(IntCC::NotEqual),
            O::I32LtS | O::I64LtS => self.compare(IntCC::SignedLessThan),
            O::I32LtU | O::I64LtU => self.compare(IntCC::UnsignedLessThan),
            O::I32GtS | O::I64GtS => self.compare(IntCC::SignedGreaterThan),
            O::I32GtU | O::I64GtU => self.compare(IntCC::UnsignedGreaterThan),
            O::I32LeS | O::I64LeS => self.compare(IntCC::SignedLessThanOrEqual),
            O::I32LeU | O::I64LeU => self.compare(IntCC::UnsignedLessThanOrEqual),
            O::I32GeS | O::I64GeS => self.compare(IntCC::SignedGreaterThanOrEqual),
            O::I32GeU | O::I64GeU => self.compare(IntCC::UnsignedGreaterThanOrEqual),

            O::I32WrapI64 => {
                let operand = self.pop();
                let value = self.b.ins().ireduce(I32, operand);
                self.push(value);
            }
            O::I64ExtendI32S => {
                let operand = self.pop();
                let value = self.b.ins().sextend(I64, operand);
                self.push(value);
            }
            O::I64ExtendI32U => {
                let operand = self.pop();
                let value = self.b.ins().uextend(I64, operand);
                self.push(value);
            }
            O::I32Extend8S => self.extend(I8, I32),
            O::I32Extend16S => self.extend(I16, I32),
            O::I64Extend8S => self.extend(I8, I64),
            O::I64Extend16S => self.extend(I16, I64),
            O::I64Extend32S => self.extend(I32, I64),
            _ => return false,
        }
        true
    }

    fn compare(&mut self, condition: IntCC) {
        let (lhs, rhs) = self.pop2();
        let value = self.b.ins().icmp(condition, lhs, rhs);
        let value = self.b.ins().uextend(types::I32, value);
        self.push(value);
    }

    /// Sign-extends the low part of an operand in place.
    fn extend(&mut self, part: Type, whole: Type) {
        let operand = self.pop();
        let low = self.b.ins().ireduce(part, operand);
        let value = self.b.ins().sextend(whole, low);
        self.push(value);
    }
}
