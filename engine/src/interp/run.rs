//! How instructions follow one another.
//!
//! Each instruction has a function in [`handlers`](super::handlers), which ends by calling that of the next. In an
//! optimised build these calls are jumps and take no stack. Nothing depends on that: a chain of handlers is never
//! longer than [`MAX_CHAIN`] before it comes back here, as every jump, call and return takes one of
//! [`TRANSFERS`] and code that runs straight on meets a `Breathe`, which takes one too, at least every [`STRAIGHT`] instructions.

use super::frame::Vm;
use super::machine::{Ip, Mem, Regs};
use crate::trap::Trap;

/// Jumps, calls and returns in one chain of handlers.
pub(super) const TRANSFERS: u32 = if cfg!(debug_assertions) { 16 } else { 120 };
/// Instructions in a row, jumps not taken included, until a `Breathe`.
pub(super) const STRAIGHT: usize = 64;
/// Handlers in one chain at most.
const MAX_CHAIN: usize = TRANSFERS as usize * (STRAIGHT + 1);

// A MiB of native stack if every handler took 128 bytes of it, as some do in an unoptimised build.
const _: () = assert!(MAX_CHAIN * 128 <= 1 << 20);

/// Why a chain of handlers came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// To go on from where `Vm::resume` says.
    Breathe,
    /// The first frame has returned; its registers are in `Vm::resume`.
    Done,
    /// The trap in `Vm::trap`.
    Stop,
}

/// What executes one instruction and those after it: the machine, the instruction, the frame's registers, the memory as
/// it is now, the gas used, and the accumulator (see `seal`): as many as there are registers for. Why it came back is in
/// `Vm::exit`, so that the last call in a handler can be a jump.
pub(super) type Handler = for<'v, 's> fn(&'v mut Vm<'s>, Ip, Regs, Mem, u64, u64);

/// Executes the next instruction.
#[inline(always)]
pub(super) fn dispatch(vm: &mut Vm<'_>, ip: Ip, regs: Regs, mem: Mem, used: u64, acc: u64) {
    ip.handler()(vm, ip, regs, mem, used, acc)
}

/// The same after a jump, call or return.
#[inline(always)]
pub(super) fn transfer(vm: &mut Vm<'_>, ip: Ip, regs: Regs, mem: Mem, used: u64, acc: u64) {
    vm.transfers = vm.transfers.wrapping_sub(1);
    if vm.transfers == 0 {
        return breathe(vm, ip, regs, used);
    }
    dispatch(vm, ip, regs, mem, used, acc)
}

/// Comes back, to go on from here.
#[cold]
#[inline(never)]
pub(super) fn breathe(vm: &mut Vm<'_>, ip: Ip, regs: Regs, used: u64) {
    vm.resume = (ip, regs);
    vm.set_used(used);
    vm.exit = Exit::Breathe;
}

/// Comes back for good.
#[cold]
#[inline(never)]
pub(super) fn done(vm: &mut Vm<'_>, regs: Regs, used: u64) {
    vm.resume.1 = regs;
    vm.set_used(used);
    vm.exit = Exit::Done;
}

/// Comes back with a trap.
#[cold]
#[inline(never)]
pub(super) fn stop(vm: &mut Vm<'_>, used: u64, trap: Trap) {
    vm.trap = trap;
    vm.set_used(used);
    vm.exit = Exit::Stop;
}

/// Comes back because a check failed.
#[cold]
#[inline(never)]
pub(super) fn limit_reached(vm: &mut Vm<'_>, used: u64) {
    let trap = vm.limit_reached(used);
    stop(vm, used, trap)
}

/// Runs from where `Vm::resume` says until the first frame returns; gives that frame's registers.
///
/// Gas used is in the meter when it is done, whatever the outcome.
pub(super) fn run(vm: &mut Vm<'_>) -> Result<Regs, Trap> {
    loop {
        vm.transfers = TRANSFERS;
        let (ip, regs) = vm.resume;
        let (mem, used) = (vm.memory(), vm.used());
        dispatch(vm, ip, regs, mem, used, 0);
        match vm.exit {
            // Code that runs straight on for long has no check, and need not have one.
            Exit::Breathe if vm.is_interrupted() => return Err(Trap::Interrupted),
            Exit::Breathe => {}
            Exit::Done => return Ok(vm.resume.1),
            Exit::Stop => return Err(vm.trap),
        }
    }
}
