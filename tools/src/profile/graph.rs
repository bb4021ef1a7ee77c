//! Profiles as stacks: folded lines, speedscope files, flame graphs.
//!
//! These forms have no negative numbers. A row that takes gas back ([`Part::Lost`] of a call that used more than it
//! had, [`Part::Unbilled`]) is left out of them.
//!
//! [`Part::Lost`]: crate::record::Part::Lost
//! [`Part::Unbilled`]: crate::record::Part::Unbilled

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::{Value, json};

use super::names::Names;
use crate::record::{Recorder, Tree};

/// One line a stack: frames from the outermost on, parted by `;`, then a space and the gas.
pub fn folded(recorder: &Recorder) -> String {
    let names = Names::of(recorder);
    let mut lines = Vec::new();
    stacks(recorder, |path, gas| {
        let frame = |place: &usize| {
            let name = names.part(&recorder.tree().node(*place).part);
            // What parts frames and lines may not be in a name.
            name.replace([';', '\n'], "_")
        };
        let frames: Vec<String> = path.iter().map(frame).collect();
        lines.push(format!("{} {gas}\n", frames.join(";")));
    });
    lines.sort_unstable();
    lines.concat()
}

/// A file for <https://www.speedscope.app>.
pub fn speedscope(recorder: &Recorder, name: &str) -> String {
    let names = Names::of(recorder);
    let mut frames: Vec<Value> = Vec::new();
    let mut known = BTreeMap::new();
    let (mut samples, mut weights, mut total) = (Vec::new(), Vec::new(), 0);
    stacks(recorder, |path, gas| {
        let mut frame = |place: &usize| {
            let part = &recorder.tree().node(*place).part;
            *known.entry(part.clone()).or_insert_with(|| {
                let mut frame = json!({ "name": names.part(part) });
                if let Some((file, line)) = names.place(part) {
                    frame["file"] = file.into();
                    frame["line"] = line.into();
                }
                frames.push(frame);
                frames.len() - 1
            })
        };
        samples.push(path.iter().map(&mut frame).collect::<Vec<_>>());
        // Viewers count in double precision anyway.
        weights.push(gas as f64);
        total += gas;
    });
    let whole = json!({
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "exporter": concat!("arwen ", env!("CARGO_PKG_VERSION")),
        "name": name,
        "activeProfileIndex": 0,
        "shared": { "frames": frames },
        "profiles": [{
            "type": "sampled",
            "name": name,
            "unit": "none",
            "startValue": 0,
            "endValue": total as f64,
            "samples": samples,
            "weights": weights,
        }],
    });
    format!("{whole}\n")
}

/// A flame graph as SVG.
///
/// # Errors
/// When there is no gas to show.
pub fn flame_graph(recorder: &Recorder, title: &str, out: &mut dyn Write) -> Result<(), String> {
    let mut options = inferno::flamegraph::Options::default();
    options.title = title.to_owned();
    options.count_name = "gas".to_owned();
    options.deterministic = true;
    let lines = folded(recorder);
    inferno::flamegraph::from_lines(&mut options, lines.lines(), out).map_err(|error| error.to_string())
}

/// Visits every stack that has gas of its own, the root left out.
fn stacks(recorder: &Recorder, mut visit: impl FnMut(&[usize], i128)) {
    recorder.tree().walk(Tree::ROOT, &mut |path, node| {
        if node.gas > 0 {
            visit(&path[1..], node.gas);
        }
    });
}
