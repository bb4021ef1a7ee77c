//! From one function body to Cranelift IR. A pure function of module, body and plan.

mod call;
mod control;
mod memory;
mod numeric;
mod table;

use arwen_metering::Point;
use cranelift_codegen::ir::{Block, Function, InstBuilder, Value, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use wasmparser::Operator;

use super::abi::{native_type, trap_code, wasm_signature};
use super::env::{Env, Regions};
use super::gas;
use crate::module::body::Body;
use crate::module::info::ModuleInfo;
use crate::trap::Trap;
use crate::value::{FuncType, ValType};
use control::Frame;

/// A body being lowered.
struct Lower<'a, 'm> {
    b: FunctionBuilder<'a>,
    env: Env<'m>,
    info: &'m ModuleInfo,
    ty: &'m FuncType,
    locals: Vec<Variable>,
    /// The operand stack.
    stack: Vec<Value>,
    frames: Vec<Frame>,
    /// Is the code here unreachable by the rules of the format? Then nothing is emitted.
    dead: bool,
    /// Blocks opened in dead code and not yet closed.
    dead_blocks: u32,
    /// Depth this function was called at, and depth of its callees.
    depth: Value,
    below: Value,
    /// The gas used.
    counter: Variable,
}

/// Lowers the function with index `index` into `func`, which is empty.
///
/// # Errors
/// Never for a validated body; the parser's error is passed on.
pub(crate) fn body(
    info: &ModuleInfo,
    index: u32,
    body: &Body,
    guarded: bool,
    target: TargetFrontendConfig,
    context: &mut FunctionBuilderContext,
    func: &mut Function,
) -> wasmparser::Result<()> {
    let ty = info.func_type(index);
    func.signature = wasm_signature(ty);
    let mut b = FunctionBuilder::new(func, context);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    b.seal_block(entry);
    let params = b.block_params(entry).to_vec();
    let (ctx, depth) = (params[0], params[1]);

    // Before anything is charged: does the frame fit?
    let slots = b.ins().iconst(types::I32, i64::from(body.frame_slots));
    let overflow = trap_code(Trap::StackOverflow);
    let below = b.ins().uadd_overflow_trap(slots, depth, overflow);

    let regions = Regions::declare(&mut b);
    let mut locals = Vec::new();
    for (ty, value) in ty.params().iter().zip(&params[2..]) {
        let variable = b.declare_var(native_type(*ty));
        b.def_var(variable, *value);
        locals.push(variable);
    }
    for (count, ty) in &body.locals {
        let ty = native_type(*ty);
        let zero = b.ins().iconst(ty, 0);
        for _ in 0..*count {
            let variable = b.declare_var(ty);
            b.def_var(variable, zero);
            locals.push(variable);
        }
    }

    let counter = gas::counter(&mut b);
    let mut lower = Lower {
        b,
        env: Env {
            info,
            ctx,
            regions,
            guarded,
        },
        info,
        ty,
        locals,
        stack: Vec::new(),
        frames: Vec::new(),
        dead: false,
        dead_blocks: 0,
        depth,
        below,
        counter,
    };
    lower.open_function();
    let mut points = body.plan.points.iter().peekable();
    let mut ops = body.operators(&info.wasm)?;
    let mut position = 0;
    while !ops.eof() {
        let op = ops.read()?;
        if let Some(point) = points.next_if(|point| point.op == position)
            && !lower.dead
        {
            lower.point(point);
        }
        lower.operator(&op);
        position += 1;
    }
    lower.b.finalize(target);
    Ok(())
}

impl Lower<'_, '_> {
    fn point(&mut self, point: &Point) {
        let top = self.stack.last().copied();
        gas::point(&mut self.b, &self.env, self.counter, point, top);
    }

    fn operator(&mut self, op: &Operator<'_>) {
        // Structure is followed in dead code as well; everything else there is skipped.
        match op {
            Operator::Block { blockty } => self.block(blockty),
            Operator::Loop { blockty } => self.r#loop(blockty),
            Operator::If { blockty } => self.r#if(blockty),
            Operator::Else => self.r#else(),
            Operator::End => self.end(),
            _ if self.dead => {}
            op => {
                let done =
                    self.branch(op) || self.call(op) || self.memory(op) || self.table(op) || self.numeric(op);
                // The ruleset has refused every operator that is not lowered, so validation lets none through.
                debug_assert!(done, "{op:?}");
            }
        }
    }

    fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    fn pop(&mut self) -> Value {
        self.stack.pop().expect("validated")
    }

    fn pop2(&mut self) -> (Value, Value) {
        let second = self.pop();
        (self.pop(), second)
    }

    fn pop3(&mut self) -> (Value, Value, Value) {
        let third = self.pop();
        let (first, second) = self.pop2();
        (first, second, third)
    }

    /// The top `count` operands, popped, in order.
    fn pop_many(&mut self, count: usize) -> Vec<Value> {
        let at = self.stack.len() - count;
        self.stack.split_off(at)
    }

    /// The top `count` operands, left there.
    fn top(&self, count: usize) -> &[Value] {
        &self.stack[self.stack.len() - count..]
    }

    /// A block that takes values of the types given.
    fn new_block(&mut self, types: &[ValType]) -> Block {
        let block = self.b.create_block();
        for ty in types {
            self.b.append_block_param(block, native_type(*ty));
        }
        block
    }

    fn trap_if(&mut self, condition: Value, trap: Trap) {
        self.b.ins().trapnz(condition, trap_code(trap));
    }
}
