//! Frames and calls.

use std::rc::Rc;

use super::code::{FuncCode, Site};
use super::machine::Machine;
use super::observer::Place;
use crate::host::HostStop;
use crate::runtime::functions::FuncKind;
use crate::runtime::store::{FuncId, InstanceId};
use crate::trap::Trap;
use crate::value::ValType;

/// A function that runs or waits for one it called.
pub(super) struct Frame<'m> {
    pub code: Rc<FuncCode<'m>>,
    pub instance: InstanceId,
    /// The operator to run next.
    pub next: usize,
    /// Where its parameters and locals start on the stack, and after them its operands.
    pub locals: usize,
    pub operands: usize,
    /// Its outermost label.
    pub labels: usize,
    /// Slots of the logical stack left below it.
    pub remaining: u32,
}

impl Frame<'_> {
    /// The operator that runs; before the first, the body.
    pub fn place(&self) -> Place {
        let site = self
            .next
            .checked_sub(1)
            .and_then(|index| self.code.sites.get(index));
        Place {
            instance: self.instance,
            function: self.code.function,
            offset: site.map_or(self.code.start, |site| site.offset),
        }
    }
}

impl<'m> Machine<'m, '_> {
    /// Makes a frame for a function whose arguments are on top of the stack, with `remaining` slots left for it.
    pub(super) fn enter(&mut self, instance: InstanceId, body: u32, remaining: u32) -> Result<(), Trap> {
        let code = self.code(instance, body)?;
        let left = remaining
            .checked_sub(code.frame_slots)
            .ok_or(Trap::StackOverflow)?;
        let locals = self.stack.len().checked_sub(code.params).ok_or(Trap::Internal)?;
        self.stack.resize(self.stack.len() + code.locals, 0);
        let frame = Frame {
            instance,
            next: 0,
            locals,
            operands: self.stack.len(),
            labels: self.labels.len(),
            remaining: left,
            code,
        };
        if let Some(observer) = self.host.observer() {
            observer.enter(frame.place());
        }
        self.frames.push(frame);
        Ok(())
    }

    /// The code of a function, read when it is first called.
    fn code(&mut self, instance: InstanceId, body: u32) -> Result<Rc<FuncCode<'m>>, Trap> {
        if let Some(code) = self.codes.get(&(instance, body)) {
            return Ok(code.clone());
        }
        let module = self.modules.get(instance.0 as usize).ok_or(Trap::Internal)?;
        let code = Rc::new(FuncCode::read(module, body).map_err(|_| Trap::Internal)?);
        self.codes.insert((instance, body), code.clone());
        Ok(code)
    }

    /// Returns from the innermost function; its results take the place of its frame.
    pub(super) fn leave(&mut self) -> Result<(), Trap> {
        let frame = self.frames.pop().ok_or(Trap::Internal)?;
        if let Some(observer) = self.host.observer() {
            observer.leave(frame.place());
        }
        self.labels.truncate(frame.labels);
        self.keep_top(frame.locals, frame.code.results)
    }

    /// Calls, branches of the call kind aside: `false` when the operator is none.
    pub(super) fn call(&mut self, site: &Site<'_>) -> Result<bool, Trap> {
        use wasmparser::Operator as O;
        match site.operator {
            O::Call { function_index } => {
                let func = self.function(function_index)?;
                self.call_function(func)?;
            }
            O::CallIndirect {
                type_index,
                table_index,
            } => {
                let func = self.element(type_index, table_index)?;
                self.call_function(func)?;
            }
            O::ReturnCall { function_index } => {
                let func = self.function(function_index)?;
                self.return_call(func)?;
            }
            O::ReturnCallIndirect {
                type_index,
                table_index,
            } => {
                let func = self.element(type_index, table_index)?;
                self.return_call(func)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A function of the running instance by its index.
    fn function(&self, index: u32) -> Result<FuncId, Trap> {
        let instance = self.instance()?;
        instance
            .wiring
            .funcs
            .get(index as usize)
            .copied()
            .ok_or(Trap::Internal)
    }

    /// The function that a table holds at the index on top of the stack, if it is of the type.
    fn element(&mut self, type_index: u32, table: u32) -> Result<FuncId, Trap> {
        let index = self.pop()? as u32;
        let slot = self.table(table)?.get(index).ok_or(Trap::UndefinedElement)?;
        let func = crate::runtime::context::func_of(slot).ok_or(Trap::IndirectCallToNull)?;
        let given = self.store.func_type(FuncId(func)).ok_or(Trap::Internal)?;
        match self.module()?.types.get(type_index as usize) {
            Some(wanted) if wanted == given => Ok(FuncId(func)),
            _ => Err(Trap::BadSignature),
        }
    }

    fn call_function(&mut self, func: FuncId) -> Result<(), Trap> {
        let remaining = self.frame()?.remaining;
        match self.kind(func)? {
            FuncKind::Wasm { instance, body } => self.enter(instance, body, remaining),
            FuncKind::Host { instance, id } => self.call_host(func, instance, id, remaining),
        }
    }

    /// Calls a function in place of the running one.
    fn return_call(&mut self, func: FuncId) -> Result<(), Trap> {
        let below = self.frames.len().checked_sub(2);
        let outer = below.and_then(|below| self.frames.get(below));
        let remaining = outer.map_or(self.budget, |frame| frame.remaining);
        match self.kind(func)? {
            FuncKind::Host { instance, id } => {
                self.call_host(func, instance, id, remaining)?;
                self.leave()
            }
            FuncKind::Wasm { instance, body } => {
                let code = self.code(instance, body)?;
                if code.frame_slots > remaining {
                    return Err(Trap::StackOverflow);
                }
                let frame = self.frames.pop().ok_or(Trap::Internal)?;
                if let Some(observer) = self.host.observer() {
                    observer.leave(frame.place());
                }
                self.labels.truncate(frame.labels);
                self.keep_top(frame.locals, code.params)?;
                self.enter(instance, body, remaining)
            }
        }
    }

    fn kind(&self, func: FuncId) -> Result<FuncKind, Trap> {
        let function = self.store.function(func);
        function.map(|function| function.kind).ok_or(Trap::Internal)
    }

    fn call_host(&mut self, func: FuncId, instance: InstanceId, id: u32, remaining: u32) -> Result<(), Trap> {
        let ty = self.store.func_type(func).ok_or(Trap::Internal)?.clone();
        let first = self
            .stack
            .len()
            .checked_sub(ty.params().len())
            .ok_or(Trap::Internal)?;
        let args = self.stack.split_off(first);
        let mut results = vec![0; ty.results().len()];
        let place = self.frame()?.place();
        if let Some(observer) = self.host.observer() {
            observer.host_enter(place, id, self.store.meter_ref().used());
        }
        let done = self
            .store
            .call_host(instance, id, self.host, remaining, &args, &mut results);
        if let Some(observer) = self.host.observer() {
            observer.host_leave(place, id, self.store.meter_ref().used());
        }
        done.map_err(|HostStop| Trap::Host)?;
        for (slot, ty) in results.iter_mut().zip(ty.results()) {
            if matches!(ty, ValType::I32 | ValType::F32) {
                *slot &= u64::from(u32::MAX);
            }
        }
        self.stack.append(&mut results);
        Ok(())
    }
}
