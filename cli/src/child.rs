//! The environment of a VM child. Read here and nowhere else: nothing in it may change a reply, but by whom built-in
//! functions are computed.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use arwen_ipc_child::sandbox::{CACHE_VARIABLE, MODE_VARIABLE, Mode};
use arwen_ipc_child::{BuiltinMode, ExitCode as Ended, Options, Tier, run};
use arwen_ipc_host::driver::{DELEGATE_VALUE, DELEGATE_VARIABLE};

/// The variable that chooses how contracts are run: `interpreter`, `jit` or `tiered`.
const TIER_VARIABLE: &str = "ARWEN_TIER";

/// Is the VM child.
pub fn main() -> ExitCode {
    let tier = env::var(TIER_VARIABLE).ok().and_then(|name| match name.as_str() {
        "interpreter" => Some(Tier::Interpreter),
        "jit" => Some(Tier::Jit),
        "tiered" => Some(Tier::Tiered),
        // The tier shows in no reply, so a name of another version is no reason not to start.
        _ => None,
    });
    let builtins = match env::var(DELEGATE_VARIABLE) {
        Ok(value) if value == DELEGATE_VALUE => BuiltinMode::Node,
        _ => BuiltinMode::InVm,
    };
    let sandbox = match env::var(MODE_VARIABLE) {
        Ok(name) => name.parse(),
        Err(env::VarError::NotPresent) => Ok(Mode::default()),
        Err(env::VarError::NotUnicode(name)) => name.to_string_lossy().parse(),
    };
    let sandbox = match sandbox {
        Ok(mode) => mode,
        Err(error) => {
            eprintln!("Cannot lock down: {error}");
            return ExitCode::from(Ended::Init as u8);
        }
    };
    let version = concat!("arwen-", env!("CARGO_PKG_VERSION")).to_owned();
    ExitCode::from(run(Options {
        tier,
        builtins,
        version,
        sandbox,
        cache: env::var_os(CACHE_VARIABLE).map(PathBuf::from),
    }) as u8)
}
