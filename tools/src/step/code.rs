//! The code that a run meets, as people know it: names, lines, operators.

use std::collections::{BTreeMap, BTreeSet};

use arwen_engine::Module;
use arwen_interface::Bytes;
use arwen_metering::Op;
use wasmparser::{BinaryReader, MemArg, Operator as O, OperatorsReader};

use crate::record::{CodePlace, Recorder};
use crate::source_map::{SourceMap, SourcePlace};

/// Every contract's code.
pub(super) struct Codes<'r> {
    codes: Vec<Code<'r>>,
    by_hash: BTreeMap<&'r Bytes, usize>,
}

pub(super) struct Code<'r> {
    module: &'r Module,
    source: SourceMap<'r>,
}

/// An operator of one of the codes.
pub(super) type CodeAndOffset = (usize, u32);

impl<'r> Codes<'r> {
    pub fn of(recorder: &'r Recorder) -> Self {
        let contracts = recorder.contracts();
        let code = |module: &'r Module| Code {
            module,
            source: SourceMap::read(module.wasm()),
        };
        Self {
            codes: contracts.iter().map(|contract| code(&contract.module)).collect(),
            by_hash: contracts
                .iter()
                .zip(0..)
                .map(|(contract, index)| (&contract.hash, index))
                .collect(),
        }
    }

    /// Which code has a hash.
    pub fn find(&self, hash: &[u8]) -> Option<usize> {
        self.by_hash.get(&hash.to_vec()).copied()
    }

    pub fn get(&self, code: usize) -> Option<&Code<'r>> {
        self.codes.get(code)
    }

    /// The functions with bodies that have a name, by code.
    pub fn functions_named(&self, name: &str) -> BTreeSet<(usize, u32)> {
        let all = self.functions();
        all.filter(|(_, known)| known == name)
            .map(|(function, _)| function)
            .collect()
    }

    /// The functions whose names contain a text.
    pub fn functions_like(&self, text: &str) -> BTreeSet<String> {
        let all = self.functions().map(|(_, name)| name);
        all.filter(|name| name.contains(text)).collect()
    }

    fn functions(&self) -> impl Iterator<Item = ((usize, u32), String)> {
        self.codes
            .iter()
            .enumerate()
            .flat_map(|(code, Code { source, .. })| {
                source
                    .bodies()
                    .map(move |(function, _)| ((code, function), source.function_name(function)))
            })
    }

    /// The places where the code of a line begins, in every code. The file counts by the end of its path.
    pub fn line(&self, file: &str, line: u32) -> BTreeSet<CodeAndOffset> {
        let mut found = BTreeSet::new();
        for (code, Code { source, .. }) in self.codes.iter().enumerate() {
            for (_, body) in source.bodies() {
                for (range, at) in source.lines_in(body) {
                    let same_file = at.file == file || at.file.ends_with(&format!("/{file}"));
                    if same_file && at.line == line {
                        found.insert((code, u32::try_from(range.start).unwrap_or(u32::MAX)));
                    }
                }
            }
        }
        found
    }

    /// The codes that have a function around an offset.
    pub fn with_offset(&self, offset: u32) -> BTreeSet<CodeAndOffset> {
        let within = |code: &Code<'_>| code.source.function_at(offset.into()).is_some();
        let all = self.codes.iter().enumerate();
        all.filter(|(_, code)| within(code))
            .map(|(code, _)| (code, offset))
            .collect()
    }
}

impl Code<'_> {
    pub fn place(&self, place: CodePlace) -> SourcePlace {
        self.source.place(place.function, place.offset)
    }

    /// The operator at an offset, as WebAssembly text has it, with the names of functions.
    pub fn operator(&self, offset: u32) -> String {
        let rest = self.module.wasm().get(offset as usize..).unwrap_or_default();
        let mut reader = OperatorsReader::new(BinaryReader::new(rest, offset.into()));
        // Operators that are run can be read.
        let Ok(operator) = reader.read() else {
            return "?".to_owned();
        };
        let name = text_name(Op::of(&operator).name());
        match self.immediates(&operator) {
            None => name,
            Some(immediates) => format!("{name} {immediates}"),
        }
    }

    fn immediates(&self, operator: &O<'_>) -> Option<String> {
        if let Some(MemArg { offset, .. }) = access(operator) {
            return (offset > 0).then(|| format!("offset={offset}"));
        }
        Some(match operator {
            O::I32Const { value } => value.to_string(),
            O::I64Const { value } => value.to_string(),
            O::LocalGet { local_index } | O::LocalSet { local_index } | O::LocalTee { local_index } => {
                local_index.to_string()
            }
            O::GlobalGet { global_index } | O::GlobalSet { global_index } => global_index.to_string(),
            O::Br { relative_depth } | O::BrIf { relative_depth } => relative_depth.to_string(),
            O::Call { function_index } | O::ReturnCall { function_index } => {
                format!("\"{}\"", self.source.function_name(*function_index))
            }
            O::CallIndirect { type_index, .. } | O::ReturnCallIndirect { type_index, .. } => {
                format!("(type {type_index})")
            }
            _ => return None,
        })
    }
}

/// What a load or store adds to its address.
fn access(operator: &O<'_>) -> Option<MemArg> {
    match operator {
        O::I32Load { memarg }
        | O::I64Load { memarg }
        | O::I32Load8S { memarg }
        | O::I32Load8U { memarg }
        | O::I32Load16S { memarg }
        | O::I32Load16U { memarg }
        | O::I64Load8S { memarg }
        | O::I64Load8U { memarg }
        | O::I64Load16S { memarg }
        | O::I64Load16U { memarg }
        | O::I64Load32S { memarg }
        | O::I64Load32U { memarg }
        | O::I32Store { memarg }
        | O::I64Store { memarg }
        | O::I32Store8 { memarg }
        | O::I32Store16 { memarg }
        | O::I64Store8 { memarg }
        | O::I64Store16 { memarg }
        | O::I64Store32 { memarg } => Some(*memarg),
        _ => None,
    }
}

/// What comes before the dot in the names of operators.
const PREFIXES: [&str; 12] = [
    "i32", "i64", "f32", "f64", "v128", "local", "global", "memory", "table", "ref", "data", "elem",
];

/// `i64.extend_i32_s` for `I64ExtendI32S`.
fn text_name(name: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if !letter.is_ascii_uppercase() => word.push(letter),
            _ => words.push(letter.to_ascii_lowercase().to_string()),
        }
    }
    match words.split_first() {
        Some((first, rest)) if !rest.is_empty() && PREFIXES.contains(&first.as_str()) => {
            format!("{first}.{}", rest.join("_"))
        }
        _ => words.join("_"),
    }
}

#[cfg(test)]
mod tests {
    use super::text_name;

    #[test]
    fn operators_have_their_names_of_the_text_format() {
        for (name, text) in [
            ("I64ExtendI32S", "i64.extend_i32_s"),
            ("I32Load8U", "i32.load8_u"),
            ("LocalGet", "local.get"),
            ("CallIndirect", "call_indirect"),
            ("RefIsNull", "ref.is_null"),
            ("ElemDrop", "elem.drop"),
            ("BrIf", "br_if"),
            ("End", "end"),
        ] {
            assert_eq!(text_name(name), text);
        }
    }
}
