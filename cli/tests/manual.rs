//! `docs/ipc.md` is what the tables print: the protocol's and the lock-down's.

use std::path::Path;

use arwen_ipc_child::sandbox;
use arwen_ipc_host::manual::manual;

#[test]
fn the_manual_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ipc.md");
    let text = manual() + &sandbox::manual::section();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "docs/ipc.md is not what the tables print; run with BLESS=1"
    );
}
