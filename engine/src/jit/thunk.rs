//! Small functions that are not in the module: ways in from the host, ways out to it and to the interpreter.

use cranelift_codegen::ir::immediates::Imm64;
use cranelift_codegen::ir::{
    ExternalName, Function, GlobalValueData, InstBuilder, MemFlagsData, StackSlotData, StackSlotKind, Value,
    types,
};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use super::abi::{entry_signature, native_type, wasm_signature};
use super::compile::{Exit, Named};
use super::env::{Env, POINTER, Regions};
use super::gas;
use super::libcalls::Libcall;
use crate::module::info::ModuleInfo;

/// The way in for functions of a type: loads the arguments from an array of slots, calls, stores the results there.
pub(crate) fn way_in(
    info: &ModuleInfo,
    ty: u32,
    guarded: bool,
    target: TargetFrontendConfig,
    context: &mut FunctionBuilderContext,
    func: &mut Function,
) {
    let ty = &info.distinct_types[ty as usize];
    func.signature = entry_signature();
    let mut b = FunctionBuilder::new(func, context);
    let params = start(&mut b);
    let (ctx, code, budget, values) = (params[0], params[1], params[2], params[3]);
    let depth = b.ins().bnot(budget);
    let mut args = vec![ctx, depth];
    for (i, ty) in ty.params().iter().enumerate() {
        args.push(b.ins().load(native_type(*ty), slot_flags(), values, i as i32 * 8));
    }
    let signature = b.import_signature(wasm_signature(ty));
    let regions = Regions::declare(&mut b);
    let env = Env {
        info,
        ctx,
        regions,
        guarded,
    };
    gas::take(&mut b, &env);
    let call = b.ins().call_indirect(signature, code, &args);
    gas::give(&mut b, &env);
    let results = b.inst_results(call).to_vec();
    for (i, result) in results.into_iter().enumerate() {
        let slot = widen(&mut b, result);
        b.ins().store(slot_flags(), slot, values, i as i32 * 8);
    }
    b.ins().return_(&[]);
    b.finalize(target);
}

/// A way out of compiled code for functions of a type: a function in the convention of compiled code that has a helper make
/// the call. Each function that leads out has a copy of it with its own number.
pub(crate) fn way_out(
    info: &ModuleInfo,
    exit: Exit,
    ty: u32,
    guarded: bool,
    target: TargetFrontendConfig,
    context: &mut FunctionBuilderContext,
    func: &mut Function,
) {
    let ty = &info.distinct_types[ty as usize];
    func.signature = wasm_signature(ty);
    let mut b = FunctionBuilder::new(func, context);
    let params = start(&mut b);
    let regions = Regions::declare(&mut b);
    let env = Env {
        info,
        ctx: params[0],
        regions,
        guarded,
    };
    let (args, results) = (ty.params().len(), ty.results().len());
    let bytes = (args + results).max(1) as u32 * 8;
    let slot = b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 3));
    let values = b.ins().stack_addr(POINTER, slot, 0);
    for (i, param) in params[2..].iter().enumerate() {
        let value = widen(&mut b, *param);
        b.ins().store(slot_flags(), value, values, i as i32 * 8);
    }
    let zero = b.ins().iconst(types::I64, 0);
    for i in 0..results {
        b.ins().store(slot_flags(), zero, values, (args + i) as i32 * 8);
    }
    let number = own_number(&mut b);
    let [params_count, results_count] =
        [args as u32, results as u32].map(|word| b.ins().iconst(types::I32, i64::from(word)));
    let remaining = b.ins().bnot(params[1]);
    let given = [number, remaining, values, params_count, results_count];
    let helper = match exit {
        Exit::Host => Libcall::CallImport,
        Exit::Interpreter => Libcall::Interpret,
    };
    env.libcall(&mut b, helper, &given);
    let returns: Vec<Value> = ty
        .results()
        .iter()
        .enumerate()
        .map(|(i, ty)| {
            b.ins()
                .load(native_type(*ty), slot_flags(), values, (args + i) as i32 * 8)
        })
        .collect();
    b.ins().return_(&returns);
    b.finalize(target);
}

/// The number of the function that this copy stands for: filled in when it is made.
fn own_number(b: &mut FunctionBuilder<'_>) -> Value {
    let name = b.func.declare_imported_user_function(Named::OwnNumber.name(0));
    let number = b.create_global_value(GlobalValueData::Symbol {
        name: ExternalName::user(name),
        offset: Imm64::new(0),
        colocated: false,
        tls: false,
    });
    let number = b.ins().symbol_value(POINTER, number);
    b.ins().ireduce(types::I32, number)
}

fn start(b: &mut FunctionBuilder<'_>) -> Vec<Value> {
    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    b.switch_to_block(entry);
    b.seal_block(entry);
    b.block_params(entry).to_vec()
}

fn slot_flags() -> MemFlagsData {
    MemFlagsData::trusted()
}

/// A value as a slot: zero-extended.
fn widen(b: &mut FunctionBuilder<'_>, value: Value) -> Value {
    if b.func.dfg.value_type(value) == POINTER {
        value
    } else {
        b.ins().uextend(POINTER, value)
    }
}
