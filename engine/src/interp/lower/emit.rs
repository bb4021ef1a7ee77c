//! The code being written: instructions, jumps to places not yet known, and what may still be changed.

use crate::interp::code::{Instr, Op};
use crate::interp::run::STRAIGHT;

/// No jump waits for a place.
const NONE: u32 = u32::MAX;

/// Instructions written so far.
pub(super) struct Emitter {
    instrs: Vec<Instr>,
    /// Instructions before this one are final: control may enter here.
    barrier: usize,
    /// Where a `Breathe` is due.
    breathe_at: usize,
}

/// Jumps that wait for their target, linked through their own jump fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Jumps(u32);

impl Jumps {
    /// No jump waits.
    pub const EMPTY: Jumps = Jumps(NONE);

    /// Does no jump wait?
    pub fn is_empty(self) -> bool {
        self.0 == NONE
    }
}

/// A place in the code that jumps may go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Emitter {
    /// With room for a body of so many bytes.
    pub fn with_capacity(body_bytes: usize) -> Self {
        Self {
            instrs: Vec::with_capacity(body_bytes / 2 + 8),
            barrier: 0,
            breathe_at: STRAIGHT - 1,
        }
    }

    /// Writes an instruction.
    #[inline]
    pub fn push(&mut self, instr: Instr) {
        if self.instrs.len() >= self.breathe_at {
            self.instrs.push(Instr::new(Op::Breathe, 0, 0, 0, 0));
            self.breathe_at = self.instrs.len() + STRAIGHT - 1;
        }
        self.instrs.push(instr);
    }

    /// The last instruction, if it may still be changed.
    #[inline]
    pub fn last(&self) -> Option<&Instr> {
        if self.instrs.len() > self.barrier {
            self.instrs.last()
        } else {
            None
        }
    }

    /// The last instruction, if it may still be changed and its only effect is to write `register`.
    #[inline]
    pub fn definition(&self, register: u16) -> Option<Instr> {
        self.last()
            .filter(|instr| instr.a == register && instr.op.defines_a())
            .copied()
    }

    /// Takes the last instruction back, if it may still be changed.
    #[inline]
    pub fn take_last(&mut self) -> Option<Instr> {
        if self.instrs.len() > self.barrier {
            self.instrs.pop()
        } else {
            None
        }
    }

    /// Takes back the instruction that wrote `register` among the last few, if it `may` go and the ones after it
    /// neither write what it reads nor do anything but write one register each.
    pub fn take_definition(&mut self, register: u16, may: impl Fn(&Instr) -> bool) -> Option<Instr> {
        const LOOK_BACK: usize = 6;
        let end = self.instrs.len();
        let first = self.barrier.max(end.saturating_sub(LOOK_BACK));
        let position = (first..end).rev().find(|i| {
            let instr = &self.instrs[*i];
            instr.a == register || !instr.op.defines_a()
        })?;
        let found = self.instrs[position];
        let later = &self.instrs[position + 1..];
        if found.a != register || !found.op.defines_a() || !may(&found) {
            return None;
        }
        // Of an addition with an immediate `c` is no register, and being 0 it may refuse a fusion, never allow one.
        if later.iter().any(|instr| instr.a == found.b || instr.a == found.c) {
            return None;
        }
        Some(self.instrs.remove(position))
    }

    /// The place of the next instruction. What is before it is final.
    pub fn place(&mut self) -> Place {
        self.barrier = self.instrs.len();
        Place(self.instrs.len() as u32)
    }

    /// Writes a jump whose target is not known yet.
    pub fn push_jump(&mut self, mut instr: Instr, jumps: &mut Jumps) {
        instr.set_jump(jumps.0 as i32);
        self.push(instr);
        *jumps = Jumps(self.instrs.len() as u32 - 1);
        self.barrier = self.instrs.len();
    }

    /// Writes a jump to a place already passed.
    pub fn push_jump_back(&mut self, instr: Instr, place: Place) {
        self.push(instr);
        let index = self.instrs.len() - 1;
        self.instrs[index].set_jump(distance(index, place));
        self.barrier = self.instrs.len();
    }

    /// Jumps from the instruction written next to a place already passed, as 16 bits; `None` when it is too far.
    pub fn short_distance(&self, place: Place) -> Option<i16> {
        // A `Breathe` may come in between.
        i16::try_from(distance(self.instrs.len() + 1, place)).ok()
    }

    /// Writes an instruction with its jump to a place already passed in `c`.
    pub fn push_short_jump_back(&mut self, instr: Instr, place: Place) {
        self.push(instr);
        let index = self.instrs.len() - 1;
        self.instrs[index].c = distance(index, place) as i16 as u16;
        self.barrier = self.instrs.len();
    }

    /// Announces that so many instructions must follow each other without a gap. They are jumps, so none runs straight on
    /// to the next.
    pub fn table(&mut self, len: usize) {
        self.breathe_at = self.instrs.len() + len;
    }

    /// Lets all waiting jumps go to the next instruction.
    pub fn bind(&mut self, jumps: &mut Jumps) {
        let mut at = std::mem::replace(jumps, Jumps::EMPTY).0;
        if at == NONE {
            return;
        }
        let place = self.place();
        while at != NONE {
            let index = at as usize;
            let instr = &mut self.instrs[index];
            at = instr.x();
            instr.set_jump(distance(index, place));
        }
    }

    /// The finished instructions.
    pub fn finish(self) -> Vec<Instr> {
        self.instrs
    }
}

/// From the instruction after the one at `from`.
fn distance(from: usize, place: Place) -> i32 {
    (i64::from(place.0) - from as i64 - 1) as i32
}
