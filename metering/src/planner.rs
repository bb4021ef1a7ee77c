//! From operators to charge points.

use wasmparser::Operator;

use crate::plan::{Charge, FuncLocals, Run};
use crate::{ChargeId, FuncPlan, LocalsRule, ModulePlan, Op, Point, Rules};

/// Plans a module as its code streams by: functions in code order, operators one at a time.
///
/// Feed it valid code, every operator of every body. Code that validation would refuse yields a useless plan, no panic.
/// Time is linear in the code, memory in the number of charge points.
#[derive(Debug)]
pub struct ModulePlanner {
    rules: &'static Rules,
    actions: Box<[Action]>,
    plan: ModulePlan,
    /// How often each operator ran since the last charge, by operator; not 0 only for those in `touched`.
    counts: Box<[u32]>,
    /// Operators since the last charge, by first appearance.
    touched: Vec<Op>,
    points: Vec<Point>,
    next_op: u32,
    /// 0 in live code, else 1 + how many blocks were opened since the code became dead.
    dead_depth: u32,
    /// Whether the locals of the current function are still to be paid.
    locals_due: bool,
}

/// What an operator means to the planner. Worked out once, so that planning is one look-up an operator.
#[derive(Clone, Copy, Debug, Default)]
struct Action {
    flow: Flow,
    flush: bool,
    check: bool,
    /// Whether the operator also pays by units.
    units: bool,
}

/// What an operator does to reachability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Flow {
    #[default]
    Straight,
    /// Opens a block that an `end` closes.
    Open,
    Else,
    End,
    /// Never reaches the operator after it.
    Leave,
}

impl Flow {
    fn of(op: Op) -> Self {
        match op {
            Op::Block | Op::Loop | Op::If | Op::Try | Op::TryTable => Self::Open,
            Op::Else => Self::Else,
            Op::End => Self::End,
            Op::Br | Op::BrTable | Op::Return | Op::Unreachable => Self::Leave,
            Op::ReturnCall | Op::ReturnCallIndirect | Op::ReturnCallRef => Self::Leave,
            Op::Throw | Op::ThrowRef | Op::Rethrow => Self::Leave,
            _ => Self::Straight,
        }
    }
}

impl Action {
    fn of(op: Op, rules: &Rules) -> Self {
        let flow = Flow::of(op);
        let check = rules.check.contains(&op);
        let units = rules.units.iter().any(|rate| rate.op == op);
        // What left the function uncharged would be charged to code that did not run.
        let flush = rules.flush.contains(&op) || check || units || flow == Flow::Leave;
        Self {
            flow,
            flush,
            check,
            units,
        }
    }
}

impl ModulePlanner {
    /// A planner for one module.
    pub fn new(rules: &'static Rules) -> Self {
        Self {
            rules,
            actions: Op::ALL.iter().map(|op| Action::of(*op, rules)).collect(),
            plan: ModulePlan {
                charges: Vec::new(),
                runs: Vec::new(),
                locals: Vec::new(),
                local_groups: Vec::new(),
                locals_rule: rules.locals,
            },
            counts: vec![0; Op::COUNT].into_boxed_slice(),
            touched: Vec::new(),
            points: Vec::new(),
            next_op: 0,
            dead_depth: 0,
            locals_due: false,
        }
    }

    /// Starts the next function. `local_groups` are the counts of its local declarations, in order, without parameters.
    pub fn begin_function(&mut self, local_groups: impl IntoIterator<Item = u32>) {
        self.forget_pending();
        self.points.clear();
        self.next_op = 0;
        self.dead_depth = 0;
        self.locals_due = true;
        let groups = &mut self.plan.local_groups;
        match self.plan.locals_rule {
            LocalsRule::GroupsOfModule => groups.extend(local_groups),
            LocalsRule::TotalOfFunction => groups.push(local_groups.into_iter().fold(0, u32::saturating_add)),
        }
        self.plan.locals.push(FuncLocals {
            end: groups.len() as u32,
        });
    }

    /// Plans the next operator of the function. Always inlined: where the operator is known, little is left.
    #[inline(always)]
    pub fn operator(&mut self, operator: &Operator<'_>) {
        let op = Op::of(operator);
        let action = self.actions[op.index()];
        let index = self.next_op;
        self.next_op = index.wrapping_add(1);
        if self.dead_depth > 0 {
            self.skip(action.flow);
            return;
        }
        let count = &mut self.counts[op.index()];
        if *count == 0 {
            self.touched.push(op);
        }
        *count = count.saturating_add(1);
        if action.flush {
            self.flush(index, op, action);
        }
    }

    /// Ends the function.
    pub fn end_function(&mut self) -> FuncPlan {
        FuncPlan {
            points: self.points.as_slice().into(),
        }
    }

    /// Ends the module.
    pub fn finish(self) -> ModulePlan {
        self.plan
    }

    /// Passes a dead operator. The `end` or `else` that leads back to live code is still dead itself.
    fn skip(&mut self, flow: Flow) {
        match flow {
            Flow::Open => self.dead_depth = self.dead_depth.saturating_add(1),
            Flow::End => self.dead_depth -= 1,
            // The then-branch died, the else-branch is entered from its `if`.
            Flow::Else if self.dead_depth == 1 => self.dead_depth = 0,
            Flow::Else | Flow::Straight | Flow::Leave => {}
        }
    }

    #[inline(never)]
    fn flush(&mut self, index: u32, op: Op, action: Action) {
        for op in self.touched.drain(..) {
            let mut left = std::mem::take(&mut self.counts[op.index()]);
            while left > 0 {
                let count = u16::try_from(left).unwrap_or(u16::MAX);
                self.plan.runs.push(Run { op, count });
                left -= u32::from(count);
            }
        }
        let end = self.plan.runs.len() as u32;
        let charge = if std::mem::take(&mut self.locals_due) {
            Charge::OpsAndLocals {
                end,
                function: (self.plan.locals.len() as u32).saturating_sub(1),
            }
        } else {
            Charge::Ops { end }
        };
        let charge = self.add(charge);
        let rate = self.rules.units.iter().find(|rate| action.units && rate.op == op);
        let units = rate.map(|rate| {
            self.add(Charge::Unit {
                measure: rate.measure,
                factor: rate.factor,
            })
        });
        self.points.push(Point {
            op: index,
            charge: Some(charge),
            units,
            check: action.check,
        });
        if action.flow == Flow::Leave {
            self.dead_depth = 1;
        }
    }

    fn add(&mut self, charge: Charge) -> ChargeId {
        let id = ChargeId(self.plan.charges.len() as u32);
        self.plan.charges.push(charge);
        id
    }

    /// Drops what a body without its final `end` left behind.
    fn forget_pending(&mut self) {
        for op in self.touched.drain(..) {
            self.counts[op.index()] = 0;
        }
    }
}
