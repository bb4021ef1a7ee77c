//! The engine: settings shared by modules and stores.

use std::sync::{Arc, OnceLock};

use arwen_metering::ModulePlanner;

use crate::config::{Config, Tier};
use crate::jit::Compiler;
use crate::ruleset::Ruleset;
use crate::runtime::pool::Pool;
use crate::tier::queue::Workers;

/// Settings, and what is built once from them. A clone is the same engine.
///
/// Dropping the last handle (modules and stores hold one each) ends the compiling threads: what waits is forgotten,
/// what is being compiled ends after its current function.
#[derive(Debug, Clone)]
pub struct Engine(Arc<EngineInner>);

#[derive(Debug)]
struct EngineInner {
    config: Config,
    jit: OnceLock<Result<Arc<Compiler>, String>>,
    workers: Workers,
    pool: Arc<Pool>,
    /// One that has planned nothing.
    planner: OnceLock<ModulePlanner>,
}

impl Engine {
    /// An engine with the given settings. Starts no thread before something is to be compiled in the background.
    pub fn new(config: Config) -> Self {
        Self(Arc::new(EngineInner {
            jit: OnceLock::new(),
            workers: Workers::new(config.compile_threads, config.compile_queue),
            pool: Arc::new(Pool::new(config.pooled_memories)),
            planner: OnceLock::new(),
            config,
        }))
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The ruleset.
    pub fn ruleset(&self) -> &'static Ruleset {
        self.0.config.ruleset
    }

    /// The tier asked for.
    pub fn tier(&self) -> Tier {
        self.0.config.tier
    }

    /// The compiler, or why this machine has none.
    pub(crate) fn jit(&self) -> Result<&Arc<Compiler>, String> {
        self.0
            .jit
            .get_or_init(|| Compiler::new(&self.0.config).map(Arc::new))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The threads that compile in the background.
    pub(crate) fn workers(&self) -> &Workers {
        &self.0.workers
    }

    /// A planner for one module.
    pub(crate) fn planner(&self) -> ModulePlanner {
        let planner = || ModulePlanner::new(self.ruleset().metering);
        self.0.planner.get_or_init(planner).clone()
    }

    /// Spare reservations of memories.
    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.0.pool
    }

    /// Are two handles the same engine?
    pub(crate) fn same(&self, other: &Engine) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
