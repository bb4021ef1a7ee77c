//! `docs/embedding.md` shows excerpts of code that is compiled and run here.

#[path = "../../examples/in-process/embed.rs"]
mod embed;

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_vm_runs_in_process() {
    let counter = std::fs::read(root().join("examples/counter/counter.wasm")).expect("a contract");
    assert_eq!(embed::run(&counter).expect("a value"), [[6]]);
}

#[test]
fn the_code_shown_is_code_that_runs() {
    let page = std::fs::read_to_string(root().join("docs/embedding.md")).expect("the page");
    let mut shown = 0;
    for block in page.split("```rust\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        let (first, code) = block.split_once('\n').expect("a first line");
        let file = first.strip_prefix("// ").expect("a file in the first line");
        let source =
            std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        // Indentation aside, which an excerpt does not keep; `// …` stands for what is left out.
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let source = flat(&source);
        for part in code.split("// …") {
            assert!(source.contains(&flat(part)), "not in {file}:\n{part}");
        }
        shown += 1;
    }
    assert!(shown >= 4, "{shown} excerpts");
}
