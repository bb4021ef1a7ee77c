//! What people call the parts of a recording.

use arwen_scenario::expr::{Hint, exact};

use crate::record::{Part, Recorder};
use crate::source_map::{SourceMap, host_function_name};

/// Names for everything in a recording.
pub(super) struct Names<'r> {
    /// Of each contract, its functions and lines.
    sources: Vec<SourceMap<'r>>,
    /// Of each contract, what to put before the names of its functions; nothing when there is only one.
    prefixes: Vec<String>,
}

impl<'r> Names<'r> {
    pub fn of(recorder: &'r Recorder) -> Self {
        let contracts = recorder.contracts();
        let prefix = |address: &[u8]| match contracts.len() {
            0 | 1 => String::new(),
            _ => format!("{} ", exact(address, Hint::Address)),
        };
        Self {
            sources: contracts
                .iter()
                .map(|code| SourceMap::read(code.module.wasm()))
                .collect(),
            prefixes: contracts.iter().map(|code| prefix(&code.address)).collect(),
        }
    }

    /// The name of a part.
    pub fn part(&self, part: &Part) -> String {
        let name = match part {
            Part::Call { address, function } => {
                let function = String::from_utf8_lossy(function);
                match address.is_empty() {
                    true => format!("deployment: {function}"),
                    false => format!("{}: {function}", exact(address, Hint::Address)),
                }
            }
            Part::Function { contract, index } => self.function(*contract, *index),
            Part::Host(id) => host_function_name(*id),
            Part::Builtin(name) => format!("built-in {}", String::from_utf8_lossy(name)),
            other => super::use_of(other).to_owned(),
        };
        plain(&name)
    }

    fn function(&self, contract: usize, index: u32) -> String {
        match (self.prefixes.get(contract), self.sources.get(contract)) {
            (Some(prefix), Some(source)) => format!("{prefix}{}", source.function_name(index)),
            _ => format!("function {index}"),
        }
    }

    /// The line of an operator; where it has none, its function.
    pub fn line(&self, contract: usize, offset: u32) -> String {
        let Some(source) = self.sources.get(contract) else {
            return format!("offset {offset:#x}");
        };
        match (source.line_at(offset.into()), source.function_at(offset.into())) {
            (Some(line), _) => plain(&line.to_string()),
            (None, Some(function)) => plain(&self.function(contract, function)),
            (None, None) => format!("offset {offset:#x}"),
        }
    }

    /// File and line where a function begins.
    pub fn place(&self, part: &Part) -> Option<(String, u32)> {
        let Part::Function { contract, index } = part else {
            return None;
        };
        let source = self.sources.get(*contract)?;
        let (_, body) = source.bodies().find(|(function, _)| function == index)?;
        let line = source.lines_in(body).into_iter().map(|(_, line)| line).min()?;
        Some((line.file, line.line))
    }
}

/// A name as text. Whoever wrote a module or a call chose it, so what a terminal, a line or a graph would take for more
/// than text is replaced.
fn plain(name: &str) -> String {
    name.replace(char::is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_text_whatever_is_called() {
        let names = Names {
            sources: Vec::new(),
            prefixes: Vec::new(),
        };
        let call = |address: &[u8], function: &[u8]| {
            names.part(&Part::Call {
                address: address.to_vec(),
                function: function.to_vec(),
            })
        };
        let mut address = [0x11; 32];
        address[..8].fill(0);
        let hex = format!("0x{}{}", "00".repeat(8), "11".repeat(24));
        assert_eq!(call(&address, b"f"), format!("{hex}: f"));
        assert_eq!(
            call(&[], b"a\nb\x1b[31m\xff"),
            "deployment: a\u{fffd}b\u{fffd}[31m\u{fffd}"
        );
    }
}
