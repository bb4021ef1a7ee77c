//! An inspection for people.

use std::io::{self, Write};

use super::report::{Report, Verdict, Why};
use crate::show::Units;

/// Reasons and functions shown unless all are wanted.
const FIRST: usize = 20;

/// Prints a report.
pub fn print(out: &mut dyn Write, report: &Report, all: bool) -> io::Result<()> {
    writeln!(out, "{}: {} bytes", report.file, Units(report.bytes as u64))?;
    for producer in &report.producers {
        writeln!(out, "  {producer}")?;
    }
    if !report.debug_information {
        writeln!(out, "  no debug information: reasons have no lines")?;
    }
    writeln!(out)?;
    for verdict in &report.rulesets {
        self::verdict(out, verdict, all)?;
    }
    let cost = &report.cost;
    writeln!(
        out,
        "\ngas before it does anything, schedule {}: deployment {}, call {}",
        cost.schedule,
        Units(cost.deploy),
        Units(cost.call)
    )?;
    if let Some(memory) = &report.memory {
        let most = memory
            .max
            .map_or("no maximum".to_owned(), |max| format!("at most {max}"));
        writeln!(out, "memory, in pages of 64 KiB: {}, {most}", memory.min)?;
    }
    if let Some(start) = &report.start {
        writeln!(
            out,
            "start function: {}, runs without gas and without a host whenever an instance is made",
            start.name
        )?;
    }

    writeln!(out, "\nimports")?;
    for import in &report.imports {
        let prices: Vec<String> = import
            .prices
            .iter()
            .map(|price| format!("{} {}", price.key, Units(price.gas)))
            .collect();
        let within = if import.paid_within { ", in between" } else { "" };
        let name = format!("{}.{}", import.module, import.name);
        let calls = format!("{}×", import.calls);
        let line = format!("  {name:<36} {calls:>4}  {}{within}", prices.join(", "));
        writeln!(out, "{}", line.trim_end())?;
    }
    writeln!(out, "\nexports")?;
    for export in &report.exports {
        writeln!(out, "  {:<36} {}", export.name, export.kind)?;
    }
    writeln!(out, "\nsections{:>38}{:>10}", "bytes", "offset")?;
    for section in &report.sections {
        writeln!(
            out,
            "  {:<34} {:>9}{:>#10x}",
            section.name,
            Units(section.bytes),
            section.offset
        )?;
    }
    functions(out, report, all)
}

fn verdict(out: &mut dyn Write, verdict: &Verdict, all: bool) -> io::Result<()> {
    if verdict.deployable {
        return writeln!(out, "{:<10} can be deployed", verdict.ruleset);
    }
    let count = verdict.reasons.len();
    let plural = if count == 1 { "" } else { "s" };
    writeln!(out, "{:<10} refused, {count} reason{plural}", verdict.ruleset)?;
    let shown = if all { count } else { FIRST.min(count) };
    for reason in &verdict.reasons[..shown] {
        writeln!(out, "  {}{}", reason.text, place(reason))?;
    }
    if shown < count {
        writeln!(out, "  … and {} more; --all shows them", count - shown)?;
    }
    Ok(())
}

fn place(reason: &Why) -> String {
    let mut parts = Vec::new();
    parts.extend(reason.offset.map(|offset| format!("offset {offset:#x}")));
    parts.extend(reason.function.as_ref().map(|name| format!("in {name}")));
    parts.extend(reason.line.clone());
    if parts.is_empty() {
        String::new()
    } else {
        format!(" ({})", parts.join(", "))
    }
}

fn functions(out: &mut dyn Write, report: &Report, all: bool) -> io::Result<()> {
    let mut functions: Vec<_> = report.functions.iter().collect();
    functions.sort_by_key(|function| std::cmp::Reverse(function.bytes));
    let count = functions.len();
    let shown = if all { count } else { FIRST.min(count) };
    writeln!(out, "\nfunctions, largest first{:>22}{:>10}", "bytes", "offset")?;
    for function in &functions[..shown] {
        let line = format!(
            "  {:<34} {:>9}{:>#10x}  {}",
            function.name,
            Units(function.bytes),
            function.offset,
            function.line.as_deref().unwrap_or_default()
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    if shown < count {
        writeln!(out, "  … and {} more; --all shows them", count - shown)?;
    }
    Ok(())
}
