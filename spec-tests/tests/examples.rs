//! The committed example contracts: what the VM of July 2021 accepts, and passing their own scenarios in both tiers.
//!
//! Everything is found, nothing listed: a folder below `examples/` with a `.wasm` in it is an example.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use arwen_eei::table::host_fns;
use arwen_engine::{Config, Engine, ExternType, Module, Ruleset, Tier};
use arwen_scenario::Runner;
use arwen_scenario::run::VmMachine;

/// No contract should be larger; the reader of a repository pays for it.
const MAX_BYTES: usize = 40_000;

/// Files of a folder whose name ends like this, in order.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    found.sort();
    found
}

/// Every example: its folder and its contracts.
fn examples() -> Vec<(PathBuf, Vec<PathBuf>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let found: Vec<_> = files(&root, "")
        .into_iter()
        .map(|folder| {
            let contracts = files(&folder, ".wasm");
            (folder, contracts)
        })
        .filter(|(_, contracts)| !contracts.is_empty())
        .collect();
    assert!(!found.is_empty());
    found
}

#[test]
fn contracts_compile_and_keep_the_rules_of_a_deployment() {
    let engine = Engine::new(Config::new(&Ruleset::ARWEN_1_3).tier(Tier::Interpreter));
    let declared: BTreeMap<&str, _> = host_fns().map(|(_, row)| (row.name, row.ty())).collect();
    for path in examples().into_iter().flat_map(|(_, contracts)| contracts) {
        let name = path.display();
        let wasm = fs::read(&path).expect("a contract");
        assert!(wasm.len() <= MAX_BYTES, "{name}: {} bytes", wasm.len());
        let module = Module::new(&engine, &wasm).unwrap_or_else(|error| panic!("{name}: {error}"));
        for import in module.imports() {
            assert_eq!(import.module, "env", "{name}: {}", import.name);
            let ExternType::Func(ty) = import.ty else {
                panic!("{name}: {} is no function", import.name)
            };
            assert_eq!(Some(&ty), declared.get(import.name), "{name}: {}", import.name);
        }
        let mut memories = 0;
        for export in module.exports() {
            match export.ty {
                ExternType::Func(ty) => {
                    assert!(
                        ty.params().is_empty() && ty.results().is_empty(),
                        "{name}: {} is {ty}",
                        export.name
                    );
                    assert!(
                        !declared.contains_key(export.name),
                        "{name}: {} is a reserved name",
                        export.name
                    );
                }
                ExternType::Memory(_) => memories += 1,
                // Linkers export where the data end. The VM does not look at globals.
                ExternType::Global(ty) => assert!(!ty.mutable, "{name}: {}", export.name),
                other => panic!("{name}: exports {} as {other:?}", export.name),
            }
        }
        assert_eq!(memories, 1, "{name}: exported memories");
    }
}

#[test]
fn every_contract_passes_its_scenarios_in_both_tiers() {
    let mut runner = Runner::new(VmMachine::both().expect("a machine"));
    for (folder, contracts) in examples() {
        let scenarios = files(&folder.join("scenarios"), ".scen.json");
        let mut deployed = String::new();
        for scenario in &scenarios {
            runner
                .run_file(scenario, None)
                .unwrap_or_else(|failure| panic!("{}: {}", scenario.display(), failure.message));
            deployed += &fs::read_to_string(scenario).expect("a scenario");
        }
        for contract in contracts {
            let name = contract
                .file_name()
                .expect("a file")
                .to_string_lossy()
                .into_owned();
            assert!(
                deployed.contains(&format!("\"file:../{name}\"")),
                "{} is in no scenario",
                contract.display()
            );
        }
    }
}

#[test]
fn every_example_says_what_it_is_and_how_it_was_built() {
    let table = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/README.md"))
        .expect("the table of examples");
    for (folder, _) in examples() {
        let name = folder
            .file_name()
            .expect("a folder")
            .to_string_lossy()
            .into_owned();
        assert!(
            table.contains(&format!("| `{name}/` |")),
            "{name} is not in the table"
        );
        for file in ["README.md", "build.sh", "run.toml"] {
            assert!(folder.join(file).is_file(), "{name} has no {file}");
        }
    }
}
