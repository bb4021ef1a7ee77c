//! Planning modules written as text, and walking through them.

// Each test file uses its share.
#![allow(dead_code)]

use std::collections::BTreeMap;

use arwen_metering::{FuncPlan, ModulePlan, ModulePlanner, Op, OpCosts, RawSchedule, Rules, Schedule};
use wasmparser::{Operator, Parser, Payload, TypeRef};

/// A module with its plan and bodies.
pub struct Planned {
    pub wasm: Vec<u8>,
    pub plan: ModulePlan,
    pub functions: Vec<FuncPlan>,
    pub imported: u32,
    rules: &'static Rules,
    bodies: Vec<Vec<Step>>,
}

/// One operator of a body, as far as the walk must know it.
#[derive(Clone, Copy)]
struct Step {
    op: Op,
    /// Branch depth of `br` and `br_if`, function index of `call`.
    immediate: u32,
}

/// Operators after which a walk ends.
const STEPS: u64 = 2000;

/// Plans a module under `rules`.
pub fn plan(rules: &'static Rules, wat: &str) -> Planned {
    plan_binary(rules, wat::parse_str(wat).expect("the test's text is a module"))
}

/// Plans a module in binary form under `rules`.
pub fn plan_binary(rules: &'static Rules, wasm: Vec<u8>) -> Planned {
    let mut planner = ModulePlanner::new(rules);
    let (mut functions, mut bodies, mut imported) = (vec![], vec![], 0);
    for payload in Parser::new(0).parse_all(&wasm) {
        match payload.expect("readable") {
            Payload::ImportSection(imports) => {
                let imports = imports.into_imports().map(|import| import.expect("readable").ty);
                imported = imports.filter(|ty| matches!(ty, TypeRef::Func(_))).count() as u32;
            }
            Payload::CodeSectionEntry(body) => {
                let locals = body.get_locals_reader().expect("readable").into_iter();
                planner.begin_function(locals.map(|group| group.expect("readable").0));
                let mut steps = vec![];
                for operator in body.get_operators_reader().expect("readable") {
                    let operator = operator.expect("readable");
                    planner.operator(&operator);
                    let immediate = match operator {
                        Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => relative_depth,
                        Operator::Call { function_index } => function_index,
                        _ => 0,
                    };
                    steps.push(Step {
                        op: Op::of(&operator),
                        immediate,
                    });
                }
                functions.push(planner.end_function());
                bodies.push(steps);
            }
            _ => {}
        }
    }
    Planned {
        plan: planner.finish(),
        wasm,
        functions,
        imported,
        rules,
        bodies,
    }
}

/// Operator prices of `dummy`, all 1, but for those of `changes`.
pub fn prices(changes: &[(&str, u64)]) -> OpCosts {
    let mut raw: RawSchedule = Schedule::bundled_raw("dummy").expect("bundled");
    let section = raw.get_mut("WASMOpcodeCost").expect("present");
    for (key, price) in changes {
        assert!(
            section.insert((*key).to_owned(), *price).is_some(),
            "{key} is a key"
        );
    }
    Schedule::from_raw(&raw).expect("complete").0.op_costs().clone()
}

impl Planned {
    /// The points of a function as text, `operator charge[+rate/unit][?]` each, `?` for a check.
    pub fn points(&self, function: usize, ops: &OpCosts) -> String {
        let costs = self.plan.costs(ops);
        let text = self.functions[function].points.iter().map(|point| {
            let op = self.bodies[function][point.op as usize].op.name();
            let charge = point.charge.map_or(0, |id| costs[id.index()]);
            let units = point
                .units
                .map_or(String::new(), |id| format!("+{}/unit", costs[id.index()]));
            format!("{op} {charge}{units}{}", if point.check { "?" } else { "" })
        });
        text.collect::<Vec<_>>().join(", ")
    }

    /// Walks through a call of a function as WebAssembly would, taking the decisions at its `if` and `br_if` from
    /// `decisions`. Imports return at once.
    pub fn walk(&self, function: usize, ops: &OpCosts, decisions: &[bool]) -> Walk {
        let mut decisions = decisions.iter().copied();
        let walk = self.walk_on(function, ops, &mut decisions);
        assert_eq!(decisions.next(), None, "every decision was asked for");
        walk
    }

    /// The same with as many decisions as it takes, for at most some thousand operators.
    ///
    /// Holds the plan to the rules: at every check of the rules the plan checks, unless nothing can tell that it comes
    /// later; there, at calls and at the end what is charged is what is due.
    pub fn walk_on(&self, function: usize, ops: &OpCosts, decisions: &mut dyn Iterator<Item = bool>) -> Walk {
        let mut walk = Walk::default();
        let costs = self.plan.costs(ops);
        self.walk_function(function, (ops, &costs), decisions, &mut walk);
        walk
    }

    fn walk_function(
        &self,
        function: usize,
        (ops, costs): (&OpCosts, &[u64]),
        decisions: &mut dyn Iterator<Item = bool>,
        walk: &mut Walk,
    ) {
        let body = &self.bodies[function];
        let points: BTreeMap<usize, _> = self.functions[function]
            .points
            .iter()
            .map(|point| (point.op as usize, point))
            .collect();
        // Of each open block: where a branch to it goes, and how many blocks are open there.
        let mut labels = vec![(body.len(), 0)];
        let mut at = 0;
        while at < body.len() {
            let Step { op, immediate } = body[at];
            let point = points.get(&at);
            walk.gas += point.map_or(0, |point| point.charge.map_or(0, |id| costs[id.index()]));
            walk.executed += 1;
            if walk.executed > STEPS {
                return;
            }
            if point.is_some_and(|point| point.check) {
                walk.check_due = false;
            }
            if op == Op::I32Load {
                assert!(
                    !walk.check_due,
                    "a trap comes before the check that was due before it"
                );
            }
            walk.due += u64::from(ops.price(op));
            let leaves = op == Op::Return || at + 1 == body.len();
            if self.rules.check.contains(&op) {
                walk.check_due = point.is_none();
                assert!(point.is_none_or(|point| point.check), "a check at {op:?}");
            }
            if leaves || matches!(op, Op::Call | Op::Br | Op::BrIf | Op::Loop) {
                assert_eq!(walk.gas, walk.due, "at {op:?}");
                assert!(!walk.check_due, "a check at {op:?}");
            }
            let branch = match op {
                Op::Br => true,
                Op::BrIf => decisions.next().expect("a decision"),
                Op::Return => {
                    return;
                }
                _ => false,
            };
            if branch {
                let (target, open) = labels[labels.len() - 1 - immediate as usize];
                labels.truncate(open);
                at = target;
                continue;
            }
            match op {
                Op::Block => labels.push((self.closing(function, at).1 + 1, labels.len())),
                Op::Loop => labels.push((at + 1, labels.len() + 1)),
                Op::If => {
                    let (other, end) = self.closing(function, at);
                    labels.push((end + 1, labels.len()));
                    if !decisions.next().expect("a decision") {
                        if other == end {
                            labels.pop();
                        }
                        at = other;
                    }
                }
                Op::Else => {
                    let (target, open) = labels[labels.len() - 1];
                    labels.truncate(open);
                    at = target - 1;
                }
                Op::End => {
                    labels.pop();
                }
                Op::Call if immediate >= self.imported => {
                    self.walk_function(
                        (immediate - self.imported) as usize,
                        (ops, costs),
                        decisions,
                        walk,
                    );
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Where the block opened at `at` has its `else` (or else its `end`), and its `end`.
    fn closing(&self, function: usize, at: usize) -> (usize, usize) {
        let (mut depth, mut other) = (0, None);
        for (index, step) in self.bodies[function].iter().enumerate().skip(at) {
            match step.op {
                Op::Block | Op::Loop | Op::If => depth += 1,
                Op::Else if depth == 1 => other = Some(index),
                Op::End if depth == 1 => return (other.unwrap_or(index), index),
                Op::End => depth -= 1,
                _ => {}
            }
        }
        panic!("the block is closed");
    }
}

/// What a walk met.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// Gas charged.
    pub gas: u64,
    /// Operators executed. An `end` or `else` counts when control falls through to it.
    pub executed: u64,
    /// What they cost.
    due: u64,
    /// Whether the rules checked the limit and the plan did not yet.
    check_due: bool,
}
