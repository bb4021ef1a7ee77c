//! Fields that are expressions.

use arwen_interface::{BigInt, Bytes};
use num_bigint::Sign;
use num_traits::ToPrimitive;

use super::{ParseError, Parser, Result, is_star, list, string};
use crate::json::{Node, Pos};
use crate::model::{Check, CheckBytes};

/// How the bytes of an expression become an integer.
#[derive(Clone, Copy)]
pub(super) enum Integer {
    Signed,
    Unsigned,
}

impl Parser<'_> {
    pub(super) fn eval(&self, text: &str, pos: Pos) -> Result<Bytes> {
        self.interpreter
            .string(text)
            .map_err(|error| ParseError::new(pos, error.0))
    }

    /// A string, evaluated.
    pub(super) fn bytes(&self, node: &Node) -> Result<Bytes> {
        self.eval(&string(node)?, node.pos)
    }

    /// A list of strings, each evaluated.
    pub(super) fn bytes_list(&self, node: &Node) -> Result<Vec<Bytes>> {
        list(node, "not a JSON list")?
            .iter()
            .map(|item| self.bytes(item))
            .collect()
    }

    /// Any subtree, evaluated.
    pub(super) fn tree(&self, node: &Node) -> Result<Bytes> {
        self.interpreter
            .tree(&node.json)
            .map_err(|error| ParseError::new(node.pos, error.0))
    }

    /// A list of subtrees, each evaluated.
    pub(super) fn tree_list(&self, node: &Node) -> Result<Vec<Bytes>> {
        list(node, "not a JSON list")?
            .iter()
            .map(|item| self.tree(item))
            .collect()
    }

    pub(super) fn integer(&self, node: &Node, format: Integer) -> Result<BigInt> {
        let bytes = self.bytes(node)?;
        Ok(match format {
            Integer::Signed => BigInt::from_signed_bytes_be(&bytes),
            Integer::Unsigned => BigInt::from_bytes_be(Sign::Plus, &bytes),
        })
    }

    /// EGLD or tokens.
    pub(super) fn amount(&self, node: &Node) -> Result<BigInt> {
        self.integer(node, Integer::Unsigned)
    }

    pub(super) fn u64(&self, node: &Node) -> Result<u64> {
        let value = self.amount(node)?;
        value
            .to_u64()
            .ok_or_else(|| ParseError::new(node.pos, "value is not uint64"))
    }

    pub(super) fn check_integer(&self, node: &Node, format: Integer) -> Result<Check<BigInt>> {
        self.check(node, |node| self.integer(node, format))
    }

    pub(super) fn check_u64(&self, node: &Node) -> Result<Check<u64>> {
        self.check(node, |node| self.u64(node))
    }

    fn check<T>(&self, node: &Node, value: impl Fn(&Node) -> Result<T>) -> Result<Check<T>> {
        if is_star(node) {
            return Ok(Check::Any);
        }
        Ok(Check::Equals {
            value: value(node)?,
            original: string(node)?,
        })
    }

    pub(super) fn check_bytes(&self, node: &Node) -> Result<CheckBytes> {
        if is_star(node) {
            return Ok(Check::Any);
        }
        Ok(Check::Equals {
            value: self.tree(node)?,
            original: node.json.clone(),
        })
    }

    pub(super) fn check_bytes_list(&self, node: &Node) -> Result<Vec<CheckBytes>> {
        list(node, "not a JSON list")?
            .iter()
            .map(|item| self.check_bytes(item))
            .collect()
    }
}
