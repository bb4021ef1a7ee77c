//! Traces: one run with all that it asked its node, in one file, to be run again anywhere.
//!
//! [`CallTrace::record`] makes one with any node; [`CallTrace::replay`] runs it again in any tier and says what differs.
//! The file is described in `docs/debugging.md`.

mod difference;
mod hooks;
mod json;
mod records;
mod scenario;

use arwen_eei::{RunObserver, Tier, Vm, VmError, VmSettings};
use arwen_interface::{BlockchainHook, VmOutput};
use arwen_metering::Schedule;
use arwen_scenario::model::GasSchedule;
use arwen_scenario::run::scenario_settings;
use serde::Serialize;
use serde_json::Value;

use crate::input::RunInput;
use difference::differences;
use hooks::HookPlayer;
use json::{Fields, Json};

pub use difference::Difference;
pub use hooks::{Answer, Asked, HookRecorder, Question};
pub use json::Wrong;
pub use scenario::{TracingMachine, Transaction, Wanted};

/// What says that a file is a trace.
const FORMAT: &str = "arwen-call-trace";

/// Which version of the format this is. A change of what fields mean, or of what is taken for granted, raises it.
pub const VERSION: u64 = 1;

/// Why there is no trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// The file is none.
    #[error("not a trace of a call: {0}")]
    NotATrace(String),
    /// The file is a trace of another version of this program.
    #[error("a trace of version {found}; this program reads version {VERSION}")]
    Version {
        /// What the file says.
        found: String,
    },
    /// The file says that it is a trace, and something in it is wrong.
    #[error("broken trace: {0}")]
    Broken(#[from] Wrong),
    /// The trace names a gas schedule that this program does not have.
    #[error("no gas schedule is called {0:?}; there are {list}", list = Schedule::bundled_names().collect::<Vec<_>>().join(", "))]
    Schedule(String),
    /// The VM cannot be set up as the trace says.
    #[error("the VM cannot be set up: {0}")]
    Vm(VmError),
}

/// The VM that a trace was recorded with, as far as outputs depend on it.
#[derive(Clone, Debug)]
pub struct TracedVm {
    /// The name of a bundled gas schedule.
    pub gas_schedule: String,
    /// Its settings; the tier in them is not part of the trace.
    pub settings: VmSettings,
}

impl TracedVm {
    /// The VM of scenarios.
    pub fn of_scenarios(schedule: GasSchedule) -> Self {
        Self {
            gas_schedule: schedule.bundled_name().to_owned(),
            settings: scenario_settings(Tier::Interpreter),
        }
    }

    /// Such a VM, in a tier.
    ///
    /// # Errors
    /// When there is no such schedule, or the settings are not usable.
    pub fn start(&self, tier: Tier) -> Result<Vm, TraceError> {
        let schedule = Schedule::bundled(&self.gas_schedule).cloned();
        let schedule = schedule.ok_or_else(|| TraceError::Schedule(self.gas_schedule.clone()))?;
        let settings = VmSettings {
            tier,
            ..self.settings.clone()
        };
        Vm::new(settings, schedule).map_err(TraceError::Vm)
    }
}

/// A run: what was asked of the VM, what it asked its node, and what came out.
#[derive(Clone, Debug)]
pub struct CallTrace {
    /// Where it comes from, for people.
    pub about: String,
    /// The VM.
    pub vm: TracedVm,
    /// What it ran.
    pub input: RunInput,
    /// What it asked, in the order in which it first did.
    pub asked: Vec<Asked>,
    /// What came out; the error is that of a run without an output.
    pub outcome: Result<VmOutput, VmError>,
}

/// The file. Its fields are in the order in which people look for them.
#[derive(Serialize)]
struct TraceFile {
    format: &'static str,
    version: u64,
    about: String,
    vm: Value,
    input: Value,
    outcome: Value,
    hooks: Value,
}

/// A trace that has been run again.
#[derive(Clone, Debug)]
pub struct Replay {
    /// What came out.
    pub outcome: Result<VmOutput, VmError>,
    /// Where that differs from the trace.
    pub differences: Vec<Difference>,
    /// What it asked that the trace has no answer to.
    pub unanswered: Vec<Question>,
}

impl Replay {
    /// Whether it went as the trace says.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty() && self.unanswered.is_empty()
    }
}

impl CallTrace {
    /// Runs something with a node, and writes down what happens. What is changed is in the outcome; the node is not.
    ///
    /// A VM of another kind, or one that has been running, is traced by putting a [`HookRecorder`] before its node.
    ///
    /// # Errors
    /// When the VM cannot be set up.
    pub fn record(
        about: impl Into<String>,
        vm: TracedVm,
        input: RunInput,
        node: &mut dyn BlockchainHook,
    ) -> Result<Self, TraceError> {
        let mut node = HookRecorder::new(node);
        let outcome = input.run(&mut vm.start(Tier::Interpreter)?, &mut node);
        Ok(Self {
            about: about.into(),
            vm,
            input,
            asked: node.finish(),
            outcome,
        })
    }

    /// Runs it again, with the answers of the trace.
    ///
    /// # Errors
    /// When the VM cannot be set up.
    pub fn replay(&self, tier: Tier) -> Result<Replay, TraceError> {
        Ok(self.replay_in(&mut self.vm.start(tier)?, None))
    }

    /// Runs it again in the observed tier, telling an observer.
    ///
    /// # Errors
    /// When the VM cannot be set up.
    pub fn replay_observed(&self, observer: &mut dyn RunObserver) -> Result<Replay, TraceError> {
        Ok(self.replay_in(&mut self.vm.start(Tier::Observed)?, Some(observer)))
    }

    /// Runs it again in a VM like the traced one, telling an observer if there is one.
    pub(crate) fn replay_in(&self, vm: &mut Vm, observer: Option<&mut dyn RunObserver>) -> Replay {
        let mut node = HookPlayer::new(&self.asked);
        let outcome = match observer {
            Some(observer) => self.input.run_observed(vm, &mut node, observer),
            None => self.input.run(vm, &mut node),
        };
        self.compared(outcome, &node)
    }

    /// Where another outcome differs from the recorded one.
    pub(crate) fn differences_to(&self, outcome: &Result<VmOutput, VmError>) -> Vec<Difference> {
        match self.outcome == *outcome {
            true => Vec::new(),
            false => differences(&self.outcome.to_json(), &outcome.to_json()),
        }
    }

    fn compared(&self, outcome: Result<VmOutput, VmError>, node: &HookPlayer) -> Replay {
        Replay {
            differences: self.differences_to(&outcome),
            outcome,
            unanswered: node.unanswered().to_vec(),
        }
    }

    /// The text of the file.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which does not happen.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let file = TraceFile {
            format: FORMAT,
            version: VERSION,
            about: self.about.clone(),
            vm: self.vm.to_json(),
            input: self.input.to_json(),
            outcome: self.outcome.to_json(),
            hooks: self.asked.to_json(),
        };
        serde_json::to_string_pretty(&file).map(|text| text + "\n")
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// When it is no trace, one of another version, or a broken one.
    pub fn from_json(text: &str) -> Result<Self, TraceError> {
        let not_a_trace = |what: String| TraceError::NotATrace(what);
        let value: Value = serde_json::from_str(text).map_err(|error| not_a_trace(error.to_string()))?;
        let field = |name: &str| value.get(name).unwrap_or(&Value::Null);
        if field("format") != FORMAT {
            return Err(not_a_trace(format!("its format is not {FORMAT}")));
        }
        if field("version") != &Value::from(VERSION) {
            let found = field("version").to_string();
            return Err(TraceError::Version { found });
        }
        let below = |name: &'static str| move |wrong: Wrong| wrong.below(name);
        Ok(Self {
            about: Json::from_json(field("about")).map_err(below("about"))?,
            vm: Json::from_json(field("vm")).map_err(below("vm"))?,
            input: Json::from_json(field("input")).map_err(below("input"))?,
            asked: Json::from_json(field("hooks")).map_err(below("hooks"))?,
            outcome: Json::from_json(field("outcome")).map_err(below("outcome"))?,
        })
    }
}

impl Json for TracedVm {
    fn to_json(&self) -> Value {
        let settings = self.settings.to_json();
        serde_json::json!({ "gasSchedule": self.gas_schedule, "settings": settings })
    }

    fn from_json(value: &Value) -> Result<Self, Wrong> {
        let mut fields = Fields::read(value)?;
        let vm = Self {
            gas_schedule: fields.take("gas_schedule", String::new())?,
            settings: fields.take("settings", scenario_settings(Tier::Interpreter))?,
        };
        fields.finish()?;
        Ok(vm)
    }
}

/// `{"create": …}` or `{"call": …}`.
impl Json for RunInput {
    fn to_json(&self) -> Value {
        match self {
            Self::Create(input) => serde_json::json!({ "create": input.to_json() }),
            Self::Call(input) => serde_json::json!({ "call": input.to_json() }),
        }
    }

    fn from_json(value: &Value) -> Result<Self, Wrong> {
        let fields = value.as_object().filter(|fields| fields.len() == 1);
        let (name, input) = fields
            .and_then(|fields| fields.iter().next())
            .ok_or_else(|| Wrong::new("an object with the field create or call"))?;
        let input = match name.as_str() {
            "create" => Json::from_json(input).map(Self::Create),
            "call" => Json::from_json(input).map(Self::Call),
            _ => return Err(Wrong::new("create or call").below(name)),
        };
        input.map_err(|wrong| wrong.below(name))
    }
}
