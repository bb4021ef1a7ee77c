//! The seam between what is shared and the tiers; the only file that names them all.
//!
//! A tier turns a validated module into code ([`Code`]) and runs one function of an instance ([`invoke`]). Everything
//! else (linking, memories, tables, globals, segments, host calls, the meter, the logical stack) is shared in
//! `runtime/`. All keep to the same rules:
//!
//! - [`invoke`] runs an [`Invocation`] with the logical stack that it leaves: before a frame charges anything, subtract
//!   `Body::frame_slots` or trap `StackOverflow`. Host functions only through `Store::call_host`, bulk operators through `runtime/ops.rs`;
//! - in which tiers a store runs changes only while no code does ([`Store::choose_tier`]). Native code hands a function that
//!   has none to the interpreter ([`interpret`]), which keeps it and all that it calls.

use std::sync::{Arc, OnceLock};

use crate::config::Tier;
use crate::engine::Engine;
use crate::host::Host;
use crate::interp;
use crate::jit::{self, Compilation, NativeCode};
use crate::module::info::ModuleInfo;
use crate::observe;
use crate::runtime::invocation::Invocation;
use crate::runtime::store::Store;
use crate::tier::{Promotion, Refusal, Stopped, Wanted};
use crate::trap::Trap;

/// The code of a module, in as many tiers as it has been asked for.
#[derive(Debug)]
pub(crate) struct Code {
    info: Arc<ModuleInfo>,
    /// Register code; its functions are translated when first called.
    interpreted: OnceLock<interp::ModuleCode>,
    promotion: Arc<Promotion>,
}

impl Code {
    /// The code of a module whose native code is there already, or some of it.
    pub fn with_native(info: &Arc<ModuleInfo>, native: NativeCode) -> Self {
        let promotion = Promotion::default();
        promotion.begin_with(Ok(native), info.defined());
        Self {
            info: info.clone(),
            interpreted: OnceLock::new(),
            promotion: Arc::new(promotion),
        }
    }

    /// Its register code.
    pub fn interpreted(&self) -> &interp::ModuleCode {
        self.interpreted
            .get_or_init(|| interp::ModuleCode::new(&self.info))
    }

    /// Its native code, as far as it is there.
    pub fn native(&self) -> Option<Arc<NativeCode>> {
        self.promotion.native()
    }

    /// What to compile next, by the functions that the interpreter has been asked for; `None` when that is nothing new.
    pub fn wanted(&self) -> Option<Wanted> {
        let called = self.interpreted.get().map(interp::ModuleCode::called);
        let called = called.into_iter().flatten();
        let first = self.info.imported_funcs;
        self.promotion
            .wanted(called.map(|body| first + body), self.info.defined())
    }

    /// Its way to native code.
    pub fn promotion(&self) -> &Arc<Promotion> {
        &self.promotion
    }
}

/// The code of a module whose functions become known one after the other.
pub(crate) struct CodeBuilder {
    /// Native code, where the tier wants it from the start; or why there will be none.
    native: Option<Result<Compilation, Refusal>>,
}

impl CodeBuilder {
    /// Begins a module for the engine's tier.
    pub fn new(engine: &Engine) -> Self {
        let native = (engine.tier() == Tier::Jit).then(|| match engine.jit() {
            Ok(compiler) => Ok(Compilation::new(compiler)),
            Err(reason) => Err(Refusal::Unavailable(reason)),
        });
        Self { native }
    }

    /// Makes code of the functions that are known and were not before.
    pub fn take_in(&mut self, info: &ModuleInfo) {
        while let Some(Ok(compilation)) = &mut self.native {
            match compilation.step(info) {
                Ok(true) => {}
                Ok(false) => break,
                Err(refusal) => self.native = Some(Err(refusal)),
            }
        }
    }

    /// The code of the whole module.
    pub fn finish(self, info: &Arc<ModuleInfo>) -> Code {
        let promotion = Promotion::default();
        if let Some(compilation) = self.native {
            match compilation.map(|compilation| compilation.finish(info, &|| false)) {
                Ok(Ok(native)) => promotion.begin_with(Ok(native), info.defined()),
                Ok(Err(Stopped::Refused(refusal))) | Err(refusal) => {
                    promotion.begin_with(Err(refusal), info.defined());
                }
                Ok(Err(Stopped::Cancelled)) => {}
            }
        }
        Code {
            info: info.clone(),
            interpreted: OnceLock::new(),
            promotion: Arc::new(promotion),
        }
    }
}

/// The helpers compiled code may call.
pub(crate) fn libcalls() -> *const usize {
    jit::libcalls::table()
}

/// Runs a function.
#[inline]
pub(crate) fn invoke(store: &mut Store, host: &mut dyn Host, call: Invocation<'_>) -> Result<(), Trap> {
    // Where it has no native code, or the machine no stack for that, the interpreter, which needs none, gives the same.
    if store.native
        && let Some(place) = jit::place(&call)
    {
        jit::invoke(store, host, call, place)
    } else if store.engine().tier() == Tier::Observed {
        observe::invoke(store, host, call)
    } else {
        interpret(store, host, call)
    }
}

/// Runs a function in the interpreter, and all that it calls.
#[inline]
pub(crate) fn interpret(store: &mut Store, host: &mut dyn Host, call: Invocation<'_>) -> Result<(), Trap> {
    store.interpreted = true;
    interp::invoke(store, host, call)
}
