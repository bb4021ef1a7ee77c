//! Profiles as text.

use std::fmt::Write;

use super::{Profile, Row};

/// A profile as tables, the `top` first rows of each.
pub fn table(profile: &Profile, top: usize) -> String {
    let sections: [(&str, &[Row], &str); 7] = [
        ("use", &profile.uses, "times"),
        ("call, with all it calls", &profile.calls, "calls"),
        ("function, its operators", &profile.functions, "calls"),
        ("host function", &profile.host_functions, "calls"),
        ("operators by kind", &profile.operator_groups, "times"),
        ("operator", &profile.operators, "times"),
        ("source line, else function", &profile.lines, "operators"),
    ];
    let mut out = format!("{} gas\n", units(profile.total));
    for (heading, rows, counted) in sections {
        if !rows.is_empty() {
            section(&mut out, heading, rows, counted, profile.total, top);
        }
    }
    out
}

fn section(out: &mut String, heading: &str, rows: &[Row], counted: &str, total: i128, top: usize) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\n{:>20} {:>7} {counted:>12}  {heading}", "gas", "share");
    for Row { name, gas, count } in rows.iter().take(top) {
        let (gas, share, count) = (units(*gas), share(*gas, total), units((*count).into()));
        let _ = writeln!(out, "{gas:>20} {share:>7} {count:>12}  {name}");
    }
    if let Some(rest) = rows.get(top..).filter(|rest| !rest.is_empty()) {
        let gas: i128 = rest.iter().map(|row| row.gas).sum();
        let _ = writeln!(
            out,
            "{:>20} {:>7} {:>12}  {} more",
            units(gas),
            share(gas, total),
            "",
            rest.len()
        );
    }
}

/// Tenths of a percent, cut off.
fn share(gas: i128, total: i128) -> String {
    match gas.saturating_mul(1_000).checked_div(total) {
        Some(tenths) => format!("{}.{}%", tenths / 10, (tenths % 10).abs()),
        None => String::new(),
    }
}

/// A number with its thousands set apart.
pub(crate) fn units(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_set_apart_and_shares_cut() {
        assert_eq!([0, -1_234, 1_000_000].map(units), ["0", "-1,234", "1,000,000"]);
        assert_eq!(share(1, 3), "33.3%");
        assert_eq!(share(-1, 8), "-12.5%");
        assert_eq!(share(1, 0), "");
    }
}
