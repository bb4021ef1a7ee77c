//! Reads modules that are known to be valid: they were accepted before, by this build and under the same rules.

use std::sync::OnceLock;

use arwen_metering::{ModulePlan, ModulePlanner};
use wasmparser::{Chunk, Parser, Payload};

use super::body::Body;
use super::info::{Bodies, ModuleInfo};
use super::parse::{Reading, invalid};
use crate::engine::Engine;
use crate::error::CompileError;
use crate::ruleset::Ruleset;

/// Everything but the bodies, which are read when they are asked for.
///
/// # Errors
/// The module is not valid after all, and that shows without a look at its bodies.
pub(crate) fn declarations(engine: &Engine, wasm: &[u8]) -> Result<ModuleInfo, CompileError> {
    let reading = Reading::of_valid(engine.ruleset(), engine.planner());
    let mut info = read(reading, wasm, true)?.finish().0;
    info.wasm = wasm.to_vec();
    info.bodies = Bodies {
        read: Vec::new(),
        unread: Some((engine.ruleset(), OnceLock::new())),
    };
    Ok(info)
}

/// The bodies. None of a module that is not valid after all: calls of its functions fail then.
pub(super) fn bodies(rules: &'static Ruleset, wasm: &[u8]) -> Vec<Body> {
    let planner = ModulePlanner::new(rules.metering);
    let reading = read(Reading::new(rules, planner), wasm, false);
    debug_assert!(reading.is_ok(), "it was valid before");
    reading.map_or_else(|_| Vec::new(), |reading| reading.info.bodies.read)
}

/// What to charge where.
///
/// # Panics
/// When the module is not valid after all: code that was made of it must not run uncharged.
pub(super) fn plan(engine: &Engine, wasm: &[u8]) -> ModulePlan {
    let reading = read(Reading::new(engine.ruleset(), engine.planner()), wasm, false);
    reading.expect("the module was valid before").finish().1
}

/// Reads a whole module, with or without its bodies.
fn read(mut reading: Reading, wasm: &[u8], without_bodies: bool) -> Result<Reading, CompileError> {
    let mut parser = Parser::new(0);
    parser.set_features(reading.rules().features);
    let mut at = 0;
    loop {
        let Chunk::Parsed { consumed, payload } = parser.parse(&wasm[at..], true).map_err(invalid)? else {
            // Never said at the end.
            return Ok(reading);
        };
        at += consumed;
        if let (Payload::CodeSectionStart { size, .. }, true) = (&payload, without_bodies) {
            parser.skip_section();
            at = (at + *size as usize).min(wasm.len());
        } else if reading.payload(&payload)? {
            return Ok(reading);
        }
    }
}
