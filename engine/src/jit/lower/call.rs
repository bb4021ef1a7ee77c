//! Calls: direct, to imports, through tables, and as tail calls.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{ExtFuncData, ExternalName, FuncRef, Inst, InstBuilder, SigRef, Value, types};
use wasmparser::Operator;

use super::Lower;
use crate::jit::abi::wasm_signature;
use crate::jit::compile::Named;
use crate::jit::env::POINTER;
use crate::jit::gas;
use crate::trap::Trap;
use crate::value::FuncType;

/// A callee, known as far as it is.
enum Callee {
    /// A function compiled in the same module.
    Direct(FuncRef),
    /// An address.
    Indirect(SigRef, Value),
}

impl Lower<'_, '_> {
    /// Calls; `false` when `op` is none.
    pub(super) fn call(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::Call { function_index } => self.direct(function_index, false),
            Operator::ReturnCall { function_index } => self.direct(function_index, true),
            Operator::CallIndirect {
                type_index,
                table_index,
            } => self.indirect(type_index, table_index, false),
            Operator::ReturnCallIndirect {
                type_index,
                table_index,
            } => self.indirect(type_index, table_index, true),
            _ => return false,
        }
        true
    }

    fn direct(&mut self, index: u32, tail: bool) {
        self.settle();
        let info = self.info;
        let ty = info.func_type(index);
        if !tail && self.is_outermost() {
            let in_loop = self.in_loop();
            if let Some(inlined) = self.inlining.of_call(info, self.index, index, in_loop) {
                return self.in_place(ty, inlined);
            }
        }
        let args = self.pop_many(ty.params().len());
        let signature = self.b.import_signature(wasm_signature(ty));
        if index < info.imported_funcs {
            let (code, ctx) = self.env.import(&mut self.b, index);
            self.emit(ty, Callee::Indirect(signature, code), ctx, &args, tail);
        } else {
            let name = self
                .b
                .func
                .declare_imported_user_function(Named::Code.name(index));
            let name = ExternalName::user(name);
            let callee = self.b.import_function(ExtFuncData {
                name,
                signature,
                colocated: true,
                patchable: false,
            });
            let ctx = self.env.ctx;
            self.emit(ty, Callee::Direct(callee), ctx, &args, tail);
        }
    }

    fn indirect(&mut self, ty_index: u32, table: u32, tail: bool) {
        self.settle();
        let index = self.pop();
        let info = self.info;
        let ty = &info.types[ty_index as usize];
        let args = self.pop_many(ty.params().len());
        let reference = self.element(table, index, Trap::UndefinedElement);
        let found = self.env.sig_of(&mut self.b, reference);
        let wanted = self.env.sig(&mut self.b, ty_index);
        let differs = self.b.ins().icmp(IntCC::NotEqual, found, wanted);
        self.trap_if(differs, Trap::BadSignature);
        let (code, ctx) = self.env.entry_of(&mut self.b, reference);
        let signature = self.b.import_signature(wasm_signature(ty));
        self.emit(ty, Callee::Indirect(signature, code), ctx, &args, tail);
    }

    /// Emits the call. A tail call passes its own depth on to the callee, which takes the place of this frame.
    fn emit(&mut self, ty: &FuncType, callee: Callee, ctx: Value, args: &[Value], tail: bool) {
        debug_assert!(self.debt.is_paid());
        let depth = if tail { self.scope.depth } else { self.scope.below };
        let mut values = Vec::with_capacity(args.len() + 2);
        values.extend([ctx, depth]);
        values.extend_from_slice(args);
        let ins = self.b.ins();
        let call: Inst = match (callee, tail) {
            (Callee::Direct(callee), false) => ins.call(callee, &values),
            (Callee::Direct(callee), true) => ins.return_call(callee, &values),
            (Callee::Indirect(signature, code), false) => ins.call_indirect(signature, code, &values),
            (Callee::Indirect(signature, code), true) => ins.return_call_indirect(signature, code, &values),
        };
        if tail {
            self.dead = true;
            return;
        }
        debug_assert_eq!(self.b.inst_results(call).len(), ty.results().len());
        self.stack.extend_from_slice(self.b.inst_results(call));
        gas::reload(&mut self.b, self.counter);
    }

    /// An element of a table, after the check of its index.
    pub(super) fn element(&mut self, table: u32, index: Value, past_end: Trap) -> Value {
        let address = self.element_address(table, index, past_end);
        self.b.ins().load(types::I64, self.env.table_flags(), address, 0)
    }

    /// The address of an element of a table, after the check of its index.
    pub(super) fn element_address(&mut self, table: u32, index: Value, past_end: Trap) -> Value {
        let (base, len) = self.env.table(&mut self.b, table);
        let index = self.b.ins().uextend(POINTER, index);
        let past = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, len);
        self.trap_if(past, past_end);
        let offset = self.b.ins().ishl_imm_u(index, 3);
        self.b.ins().iadd(base, offset)
    }
}
