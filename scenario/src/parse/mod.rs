//! From a file's text to the model. Unknown fields are errors everywhere.

mod accounts;
mod check;
mod esdt;
mod steps;
mod tx;
mod values;

use std::num::NonZeroU32;

use arwen_interface::ADDRESS_LEN;

use crate::expr::Interpreter;
use crate::files::Files;
use crate::json::{self, Entry, Json, Node, Pos};
use crate::model::{GasSchedule, Scenario, Written};
use arwen_interface::Bytes;

/// More shards could not be told apart by the last byte of an address.
pub const MAX_SHARDS: NonZeroU32 = NonZeroU32::new(256).expect("not zero");

/// Why a file is no scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// Where, in the file.
    pub pos: Pos,
    /// What is wrong, in the reference's words.
    pub message: String,
}

impl ParseError {
    fn new(pos: Pos, message: impl Into<String>) -> Self {
        Self {
            pos,
            message: message.into(),
        }
    }
}

type Result<T, E = ParseError> = std::result::Result<T, E>;

/// Puts an error into context.
trait Context<T> {
    /// `context: message`.
    fn context(self, context: &str) -> Result<T>;
    /// `message` alone: the reference drops the cause.
    fn or_say(self, message: &str) -> Result<T>;
}

impl<T> Context<T> for Result<T> {
    fn context(self, context: &str) -> Self {
        self.map_err(|error| ParseError::new(error.pos, format!("{context}: {}", error.message)))
    }

    fn or_say(self, message: &str) -> Self {
        self.map_err(|error| ParseError::new(error.pos, message))
    }
}

/// Reads scenarios whose paths are relative to where `files` begins.
pub struct Parser<'a> {
    interpreter: Interpreter<'a>,
}

impl<'a> Parser<'a> {
    /// A parser.
    pub fn new(files: &'a dyn Files) -> Self {
        Self {
            interpreter: Interpreter::new(files),
        }
    }

    /// Parses a file.
    ///
    /// # Errors
    /// The first mistake in the file, and where it is.
    pub fn scenario(&self, text: &str) -> Result<Scenario> {
        let top = json::parse(text).map_err(|error| ParseError::new(error.pos, error.message))?;
        let mut scenario = Scenario {
            name: String::new(),
            comment: String::new(),
            check_gas: true,
            gas_schedule: GasSchedule::Default,
            shards: NonZeroU32::MIN,
            steps: Vec::new(),
        };
        for Entry { pos, key, value } in map(&top, "unmarshalled test top level object is not a map")? {
            match key.as_str() {
                "name" => scenario.name = string(value).context("bad scenario name")?,
                "comment" => scenario.comment = string(value).context("bad scenario comment")?,
                "checkGas" => scenario.check_gas = boolean(value, "scenario checkGas flag is not boolean")?,
                "traceGas" => drop(boolean(value, "scenario traceGas flag is not boolean")?),
                "gasSchedule" => {
                    scenario.gas_schedule = gas_schedule(value).context("bad scenario gasSchedule")?;
                }
                "shards" => {
                    let shards = self.u64(value).context("bad scenario shards")?;
                    scenario.shards = u32::try_from(shards)
                        .ok()
                        .and_then(NonZeroU32::new)
                        .filter(|shards| *shards <= MAX_SHARDS)
                        .ok_or_else(|| {
                            ParseError::new(value.pos, format!("bad scenario shards: not 1 to {MAX_SHARDS}"))
                        })?;
                }
                "steps" => scenario.steps = self.steps(value).context("error processing steps")?,
                _ => return Err(ParseError::new(*pos, format!("unknown scenario field: {key}"))),
            }
        }
        Ok(scenario)
    }

    /// An account address: an expression of 32 bytes.
    fn address(&self, text: &str, pos: Pos) -> Result<Written<Bytes>> {
        if text.is_empty() {
            return Err(ParseError::new(pos, "missing account address"));
        }
        let value = self.eval(text, pos)?;
        if value.len() != ADDRESS_LEN {
            return Err(ParseError::new(pos, "account address is not 32 bytes in length"));
        }
        Ok(Written {
            value,
            original: text.to_owned(),
        })
    }
}

fn gas_schedule(node: &Node) -> Result<GasSchedule> {
    let name = string(node).context("gasSchedule type not a string")?;
    GasSchedule::from_name(&name)
        .ok_or_else(|| ParseError::new(node.pos, format!("invalid gasSchedule: {name}")))
}

fn map<'n>(node: &'n Node, otherwise: &str) -> Result<&'n [Entry]> {
    match &node.json {
        Json::Map(entries) => Ok(entries),
        _ => Err(ParseError::new(node.pos, otherwise)),
    }
}

fn list<'n>(node: &'n Node, otherwise: &str) -> Result<&'n [Node]> {
    match &node.json {
        Json::List(items) => Ok(items),
        _ => Err(ParseError::new(node.pos, otherwise)),
    }
}

fn string(node: &Node) -> Result<String> {
    match &node.json {
        Json::Str(text) => Ok(text.clone()),
        _ => Err(ParseError::new(node.pos, "not a string value")),
    }
}

fn strings(node: &Node) -> Result<Vec<String>> {
    list(node, "not a JSON list")?.iter().map(string).collect()
}

fn boolean(node: &Node, otherwise: &str) -> Result<bool> {
    match node.json {
        Json::Bool(value) => Ok(value),
        _ => Err(ParseError::new(node.pos, otherwise)),
    }
}

fn is_star(node: &Node) -> bool {
    matches!(&node.json, Json::Str(text) if text == "*")
}

#[cfg(test)]
mod tests;
