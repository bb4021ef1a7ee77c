//! Sums are added up in the order in which their parts arrive.
//!
//! `carry + a + b × c` waits for the carry, then adds twice; `(a + b × c) + carry` adds once when the carry is there. Long
//! numbers and hashes are chains of such sums, and sums of integers are the same in any order. Only the order of additions
//! changes: parts stay where they are, and so does everything that can be observed.

use cranelift_codegen::Context;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{
    Block, Function, Inst, InstBuilder, InstructionData, Opcode, Value, ValueDef, types,
};

/// Sums of more parts stay as they are: they would keep too many registers.
const MOST_PARTS: usize = 12;

/// Cycles that an instruction takes, as on most processors.
fn cycles(opcode: Opcode) -> u32 {
    match opcode {
        Opcode::Iconst => 0,
        Opcode::Imul => 3,
        _ if opcode.can_load() => 5,
        _ => 1,
    }
}

/// When a value arrives that the turn of the loop before has made: after all that this turn makes by itself.
const FROM_LAST_TURN: u32 = u32::MAX / 2;

/// Rewrites a function whose loops are known.
pub(crate) fn rewrite(context: &mut Context) {
    let mut pass = Pass {
        users: users(&context.func),
        arrivals: SecondaryMap::new(),
    };
    let func = &mut context.func;
    let blocks: Vec<Block> = func.layout.blocks().collect();
    for block in blocks {
        if context.loop_analysis.is_loop_header(block).is_some() {
            for param in func.dfg.block_params(block) {
                pass.arrivals[*param] = FROM_LAST_TURN;
            }
        }
        let mut next = func.layout.first_inst(block);
        while let Some(inst) = next {
            next = func.layout.next_inst(inst);
            if func.dfg.insts[inst].opcode() == Opcode::Iadd {
                pass.reorder(func, block, inst);
            }
            pass.note(func, block, inst);
        }
    }
}

/// Who uses a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Users {
    #[default]
    Nobody,
    One(Inst),
    Many,
}

fn users(func: &Function) -> SecondaryMap<Value, Users> {
    let mut users = SecondaryMap::<Value, Users>::new();
    for block in func.layout.blocks() {
        for inst in func.layout.block_insts(block) {
            for value in func.dfg.inst_values(inst) {
                let users = &mut users[func.dfg.resolve_aliases(value)];
                *users = match *users {
                    Users::Nobody => Users::One(inst),
                    Users::One(_) | Users::Many => Users::Many,
                };
            }
        }
    }
    users
}

struct Pass {
    users: SecondaryMap<Value, Users>,
    /// Cycles from the start of a value's block until it is there, from [`FROM_LAST_TURN`] on if it depends on the turn
    /// before.
    arrivals: SecondaryMap<Value, u32>,
}

impl Pass {
    /// Notes when the results of an instruction arrive.
    fn note(&mut self, func: &Function, block: Block, inst: Inst) {
        let opcode = func.dfg.insts[inst].opcode();
        let operands = func.dfg.inst_args(inst).iter();
        let ready = operands.map(|value| {
            let arrival = self.arrival(func, block, func.dfg.resolve_aliases(*value));
            // Addresses are counted up from turn to turn, long before anybody needs what is there.
            match opcode.can_load() && arrival >= FROM_LAST_TURN {
                true => arrival - FROM_LAST_TURN,
                false => arrival,
            }
        });
        let arrival = match opcode.is_call() {
            true => 0,
            false => ready.max().unwrap_or(0).saturating_add(cycles(opcode)),
        };
        for result in func.dfg.inst_results(inst) {
            self.arrivals[*result] = arrival;
        }
    }

    /// When a value is there, in cycles from the start of `block`.
    fn arrival(&self, func: &Function, block: Block, value: Value) -> u32 {
        let home = match func.dfg.value_def(value) {
            ValueDef::Param(home, _) => Some(home),
            ValueDef::Result(inst, _) => func.layout.inst_block(inst),
            ValueDef::Union(..) => None,
        };
        if home == Some(block) {
            self.arrivals[value]
        } else {
            0
        }
    }

    /// Adds the parts of the sum that ends with `inst` in their order, if it is there sooner then.
    fn reorder(&mut self, func: &mut Function, block: Block, inst: Inst) {
        let sum = func.dfg.first_result(inst);
        if !matches!(func.dfg.value_type(sum), types::I32 | types::I64) {
            return;
        }
        // The last addition does it for all.
        if let Users::One(user) = self.users[sum]
            && func.dfg.insts[user].opcode() == Opcode::Iadd
            && func.layout.inst_block(user) == Some(block)
        {
            return;
        }
        let Some(mut tree) = self.tree(func, block, inst) else {
            return;
        };
        let mut order = Vec::with_capacity(tree.parts.len());
        while let (Some(first), Some(second)) = (tree.take_first(), tree.take_first()) {
            let arrival = second.arrival.saturating_add(cycles(Opcode::Iadd));
            order.push([first.value, second.value]);
            if tree.parts.is_empty() {
                if arrival < tree.arrival {
                    self.rebuild(func, block, inst, &tree.additions, &order);
                }
                return;
            }
            tree.parts.push(Part {
                value: Term::Sum(order.len() - 1),
                arrival,
            });
        }
    }

    /// The sum that ends with `inst`; `None` if it has fewer than three parts, or too many, or a constant: such sums are
    /// addresses most of the time, which are computed at once.
    fn tree(&self, func: &Function, block: Block, inst: Inst) -> Option<Tree> {
        let mut tree = Tree {
            parts: Vec::new(),
            additions: Vec::new(),
            arrival: 0,
        };
        // With the additions that come after each.
        let mut pending: Vec<(Value, u32)> =
            func.dfg.inst_args(inst).iter().map(|value| (*value, 1)).collect();
        while let Some((value, after)) = pending.pop() {
            let value = func.dfg.resolve_aliases(value);
            let definition = match func.dfg.value_def(value) {
                ValueDef::Result(inst, _) => Some((inst, func.dfg.insts[inst])),
                _ => None,
            };
            match definition {
                Some((_, data)) if data.opcode() == Opcode::Iconst => return None,
                Some((
                    inner,
                    InstructionData::Binary {
                        opcode: Opcode::Iadd,
                        args,
                    },
                )) if matches!(self.users[value], Users::One(_))
                    && func.layout.inst_block(inner) == Some(block) =>
                {
                    tree.additions.push(inner);
                    pending.extend(args.map(|value| (value, after + 1)));
                }
                _ => {
                    let arrival = self.arrival(func, block, value);
                    tree.arrival = tree
                        .arrival
                        .max(arrival.saturating_add(after * cycles(Opcode::Iadd)));
                    tree.parts.push(Part {
                        value: Term::Value(value),
                        arrival,
                    });
                }
            }
            if tree.parts.len() + pending.len() > MOST_PARTS {
                return None;
            }
        }
        (tree.parts.len() > 2).then_some(tree)
    }

    /// Writes additions in another order, in front of the last, which is `inst`.
    fn rebuild(&mut self, func: &mut Function, block: Block, inst: Inst, old: &[Inst], order: &[[Term; 2]]) {
        let mut sums: Vec<Value> = Vec::with_capacity(order.len());
        for (at, terms) in order.iter().enumerate() {
            let args = terms.map(|term| match term {
                Term::Value(value) => value,
                Term::Sum(number) => sums[number],
            });
            if at + 1 < order.len() {
                let [a, b] = args;
                let sum = FuncCursor::new(func).at_inst(inst).ins().iadd(a, b);
                if let ValueDef::Result(addition, _) = func.dfg.value_def(sum) {
                    self.note(func, block, addition);
                }
                sums.push(sum);
            } else {
                func.dfg.insts[inst] = InstructionData::Binary {
                    opcode: Opcode::Iadd,
                    args,
                };
            }
        }
        for addition in old {
            func.layout.remove_inst(*addition);
        }
    }
}

/// Something that is added.
#[derive(Debug, Clone, Copy)]
enum Term {
    Value(Value),
    /// A sum that was made before, by its number.
    Sum(usize),
}

#[derive(Debug)]
struct Part {
    value: Term,
    arrival: u32,
}

/// A sum of several parts.
#[derive(Debug)]
struct Tree {
    parts: Vec<Part>,
    /// Its additions but the last.
    additions: Vec<Inst>,
    /// When it is there, as it stands.
    arrival: u32,
}

impl Tree {
    /// Takes out what arrives first; of several the first.
    fn take_first(&mut self) -> Option<Part> {
        let (at, _) = self
            .parts
            .iter()
            .enumerate()
            .min_by_key(|(_, part)| part.arrival)?;
        Some(self.parts.remove(at))
    }
}

#[cfg(test)]
mod tests {
    use cranelift_codegen::ir::{AbiParam, MemFlagsData};
    use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

    use super::*;

    /// The last addition of a function of three numbers, when it has been rewritten. `build` may add blocks.
    fn last_sum(build: impl FnOnce(&mut FunctionBuilder<'_>, [Value; 3]) -> Value) -> String {
        let mut context = Context::new();
        context.func.signature.params = vec![AbiParam::new(types::I64); 3];
        context.func.signature.returns = vec![AbiParam::new(types::I64)];
        let mut scratch = FunctionBuilderContext::new();
        let mut b = FunctionBuilder::new(&mut context.func, &mut scratch);
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        let [x, y, z] = *b.block_params(entry) else {
            unreachable!("it has three parameters")
        };
        let sum = build(&mut b, [x, y, z]);
        b.ins().return_(&[sum]);
        b.seal_all_blocks();
        context.flowgraph();
        context.compute_loop_analysis();
        rewrite(&mut context);
        // As a term: the operands of the additions, however deep.
        fn term(func: &Function, value: Value) -> String {
            match func.dfg.value_def(value) {
                ValueDef::Result(inst, _) => match func.dfg.insts[inst] {
                    InstructionData::Binary {
                        opcode: Opcode::Iadd,
                        args: [a, b],
                    } => format!("({} + {})", term(func, a), term(func, b)),
                    data => data.opcode().to_string(),
                },
                _ => value.to_string(),
            }
        }
        term(&context.func, sum)
    }

    #[test]
    fn what_arrives_last_is_added_last() {
        let sum = last_sum(|b, [x, y, z]| {
            let product = b.ins().imul(x, y);
            let carry = b.ins().ushr(product, z);
            let other = b.ins().imul(y, z);
            let first = b.ins().iadd(carry, x);
            b.ins().iadd(first, other)
        });
        assert_eq!(sum, "(ushr + (v0 + imul))");
    }

    #[test]
    fn sums_that_are_there_as_soon_as_they_can_be_stay() {
        let sum = last_sum(|b, [x, y, z]| {
            let product = b.ins().imul(x, y);
            let first = b.ins().iadd(z, y);
            b.ins().iadd(product, first)
        });
        assert_eq!(sum, "(imul + (v2 + v1))");
    }

    #[test]
    fn a_sum_that_was_reordered_arrives_as_late_as_it_does() {
        let sum = last_sum(|b, [x, y, z]| {
            let eight = [y, z, x, y, z, x, y]
                .into_iter()
                .fold(x, |sum, part| b.ins().iadd(sum, part));
            let later = b.ins().ushr(eight, z);
            let three = (0..3).fold(x, |value, _| b.ins().bnot(value));
            let first = b.ins().iadd(later, three);
            b.ins().iadd(first, z)
        });
        assert!(sum.contains("(v2 + bnot)"), "{sum}");
    }

    #[test]
    fn sums_with_constants_and_sums_needed_elsewhere_stay() {
        let constant = last_sum(|b, [x, y, _]| {
            let product = b.ins().imul(x, y);
            let far = b.ins().iconst(types::I64, 8);
            let first = b.ins().iadd(product, x);
            b.ins().iadd(first, far)
        });
        assert_eq!(constant, "((imul + v0) + iconst)");
        let shared = last_sum(|b, [x, y, z]| {
            let product = b.ins().imul(x, y);
            let first = b.ins().iadd(product, x);
            b.ins().store(MemFlagsData::trusted(), first, z, 0);
            b.ins().iadd(first, y)
        });
        assert_eq!(shared, "((imul + v0) + v1)");
    }

    #[test]
    fn what_a_turn_of_a_loop_hands_on_arrives_last() {
        let sum = last_sum(|b, [x, y, z]| {
            let body = b.create_block();
            let end = b.create_block();
            let total = b.append_block_param(body, types::I64);
            b.ins().jump(body, &[x.into()]);
            b.switch_to_block(body);
            let loaded = b.ins().load(types::I64, MemFlagsData::trusted(), total, 0);
            let product = b.ins().imul(loaded, z);
            let first = b.ins().iadd(total, product);
            let next = b.ins().iadd(first, y);
            b.ins().brif(next, body, &[next.into()], end, &[]);
            b.switch_to_block(end);
            next
        });
        assert_eq!(sum, "((v1 + imul) + v3)");
    }
}
