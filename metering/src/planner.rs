//! From operators to charge points.
//!
//! The rules say where gas is due; the planner puts it down only where a run could show that it was. What is due at a
//! `block`, or at an `end` that no branch leads to, is carried on to the next point on the way, which every run from
//! here reaches unless it traps first. Two things stay as the rules say:
//!
//! * wherever control leaves, splits or joins, and at every call, everything due has been charged: what a host function
//!   or a caller sees is exact;
//! * a check that is carried on is put down before the first operator that may trap, so that a run which is out of gas
//!   never reports another trap. A charge without a check is carried past such operators: a run that traps there has
//!   used up all its gas whatever the counter says.

use wasmparser::Operator;

use crate::plan::{Charge, FuncLocals, Run};
use crate::{ChargeId, FuncPlan, LocalsRule, ModulePlan, Op, Point, Rules, UnitRate};

/// Plans a module as its code streams by: functions in code order, operators one at a time.
///
/// Feed it valid code, every operator of every body. Code that validation would refuse yields a useless plan, no panic.
/// Time is linear in the code, memory in the number of charge points. A clone of one that has planned nothing is as good
/// as a new one, and takes a fraction of its time.
#[derive(Clone, Debug)]
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
    /// Blocks opened in live code, the function first.
    frames: Vec<Frame>,
    /// Whether a check is due that has not been put down.
    check_due: bool,
    /// 0 in live code, else 1 + how many blocks were opened since the code became dead.
    dead_depth: u32,
    /// Whether the locals of the current function are still to be paid.
    locals_due: bool,
}

/// An open block.
#[derive(Clone, Copy, Debug)]
struct Frame {
    is_loop: bool,
    /// Whether a branch leads behind its `end`.
    branched: bool,
    /// Whether an `if` leads there past the branch that its `end` closes.
    passed: bool,
}

/// What an operator means to the planner. Worked out once, so that planning is one look-up an operator.
#[derive(Clone, Copy, Debug, Default)]
struct Action {
    flow: Flow,
    /// Whether gas is due here.
    flush: bool,
    check: bool,
    /// Whether the operator also pays by units.
    units: bool,
    may_trap: bool,
}

/// What an operator does to control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Flow {
    #[default]
    Straight,
    /// `block`: opened and entered in one way.
    Block,
    /// Opens a block whose start others lead to as well.
    Loop,
    /// Opens a block that may be passed over.
    If,
    Else,
    End,
    /// Goes on here or elsewhere.
    Split,
    /// Never reaches the operator after it.
    Leave,
}

impl Flow {
    fn of(op: Op) -> Self {
        match op {
            Op::Block => Self::Block,
            Op::Loop => Self::Loop,
            Op::If | Op::Try | Op::TryTable => Self::If,
            Op::Else => Self::Else,
            Op::End => Self::End,
            Op::BrIf => Self::Split,
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
        // Charged behind such an operator, a run would be charged to code that did not run, or not be charged.
        let parts = !matches!(flow, Flow::Straight | Flow::Block | Flow::End);
        Self {
            flow,
            flush: rules.flush.contains(&op) || check || units || parts,
            check,
            units,
            may_trap: op.may_trap(),
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
            frames: Vec::new(),
            check_due: false,
            dead_depth: 0,
            locals_due: false,
        }
    }

    /// Starts the next function. `local_groups` are the counts of its local declarations, in order, without parameters.
    pub fn begin_function(&mut self, local_groups: impl IntoIterator<Item = u32>) {
        self.forget_pending();
        self.points.clear();
        self.next_op = 0;
        self.frames.clear();
        self.open(false, false);
        self.check_due = false;
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
        if self.check_due && action.may_trap && !action.flush {
            self.put(index, true, None);
        }
        let count = &mut self.counts[op.index()];
        if *count == 0 {
            self.touched.push(op);
        }
        *count = count.saturating_add(1);
        if action.flush || action.flow != Flow::Straight {
            self.due(index, op, action, operator);
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
            Flow::Block | Flow::Loop | Flow::If => self.dead_depth = self.dead_depth.saturating_add(1),
            Flow::End => {
                self.dead_depth -= 1;
                if self.dead_depth == 0 {
                    self.frames.pop();
                }
            }
            // The then-branch died, the else-branch is entered from its `if`.
            Flow::Else if self.dead_depth == 1 => {
                self.dead_depth = 0;
                if let Some(frame) = self.frames.last_mut() {
                    frame.passed = false;
                }
            }
            Flow::Else | Flow::Straight | Flow::Split | Flow::Leave => {}
        }
    }

    /// Gas is due, or control does not simply go on.
    #[inline(never)]
    fn due(&mut self, index: u32, op: Op, action: Action, operator: &Operator<'_>) {
        let carried = match action.flow {
            Flow::Block => {
                self.open(false, false);
                true
            }
            // The last of a function leaves it.
            Flow::End => match self.frames.pop() {
                Some(frame) => !frame.branched && !frame.passed && !self.frames.is_empty(),
                None => false,
            },
            _ => false,
        };
        if carried {
            self.check_due |= action.check;
            return;
        }
        let units = self.rules.units.iter().find(|rate| action.units && rate.op == op);
        self.put(index, action.check, units.copied());
        match (action.flow, operator) {
            (Flow::Loop, _) => self.open(true, false),
            (Flow::If, _) => self.open(false, true),
            (_, Operator::Br { relative_depth } | Operator::BrIf { relative_depth }) => {
                self.join(*relative_depth)
            }
            (_, Operator::BrTable { targets }) => {
                self.join(targets.default());
                targets
                    .targets()
                    .map_while(Result::ok)
                    .for_each(|depth| self.join(depth));
            }
            _ => {}
        }
        if action.flow == Flow::Leave {
            self.dead_depth = 1;
        }
    }

    fn open(&mut self, is_loop: bool, passed: bool) {
        self.frames.push(Frame {
            is_loop,
            branched: false,
            passed,
        });
    }

    /// Notes a branch to the block `depth` labels out.
    fn join(&mut self, depth: u32) {
        let frame = self.frames.iter_mut().rev().nth(depth as usize);
        if let Some(frame) = frame.filter(|frame| !frame.is_loop) {
            frame.branched = true;
        }
    }

    /// Puts down a point that charges everything due.
    fn put(&mut self, index: u32, check: bool, units: Option<UnitRate>) {
        for op in self.touched.drain(..) {
            let mut left = std::mem::take(&mut self.counts[op.index()]);
            while left > 0 {
                let count = u16::try_from(left).unwrap_or(u16::MAX);
                self.plan.runs.push(Run {
                    op: op.index() as u16,
                    count,
                });
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
        let units = units.map(|rate| {
            self.add(Charge::Unit {
                measure: rate.measure,
                factor: rate.factor,
            })
        });
        self.points.push(Point {
            op: index,
            charge: Some(charge),
            units,
            check: std::mem::take(&mut self.check_due) || check,
        });
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
