//! What an inspection finds, as data: the JSON output has these fields.

use std::collections::BTreeMap;

use arwen_eei::admission::{Admission, LoadingCost, Reason, Subject};
use arwen_eei::table::{Charged, HostFn};
use arwen_eei::{ExternType, Ruleset, VmSettings};
use arwen_metering::Schedule;
use serde::Serialize;
use wasmparser::{KnownCustom, Operator, Parser, Payload};

use arwen_tools::source_map::SourceMap;

/// The rulesets a module is judged under; the first one decides the exit code.
const RULESETS: [&Ruleset; 2] = [&Ruleset::ARWEN_1_3, &Ruleset::STRICT];

/// Everything about a module.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub file: String,
    pub bytes: usize,
    /// What made it, as the compiler recorded it: `language: C11`.
    pub producers: Vec<String>,
    /// Whether there are lines of source to be shown.
    pub debug_information: bool,
    pub rulesets: Vec<Verdict>,
    pub cost: Cost,
    pub memory: Option<Memory>,
    /// The function that runs when an instance is made.
    pub start: Option<Function>,
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
    pub sections: Vec<Section>,
    /// Those with a body, in the order of the module.
    pub functions: Vec<Function>,
}

/// What a ruleset says.
#[derive(Debug, Serialize)]
pub struct Verdict {
    pub ruleset: &'static str,
    pub deployable: bool,
    pub reasons: Vec<Why>,
}

/// Something that speaks against a deployment.
#[derive(Debug, Serialize)]
pub struct Why {
    /// `code`, `import`, `export` or `instance`.
    pub subject: &'static str,
    pub text: String,
    /// Bytes from the start of the module.
    pub offset: Option<u64>,
    pub function: Option<String>,
    /// `file:line`.
    pub line: Option<String>,
}

/// In gas units, before the contract does anything.
#[derive(Debug, Serialize)]
pub struct Cost {
    pub schedule: String,
    pub deploy: u64,
    pub call: u64,
}

/// In pages of 64 KiB.
#[derive(Debug, Serialize)]
pub struct Memory {
    pub min: u32,
    pub max: Option<u32>,
}

/// A price of a host function.
#[derive(Debug, Serialize)]
pub struct Price {
    /// Its name in the schedule.
    pub key: &'static str,
    /// In gas units.
    pub gas: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Import {
    pub module: String,
    pub name: String,
    /// Parameters and results of a function, or what else it is.
    pub kind: String,
    /// How many call operators name it.
    pub calls: u64,
    /// What a call costs besides prices per byte; empty for what is no host function.
    pub prices: Vec<Price>,
    /// Whether the prices are paid in between, not first.
    pub paid_within: bool,
}

#[derive(Debug, Serialize)]
pub struct Export {
    pub name: String,
    pub kind: String,
}

#[derive(Debug, Serialize)]
pub struct Section {
    pub name: String,
    /// Of its contents, from the start of the module.
    pub offset: u64,
    /// Of its contents.
    pub bytes: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Function {
    /// Counted with the imported ones.
    pub index: u32,
    pub name: String,
    pub offset: u64,
    pub bytes: u64,
    /// `file:line` of its beginning.
    pub line: Option<String>,
}

impl Report {
    /// Inspects a module; of a broken one, what can be read.
    pub fn new(file: &str, wasm: &[u8], (name, schedule): (&str, &Schedule)) -> Self {
        let map = SourceMap::read(wasm);
        let builtin_names = VmSettings::default().builtin_function_names;
        let admissions = RULESETS.map(|rules| (rules, Admission::new(rules, wasm, &builtin_names)));
        let scan = Scan::of(wasm);
        let loading = LoadingCost::of(wasm.len(), schedule);
        let functions: Vec<Function> = map
            .bodies()
            .map(|(index, body)| Function {
                index,
                name: map.function_name(index),
                offset: body.start,
                bytes: body.end - body.start,
                line: map.line_at(body.start).map(|line| line.to_string()),
            })
            .collect();
        let [(_, admission), _] = &admissions;
        Self {
            file: file.to_owned(),
            bytes: wasm.len(),
            producers: scan.producers,
            debug_information: map.has_lines(),
            cost: Cost {
                schedule: name.to_owned(),
                deploy: loading.deploy,
                call: loading.call,
            },
            memory: scan.memory,
            start: scan
                .start
                .and_then(|start| functions.iter().find(|function| function.index == start))
                .cloned(),
            imports: imports(admission, schedule, &scan.calls),
            exports: admission
                .exports
                .iter()
                .map(|export| Export {
                    name: export.name.to_owned(),
                    kind: kind(&export.ty),
                })
                .collect(),
            sections: scan.sections,
            functions,
            rulesets: admissions
                .iter()
                .map(|(rules, admission)| Verdict {
                    ruleset: rules.name,
                    deployable: admission.reasons.is_empty(),
                    reasons: admission.reasons.iter().map(|reason| why(reason, &map)).collect(),
                })
                .collect(),
        }
    }

    /// Whether the first ruleset has nothing against it.
    pub fn deployable(&self) -> bool {
        self.rulesets.first().is_some_and(|verdict| verdict.deployable)
    }
}

fn why(reason: &Reason, map: &SourceMap<'_>) -> Why {
    Why {
        subject: match reason.subject {
            Subject::Code => "code",
            Subject::Import => "import",
            Subject::Export => "export",
            Subject::Instance => "instance",
        },
        text: reason.text.clone(),
        offset: reason.offset,
        function: reason.function.map(|index| map.function_name(index)),
        line: reason
            .offset
            .filter(|_| reason.function.is_some())
            .and_then(|offset| map.line_at(offset))
            .map(|line| line.to_string()),
    }
}

fn kind(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(ty) => ty.to_string(),
        ExternType::Memory(_) => "memory".to_owned(),
        ExternType::Table(_) => "table".to_owned(),
        ExternType::Global(ty) if ty.mutable => format!("mutable global {}", ty.content),
        ExternType::Global(ty) => format!("global {}", ty.content),
    }
}

fn imports(admission: &Admission<'_>, schedule: &Schedule, calls: &BTreeMap<u32, u64>) -> Vec<Import> {
    let mut functions = 0;
    let mut list = Vec::new();
    for (import, row) in &admission.imports {
        let is_function = matches!(import.ty, ExternType::Func(_));
        let row: Option<&HostFn> = row.filter(|_| is_function && import.module == "env");
        list.push(Import {
            module: import.module.to_owned(),
            name: import.name.to_owned(),
            kind: kind(&import.ty),
            calls: if is_function {
                calls.get(&functions).copied().unwrap_or(0)
            } else {
                0
            },
            prices: row
                .iter()
                .flat_map(|row| row.gas)
                .map(|key| Price {
                    key: key.name(),
                    gas: schedule.cost(*key),
                })
                .collect(),
            paid_within: row.is_some_and(|row| row.charged == Charged::Within),
        });
        functions += u32::from(is_function);
    }
    list
}

/// What the sections alone tell.
#[derive(Default)]
struct Scan {
    sections: Vec<Section>,
    producers: Vec<String>,
    memory: Option<Memory>,
    start: Option<u32>,
    /// Function → how many call operators name it.
    calls: BTreeMap<u32, u64>,
}

impl Scan {
    fn of(wasm: &[u8]) -> Self {
        let mut scan = Self::default();
        for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
            if let Some((id, range)) = payload.as_section() {
                scan.sections.push(Section {
                    name: section_name(id, &payload),
                    offset: range.start,
                    bytes: range.end - range.start,
                });
            }
            match &payload {
                Payload::MemorySection(memories) => {
                    let pages = |pages: u64| u32::try_from(pages).unwrap_or(u32::MAX);
                    if let Some(Ok(memory)) = memories.clone().into_iter().next() {
                        scan.memory = Some(Memory {
                            min: pages(memory.initial),
                            max: memory.maximum.map(pages),
                        });
                    }
                }
                Payload::StartSection { func, .. } => scan.start = Some(*func),
                Payload::CodeSectionEntry(body) => {
                    let operators = body.get_operators_reader().into_iter().flatten();
                    for operator in operators.map_while(Result::ok) {
                        if let Operator::Call { function_index } = operator {
                            *scan.calls.entry(function_index).or_default() += 1;
                        }
                    }
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Producers(fields) = section.as_known() {
                        for field in fields.into_iter().map_while(Result::ok) {
                            for value in field.values.into_iter().map_while(Result::ok) {
                                let text = format!("{}: {} {}", field.name, value.name, value.version);
                                scan.producers.push(text.trim_end().to_owned());
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        scan
    }
}

fn section_name(id: u8, payload: &Payload<'_>) -> String {
    const NAMES: [&str; 14] = [
        "custom",
        "type",
        "import",
        "function",
        "table",
        "memory",
        "global",
        "export",
        "start",
        "element",
        "code",
        "data",
        "data count",
        "tag",
    ];
    match payload {
        Payload::CustomSection(section) => format!("custom {:?}", section.name()),
        _ => match NAMES.get(usize::from(id)) {
            Some(name) => (*name).to_owned(),
            None => format!("section {id}"),
        },
    }
}
