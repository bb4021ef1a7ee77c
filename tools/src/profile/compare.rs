//! Two profiles side by side: what has become dearer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::table::units;
use super::{Profile, Row};

/// How the gas of something has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is.
    pub name: String,
    /// Its gas before; 0 when it was not there.
    pub before: i128,
    /// Its gas in the other profile; 0 when it is not there any more.
    pub after: i128,
}

impl Change {
    /// Has it grown by more than so many percent? From nothing, any gas is more.
    pub fn exceeds(&self, percent: f64) -> bool {
        let growth = self.after - self.before;
        // Gas is far below 2^53 wherever a percentage matters.
        growth > 0 && (self.before <= 0 || growth as f64 * 100.0 > self.before as f64 * percent)
    }
}

/// The total and every call that is in one of two profiles, in this order; calls by name.
pub fn changes(before: &Profile, after: &Profile) -> Vec<Change> {
    let total = Change {
        name: "total".to_owned(),
        before: before.total,
        after: after.total,
    };
    let (old, new) = (by_name(&before.calls), by_name(&after.calls));
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let call = |name: &str| Change {
        name: name.to_owned(),
        before: old.get(name).copied().unwrap_or(0),
        after: new.get(name).copied().unwrap_or(0),
    };
    std::iter::once(total)
        .chain(names.into_iter().map(call))
        .collect()
}

fn by_name(rows: &[Row]) -> BTreeMap<&str, i128> {
    rows.iter().map(|row| (row.name.as_str(), row.gas)).collect()
}

/// The changes as text: those that are none are left out.
pub fn table(changes: &[Change], percent: f64) -> String {
    let changed: Vec<&Change> = changes
        .iter()
        .filter(|change| change.before != change.after)
        .collect();
    if changed.is_empty() {
        return "no gas has changed\n".to_owned();
    }
    let mut out = format!(
        "{:>20} {:>20} {:>10}  call\n",
        "gas before", "gas after", "change"
    );
    for change in changed {
        let percentage = match change.before {
            0 => "new".to_owned(),
            before => format!("{:+.2}%", (change.after - before) as f64 * 100.0 / before as f64),
        };
        let mark = if change.exceeds(percent) { "  DEARER" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{:>20} {:>20} {percentage:>10}  {}{mark}",
            units(change.before),
            units(change.after),
            change.name
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_beyond_the_threshold_is_told() {
        let change = |before, after| Change {
            name: "f".to_owned(),
            before,
            after,
        };
        assert!(!change(100, 100).exceeds(0.0));
        assert!(change(100, 101).exceeds(0.0));
        assert!(!change(100, 105).exceeds(5.0));
        assert!(change(100, 106).exceeds(5.0));
        assert!(!change(100, 0).exceeds(0.0));
        assert!(change(0, 1).exceeds(50.0));
        let text = table(&[change(100, 106), change(7, 7)], 5.0);
        assert!(text.contains("+6.00%  f  DEARER"), "{text}");
        assert_eq!(text.lines().count(), 2);
        assert_eq!(table(&[change(7, 7)], 0.0), "no gas has changed\n");
    }
}
