//! Frames, and everything about calls that is not worth a place in the loop: host functions, functions of other
//! instances, the way back.

use std::sync::atomic::Ordering;

use super::code::Instr;
use super::machine::{Costs, Frame, Frames, Ip, Limit, Mem, MemSize, Regs, ValueStack, View};
use super::run::Exit;
use super::seal::Code;
use crate::host::{Host, HostStop};
use crate::runtime::functions::FuncKind;
use crate::runtime::slots::Slots;
use crate::runtime::store::{FuncId, InstanceId, Store};
use crate::runtime::wiring::Linkage;
use crate::trap::Trap;
use crate::value::ValType;

/// What an invocation needs room for, kept for the next one.
#[derive(Debug, Default)]
pub(crate) struct Stacks {
    values: ValueStack,
    frames: Frames,
}

/// An invocation under way.
pub(super) struct Vm<'a> {
    pub store: &'a mut Store,
    pub host: &'a mut dyn Host,
    pub view: View,
    /// Slots of the logical stack left below the current frame.
    pub remaining: u32,
    /// Prices of the current instance.
    pub costs: Costs,
    pub limit: Limit,
    /// Jumps, calls and returns left in the current chain of handlers.
    pub transfers: u32,
    /// Where the next chain starts; when all is done, the first frame's registers.
    pub resume: (Ip, Regs),
    /// Why the last chain came back.
    pub exit: Exit,
    /// Why the invocation stopped, if it did.
    pub trap: Trap,
    /// Size of memory 0 of the current instance, as it is now.
    pub mem_size: MemSize,
    /// Slots the invocation started with.
    budget: u32,
    frames: Frames,
    /// Instances of callers that are not the current one.
    away: Vec<InstanceId>,
    stack: ValueStack,
}

/// Where to go on after a call that was not made by the loop; `None` when the invocation is over.
pub(super) type Next = Option<(Ip, Regs)>;

impl<'a> Vm<'a> {
    /// An invocation of a function of the instance in view, about to enter it.
    #[inline]
    pub fn new(
        store: &'a mut Store,
        host: &'a mut dyn Host,
        budget: u32,
        view: View,
        (code, args): (&Code, &[u64]),
    ) -> Self {
        // A host function that calls back finds none and makes its own.
        let mut stacks = std::mem::take(&mut store.stacks);
        let first = stacks.values.first(args, code.registers());
        Self {
            costs: view.costs(),
            limit: Limit::of(store.meter_ref().cells()),
            resume: (Ip::start(code), first),
            exit: Exit::Breathe,
            trap: Trap::Internal,
            mem_size: view.memory().1,
            transfers: 0,
            remaining: budget,
            budget,
            frames: stacks.frames,
            away: Vec::new(),
            stack: stacks.values,
            view,
            store,
            host,
        }
    }

    /// Makes the first frame.
    #[inline]
    pub fn start(&mut self, code: &Code) -> Result<(), Trap> {
        self.remaining = self
            .budget
            .checked_sub(code.frame_slots())
            .ok_or(Trap::StackOverflow)?;
        self.resume.1 = self.stack.make_room(self.resume.1, 0, code);
        Ok(())
    }

    /// Takes the results of the first frame and gives the stack back: the last thing that is done with it.
    #[inline]
    pub fn finish(&mut self, outcome: Result<Regs, Trap>, results: &mut [u64]) -> Result<(), Trap> {
        let done = outcome.and_then(|regs| {
            let slots = self.stack.slots(regs, 0, results.len()).ok_or(Trap::Internal)?;
            match (results, slots) {
                ([result], [slot]) => *result = *slot,
                (results, slots) => results.copy_from_slice(slots),
            }
            Ok(())
        });
        self.frames.clear();
        std::mem::swap(&mut self.store.stacks.values, &mut self.stack);
        std::mem::swap(&mut self.store.stacks.frames, &mut self.frames);
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

    /// Memory 0 of the current instance, as it is now: to be asked for after anything that may have changed it.
    #[inline(always)]
    pub fn memory(&mut self) -> Mem {
        let (mem, size) = self.view.memory();
        self.mem_size = size;
        mem
    }

    /// Which trap a failed check is.
    #[cold]
    #[inline(never)]
    pub fn limit_reached(&self, used: u64) -> Trap {
        self.set_used(used);
        self.store.meter_ref().cells().why_stopped()
    }

    /// Does the limit fail for no reason of gas? Cheap as long as it does not.
    #[inline(always)]
    pub fn is_interrupted(&self) -> bool {
        self.limit.get() == 0 && self.store.meter_ref().cells().why_stopped() == Trap::Interrupted
    }

    /// A frame for a function of the current instance, called from the one at `regs`; `None` when there is no room
    /// for it yet or at all.
    #[inline(always)]
    pub fn call(&mut self, code: &Code, ip: Ip, regs: Regs, up: u16) -> Next {
        let left = self.remaining.checked_sub(code.frame_slots())?;
        let regs = self.stack.frame(regs, up, code)?;
        if !self.frames.has_room() {
            return None;
        }
        self.frames.push(Frame {
            ip,
            remaining: self.remaining,
            up,
            away: false,
        });
        self.remaining = left;
        Some((Ip::start(code), regs))
    }

    /// The same, after making room; the caller may be of another instance.
    #[cold]
    #[inline(never)]
    pub fn call_anew(
        &mut self,
        code: &Code,
        ip: Ip,
        regs: Regs,
        up: u16,
        away: bool,
    ) -> Result<(Ip, Regs), Trap> {
        let left = self
            .remaining
            .checked_sub(code.frame_slots())
            .ok_or(Trap::StackOverflow)?;
        if !self.frames.has_room() {
            self.frames.grow();
        }
        self.frames.push(Frame {
            ip,
            remaining: self.remaining,
            up,
            away,
        });
        self.remaining = left;
        Ok((Ip::start(code), self.stack.make_room(regs, up, code)))
    }

    /// A frame for a function of the current instance in place of the one at `regs`; arguments are in place.
    fn replace(&mut self, code: &Code, regs: Regs) -> Result<(Ip, Regs), Trap> {
        self.remaining = self
            .outer_remaining()
            .checked_sub(code.frame_slots())
            .ok_or(Trap::StackOverflow)?;
        Ok((Ip::start(code), self.stack.make_room(regs, 0, code)))
    }

    /// Slots of the logical stack left below the caller of the current frame.
    fn outer_remaining(&self) -> u32 {
        self.frames.last().map_or(self.budget, |frame| frame.remaining)
    }

    /// Goes back to a caller of the same instance; `None` when there is none or it is of another.
    #[inline(always)]
    pub fn leave(&mut self, regs: Regs) -> Next {
        let frame = self.frames.last().filter(|frame| !frame.away)?;
        self.frames.pop();
        self.remaining = frame.remaining;
        Some((frame.ip, regs.down(frame.up)))
    }

    /// Goes back to any caller; `None` when there is none.
    #[cold]
    #[inline(never)]
    pub fn leave_far(&mut self, regs: Regs) -> Next {
        let frame = self.frames.pop()?;
        self.remaining = frame.remaining;
        if frame.away {
            self.come_back();
        }
        Some((frame.ip, regs.down(frame.up)))
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
        self.costs = self.view.costs();
    }

    /// The code of a function of the current instance, translated now if it was not.
    #[cold]
    #[inline(never)]
    pub fn translate<'c>(&mut self, function: u32) -> Result<&'c Code, Trap> {
        let instance = &self.store.instances[self.view.instance.0 as usize];
        instance.module.code().interpreted().function(function);
        self.view.code(function).ok_or(Trap::Internal)
    }

    /// Calls an imported host function as its `CallImport` says; `None` when the import is none, or has more results than
    /// that tells of. Gives the frame's registers.
    #[inline(always)]
    pub fn call_import(&mut self, call: &Instr, regs: Regs, used: u64) -> Option<Result<Regs, Trap>> {
        let instance = self.view.instance;
        let Linkage::Host(id) = self.view.import(call.x) else {
            return None;
        };
        if call.c > 1 {
            return (call.c <= MAX_COUNTED).then(|| self.call_import_of_many(call, id, regs, used));
        }
        self.set_used(used);
        let Some(args) = self.stack.slots(regs, call.a, call.b.into()) else {
            return Some(Err(Trap::Internal));
        };
        let mut given = [0];
        let results = &mut given[..call.c.into()];
        let remaining = self.remaining;
        let called = self
            .store
            .call_host(instance, id, self.host, remaining, args, results);
        if called == Err(HostStop) {
            return Some(Err(Trap::Host));
        }
        if call.c == 0 {
            return Some(Ok(regs));
        }
        let regs = self.stack.reserve(regs, call.a, 1);
        let mask = if call.y == 0 {
            u64::MAX
        } else {
            u64::from(u32::MAX)
        };
        regs.set(call.a, given[0] & mask);
        Some(Ok(regs))
    }

    #[cold]
    #[inline(never)]
    fn call_import_of_many(&mut self, call: &Instr, id: u32, regs: Regs, used: u64) -> Result<Regs, Trap> {
        self.set_used(used);
        let counts = (call.b.into(), call.c.into());
        let host_func = (self.view.instance, id);
        let regs = self.call_host(host_func, counts, regs, (call.a, call.a), self.remaining)?;
        let (mut register, mut narrow) = (call.a, call.y);
        while narrow != 0 {
            if narrow % 2 == 1 {
                regs.narrow(register);
            }
            (register, narrow) = (register.wrapping_add(1), narrow / 2);
        }
        Ok(regs)
    }

    /// The function of the store that a function of the current instance is.
    pub fn function(&self, index: u32) -> FuncId {
        self.store.instances[self.view.instance.0 as usize].wiring.funcs[index as usize]
    }

    /// Where the code of a function of the store is.
    fn kind(&self, func: FuncId) -> Result<FuncKind, Trap> {
        let function = self.store.function(func);
        function.map(|function| function.kind).ok_or(Trap::Internal)
    }

    /// Calls any function of the store, arguments and results from the register `up` on.
    #[cold]
    #[inline(never)]
    pub fn call_any(&mut self, func: FuncId, ip: Ip, regs: Regs, up: u16, used: u64) -> Result<Next, Trap> {
        self.set_used(used);
        if let FuncKind::Wasm { instance, body } = self.kind(func)? {
            let away = instance != self.view.instance;
            if away {
                self.away.push(self.view.instance);
                self.switch(instance);
            }
            let code = self.translate(body)?;
            return self.call_anew(code, ip, regs, up, away).map(Some);
        }
        let regs = self.call_outside(func, regs, up, up, self.remaining)?;
        Ok(Some((ip, regs)))
    }

    /// Returns the results of a function of the module.
    #[cold]
    #[inline(never)]
    pub fn return_call(&mut self, index: u32, regs: Regs, up: u16, used: u64) -> Result<Next, Trap> {
        self.return_call_any(self.function(index), regs, up, used)
    }

    /// Returns the results of any function of the store, arguments from the register `up` on.
    #[cold]
    #[inline(never)]
    pub fn return_call_any(&mut self, func: FuncId, regs: Regs, up: u16, used: u64) -> Result<Next, Trap> {
        self.set_used(used);
        if let FuncKind::Wasm { instance, body } = self.kind(func)? {
            if instance != self.view.instance {
                // The caller of this frame, if it has one, is in the instance now left.
                if self.frames.mark_away() {
                    self.away.push(self.view.instance);
                }
                self.switch(instance);
            }
            let code = self.translate(body)?;
            regs.copy(0, up, code.params());
            return self.replace(code, regs).map(Some);
        }
        let regs = self.call_outside(func, regs, up, 0, self.outer_remaining())?;
        match self.leave_far(regs) {
            Some(next) => Ok(Some(next)),
            None => {
                self.resume.1 = regs;
                Ok(None)
            }
        }
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
        // Functions with a body are entered, not called: the interpreter keeps what it is asked to run.
        let FuncKind::Host { instance, id } = self.kind(func)? else {
            return Err(Trap::Internal);
        };
        let ty = self.store.func_type(func).ok_or(Trap::Internal)?.clone();
        let counts = (ty.params().len(), ty.results().len());
        let regs = self.call_host((instance, id), counts, regs, (from, to), remaining)?;
        for (register, ty) in (to..).zip(ty.results()) {
            if is_narrow(*ty) {
                regs.narrow(register);
            }
        }
        Ok(regs)
    }

    /// Calls a host function with so many parameters and results, arguments from the first register on, results from the
    /// second. Results are as the host gave them.
    fn call_host(
        &mut self,
        (instance, id): (InstanceId, u32),
        (params, results): (usize, usize),
        regs: Regs,
        (from, to): (u16, u16),
        remaining: u32,
    ) -> Result<Regs, Trap> {
        let args = self.stack.slots(regs, from, params).ok_or(Trap::Internal)?;
        let mut given = Slots::zeros(results);
        self.store
            .call_host(instance, id, self.host, remaining, args, given.all())
            .map_err(|HostStop| Trap::Host)?;
        if results == 0 {
            return Ok(regs);
        }
        let regs = self.stack.reserve(regs, to, results);
        self.stack
            .slots(regs, to, results)
            .ok_or(Trap::Internal)?
            .copy_from_slice(given.all());
        Ok(regs)
    }
}

/// Results that a `CallImport` tells of; with more, the function's type does.
pub(super) const MAX_COUNTED: u16 = 32;

/// Has a value of this type only the low half of its slot?
pub(super) fn is_narrow(ty: ValType) -> bool {
    matches!(ty, ValType::I32 | ValType::F32)
}
