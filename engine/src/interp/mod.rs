//! The interpreter tier: register code, translated function by function when first called, and the loop that runs it.
//!
//! Needs no executable memory and starts at once. It consults the same plan, meter, limits and runtime as the other
//! tiers, so which of them ran cannot be seen.

mod calls;
mod code;
mod frame;
mod handlers;
mod lower;
mod machine;
mod run;
mod seal;
mod state;

use std::sync::{Arc, OnceLock};

use crate::host::Host;
use crate::module::info::ModuleInfo;
use crate::runtime::invocation::Invocation;
use crate::runtime::store::Store;
use crate::trap::Trap;
pub(crate) use frame::Stacks;
use frame::Vm;
use machine::View;
use seal::Code;

/// The code of a module's functions, each translated when it is first called. Shared between threads.
#[derive(Debug)]
pub(crate) struct ModuleCode {
    info: Arc<ModuleInfo>,
    functions: Box<[OnceLock<Code>]>,
}

impl ModuleCode {
    /// Nothing is translated yet.
    pub fn new(info: &Arc<ModuleInfo>) -> Self {
        Self {
            info: info.clone(),
            // A place for each function declared, whether or not its body can be read.
            functions: (info.imported_funcs as usize..info.funcs.len())
                .map(|_| OnceLock::new())
                .collect(),
        }
    }

    /// Functions that have been called, by their place among those defined.
    pub fn called(&self) -> impl Iterator<Item = u32> {
        let functions = (0..).zip(&self.functions);
        functions.filter_map(|(index, code)| code.get().map(|_| index))
    }

    /// The code of a defined function.
    fn function(&self, index: u32) -> &Code {
        self.functions[index as usize].get_or_init(|| {
            if lacks_body(&self.info, index) {
                return Code::broken();
            }
            lower::translate(&self.info, index).unwrap_or_else(|error| {
                debug_assert!(false, "function {index}: {error}");
                Code::broken()
            })
        })
    }
}

/// Is there no body for a defined function? Only of a module that was valid before and is not now.
fn lacks_body(info: &ModuleInfo, index: u32) -> bool {
    info.bodies().len() <= index as usize
}

/// Runs body `body` of an instance whose module is interpreted. Slots have been checked against its type.
pub(crate) fn invoke(store: &mut Store, host: &mut dyn Host, call: Invocation<'_>) -> Result<(), Trap> {
    let Invocation {
        instance,
        body,
        budget,
        slots,
        params,
        results,
        ..
    } = call;
    let target = &store.instances[instance.0 as usize];
    let module_code = target.module.code().interpreted();
    let view = View::of(instance, target, &module_code.functions);
    if view.code(body).is_none() {
        module_code.function(body);
    }
    let code = view.code(body).ok_or(Trap::Internal)?;
    let mut vm = Vm::new(store, host, budget, view, (code, &slots[..params]));
    let outcome = vm.start(code).and_then(|()| run::run(&mut vm));
    vm.finish(outcome, &mut slots[..results])
}
