//! How handlers go on after calls and returns.

use super::code::Instr;
use super::frame::{Next, Vm};
use super::machine::{Callee, Ip, Mem, Regs};
use super::run::{Exit, breathe, done, stop, transfer};
use crate::runtime::store::FuncId;
use crate::trap::Trap;

/// Enters a function of the current instance.
#[inline(always)]
pub(super) fn enter(vm: &mut Vm<'_>, ip: Ip, regs: Regs, mem: Mem, used: u64, function: u32, up: u16) {
    if let Some(code) = vm.view.code(function)
        && let Some((ip, regs)) = vm.call(code, ip, regs, up)
    {
        return transfer(vm, ip, regs, mem, used, 0);
    }
    enter_anew(vm, ip, regs, used, function, up)
}

/// The same for a function that has not been translated, or where a stack must grow first.
#[cold]
#[inline(never)]
fn enter_anew(vm: &mut Vm<'_>, ip: Ip, regs: Regs, used: u64, function: u32, up: u16) {
    let next = vm
        .translate(function)
        .and_then(|code| vm.call_anew(code, ip, regs, up, false));
    match next {
        Ok((ip, regs)) => breathe(vm, ip, regs, used),
        Err(trap) => stop(vm, used, trap),
    }
}

/// Goes on after a call that may have gone anywhere.
pub(super) fn go_on(vm: &mut Vm<'_>, next: Result<Next, Trap>) {
    let used = vm.used();
    match next {
        Ok(Some((ip, regs))) => {
            let mem = vm.memory();
            transfer(vm, ip, regs, mem, used, 0)
        }
        Ok(None) => vm.exit = Exit::Done,
        Err(trap) => stop(vm, used, trap),
    }
}

/// Goes back to the caller.
#[inline(always)]
pub(super) fn leave(vm: &mut Vm<'_>, regs: Regs, mem: Mem, used: u64) {
    match vm.leave(regs) {
        Some((ip, regs)) => transfer(vm, ip, regs, mem, used, 0),
        None => leave_far(vm, regs, used),
    }
}

/// Goes back to another instance, or out.
#[cold]
#[inline(never)]
fn leave_far(vm: &mut Vm<'_>, regs: Regs, used: u64) {
    match vm.leave_far(regs) {
        Some((ip, regs)) => breathe(vm, ip, regs, used),
        None => done(vm, regs, used),
    }
}

/// The function an indirect call goes to.
#[inline(always)]
pub(super) fn callee(vm: &Vm<'_>, table: u16, index: u32, ty: u32) -> Result<Callee, Trap> {
    match vm.view.element(table, index) {
        None => Err(Trap::UndefinedElement),
        Some(0) => Err(Trap::IndirectCallToNull),
        Some(reference) => vm.view.function_of_type(reference, ty).ok_or(Trap::BadSignature),
    }
}

/// Calls a function of the host or of another instance that is imported.
#[inline(always)]
pub(super) fn call_import(vm: &mut Vm<'_>, call: &Instr, ip: Ip, regs: Regs, used: u64) {
    match vm.call_import(call, regs, used) {
        Some(Ok(regs)) => {
            let (mem, used) = (vm.memory(), vm.used());
            transfer(vm, ip, regs, mem, used, 0)
        }
        Some(Err(trap)) => {
            let used = vm.used();
            stop(vm, used, trap)
        }
        None => {
            let function = vm.function(call.x);
            call_other(vm, ip, regs, used, function, call.a)
        }
    }
}

#[cold]
#[inline(never)]
pub(super) fn call_other(vm: &mut Vm<'_>, ip: Ip, regs: Regs, used: u64, function: FuncId, up: u16) {
    let next = vm.call_any(function, ip, regs, up, used);
    go_on(vm, next)
}
