//! The oracles of the fuzz targets on a few inputs: seeds, and seeds with something changed; and what fuzzing has found.

use std::fs;

use spec_tests::oracle::seeds::workspace;
use spec_tests::oracle::{self, ALL, Oracle, drawn};
use spec_tests::parity::generate::Numbers;

/// Seeds of each oracle that are tried, spread over all it has.
const SEEDS: usize = 60;

/// Changed copies of each of them.
const CHANGED: usize = 2;

/// Some bytes set to something else, sometimes the end cut off.
fn changed(seed: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    if bytes.is_empty() {
        return bytes;
    }
    for _ in 0..=numbers.draw() % 3 {
        let at = numbers.draw() as usize % bytes.len();
        bytes[at] = numbers.draw() as u8;
    }
    if numbers.draw().is_multiple_of(4) {
        bytes.truncate(numbers.draw() as usize % bytes.len());
    }
    bytes
}

fn smoke(oracle: &Oracle) {
    let seeds = (oracle.seeds)();
    assert!(!seeds.is_empty(), "{} has no seeds", oracle.name);
    let mut numbers = Numbers::new(seeds.len() as u64);
    for seed in seeds.iter().step_by(seeds.len().div_ceil(SEEDS)) {
        let changed = (0..CHANGED).map(|_| changed(seed, &mut numbers));
        for input in std::iter::once(seed.clone()).chain(changed) {
            if let Err(error) = (oracle.check)(&input) {
                panic!("{}: {error}, of {input:x?}", oracle.name);
            }
        }
    }
}

/// One test a row, so that they run side by side.
macro_rules! smoke {
    ($($name:ident)*) => {
        $(#[test] fn $name() {
            let oracle = ALL.iter().find(|oracle| oracle.name == stringify!($name));
            smoke(oracle.expect("an oracle of this name"));
        })*

        #[test]
        fn every_oracle_is_tried() {
            let tried = [$(stringify!($name)),*];
            let all: Vec<&str> = ALL.iter().map(|oracle| oracle.name).collect();
            assert_eq!(all, tried);
        }
    };
}

smoke!(parse_validate differential metering streaming scenario protocol_child protocol_driver);

/// Programs drawn for the oracles that run them, each.
const DRAWN: u64 = 400;

#[test]
fn drawn_programs_behave_the_same_everywhere() {
    drawn::hold(oracle::differential, 0..DRAWN).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn drawn_programs_are_metered_the_same_everywhere() {
    drawn::hold(oracle::metering, DRAWN..DRAWN + DRAWN / 2).unwrap_or_else(|error| panic!("{error}"));
}

/// The crate `fuzz` is not built here. Its targets are one line each, so this is all that could go wrong in them.
#[test]
fn every_oracle_has_a_fuzz_target_that_calls_it() {
    let folder = workspace().join("fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("the manifest of the fuzz targets");
    let manifest: toml::Table = manifest.parse().expect("the manifest is TOML");
    let bins = manifest["bin"].as_array().expect("targets");
    for oracle in ALL {
        let name = oracle.name;
        let path = format!("targets/{name}.rs");
        let bin = bins.iter().find(|bin| bin["name"].as_str() == Some(name));
        let bin = bin.unwrap_or_else(|| panic!("no target {name}"));
        assert_eq!(bin["path"].as_str(), Some(path.as_str()));
        let text = fs::read_to_string(folder.join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let call = format!("|data: &[u8]| spec_tests::oracle::hold(spec_tests::oracle::{name}, data)");
        assert_eq!(
            text,
            format!("#![no_main]\n\nlibfuzzer_sys::fuzz_target!({call});\n"),
            "{path}"
        );
    }
}
