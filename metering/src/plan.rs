//! The plan of a module: its charge points, without prices.

use std::ops::Deref;
use std::sync::Arc;

use crate::{LocalsRule, Op, OpCosts};

/// Index of one charge in the [`CostTable`] of its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChargeId(pub u32);

impl ChargeId {
    /// The index for a table.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What happens to the gas counter before one operator runs, in the order of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Index of the operator in the body, from 0, every operator counted.
    pub op: u32,
    /// Add this cost to the gas used.
    pub charge: Option<ChargeId>,
    /// Also add this cost times the `i32` on top of the operand stack, read as unsigned.
    ///
    /// Such a cost is less than 2³¹, so the product is less than 2⁶³.
    pub units: Option<ChargeId>,
    /// Then trap, out of gas, if the gas used is at least the limit.
    pub check: bool,
}

/// The points of one function body in code order, at most one an operator. Operators without one do nothing to gas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FuncPlan {
    /// The points.
    pub points: Box<[Point]>,
}

/// The price of every charge of a module, by [`ChargeId`]. Shared, cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostTable(Arc<[u64]>);

impl Deref for CostTable {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        &self.0
    }
}

/// For which operators each charge of a module pays. Made by [`ModulePlanner`](crate::ModulePlanner).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModulePlan {
    pub(crate) charges: Vec<Charge>,
    pub(crate) runs: Vec<Run>,
    pub(crate) locals: Vec<FuncLocals>,
    pub(crate) local_groups: Vec<u32>,
    pub(crate) locals_rule: LocalsRule,
}

/// One charge; its runs of operators start where those of the charge before it end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charge {
    /// Pays the runs up to `end`.
    Ops { end: u32 },
    /// The same and the locals of the function, its first charge.
    OpsAndLocals { end: u32, function: u32 },
    /// `factor` times the price of `measure`, for one unit.
    Unit { measure: Op, factor: u32 },
}

/// A number of executions of one operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Its index; below [`Op::COUNT`].
    pub(crate) op: u16,
    pub(crate) count: u16,
}

impl Run {
    /// The operator.
    fn op(self) -> Op {
        Op::ALL
            .get(usize::from(self.op))
            .copied()
            .unwrap_or(Op::Unreachable)
    }
}

/// Where the locals of a function end in the list of groups; they start where those of the function before it end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FuncLocals {
    pub(crate) end: u32,
}

/// Largest price of a unit, so that price × 32-bit count stays below 2⁶³.
const UNIT_PRICE_MAX: u64 = (1 << 31) - 1;

impl ModulePlan {
    /// How many charges there are: the length of the cost table.
    pub fn len(&self) -> usize {
        self.charges.len()
    }

    /// Whether nothing is ever charged, as in a module without code.
    pub fn is_empty(&self) -> bool {
        self.charges.is_empty()
    }

    /// The price of every charge, by the prices given. Sums are 64 bits wide and stop at the largest value.
    pub fn costs(&self, ops: &OpCosts) -> CostTable {
        let locals = self.locals_costs(ops);
        let mut start = 0;
        let mut sum = |end: u32| {
            let runs = self.runs.get(start..end as usize).unwrap_or_default();
            start = end as usize;
            runs.iter().fold(0u64, |sum, run| {
                sum.saturating_add(u64::from(ops.price_at(run.op.into())) * u64::from(run.count))
            })
        };
        let price = |charge: &Charge| match *charge {
            Charge::Ops { end } => sum(end),
            Charge::OpsAndLocals { end, function } => {
                sum(end).saturating_add(locals.get(function as usize).copied().unwrap_or_default())
            }
            Charge::Unit { measure, factor } => {
                (u64::from(ops.price(measure)) * u64::from(factor)).min(UNIT_PRICE_MAX)
            }
        };
        CostTable(self.charges.iter().map(price).collect())
    }

    /// What each function's first charge adds for locals, by function.
    fn locals_costs(&self, ops: &OpCosts) -> Vec<u64> {
        let free = ops.locals_unmetered();
        let mut start = 0;
        let mut carried: u32 = 0;
        let of_function = |function: &FuncLocals| {
            let groups = self
                .local_groups
                .get(start..function.end as usize)
                .unwrap_or_default();
            start = function.end as usize;
            let paid = groups.iter().map(|count| count.saturating_sub(free));
            match self.locals_rule {
                // The reference multiplies and adds in 32 bits, wrapping around.
                LocalsRule::GroupsOfModule => {
                    for locals in paid {
                        carried = carried.wrapping_add(locals.wrapping_mul(ops.local_allocate()));
                    }
                    u64::from(carried)
                }
                LocalsRule::TotalOfFunction => {
                    let locals = groups.iter().fold(0u64, |sum, count| sum + u64::from(*count));
                    locals
                        .saturating_sub(free.into())
                        .saturating_mul(ops.local_allocate().into())
                }
            }
        };
        self.locals.iter().map(of_function).collect()
    }

    /// The operators that a charge pays for and how many executions of each, ordered by first appearance; for the
    /// price of a unit, the operator that measures it and how often its price is taken.
    ///
    /// Empty for an id that is not of this plan.
    pub fn operators(&self, charge: ChargeId) -> Vec<(Op, u32)> {
        let end_of = |charge: &Charge| match *charge {
            Charge::Ops { end } | Charge::OpsAndLocals { end, .. } => Some(end as usize),
            Charge::Unit { .. } => None,
        };
        let Some(found) = self.charges.get(charge.index()) else {
            return Vec::new();
        };
        if let Charge::Unit { measure, factor } = *found {
            return vec![(measure, factor)];
        }
        let start = self.charges[..charge.index()]
            .iter()
            .rev()
            .find_map(end_of)
            .unwrap_or(0);
        let runs = self
            .runs
            .get(start..end_of(found).unwrap_or(start))
            .unwrap_or_default();
        let mut operators: Vec<(Op, u32)> = Vec::new();
        for run in runs {
            match operators.last_mut() {
                Some((op, count)) if *op == run.op() => *count += u32::from(run.count),
                _ => operators.push((run.op(), run.count.into())),
            }
        }
        operators
    }
}
