//! Shorter instructions for what contracts do often, after the code generator's own rewrites.
//!
//! Which instructions compute a value changes here, never the value; loads, stores, traps, calls and charges stay as they
//! are. What becomes unused stays in the function: the code generator emits only what is needed.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::{Function, Inst, InstBuilder, InstructionData, Opcode, Value, ValueDef, types};

/// How far the definition of an amount is followed; compilers do not write more around one.
const STEPS: usize = 4;

/// Rewrites a function.
pub(crate) fn rewrite(func: &mut Function) {
    let blocks: Vec<_> = func.layout.blocks().collect();
    for block in blocks {
        let mut next = func.layout.first_inst(block);
        while let Some(inst) = next {
            next = func.layout.next_inst(inst);
            match func.dfg.insts[inst].opcode() {
                Opcode::Band => low_half(func, inst),
                Opcode::Bor => rotation(func, inst),
                Opcode::Ishl | Opcode::Ushr | Opcode::Sshr | Opcode::Rotl | Opcode::Rotr => {
                    bare_amount(func, inst);
                }
                _ => {}
            }
        }
    }
}

/// `x & 0xffff_ffff` on 64 bits becomes a move of 32 bits, where the mask would come from memory.
fn low_half(func: &mut Function, inst: Inst) {
    const LOW_HALF: i64 = u32::MAX as i64;
    if width(func, inst) != Some(64) {
        return;
    }
    let Some(whole) = masked(func, inst, |mask| mask == LOW_HALF) else {
        return;
    };
    let half = FuncCursor::new(func)
        .at_inst(inst)
        .ins()
        .ireduce(types::I32, whole);
    func.dfg.insts[inst] = InstructionData::Unary {
        opcode: Opcode::Uextend,
        arg: half,
    };
}

/// Amounts count modulo the width: what only changes other bits of one is left out.
fn bare_amount(func: &mut Function, inst: Inst) {
    let Some(bits) = width(func, inst) else { return };
    let bare = bare(func, func.dfg.inst_args(inst)[1], bits);
    func.dfg.inst_args_mut(inst)[1] = bare;
}

/// `x << n | x >> (-n mod width)`, as C and its like say it, becomes a rotation. Of `n` = 0 both sides are `x`, so that
/// this is so for every `n`; it would not be for `^` and `+`.
fn rotation(func: &mut Function, inst: Inst) {
    let Some(bits) = width(func, inst) else { return };
    let [one, other] = [0, 1].map(|side| {
        let value = func.dfg.inst_args(inst)[side];
        match *definition(func, value)? {
            InstructionData::Binary { opcode, args } => Some((opcode, args)),
            _ => None,
        }
    });
    let (Some(one), Some(other)) = (one, other) else {
        return;
    };
    let ([x, up], [same, down]) = match (one, other) {
        ((Opcode::Ishl, left), (Opcode::Ushr, right)) | ((Opcode::Ushr, right), (Opcode::Ishl, left)) => {
            (left, right)
        }
        _ => return,
    };
    if func.dfg.resolve_aliases(x) != func.dfg.resolve_aliases(same) {
        return;
    }
    let (up, down) = (bare(func, up, bits), bare(func, down, bits));
    let (opcode, amount) = if is_opposite(func, down, up, bits) {
        (Opcode::Rotl, up)
    } else if is_opposite(func, up, down, bits) {
        (Opcode::Rotr, down)
    } else {
        return;
    };
    func.dfg.insts[inst] = InstructionData::Binary {
        opcode,
        args: [x, amount],
    };
}

/// The bits of an instruction's result, if they are as many as WebAssembly's integers have.
fn width(func: &Function, inst: Inst) -> Option<u32> {
    let bits = func.dfg.value_type(func.dfg.first_result(inst)).bits();
    matches!(bits, 32 | 64).then_some(bits)
}

fn definition(func: &Function, value: Value) -> Option<&InstructionData> {
    match func.dfg.value_def(func.dfg.resolve_aliases(value)) {
        ValueDef::Result(inst, _) => Some(&func.dfg.insts[inst]),
        _ => None,
    }
}

fn constant(func: &Function, value: Value) -> Option<i64> {
    match definition(func, value)? {
        InstructionData::UnaryImm {
            opcode: Opcode::Iconst,
            imm,
        } => Some(imm.bits()),
        _ => None,
    }
}

/// What `inst`, an `and`, masks with a constant that will do.
fn masked(func: &Function, inst: Inst, will_do: impl Fn(i64) -> bool) -> Option<Value> {
    let &[a, b] = func.dfg.inst_args(inst) else {
        return None;
    };
    [(a, b), (b, a)]
        .into_iter()
        .find(|(_, mask)| constant(func, *mask).is_some_and(&will_do))
        .map(|(value, _)| value)
}

/// A value that is the same as `amount` modulo `bits`, a power of two of at most 64.
fn bare(func: &Function, amount: Value, bits: u32) -> Value {
    let counts = i64::from(bits - 1);
    let mut bare = func.dfg.resolve_aliases(amount);
    for _ in 0..STEPS {
        let ValueDef::Result(inst, _) = func.dfg.value_def(bare) else {
            break;
        };
        let inner = match func.dfg.insts[inst] {
            InstructionData::Binary {
                opcode: Opcode::Band, ..
            } => masked(func, inst, |mask| mask & counts == counts),
            InstructionData::Unary {
                opcode: Opcode::Uextend | Opcode::Sextend | Opcode::Ireduce,
                arg,
            } => Some(arg).filter(|arg| matches!(func.dfg.value_type(*arg), types::I32 | types::I64)),
            _ => None,
        };
        let Some(inner) = inner else { break };
        bare = func.dfg.resolve_aliases(inner);
    }
    bare
}

/// Is `a` the same as `-b` modulo `bits`? Both are bare.
fn is_opposite(func: &Function, a: Value, b: Value, bits: u32) -> bool {
    let negated = match definition(func, a) {
        Some(InstructionData::Binary {
            opcode: Opcode::Isub,
            args: [from, less],
        }) => constant(func, *from)
            .filter(|from| from & i64::from(bits - 1) == 0)
            .map(|_| *less),
        Some(InstructionData::Unary {
            opcode: Opcode::Ineg,
            arg,
        }) => Some(*arg),
        _ => None,
    };
    negated.is_some_and(|negated| bare(func, negated, bits) == b)
}

#[cfg(test)]
mod tests {
    use cranelift_codegen::ir::{AbiParam, UserFuncName};
    use cranelift_codegen::isa::CallConv;
    use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

    use super::*;

    /// The operator that gives the result of a function of two numbers of 64 bits, when it has been rewritten, with its
    /// operands.
    fn result_of(build: impl FnOnce(&mut FunctionBuilder<'_>, Value, Value) -> Value) -> String {
        let mut func = Function::with_name_signature(
            UserFuncName::default(),
            cranelift_codegen::ir::Signature::new(CallConv::Fast),
        );
        func.signature.params = vec![AbiParam::new(types::I64); 2];
        func.signature.returns = vec![AbiParam::new(types::I64)];
        let mut context = FunctionBuilderContext::new();
        let mut b = FunctionBuilder::new(&mut func, &mut context);
        let block = b.create_block();
        b.append_block_params_for_function_params(block);
        b.switch_to_block(block);
        b.seal_block(block);
        let [x, n] = *b.block_params(block) else {
            unreachable!("it has two parameters")
        };
        let result = build(&mut b, x, n);
        b.ins().return_(&[result]);
        rewrite(&mut func);
        let ValueDef::Result(inst, _) = func.dfg.value_def(result) else {
            unreachable!("an instruction gives it")
        };
        func.dfg.display_inst(inst).to_string()
    }

    #[test]
    fn pairs_of_shifts_become_rotations() {
        let pair = |up: fn(&mut FunctionBuilder<'_>, Value) -> Value,
                    down: fn(&mut FunctionBuilder<'_>, Value) -> Value| {
            result_of(|b, x, n| {
                let (up, down) = (up(b, n), down(b, n));
                let (left, right) = (b.ins().ishl(x, up), b.ins().ushr(x, down));
                b.ins().bor(right, left)
            })
        };
        let plain = |_: &mut FunctionBuilder<'_>, n| n;
        let masked = |b: &mut FunctionBuilder<'_>, n| b.ins().band_imm_s(n, 63);
        let rest = |b: &mut FunctionBuilder<'_>, n| {
            let all = b.ins().iconst(types::I64, 64);
            let rest = b.ins().isub(all, n);
            b.ins().band_imm_s(rest, 63)
        };
        let negated = |b: &mut FunctionBuilder<'_>, n| {
            let n = b.ins().ireduce(types::I32, n);
            let negated = b.ins().ineg(n);
            b.ins().uextend(types::I64, negated)
        };
        let wrong = |b: &mut FunctionBuilder<'_>, n| {
            let other = b.ins().iconst(types::I64, 65);
            b.ins().isub(other, n)
        };
        for (up, down, wanted) in [
            (pair(plain, rest), "rotl.i64 v0, v1", true),
            (pair(masked, rest), "rotl.i64 v0, v1", true),
            (pair(plain, negated), "rotl.i64 v0, v1", true),
            (pair(rest, plain), "rotr.i64 v0, v1", true),
            (pair(negated, masked), "rotr.i64 v0, v1", true),
            (pair(plain, wrong), "rot", false),
            (pair(plain, plain), "rot", false),
        ] {
            assert_eq!(up.contains(down), wanted, "{up}");
        }
    }

    #[test]
    fn amounts_lose_masks_that_change_nothing() {
        for (mask, wanted) in [
            (63, "ishl.i64 v0, v1"),
            (-1, "ishl.i64 v0, v1"),
            (127, "ishl.i64 v0, v1"),
            (31, "ishl.i64 v0, v3"),
        ] {
            let shift = result_of(|b, x, n| {
                let n = b.ins().band_imm_s(n, mask);
                b.ins().ishl(x, n)
            });
            assert!(shift.contains(wanted), "{shift}");
        }
    }

    #[test]
    fn the_low_half_needs_no_constant() {
        for (mask, wanted) in [(0xffff_ffff, "uextend"), (0xffff_fffe, "band"), (-1, "band")] {
            let masked = result_of(|b, x, _| b.ins().band_imm_s(x, mask));
            assert!(masked.contains(wanted), "{masked}");
        }
    }
}
