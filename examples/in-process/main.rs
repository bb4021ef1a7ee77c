//! See README.md.

mod embed;

use std::path::Path;

fn main() -> Result<(), embed::Failure> {
    let counter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/counter/counter.wasm");
    println!("the counter says {:?}", embed::run(&std::fs::read(counter)?)?);
    Ok(())
}
