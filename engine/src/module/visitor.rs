//! What happens to each operator of a body as it is read: checked by the ruleset, validated, planned.

use arwen_metering::ModulePlanner;
use wasmparser::{FrameKind, FrameStack, FuncValidator, Operator, ValidatorResources, VisitOperator};

use super::body::accepts;
use super::moves::Moves;
use super::operator;
use crate::error::CompileErrorKind;
use crate::ruleset::Ruleset;

/// Takes in the operators of one body, straight from the bytes: no operator is stored in between.
pub(super) struct BodyVisitor<'v> {
    pub rules: &'v Ruleset,
    pub validator: &'v mut FuncValidator<ValidatorResources>,
    pub planner: &'v mut ModulePlanner,
    pub moves: &'v mut Moves,
    /// Where the operator starts in the module.
    pub offset: u64,
}

impl FrameStack for BodyVisitor<'_> {
    fn current_frame(&self) -> Option<FrameKind> {
        self.validator.get_control_frame(0).map(|frame| frame.kind)
    }
}

macro_rules! visit {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        impl<'a> VisitOperator<'a> for BodyVisitor<'_> {
            /// What is wrong, and where.
            type Output = Result<(), (u64, CompileErrorKind)>;

            $(
                #[inline]
                fn $visit(&mut self $($(, $arg: $argty)*)?) -> Self::Output {
                    const CHECKED: bool = operator::is_restricted(stringify!($op), stringify!($proposal));
                    const COUNTED: bool = operator::moves_values(stringify!($op));
                    let operator = Operator::$op $({ $($arg: $arg.clone()),* })?;
                    if CHECKED {
                        accepts(self.rules, &operator, self.validator).map_err(|kind| (self.offset, kind))?;
                    }
                    if COUNTED {
                        let counted = self.moves.count(self.rules, &operator, self.validator);
                        counted.map_err(|kind| (self.offset, kind))?;
                    }
                    self.validator
                        .visitor(self.offset)
                        .$visit($($($arg),*)?)
                        .map_err(invalid)?;
                    self.planner.operator(&operator);
                    Ok(())
                }
            )*
        }
    };
}
wasmparser::for_each_visit_operator!(visit);

#[cold]
fn invalid(e: wasmparser::Error) -> (u64, CompileErrorKind) {
    (e.offset(), CompileErrorKind::Invalid(e.message().to_string()))
}
