//! Claims about the engine that must hold for any bytes: the fuzz targets, and the tests that run them on a few.
//!
//! An oracle takes bytes, makes of them what it needs, and says in words how its claim was broken. The crate `fuzz`,
//! outside the workspace, has a target of one line for each row of [`ALL`]; [`seeds`] gives inputs to begin with, and
//! [`drawn`] as many programs as wanted, without a fuzzer.

mod differential;
pub mod drawn;
mod metering;
mod parse_validate;
mod protocol;
mod scenario;
pub mod seeds;
mod streaming;

pub use differential::differential;
pub use metering::metering;
pub use parse_validate::parse_validate;
pub use protocol::{protocol_child, protocol_driver};
pub use scenario::scenario;
pub use streaming::streaming;

use arwen_engine::Ruleset;

use crate::classify::{Class, classify};
use crate::parity::inputs::fingerprint;
use crate::parity::subject::{Prices, RULESETS};
use crate::parity::{generate, shapes};

/// `Err` says what was wrong.
pub type Verdict = Result<(), String>;

/// A claim, and where inputs for it come from.
#[derive(Debug, Clone, Copy)]
pub struct Oracle {
    /// Name of the fuzz target.
    pub name: &'static str,
    /// Holds the claim against some bytes.
    pub check: fn(&[u8]) -> Verdict,
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every oracle.
pub const ALL: &[Oracle] = &[
    Oracle {
        name: "parse_validate",
        check: parse_validate,
        seeds: seeds::any_modules,
    },
    Oracle {
        name: "differential",
        check: differential,
        seeds: seeds::programs,
    },
    Oracle {
        name: "metering",
        check: metering,
        seeds: seeds::programs,
    },
    Oracle {
        name: "streaming",
        check: streaming,
        seeds: seeds::chunked_modules,
    },
    Oracle {
        name: "scenario",
        check: scenario,
        seeds: seeds::scenarios,
    },
    Oracle {
        name: "protocol_child",
        check: protocol_child,
        seeds: protocol::node_streams,
    },
    Oracle {
        name: "protocol_driver",
        check: protocol_driver,
        seeds: protocol::child_streams,
    },
];

/// What a fuzz target does with its input.
///
/// # Panics
/// When the claim does not hold: that is what a fuzzer looks for.
pub fn hold(oracle: fn(&[u8]) -> Verdict, data: &[u8]) {
    if let Err(error) = oracle(data) {
        panic!("{error}");
    }
}

/// Bytes of memory that a module given as it is may begin with; more would only make the fuzzer slow.
const MAX_MEMORY_PAGES: u32 = 64;

/// Elements that its tables may begin with.
const MAX_TABLE_ELEMENTS: u32 = 10_000;

/// A module to run: the bytes themselves when they begin like one. Otherwise the first byte says [`How`] the others are
/// made into one. `None` when they give nothing that can be run in every engine of the comparison.
fn program(data: &[u8]) -> Option<Program> {
    let seed = fingerprint(data);
    if !data.starts_with(b"\0asm") {
        let (how, bytes) = data.split_first()?;
        let how = How::of(*how);
        return Some(Program {
            wasm: if how.shapes {
                shapes::module_from(bytes, how.rules)
            } else {
                generate::module_from(bytes, how.rules).ok()?
            },
            rules: how.rules,
            prices: how.prices,
            generated: true,
            seed,
        });
    }
    let runnable = classify(data) == Class::Ours && is_small(data).unwrap_or(false);
    runnable.then(|| Program {
        wasm: data.to_vec(),
        rules: &Ruleset::STRICT,
        prices: Prices::ALL[(seed >> 32) as usize % Prices::ALL.len()],
        generated: false,
        seed,
    })
}

/// The module that the oracles of programs run for some bytes, if they do.
pub fn module(data: &[u8]) -> Option<Vec<u8>> {
    program(data).map(|program| program.wasm)
}

/// See [`program`].
struct Program {
    wasm: Vec<u8>,
    rules: &'static Ruleset,
    prices: Prices,
    /// Made to be within every limit and budget?
    generated: bool,
    /// What arguments, and whatever else is drawn, come from.
    seed: u64,
}

/// How bytes are made into a module, and how it is run: what the byte before them says.
#[derive(Debug, Clone, Copy)]
struct How {
    rules: &'static Ruleset,
    prices: Prices,
    /// By [`shapes`], or by [`generate`]?
    shapes: bool,
}

impl How {
    /// Ways that differ.
    const COUNT: u8 = 16;

    /// Three of four times by shapes.
    fn of(byte: u8) -> Self {
        let (generator, others) = (byte % 4, usize::from(byte / 4));
        Self {
            rules: RULESETS[others % RULESETS.len()],
            prices: Prices::ALL[others / RULESETS.len() % Prices::ALL.len()],
            shapes: generator < 3,
        }
    }
}

/// Is it cheap to instantiate, and can a recording host of integers provide what it imports?
fn is_small(wasm: &[u8]) -> wasmparser::Result<bool> {
    use wasmparser::{Parser, Payload, TypeRef};
    let small_memory = |ty: &wasmparser::MemoryType| ty.initial <= MAX_MEMORY_PAGES.into();
    let mut hosted = Vec::new();
    let mut types = Vec::new();
    let mut small = true;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::TypeSection(section) => {
                for group in section {
                    types.extend(group?.into_types());
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import?.ty {
                        TypeRef::Func(ty) => hosted.push(ty),
                        _ => small = false,
                    }
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    small &= small_memory(&memory?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    small &= table?.ty.initial <= MAX_TABLE_ELEMENTS.into();
                }
            }
            _ => {}
        }
    }
    let of_integers = |index: &u32| {
        types.get(*index as usize).is_some_and(|ty| {
            let ty = ty.unwrap_func();
            let mut values = ty.params().iter().chain(ty.results());
            values.all(|ty| matches!(ty, wasmparser::ValType::I32 | wasmparser::ValType::I64))
        })
    };
    Ok(small && hosted.iter().all(of_integers))
}
