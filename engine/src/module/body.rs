//! One function body: validated, measured, and given its plan.

use std::ops::Range;

use arwen_metering::{FuncPlan, ModulePlanner};
use wasmparser::{BlockType, FuncValidator, FunctionBody, Operator, OperatorsReader, ValidatorResources};

use crate::error::{CompileError, CompileErrorKind};
use crate::limits::{check, what};
use crate::module::moves::Moves;
use crate::module::operator;
use crate::module::visitor::BodyVisitor;
use crate::ruleset::Ruleset;
use crate::value::{FuncType, ValType};

/// Slots every frame takes on the logical stack beside its parameters, locals and operands. Keeps a chain of
/// tiny frames from being free, and covers what a native frame needs beyond its values.
pub const FRAME_OVERHEAD_SLOTS: u32 = 8;

/// Parameters, locals and operands a frame may have at once and still be entered: the interpreter numbers them with 16
/// bits. Where the reference had no limit, its native stack would have held no such frame twice.
const MAX_FRAME_VALUES: u32 = u16::MAX as u32;

/// What a larger frame takes: more slots than any stack may have.
const NEVER_FITS: u32 = 1 << 30;

/// A validated function body.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    /// Bytes of the body in the module: local declarations, then operators.
    pub range: Range<usize>,
    /// Types of the declared locals in groups, parameters not included.
    pub locals: Box<[(u32, ValType)]>,
    /// Where to charge and check.
    pub plan: FuncPlan,
    /// Most operands on the stack at any point.
    pub max_operands: u32,
    /// What a frame takes on the logical stack, in slots. The same in every tier.
    pub frame_slots: u32,
}

impl Body {
    /// The operators of the body in `wasm`, the bytes of the module.
    ///
    /// The body has been validated, so neither this nor reading on can fail; the error is passed on all the same.
    pub fn operators<'a>(&self, wasm: &'a [u8]) -> wasmparser::Result<OperatorsReader<'a>> {
        let bytes = &wasm[self.range.clone()];
        FunctionBody::new(wasmparser::BinaryReader::new(bytes, self.range.start as u64))
            .get_operators_reader()
    }

    /// Number of declared locals.
    pub fn local_count(&self) -> u32 {
        self.locals.iter().map(|(count, _)| count).sum()
    }
}

/// Validates one body under a ruleset; every operator, dead or not, is shown to the planner.
pub(crate) fn validate(
    rules: &Ruleset,
    ty: &FuncType,
    body: &FunctionBody<'_>,
    validator: &mut FuncValidator<ValidatorResources>,
    planner: &mut ModulePlanner,
    moves: &mut Moves,
) -> Result<Body, CompileError> {
    let function = Some(validator.index());
    let at = |offset: u64, kind| CompileError {
        kind,
        offset,
        function,
    };
    let invalid = |e: wasmparser::Error| at(e.offset(), CompileErrorKind::Invalid(e.message().to_string()));
    let range = body.range();
    check(what::body_bytes, range.end - range.start, rules.limits.body_bytes)
        .map_err(|k| at(range.start, k))?;

    let mut locals = Vec::new();
    let mut total = 0u64;
    let mut reader = body.get_locals_reader().map_err(invalid)?;
    for _ in 0..reader.get_count() {
        let offset = reader.original_position();
        let (count, ty) = reader.read().map_err(invalid)?;
        total += u64::from(count);
        check(what::locals, total, rules.limits.locals).map_err(|k| at(offset, k))?;
        validator.define_locals(offset, count, ty).map_err(invalid)?;
        let ty = ValType::from_wasm(ty).ok_or_else(|| {
            at(
                offset,
                CompileErrorKind::Invalid(format!("type {ty} is not supported")),
            )
        })?;
        float_type(rules, ty).map_err(|k| at(offset, k))?;
        locals.push((count, ty));
    }
    planner.begin_function(locals.iter().map(|(count, _)| *count));

    let mut ops = reader.get_binary_reader();
    let mut visitor = BodyVisitor {
        rules,
        validator,
        planner,
        moves,
        offset: 0,
    };
    let mut max_operands = 0;
    while !ops.eof() {
        visitor.offset = ops.original_position();
        ops.visit_operator(&mut visitor)
            .map_err(invalid)?
            .map_err(|(offset, kind)| at(offset, kind))?;
        max_operands = max_operands.max(visitor.validator.operand_stack_height());
    }
    ops.finish_expression(&visitor).map_err(invalid)?;
    let plan = planner.end_function();

    let values = (ty.params().len() as u64) + total + u64::from(max_operands);
    let frame_slots = match u32::try_from(values) {
        Ok(values) if values <= MAX_FRAME_VALUES => values + FRAME_OVERHEAD_SLOTS,
        _ => NEVER_FITS,
    };
    Ok(Body {
        range: range.start as usize..range.end as usize,
        locals: locals.into(),
        plan,
        max_operands,
        frame_slots,
    })
}

/// `Err` for a float type where the ruleset has none.
pub(super) fn float_type(rules: &Ruleset, ty: ValType) -> Result<(), CompileErrorKind> {
    match ty {
        ValType::F32 if !rules.float_types => Err(CompileErrorKind::FloatType("f32")),
        ValType::F64 if !rules.float_types => Err(CompileErrorKind::FloatType("f64")),
        _ => Ok(()),
    }
}

/// What the ruleset refuses beyond what the validator refuses, of those operators that
/// [`is_restricted`](operator::is_restricted) names. Floats come first, so that a module with floats is
/// always rejected for that.
pub(super) fn accepts(
    rules: &Ruleset,
    op: &Operator<'_>,
    validator: &FuncValidator<ValidatorResources>,
) -> Result<(), CompileErrorKind> {
    if operator::is_float(op) {
        return Err(CompileErrorKind::FloatOperator(operator::name(op)));
    }
    match op {
        Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
            check(
                what::nesting,
                validator.control_stack_height().into(),
                rules.limits.nesting,
            )?;
            block_type(rules, blockty, validator)
        }
        Operator::BrTable { targets } => check(
            what::br_table_targets,
            targets.len().into(),
            rules.limits.br_table_targets,
        ),
        Operator::TypedSelect { ty } => match ValType::from_wasm(*ty) {
            Some(ty) => float_type(rules, ty),
            None => Ok(()),
        },
        _ if !rules.bulk_operators && operator::proposal(op) == "bulk_memory" => {
            Err(CompileErrorKind::Unsupported {
                operator: operator::name(op),
                feature: "bulk memory",
            })
        }
        _ => Ok(()),
    }
}

fn block_type(
    rules: &Ruleset,
    ty: &BlockType,
    validator: &FuncValidator<ValidatorResources>,
) -> Result<(), CompileErrorKind> {
    match ty {
        BlockType::Empty => Ok(()),
        BlockType::Type(ty) => ValType::from_wasm(*ty).map_or(Ok(()), |ty| float_type(rules, ty)),
        BlockType::FuncType(_) if rules.multi_value => Ok(()),
        BlockType::FuncType(index) => {
            use wasmparser::WasmModuleResources;
            let ty = validator
                .resources()
                .sub_type_at(*index)
                .map(|ty| ty.unwrap_func());
            if ty.is_some_and(|ty| !ty.params().is_empty() || ty.results().len() > 1) {
                return Err(CompileErrorKind::Refused(
                    "blocks, loops, and ifs may only produce a resulttype",
                ));
            }
            // The reference's code generator never saw dead code, so there the old parser's word was final.
            let dead = validator
                .get_control_frame(0)
                .is_some_and(|frame| frame.unreachable);
            if dead {
                Ok(())
            } else {
                Err(CompileErrorKind::Refused("block type given as a type index"))
            }
        }
    }
}
