//! The table of host functions: complete, unambiguous, documented, and printed.

use std::collections::BTreeSet;
use std::path::Path;

use arwen_eei::declarations::Language;
use arwen_eei::manual::manual;
use arwen_eei::table::host_fns;

#[test]
fn every_name_occurs_once() {
    let names: BTreeSet<_> = host_fns().map(|(_, row)| row.name).collect();
    assert_eq!(names.len(), host_fns().count());
    assert_eq!(names.len(), 122, "what a contract of arwen-1.3 may import");
}

#[test]
fn every_number_occurs_once() {
    let ids: BTreeSet<_> = host_fns().map(|(id, _)| id.0).collect();
    assert_eq!(ids.len(), host_fns().count());
}

#[test]
fn every_row_is_documented_and_priced() {
    for (_, row) in host_fns() {
        let doc = row.doc.trim();
        assert!(doc.ends_with('.'), "{}", row.name);
        assert!(!row.gas.is_empty(), "{}", row.name);
        let names: BTreeSet<_> = row.params().map(|param| param.0).collect();
        assert_eq!(names.len(), row.params().count(), "{}", row.name);
    }
}

/// A committed file is what the table prints; `BLESS=1` writes it.
fn printed(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).expect("the folder is writable");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "{file} is not what the table prints; run with BLESS=1"
    );
}

#[test]
fn the_manual_is_up_to_date() {
    printed("docs/eei.md", &manual());
}

#[test]
fn the_declarations_for_contracts_are_up_to_date() {
    for language in Language::ALL {
        printed(
            &format!("examples/include/{}", language.file()),
            &language.declarations(),
        );
    }
}
