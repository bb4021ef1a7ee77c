//! The committed example contracts are what the VM of July 2021 accepts, and what the header says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use arwen_engine::{Config, Engine, ExternType, Module, Ruleset, Tier};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a workspace around this crate")
        .join("examples")
}

fn contracts() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in fs::read_dir(examples()).expect("the examples") {
        let folder = folder.expect("a folder entry").path();
        if folder.is_dir() {
            let files = fs::read_dir(&folder)
                .expect("an example")
                .map(|entry| entry.expect("a file").path());
            found.extend(files.filter(|file| file.extension().is_some_and(|extension| extension == "wasm")));
        }
    }
    found.sort();
    found
}

/// Import name → type, as `include/arwen.h` declares it: `(i32, i64) -> i32`.
fn declared() -> BTreeMap<String, String> {
    let text = fs::read_to_string(examples().join("include/arwen.h")).expect("the header");
    let mut types = BTreeMap::new();
    for declaration in text.split("\nARWEN_IMPORT(").skip(1) {
        let declaration = declaration.split(';').next().unwrap_or_default();
        let (name, prototype) = declaration.split_once(')').expect("a name in parentheses");
        let (head, parameters) = prototype.split_once('(').expect("parameters");
        let parameters = parameters.trim_end_matches(')');
        let of = |text: &str| {
            if text.contains("64_t") && !text.contains('*') {
                "i64"
            } else {
                "i32"
            }
        };
        let parameters: Vec<&str> = match parameters {
            "void" => Vec::new(),
            list => list.split(',').map(of).collect(),
        };
        let result = if head.contains("void") { "" } else { of(head) };
        types.insert(
            name.to_owned(),
            format!("({}) -> ({result})", parameters.join(", ")),
        );
    }
    types
}

#[test]
fn the_header_declares_every_import_once() {
    assert_eq!(declared().len(), 122);
}

#[test]
fn contracts_compile_and_keep_the_rules_of_a_deployment() {
    let engine = Engine::new(Config::new(&Ruleset::ARWEN_1_3).tier(Tier::Interpreter));
    let declared = declared();
    let contracts = contracts();
    assert!(!contracts.is_empty());
    for path in contracts {
        let name = path.display();
        let wasm = fs::read(&path).expect("a contract");
        let module = Module::new(&engine, &wasm).unwrap_or_else(|error| panic!("{name}: {error}"));
        for import in module.imports() {
            assert_eq!(import.module, "env", "{name}: {}", import.name);
            let ExternType::Func(ty) = import.ty else {
                panic!("{name}: {} is no function", import.name)
            };
            assert_eq!(
                Some(&ty.to_string()),
                declared.get(import.name),
                "{name}: {}",
                import.name
            );
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
                other => panic!("{name}: exports {} as {other:?}", export.name),
            }
        }
        assert_eq!(memories, 1, "{name}: exported memories");
    }
}
