//! Operators on locals, globals, memories and tables.

use wasmparser::{MemArg, Operator};

use super::Lower;
use super::operands::Value;
use crate::interp::code::{Instr, Op};

impl Lower<'_> {
    /// Translates an operator on variables, memory or tables; `false` when it is none.
    pub(super) fn state(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        match operator {
            O::LocalGet { local_index } => self.push_local(*local_index as u16),
            O::LocalSet { local_index } => {
                let operand = self.pop();
                self.write_local(*local_index as u16, operand);
            }
            O::LocalTee { local_index } => {
                let operand = self.pop();
                self.write_local(*local_index as u16, operand);
                match operand.value {
                    Value::Const(slot) => self.push_const(slot),
                    _ => self.push_local(*local_index as u16),
                }
            }
            O::GlobalGet { global_index } => {
                let imported = *global_index < self.info.imported_globals;
                let op = if imported {
                    Op::GlobalGetImported
                } else {
                    Op::GlobalGet
                };
                self.define(op, *global_index, 0);
            }
            O::GlobalSet { global_index } => {
                let operand = self.pop();
                let imported = *global_index < self.info.imported_globals;
                match operand.value {
                    Value::Const(slot) if slot <= u32::MAX.into() && !imported => {
                        self.emit.push(Instr::halves(
                            Op::GlobalSetImm,
                            0,
                            0,
                            0,
                            *global_index,
                            slot as u32,
                        ));
                    }
                    _ => {
                        let a = self.register(operand);
                        let op = if imported {
                            Op::GlobalSetImported
                        } else {
                            Op::GlobalSet
                        };
                        self.emit.push(Instr::halves(op, a, 0, 0, *global_index, 0));
                    }
                }
            }

            O::I32Load { memarg } | O::I64Load32U { memarg } => self.load(Op::Load32U, memarg),
            O::I32Load8U { memarg } | O::I64Load8U { memarg } => self.load(Op::Load8U, memarg),
            O::I32Load16U { memarg } | O::I64Load16U { memarg } => self.load(Op::Load16U, memarg),
            O::I32Load8S { memarg } => self.load(Op::I32Load8S, memarg),
            O::I32Load16S { memarg } => self.load(Op::I32Load16S, memarg),
            O::I64Load { memarg } => self.load(Op::Load64, memarg),
            O::I64Load8S { memarg } => self.load(Op::I64Load8S, memarg),
            O::I64Load16S { memarg } => self.load(Op::I64Load16S, memarg),
            O::I64Load32S { memarg } => self.load(Op::I64Load32S, memarg),
            O::I32Store { memarg } | O::I64Store32 { memarg } => self.store(Op::Store32, memarg),
            O::I32Store8 { memarg } | O::I64Store8 { memarg } => self.store(Op::Store8, memarg),
            O::I32Store16 { memarg } | O::I64Store16 { memarg } => self.store(Op::Store16, memarg),
            O::I64Store { memarg } => self.store(Op::Store64, memarg),

            O::MemorySize { .. } => self.define(Op::MemorySize, 0, 0),
            O::MemoryGrow { .. } => {
                let pages = self.pop_register();
                let result = self.push_temp();
                self.emit.push(Instr::new(Op::MemoryGrow, result, pages, 0, 0));
            }
            O::MemoryFill { .. } => self.bulk(Op::MemoryFill, 0, 0),
            O::MemoryCopy { .. } => self.bulk(Op::MemoryCopy, 0, 0),
            O::MemoryInit { data_index, .. } => self.bulk(Op::MemoryInit, *data_index, 0),
            O::DataDrop { data_index } => {
                self.emit
                    .push(Instr::halves(Op::DataDrop, 0, 0, 0, *data_index, 0))
            }

            O::TableGet { table } => {
                let index = self.pop_register();
                let result = self.push_temp();
                self.emit
                    .push(Instr::halves(Op::TableGet, result, index, 0, *table, 0));
            }
            O::TableSet { table } => {
                let value = self.pop();
                let index = self.pop();
                let (index, value) = (self.register(index), self.register(value));
                self.emit
                    .push(Instr::halves(Op::TableSet, index, value, 0, *table, 0));
            }
            O::TableSize { table } => self.define(Op::TableSize, *table, 0),
            O::TableGrow { table } => {
                let count = self.pop();
                let value = self.pop();
                let (value, count) = (self.register(value), self.register(count));
                let result = self.push_temp();
                self.emit
                    .push(Instr::halves(Op::TableGrow, result, value, count, *table, 0));
            }
            O::TableFill { table } => self.bulk(Op::TableFill, *table, 0),
            O::TableCopy { dst_table, src_table } => self.bulk(Op::TableCopy, *dst_table, *src_table),
            O::TableInit { elem_index, table } => self.bulk(Op::TableInit, *table, *elem_index),
            O::ElemDrop { elem_index } => {
                self.emit
                    .push(Instr::halves(Op::ElemDrop, 0, 0, 0, *elem_index, 0))
            }
            O::RefNull { .. } => self.push_const(0),
            O::RefFunc { function_index } => self.define(Op::RefFunc, *function_index, 0),
            _ => return false,
        }
        true
    }

    /// An instruction without operands whose result is pushed.
    fn define(&mut self, op: Op, x: u32, y: u32) {
        let result = self.push_temp();
        self.emit.push(Instr::halves(op, result, 0, 0, x, y));
    }

    /// A bulk operator: three operands, no result.
    fn bulk(&mut self, op: Op, x: u32, y: u32) {
        let third = self.pop();
        let second = self.pop();
        let first = self.pop();
        let (first, second, third) = (self.register(first), self.register(second), self.register(third));
        self.emit.push(Instr::halves(op, first, second, third, x, y));
    }

    fn load(&mut self, op: Op, memarg: &MemArg) {
        let Some((indexed, at)) = op.load_forms() else {
            return;
        };
        let address = self.pop();
        let offset = memarg.offset as u32;
        if let Value::Const(index) = address.value {
            let result = self.push_temp();
            // Both are below 2^32.
            self.emit
                .push(Instr::new(at, result, 0, 0, index.wrapping_add(offset.into())));
            return;
        }
        if address.value == Value::Temp
            && let Some(last) = self.emit.definition(self.register_of(address.position))
        {
            if let Some(shift) = index_shift(&last) {
                self.emit.take_last();
                let result = self.push_temp();
                self.emit
                    .push(Instr::halves(indexed, result, last.b, last.c, offset, shift));
                return;
            }
            if last.op == Op::I32AddImm {
                self.emit.take_last();
                let result = self.push_temp();
                self.emit
                    .push(Instr::halves(op, result, last.b, 0, offset, last.imm() as u32));
                return;
            }
        }
        let address = self.register(address);
        let result = self.push_temp();
        self.emit.push(Instr::halves(op, result, address, 0, offset, 0));
    }

    fn store(&mut self, op: Op, memarg: &MemArg) {
        let Some((with_imm, indexed, at)) = op.store_forms() else {
            return;
        };
        let value = self.pop();
        let address = self.pop();
        let offset = memarg.offset as u32;
        if let Value::Const(index) = address.value {
            let value = self.register(value);
            self.emit
                .push(Instr::new(at, value, 0, 0, index.wrapping_add(offset.into())));
            return;
        }
        let constant = match value.value {
            Value::Const(slot) if fits(op, slot) => Some(slot as u32),
            _ => None,
        };
        // A constant that does not fit goes into the register of its position, which the addition may read.
        let taken = match value.value {
            Value::Const(_) if constant.is_none() => Some(self.register_of(value.position)),
            _ => None,
        };
        let may_go = |add: &Instr| match index_shift(add) {
            Some(_) => constant.is_none() && Some(add.b) != taken && Some(add.c) != taken,
            None => add.op == Op::I32AddImm && Some(add.b) != taken,
        };
        let add = match address.value {
            Value::Temp => self
                .emit
                .take_definition(self.register_of(address.position), may_go),
            _ => None,
        };
        if let Some((add, shift)) = add.and_then(|add| Some((add, index_shift(&add)?))) {
            let value = self.register(value);
            self.emit
                .push(Instr::halves(indexed, add.b, value, add.c, offset, shift));
            return;
        }
        let (address, addend) = match add {
            Some(add) => (add.b, add.imm() as u32),
            None => (self.register(address), 0),
        };
        let instr = match constant {
            Some(slot) => Instr::halves(
                with_imm,
                address,
                addend as u16,
                (addend >> 16) as u16,
                offset,
                slot,
            ),
            None => Instr::halves(op, address, self.register(value), 0, offset, addend),
        };
        self.emit.push(instr);
    }
}

/// The shift of an instruction that adds two registers, the second shifted; `None` for other instructions.
fn index_shift(instr: &Instr) -> Option<u32> {
    match instr.op {
        Op::I32Add => Some(0),
        Op::AddShl => Some(instr.imm() as u32),
        _ => None,
    }
}

/// Can the store have the constant as 32 sign-extended bits?
fn fits(op: Op, slot: u64) -> bool {
    op != Op::Store64 || i64::from(slot as i32) as u64 == slot
}
