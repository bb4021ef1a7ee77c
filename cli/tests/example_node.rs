//! The example of a node works as its README says.

#[path = "../../examples/node/node.rs"]
mod node;

use std::path::Path;

#[test]
fn the_example_node_deploys_calls_and_asks() {
    let counter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/counter/counter.wasm");
    let log = node::run(
        Some(env!("CARGO_BIN_EXE_arwen").into()),
        std::fs::read(counter).unwrap(),
    )
    .unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 5, "{log}");
    assert_eq!(lines[0], "deployed a counter that starts at 5");
    assert_eq!(lines[4], "the counter says [[8]]");
}
