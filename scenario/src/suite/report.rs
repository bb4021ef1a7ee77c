//! Reports as text, JSON and JUnit XML.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Outcome, Report, Summary};
use crate::run::Failure;

/// A scenario's line; of a failure, also what failed, and where contracts stopped.
pub fn text_line(report: &Report) -> String {
    match &report.outcome {
        Outcome::Passed => format!("ok    {}", report.name),
        Outcome::Skipped => format!("skip  {}", report.name),
        Outcome::Failed(failure) => {
            let message = explained(failure).replace('\n', "\n      ");
            format!("FAIL  {}\n      {}: {message}", report.name, place(failure))
        }
    }
}

/// Where a failure is: `file:line:column (step)`.
fn place(failure: &Failure) -> String {
    let mut place = failure.file.display().to_string();
    if let Some(pos) = failure.pos {
        let _ = write!(place, ":{pos}");
    }
    if let Some(step) = &failure.step {
        let _ = write!(place, " ({step})");
    }
    place
}

/// What failed, and where contracts stopped.
fn explained(failure: &Failure) -> String {
    let mut text = failure.message.clone();
    for stop in &failure.stops {
        let _ = write!(text, "\n{stop}");
    }
    text
}

/// All reports as one JSON object.
pub fn json(reports: &[Report], summary: Summary) -> String {
    let scenarios: Vec<_> = reports.iter().map(json_report).collect();
    let whole = json!({
        "scenarios": scenarios,
        "passed": summary.passed,
        "failed": summary.failed,
        "skipped": summary.skipped,
    });
    format!("{whole:#}\n")
}

fn json_report(report: &Report) -> Value {
    let outcome = match &report.outcome {
        Outcome::Passed => "passed",
        Outcome::Failed(_) => "failed",
        Outcome::Skipped => "skipped",
    };
    let mut value = json!({ "name": report.name, "outcome": outcome });
    if let Outcome::Failed(failure) = &report.outcome {
        value["file"] = failure.file.to_string_lossy().into();
        if let Some(pos) = failure.pos {
            value["line"] = pos.line.into();
            value["column"] = pos.column.into();
        }
        if let Some(step) = &failure.step {
            value["step"] = step.as_str().into();
        }
        value["message"] = failure.message.as_str().into();
        if !failure.stops.is_empty() {
            value["stops"] = failure.stops.clone().into();
        }
    }
    if !report.dumps.is_empty() {
        value["dumps"] = report.dumps.clone().into();
    }
    value
}

/// All reports as JUnit XML: one suite, one test case a scenario.
pub fn junit(reports: &[Report], summary: Summary) -> String {
    let tests = summary.passed + summary.failed + summary.skipped;
    let counts = format!(
        "tests=\"{tests}\" failures=\"{}\" skipped=\"{}\"",
        summary.failed, summary.skipped
    );
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite name=\"scenarios\" {counts}>\n"
    );
    for report in reports {
        let (folder, file) = report.name.rsplit_once('/').unwrap_or(("", &report.name));
        let _ = write!(
            out,
            "    <testcase classname=\"{}\" name=\"{}\"",
            xml(folder),
            xml(file)
        );
        let _ = match &report.outcome {
            Outcome::Passed => writeln!(out, "/>"),
            Outcome::Skipped => writeln!(out, "><skipped/></testcase>"),
            Outcome::Failed(failure) => {
                let (message, place) = (xml(&explained(failure)), xml(&place(failure)));
                writeln!(
                    out,
                    "><failure message=\"{message}\">{place}: {message}</failure></testcase>"
                )
            }
        };
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// Text for XML: markup escaped, and what XML cannot carry at all replaced.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.push(c),
        }
    }
    out
}
