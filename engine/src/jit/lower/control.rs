//! Blocks, branches, locals, globals, selection.

use std::collections::{BTreeMap, BTreeSet};

use cranelift_codegen::ir::{Block, BlockArg, BlockCall, InstBuilder, JumpTableData, Opcode, Value, types};
use wasmparser::{BlockType, Operator};

use super::{Cursor, Lower};
use crate::jit::abi::trap_code;
use crate::jit::env::POINTER;
use crate::jit::ledger::Debt;
use crate::tier::repeat;
use crate::trap::Trap;
use crate::value::ValType;

/// Most values that a function selects by branches. Each takes three blocks, which nobody has counted before it is
/// compiled; an interpreter has one or a few.
pub(super) const MOST_CHOICES: u32 = 64;

/// An open block.
pub(super) struct Frame<'m> {
    kind: Kind<'m>,
    /// Where its `end` leads; takes its results.
    next: Joint,
    params: Vec<ValType>,
    results: Vec<ValType>,
    /// Operands below its parameters.
    height: usize,
}

enum Kind<'m> {
    /// A block, or the function itself.
    Block,
    Loop {
        /// The start of its first copy, where the last one jumps back to.
        header: Block,
        copies: Option<Copies<'m>>,
        /// Has there been a table of branches in it so far, but in no loop in it? One in a function in place of a call
        /// is.
        dispatches: bool,
    },
    /// An `if` whose `else` has not come yet.
    If {
        /// The other branch: its block, which takes nothing, what is due there, and the parameters once more.
        otherwise: Way,
    },
    Else,
}

/// Copies of a loop that are still to come.
struct Copies<'m> {
    /// The first operator of the loop.
    start: Cursor<'m>,
    /// How many.
    left: u32,
    /// The start of the next of them: where this copy jumps back to.
    next: Joint,
}

/// A block that several ways may lead to, known one after the other.
struct Joint {
    block: Block,
    /// Those with something due, left open until all are known.
    ways: Vec<Way>,
    /// Does any lead there with nothing due?
    paid: bool,
}

impl Joint {
    fn new(block: Block) -> Self {
        Self {
            block,
            ways: Vec::new(),
            paid: false,
        }
    }
}

/// A way to a joint.
struct Way {
    /// Its last block, which takes nothing and ends with a jump to the joint that is still to be added.
    block: Block,
    args: Vec<BlockArg>,
    debt: Debt,
}

/// Where a branch leads.
enum Label {
    /// Back to the start of a loop: its block.
    Back(Block),
    /// Behind the `end` of the frame with this index.
    Next(usize),
    /// To the next copy of the loop whose frame has this index.
    Copy(usize),
}

fn args(values: &[Value]) -> Vec<BlockArg> {
    values.iter().copied().map(BlockArg::from).collect()
}

impl<'m> Lower<'_, 'm> {
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

    /// Is the code here in a loop?
    pub(super) fn in_loop(&self) -> bool {
        let mut frames = self.frames.iter();
        frames.any(|frame| matches!(frame.kind, Kind::Loop { .. }))
    }

    /// Is this where a loop goes on that chooses by a table what to do, as interpreters do? The next choice may hang on a
    /// value selected here, and then the processor has it to guess in any case.
    fn dispatches(&self) -> bool {
        let kinds = self.frames.iter().rev().map(|frame| &frame.kind);
        let mut loops = kinds.filter_map(|kind| match kind {
            Kind::Loop { dispatches, .. } => Some(*dispatches),
            _ => None,
        });
        loops.next().unwrap_or(false)
    }

    pub(super) fn open_function(&mut self) {
        let results = self.scope.ty.results().to_vec();
        self.open(Kind::Block, (Vec::new(), results));
    }

    fn open(&mut self, kind: Kind<'m>, (params, results): (Vec<ValType>, Vec<ValType>)) {
        let next = Joint::new(self.new_block(&results));
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
        let values = args(self.top(types.0.len()));
        self.settle_to_join();
        self.b.ins().jump(header, &values);
        let start = self.scope.cursor.clone();
        let copies = match repeat::copies(&start.ops[start.op..]) {
            0 | 1 => None,
            copies => Some(Copies {
                start,
                left: copies - 1,
                next: Joint::new(self.new_block(&types.0)),
            }),
        };
        if copies.is_some() {
            self.repeated = Some(self.frames.len());
        }
        let kind = Kind::Loop {
            header,
            copies,
            dispatches: false,
        };
        self.open(kind, types);
        self.enter_loop(header);
    }

    /// Starts a copy of the loop of the innermost frame.
    fn enter_loop(&mut self, block: Block) {
        self.b.switch_to_block(block);
        let height = self.frames.last().map_or(0, |frame| frame.height);
        self.stack.truncate(height);
        self.stack.extend_from_slice(self.b.block_params(block));
        self.dead = false;
    }

    pub(super) fn r#if(&mut self, ty: &BlockType) {
        if self.dead {
            self.dead_blocks += 1;
            return;
        }
        let condition = self.pop();
        let types = self.block_types(ty);
        let then = self.b.create_block();
        let otherwise = Way {
            block: self.b.create_block(),
            args: args(self.top(types.0.len())),
            debt: self.debt.clone(),
        };
        self.b.ins().brif(condition, then, &[], otherwise.block, &[]);
        self.b.seal_block(then);
        self.b.seal_block(otherwise.block);
        self.b.switch_to_block(then);
        self.open(Kind::If { otherwise }, types);
    }

    pub(super) fn r#else(&mut self) {
        if self.dead_blocks > 0 {
            return;
        }
        let at = self.frames.len() - 1;
        let frame = &mut self.frames[at];
        let Kind::If { otherwise } = std::mem::replace(&mut frame.kind, Kind::Else) else {
            return;
        };
        let height = frame.height;
        if !self.dead {
            let values = args(&self.stack[height..]);
            self.jump_to(&Label::Next(at), &values);
        }
        self.stack.truncate(height);
        // The parameters are values, as nothing else is pushed.
        self.stack
            .extend(otherwise.args.iter().filter_map(BlockArg::as_value));
        self.b.switch_to_block(otherwise.block);
        self.debt = otherwise.debt;
        self.dead = false;
    }

    pub(super) fn end(&mut self) {
        if self.dead_blocks > 0 {
            self.dead_blocks -= 1;
            return;
        }
        let at = self.frames.len() - 1;
        let values = match self.dead {
            true => None,
            false => Some(args(&self.stack[self.frames[at].height..])),
        };
        if let Some(next) = self.next_copy() {
            if let Some(values) = values {
                self.jump_to(&Label::Next(at), &values);
            }
            let block = next.block;
            self.join(next, None);
            self.enter_loop(block);
            return;
        }
        let frame = self.frames.pop().expect("validated");
        if self.repeated == Some(at) {
            self.repeated = None;
        }
        let mut next = frame.next;
        match frame.kind {
            Kind::Loop { header, .. } => self.b.seal_block(header),
            // Without `else`, the parameters are the results.
            Kind::If { otherwise } => next.ways.push(otherwise),
            Kind::Block | Kind::Else => {}
        }
        let block = next.block;
        self.join(next, values);
        self.b.switch_to_block(block);
        self.stack.truncate(frame.height);
        self.stack.extend_from_slice(self.b.block_params(block));
        self.dead = false;
    }

    /// At the end of a loop that is to be had once more: goes back to its first operator, and gives where the copy just
    /// ended jumps back to. There is none if it never does.
    fn next_copy(&mut self) -> Option<Joint> {
        let Kind::Loop { copies, .. } = &mut self.frames.last_mut()?.kind else {
            return None;
        };
        let mut ended = copies.take()?;
        if !ended.next.paid && ended.next.ways.is_empty() {
            self.b.seal_block(ended.next.block);
            return None;
        }
        self.scope.cursor = ended.start.clone();
        ended.left -= 1;
        if ended.left == 0 {
            return Some(ended.next);
        }
        let params = self.frames.last()?.params.clone();
        let next = Joint::new(self.new_block(&params));
        let joint = std::mem::replace(&mut ended.next, next);
        if let Kind::Loop { copies, .. } = &mut self.frames.last_mut()?.kind {
            *copies = Some(ended);
        }
        Some(joint)
    }

    /// Closes the ways to a joint; `values` are what the code here, if it is not dead, takes there. Where all have the
    /// same debt it is carried on. Where they owe the same check, each makes its own charges and that is carried on. Else
    /// each pays all it owes.
    fn join(&mut self, joint: Joint, values: Option<Vec<BlockArg>>) {
        let Joint { block, ways, paid } = joint;
        let here = values.is_some().then(|| self.debt.clone());
        let ahead = ways.iter().map(|way| &way.debt);
        let nothing = Debt::default();
        let mut debts = paid.then_some(&nothing).into_iter().chain(&here).chain(ahead);
        let first = debts.next().unwrap_or(&nothing).clone();
        let (mut alike, mut checks_alike) = (true, true);
        for debt in debts {
            alike &= *debt == first;
            checks_alike &= debt.since_check == first.since_check;
        }
        let pay = |lower: &mut Self| match (alike, checks_alike) {
            (true, _) => {}
            (false, true) => lower.pay(),
            (false, false) => lower.settle_to_join(),
        };
        if let Some(values) = values {
            pay(self);
            self.b.ins().jump(block, &values);
        }
        for way in ways {
            self.b.switch_to_block(way.block);
            self.debt = way.debt;
            pay(self);
            self.b.ins().jump(block, &way.args);
        }
        self.b.seal_block(block);
        if alike {
            self.debt = first;
        }
    }

    /// Pays before ways with different debts meet: all charges, and the check unless another comes before anybody could
    /// tell. The next operator is the one behind the joint.
    fn settle_to_join(&mut self) {
        if self.debt.since_check.is_some() && self.scope.cursor.is_checked_first() {
            self.debt.since_check = None;
        }
        self.settle();
    }

    /// Where a branch to `depth` goes, and how many operands it takes.
    fn label(&self, depth: u32) -> (Label, usize) {
        let at = self.frames.len() - 1 - depth as usize;
        let frame = &self.frames[at];
        match &frame.kind {
            Kind::Loop { copies: Some(_), .. } => (Label::Copy(at), frame.params.len()),
            Kind::Loop {
                header, copies: None, ..
            } => (Label::Back(*header), frame.params.len()),
            _ => (Label::Next(at), frame.results.len()),
        }
    }

    /// The block that a branch to a label goes to, and whether it takes the values: if something is due it is a block in
    /// between, which the joint will close. Before a jump back everything has been paid.
    fn way_to(&mut self, label: &Label, values: &[BlockArg]) -> (Block, bool) {
        let debt = self.debt.clone();
        let between = match debt.is_paid() {
            true => None,
            false => Some(self.b.create_block()),
        };
        let joint = match *label {
            Label::Back(header) => return (header, true),
            Label::Next(at) => &mut self.frames[at].next,
            Label::Copy(at) => {
                let frame = &mut self.frames[at];
                match &mut frame.kind {
                    Kind::Loop {
                        copies: Some(copies), ..
                    } => &mut copies.next,
                    _ => &mut frame.next,
                }
            }
        };
        match between {
            None => {
                joint.paid = true;
                (joint.block, true)
            }
            Some(block) => {
                joint.ways.push(Way {
                    block,
                    args: values.to_vec(),
                    debt,
                });
                (block, false)
            }
        }
    }

    /// Jumps to a label.
    fn jump_to(&mut self, label: &Label, values: &[BlockArg]) {
        if matches!(label, Label::Back(_)) {
            self.settle();
        }
        let (block, takes) = self.way_to(label, values);
        self.b.ins().jump(block, if takes { values } else { &[] });
        if !takes {
            self.b.seal_block(block);
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
                let (label, count) = self.label(*relative_depth);
                let values = args(self.top(count));
                self.jump_to(&label, &values);
                self.dead = true;
            }
            Operator::BrIf { relative_depth } => {
                let condition = self.pop();
                let (label, count) = self.label(*relative_depth);
                let values = args(self.top(count));
                if matches!(label, Label::Back(_)) {
                    self.settle();
                }
                let (block, takes) = self.way_to(&label, &values);
                let next = self.b.create_block();
                let values: &[BlockArg] = if takes { &values } else { &[] };
                self.b.ins().brif(condition, block, values, next, &[]);
                if !takes {
                    self.b.seal_block(block);
                }
                self.b.seal_block(next);
                self.b.switch_to_block(next);
            }
            Operator::BrTable { targets } => self.br_table(targets),
            Operator::Return => {
                let count = self.scope.ty.results().len();
                if self.is_outermost() {
                    let results = self.pop_many(count);
                    self.settle();
                    self.b.ins().return_(&results);
                } else {
                    let results = args(self.top(count));
                    self.jump_to(&Label::Next(self.scope.frame), &results);
                }
                self.dead = true;
            }
            Operator::Drop => {
                self.pop();
            }
            Operator::Select | Operator::TypedSelect { .. } => {
                let (yes, no, condition) = self.pop3();
                let by_branch =
                    self.choices > 0 && self.dispatches() && self.awaits_memory(condition, [yes, no]);
                let value = match by_branch {
                    true => self.choose(condition, yes, no),
                    false => self.b.ins().select(condition, yes, no),
                };
                self.push(value);
            }
            Operator::LocalGet { local_index } => {
                let value = self.b.use_var(self.scope.locals[*local_index as usize]);
                self.push(value);
            }
            Operator::LocalSet { local_index } => {
                let value = self.pop();
                self.b.def_var(self.scope.locals[*local_index as usize], value);
            }
            Operator::LocalTee { local_index } => {
                let value = self.top(1)[0];
                self.b.def_var(self.scope.locals[*local_index as usize], value);
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

    /// Does it say something about what was read just now, from memory, a global or a table, and is not itself one of the
    /// values to select from? Those are, in a minimum, and nobody can foresee which it is.
    fn awaits_memory(&self, condition: Value, from: [Value; 2]) -> bool {
        let dfg = &self.b.func.dfg;
        let made_by = |value: Value, opcode| {
            let inst = dfg.value_def(value).inst()?;
            (dfg.insts[inst].opcode() == opcode).then(|| dfg.inst_args(inst))
        };
        let is_read = |value: Value| {
            let inst = dfg.value_def(value).inst();
            !from.contains(&value) && inst.is_some_and(|inst| dfg.insts[inst].opcode().can_load())
        };
        let condition = made_by(condition, Opcode::Uextend).map_or(condition, |args| args[0]);
        let compared = made_by(condition, Opcode::Icmp);
        is_read(condition) || compared.is_some_and(|args| args.iter().any(|value| is_read(*value)))
    }

    /// Selects by a branch, which the processor guesses: what needs the value does not wait for the condition. Where it
    /// guesses wrongly that costs more than waiting.
    fn choose(&mut self, condition: Value, yes: Value, no: Value) -> Value {
        self.choices -= 1;
        let next = self.b.create_block();
        let ty = self.b.func.dfg.value_type(yes);
        let value = self.b.append_block_param(next, ty);
        self.b
            .ins()
            .brif(condition, next, &[yes.into()], next, &[no.into()]);
        self.b.seal_block(next);
        self.b.switch_to_block(next);
        value
    }

    fn br_table(&mut self, targets: &wasmparser::BrTable<'_>) {
        let index = self.pop();
        let (_, count) = self.label(targets.default());
        let values = args(self.top(count));
        // Validated: every depth can be read.
        let depths: Vec<u32> = targets.targets().map_while(Result::ok).collect();
        let all: BTreeSet<u32> = depths.iter().copied().chain([targets.default()]).collect();
        let labels: Vec<(u32, Label)> = all
            .into_iter()
            .map(|depth| (depth, self.label(depth).0))
            .collect();
        if labels.iter().any(|(_, label)| matches!(label, Label::Back(_))) {
            self.settle();
        }
        let ways: BTreeMap<u32, (Block, bool)> = labels
            .iter()
            .map(|(depth, label)| (*depth, self.way_to(label, &values)))
            .collect();
        let lists = &mut self.b.func.dfg.value_lists;
        let mut call = |depth| {
            let (block, takes): (Block, bool) = ways[&depth];
            let values: &[BlockArg] = if takes { &values } else { &[] };
            BlockCall::new(block, values.iter().copied(), lists)
        };
        let table: Vec<BlockCall> = depths.into_iter().map(&mut call).collect();
        let default = call(targets.default());
        let table = self.b.create_jump_table(JumpTableData::new(default, &table));
        self.b.ins().br_table(index, table);
        let mut kinds = self.frames.iter_mut().rev().map(|frame| &mut frame.kind);
        if let Some(Kind::Loop { dispatches, .. }) = kinds.find(|kind| matches!(kind, Kind::Loop { .. })) {
            *dispatches = true;
        }
        for (block, takes) in ways.into_values() {
            if !takes {
                self.b.seal_block(block);
            }
        }
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
