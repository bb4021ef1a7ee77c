//! Value expressions: how scenario files write bytes.

mod address;
mod number;
mod reconstruct;

pub(crate) use address::contract_by_name;
pub(crate) use number::minimal_unsigned;
pub use reconstruct::{Hint, exact, hex, reconstruct};

use crate::files::Files;
use crate::json::Json;
use crate::world::CONTRACT_LEADING_ZEROS;
use arwen_interface::Bytes;
use sha3::{Digest, Keccak256};

/// Nested `keccak256:` and `nested:` deeper than this are refused; a bound on recursion, not part of the format.
const MAX_DEPTH: usize = 200;

/// Why an expression has no value. The texts are the reference's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ExprError(pub String);

impl ExprError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// Evaluates expressions; paths in them are relative to where the scenario lies.
#[derive(Clone, Copy)]
pub struct Interpreter<'a> {
    files: &'a dyn Files,
}

impl<'a> Interpreter<'a> {
    /// An interpreter that reads files through `files`.
    pub fn new(files: &'a dyn Files) -> Self {
        Self { files }
    }

    /// The value of a JSON subtree: of lists the concatenation, of maps the concatenation in key order.
    ///
    /// # Errors
    /// The first string that has no value, or a literal, which never has one.
    pub fn tree(&self, json: &Json) -> Result<Bytes, ExprError> {
        match json {
            Json::Str(text) => self.string(text),
            Json::List(items) => items.iter().try_fold(Bytes::new(), |mut all, item| {
                all.extend(self.tree(&item.json)?);
                Ok(all)
            }),
            Json::Map(entries) => {
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_by(|a, b| a.key.cmp(&b.key));
                sorted.into_iter().try_fold(Bytes::new(), |mut all, entry| {
                    all.extend(self.tree(&entry.value.json)?);
                    Ok(all)
                })
            }
            Json::Bool(_) => Err(ExprError::new("cannot interpret given JSON subtree as value")),
        }
    }

    /// The value of one string.
    ///
    /// # Errors
    /// With the reference's text.
    pub fn string(&self, text: &str) -> Result<Bytes, ExprError> {
        self.eval(text, 0)
    }

    fn eval(&self, text: &str, depth: usize) -> Result<Bytes, ExprError> {
        if depth > MAX_DEPTH {
            return Err(ExprError::new(format!(
                "expression nested deeper than {MAX_DEPTH} levels"
            )));
        }
        if text.is_empty() {
            return Ok(Bytes::new());
        }
        // These two take the whole rest, `|` included.
        if let Some(path) = text.strip_prefix("file:") {
            return self.file(path);
        }
        if let Some(path) = text.strip_prefix("mxsc:") {
            return self.artifact(path);
        }
        if let Some(rest) = text.strip_prefix("keccak256:") {
            let argument = self
                .eval(rest, depth + 1)
                .map_err(|error| ExprError(format!("cannot parse keccak256 argument: {error}")))?;
            return Ok(Keccak256::digest(argument).to_vec());
        }
        if text.contains('|') {
            return text.split('|').try_fold(Bytes::new(), |mut all, part| {
                all.extend(self.eval(part, depth + 1)?);
                Ok(all)
            });
        }
        match text {
            "false" => return Ok(Bytes::new()),
            "true" => return Ok(vec![1]),
            _ => {}
        }
        if let Some(raw) = ["str:", "``", "''"]
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
        {
            return Ok(raw.as_bytes().to_vec());
        }
        if let Some(name) = text.strip_prefix("address:") {
            return address::from_name(name, 0);
        }
        if let Some(name) = text.strip_prefix("sc:") {
            return address::from_name(name, CONTRACT_LEADING_ZEROS);
        }
        if let Some(encoded) = text.strip_prefix("bech32:") {
            return address::from_bech32(encoded);
        }
        if let Some(rest) = text.strip_prefix("nested:") {
            return number::with_length(self.eval(rest, depth + 1)?);
        }
        number::evaluate(text)
    }

    fn file(&self, path: &str) -> Result<Bytes, ExprError> {
        if path.is_empty() {
            return Ok(Bytes::new());
        }
        self.files.read(path).map_err(ExprError)
    }

    /// The code in a contract artefact: a JSON object with the hex field `code`.
    fn artifact(&self, path: &str) -> Result<Bytes, ExprError> {
        let bytes = self.files.read(path).map_err(ExprError)?;
        let value: serde_json::Value = serde_json::from_slice(&bytes)
            .map_err(|error| ExprError(format!("cannot parse artifact {path}: {error}")))?;
        let code = value.get("code").and_then(serde_json::Value::as_str);
        let code = code.ok_or_else(|| ExprError(format!("artifact {path} has no text field `code`")))?;
        number::decode_hex(code)
    }
}

#[cfg(test)]
mod tests;
