//! The seam between what is shared and the two tiers; the only file that names both.
//!
//! A tier turns a validated module into code ([`Code::prepare`]) and runs one function of an instance
//! ([`invoke`]). Everything else (linking, memories, tables, globals, segments, host calls, the meter, the logical
//! stack) is shared in `runtime/`. Both keep to the same rules:
//!
//! - [`invoke`] runs body `body` of `instance` with the logical stack that is left
//!   (`budget`, in slots): before a frame charges anything, subtract `Body::frame_slots` or trap `StackOverflow`.
//!   Host functions only through `Store::call_host`, functions of instances that run in the other tier through
//!   `Store::invoke_slots` (under a `stack::HostCall` mark), bulk operators through `runtime/ops.rs`;
//! - functions without native entry have `FuncRef::FOREIGN` set in their reference, so compiled code that meets one
//!   in a table comes back through `Store::invoke_slots`.

use std::sync::Arc;

use crate::config::Tier;
use crate::engine::Engine;
use crate::error::{CompileError, CompileErrorKind};
use crate::host::Host;
use crate::module::info::ModuleInfo;
use crate::runtime::store::{InstanceId, Store};
use crate::trap::Trap;

/// The code of a module.
#[derive(Debug)]
pub(crate) enum Code {
    /// Register code, translated when first called.
    Interpreted(crate::interp::ModuleCode),
    /// Native code.
    #[cfg(feature = "jit")]
    Native(crate::jit::NativeCode),
}

impl Code {
    /// Prepares a validated module for the engine's tier.
    pub fn prepare(engine: &Engine, info: &Arc<ModuleInfo>) -> Result<Self, CompileError> {
        let fail = |kind| CompileError {
            kind,
            offset: 0,
            function: None,
        };
        match engine.tier() {
            #[cfg(feature = "jit")]
            Tier::Jit => {
                let compiler = engine
                    .jit()
                    .map_err(|e| fail(CompileErrorKind::NoNativeCode(e)))?;
                Ok(Self::Native(compiler.compile(info)?))
            }
            #[cfg(not(feature = "jit"))]
            Tier::Jit => Err(fail(CompileErrorKind::TierUnavailable(
                "this build has no native tier",
            ))),
            Tier::Interpreter => Ok(Self::Interpreted(crate::interp::ModuleCode::new(info))),
            Tier::Tiered => Err(fail(CompileErrorKind::TierUnavailable(
                "this build compiles nothing in the background",
            ))),
        }
    }

    /// Native entry of a function by its index in the module; null when it has none.
    pub fn entry(&self, index: u32) -> *const u8 {
        match self {
            Self::Interpreted(_) => std::ptr::null(),
            #[cfg(feature = "jit")]
            Self::Native(code) => code.entry(index),
        }
    }
}

/// The helpers compiled code may call.
pub(crate) fn libcalls() -> *const usize {
    #[cfg(feature = "jit")]
    {
        crate::jit::libcalls::table()
    }
    #[cfg(not(feature = "jit"))]
    {
        std::ptr::null()
    }
}

/// Runs body `body` of an instance. Slots have been checked against its type.
pub(crate) fn invoke(
    store: &mut Store,
    instance: InstanceId,
    body: u32,
    host: &mut dyn Host,
    budget: u32,
    args: &[u64],
    results: &mut [u64],
) -> Result<(), Trap> {
    match store.instances[instance.0 as usize].module.code() {
        Code::Interpreted(_) => crate::interp::invoke(store, instance, body, host, budget, args, results),
        #[cfg(feature = "jit")]
        Code::Native(_) => crate::jit::invoke(store, instance, body, host, budget, args, results),
    }
}
