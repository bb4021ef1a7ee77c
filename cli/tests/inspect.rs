//! `arwen inspect`, as people use it.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn inspect(args: &[&str]) -> Output {
    Command::new(common::program())
        .arg("inspect")
        .args(args)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The JSON report of a file, and the exit code.
fn report(file: &str) -> (Value, Option<i32>) {
    let output = inspect(&["--json", file]);
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{file}: {error}: {}", text(&output.stderr)));
    (report, output.status.code())
}

/// The report of a module in the text format.
fn report_of(name: &str, module: &str) -> (Value, Option<i32>) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, wat::parse_str(module).expect("a module")).expect("the folder is writable");
    report(&path.to_string_lossy())
}

/// Subject, text, function and line of each reason under a ruleset.
fn reasons(report: &Value, ruleset: usize) -> Vec<[String; 4]> {
    let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    report["rulesets"][ruleset]["reasons"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|why| ["subject", "text", "function", "line"].map(|field| string(&why[field])))
        .collect()
}

#[test]
fn a_contract_is_taken_apart() {
    let (report, code) = report("tests/data/lines.wasm");
    assert_eq!(code, Some(0));
    let bytes = fs::metadata(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lines.wasm"))
        .expect("a file")
        .len();
    assert_eq!(report["bytes"], bytes);
    assert_eq!(report["debugInformation"], true);
    assert_eq!(report["rulesets"][0]["ruleset"], "arwen-1.3");
    assert_eq!(report["rulesets"][0]["deployable"], true);
    // CreateContract + bytes × CompilePerByte; GetCode + bytes × AoTPreparePerByte.
    assert_eq!(report["cost"]["deploy"], 300_000 + 300 * bytes);
    assert_eq!(report["cost"]["call"], 1_000_000 + 300 * bytes);
    assert_eq!(
        report["imports"][0],
        json!({"module": "env", "name": "int64getArgument", "kind": "(i32) -> (i64)", "calls": 2,
               "prices": [{"key": "Int64GetArgument", "gas": 100}], "paidWithin": false})
    );
    let exports: Vec<&Value> = report["exports"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|e| &e["name"])
        .collect();
    assert_eq!(exports, ["memory", "ratio"]);
    assert_eq!(report["functions"][1]["name"], "divide");
    assert_eq!(report["functions"][1]["line"], "./lines.c:11");
    // Sections and their headers are the whole file but for its own header of 8 bytes.
    let contents: u64 = report["sections"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|s| s["bytes"].as_u64().expect("a number"))
        .sum();
    let headers = bytes - 8 - contents;
    let count = report["sections"].as_array().expect("a list").len() as u64;
    assert!(
        (2 * count..=6 * count).contains(&headers),
        "{headers} for {count}"
    );
}

#[test]
fn everything_that_speaks_against_a_deployment_is_named_with_its_place() {
    let (report, code) = report("tests/data/refused.wasm");
    assert_eq!(code, Some(1));
    let found = reasons(&report, 0);
    let expected: [[&str; 4]; 8] = [
        ["code", "float operator F64ConvertI32S", "price", "./refused.c:17"],
        ["code", "float operator F64ConvertI32S", "price", "./refused.c:17"],
        ["code", "float operator F64Div", "price", "./refused.c:13"],
        ["code", "float operator F64Const", "price", "./refused.c:17"],
        [
            "import",
            "import env.getMoon: there is no such host function",
            "",
            "",
        ],
        [
            "import",
            "import env.finish: declared as (i32) -> (i32), the host function is (i32, i32) -> ()",
            "",
            "",
        ],
        [
            "export",
            "export \"price\": an exported function takes no parameters and gives no results",
            "",
            "",
        ],
        [
            "export",
            "export \"getCaller\": the name is that of a host function",
            "",
            "",
        ],
    ];
    for reason in expected {
        assert!(
            found.contains(&reason.map(str::to_owned)),
            "{reason:?} in {found:#?}"
        );
    }
    // Types of floats are a reason of their own where floats are no types.
    let strict = reasons(&report, 1);
    assert!(
        strict.iter().any(|[_, text, ..]| text == "float type f64"),
        "{strict:#?}"
    );
    let shown = text(&inspect(&["tests/data/refused.wasm"]).stdout);
    assert!(shown.contains("float operator F64Div (offset 0x"), "{shown}");
    assert!(shown.contains("in price, ./refused.c:13)"), "{shown}");
}

#[test]
fn what_shows_only_when_an_instance_is_made_is_found() {
    for (name, module, reason) in [
        ("no-memory", "(module)", "no memory is exported"),
        (
            "data",
            r#"(module (memory (export "memory") 1) (data (i32.const 65535) "ab"))"#,
            "data segment 0 does not fit the memory",
        ),
        (
            "start",
            r#"(module (memory (export "memory") 1) (func (loop (br 0))) (start 0))"#,
            "the start function fails: ",
        ),
        (
            "limits",
            r#"(module (memory (export "memory") 1 1001))"#,
            "memory size is out of bounds: 1001, at most 1000",
        ),
    ] {
        let (report, code) = report_of(name, module);
        assert_eq!(code, Some(1), "{name}");
        let found = reasons(&report, 0);
        let [[_, text, ..]] = &found[..] else {
            panic!("{name}: {found:?}")
        };
        assert!(text.starts_with(reason), "{name}: {text}");
    }
}

#[test]
fn what_is_no_module_is_refused_with_a_reason() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::write(folder.join("empty.wasm"), b"").expect("writable");
    fs::write(folder.join("text.wasm"), b"\n(module)").expect("writable");
    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    for (arguments, reason) in [
        (
            vec!["nothing.wasm".to_owned()],
            "cannot read nothing.wasm: No such file",
        ),
        (vec![file("empty.wasm")], "empty.wasm is empty"),
        (vec![file("text.wasm")], "is WebAssembly text"),
        (
            vec!["Cargo.toml".to_owned()],
            "begins with 5b 70 61 63, not with 00 61 73 6d",
        ),
        (
            vec![
                "--gas-schedule".to_owned(),
                "v9".to_owned(),
                "tests/data/lines.wasm".to_owned(),
            ],
            "no gas schedule is called \"v9\"; there are v1, v2, v3, dummy",
        ),
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = inspect(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = text(&output.stderr);
        assert!(
            said.starts_with("arwen inspect: ") && said.contains(reason),
            "{said}"
        );
    }
    assert!(text(&inspect(&["--help"]).stdout).contains("arwen inspect examples/counter/counter.wasm"));
}

#[test]
fn every_example_can_be_deployed_and_no_mutilated_one_ends_without_a_verdict() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let wasm = fs::read(examples.join("hashlock/hashlock.wasm")).expect("an example");
    assert_eq!(
        report(&examples.join("hashlock/hashlock.wasm").to_string_lossy()).1,
        Some(0)
    );
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutilated.wasm");
    for step in 1..40 {
        let mut broken = wasm.clone();
        let at = 8 + step * (wasm.len() - 8) / 40;
        broken[at] ^= 0x5a;
        if step % 4 == 0 {
            broken.truncate(at);
        }
        fs::write(&path, &broken).expect("writable");
        let (report, code) = report(&path.to_string_lossy());
        let deployable = &report["rulesets"][0]["deployable"];
        assert_eq!(code, Some(i32::from(*deployable != true)), "byte {at}");
        assert_eq!(*deployable == true, reasons(&report, 0).is_empty(), "byte {at}");
    }
}
