//! Operators on tables and references.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types};
use wasmparser::Operator;

use super::Lower;
use crate::jit::libcalls::Libcall;
use crate::trap::Trap;

impl Lower<'_, '_> {
    /// Operators on tables and references; `false` when `op` is none.
    pub(super) fn table(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::RefNull { .. } => {
                let null = self.b.ins().iconst(types::I64, 0);
                self.push(null);
            }
            Operator::RefIsNull => {
                let reference = self.pop();
                let null = self.b.ins().icmp_imm_s(IntCC::Equal, reference, 0);
                let null = self.b.ins().uextend(types::I32, null);
                self.push(null);
            }
            Operator::RefFunc { function_index } => {
                let reference = self.env.func_ref(&mut self.b, function_index);
                self.push(reference);
            }
            Operator::TableGet { table } => {
                let index = self.pop();
                let element = self.element(table, index, Trap::TableOutOfBounds);
                self.push(element);
            }
            Operator::TableSet { table } => {
                let (index, element) = self.pop2();
                let address = self.element_address(table, index, Trap::TableOutOfBounds);
                self.b.ins().store(self.env.table_flags(), element, address, 0);
            }
            Operator::TableSize { table } => {
                let (_, len) = self.env.table(&mut self.b, table);
                let len = self.b.ins().ireduce(types::I32, len);
                self.push(len);
            }
            Operator::TableGrow { table } => {
                let (slot, count) = self.pop2();
                let table = self.index(table);
                self.helper(Libcall::TableGrow, &[table, slot, count]);
            }
            Operator::TableFill { table } => {
                let (at, slot, count) = self.pop3();
                let table = self.index(table);
                self.helper(Libcall::TableFill, &[table, at, slot, count]);
            }
            Operator::TableCopy { dst_table, src_table } => {
                let (to, from, len) = self.pop3();
                let (target, source) = (self.index(dst_table), self.index(src_table));
                self.helper(Libcall::TableCopy, &[target, source, to, from, len]);
            }
            Operator::TableInit { elem_index, table } => {
                let (to, from, len) = self.pop3();
                let (segment, table) = (self.index(elem_index), self.index(table));
                self.helper(Libcall::TableInit, &[segment, table, to, from, len]);
            }
            Operator::ElemDrop { elem_index } => {
                let segment = self.index(elem_index);
                self.settle();
                self.env.libcall(&mut self.b, Libcall::ElemDrop, &[segment]);
            }
            _ => return false,
        }
        true
    }

    fn index(&mut self, index: u32) -> cranelift_codegen::ir::Value {
        self.b.ins().iconst(types::I32, i64::from(index))
    }
}
