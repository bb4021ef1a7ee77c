//! The environment of a VM child. Read here and nowhere else: nothing in it may change a reply, but by whom built-in
//! functions are computed.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use arwen_ipc_child::sandbox::{CACHE_VARIABLE, MODE_VARIABLE, Mode};
use arwen_ipc_child::{BuiltinMode, ExitCode as Ended, Options, Tier, run};
use arwen_ipc_host::driver::{DELEGATE_VALUE, DELEGATE_VARIABLE};
use thiserror::Error;

use crate::output;

/// The variable that chooses how contracts are run.
const TIER_VARIABLE: &str = "ARWEN_TIER";

/// The values of [`TIER_VARIABLE`].
const TIERS: &[(&str, Tier)] = &[
    ("interpreter", Tier::Interpreter),
    ("jit", Tier::Jit),
    ("tiered", Tier::Tiered),
];

/// The values of [`DELEGATE_VARIABLE`].
const BUILTINS: &[(&str, BuiltinMode)] = &[(DELEGATE_VALUE, BuiltinMode::Node)];

/// A value that a variable does not have. What was meant is not known, so it is no reason to go on with something else.
#[derive(Debug, Error)]
#[error("{variable} is \"{value}\", not one of {}", allowed.join(", "))]
struct UnknownValue {
    variable: &'static str,
    value: String,
    allowed: Vec<&'static str>,
}

/// What the value of `variable` stands for; none when it is not set.
fn setting<T: Copy>(variable: &'static str, values: &[(&'static str, T)]) -> Result<Option<T>, UnknownValue> {
    let Some(value) = env::var_os(variable) else {
        return Ok(None);
    };
    let meant = values.iter().find(|(name, _)| value == **name);
    let (_, meant) = meant.ok_or_else(|| UnknownValue {
        variable,
        value: value.to_string_lossy().into_owned(),
        allowed: values.iter().map(|(name, _)| *name).collect(),
    })?;
    Ok(Some(*meant))
}

fn options() -> Result<Options, UnknownValue> {
    let modes = Mode::ALL.map(|mode| (mode.name(), mode));
    Ok(Options {
        tier: setting(TIER_VARIABLE, TIERS)?,
        compile_threads: compile_threads(),
        builtins: setting(DELEGATE_VARIABLE, BUILTINS)?.unwrap_or(BuiltinMode::InVm),
        version: concat!("arwen-", env!("CARGO_PKG_VERSION")).to_owned(),
        sandbox: setting(MODE_VARIABLE, &modes)?.unwrap_or_default(),
        cache: env::var_os(CACHE_VARIABLE).map(PathBuf::from),
    })
}

/// Half of the processors that this process may use compile contracts, as far as that makes a difference.
fn compile_threads() -> usize {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    (processors / 2).clamp(1, 4)
}

/// Is the VM child.
pub fn main() -> ExitCode {
    let ended = match options() {
        Ok(options) => run(options),
        Err(error) => {
            output::complain(format_args!("Cannot start: {error}"));
            Ended::Init
        }
    };
    ExitCode::from(ended as u8)
}
