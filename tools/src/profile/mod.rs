//! Gas profiles: what a recording's gas was used for, by call, function, host function, operator and line.

pub mod compare;
pub mod graph;
pub mod group;
mod names;
mod table;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::{Part, Recorder, Tree};
use names::Names;
pub use table::table;
pub(crate) use table::units;

/// Version of the JSON form. Another one is not read.
pub const VERSION: u32 = 1;

/// Where the gas of some runs went. Every unit is in exactly one row of [`Profile::uses`], and the other lists split
/// some of these rows further.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// [`VERSION`].
    pub version: u32,
    /// The gas that the outputs of the runs say was used.
    pub total: i128,
    /// What it was used for, roughly. Adds up to the total.
    pub uses: Vec<Row>,
    /// By function that a node or a contract called, with all that it called in turn.
    pub calls: Vec<Row>,
    /// By function of a contract: its operators. Adds up to the use `operators`.
    pub functions: Vec<Row>,
    /// By host function. Adds up to the use `host functions`.
    pub host_functions: Vec<Row>,
    /// By kind of operator. Adds up to the use `operators`.
    pub operator_groups: Vec<Row>,
    /// By operator. Adds up to the use `operators`.
    pub operators: Vec<Row>,
    /// By source line, or function where no line is known. Adds up to the use `operators`.
    pub lines: Vec<Row>,
}

/// One row of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What used the gas.
    pub name: String,
    /// How much, in gas units. Less than nothing where a row takes back what others say.
    pub gas: i128,
    /// How often.
    pub count: u64,
}

/// Rows under way, by name.
#[derive(Default)]
struct Rows(BTreeMap<String, (i128, u64)>);

impl Rows {
    fn add(&mut self, name: impl Into<String>, gas: i128, count: u64) {
        let row = self.0.entry(name.into()).or_default();
        row.0 += gas;
        row.1 += count;
    }

    /// The rows, most gas first.
    fn sorted(self) -> Vec<Row> {
        let row = |(name, (gas, count))| Row { name, gas, count };
        let mut rows: Vec<Row> = self.0.into_iter().map(row).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.gas));
        rows
    }
}

/// The name of a use.
fn use_of(part: &Part) -> &'static str {
    match part {
        Part::Root | Part::Call { .. } => "calls",
        Part::Function { .. } => "operators",
        Part::Host(_) => "host functions",
        Part::Builtin(_) => "built-in functions",
        Part::Loading => "loading code",
        Part::Start => "start functions",
        Part::Locked => "locked for callbacks",
        Part::Sent => "sent to other shards",
        Part::Lost => "lost in failed calls",
        Part::Kept => "not given back",
        Part::Outside => "host functions called as exports",
        Part::Unbilled => "runs without an output",
    }
}

impl Profile {
    /// The profile of a recording.
    pub fn of(recorder: &Recorder) -> Self {
        let names = Names::of(recorder);
        let (mut uses, mut calls, mut functions) = (Rows::default(), Rows::default(), Rows::default());
        let mut host_functions = Rows::default();
        let tree = recorder.tree();
        tree.walk(Tree::ROOT, &mut |path, node| {
            if node.gas != 0 || matches!(node.part, Part::Function { .. } | Part::Host(_)) {
                uses.add(use_of(&node.part), node.gas, node.count);
            }
            match &node.part {
                Part::Function { .. } => functions.add(names.part(&node.part), node.gas, node.count),
                Part::Host(_) => host_functions.add(names.part(&node.part), node.gas, node.count),
                Part::Call { .. } => {
                    // What calls itself is counted where it was called first.
                    let above = &path[..path.len() - 1];
                    let nested = above.iter().any(|place| tree.node(*place).part == node.part);
                    let gas = match nested {
                        true => 0,
                        false => tree.total(path[path.len() - 1]),
                    };
                    calls.add(names.part(&node.part), gas, node.count);
                }
                _ => {}
            }
        });
        let (mut groups, mut operators, mut lines) = (Rows::default(), Rows::default(), Rows::default());
        for (contract, code) in recorder.contracts().iter().enumerate() {
            for paid in code.operators() {
                let (group, name) = match paid.op {
                    Some(op) => (group::of(op), op.name()),
                    None => (LOCALS, LOCALS),
                };
                groups.add(group, paid.gas, paid.times);
                operators.add(name, paid.gas, paid.times);
                lines.add(names.line(contract, paid.offset), paid.gas, paid.times);
            }
        }
        Self {
            version: VERSION,
            total: recorder.total(),
            uses: uses.sorted(),
            calls: calls.sorted(),
            functions: functions.sorted(),
            host_functions: host_functions.sorted(),
            operator_groups: groups.sorted(),
            operators: operators.sorted(),
            lines: lines.sorted(),
        }
    }

    /// The profile as JSON.
    ///
    /// # Errors
    /// Never, as far as is known: every field has a form in JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Reads a profile that [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// When it is none, or of another version.
    pub fn from_json(text: &str) -> Result<Self, ReadError> {
        let profile: Self = serde_json::from_str(text).map_err(|error| ReadError(error.to_string()))?;
        match profile.version {
            VERSION => Ok(profile),
            other => Err(ReadError(format!("version {other}, wanted {VERSION}"))),
        }
    }
}

/// The row of what a function pays for its locals when it is entered.
const LOCALS: &str = "declared locals";

/// Why a text is no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a gas profile: {0}")]
pub struct ReadError(String);
