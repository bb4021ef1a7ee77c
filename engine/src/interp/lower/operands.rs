//! The operand stack at translation time: where each value is.

use super::Lower;
use crate::interp::code::{Instr, Op};

/// Where an operand is. Reading a local or a constant costs nothing until it must be in a register of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// In the register of its position.
    Temp,
    /// In a local that has not been written since.
    Local(u16),
    /// A constant, as a slot.
    Const(u64),
}

/// An operand taken from the stack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operand {
    pub value: Value,
    /// Position it had: the register of that position is free for it.
    pub position: u32,
}

/// More operands than this are never in locals at once: keeps every `local.set` cheap.
const MAX_IN_LOCALS: usize = 16;

impl Lower<'_> {
    /// Operands on the stack.
    #[inline]
    pub fn height(&self) -> u32 {
        self.stack.len() as u32
    }

    /// The register of a position of the operand stack.
    #[inline]
    pub fn register_of(&self, position: u32) -> u16 {
        // `translate` has checked that every register of the frame has a 16-bit number.
        (self.first_temp + position) as u16
    }

    #[inline]
    fn push(&mut self, value: Value) {
        self.stack.push(value);
        self.moved();
    }

    /// The stack has another height.
    #[inline]
    fn moved(&mut self) {
        self.emit.free = self.first_temp + self.height();
    }

    /// Pushes a value into the register of its position, which is returned.
    #[inline]
    pub fn push_temp(&mut self) -> u16 {
        let register = self.register_of(self.height());
        self.push(Value::Temp);
        register
    }

    /// Pushes several values that are in the registers of their positions.
    pub fn push_temps(&mut self, count: usize) {
        self.stack.resize(self.stack.len() + count, Value::Temp);
        self.moved();
    }

    #[inline]
    pub fn push_const(&mut self, slot: u64) {
        self.push(Value::Const(slot));
    }

    #[inline]
    pub fn push_local(&mut self, local: u16) {
        if self.in_locals.len() == MAX_IN_LOCALS {
            let oldest = self.in_locals.remove(0);
            self.settle(oldest);
        }
        self.in_locals.push(self.height());
        self.push(Value::Local(local));
    }

    #[inline]
    pub fn pop(&mut self) -> Operand {
        // Validation has shown that the stack is not empty here.
        let value = self.stack.pop().unwrap_or(Value::Temp);
        self.moved();
        let position = self.height();
        if let Value::Local(_) = value {
            self.in_locals.pop();
        }
        Operand { value, position }
    }

    /// Drops operands down to a height.
    pub fn truncate(&mut self, height: u32) {
        self.stack.truncate(height as usize);
        self.moved();
        while self.in_locals.last().is_some_and(|position| *position >= height) {
            self.in_locals.pop();
        }
    }

    /// The register an operand is in, after putting a constant into one.
    #[inline]
    pub fn register(&mut self, operand: Operand) -> u16 {
        match operand.value {
            Value::Local(local) => local,
            Value::Temp => self.register_of(operand.position),
            Value::Const(slot) => {
                let register = self.register_of(operand.position);
                self.emit.push(Instr::new(Op::Const, register, 0, 0, slot));
                register
            }
        }
    }

    /// Pops an operand into a register.
    #[inline]
    pub fn pop_register(&mut self) -> u16 {
        let operand = self.pop();
        self.register(operand)
    }

    /// Writes a copy between registers.
    pub fn copy(&mut self, to: u16, from: u16) {
        if to == from {
            return;
        }
        if let Some(last) = self.emit.last().copied().filter(|last| last.op == Op::Copy) {
            self.emit.take_last();
            self.emit
                .push(Instr::new(Op::Copy2, last.a, last.b, to, from.into()));
            return;
        }
        self.emit.push(Instr::new(Op::Copy, to, from, 0, 0));
    }

    /// Writes what puts a value that stands at `position` into a register.
    pub fn put(&mut self, to: u16, value: Value, position: u32) {
        match value {
            Value::Temp => self.copy(to, self.register_of(position)),
            Value::Local(local) => self.copy(to, local),
            Value::Const(slot) => self.emit.push(Instr::new(Op::Const, to, 0, 0, slot)),
        }
    }

    /// Puts the operand at a position into the register of that position. The caller keeps `in_locals`.
    fn settle(&mut self, position: u32) {
        let register = self.register_of(position);
        if let Some(value) = self.stack.get(position as usize).copied() {
            self.put(register, value, position);
            self.stack[position as usize] = Value::Temp;
        }
    }

    /// Puts the top operands into the registers of their positions.
    pub fn settle_top(&mut self, count: u32) {
        let first = self.height() - count;
        for position in first..self.height() {
            self.settle(position);
        }
        while self.in_locals.last().is_some_and(|position| *position >= first) {
            self.in_locals.pop();
        }
    }

    /// Puts all operands that are in locals into the registers of their positions: before code that runs only
    /// sometimes, which may write the locals.
    pub fn settle_locals(&mut self) {
        for i in 0..self.in_locals.len() {
            self.settle(self.in_locals[i]);
        }
        self.in_locals.clear();
    }

    /// The same for the operands in one local that is about to be written.
    fn settle_local(&mut self, local: u16) {
        let mut i = 0;
        while i < self.in_locals.len() {
            let position = self.in_locals[i];
            if self.stack[position as usize] == Value::Local(local) {
                self.in_locals.remove(i);
                self.settle(position);
            } else {
                i += 1;
            }
        }
    }

    /// Puts an operand just popped into a local.
    pub fn write_local(&mut self, local: u16, operand: Operand) {
        match operand.value {
            Value::Local(from) if from == local => {}
            Value::Temp => {
                let register = self.register_of(operand.position);
                if self.emit.definition(register).is_some()
                    && let Some(mut definition) = self.emit.take_last()
                {
                    // Copies of the old value go before the instruction that now writes the local itself. They
                    // write registers below all that it reads.
                    self.settle_local(local);
                    definition.a = local;
                    self.emit.push(definition);
                } else {
                    self.settle_local(local);
                    self.copy(local, register);
                }
            }
            value => {
                self.settle_local(local);
                self.put(local, value, operand.position);
            }
        }
    }
}
