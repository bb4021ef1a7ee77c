//! The table as Markdown and JSON, with a description of the machine.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

use serde_json::json;

use crate::execute::Table;
use crate::stats;

/// The question whose results have no name but the date.
pub const EXECUTE: &str = "execute";

/// The table as Markdown: geometric mean first, then a column a kernel, spread in small print below.
pub fn markdown(table: &Table) -> String {
    let mut text = format!("| engine | geomean | {} |\n", table.kernels.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(table.kernels.len() + 1));
    for (name, cells) in &table.rows {
        let ratios: Vec<f64> = cells.iter().flatten().map(|c| c.ratio).collect();
        let mean = if ratios.len() == cells.len() {
            format!("{:.2}", stats::geometric_mean(&ratios))
        } else {
            "–".into()
        };
        let columns: Vec<String> = cells
            .iter()
            .map(|cell| match cell {
                Some(c) => format!("{:.2} ({:.2}–{:.2})", c.ratio, c.spread.0, c.spread.1),
                None => "–".into(),
            })
            .collect();
        let _ = writeln!(text, "| {name} | {mean} | {} |", columns.join(" | "));
    }
    let _ = writeln!(
        text,
        "\nProcessor time relative to native gcc -O2 in the same pass: median (smallest–largest) of {} passes. {}.",
        table.passes,
        machine()
    );
    text
}

/// Writes `FOLDER/DATE.md` and `FOLDER/DATE.json`, or with a question before the date, unless that is the first question
/// there was.
pub fn write(table: &Table, question: &str, title: &str, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let date = date();
    let name = match question {
        EXECUTE => date.clone(),
        question => format!("{question}-{date}"),
    };
    fs::write(
        folder.join(format!("{name}.md")),
        format!("# {title}, {date}\n\n{}", markdown(table)),
    )?;
    let rows: Vec<_> = table
        .rows
        .iter()
        .map(|(engine, cells)| {
            let cells: serde_json::Map<String, serde_json::Value> = table
                .kernels
                .iter()
                .zip(cells)
                .filter_map(|(kernel, cell)| {
                    let cell = cell.as_ref()?;
                    let value = json!({ "ratio": cell.ratio, "low": cell.spread.0, "high": cell.spread.1, "ms": cell.millis });
                    Some(((*kernel).to_owned(), value))
                })
                .collect();
            json!({ "engine": engine, "kernels": cells })
        })
        .collect();
    let document = json!({ "question": question, "date": date, "machine": machine(), "passes": table.passes, "rows": rows });
    fs::write(folder.join(format!("{name}.json")), format!("{document:#}\n"))
}

/// Writes `FOLDER/QUESTION-DATE.md` and `.json`.
///
/// # Errors
/// What could not be written, in words.
pub fn keep(
    folder: &Path,
    question: &str,
    title: &str,
    text: &str,
    rows: &[serde_json::Value],
) -> Result<(), String> {
    let date = date();
    let document = json!({ "question": question, "date": date, "machine": machine(), "rows": rows });
    let path = |extension: &str| folder.join(format!("{question}-{date}.{extension}"));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path("md"), format!("# {title}, {date}\n\n{text}")))
        .and_then(|()| fs::write(path("json"), format!("{document:#}\n")))
        .map_err(|error| format!("{}: {error}", folder.display()))
}

/// Today, in UTC.
pub fn date() -> String {
    output("date", &["-u", "+%Y-%m-%d"])
}

/// The processor and compiler that the figures belong to.
pub fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|l| {
        l.strip_prefix("model name")?
            .split_once(": ")
            .map(|(_, name)| name.to_owned())
    });
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let gcc = output("gcc", &["--version"]);
    format!(
        "{}, {cores} cores; {}",
        cpu.unwrap_or_else(|| "unknown processor".into()),
        gcc.lines().next().unwrap_or("no gcc")
    )
}

fn output(program: &str, arguments: &[&str]) -> String {
    Command::new(program).args(arguments).output().map_or_else(
        |_| String::new(),
        |o| String::from_utf8_lossy(&o.stdout).trim().to_owned(),
    )
}
