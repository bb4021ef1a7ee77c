//! A function while it is made: its code, its variables, and the blocks that are open.

use wasm_encoder::{BlockType, Function, Instruction};

use super::draw::Draw;
use super::outline::{Outline, Signature};
use super::values::{I32, I64, Ty, edge};

/// Locals of each type that every function has, besides its parameters. Few, so that they are used in many ways.
const COMMON: [Ty; 5] = [I32, I32, I32, I64, I64];

/// Instructions of a function, so that none is large.
const MAX_INSTRUCTIONS: usize = 600;

/// A function being made.
#[derive(Debug)]
pub(super) struct Body<'o, 'd> {
    pub draw: &'o mut Draw<'d>,
    pub outline: &'o mut Outline,
    pub results: Vec<Ty>,
    /// May it call through the table? Not if it stands there itself, as most such calls would never end.
    pub calls_table: bool,
    code: Vec<Instruction<'static>>,
    params: usize,
    locals: Vec<Ty>,
    labels: Vec<Label>,
    /// Locals that a loop counts with.
    busy: Vec<u32>,
    /// How often the code written now is run, about.
    weight: u32,
    /// Operators that may still be run, and those that are.
    room: u32,
    cost: u32,
}

/// An open block, as a branch sees it.
#[derive(Debug, Clone)]
pub(super) struct Label {
    /// Values that a branch to it brings.
    pub takes: Vec<Ty>,
    /// May any code branch to it? Not to a loop that counts on its own step.
    pub free: bool,
}

/// How a block begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening {
    Block,
    Loop,
    If,
}

impl<'o, 'd> Body<'o, 'd> {
    /// A function that runs about `room` operators.
    pub fn new(draw: &'o mut Draw<'d>, outline: &'o mut Outline, signature: &Signature, room: u32) -> Self {
        Self {
            draw,
            outline,
            results: signature.results.clone(),
            calls_table: true,
            code: Vec::new(),
            params: signature.params.len(),
            locals: [&signature.params[..], &COMMON].concat(),
            labels: vec![Label {
                takes: signature.results.clone(),
                free: true,
            }],
            busy: Vec::new(),
            weight: 1,
            room,
            cost: 0,
        }
    }

    /// The function, and about how many operators it runs.
    pub fn finish(mut self) -> (Function, u32) {
        self.code.push(Instruction::End);
        let declared = self.locals[self.params..].iter().map(|ty| (1, ty.encoded()));
        let mut function = Function::new(declared);
        for instruction in &self.code {
            function.instruction(instruction);
        }
        (function, self.cost)
    }

    /// Is there room for code that runs so many operators?
    pub fn has_room(&self, operators: u32) -> bool {
        self.weight.saturating_mul(operators) <= self.room && self.code.len() < MAX_INSTRUCTIONS
    }

    /// How often a loop may run that has so many operators.
    pub fn trips(&self, operators: u32) -> u32 {
        self.room / self.weight.saturating_mul(operators).max(1)
    }

    /// Code written by `inner` is run so many times as often as the code around.
    pub fn repeated(&mut self, times: u32, inner: impl FnOnce(&mut Self)) {
        let weight = self.weight;
        self.weight = weight.saturating_mul(times.max(1));
        inner(self);
        self.weight = weight;
    }

    /// Notes that the next instruction runs so many operators.
    pub fn spend(&mut self, operators: u32) {
        let operators = operators.saturating_mul(self.weight);
        self.cost = self.cost.saturating_add(operators);
        self.room = self.room.saturating_sub(operators);
    }

    /// Writes an instruction.
    pub fn emit(&mut self, instruction: Instruction<'static>) {
        self.spend(1);
        self.code.push(instruction);
    }

    /// Writes a constant.
    pub fn constant(&mut self, ty: Ty, value: u64) {
        self.emit(ty.constant(value));
    }

    /// Opens a block whose values have the types given; a branch to it is noted as `free` or not.
    pub fn open(&mut self, opening: Opening, signature: &Signature, free: bool) {
        let ty = match (&signature.params[..], &signature.results[..]) {
            ([], []) => BlockType::Empty,
            ([], [one]) => BlockType::Result(one.encoded()),
            _ => BlockType::FunctionType(self.outline.types.index(signature)),
        };
        let takes = match opening {
            Opening::Loop => &signature.params,
            _ => &signature.results,
        };
        self.labels.push(Label {
            takes: takes.clone(),
            free,
        });
        self.emit(match opening {
            Opening::Block => Instruction::Block(ty),
            Opening::Loop => Instruction::Loop(ty),
            Opening::If => Instruction::If(ty),
        });
    }

    /// Opens a block without values.
    pub fn open_plain(&mut self, opening: Opening) {
        self.open(opening, &Signature::default(), opening != Opening::Loop);
    }

    /// Closes the innermost block.
    pub fn close(&mut self) {
        self.labels.pop();
        self.emit(Instruction::End);
    }

    /// The open blocks, the function first.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The number of the innermost block for [`Self::depth`].
    pub fn innermost(&self) -> usize {
        self.labels.len() - 1
    }

    /// How a branch written now names a block.
    pub fn depth(&self, label: usize) -> u32 {
        (self.innermost() - label) as u32
    }

    /// A local that nothing else uses yet.
    pub fn new_local(&mut self, ty: Ty) -> u32 {
        self.locals.push(ty);
        self.locals.len() as u32 - 1
    }

    /// Gives some locals a number other than zero to begin with.
    pub fn fill_locals(&mut self) {
        for local in self.params..self.locals.len() {
            if self.draw.one_in(2) {
                let value = edge(self.draw);
                self.constant(self.locals[local], value);
                self.emit(Instruction::LocalSet(local as u32));
            }
        }
    }

    /// Any local of a type.
    pub fn any_local(&mut self, ty: Ty) -> u32 {
        let all: Vec<u32> = self.locals_of(ty).collect();
        self.draw.pick(&all)
    }

    /// A local of a type that may be written: no loop counts with it.
    pub fn free_local(&mut self, ty: Ty) -> u32 {
        let free: Vec<u32> = self
            .locals_of(ty)
            .filter(|local| !self.busy.contains(local))
            .collect();
        if free.is_empty() {
            return self.new_local(ty);
        }
        self.draw.pick(&free)
    }

    /// A local that a loop counts with, the innermost most often.
    pub fn counter(&mut self, ty: Ty) -> Option<u32> {
        let mut counters = self.busy.iter().rev().copied();
        let counter = counters.find(|local| self.locals[*local as usize] == ty)?;
        Some(counter)
    }

    /// Code written by `inner` does not write a local.
    pub fn keeping(&mut self, locals: &[u32], inner: impl FnOnce(&mut Self)) {
        let kept = self.busy.len();
        self.busy.extend_from_slice(locals);
        inner(self);
        self.busy.truncate(kept);
    }

    fn locals_of(&self, ty: Ty) -> impl Iterator<Item = u32> {
        let locals = (0..).zip(&self.locals);
        locals.filter(move |(_, of)| **of == ty).map(|(local, _)| local)
    }
}
