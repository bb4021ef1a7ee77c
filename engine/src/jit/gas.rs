//! All code that charges gas and checks the limit.
//!
//! The counter lives in the pinned register while compiled code runs: calls and returns pass it on as it is, and the
//! signal handler finds it there at a trap. Ways in and out move it between the register and the meter's cell. Within a
//! function it is a variable as well, written through to the register, so that a charge waits for no memory.
//!
//! A charge with a check is five instructions, where `ctx` is the register of the instance's context:
//!
//! ```text
//! mov c, [ctx + price]   the price, data and not code, so that a new schedule recompiles nothing
//! add u, c               the charge
//! mov r15, u             what a trap, a callee or the caller finds
//! cmp u, [ctx + limit]   gas limit and interrupt in one
//! jae out                to a trap instruction behind the function
//! ```

use arwen_metering::Point;
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

/// Adds a point's charges to the counter, then checks the limit. `top` is the operand on top of the stack, for
/// charges by amount.
pub(crate) fn point(
    b: &mut FunctionBuilder<'_>,
    env: &Env<'_>,
    counter: Variable,
    point: &Point,
    top: Option<Value>,
) {
    let mut used = b.use_var(counter);
    if point.charge.is_some() || point.units.is_some() {
        if let Some(id) = point.charge {
            let cost = env.price(b, id);
            used = b.ins().iadd(used, cost);
        }
        if let (Some(id), Some(amount)) = (point.units, top) {
            let price = env.price(b, id);
            let amount = b.ins().uextend(types::I64, amount);
            let cost = b.ins().imul(price, amount);
            used = b.ins().iadd(used, cost);
        }
        b.ins().set_pinned_reg(used);
        b.def_var(counter, used);
    }
    if point.check {
        let limit = env.limit(b);
        let out = b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, used, limit);
        b.ins().trapnz(out, LIMIT);
    }
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
