//! A plan as bytes, for caches of compiled code. They mean something to the same build alone: operators are numbers
//! that change with the parser.
//!
//! Everything is words of 16 bits, least significant byte first. After four lengths of two words come the charges, the
//! runs, the counts that did not fit into their runs, the ends of locals and the groups of locals; numbers of the last
//! two take two words. A charge of the usual kind and a run are one word.

use crate::plan::{Charge, FuncLocals, Run};
use crate::{LocalsRule, ModulePlan, Op};

/// A charge that pays as many runs as its word says, unless that is one of these; then two or four words follow.
const OPS: u16 = u16::MAX;
const OPS_AND_LOCALS: u16 = u16::MAX - 1;
const UNIT: u16 = u16::MAX - 2;
/// Most runs that are said in the word itself.
const MAX_RUNS: u16 = u16::MAX - 3;

/// Bits of a run's word that say its operator; the others say how often, 0 when a word after all runs does.
const OP_BITS: u32 = 10;
const OP_MASK: u16 = (1 << OP_BITS) - 1;
const MAX_COUNT: u16 = u16::MAX >> OP_BITS;

const _: () = assert!(Op::COUNT <= 1 << OP_BITS);

impl ModulePlan {
    /// Appends the plan to `out`. To be read back with the same rules by the same build.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let mut words = Vec::new();
        let wide = |words: &mut Vec<u16>, number: u32| words.extend([number as u16, (number >> 16) as u16]);
        for len in [
            self.charges.len(),
            self.runs.len(),
            self.locals.len(),
            self.local_groups.len(),
        ] {
            // Each stands for at least a byte of a module, whose length is 32 bits.
            wide(&mut words, len as u32);
        }
        let mut start = 0;
        for charge in &self.charges {
            match *charge {
                Charge::Ops { end } => {
                    let runs = end.wrapping_sub(start);
                    match u16::try_from(runs) {
                        Ok(runs) if runs <= MAX_RUNS => words.push(runs),
                        _ => {
                            words.push(OPS);
                            wide(&mut words, runs);
                        }
                    }
                    start = end;
                }
                Charge::OpsAndLocals { end, function } => {
                    words.push(OPS_AND_LOCALS);
                    wide(&mut words, end.wrapping_sub(start));
                    wide(&mut words, function);
                    start = end;
                }
                Charge::Unit { measure, factor } => {
                    words.extend([UNIT, measure.index() as u16]);
                    wide(&mut words, factor);
                }
            }
        }
        let mut large = Vec::new();
        for run in &self.runs {
            let fits = (1..=MAX_COUNT).contains(&run.count);
            let count = if fits { run.count } else { 0 };
            words.push(run.op | count << OP_BITS);
            large.extend((!fits).then_some(run.count));
        }
        words.extend(large);
        self.locals.iter().for_each(|locals| wide(&mut words, locals.end));
        self.local_groups
            .iter()
            .for_each(|group| wide(&mut words, *group));
        out.extend(words.into_iter().flat_map(u16::to_le_bytes));
    }

    /// Reads what [`ModulePlan::write_to`] has written for a module under a rule; `None` when it has not.
    pub fn read_from(bytes: &[u8], locals_rule: LocalsRule) -> Option<Self> {
        let (words, []) = bytes.as_chunks() else {
            return None;
        };
        let mut words = Words(words);
        let mut len = || usize::try_from(words.wide()?).ok();
        let [charges, runs, locals, groups] = [len()?, len()?, len()?, len()?];
        let mut start = 0;
        let plan = Self {
            charges: words.list(charges, |words| words.charge(&mut start))?,
            runs: words.runs(runs)?,
            locals: words.list(locals, |words| Some(FuncLocals { end: words.wide()? }))?,
            local_groups: words.list(groups, Words::wide)?,
            locals_rule,
        };
        words.0.is_empty().then_some(plan)
    }
}

/// The words that are left.
struct Words<'a>(&'a [[u8; 2]]);

impl Words<'_> {
    fn next(&mut self) -> Option<u16> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(u16::from_le_bytes(*first))
    }

    fn wide(&mut self) -> Option<u32> {
        Some(u32::from(self.next()?) | u32::from(self.next()?) << 16)
    }

    fn list<T>(&mut self, len: usize, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        // Every item takes a word at least.
        if len > self.0.len() {
            return None;
        }
        let mut list = Vec::with_capacity(len);
        for _ in 0..len {
            list.push(item(self)?);
        }
        Some(list)
    }

    /// A charge whose runs begin at `start`, which is moved behind them.
    fn charge(&mut self, start: &mut u32) -> Option<Charge> {
        let mut end = |runs: u32| {
            *start = start.wrapping_add(runs);
            *start
        };
        Some(match self.next()? {
            OPS => Charge::Ops {
                end: end(self.wide()?),
            },
            OPS_AND_LOCALS => Charge::OpsAndLocals {
                end: end(self.wide()?),
                function: self.wide()?,
            },
            UNIT => Charge::Unit {
                measure: *Op::ALL.get(usize::from(self.next()?))?,
                factor: self.wide()?,
            },
            runs => Charge::Ops {
                end: end(runs.into()),
            },
        })
    }

    fn runs(&mut self, len: usize) -> Option<Vec<Run>> {
        let (words, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        // The long list: without a branch, so that many are read at a time.
        let parts = words.iter().map(|word| {
            let word = u16::from_le_bytes(*word);
            (word & OP_MASK, word >> OP_BITS)
        });
        let largest_op = parts.clone().map(|(op, _)| op).max().unwrap_or(0);
        let smallest_count = parts.clone().map(|(_, count)| count).min();
        let mut runs: Vec<Run> = parts.map(|(op, count)| Run { op, count }).collect();
        if smallest_count == Some(0) {
            for run in runs.iter_mut().filter(|run| run.count == 0) {
                run.count = self.next()?;
            }
        }
        let known = usize::from(largest_op) < Op::COUNT;
        known.then_some(runs)
    }
}
