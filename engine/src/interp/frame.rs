//! Frames, and everything about calls that is not worth a place in the loop: host functions, functions of other
//! instances, the way back.

use std::sync::atomic::Ordering;

use super::ModuleCode;
use super::code::Code;
use super::machine::{Ip, Regs, ValueStack, View};
use crate::host::{Host, HostStop};
use crate::runtime::store::{FuncId, FuncKind, InstanceId, Store};
use crate::trap::Trap;
use crate::value::ValType;

/// A caller to go back to.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    /// The instruction after the call.
    pub ip: Ip,
    /// Slots of the logical stack the caller had left.
    pub remaining: u32,
    /// Registers from the caller's first to the callee's first.
    pub up: u16,
    /// Does the caller belong to the instance on top of `Vm::away`, not to the current one?
    pub away: bool,
}

/// An invocation under way.
pub(super) struct Vm<'a> {
    pub store: &'a mut Store,
    pub host: &'a mut dyn Host,
    pub view: View,
    /// Slots of the logical stack left below the current frame.
    pub remaining: u32,
    /// Registers of the first frame, when a tail call out of it ended the invocation.
    pub last: Regs,
    /// Slots the invocation started with.
    budget: u32,
    frames: Vec<Frame>,
    /// Instances of callers that are not the current one.
    away: Vec<InstanceId>,
    stack: ValueStack,
}

/// Where to go on after a call that was not made by the loop; `None` when the invocation is over.
pub(super) type Next = Option<(Ip, Regs)>;

/// Values passed to a host function without allocating.
const FEW: usize = 16;

impl<'a> Vm<'a> {
    pub fn new(
        store: &'a mut Store,
        host: &'a mut dyn Host,
        budget: u32,
        instance: InstanceId,
        code: &ModuleCode,
    ) -> Self {
        let view = View::of(instance, &store.instances[instance.0 as usize], &code.functions);
        // A host function that calls back finds none and makes its own.
        let mut stack = std::mem::take(&mut store.value_stack);
        let last = stack.first(&[], 0);
        Self {
            store,
            host,
            view,
            remaining: budget,
            last,
            budget,
            frames: Vec::new(),
            away: Vec::new(),
            stack,
        }
    }

    /// The first frame.
    pub fn start(&mut self, code: &Code, args: &[u64]) -> Result<(Ip, Regs), Trap> {
        self.remaining = self
            .budget
            .checked_sub(code.frame_slots())
            .ok_or(Trap::StackOverflow)?;
        let first = self.stack.first(args, code.registers());
        let regs = self.stack.frame(first, 0, code);
        Ok((Ip::start(code), regs))
    }

    /// Takes the results of the first frame and gives the stack back.
    pub fn finish(mut self, outcome: Result<Regs, Trap>, results: &mut [u64]) -> Result<(), Trap> {
        let done = outcome.and_then(|regs| {
            let slots = self.stack.slots(regs, 0, results.len()).ok_or(Trap::Internal)?;
            results.copy_from_slice(slots);
            Ok(())
        });
        self.store.value_stack = self.stack;
        done
    }

    /// Gas used, as others see it while the loop does not run.
    pub fn used(&self) -> u64 {
        self.store.meter_ref().cells().used.load(Ordering::Relaxed)
    }

    /// Shows others the gas used.
    pub fn set_used(&self, used: u64) {
        self.store.meter_ref().cells().used.store(used, Ordering::Relaxed);
    }

    /// Which trap a failed check is.
    #[cold]
    #[inline(never)]
    pub fn limit_reached(&self, used: u64) -> Trap {
        self.set_used(used);
        if self.store.meter_ref().cells().out_of_gas() {
            Trap::OutOfGas
        } else {
            Trap::Interrupted
        }
    }

    /// A frame for a function of the current instance, called from the one at `regs`; `None` when it does not fit.
    #[inline(always)]
    pub fn call(&mut self, code: &Code, ip: Ip, regs: Regs, up: u16, away: bool) -> Next {
        let left = self.remaining.checked_sub(code.frame_slots())?;
        self.frames.push(Frame {
            ip,
            remaining: self.remaining,
            up,
            away,
        });
        self.remaining = left;
        Some((Ip::start(code), self.stack.frame(regs, up, code)))
    }

    /// A frame for a function of the current instance in place of the one at `regs`; arguments are in place. `None`
    /// when it does not fit.
    fn replace(&mut self, code: &Code, regs: Regs) -> Next {
        self.remaining = self.outer_remaining().checked_sub(code.frame_slots())?;
        Some((Ip::start(code), self.stack.frame(regs, 0, code)))
    }

    /// Slots of the logical stack left below the caller of the current frame.
    fn outer_remaining(&self) -> u32 {
        self.frames.last().map_or(self.budget, |frame| frame.remaining)
    }

    /// Goes back to the caller; `None` when there is none. The second is whether the instance has changed.
    #[inline(always)]
    pub fn leave(&mut self, regs: Regs) -> Option<(Ip, Regs, bool)> {
        let frame = self.frames.pop()?;
        self.remaining = frame.remaining;
        if frame.away {
            self.come_back();
        }
        Some((frame.ip, regs.down(frame.up), frame.away))
    }

    #[cold]
    #[inline(never)]
    fn come_back(&mut self) {
        if let Some(instance) = self.away.pop() {
            self.switch(instance);
        }
    }

    /// Makes an interpreted instance the current one.
    fn switch(&mut self, id: InstanceId) {
        let instance = &self.store.instances[id.0 as usize];
        let code = instance.module.code().interpreted();
        self.view = View::of(id, instance, &code.functions);
    }

    /// The code of a function of the current instance, translated now if it was not.
    #[cold]
    #[inline(never)]
    pub fn translate<'c>(&mut self, function: u32) -> Result<&'c Code, Trap> {
        let instance = &self.store.instances[self.view.instance.0 as usize];
        instance.module.code().interpreted().function(function);
        self.view.code(function).ok_or(Trap::Internal)
    }

    /// Calls an imported function.
    #[inline(never)]
    pub fn call_import(&mut self, index: u32, ip: Ip, regs: Regs, up: u16, used: u64) -> Result<Next, Trap> {
        let func = self.store.instances[self.view.instance.0 as usize].funcs[index as usize];
        self.call_any(func, ip, regs, up, used)
    }

    /// Calls any function of the store, arguments and results from the register `up` on.
    #[inline(never)]
    pub fn call_any(&mut self, func: FuncId, ip: Ip, regs: Regs, up: u16, used: u64) -> Result<Next, Trap> {
        self.set_used(used);
        if let FuncKind::Wasm { instance, body } = self.store.funcs[func.0 as usize].kind {
            let away = instance != self.view.instance;
            if away {
                self.away.push(self.view.instance);
                self.switch(instance);
            }
            let code = self.translate(body)?;
            return self
                .call(code, ip, regs, up, away)
                .map(Some)
                .ok_or(Trap::StackOverflow);
        }
        let regs = self.call_outside(func, regs, up, up, self.remaining)?;
        Ok(Some((ip, regs)))
    }

    /// Returns the results of a function of the module.
    #[inline(never)]
    pub fn return_call(&mut self, index: u32, regs: Regs, up: u16, used: u64) -> Result<Next, Trap> {
        let func = self.store.instances[self.view.instance.0 as usize].funcs[index as usize];
        self.return_call_any(func, regs, up, used)
    }

    /// Returns the results of any function of the store, arguments from the register `up` on.
    #[inline(never)]
    pub fn return_call_any(&mut self, func: FuncId, regs: Regs, up: u16, used: u64) -> Result<Next, Trap> {
        self.set_used(used);
        if let FuncKind::Wasm { instance, body } = self.store.funcs[func.0 as usize].kind {
            if instance != self.view.instance {
                // The caller of this frame, if it has one, is in the instance now left.
                if let Some(frame) = self.frames.last_mut().filter(|frame| !frame.away) {
                    frame.away = true;
                    self.away.push(self.view.instance);
                }
                self.switch(instance);
            }
            let code = self.translate(body)?;
            regs.copy(0, up, code.params());
            return self.replace(code, regs).map(Some).ok_or(Trap::StackOverflow);
        }
        let regs = self.call_outside(func, regs, up, 0, self.outer_remaining())?;
        match self.leave(regs) {
            Some((ip, regs, _)) => Ok(Some((ip, regs))),
            None => {
                self.last = regs;
                Ok(None)
            }
        }
    }

    /// The body of a function, when it belongs to the current instance.
    #[inline(always)]
    pub fn own_body(&self, func: FuncId) -> Option<u32> {
        match self.store.funcs[func.0 as usize].kind {
            FuncKind::Wasm { instance, body } if instance == self.view.instance => Some(body),
            _ => None,
        }
    }

    /// `table.set`.
    pub fn table_set(&mut self, table: u32, index: u32, slot: u64) -> Result<(), Trap> {
        let table = self.store.instances[self.view.instance.0 as usize].tables[table as usize];
        self.store.tables[table.0 as usize].set(index, slot)
    }

    /// `table.size`.
    pub fn table_size(&self, table: u32) -> u64 {
        let table = self.store.instances[self.view.instance.0 as usize].tables[table as usize];
        self.store.tables[table.0 as usize].len().into()
    }

    /// Calls a function that is not interpreted: arguments from the register `from` on, results from `to` on.
    fn call_outside(
        &mut self,
        func: FuncId,
        regs: Regs,
        from: u16,
        to: u16,
        remaining: u32,
    ) -> Result<Regs, Trap> {
        let entity = &self.store.funcs[func.0 as usize];
        let kind = entity.kind;
        let ty = entity.ty.clone();
        let (params, count) = (ty.params().len(), ty.results().len());
        let (mut few_args, mut few_results) = ([0; FEW], [0; FEW]);
        let (mut many_args, mut many_results) = (Vec::new(), Vec::new());
        let args: &mut [u64] = match few_args.get_mut(..params) {
            Some(args) => args,
            None => {
                many_args.resize(params, 0);
                &mut many_args
            }
        };
        let results: &mut [u64] = match few_results.get_mut(..count) {
            Some(results) => results,
            None => {
                many_results.resize(count, 0);
                &mut many_results
            }
        };
        args.copy_from_slice(self.stack.slots(regs, from, params).ok_or(Trap::Internal)?);
        match kind {
            FuncKind::Host { instance, id, .. } => self
                .store
                .call_host(instance, id, self.host, remaining, args, results)
                .map_err(|HostStop| Trap::Host)?,
            // Such functions are entered, not called: all instances of a store run in the same tier.
            FuncKind::Wasm { .. } => return Err(Trap::Internal),
        }
        for (slot, ty) in results.iter_mut().zip(ty.results()) {
            if matches!(ty, ValType::I32 | ValType::F32) {
                *slot &= u64::from(u32::MAX);
            }
        }
        let regs = self.stack.reserve(regs, to, count);
        self.stack
            .slots(regs, to, count)
            .ok_or(Trap::Internal)?
            .copy_from_slice(results);
        Ok(regs)
    }
}
