//! The reference's scenarios, where they lie beside the repository.

use std::path::{Path, PathBuf};

use arwen_scenario::run::load;
use arwen_scenario::suite::discover;

/// The folder of the reference's scenarios, if it is there.
fn shared() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    ["../shared", "../../shared"]
        .iter()
        .map(|shared| root.join(shared).join("conformance/scenarios"))
        .find(|path| path.is_dir())
}

#[test]
fn every_scenario_of_the_reference_parses() {
    let Some(folder) = shared() else { return };
    for case in discover(&[folder]).expect("a readable folder") {
        if let Err(failure) = load(&case.path) {
            panic!("{}: {failure}", case.name);
        }
    }
}
