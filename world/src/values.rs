//! Values of commands, in the syntax of scenarios.

use std::path::Path;

use arwen_interface::{ADDRESS_LEN, Bytes};
use arwen_scenario::expr::{Hint, Interpreter, exact, hex};
use arwen_scenario::files::Files;
use arwen_scenario::json::Json;

use crate::WorldError;

/// A value, and a text for it that any scenario may contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub bytes: Bytes,
    text: String,
}

impl Value {
    /// The text as a scenario has it.
    pub fn json(&self) -> Json {
        Json::str(&self.text)
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Files as the operating system finds them; a command has no scenario that they could be relative to.
struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Result<Bytes, String> {
        std::fs::read(Path::new(path)).map_err(|error| format!("open {path}: {error}"))
    }
}

fn error(what: &str, text: &str, reason: impl Into<String>) -> WorldError {
    WorldError::Value {
        what: what.to_owned(),
        text: text.to_owned(),
        reason: reason.into(),
    }
}

/// Evaluates an expression. `what` names it in errors.
pub(crate) fn value(what: &str, text: &str) -> Result<Value, WorldError> {
    let bytes = Interpreter::new(&Disk)
        .string(text)
        .map_err(|reason| error(what, text, reason.to_string()))?;
    // What depends on files, or cannot stand in a scenario, is kept as its value.
    let keeps = is_plain(text) && !text.contains("file:") && !text.contains("mxsc:");
    let text = match keeps {
        true => text.to_owned(),
        false => exact(&bytes, Hint::None),
    };
    Ok(Value { bytes, text })
}

/// Evaluates expressions; errors count them from 1.
pub(crate) fn values(what: &str, texts: &[String]) -> Result<Vec<Value>, WorldError> {
    let numbered = texts.iter().enumerate();
    numbered
        .map(|(index, text)| value(&format!("{what} {}", index + 1), text))
        .collect()
}

/// Evaluates the expression of an address.
pub(crate) fn address(what: &str, text: &str) -> Result<Value, WorldError> {
    let address = value(what, text)?;
    match address.bytes.len() {
        ADDRESS_LEN => Ok(address),
        length => Err(error(
            what,
            text,
            format!(
                "an address has {ADDRESS_LEN} bytes, and this has {length}; write address:NAME or sc:NAME"
            ),
        )),
    }
}

/// `NAME=AMOUNT`, or `NAME#NONCE=AMOUNT` for an instance: a token's identifier, nonce and amount, each an expression.
pub(crate) fn tokens(what: &str, text: &str) -> Result<[Value; 3], WorldError> {
    let (token, amount) = text
        .rsplit_once('=')
        .ok_or_else(|| error(what, text, "write TOKEN=AMOUNT, or TOKEN#NONCE=AMOUNT"))?;
    let (identifier, nonce) = token.split_once('#').unwrap_or((token, "0"));
    let identifier = match value(what, identifier) {
        // A name by itself means its letters.
        Err(_) => value(what, &format!("str:{identifier}"))?,
        Ok(identifier) => identifier,
    };
    Ok([identifier, value(what, nonce)?, value(what, amount)?])
}

/// A name that stands in a scenario as it is: a function, the id of a transaction.
pub(crate) fn name(what: &str, text: &str) -> Result<Json, WorldError> {
    match is_plain(text) {
        true => Ok(Json::str(text)),
        false => Err(error(
            what,
            text,
            "a scenario cannot name it; quotes, backslashes and control characters have no escapes there",
        )),
    }
}

/// Whether a text stands in a scenario as it is.
fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| matches!(c, '"' | '\\') || c.is_control())
}

/// Code as a scenario has it.
pub(crate) fn code(code: &[u8]) -> Json {
    Json::Str(format!("0x{}", hex(code)))
}
