//! The code of a function as it runs: checked, each instruction with the handler of the form it has here.
//!
//! Between two instructions a value may stay in the accumulator, a register of the processor: a chain of computations
//! then does not wait for memory at every link. Which forms of an instruction there are follows from its row.

use super::code::{Instr, Op};
use super::handlers::HANDLERS;
use super::run::{Handler, STRAIGHT};
use crate::trap::Trap;

/// An instruction as the translation wrote it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft {
    /// The instruction.
    pub instr: Instr,
    /// Operands in this register and those after it are not read by any later instruction.
    pub dead_from: u32,
    /// Can control come here other than from the instruction before?
    pub entered: bool,
}

/// An instruction that can be executed.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub(super) struct Word {
    /// What executes it.
    pub handler: Handler,
    /// What the handler works on.
    pub instr: Instr,
}

/// The fields an instruction can have in the accumulator, in the order of its forms; the first form has none.
pub const FIELDS: usize = 4;
/// Forms of an instruction: where an operand is in the accumulator, times whether the result stays there.
pub const FORMS: usize = (FIELDS + 1) * 2;

/// A form of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    /// 0, or 1 more than the field (`a`, `b`, `c`, `x`) that is read from the accumulator.
    from: usize,
    /// Is the result left in the accumulator alone?
    to: bool,
}

impl Form {
    /// All operands and the result are in registers.
    const PLAIN: Form = Form { from: 0, to: false };

    fn handler(self, op: Op) -> Option<Handler> {
        HANDLERS[op as usize][self.from * 2 + usize::from(self.to)]
    }
}

/// Does an instruction with these fields have the form with this number?
pub const fn has_form(fields: &[u8; FIELDS], form: usize) -> bool {
    let (from, to) = (form / 2, form % 2 == 1);
    (from == 0 || fields[from - 1] == b'S') && (!to || fields[0] == b'D')
}

/// The code of a function, checked: what the loop relies on.
#[derive(Debug)]
pub struct Code {
    words: Box<[Word]>,
    frame_slots: u32,
    registers: u32,
    params: u16,
}

/// What a frame of a function holds.
#[derive(Debug, Clone, Copy)]
pub struct FrameShape {
    /// Parameters: the first registers, filled by the caller.
    pub params: u16,
    /// Registers in all.
    pub registers: u32,
    /// What it takes on the logical stack.
    pub frame_slots: u32,
}

impl Code {
    /// Checks instructions and makes them executable.
    ///
    /// Returns `None` when an instruction names a register outside the frame, a jump leaves the code, the last
    /// instruction would fall off its end, or too many come without a `Breathe`: a bug of the translation, which must
    /// not be executed.
    pub(super) fn seal(drafts: &[Draft], shape: FrameShape) -> Option<Self> {
        let FrameShape {
            params,
            registers,
            frame_slots,
        } = shape;
        if u32::from(params) > registers || !drafts.last()?.instr.op.ends_code() {
            return None;
        }
        let mut words: Vec<Word> = Vec::with_capacity(drafts.len());
        let (mut straight, mut form) = (0, Form::PLAIN);
        for (at, draft) in drafts.iter().enumerate() {
            let instr = draft.instr;
            straight = if instr.op == Op::Breathe || instr.op.ends_code() {
                0
            } else {
                straight + 1
            };
            if straight > STRAIGHT || !is_sound(drafts, at, registers) {
                return None;
            }
            let mut form_before = std::mem::replace(&mut form, Form::PLAIN);
            if let Some(last) = words.last_mut()
                && let Some((from, left)) = joint(&last.instr, draft)
            {
                form.from = from;
                if left {
                    form_before.to = true;
                    last.handler = form_before.handler(last.instr.op)?;
                }
            }
            words.push(Word {
                handler: form.handler(instr.op)?,
                instr,
            });
        }
        Some(Self {
            words: words.into_boxed_slice(),
            params,
            registers,
            frame_slots,
        })
    }

    /// Stands for code that could not be made.
    pub fn broken() -> Self {
        let instr = Instr::halves(Op::Trap, 0, 0, 0, Trap::Internal as u32, 0);
        let words = HANDLERS[Op::Trap as usize][0].map(|handler| Word { handler, instr });
        Self {
            words: words.into_iter().collect(),
            frame_slots: 0,
            registers: 0,
            params: 0,
        }
    }

    /// The instructions.
    #[inline(always)]
    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }

    /// Parameters: the first registers, filled by the caller.
    #[inline(always)]
    pub fn params(&self) -> usize {
        self.params.into()
    }

    /// Registers in all.
    #[inline(always)]
    pub fn registers(&self) -> usize {
        self.registers as usize
    }

    /// What a frame takes on the logical stack.
    #[inline(always)]
    pub fn frame_slots(&self) -> u32 {
        self.frame_slots
    }
}

/// Whether an instruction finds an operand in the accumulator, left there by the one before: 1 more than the field, and
/// whether nothing else reads the register.
#[inline]
fn joint(last: &Instr, draft: &Draft) -> Option<(usize, bool)> {
    if draft.entered || last.op.fields()[0] != b'D' {
        return None;
    }
    let (instr, fields) = (&draft.instr, draft.instr.op.fields());
    let registers = [instr.a.into(), instr.b.into(), instr.c.into(), instr.x];
    let value = u32::from(last.a);
    let reads = |field: usize| matches!(fields[field], b'S' | b's') && registers[field] == value;
    let first = (0..FIELDS).find(|field| reads(*field))?;
    if fields[first] != b'S' {
        return None;
    }
    let again = (first + 1..FIELDS).any(reads);
    let overwritten = fields[0] == b'D' && registers[0] == value;
    Some((first + 1, !again && (overwritten || value >= draft.dead_from)))
}

/// Does an instruction keep to its row?
#[inline]
fn is_sound(drafts: &[Draft], at: usize, registers: u32) -> bool {
    let instr = &drafts[at].instr;
    let fields = instr.op.fields();
    let in_frame = |field: u8, register: u32| match field {
        b'd' | b's' | b'D' | b'S' => register < registers,
        _ => true,
    };
    let ends = |first: u16| u64::from(first) + u64::from(instr.x) <= registers.into();
    in_frame(fields[0], instr.a.into())
        && in_frame(fields[1], instr.b.into())
        && in_frame(fields[2], instr.c.into())
        && in_frame(fields[3], instr.x)
        && (fields[3] != b'j' || jumps_inside(at, instr.jump(), drafts.len()))
        && match instr.op {
            Op::BrTable | Op::BrTableMetered => drafts
                .get(at + 1..)
                .and_then(|rest| rest.get(..=instr.x as usize))
                .is_some_and(|targets| targets.iter().all(|target| target.instr.op == Op::Br)),
            Op::Move => ends(instr.a) && ends(instr.b),
            Op::Zero => ends(instr.a),
            // The callee's frame may start right after this one; what it needs is looked at when it is called.
            Op::Call | Op::CallMetered | Op::CallImport | Op::CallIndirect | Op::CallIndirectMetered => {
                u32::from(instr.a) <= registers
            }
            Op::ReturnCall | Op::ReturnCallIndirect => u32::from(instr.a) <= registers,
            Op::ReturnImm | Op::Return1 | Op::Return1Charged | Op::Return1Metered => registers > 0,
            Op::AddBrNeImmMetered => jumps_inside(at, instr.short_jump(), drafts.len()),
            _ => true,
        }
}

fn jumps_inside(at: usize, jump: i32, len: usize) -> bool {
    i64::try_from(at)
        .is_ok_and(|at| usize::try_from(at + 1 + i64::from(jump)).is_ok_and(|target| target < len))
}
