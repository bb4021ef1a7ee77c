//! The engine: settings shared by modules and stores.

use std::sync::Arc;

use crate::config::{Config, Tier};
use crate::ruleset::Ruleset;

/// Settings, and what is built once from them. A clone is the same engine.
#[derive(Debug, Clone)]
pub struct Engine(Arc<EngineInner>);

#[derive(Debug)]
struct EngineInner {
    config: Config,
    #[cfg(feature = "jit")]
    jit: std::sync::OnceLock<Result<crate::jit::Compiler, String>>,
}

impl Engine {
    /// An engine with the given settings.
    pub fn new(config: Config) -> Self {
        Self(Arc::new(EngineInner {
            config,
            #[cfg(feature = "jit")]
            jit: std::sync::OnceLock::new(),
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
    #[cfg(feature = "jit")]
    pub(crate) fn jit(&self) -> Result<&crate::jit::Compiler, String> {
        self.0
            .jit
            .get_or_init(|| crate::jit::Compiler::new(&self.0.config))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// Are two handles the same engine?
    pub(crate) fn same(&self, other: &Engine) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
