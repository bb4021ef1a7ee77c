//! Where the code of a module comes from: its functions, their names and, from DWARF, source lines.
//!
//! Offsets count bytes from the start of the module, as errors and traps of the engine do. DWARF counts from the start
//! of the code section's contents; the difference is dealt with here. Reading never fails: of a broken module or of
//! broken debug information it keeps what comes before the break.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};
use arwen_eei::table::host_fns;
use wasmparser::{ExternalKind, KnownCustom, Name, Parser, Payload, TypeRef};

type Bytes<'w> = EndianSlice<'w, LittleEndian>;

/// The functions of a module and their source.
pub struct SourceMap<'w> {
    /// How many functions are imported: the index of the first one with a body.
    imported: u32,
    /// Body of function `imported + i`, without the size before it: local declarations and operators.
    bodies: Vec<Range<u64>>,
    names: BTreeMap<u32, String>,
    /// Start of the code section's contents: what DWARF calls address 0.
    code: u64,
    lines: Option<Context<Bytes<'w>>>,
}

/// A line of source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceLine {
    /// Path as the compiler recorded it.
    pub file: String,
    /// Number, from 1.
    pub line: u32,
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// An operator, as people find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePlace {
    /// Its function.
    pub function: String,
    /// Bytes from the start of the module.
    pub offset: u32,
    /// The line it was compiled from, when the module says so.
    pub line: Option<SourceLine>,
}

impl fmt::Display for SourcePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" at {:#x}", self.function, self.offset)?;
        match &self.line {
            Some(line) => write!(f, " ({line})"),
            None => Ok(()),
        }
    }
}

/// The name of a host function, by number.
pub fn host_function_name(id: u32) -> String {
    let known = host_fns().find(|(known, _)| known.0 == id);
    known.map_or_else(|| format!("host function {id}"), |(_, row)| row.name.to_owned())
}

impl<'w> SourceMap<'w> {
    /// Reads the functions, names and debug information of a module.
    pub fn read(wasm: &'w [u8]) -> Self {
        let mut map = Self {
            imported: 0,
            bodies: Vec::new(),
            names: BTreeMap::new(),
            code: 0,
            lines: None,
        };
        let mut exported = BTreeMap::new();
        let mut debug = BTreeMap::new();
        for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
            match payload {
                Payload::ImportSection(section) => {
                    for import in section.into_imports().map_while(Result::ok) {
                        if let TypeRef::Func(_) = import.ty {
                            let name = format!("{}.{}", import.module, import.name);
                            map.names.insert(map.imported, name);
                            map.imported += 1;
                        }
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section.into_iter().map_while(Result::ok) {
                        if export.kind == ExternalKind::Func {
                            exported.entry(export.index).or_insert(export.name);
                        }
                    }
                }
                Payload::CodeSectionStart { unchecked_range, .. } => map.code = unchecked_range.start,
                Payload::CodeSectionEntry(body) => map.bodies.push(body.range()),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        map.function_names(names);
                    } else if section.name().starts_with(".debug_") {
                        debug.insert(section.name(), section.data());
                    }
                }
                _ => {}
            }
        }
        for (index, name) in exported {
            map.names.entry(index).or_insert_with(|| name.to_owned());
        }
        map.lines = dwarf(&debug);
        map
    }

    fn function_names(&mut self, names: wasmparser::NameSectionReader<'_>) {
        for name in names.map_while(Result::ok) {
            if let Name::Function(functions) = name {
                for naming in functions.into_iter().map_while(Result::ok) {
                    // Imports keep the name by which the host knows them.
                    self.names
                        .entry(naming.index)
                        .or_insert_with(|| naming.name.to_owned());
                }
            }
        }
    }

    /// Whether the module has debug information that could be read.
    pub fn has_lines(&self) -> bool {
        self.lines.is_some()
    }

    /// The bodies with the indices of their functions, in the order of the module.
    pub fn bodies(&self) -> impl Iterator<Item = (u32, Range<u64>)> {
        (self.imported..).zip(self.bodies.iter().cloned())
    }

    /// The function whose body holds an offset.
    pub fn function_at(&self, offset: u64) -> Option<u32> {
        let after = self.bodies.partition_point(|body| body.start <= offset);
        let position = after.checked_sub(1)?;
        let body = self.bodies.get(position)?;
        body.contains(&offset)
            .then(|| self.imported + u32::try_from(position).unwrap_or(u32::MAX))
    }

    /// The name of a function: as imported, else from the name section, else as exported, else `function N`.
    pub fn function_name(&self, index: u32) -> String {
        match self.names.get(&index) {
            Some(name) => name.clone(),
            None => format!("function {index}"),
        }
    }

    /// An operator of a function, with its name and line.
    pub fn place(&self, function: u32, offset: u32) -> SourcePlace {
        SourcePlace {
            function: self.function_name(function),
            offset,
            line: self.line_at(offset.into()),
        }
    }

    /// The line that the operator at an offset was compiled from.
    pub fn line_at(&self, offset: u64) -> Option<SourceLine> {
        let address = offset.checked_sub(self.code)?;
        let location = self.lines.as_ref()?.find_location(address).ok()??;
        source_line(location.file, location.line)
    }

    /// Every stretch of code in a range of offsets that has a line, in the order of the code. Empty without debug
    /// information.
    pub fn lines_in(&self, range: Range<u64>) -> Vec<(Range<u64>, SourceLine)> {
        let (Some(lines), Some(low), Some(high)) = (
            &self.lines,
            range.start.checked_sub(self.code),
            range.end.checked_sub(self.code),
        ) else {
            return Vec::new();
        };
        let Ok(found) = lines.find_location_range(low, high) else {
            return Vec::new();
        };
        found
            .filter_map(|(start, length, location)| {
                let start = start.checked_add(self.code)?;
                let line = source_line(location.file, location.line)?;
                Some((start..start.checked_add(length)?, line))
            })
            .collect()
    }
}

/// Line 0 is how a compiler says that code comes from no line.
fn source_line(file: Option<&str>, line: Option<u32>) -> Option<SourceLine> {
    Some(SourceLine {
        file: file?.to_owned(),
        line: line.filter(|line| *line > 0)?,
    })
}

fn dwarf<'w>(sections: &BTreeMap<&str, &'w [u8]>) -> Option<Context<Bytes<'w>>> {
    if !sections.contains_key(SectionId::DebugLine.name()) {
        return None;
    }
    let load = |id: SectionId| -> Result<_, addr2line::gimli::Error> {
        let bytes = sections.get(id.name()).copied().unwrap_or_default();
        Ok(EndianSlice::new(bytes, LittleEndian))
    };
    Context::from_dwarf(Dwarf::load(load).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::{SourceLine, SourceMap};

    const LINES: &[u8] = include_bytes!("../../cli/tests/data/lines.wasm");

    fn line(line: u32) -> SourceLine {
        SourceLine {
            file: "./lines.c".to_owned(),
            line,
        }
    }

    #[test]
    fn functions_have_names_bodies_and_lines() {
        let map = SourceMap::read(LINES);
        assert!(map.has_lines());
        let names: Vec<String> = (0..5).map(|index| map.function_name(index)).collect();
        assert_eq!(
            names,
            [
                "env.int64getArgument",
                "env.int64finish",
                "ratio",
                "divide",
                "function 4"
            ]
        );
        for (index, body) in map.bodies() {
            assert_eq!(map.function_at(body.start), Some(index));
            assert_eq!(map.function_at(body.end - 1), Some(index));
            assert_ne!(map.function_at(body.end), Some(index));
        }
    }

    #[test]
    fn the_line_of_a_trap_is_the_line_of_its_operator() {
        const I64_DIV_S: u8 = 0x7f;
        let map = SourceMap::read(LINES);
        let (_, divide) = map
            .bodies()
            .find(|(index, _)| map.function_name(*index) == "divide")
            .expect("divide");
        let at = divide
            .clone()
            .rfind(|at| LINES[usize::try_from(*at).expect("small")] == I64_DIV_S)
            .expect("a division");
        assert_eq!(map.line_at(at), Some(line(13)));
        let lines: Vec<SourceLine> = map
            .lines_in(divide.clone())
            .into_iter()
            .map(|(_, line)| line)
            .collect();
        assert!(
            lines.contains(&line(12)) && lines.contains(&line(13)),
            "{lines:?}"
        );
        assert_eq!(map.line_at(0), None);
    }

    #[test]
    fn broken_modules_and_broken_debug_information_are_read_as_far_as_they_go() {
        for cut in 0..LINES.len() {
            let map = SourceMap::read(&LINES[..cut]);
            assert!(map.bodies().count() <= 2);
        }
        for at in 0..LINES.len() {
            let mut wasm = LINES.to_vec();
            wasm[at] ^= 0x55;
            let map = SourceMap::read(&wasm);
            for (_, body) in map.bodies() {
                map.lines_in(body);
            }
        }
    }
}
