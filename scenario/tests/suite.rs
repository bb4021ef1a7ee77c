//! Many scenarios at once.

#[path = "common/files.rs"]
mod files;
#[path = "common/no_machine.rs"]
mod no_machine;

use std::path::PathBuf;

use arwen_scenario::model::GasSchedule;
use arwen_scenario::suite::{Options, Outcome, Report, Summary, discover, json, junit, run, text_line};
use files::Files;
use no_machine::NoMachine;

const PASSES: &[u8] = br#"{"gasSchedule": "v1", "steps": []}"#;
const FAILS: &[u8] = b"{\"steps\": [\n  {\"step\": \"checkState\", \"accounts\": {\"address:<a>\": {}}}]}";

fn files() -> Files {
    Files::new(&[
        ("one.scen.json", PASSES),
        ("b/0.scen.json", b"["),
        ("b/1.scen.json", PASSES),
        ("b/2.scen.json", FAILS),
        ("b/3.scen.json", PASSES),
        ("b/3.step.json", FAILS),
        ("b/a/4.scen.json", PASSES),
        ("c/readme.md", b""),
    ])
}

fn run_all(files: &Files, filter: Option<&str>, fail_fast: bool) -> (Vec<Report>, Summary) {
    let options = Options {
        filter: filter.map(str::to_owned),
        fail_fast,
        jobs: 4,
    };
    let cases = discover(&[files.path("")]).unwrap();
    let mut reports = Vec::new();
    let summary = run(
        &cases,
        &options,
        || Ok::<_, ()>(NoMachine),
        |report| reports.push(report.clone()),
    )
    .unwrap();
    (reports, summary)
}

#[test]
fn folders_are_searched_by_name_and_run_at_the_prices_of_their_first_scenario() {
    let files = files();
    let cases = discover(&[files.path("b"), files.path("one.scen.json"), files.path("c")]).unwrap();
    let found: Vec<_> = cases
        .iter()
        .map(|case| (case.path.strip_prefix(files.path("")).unwrap(), case.schedule))
        .collect();
    let path = |name: &'static str| std::path::Path::new(name);
    assert_eq!(
        found,
        [
            (path("b/0.scen.json"), None),
            (path("b/1.scen.json"), Some(GasSchedule::V1)),
            (path("b/2.scen.json"), Some(GasSchedule::V1)),
            (path("b/3.scen.json"), Some(GasSchedule::V1)),
            (path("b/a/4.scen.json"), Some(GasSchedule::V1)),
            (path("one.scen.json"), None),
        ]
    );
    assert!(
        discover(&[PathBuf::from("/nowhere")])
            .unwrap_err()
            .to_string()
            .starts_with("/nowhere: ")
    );
}

#[test]
fn reports_come_in_order_and_count() {
    let (reports, summary) = run_all(&files(), None, false);
    assert_eq!(summary.to_string(), "4 passed, 2 failed, 0 skipped");
    let outcomes: Vec<_> = reports
        .iter()
        .map(|report| matches!(report.outcome, Outcome::Passed))
        .collect();
    assert_eq!(outcomes, [false, true, false, true, true, true]);
    let (_, summary) = run_all(&files(), Some("/b/"), false);
    assert_eq!(summary.to_string(), "3 passed, 2 failed, 1 skipped");
    for _ in 0..20 {
        let (reports, summary) = run_all(&files(), Some("2.scen"), true);
        assert_eq!(summary.to_string(), "0 passed, 1 failed, 5 skipped");
        assert!(matches!(reports[2].outcome, Outcome::Failed(_)));
        let (_, summary) = run_all(&files(), None, true);
        assert_eq!(summary.to_string(), "0 passed, 1 failed, 5 skipped");
    }
}

#[test]
fn reports_can_be_read_by_people_and_machines() {
    let files = files();
    let (reports, summary) = run_all(&files, Some("/2."), false);
    let folder = files.path("b").display().to_string();
    assert_eq!(
        text_line(&reports[2]),
        format!(
            "FAIL  {folder}/2.scen.json\n      {folder}/2.scen.json:2:3 (checkState): \
             account address:<a> expected but not found after running test"
        )
    );
    let value: serde_json::Value = serde_json::from_str(&json(&reports, summary)).unwrap();
    assert_eq!(value["scenarios"][2]["line"], 2);
    assert_eq!(value["scenarios"][2]["outcome"], "failed");
    assert_eq!(value["skipped"], 5);
    let xml = junit(&reports, summary);
    assert!(
        xml.contains("<testsuites tests=\"6\" failures=\"1\" skipped=\"5\">"),
        "{xml}"
    );
    assert!(xml.contains(&format!(
        "<testcase classname=\"{folder}\" name=\"2.scen.json\"><failure message=\"account address:&lt;a&gt; expected"
    )));
}
