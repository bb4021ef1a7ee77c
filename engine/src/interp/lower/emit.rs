//! The code being written: instructions, jumps to places not yet known, and what may still be changed.

use crate::interp::code::{Instr, Op};
use crate::interp::run::STRAIGHT;
use crate::interp::seal::Draft;

/// No jump waits for a place.
const NONE: u32 = u32::MAX;

/// Instructions written so far.
pub(super) struct Emitter {
    drafts: Vec<Draft>,
    /// Instructions before this one are final: control may enter here.
    barrier: usize,
    /// Where a `Breathe` is due.
    breathe_at: usize,
    /// The register of the first free position of the operand stack: from there on registers are not read any more.
    pub free: u32,
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
    /// With room for a body of so many bytes, whose first operand has the register given.
    pub fn with_capacity(body_bytes: usize, first_temp: u32) -> Self {
        Self {
            drafts: Vec::with_capacity(body_bytes / 2 + 8),
            barrier: 0,
            breathe_at: STRAIGHT - 1,
            free: first_temp,
        }
    }

    /// Writes an instruction.
    #[inline]
    pub fn push(&mut self, instr: Instr) {
        if self.drafts.len() >= self.breathe_at {
            self.draft(Instr::new(Op::Breathe, 0, 0, 0, 0));
            self.breathe_at = self.drafts.len() + STRAIGHT - 1;
        }
        self.draft(instr);
    }

    #[inline]
    fn draft(&mut self, instr: Instr) {
        let entered = self.drafts.len() == self.barrier;
        self.drafts.push(Draft {
            instr,
            dead_from: self.free,
            entered,
        });
    }

    /// The last instruction, if it may still be changed.
    #[inline]
    pub fn last(&self) -> Option<&Instr> {
        if self.drafts.len() > self.barrier {
            self.drafts.last().map(|draft| &draft.instr)
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
        if self.drafts.len() > self.barrier {
            self.drafts.pop().map(|draft| draft.instr)
        } else {
            None
        }
    }

    /// Takes back the instruction that wrote `register` among the last few, if it `may` go and the ones after it
    /// neither write what it reads nor do anything but write one register each.
    pub fn take_definition(&mut self, register: u16, may: impl Fn(&Instr) -> bool) -> Option<Instr> {
        const LOOK_BACK: usize = 6;
        let end = self.drafts.len();
        let first = self.barrier.max(end.saturating_sub(LOOK_BACK));
        let position = (first..end).rev().find(|i| {
            let instr = &self.drafts[*i].instr;
            instr.a == register || !instr.op.defines_a()
        })?;
        let found = self.drafts[position].instr;
        let later = &self.drafts[position + 1..];
        if found.a != register || !found.op.defines_a() || !may(&found) {
            return None;
        }
        // Of an addition with an immediate `c` is no register, and being 0 it may refuse a fusion, never allow one.
        if later
            .iter()
            .any(|later| later.instr.a == found.b || later.instr.a == found.c)
        {
            return None;
        }
        let removed = self.drafts.remove(position);
        if let Some(next) = self.drafts.get_mut(position) {
            next.entered |= removed.entered;
        }
        Some(removed.instr)
    }

    /// The place of the next instruction. What is before it is final.
    pub fn place(&mut self) -> Place {
        self.barrier = self.drafts.len();
        Place(self.drafts.len() as u32)
    }

    /// Writes a jump whose target is not known yet.
    pub fn push_jump(&mut self, mut instr: Instr, jumps: &mut Jumps) {
        instr.x = jumps.0;
        self.push(instr);
        *jumps = Jumps(self.drafts.len() as u32 - 1);
        self.barrier = self.drafts.len();
    }

    /// Writes a jump to a place already passed.
    pub fn push_jump_back(&mut self, instr: Instr, place: Place) {
        self.push(instr);
        let index = self.drafts.len() - 1;
        self.drafts[index].instr.x = distance(index, place) as u32;
        self.barrier = self.drafts.len();
    }

    /// Jumps from the instruction written next to a place already passed, as 16 bits; `None` when it is too far.
    pub fn short_distance(&self, place: Place) -> Option<i16> {
        // A `Breathe` may come in between.
        i16::try_from(distance(self.drafts.len() + 1, place)).ok()
    }

    /// Writes an instruction with its jump to a place already passed in `c`.
    pub fn push_short_jump_back(&mut self, instr: Instr, place: Place) {
        self.push(instr);
        let index = self.drafts.len() - 1;
        self.drafts[index].instr.c = distance(index, place) as i16 as u16;
        self.barrier = self.drafts.len();
    }

    /// Announces that so many instructions must follow each other without a gap. They are jumps, so none runs straight on
    /// to the next.
    pub fn table(&mut self, len: usize) {
        self.breathe_at = self.drafts.len() + len;
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
            let instr = &mut self.drafts[index].instr;
            at = instr.x;
            instr.x = distance(index, place) as u32;
        }
    }

    /// The finished instructions.
    pub fn finish(self) -> Vec<Draft> {
        self.drafts
    }
}

/// From the instruction after the one at `from`.
fn distance(from: usize, place: Place) -> i32 {
    (i64::from(place.0) - from as i64 - 1) as i32
}
