//! All code that charges gas and checks the limit.
//!
//! The counter lives in memory, so it is exact at every trap, call and return. Here, and only here, to be tuned.

use arwen_metering::Point;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use cranelift_frontend::FunctionBuilder;

use super::abi::LIMIT;
use super::env::Env;

/// Adds a point's charges to the gas used, then checks the limit. `top` is the operand on top of the stack, for
/// charges by amount.
pub(crate) fn point(b: &mut FunctionBuilder<'_>, env: &Env<'_>, point: &Point, top: Option<Value>) {
    let cells = env.cells(b);
    let (flags, used_at, limit_at) = env.meter();
    let mut used = b.ins().load(types::I64, flags, cells, used_at);
    if point.charge.is_some() || point.units.is_some() {
        let costs = env.costs(b);
        if let Some(id) = point.charge {
            let cost = env.cost(b, costs, id.0);
            used = b.ins().iadd(used, cost);
        }
        if let (Some(id), Some(amount)) = (point.units, top) {
            let price = env.cost(b, costs, id.0);
            let amount = b.ins().uextend(types::I64, amount);
            let cost = b.ins().imul(price, amount);
            used = b.ins().iadd(used, cost);
        }
        b.ins().store(flags, used, cells, used_at);
    }
    if point.check {
        let limit = b.ins().load(types::I64, flags, cells, limit_at);
        let out = b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, used, limit);
        b.ins().trapnz(out, LIMIT);
    }
}
