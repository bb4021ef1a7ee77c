//! Coverage: which code of the contracts ran, as an lcov file.
//!
//! Where a module has debug information, a line of source counts the operators compiled from it: it ran as often as the
//! one that ran most often. Functions are counted by their entries. Code without debug information has no lines; then
//! the module stands in for the source file, under the name `wasm:` and the start of its hash, and the byte offset of an
//! operator for its line.

use std::collections::BTreeMap;
use std::fmt::Write;

use arwen_engine::ChargedOperator;

use crate::record::{Contract, Part, Recorder, Tree};
use crate::source_map::SourceMap;

/// What is known of one source file.
#[derive(Default)]
struct File {
    /// By name: first line, entries.
    functions: BTreeMap<String, (u32, u64)>,
    /// By number: how often it ran.
    lines: BTreeMap<u32, u64>,
}

/// The coverage of everything that was recorded, in the format of lcov's tracefiles.
pub fn lcov(recorders: &[Recorder]) -> String {
    let mut by_hash: BTreeMap<&[u8], Recorded<'_>> = BTreeMap::new();
    for recorder in recorders {
        for (contract, code) in recorder.contracts().iter().enumerate() {
            let recorded = by_hash.entry(&code.hash).or_default();
            recorded.codes.push(code);
            recorded.add_entries(recorder, contract);
        }
    }
    let mut files: BTreeMap<String, File> = BTreeMap::new();
    for recorded in by_hash.values() {
        recorded.add_to(&mut files);
    }
    let mut out = String::new();
    for (name, file) in &files {
        file.write(name, &mut out);
    }
    out
}

/// One code in all recordings.
#[derive(Default)]
struct Recorded<'r> {
    codes: Vec<&'r Contract>,
    /// How often each function was entered.
    entries: BTreeMap<u32, u64>,
}

impl Recorded<'_> {
    fn add_entries(&mut self, recorder: &Recorder, contract: usize) {
        recorder.tree().walk(Tree::ROOT, &mut |_, node| match node.part {
            Part::Function { contract: of, index } if of == contract => {
                *self.entries.entry(index).or_insert(0) += node.count;
            }
            _ => {}
        });
    }

    fn add_to(&self, files: &mut BTreeMap<String, File>) {
        let Some(code) = self.codes.first() else { return };
        let source = SourceMap::read(code.module.wasm());
        let hash: String = code
            .hash
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let module = format!("wasm:{hash}");
        let charged = code.module.charged_operators();
        let mut operators: Vec<&ChargedOperator> = charged.iter().collect();
        operators.sort_by_key(|operator| operator.offset);
        let mut last_function = None;
        for operator in operators {
            let (name, line) = match source.line_at(operator.offset.into()) {
                Some(line) => (line.file, line.line),
                // In a module that has lines, code that comes from none was written by nobody.
                None if source.has_lines() => continue,
                None => (module.clone(), operator.offset),
            };
            let file = files.entry(name).or_default();
            let executed = self.codes.iter().map(|code| code.executed(operator.offset)).sum();
            let count = file.lines.entry(line).or_insert(0);
            *count = (*count).max(executed);
            if last_function.replace(operator.function) != Some(operator.function) {
                let entered = self.entries.get(&operator.function).copied().unwrap_or(0);
                let name = source.function_name(operator.function);
                file.functions.entry(name).or_insert((line, 0)).1 += entered;
            }
        }
    }
}

impl File {
    fn write(&self, name: &str, out: &mut String) {
        let hit = |counts: &mut dyn Iterator<Item = u64>| counts.filter(|count| *count > 0).count();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "SF:{name}");
        for (name, (line, _)) in &self.functions {
            let _ = writeln!(out, "FN:{line},{name}");
        }
        for (name, (_, entries)) in &self.functions {
            let _ = writeln!(out, "FNDA:{entries},{name}");
        }
        let entered = hit(&mut self.functions.values().map(|function| function.1));
        let _ = writeln!(out, "FNF:{}\nFNH:{entered}", self.functions.len());
        for (line, count) in &self.lines {
            let _ = writeln!(out, "DA:{line},{count}");
        }
        let ran = hit(&mut self.lines.values().copied());
        let _ = writeln!(out, "LF:{}\nLH:{ran}\nend_of_record", self.lines.len());
    }
}
