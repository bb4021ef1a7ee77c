//! See README.md.

mod node;

use std::path::Path;

fn main() -> Result<(), node::Failure> {
    let counter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/counter/counter.wasm");
    // The driver looks for the child at ./arwen and where ARWEN_PATH says.
    print!("{}", node::run(None, std::fs::read(counter)?)?);
    Ok(())
}
