//! Translation of a validated body to register code, in one pass.
//!
//! The operand stack exists only here: reading a local or a constant writes no instruction, and the instruction that
//! computes a value writes it where it is wanted. Gas is charged where the plan says and nowhere else; where the
//! operator is a branch, call or return, its instruction charges as well.

mod call;
mod control;
mod emit;
mod memory;
mod numeric;
mod operands;

use arwen_metering::Point;
use wasmparser::Operator;

use super::code::{Instr, Op};
use super::seal::{Code, FrameShape};
use crate::module::body::Body;
use crate::module::info::ModuleInfo;
use crate::trap::Trap;
use control::Block;
use emit::Emitter;
use operands::Value;

/// What becomes of the gas at an operator. Amounts by number of units are written at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meter {
    None,
    /// Charge.
    Charge(u32),
    /// Charge, then check.
    Checked(u32),
}

/// A translation under way.
struct Lower<'a> {
    info: &'a ModuleInfo,
    points: std::iter::Peekable<std::slice::Iter<'a, Point>>,
    emit: Emitter,
    /// Where each operand is.
    stack: Vec<Value>,
    /// Positions of operands that are in locals, ascending.
    in_locals: Vec<u32>,
    blocks: Vec<Block>,
    /// Register of the first operand.
    first_temp: u32,
    /// Results of the function.
    results: u32,
    /// Is the current operator out of reach?
    dead: bool,
    /// Blocks opened in dead code.
    dead_blocks: u32,
    /// What the current operator has to charge and has not yet.
    meter: Meter,
}

/// Why a body could not be translated: only a bug can do that, as every body has been validated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LowerError {
    #[error("cannot read a validated body: {0}")]
    Read(String),
    #[error("operator {0} was validated but is unknown to the interpreter")]
    Operator(&'static str),
    #[error("translation wrote code that cannot run")]
    Unsound,
}

/// Registers have 16-bit numbers; a larger frame overflows every stack (see `Body::frame_slots`).
const MAX_REGISTERS: u32 = u16::MAX as u32;

/// Translates a defined function, given by its index among the defined functions. Time and memory are linear in the
/// size of the body.
pub(crate) fn translate(info: &ModuleInfo, defined: u32) -> Result<Code, LowerError> {
    let body: &Body = &info.bodies()[defined as usize];
    let ty = info.func_type(info.imported_funcs + defined);
    let params = ty.params().len() as u32;
    let locals = body.local_count();
    let first_temp = params + locals;
    let Some(registers) = first_temp
        .checked_add(body.max_operands)
        .filter(|all| *all <= MAX_REGISTERS)
    else {
        let mut emit = Emitter::with_capacity(0, 0);
        emit.push(Instr::halves(Op::Trap, 0, 0, 0, Trap::StackOverflow as u32, 0));
        let shape = FrameShape {
            params: 0,
            registers: 0,
            frame_slots: u32::MAX,
        };
        return Code::seal(&emit.finish(), shape).ok_or(LowerError::Unsound);
    };
    let mut lower = Lower {
        info,
        points: body.plan.points.iter().peekable(),
        emit: Emitter::with_capacity(body.range.len(), first_temp),
        stack: Vec::with_capacity(body.max_operands.min(64) as usize),
        in_locals: Vec::new(),
        blocks: Vec::new(),
        first_temp,
        results: ty.results().len() as u32,
        dead: false,
        dead_blocks: 0,
        meter: Meter::None,
    };
    if locals > 0 {
        let zero = Instr::halves(Op::Zero, params as u16, 0, 0, locals, 0);
        lower.emit.push(zero);
    }
    lower.open_function();
    let mut reader = body
        .operators(&info.wasm)
        .map_err(|e| LowerError::Read(e.to_string()))?;
    let mut index = 0;
    while !reader.eof() {
        let operator = reader.read().map_err(|e| LowerError::Read(e.to_string()))?;
        lower.operator(index, &operator)?;
        index += 1;
    }
    let shape = FrameShape {
        params: params as u16,
        registers,
        frame_slots: body.frame_slots,
    };
    Code::seal(&lower.emit.finish(), shape).ok_or(LowerError::Unsound)
}

impl Lower<'_> {
    fn operator(&mut self, index: u32, operator: &Operator<'_>) -> Result<(), LowerError> {
        let point = self.points.next_if(|point| point.op == index);
        if self.dead {
            self.dead_operator(operator);
            return Ok(());
        }
        if let Some(point) = point {
            self.plan(point);
        }
        if self.control(operator) {
            self.pending_meter();
            return Ok(());
        }
        self.pending_meter();
        if self.state(operator) || self.numeric(operator) {
            return Ok(());
        }
        Err(LowerError::Operator(crate::module::operator::name(operator)))
    }

    /// Passes over an operator that cannot be reached; sees where reachable code starts again.
    fn dead_operator(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => self.dead_blocks += 1,
            Operator::End if self.dead_blocks > 0 => self.dead_blocks -= 1,
            Operator::End => self.close_block(),
            Operator::Else if self.dead_blocks == 0 => self.close_then(),
            _ => {}
        }
    }

    /// Translates an operator that moves control or the operand stack; `false` when it is none.
    fn control(&mut self, operator: &Operator<'_>) -> bool {
        use Operator as O;
        match operator {
            O::Nop => {}
            O::Unreachable => {
                self.pending_meter();
                self.emit
                    .push(Instr::halves(Op::Trap, 0, 0, 0, Trap::Unreachable as u32, 0));
                self.leave();
            }
            O::Block { blockty } => {
                self.pending_meter();
                self.open_block(blockty);
            }
            O::Loop { blockty } => {
                self.pending_meter();
                self.open_loop(blockty);
            }
            O::If { blockty } => self.open_if(blockty),
            O::Else => self.close_then(),
            O::End => self.close_block(),
            O::Br { relative_depth } => self.br(*relative_depth),
            O::BrIf { relative_depth } => self.br_if(*relative_depth),
            O::BrTable { targets } => self.br_table(targets),
            O::Return => {
                self.return_top();
                self.leave();
            }
            O::Call { function_index } => self.call(*function_index),
            O::CallIndirect {
                type_index,
                table_index,
            } => self.call_indirect(*type_index, *table_index),
            O::ReturnCall { function_index } => self.return_call(*function_index),
            O::ReturnCallIndirect {
                type_index,
                table_index,
            } => self.return_call_indirect(*type_index, *table_index),
            O::Drop => {
                self.pop();
            }
            O::Select | O::TypedSelect { .. } => self.select(),
            _ => return false,
        }
        true
    }

    fn select(&mut self) {
        let condition = self.pop();
        let second = self.pop();
        let first = self.pop();
        let (first, second, condition) = (
            self.register(first),
            self.register(second),
            self.register(condition),
        );
        let result = self.push_temp();
        self.emit
            .push(Instr::new(Op::Select, result, first, second, condition.into()));
    }

    /// Code after the current operator cannot be reached.
    fn leave(&mut self) {
        self.dead = true;
        self.dead_blocks = 0;
    }

    /// Notes what the plan wants at the current operator.
    fn plan(&mut self, point: &Point) {
        let charge = point.charge.map(|id| id.0);
        if let Some(units) = point.units {
            if let Some(charge) = charge {
                self.meter(Meter::Charge(charge));
            }
            // The count stays on the stack: only its register is wanted.
            let count = self.pop();
            let register = self.register(count);
            self.emit
                .push(Instr::halves(Op::ChargeUnits, register, 0, 0, units.0, 0));
            self.emit.place();
            match count.value {
                Value::Const(slot) => self.push_const(slot),
                Value::Local(local) => self.push_local(local),
                Value::Temp => {
                    self.push_temp();
                }
            }
            if point.check {
                self.emit.push(Instr::new(Op::Check, 0, 0, 0, 0));
            }
            return;
        }
        self.meter = match (charge, point.check) {
            (Some(charge), true) => Meter::Checked(charge),
            (Some(charge), false) => Meter::Charge(charge),
            (None, true) => {
                self.emit.push(Instr::new(Op::Check, 0, 0, 0, 0));
                Meter::None
            }
            (None, false) => Meter::None,
        };
    }

    /// What is to be charged, for an instruction that does so itself.
    fn take_meter(&mut self) -> Meter {
        std::mem::replace(&mut self.meter, Meter::None)
    }

    /// Forgets what is to be charged: the code reached by branches alone does not owe it.
    fn no_meter(&mut self) {
        self.meter = Meter::None;
    }

    /// Writes what is still to be charged.
    fn pending_meter(&mut self) {
        let meter = self.take_meter();
        self.meter(meter);
    }

    fn meter(&mut self, meter: Meter) {
        let (one, span, id) = match meter {
            Meter::None => return,
            Meter::Charge(id) => (Op::Charge, Op::ChargeSpan, id),
            Meter::Checked(id) => (Op::ChargeCheck, Op::ChargeCheckSpan, id),
        };
        // Charges that follow each other are one instruction, when nothing can come between them.
        let joined = match self.emit.last() {
            Some(last) if last.op == one && last.x + 1 == id => Some((last.x, 2)),
            Some(last) if last.op == span && last.x + last.y == id => Some((last.x, last.y + 1)),
            _ => None,
        };
        let instr = match joined {
            Some((first, count)) => {
                self.emit.take_last();
                Instr::halves(span, 0, 0, 0, first, count)
            }
            None => Instr::halves(one, 0, 0, 0, id, 0),
        };
        self.emit.push(instr);
    }
}
