//! From one function body to Cranelift IR. A pure function of module, body and plan.

mod call;
mod control;
mod memory;
mod numeric;
mod table;

use std::rc::Rc;

use arwen_metering::{Op, Point};
use cranelift_codegen::ir::{Block, Function, InstBuilder, SourceLoc, Value, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use wasmparser::Operator;

use super::abi::{native_type, trap_code, wasm_signature};
use super::env::{Env, Regions};
use super::gas;
use super::ledger::{Debt, Ledger};
use crate::module::body::Body;
use crate::module::info::ModuleInfo;
use crate::tier::inline::{Inlined, Inlining};
use crate::trap::Trap;
use crate::value::{FuncType, ValType};
use control::Frame;

/// A body being lowered.
struct Lower<'a, 'm> {
    b: FunctionBuilder<'a>,
    env: Env<'m>,
    info: &'m ModuleInfo,
    /// The function whose operators are being lowered.
    scope: Scope<'m>,
    /// Index of the function that is compiled.
    index: u32,
    /// What it may still have in place of calls.
    inlining: Inlining,
    /// The operand stack.
    stack: Vec<Value>,
    frames: Vec<Frame<'m>>,
    /// Is the code here unreachable by the rules of the format? Then nothing is emitted.
    dead: bool,
    /// Blocks opened in dead code and not yet closed.
    dead_blocks: u32,
    /// The gas used.
    counter: Variable,
    /// How many values it may still select by branches.
    choices: u32,
    /// What is due where code is being added.
    debt: Debt,
    /// Index of the frame of the loop that is being had more than once.
    repeated: Option<usize>,
    ledger: Ledger,
}

/// A function whose operators are lowered: the one that is compiled, or one that takes the place of a call.
struct Scope<'m> {
    ty: &'m FuncType,
    locals: Vec<Variable>,
    /// Depth it was called at, and depth of its callees.
    depth: Value,
    below: Value,
    cursor: Cursor<'m>,
    /// Index of its frame.
    frame: usize,
}

/// The operators of a body with the points of its plan, and the next of them.
#[derive(Clone)]
struct Cursor<'m> {
    ops: Rc<[Operator<'m>]>,
    points: &'m [Point],
    /// Index of the next operator.
    op: usize,
    /// Index of the first point that is not before the next operator.
    point: usize,
}

impl<'m> Cursor<'m> {
    /// At the first operator.
    fn new(body: &'m Body, ops: Rc<[Operator<'m>]>) -> Self {
        Self {
            ops,
            points: &body.plan.points,
            op: 0,
            point: 0,
        }
    }

    /// The index of the next operator and its point.
    fn next(&mut self) -> Option<(Option<&'m Point>, usize)> {
        let op = self.op;
        self.ops.get(op)?;
        let point = self.points.get(self.point).filter(|p| p.op as usize == op);
        self.op += 1;
        self.point += usize::from(point.is_some());
        Some((point, op))
    }

    /// Does everything from here come to a check before anything that may trap, call or leave?
    fn is_checked_first(&self) -> bool {
        /// How far to look.
        const OPERATORS: usize = 32;
        let mut ahead = self.clone();
        for _ in 0..OPERATORS {
            let Some((point, at)) = ahead.next() else {
                return false;
            };
            let op = &self.ops[at];
            if point.is_some_and(|point| point.check) {
                return true;
            }
            let goes_on = !matches!(
                op,
                Operator::If { .. }
                    | Operator::Else
                    | Operator::Br { .. }
                    | Operator::BrIf { .. }
                    | Operator::BrTable { .. }
                    | Operator::Return
            );
            if !goes_on || Op::of(op).may_trap() {
                return false;
            }
        }
        false
    }
}

/// Lowers the function with index `index` into `func`, which is empty. Gives the debts of its places: the location of an
/// instruction that may trap is the number of one, see [`debt_at`].
///
/// # Errors
/// Never for a validated body; the parser's error is passed on.
pub(crate) fn body(
    info: &ModuleInfo,
    index: u32,
    guarded: bool,
    inlining: Inlining,
    target: TargetFrontendConfig,
    context: &mut FunctionBuilderContext,
    func: &mut Function,
) -> wasmparser::Result<Vec<Debt>> {
    let body = &info.bodies()[(index - info.imported_funcs) as usize];
    let ops = body.operators(&info.wasm)?.into_iter();
    let ops: Rc<[Operator<'_>]> = ops.collect::<wasmparser::Result<_>>()?;
    let ty = info.func_type(index);
    func.signature = wasm_signature(ty);
    let mut b = FunctionBuilder::new(func, context);
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    b.seal_block(entry);
    let params = b.block_params(entry).to_vec();
    let (ctx, depth) = (params[0], params[1]);

    b.set_srcloc(location(0));
    let regions = Regions::declare(&mut b);
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
        scope: Scope {
            ty,
            locals: Vec::new(),
            depth,
            below: depth,
            cursor: Cursor::new(body, ops),
            frame: 0,
        },
        index,
        inlining,
        stack: params[2..].to_vec(),
        frames: Vec::new(),
        dead: false,
        dead_blocks: 0,
        counter,
        choices: control::MOST_CHOICES,
        debt: Debt::default(),
        repeated: None,
        ledger: Ledger::new(),
    };
    lower.function(body);
    let results = std::mem::take(&mut lower.stack);
    lower.settle();
    lower.b.ins().return_(&results);
    lower.b.finalize(target);
    Ok(lower.ledger.into_debts())
}

/// The location of what has a debt, by the number of the debt.
fn location(debt: u32) -> SourceLoc {
    SourceLoc::new(debt)
}

/// The number of the debt of what is at a location; `None` where nobody has said.
pub(crate) fn debt_at(location: SourceLoc) -> Option<u32> {
    (!location.is_default()).then(|| location.bits())
}

impl<'m> Lower<'_, 'm> {
    /// Lowers the function of the scope, whose arguments are on the stack; its results take their place.
    fn function(&mut self, body: &Body) {
        // Before anything is charged: does the frame fit?
        let slots = self.b.ins().iconst(types::I32, i64::from(body.frame_slots));
        let overflow = trap_code(Trap::StackOverflow);
        let depth = self.scope.depth;
        self.scope.below = self.b.ins().uadd_overflow_trap(slots, depth, overflow);

        let ty = self.scope.ty;
        let args = self.pop_many(ty.params().len());
        for (ty, value) in ty.params().iter().zip(args) {
            let variable = self.b.declare_var(native_type(*ty));
            self.b.def_var(variable, value);
            self.scope.locals.push(variable);
        }
        for (count, ty) in &body.locals {
            let ty = native_type(*ty);
            let zero = self.b.ins().iconst(ty, 0);
            for _ in 0..*count {
                let variable = self.b.declare_var(ty);
                self.b.def_var(variable, zero);
                self.scope.locals.push(variable);
            }
        }
        self.open_function();
        let ops = Rc::clone(&self.scope.cursor.ops);
        while let Some((point, at)) = self.scope.cursor.next() {
            let op = &ops[at];
            if let Some(point) = point
                && !self.dead
            {
                self.point(point, op);
            }
            self.operator(op);
        }
    }

    /// Lowers a function in place of a call, whose arguments are on the stack; everything has been paid.
    fn in_place(&mut self, ty: &'m FuncType, inlined: Inlined<'m>) {
        self.locate();
        let Inlined { body, ops } = inlined;
        let below = self.scope.below;
        let scope = Scope {
            ty,
            locals: Vec::new(),
            depth: below,
            below,
            cursor: Cursor::new(body, ops),
            frame: self.frames.len(),
        };
        let caller = std::mem::replace(&mut self.scope, scope);
        self.function(body);
        self.scope = caller;
    }

    /// Are these the operators of the function that is compiled, not of one in place of a call?
    fn is_outermost(&self) -> bool {
        self.scope.frame == 0
    }
}

impl Lower<'_, '_> {
    /// What the plan wants before `op` falls due. It is carried along only in loops that are had more than once: elsewhere
    /// there is more code to it than it saves. Between the operators of a block charges are made at once: what the code
    /// generator moves within a block must not come to stand beside another debt.
    fn point(&mut self, point: &Point, op: &Operator<'_>) {
        if let Some(id) = point.charge {
            self.debt.charge(id);
        }
        if let (Some(unit), Some(amount)) = (point.units, self.stack.last().copied()) {
            self.pay();
            gas::charge_units(&mut self.b, &self.env, self.counter, unit, amount);
        }
        if point.check {
            self.debt.check();
        }
        let ends_block = matches!(
            op,
            Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::Else
                | Operator::End
                | Operator::Br { .. }
                | Operator::BrIf { .. }
                | Operator::BrTable { .. }
        );
        if !ends_block {
            self.pay();
        }
        if self.repeated.is_none() || self.debt.is_full() {
            self.settle();
        }
    }

    /// Makes the charges that are due.
    fn pay(&mut self) {
        let charges = std::mem::take(&mut self.debt.charges);
        if !charges.is_empty() {
            gas::charge(&mut self.b, &self.env, self.counter, &charges);
            self.locate();
        }
    }

    /// Makes the charges that are due, and the check.
    fn settle(&mut self) {
        self.pay();
        if let Some(since) = self.debt.since_check.take() {
            gas::check(&mut self.b, &self.env, self.counter, &since);
            self.locate();
        }
    }

    /// Writes down the debt of what is added from here on.
    fn locate(&mut self) {
        let number = self.ledger.number(&self.debt);
        self.b.set_srcloc(location(number));
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
                // A branch does not trap, but may take a load into itself: one of the operators before.
                if !matches!(
                    op,
                    Operator::Br { .. } | Operator::BrIf { .. } | Operator::BrTable { .. }
                ) {
                    self.locate();
                }
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
