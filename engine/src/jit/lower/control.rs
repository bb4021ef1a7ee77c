//! Blocks, branches, locals, globals, selection.

use cranelift_codegen::ir::{Block, BlockArg, BlockCall, InstBuilder, JumpTableData, Value, types};
use wasmparser::{BlockType, Operator};

use super::Lower;
use crate::jit::abi::trap_code;
use crate::jit::env::POINTER;
use crate::trap::Trap;
use crate::value::ValType;

/// An open block.
pub(super) struct Frame {
    kind: Kind,
    /// Where its `end` leads; takes its results.
    next: Block,
    params: Vec<ValType>,
    results: Vec<ValType>,
    /// Operands below its parameters.
    height: usize,
}

enum Kind {
    /// A block, or the function itself.
    Block,
    Loop {
        header: Block,
    },
    /// An `if` whose `else` has not come yet.
    If {
        otherwise: Block,
        /// The parameters once more, for the other branch.
        args: Vec<Value>,
    },
    Else,
}

fn args(values: &[Value]) -> Vec<BlockArg> {
    values.iter().copied().map(BlockArg::from).collect()
}

impl Lower<'_, '_> {
    /// Parameters and results of a block type.
    fn block_types(&self, ty: &BlockType) -> (Vec<ValType>, Vec<ValType>) {
        match ty {
            BlockType::Empty => (Vec::new(), Vec::new()),
            BlockType::Type(ty) => (Vec::new(), ValType::from_wasm(*ty).into_iter().collect()),
            BlockType::FuncType(index) => {
                let ty = &self.info.types[*index as usize];
                (ty.params().to_vec(), ty.results().to_vec())
            }
        }
    }

    pub(super) fn open_function(&mut self) {
        let results = self.ty.results().to_vec();
        let next = self.new_block(&results);
        self.frames.push(Frame {
            kind: Kind::Block,
            next,
            params: Vec::new(),
            results,
            height: 0,
        });
    }

    fn open(&mut self, kind: Kind, (params, results): (Vec<ValType>, Vec<ValType>)) {
        let next = self.new_block(&results);
        let height = self.stack.len() - params.len();
        self.frames.push(Frame {
            kind,
            next,
            params,
            results,
            height,
        });
    }

    pub(super) fn block(&mut self, ty: &BlockType) {
        if self.dead {
            self.dead_blocks += 1;
            return;
        }
        let types = self.block_types(ty);
        self.open(Kind::Block, types);
    }

    pub(super) fn r#loop(&mut self, ty: &BlockType) {
        if self.dead {
            self.dead_blocks += 1;
            return;
        }
        let types = self.block_types(ty);
        let header = self.new_block(&types.0);
        let count = types.0.len();
        let values = args(self.top(count));
        self.b.ins().jump(header, &values);
        self.b.switch_to_block(header);
        self.open(Kind::Loop { header }, types);
        let height = self.stack.len() - count;
        self.stack.truncate(height);
        self.stack.extend_from_slice(self.b.block_params(header));
    }

    pub(super) fn r#if(&mut self, ty: &BlockType) {
        if self.dead {
            self.dead_blocks += 1;
            return;
        }
        let condition = self.pop();
        let types = self.block_types(ty);
        let then = self.b.create_block();
        let otherwise = self.b.create_block();
        self.b.ins().brif(condition, then, &[], otherwise, &[]);
        self.b.seal_block(then);
        self.b.seal_block(otherwise);
        self.b.switch_to_block(then);
        let args = self.top(types.0.len()).to_vec();
        self.open(Kind::If { otherwise, args }, types);
    }

    pub(super) fn r#else(&mut self) {
        if self.dead_blocks > 0 {
            return;
        }
        let frame = self.frames.last_mut().expect("validated");
        let Kind::If {
            otherwise,
            args: params,
        } = std::mem::replace(&mut frame.kind, Kind::Else)
        else {
            return;
        };
        let (next, height) = (frame.next, frame.height);
        if !self.dead {
            let values = args(&self.stack[height..]);
            self.b.ins().jump(next, &values);
        }
        self.stack.truncate(height);
        self.stack.extend(params);
        self.b.switch_to_block(otherwise);
        self.dead = false;
    }

    pub(super) fn end(&mut self) {
        if self.dead_blocks > 0 {
            self.dead_blocks -= 1;
            return;
        }
        let frame = self.frames.pop().expect("validated");
        if !self.dead {
            let values = args(&self.stack[frame.height..]);
            self.b.ins().jump(frame.next, &values);
        }
        match frame.kind {
            Kind::Loop { header } => self.b.seal_block(header),
            // Without `else`, the parameters are the results.
            Kind::If {
                otherwise,
                args: params,
            } => {
                self.b.switch_to_block(otherwise);
                self.b.ins().jump(frame.next, &args(&params));
            }
            Kind::Block | Kind::Else => {}
        }
        self.b.switch_to_block(frame.next);
        self.b.seal_block(frame.next);
        self.stack.truncate(frame.height);
        self.stack.extend_from_slice(self.b.block_params(frame.next));
        self.dead = false;
        if self.frames.is_empty() {
            let results = std::mem::take(&mut self.stack);
            self.b.ins().return_(&results);
        }
    }

    /// Where a branch to `depth` goes, and how many operands it takes.
    fn target(&self, depth: u32) -> (Block, usize) {
        let frame = &self.frames[self.frames.len() - 1 - depth as usize];
        match frame.kind {
            Kind::Loop { header } => (header, frame.params.len()),
            _ => (frame.next, frame.results.len()),
        }
    }

    /// Branches, locals, globals and the like; `false` when `op` is none of them.
    pub(super) fn branch(&mut self, op: &Operator<'_>) -> bool {
        match op {
            Operator::Nop => {}
            Operator::Unreachable => {
                self.b.ins().trap(trap_code(Trap::Unreachable));
                self.dead = true;
            }
            Operator::Br { relative_depth } => {
                let (block, count) = self.target(*relative_depth);
                let values = args(self.top(count));
                self.b.ins().jump(block, &values);
                self.dead = true;
            }
            Operator::BrIf { relative_depth } => {
                let condition = self.pop();
                let (block, count) = self.target(*relative_depth);
                let values = args(self.top(count));
                let next = self.b.create_block();
                self.b.ins().brif(condition, block, &values, next, &[]);
                self.b.seal_block(next);
                self.b.switch_to_block(next);
            }
            Operator::BrTable { targets } => self.br_table(targets),
            Operator::Return => {
                let count = self.ty.results().len();
                let results = self.pop_many(count);
                self.b.ins().return_(&results);
                self.dead = true;
            }
            Operator::Drop => {
                self.pop();
            }
            Operator::Select | Operator::TypedSelect { .. } => {
                let (yes, no, condition) = self.pop3();
                let value = self.b.ins().select(condition, yes, no);
                self.push(value);
            }
            Operator::LocalGet { local_index } => {
                let value = self.b.use_var(self.locals[*local_index as usize]);
                self.push(value);
            }
            Operator::LocalSet { local_index } => {
                let value = self.pop();
                self.b.def_var(self.locals[*local_index as usize], value);
            }
            Operator::LocalTee { local_index } => {
                let value = self.top(1)[0];
                self.b.def_var(self.locals[*local_index as usize], value);
            }
            Operator::GlobalGet { global_index } => self.global_get(*global_index),
            Operator::GlobalSet { global_index } => self.global_set(*global_index),
            Operator::I32Const { value } => {
                let value = self.b.ins().iconst(types::I32, i64::from(*value as u32));
                self.push(value);
            }
            Operator::I64Const { value } => {
                let value = self.b.ins().iconst(types::I64, *value);
                self.push(value);
            }
            _ => return false,
        }
        true
    }

    fn br_table(&mut self, targets: &wasmparser::BrTable<'_>) {
        let index = self.pop();
        let (default, count) = self.target(targets.default());
        let values = args(self.top(count));
        let call = |lower: &mut Self, block| {
            BlockCall::new(block, values.iter().copied(), &mut lower.b.func.dfg.value_lists)
        };
        let mut table = Vec::with_capacity(targets.len() as usize);
        for depth in targets.targets() {
            // Validated: every depth can be read.
            let Ok(depth) = depth else { break };
            let (block, _) = self.target(depth);
            table.push(call(self, block));
        }
        let default = call(self, default);
        let table = self.b.create_jump_table(JumpTableData::new(default, &table));
        self.b.ins().br_table(index, table);
        self.dead = true;
    }

    fn global_get(&mut self, index: u32) {
        let ty = self.info.globals[index as usize].ty.content;
        let (base, offset, flags) = self.env.global(&mut self.b, index);
        let value = self
            .b
            .ins()
            .load(crate::jit::abi::native_type(ty), flags, base, offset);
        self.push(value);
    }

    fn global_set(&mut self, index: u32) {
        let mut value = self.pop();
        let (base, offset, flags) = self.env.global(&mut self.b, index);
        // Slots are zero-extended.
        if self.b.func.dfg.value_type(value) != POINTER {
            value = self.b.ins().uextend(POINTER, value);
        }
        self.b.ins().store(flags, value, base, offset);
    }
}
