//! A plan as bytes, for caches of compiled code. They mean something to the same build alone: operators are numbers
//! that change with the parser.

use crate::plan::{Charge, FuncLocals, Run};
use crate::{LocalsRule, ModulePlan, Op};

/// Kinds of charges, by their number.
const OPS: u32 = 0;
const OPS_AND_LOCALS: u32 = 1;
const UNIT: u32 = 2;

/// Words of a charge: its kind and the two numbers of that kind.
const CHARGE_WORDS: usize = 3;

impl ModulePlan {
    /// Appends the plan to `out`. To be read back with the same rules by the same build.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let mut word = |word: u32| out.extend_from_slice(&word.to_le_bytes());
        for len in [
            self.charges.len(),
            self.runs.len(),
            self.locals.len(),
            self.local_groups.len(),
        ] {
            // Each stands for at least a byte of a module, whose length is 32 bits.
            word(len as u32);
        }
        for charge in &self.charges {
            let (kind, first, second) = match *charge {
                Charge::Ops { end } => (OPS, end, 0),
                Charge::OpsAndLocals { end, function } => (OPS_AND_LOCALS, end, function),
                Charge::Unit { measure, factor } => (UNIT, measure.index() as u32, factor),
            };
            [kind, first, second].into_iter().for_each(&mut word);
        }
        for run in &self.runs {
            word(run.op.index() as u32 | u32::from(run.count) << 16);
        }
        self.locals.iter().for_each(|locals| word(locals.end));
        self.local_groups.iter().for_each(|group| word(*group));
    }

    /// Reads what [`ModulePlan::write_to`] has written for a module under a rule; `None` when it has not.
    pub fn read_from(bytes: &[u8], locals_rule: LocalsRule) -> Option<Self> {
        let (words, []) = bytes.as_chunks() else {
            return None;
        };
        let (lengths, mut rest) = words.split_first_chunk::<4>()?;
        let mut take = |count: usize| {
            let (taken, others) = rest.split_at_checked(count)?;
            rest = others;
            Some(taken)
        };
        let [charges, runs, locals, groups] = lengths.map(|len| u32::from_le_bytes(len) as usize);
        let (charges, []) = take(charges.checked_mul(CHARGE_WORDS)?)?.as_chunks() else {
            return None;
        };
        let runs = take(runs)?.iter().map(|word| read_run(u32::from_le_bytes(*word)));
        let plan = Self {
            charges: charges.iter().map(read_charge).collect::<Option<_>>()?,
            runs: runs.collect::<Option<_>>()?,
            locals: take(locals)?
                .iter()
                .map(|end| FuncLocals {
                    end: u32::from_le_bytes(*end),
                })
                .collect(),
            local_groups: take(groups)?
                .iter()
                .map(|group| u32::from_le_bytes(*group))
                .collect(),
            locals_rule,
        };
        rest.is_empty().then_some(plan)
    }
}

fn read_op(number: u32) -> Option<Op> {
    Op::ALL.get(number as usize).copied()
}

fn read_run(word: u32) -> Option<Run> {
    Some(Run {
        op: read_op(word & 0xffff)?,
        count: (word >> 16) as u16,
    })
}

fn read_charge(words: &[[u8; 4]; CHARGE_WORDS]) -> Option<Charge> {
    let [kind, first, second] = words.map(u32::from_le_bytes);
    Some(match kind {
        OPS => Charge::Ops { end: first },
        OPS_AND_LOCALS => Charge::OpsAndLocals {
            end: first,
            function: second,
        },
        UNIT => Charge::Unit {
            measure: read_op(first)?,
            factor: second,
        },
        _ => return None,
    })
}
