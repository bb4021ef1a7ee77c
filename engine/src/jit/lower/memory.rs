//! Loads, stores and the operators on whole memories.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Type, Value, types};
use wasmparser::{MemArg, Operator};

use super::Lower;
use crate::jit::env::POINTER;
use crate::jit::libcalls::Libcall;
use crate::runtime::memory::GUARD;
use crate::trap::Trap;

impl Lower<'_, '_> {
    /// Operators on memory; `false` when `op` is none.
    pub(super) fn memory(&mut self, op: &Operator<'_>) -> bool {
        use types::{I8, I16, I32, I64};
        match op {
            Operator::I32Load { memarg } => self.load(memarg, I32, I32, false),
            Operator::I64Load { memarg } => self.load(memarg, I64, I64, false),
            Operator::I32Load8S { memarg } => self.load(memarg, I8, I32, true),
            Operator::I32Load8U { memarg } => self.load(memarg, I8, I32, false),
            Operator::I32Load16S { memarg } => self.load(memarg, I16, I32, true),
            Operator::I32Load16U { memarg } => self.load(memarg, I16, I32, false),
            Operator::I64Load8S { memarg } => self.load(memarg, I8, I64, true),
            Operator::I64Load8U { memarg } => self.load(memarg, I8, I64, false),
            Operator::I64Load16S { memarg } => self.load(memarg, I16, I64, true),
            Operator::I64Load16U { memarg } => self.load(memarg, I16, I64, false),
            Operator::I64Load32S { memarg } => self.load(memarg, I32, I64, true),
            Operator::I64Load32U { memarg } => self.load(memarg, I32, I64, false),
            Operator::I32Store { memarg } => self.store(memarg, I32),
            Operator::I64Store { memarg } => self.store(memarg, I64),
            Operator::I32Store8 { memarg } | Operator::I64Store8 { memarg } => self.store(memarg, I8),
            Operator::I32Store16 { memarg } | Operator::I64Store16 { memarg } => self.store(memarg, I16),
            Operator::I64Store32 { memarg } => self.store(memarg, I32),
            Operator::MemorySize { .. } => {
                let bytes = self.env.memory_bytes(&mut self.b);
                let pages = self.b.ins().ushr_imm_u(bytes, 16);
                let pages = self.b.ins().ireduce(I32, pages);
                self.push(pages);
            }
            Operator::MemoryGrow { .. } => {
                let pages = self.pop();
                self.helper(Libcall::MemoryGrow, &[pages]);
            }
            Operator::MemoryCopy { .. } => {
                let (to, from, len) = self.pop3();
                self.helper(Libcall::MemoryCopy, &[to, from, len]);
            }
            Operator::MemoryFill { .. } => {
                let (to, byte, len) = self.pop3();
                self.helper(Libcall::MemoryFill, &[to, byte, len]);
            }
            Operator::MemoryInit { data_index, .. } => {
                let (to, from, len) = self.pop3();
                let segment = self.b.ins().iconst(I32, i64::from(*data_index));
                self.helper(Libcall::MemoryInit, &[segment, to, from, len]);
            }
            Operator::DataDrop { data_index } => {
                let segment = self.b.ins().iconst(I32, i64::from(*data_index));
                self.settle();
                self.env.libcall(&mut self.b, Libcall::DataDrop, &[segment]);
            }
            _ => return false,
        }
        true
    }

    /// Calls a helper; what it gives, if not only a status, is pushed.
    pub(super) fn helper(&mut self, libcall: Libcall, args: &[Value]) {
        self.settle();
        if let Some(value) = self.env.libcall(&mut self.b, libcall, args) {
            self.push(value);
        }
    }

    /// Address and offset of an access of `bytes` bytes. Either the access itself faults when it is out of bounds,
    /// or it is checked here.
    fn address(&mut self, memarg: &MemArg, index: Value, bytes: u32) -> (Value, i32) {
        let index = self.b.ins().uextend(POINTER, index);
        let end = memarg.offset + u64::from(bytes);
        let covered = self.env.guarded && end <= GUARD as u64;
        if !covered {
            // 32-bit index plus 32-bit offset plus a few bytes: no overflow in 64 bits.
            let len = self.env.memory_bytes(&mut self.b);
            let last = self.b.ins().iadd_imm_s(index, end as i64);
            let past = self.b.ins().icmp(IntCC::UnsignedGreaterThan, last, len);
            self.trap_if(past, Trap::MemoryOutOfBounds);
        }
        let base = self.env.memory_base(&mut self.b);
        let address = self.b.ins().iadd(base, index);
        match i32::try_from(memarg.offset) {
            Ok(offset) => (address, offset),
            Err(_) => (self.b.ins().iadd_imm_s(address, memarg.offset as i64), 0),
        }
    }

    fn load(&mut self, memarg: &MemArg, stored: Type, result: Type, signed: bool) {
        let index = self.pop();
        let (address, offset) = self.address(memarg, index, stored.bytes());
        let flags = self.env.heap_flags();
        let ins = self.b.ins();
        // Extending loads, not loads and extensions: the latter would be moved away from the load, into a register more.
        let value = match (stored.bytes(), signed) {
            _ if stored == result => ins.load(stored, flags, address, offset),
            (1, false) => ins.uload8(result, flags, address, offset),
            (1, true) => ins.sload8(result, flags, address, offset),
            (2, false) => ins.uload16(result, flags, address, offset),
            (2, true) => ins.sload16(result, flags, address, offset),
            (_, false) => ins.uload32(flags, address, offset),
            (_, true) => ins.sload32(flags, address, offset),
        };
        self.push(value);
    }

    fn store(&mut self, memarg: &MemArg, stored: Type) {
        let (index, value) = self.pop2();
        let (address, offset) = self.address(memarg, index, stored.bytes());
        let flags = self.env.heap_flags();
        let whole = self.b.func.dfg.value_type(value) == stored;
        let ins = self.b.ins();
        // Narrow stores, not narrowed values: those would be computed once more in the narrow type.
        match stored.bytes() {
            _ if whole => ins.store(flags, value, address, offset),
            1 => ins.istore8(flags, value, address, offset),
            2 => ins.istore16(flags, value, address, offset),
            _ => ins.istore32(flags, value, address, offset),
        };
        self.keep_store();
    }

    /// Keeps the store just written from being left out in favour of a later one to the same place, which would trap in
    /// place of it with more gas used: the code generator leaves out no store that something that may trap comes after.
    /// This never does and is no instruction.
    fn keep_store(&mut self) {
        let never = self.b.ins().iconst(types::I8, 0);
        self.trap_if(never, Trap::MemoryOutOfBounds);
    }
}
