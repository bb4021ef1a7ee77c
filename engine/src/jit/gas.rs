//! All code that charges gas and checks the limit.
//!
//! The counter lives in the pinned register while compiled code runs: calls and returns pass it on as it is, and the
//! signal handler finds it there at a trap. Ways in and out move it between the register and the meter's cell. Within a
//! function it is a variable as well, written through to the register, so that a charge waits for no memory.
//!
//! When to charge and to check is decided while a function is lowered (see [`ledger`](super::ledger)). A charge with a
//! check is five instructions, where `ctx` is the register of the instance's context:
//!
//! ```text
//! mov c, [ctx + price]   the price, data and not code, so that a new schedule recompiles nothing
//! add u, c               the charge
//! mov r15, u             what a trap, a callee or the caller finds
//! cmp u, [ctx + limit]   gas limit and interrupt in one
//! jae out                to a trap instruction behind the function
//! ```

use arwen_metering::ChargeId;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use cranelift_frontend::{FunctionBuilder, Variable};

use super::abi::LIMIT;
use super::env::Env;

/// Declares the counter of a function, at its start.
pub(crate) fn counter(b: &mut FunctionBuilder<'_>) -> Variable {
    let counter = b.declare_var(types::I64);
    reload(b, counter);
    counter
}

/// Reads the counter again after a call, which has moved it.
pub(crate) fn reload(b: &mut FunctionBuilder<'_>, counter: Variable) {
    let used = b.ins().get_pinned_reg(types::I64);
    b.def_var(counter, used);
}

/// Adds prices to the counter, in order.
pub(crate) fn charge(b: &mut FunctionBuilder<'_>, env: &Env<'_>, counter: Variable, charges: &[ChargeId]) {
    let mut used = b.use_var(counter);
    for same in charges.chunk_by(|one, next| one == next) {
        let cost = env.price(b, same[0]);
        let cost = match same.len() {
            1 => cost,
            times => {
                let times = b.ins().iconst(types::I64, times as i64);
                b.ins().imul(cost, times)
            }
        };
        used = b.ins().iadd(used, cost);
    }
    set(b, counter, used);
}

/// Adds a price for every unit of `amount`, an `i32` read as unsigned.
pub(crate) fn charge_units(
    b: &mut FunctionBuilder<'_>,
    env: &Env<'_>,
    counter: Variable,
    unit: ChargeId,
    amount: Value,
) {
    let used = b.use_var(counter);
    let price = env.price(b, unit);
    let amount = b.ins().uextend(types::I64, amount);
    let cost = b.ins().imul(price, amount);
    let used = b.ins().iadd(used, cost);
    set(b, counter, used);
}

/// Traps if the counter had reached the limit before the charges of `since` were added to it.
pub(crate) fn check(b: &mut FunctionBuilder<'_>, env: &Env<'_>, counter: Variable, since: &[ChargeId]) {
    let mut used = b.use_var(counter);
    for id in since {
        let cost = env.price(b, *id);
        used = b.ins().isub(used, cost);
    }
    let limit = env.limit(b);
    let out = b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, used, limit);
    b.ins().trapnz(out, LIMIT);
}

fn set(b: &mut FunctionBuilder<'_>, counter: Variable, used: Value) {
    b.ins().set_pinned_reg(used);
    b.def_var(counter, used);
}

/// Moves the counter from the meter's cell to the register, on the way into compiled code.
pub(crate) fn take(b: &mut FunctionBuilder<'_>, env: &Env<'_>) {
    let (cells, at, flags) = env.used(b);
    let used = b.ins().load(types::I64, flags, cells, at);
    b.ins().set_pinned_reg(used);
}

/// Moves the counter from the register to the meter's cell, on the way out of compiled code.
pub(crate) fn give(b: &mut FunctionBuilder<'_>, env: &Env<'_>) {
    let (cells, at, flags) = env.used(b);
    let used = b.ins().get_pinned_reg(types::I64);
    b.ins().store(flags, used, cells, at);
}
