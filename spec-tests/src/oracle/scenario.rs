//! Any text is a scenario or an error.

use arwen_scenario::files::NoFiles;
use arwen_scenario::{Parser, json};

use super::Verdict;

/// Reads bytes as a scenario: no panic, and what the JSON reader makes of them is the same once it has been written and
/// read again, scenario and errors included.
///
/// # Errors
/// What has changed.
pub fn scenario(data: &[u8]) -> Verdict {
    let Ok(text) = std::str::from_utf8(data) else {
        return Ok(());
    };
    let parser = Parser::new(&NoFiles);
    let first = parser.scenario(text);
    let Ok(node) = json::parse(text) else {
        return match first {
            Ok(_) => Err("a scenario that is no JSON".to_owned()),
            Err(_) => Ok(()),
        };
    };
    let written = node.json.pretty();
    let again = json::parse(&written).map_err(|error| format!("{error:?} in what was written: {written}"))?;
    if again.json.pretty() != written {
        return Err(format!("not stable: {written} becomes {}", again.json.pretty()));
    }
    // Positions differ; what is meant must not.
    match (first, parser.scenario(&written)) {
        (Ok(_), Ok(_)) => Ok(()),
        (Err(a), Err(b)) if a.message == b.message => Ok(()),
        (a, b) => Err(format!("{a:?} becomes {b:?}")),
    }
}
