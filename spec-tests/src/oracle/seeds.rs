//! Inputs to begin with, for the fuzzer and for the tests that run the oracles on a few.

use std::fs;
use std::path::{Path, PathBuf};

use arwen_engine::Ruleset;
use wast::{QuoteWat, WastDirective};

use super::{ALL, How};
use crate::classify::{Class, classify};
use crate::parity::generate;
use crate::suite::{self, SpecFile};

/// Larger modules are no seeds: unit bytes.
const MAX_MODULE_BYTES: usize = 4 * 1024;

/// Modules of the generator that are seeds.
const GENERATED: u64 = 40;

/// Modules of shapes that are seeds.
const SHAPED: u64 = 160;

/// Bytes a module of shapes is made of, at most.
const SHAPE_BYTES: usize = 1_000;

/// Modules, good and bad: of the specification suite, of the generator.
pub fn any_modules() -> Vec<Vec<u8>> {
    let mut modules: Vec<Vec<u8>> = suite::files().iter().flat_map(modules_of).collect();
    modules.extend((0..GENERATED).filter_map(|seed| generate::module(seed, &Ruleset::STRICT).ok()));
    modules.retain(|wasm| wasm.len() <= MAX_MODULE_BYTES);
    modules.sort();
    modules.dedup();
    modules
}

/// Programs to run: modules as they are, and bytes to make modules from, in every way.
pub fn programs() -> Vec<Vec<u8>> {
    let mut programs = any_modules();
    programs.retain(|wasm| classify(wasm) == Class::Ours);
    let (shaped, generated): (Vec<u8>, Vec<u8>) = (0..How::COUNT).partition(|way| How::of(*way).shapes);
    for (seed, way) in (0..GENERATED).zip(generated.into_iter().cycle()) {
        programs.push([&[way], &generate::entropy(seed)[..]].concat());
    }
    for (seed, way) in (0..SHAPED).zip(shaped.into_iter().cycle()) {
        let bytes = generate::entropy(seed);
        let len = SHAPE_BYTES * (seed as usize + 1) / SHAPED as usize;
        programs.push([&[way], &bytes[..len]].concat());
    }
    programs
}

/// Modules, each with a byte in front that says how to cut it.
pub fn chunked_modules() -> Vec<Vec<u8>> {
    let modules = (0..=u8::MAX).cycle().zip(any_modules());
    modules.map(|(how, wasm)| [&[how], &wasm[..]].concat()).collect()
}

/// The scenarios of the examples.
pub fn scenarios() -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    let mut open = vec![workspace().join("examples")];
    while let Some(folder) = open.pop() {
        // Without the examples there are fewer seeds; the tests ask for some.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(".scen.json") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.iter().filter_map(|path| fs::read(path).ok()).collect()
}

/// Writes the seeds of every oracle to `FOLDER/NAME/`, one file each.
///
/// # Errors
/// What could not be written, in words.
pub fn write(folder: &Path) -> Result<(), String> {
    for oracle in ALL {
        let folder = folder.join(oracle.name);
        let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
        fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
        for (index, seed) in (oracle.seeds)().iter().enumerate() {
            let path = folder.join(format!("seed-{index:05}"));
            fs::write(&path, seed).map_err(|error| failed(&path, error))?;
        }
    }
    Ok(())
}

/// The root of the workspace this was built in.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Every module of a file of the suite that has an encoding, valid or not.
fn modules_of(file: &SpecFile) -> Vec<Vec<u8>> {
    let mut lexer = wast::lexer::Lexer::new(file.text);
    lexer.allow_confusing_unicode(true);
    let Ok(buffer) = wast::parser::ParseBuffer::new_with_lexer(lexer) else {
        return Vec::new();
    };
    let Ok(script) = wast::parser::parse::<wast::Wast<'_>>(&buffer) else {
        return Vec::new();
    };
    let encode = |module: &mut QuoteWat<'_>| module.encode().ok();
    script
        .directives
        .into_iter()
        .filter_map(|directive| match directive {
            WastDirective::Module(mut module)
            | WastDirective::AssertMalformed { mut module, .. }
            | WastDirective::AssertInvalid { mut module, .. } => encode(&mut module),
            _ => None,
        })
        .collect()
}
