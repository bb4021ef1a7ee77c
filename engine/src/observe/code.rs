//! A function's operators as they stand in the module, each with what the walk needs to know of it.

use std::sync::OnceLock;

use arwen_metering::{Op, Point};
use wasmparser::Operator;

use crate::module::info::ModuleInfo;
use crate::semantics::{OPERATORS, OperatorMeaning};

/// A function.
pub(super) struct FuncCode<'m> {
    /// Its index in the module, imports first.
    pub function: u32,
    /// Where its body starts in the module, in bytes.
    pub start: u32,
    pub params: usize,
    pub results: usize,
    /// Declared locals.
    pub locals: usize,
    /// What a frame takes on the logical stack.
    pub frame_slots: u32,
    /// Its operators, the final `end` included.
    pub sites: Vec<Site<'m>>,
}

/// An operator of a function.
pub(super) struct Site<'m> {
    pub operator: Operator<'m>,
    pub op: Op,
    /// Bytes from the start of the module.
    pub offset: u32,
    /// What happens to gas before it runs.
    pub point: Option<&'m Point>,
    /// What it computes, if it does nothing else.
    pub meaning: Option<&'static OperatorMeaning>,
    /// Of `block`, `loop`, `if` and `else`: the operator after the `end`.
    pub next: usize,
    /// Of `if`: the operator after the `else`; without one, as `next`.
    pub otherwise: usize,
    /// Of `br_table`: the labels, the default last.
    pub depths: Box<[u32]>,
}

impl<'m> FuncCode<'m> {
    /// Reads body `body` of a module. The error is a bug: the body has been validated.
    pub fn read(module: &'m ModuleInfo, body: u32) -> wasmparser::Result<Self> {
        let function = module.imported_funcs + body;
        let ty = module.func_type(function);
        let body = &module.bodies()[body as usize];
        let mut code = Self {
            function,
            start: body.range.start as u32,
            params: ty.params().len(),
            results: ty.results().len(),
            locals: body.local_count() as usize,
            frame_slots: body.frame_slots,
            sites: Vec::new(),
        };
        let mut points = body.plan.points.iter().peekable();
        let mut open = Vec::new();
        let mut operators = body.operators(&module.wasm)?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset()?;
            let index = code.sites.len();
            match operator {
                Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                    open.push((index, None))
                }
                Operator::Else => {
                    if let Some((_, otherwise)) = open.last_mut() {
                        *otherwise = Some(index);
                    }
                }
                Operator::End => code.close(open.pop(), index + 1),
                _ => {}
            }
            let op = Op::of(&operator);
            let depths = match &operator {
                Operator::BrTable { targets } => {
                    let targets = targets.targets().chain([Ok(targets.default())]);
                    targets.collect::<wasmparser::Result<_>>()?
                }
                _ => Box::default(),
            };
            code.sites.push(Site {
                op,
                offset: offset as u32,
                point: points.next_if(|point| point.op as usize == index),
                meaning: meaning(op),
                next: 0,
                otherwise: 0,
                depths,
                operator,
            });
        }
        Ok(code)
    }

    /// Notes where a block ends.
    fn close(&mut self, block: Option<(usize, Option<usize>)>, next: usize) {
        let Some((start, otherwise)) = block else { return };
        let (site, otherwise) = (self.sites.get_mut(start), otherwise);
        if let Some(site) = site {
            site.next = next;
            site.otherwise = otherwise.map_or(next, |otherwise| otherwise + 1);
        }
        if let Some(site) = otherwise.and_then(|otherwise| self.sites.get_mut(otherwise)) {
            site.next = next;
        }
    }
}

/// The meaning of an operator that only computes.
fn meaning(op: Op) -> Option<&'static OperatorMeaning> {
    static MEANINGS: OnceLock<Vec<(Op, &'static OperatorMeaning)>> = OnceLock::new();
    let meanings = MEANINGS.get_or_init(|| {
        let named = |op: &Op| {
            let row = OPERATORS.iter().find(|row| parser_name(row.name) == op.name());
            row.map(|row| (*op, row))
        };
        Op::ALL.iter().filter_map(named).collect()
    });
    let found = meanings.binary_search_by_key(&op, |(op, _)| *op).ok()?;
    Some(meanings[found].1)
}

/// `I64ExtendI32S` for `i64.extend_i32_s`.
fn parser_name(text: &str) -> String {
    text.split(['.', '_'])
        .flat_map(|word| {
            let (first, rest) = word.split_at(1);
            [first.to_ascii_uppercase(), rest.to_owned()]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_meaning_belongs_to_an_operator() {
        let found = Op::ALL.iter().filter(|op| meaning(**op).is_some()).count();
        assert_eq!(found, OPERATORS.len());
        assert_eq!(meaning(Op::I32DivS).map(|row| row.name), Some("i32.div_s"));
        assert_eq!(
            meaning(Op::I64Extend8S).map(|row| row.name),
            Some("i64.extend8_s")
        );
        assert!(meaning(Op::Call).is_none());
    }
}
