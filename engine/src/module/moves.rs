//! How many values operators move beyond what their bytes show, which is what validating them costs.

use wasmparser::{
    BlockType, CompositeInnerType, FrameKind, FuncType, FuncValidator, Operator, ValidatorResources,
    WasmModuleResources,
};

use crate::error::CompileErrorKind;
use crate::limits::{check, what};
use crate::ruleset::Ruleset;

/// Values moved by the operators of a module so far, in the order of its bytes.
#[derive(Debug, Default)]
pub(crate) struct Moves(u64);

impl Moves {
    /// Counts an operator that is about to be validated.
    ///
    /// # Errors
    /// When the ruleset does not allow as many.
    pub fn count(
        &mut self,
        rules: &Ruleset,
        op: &Operator<'_>,
        validator: &FuncValidator<ValidatorResources>,
    ) -> Result<(), CompileErrorKind> {
        self.0 = self.0.saturating_add(moved(op, validator));
        check(what::moved_values, self.0, rules.limits.moved_values)
    }
}

/// The values one operator moves; 0 for those that move no more than one.
fn moved(op: &Operator<'_>, validator: &FuncValidator<ValidatorResources>) -> u64 {
    let resources = validator.resources();
    let all = |ty: Option<&FuncType>| ty.map_or(0, |ty| (ty.params().len() + ty.results().len()) as u64);
    let label = |depth: u32| label_values(depth as usize, validator);
    match op {
        Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
            let index = resources.type_index_of_function(*function_index);
            all(index.and_then(|index| func_type(resources, index)))
        }
        Operator::CallIndirect { type_index, .. } | Operator::ReturnCallIndirect { type_index, .. } => {
            all(func_type(resources, *type_index))
        }
        // Once where it begins, once where it ends.
        Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
            match blockty {
                BlockType::FuncType(index) => 2 * all(func_type(resources, *index)),
                _ => 0,
            }
        }
        Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => label(*relative_depth),
        Operator::Return => label(validator.control_stack_height().saturating_sub(1)),
        // Every target is compared with the stack. All carry the same number of values, or the first that does not
        // ends it.
        Operator::BrTable { targets } => (u64::from(targets.len()) + 1) * label(targets.default()),
        _ => 0,
    }
}

/// The values that a branch to a label carries; 0 when there is no such label.
fn label_values(depth: usize, validator: &FuncValidator<ValidatorResources>) -> u64 {
    let Some(frame) = validator.get_control_frame(depth) else {
        return 0;
    };
    let count = match frame.block_type {
        BlockType::FuncType(index) => {
            func_type(validator.resources(), index).map_or(0, |ty| match frame.kind {
                FrameKind::Loop => ty.params().len(),
                _ => ty.results().len(),
            })
        }
        BlockType::Type(_) if frame.kind != FrameKind::Loop => 1,
        BlockType::Type(_) | BlockType::Empty => 0,
    };
    count as u64
}

fn func_type(resources: &ValidatorResources, index: u32) -> Option<&FuncType> {
    match &resources.sub_type_at(index)?.composite_type.inner {
        CompositeInnerType::Func(ty) => Some(ty),
        _ => None,
    }
}
