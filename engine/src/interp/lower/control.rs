//! Blocks, branches and conditions.

use wasmparser::{BlockType, BrTable};

use super::emit::{Jumps, Place};
use super::numeric::opposite;
use super::operands::Value;
use super::{Lower, Meter};
use crate::interp::code::{Instr, Op};

/// An open block.
pub(super) struct Block {
    kind: Kind,
    /// Operands below the block's own.
    height: u32,
    params: u32,
    results: u32,
    /// Branches to the end.
    jumps: Jumps,
    /// While a `br_table` is translated: which of its pieces of code brings values here.
    piece: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Block,
    Loop(Place),
    /// Before its `else`, with the jump that skips the first branch.
    If(Jumps),
    Else,
}

/// A condition whose comparison has been taken back from the code, or a register.
#[derive(Clone, Copy)]
pub(super) struct Condition {
    /// A comparison in its form that gives a value, or `BrAnd`, `BrAndImm`, `BrNotAndImm` without a target.
    test: Instr,
}

/// Above this many values a branch moves them with one instruction.
const FEW: u32 = 4;

impl Lower<'_> {
    /// Opens the block of the function itself.
    pub(super) fn open_function(&mut self) {
        self.blocks.push(Block {
            kind: Kind::Block,
            height: 0,
            params: 0,
            results: self.results,
            jumps: Jumps::EMPTY,
            piece: None,
        });
    }

    pub(super) fn open_block(&mut self, ty: &BlockType) {
        self.open(Kind::Block, ty);
    }

    pub(super) fn open_loop(&mut self, ty: &BlockType) {
        self.open(Kind::Block, ty);
        let place = self.emit.place();
        if let Some(block) = self.blocks.last_mut() {
            block.kind = Kind::Loop(place);
        }
    }

    pub(super) fn open_if(&mut self, ty: &BlockType) {
        let condition = self.pop_condition();
        let test = condition.test;
        let mut skip = Jumps::EMPTY;
        self.open(Kind::Block, ty);
        let meter = self.take_meter();
        self.jump_if(Condition { test }.not(), meter, Target::Forward(&mut skip));
        if let Some(block) = self.blocks.last_mut() {
            block.kind = Kind::If(skip);
        }
    }

    fn open(&mut self, kind: Kind, ty: &BlockType) {
        let (params, results) = match ty {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(index) => {
                let ty = &self.info.types[*index as usize];
                (ty.params().len() as u32, ty.results().len() as u32)
            }
        };
        self.settle_top(params);
        self.settle_locals();
        self.blocks.push(Block {
            kind,
            height: self.height() - params,
            params,
            results,
            jumps: Jumps::EMPTY,
            piece: None,
        });
    }

    /// `else`; also at the end of dead code.
    pub(super) fn close_then(&mut self) {
        let live = !self.dead;
        let Some(mut block) = self.blocks.pop() else {
            return;
        };
        if live {
            self.settle_top(block.results);
            self.pending_meter();
            self.emit
                .push_jump(Instr::new(Op::Br, 0, 0, 0, 0), &mut block.jumps);
        }
        self.truncate(block.height);
        self.push_temps(block.params as usize);
        if let Kind::If(mut skip) = block.kind {
            self.emit.bind(&mut skip);
        }
        block.kind = Kind::Else;
        self.blocks.push(block);
        self.dead = false;
    }

    /// `end`; also at the end of dead code.
    pub(super) fn close_block(&mut self) {
        let Some(mut block) = self.blocks.pop() else {
            return;
        };
        if self.blocks.is_empty() {
            return self.close_function(block);
        }
        let live = !self.dead;
        if live {
            let joined = !block.jumps.is_empty() || matches!(block.kind, Kind::If(_));
            if joined {
                self.settle_top(block.results);
            }
            self.pending_meter();
        }
        let mut reached = live || !block.jumps.is_empty();
        if let Kind::If(mut skip) = block.kind {
            // Without an `else` the parameters are the results.
            self.emit.bind(&mut skip);
            reached = true;
        }
        let joined = !live || !block.jumps.is_empty() || matches!(block.kind, Kind::If(_));
        self.emit.bind(&mut block.jumps);
        if joined {
            self.truncate(block.height);
            self.push_temps(block.results as usize);
        }
        self.dead = !reached;
    }

    fn close_function(&mut self, mut block: Block) {
        if !self.dead {
            self.return_top();
        }
        if !block.jumps.is_empty() {
            self.emit.bind(&mut block.jumps);
            self.no_meter();
            let first = self.register_of(0);
            self.return_from(first);
        }
        self.dead = true;
    }

    pub(super) fn br(&mut self, depth: u32) {
        let index = self.block_index(depth);
        if index == 0 {
            // Straight out of the function; what its `end` charges is not due.
            self.return_top();
        } else {
            self.bring_results(index);
            let meter = self.take_meter();
            self.jump(index, meter);
        }
        self.leave();
    }

    pub(super) fn br_if(&mut self, depth: u32) {
        let index = self.block_index(depth);
        let condition = self.pop_condition();
        let (height, count) = self.arity(index);
        let meter = self.take_meter();
        if count == 0 || self.height() == height + count {
            // In place already, or put there now: then one instruction does.
            self.settle_top(count);
            self.jump_if_to(index, condition, meter);
            return;
        }
        if count > FEW {
            self.settle_top(count);
        }
        let mut skip = Jumps::EMPTY;
        self.jump_if(condition.not(), meter, Target::Forward(&mut skip));
        self.bring_results(index);
        self.jump(index, Meter::None);
        self.emit.bind(&mut skip);
    }

    pub(super) fn br_table(&mut self, targets: &BrTable<'_>) {
        let selector = self.pop_register();
        let depths: Vec<u32> = targets
            .targets()
            .chain([Ok(targets.default())])
            .map_while(Result::ok)
            .collect();
        // All have the same arity.
        let (_, count) = self.arity(self.block_index(targets.default()));
        self.settle_top(count);
        let (op, charge) = match self.take_meter() {
            Meter::Checked(charge) => (Op::BrTableMetered, charge),
            meter => {
                self.meter(meter);
                (Op::BrTable, 0)
            }
        };
        self.emit
            .push(Instr::halves(op, selector, 0, 0, depths.len() as u32 - 1, charge));
        self.emit.table(depths.len());
        // Targets that need values moved go through a piece of code of their own, one for each block.
        let mut moves: Vec<(usize, Jumps)> = Vec::new();
        for depth in depths {
            let index = self.block_index(depth);
            let (height, _) = self.arity(index);
            if count == 0 || self.height() == height + count {
                self.jump(index, Meter::None);
                continue;
            }
            let piece = *self.blocks[index].piece.get_or_insert_with(|| {
                moves.push((index, Jumps::EMPTY));
                moves.len() - 1
            });
            let jumps = &mut moves[piece].1;
            self.emit.push_jump(Instr::new(Op::Br, 0, 0, 0, 0), jumps);
        }
        for (index, mut jumps) in moves {
            self.blocks[index].piece = None;
            self.emit.bind(&mut jumps);
            self.bring_results(index);
            self.jump(index, Meter::None);
        }
        self.leave();
    }

    /// Index of the block `depth` labels out.
    fn block_index(&self, depth: u32) -> usize {
        self.blocks.len() - 1 - depth as usize
    }

    /// Where the values of a branch to a block go, and how many they are.
    fn arity(&self, index: usize) -> (u32, u32) {
        let block = &self.blocks[index];
        let count = if let Kind::Loop(_) = block.kind {
            block.params
        } else {
            block.results
        };
        (block.height, count)
    }

    /// Copies the top operands to where a block wants them; the stack stays as it is for code that does not branch.
    fn bring_results(&mut self, index: usize) {
        let (height, count) = self.arity(index);
        let first = self.height() - count;
        if count > FEW {
            self.settle_top(count);
            if first != height {
                let (to, from) = (self.register_of(height), self.register_of(first));
                self.emit.push(Instr::halves(Op::Move, to, from, 0, count, 0));
            }
            return;
        }
        // Each goes down or stays, so none overwrites one that is still to be read.
        for i in 0..count {
            let value = self.stack[(first + i) as usize];
            self.put(self.register_of(height + i), value, first + i);
        }
    }

    /// Writes a jump to a block.
    fn jump(&mut self, index: usize, meter: Meter) {
        let instr = match meter {
            Meter::Checked(charge) => Instr::halves(Op::BrMetered, 0, 0, 0, 0, charge),
            other => {
                self.meter(other);
                Instr::new(Op::Br, 0, 0, 0, 0)
            }
        };
        let block = &mut self.blocks[index];
        match block.kind {
            Kind::Loop(place) => self.emit.push_jump_back(instr, place),
            _ => self.emit.push_jump(instr, &mut block.jumps),
        }
    }

    fn jump_if_to(&mut self, index: usize, condition: Condition, meter: Meter) {
        if let Kind::Loop(place) = self.blocks[index].kind {
            return self.jump_if(condition, meter, Target::Back(place));
        }
        let mut jumps = self.blocks[index].jumps;
        self.jump_if(condition, meter, Target::Forward(&mut jumps));
        self.blocks[index].jumps = jumps;
    }

    /// Pops a condition; a comparison that was written for it alone is taken back.
    fn pop_condition(&mut self) -> Condition {
        let operand = self.pop();
        if operand.value == Value::Temp {
            let register = self.register_of(operand.position);
            if let Some(last) = self.emit.definition(register)
                && let Some(test) = fusible(last)
            {
                self.emit.take_last();
                return Condition {
                    test: self.and_tested(test, register),
                };
            }
        }
        let register = self.register(operand);
        Condition {
            test: Instr::new(Op::I32NeImm, 0, register, 0, 0),
        }
    }

    /// A test against zero of an `and` that nothing else reads becomes a test of the `and`.
    fn and_tested(&mut self, test: Instr, register: u16) -> Instr {
        let not = match (test.op, test.imm()) {
            (Op::I32EqImm, 0) => true,
            (Op::I32NeImm, 0) => false,
            _ => return test,
        };
        // The operand had the register of the result, so no one else can read it.
        if test.b != register {
            return test;
        }
        match self.emit.definition(register).and_then(fusible) {
            Some(and) if and.op == Op::BrAndImm => {
                self.emit.take_last();
                Instr {
                    op: if not { Op::BrNotAndImm } else { Op::BrAndImm },
                    ..and
                }
            }
            _ => test,
        }
    }

    /// Writes a conditional jump.
    fn jump_if(&mut self, condition: Condition, meter: Meter, target: Target<'_>) {
        let test = condition.test;
        let (plain, metered) = match test.op {
            Op::BrAndImm => (Op::BrAndImm, Op::BrAndImmMetered),
            Op::BrNotAndImm => (Op::BrNotAndImm, Op::BrNotAndImmMetered),
            // `fusible` and `opposite` give nothing else that has no branch.
            op => op.branch().unwrap_or((Op::Trap, Op::Trap)),
        };
        let with_registers = matches!(
            test.op,
            Op::Eq | Op::Ne | Op::LtU | Op::LeU | Op::I32LtS | Op::I32LeS | Op::I64LtS | Op::I64LeS
        );
        let (charge, op) = match meter {
            Meter::Checked(charge) => (charge, metered),
            other => {
                self.meter(other);
                (0, plain)
            }
        };
        let mut instr = if with_registers {
            Instr::halves(op, test.b, test.c, 0, 0, charge)
        } else {
            let imm = test.imm() as u32;
            Instr::halves(op, test.b, imm as u16, (imm >> 16) as u16, 0, charge)
        };
        if let Meter::Checked(_) = meter {
            if let Target::Back(place) = target
                && let Some(joined) = self.with_step_and_limit(instr, place)
            {
                return self.emit.push_short_jump_back(joined, place);
            }
            instr = self.with_step(instr);
        }
        match target {
            Target::Forward(jumps) => self.emit.push_jump(instr, jumps),
            Target::Back(place) => self.emit.push_jump_back(instr, place),
        }
    }

    /// The end of a loop that counts to a constant as one instruction.
    fn with_step_and_limit(&mut self, branch: Instr, place: Place) -> Option<Instr> {
        let step = *self.emit.last()?;
        let short = i16::try_from(step.imm() as u32 as i32).ok()?;
        self.emit.short_distance(place)?;
        if branch.op != Op::BrI32NeImmMetered || branch.bc() == 0 {
            return None;
        }
        if step.op != Op::I32AddImm || step.a != step.b || branch.a != step.a {
            return None;
        }
        self.emit.take_last();
        let limit = branch.bc() as u32;
        Some(Instr::halves(
            Op::AddBrNeImmMetered,
            step.a,
            short as u16,
            0,
            limit,
            branch.y,
        ))
    }

    /// The end of a counted loop as one instruction: the step joins the metered branch.
    fn with_step(&mut self, branch: Instr) -> Instr {
        let nonzero = matches!(branch.op, Op::BrI32NeImmMetered) && branch.bc() == 0;
        if !nonzero && branch.op != Op::BrNeMetered {
            return branch;
        }
        let Some(step) = self.emit.last().copied() else {
            return branch;
        };
        let short = step.imm() as u32 as i32;
        let fits = i16::try_from(short).is_ok();
        if step.op != Op::I32AddImm || step.a != step.b || !fits {
            return branch;
        }
        let step_bits = short as i16 as u16;
        let joined = if nonzero && branch.a == step.a {
            Instr {
                op: Op::AddBrNzMetered,
                a: step.a,
                b: 0,
                c: step_bits,
                ..branch
            }
        } else if !nonzero && branch.a == step.a && branch.b != step.a {
            Instr {
                op: Op::AddBrNeMetered,
                a: step.a,
                b: branch.b,
                c: step_bits,
                ..branch
            }
        } else if !nonzero && branch.b == step.a && branch.a != step.a {
            Instr {
                op: Op::AddBrNeMetered,
                a: step.a,
                b: branch.a,
                c: step_bits,
                ..branch
            }
        } else {
            return branch;
        };
        self.emit.take_last();
        joined
    }
}

enum Target<'a> {
    Forward(&'a mut Jumps),
    Back(Place),
}

impl Condition {
    fn not(self) -> Self {
        let test = self.test;
        let test = match test.op {
            Op::BrAndImm => Instr {
                op: Op::BrNotAndImm,
                ..test
            },
            Op::BrNotAndImm => Instr {
                op: Op::BrAndImm,
                ..test
            },
            // Every other test is a comparison.
            _ => opposite(test).unwrap_or(test),
        };
        Self { test }
    }
}

/// The test a jump can make in place of an instruction that gives its condition; `None` when it must stay.
fn fusible(instr: Instr) -> Option<Instr> {
    let short = i64::from(instr.imm() as i32) as u64 == instr.imm();
    match instr.op {
        Op::Eq | Op::Ne | Op::LtU | Op::LeU | Op::I32LtS | Op::I32LeS | Op::I64LtS | Op::I64LeS => {
            Some(instr)
        }
        Op::I32EqImm | Op::I32NeImm | Op::I32LtSImm | Op::I32GtSImm | Op::I32LtUImm | Op::I32GtUImm => {
            Some(instr)
        }
        Op::I64EqImm | Op::I64NeImm => short.then_some(instr),
        // The opposite has a neighbour of the immediate, which must be short as well.
        Op::I64LtSImm | Op::I64GtSImm | Op::I64LtUImm | Op::I64GtUImm => {
            let inner =
                instr.imm() as i32 != i32::MIN && instr.imm() as i32 != i32::MAX && instr.imm() as i32 != -1;
            (short && inner && instr.imm() as i32 != 0).then_some(instr)
        }
        // An `and` of i32 values: the condition is one.
        Op::AndImm => Some(Instr {
            op: Op::BrAndImm,
            ..instr
        }),
        _ => None,
    }
}
