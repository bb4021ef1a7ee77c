//! The observed tier: runs the operators of a module one by one, as they stand in the file, and tells an [`Observer`].
//!
//! For tools: profilers, coverage, steppers. It follows the same plan, meter, limits and runtime as the other tiers, so
//! that what it shows is what happened there, and it is safe Rust without any lowering, so that it can tell when one
//! of the others is wrong. Speed is no concern beyond time linear in what is executed.

mod charged;
mod code;
mod control;
mod frame;
mod machine;
mod memory;
mod observer;

use std::sync::Arc;

pub use charged::{ChargedOperator, ChargedOperators};
pub use observer::{Charge, Observer, Place, Step};

use crate::host::Host;
use crate::module::info::ModuleInfo;
use crate::runtime::invocation::Invocation;
use crate::runtime::store::Store;
use crate::trap::Trap;
use machine::Machine;

/// Runs body `body` of an instance. Slots have been checked against its type.
pub(crate) fn invoke(store: &mut Store, host: &mut dyn Host, call: Invocation<'_>) -> Result<(), Trap> {
    // No code can make an instance, so these are all that it may meet.
    let modules: Vec<Arc<ModuleInfo>> = store
        .instances
        .iter()
        .map(|instance| instance.module.info().clone())
        .collect();
    Machine::new(&modules, store, host, call.budget).invoke(call)
}
