//! Calls and returns.

use super::{Lower, Meter};
use crate::interp::code::{Instr, Op};
use crate::interp::frame::{MAX_COUNTED, is_narrow};

impl Lower<'_> {
    pub(super) fn call(&mut self, function: u32) {
        let ty = self.info.func_type(function);
        let (params, results) = (ty.params().len(), ty.results().len());
        let base = self.arguments(params);
        match function.checked_sub(self.info.imported_funcs) {
            Some(defined) => match self.take_meter() {
                Meter::Checked(charge) => {
                    self.emit
                        .push(Instr::halves(Op::CallMetered, base, 0, 0, defined, charge));
                }
                meter => {
                    self.meter(meter);
                    self.emit.push(Instr::halves(Op::Call, base, 0, 0, defined, 0));
                }
            },
            None => {
                self.pending_meter();
                let narrow = ty.results().iter().rev().take(MAX_COUNTED.into());
                let narrow = narrow.fold(0, |bits, ty| bits << 1 | u32::from(is_narrow(*ty)));
                // A frame has fewer than 2^16 registers, so fewer parameters; results may be more than that.
                let results = u16::try_from(results).unwrap_or(u16::MAX);
                let call = Instr::halves(Op::CallImport, base, params as u16, results, function, narrow);
                self.emit.push(call);
            }
        }
        self.emit.place();
        self.push_temps(results);
    }

    pub(super) fn call_indirect(&mut self, type_index: u32, table: u32) {
        let element = self.pop_register();
        let ty = &self.info.types[type_index as usize];
        let (params, results) = (ty.params().len(), ty.results().len());
        let base = self.arguments(params);
        let (op, charge) = match self.take_meter() {
            Meter::Checked(charge) => (Op::CallIndirectMetered, charge),
            meter => {
                self.meter(meter);
                (Op::CallIndirect, 0)
            }
        };
        self.emit
            .push(Instr::halves(op, base, element, table as u16, type_index, charge));
        self.emit.place();
        self.push_temps(results);
    }

    pub(super) fn return_call(&mut self, function: u32) {
        let params = self.info.func_type(function).params().len();
        let base = self.arguments(params);
        self.pending_meter();
        self.emit
            .push(Instr::halves(Op::ReturnCall, base, 0, 0, function, 0));
        self.leave();
    }

    pub(super) fn return_call_indirect(&mut self, type_index: u32, table: u32) {
        let element = self.pop_register();
        let params = self.info.types[type_index as usize].params().len();
        let base = self.arguments(params);
        self.pending_meter();
        self.emit.push(Instr::halves(
            Op::ReturnCallIndirect,
            base,
            element,
            table as u16,
            type_index,
            0,
        ));
        self.leave();
    }

    /// Puts the arguments where the callee's frame will start; gives that register.
    fn arguments(&mut self, count: usize) -> u16 {
        let count = count as u32;
        self.settle_top(count);
        let first = self.height() - count;
        self.truncate(first);
        self.register_of(first)
    }

    /// Returns the operands on top of the stack.
    pub(super) fn return_top(&mut self) {
        let results = self.results;
        match results {
            0 => self.plain_return(),
            1 => {
                let operand = self.pop();
                if let super::operands::Value::Const(slot) = operand.value {
                    self.pending_meter();
                    self.emit.push(Instr::new(Op::ReturnImm, 0, 0, 0, slot));
                    return;
                }
                let register = self.register(operand);
                self.return_register(register);
            }
            _ => {
                self.settle_top(results);
                let first = self.register_of(self.height() - results);
                self.return_from(first);
            }
        }
    }

    /// Returns what is in consecutive registers.
    pub(super) fn return_from(&mut self, first: u16) {
        match self.results {
            0 => self.plain_return(),
            1 => self.return_register(first),
            results => {
                let meter = self.take_meter();
                self.meter(meter);
                self.emit.push(Instr::halves(Op::Move, 0, first, 0, results, 0));
                self.emit.push(Instr::new(Op::Return, 0, 0, 0, 0));
            }
        }
    }

    fn plain_return(&mut self) {
        let instr = match self.take_meter() {
            Meter::None => Instr::new(Op::Return, 0, 0, 0, 0),
            Meter::Charge(charge) => Instr::halves(Op::ReturnCharged, 0, 0, 0, charge, 0),
            Meter::Checked(charge) => Instr::halves(Op::ReturnMetered, 0, 0, 0, charge, 0),
        };
        self.emit.push(instr);
    }

    fn return_register(&mut self, register: u16) {
        let instr = match self.take_meter() {
            Meter::None => Instr::new(Op::Return1, register, 0, 0, 0),
            Meter::Charge(charge) => Instr::halves(Op::Return1Charged, register, 0, 0, charge, 0),
            Meter::Checked(charge) => Instr::halves(Op::Return1Metered, register, 0, 0, charge, 0),
        };
        self.emit.push(instr);
    }
}
