//! What modules become when they run: stores and what they own. Shared by all tiers.

pub(crate) mod apart;
pub(crate) mod cells;
pub(crate) mod context;
pub(crate) mod functions;
pub(crate) mod instance;
pub(crate) mod invocation;
pub(crate) mod mapping;
pub(crate) mod memory;
pub(crate) mod ops;
pub(crate) mod pool;
pub(crate) mod slots;
pub(crate) mod stack;
pub(crate) mod store;
pub(crate) mod table;
mod tiers;
pub(crate) mod typed;
pub(crate) mod wiring;
