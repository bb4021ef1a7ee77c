//! The engine, as this crate uses it: compiled code, and one running instance of it.

use arwen_engine::{
    CompileError, Engine, Extern, ExternType, Host, InstanceId, InstantiateError, Meter, Module, NoHost,
    SegmentError, Store, Trap,
};
use arwen_interface::Bytes;

use crate::context::{NIL_POINTER, OUT_OF_MEMORY, abort};
use crate::errors::EeiError;
use crate::link::link;
use crate::vm::Core;

/// A compiled contract, linked to the host functions it imports.
pub(crate) struct Code {
    module: Module,
    externs: Vec<Extern>,
    hash: [u8; 32],
}

impl Code {
    /// Compiles and links.
    ///
    /// # Errors
    /// In the reference's words; contracts that call such a contract see them.
    pub(crate) fn new(engine: &Engine, wasm: &[u8], hash: [u8; 32]) -> Result<Self, EeiError> {
        let module = Module::new(engine, wasm).map_err(|_: CompileError| refused("compile error"))?;
        let externs = link(&module).map_err(|text| refused(&text))?;
        Ok(Self {
            module,
            externs,
            hash,
        })
    }

    /// SHA-256 of the WebAssembly.
    pub(crate) fn hash(&self) -> &[u8] {
        &self.hash
    }

    pub(crate) fn module(&self) -> &Module {
        &self.module
    }

    pub(crate) fn exports_memory(&self) -> bool {
        self.module
            .exports()
            .any(|export| matches!(export.ty, ExternType::Memory(_)))
    }

    /// Exported functions, and whether they take and return nothing.
    pub(crate) fn exported_functions(&self) -> impl Iterator<Item = (&str, bool)> {
        self.module.exports().filter_map(|export| match export.ty {
            ExternType::Func(ty) => Some((export.name, ty.params().is_empty() && ty.results().is_empty())),
            _ => None,
        })
    }

    pub(crate) fn exports_function(&self, name: &str) -> bool {
        matches!(self.module.export(name), Some(ExternType::Func(_)))
    }

    pub(crate) fn imports_function(&self, name: &str) -> bool {
        self.module.imports().any(|import| import.name == name)
    }
}

fn refused(why: &str) -> EeiError {
    EeiError::Text(format!("could not create wasmer instance: {why}"))
}

/// An instance and its store.
pub(crate) struct Machine {
    pub code: std::sync::Arc<Code>,
    /// The contract it was made for.
    pub address: Bytes,
    store: Store,
    instance: InstanceId,
}

impl Machine {
    /// Instantiates. The limit is still 0: a start function gets no further than its first check.
    ///
    /// # Errors
    /// When segments do not fit, or the start function traps. What the machine refuses is none: it ends the run.
    pub(crate) fn start(
        core: &mut Core,
        code: std::sync::Arc<Code>,
        address: &[u8],
    ) -> Result<Self, EeiError> {
        let costs = core.costs(&code);
        let mut store = Store::new(&core.engine, &core.preemption.interrupt);
        // The reference's host does not know the contract yet, so a start function that asks it breaks the run.
        let instance = store.instantiate(&code.module, &code.externs, &costs, &mut NoHost);
        let instance = instance.map_err(|error| match error {
            InstantiateError::Segment(SegmentError::Data(_)) => {
                refused("link error: data segment does not fit")
            }
            InstantiateError::Segment(SegmentError::Element(_)) => {
                refused("link error: elements segment does not fit")
            }
            InstantiateError::Trap(Trap::Host) => abort(NIL_POINTER),
            InstantiateError::Trap(Trap::Interrupted) => {
                core.preemption.cut_short();
                EeiError::ExecutionFailed
            }
            InstantiateError::Resource(_) | InstantiateError::Trap(Trap::NoMemory) => abort(OUT_OF_MEMORY),
            InstantiateError::Trap(_) => refused("runtime error: unknown error"),
            other => refused(&other.to_string()),
        })?;
        Ok(Self {
            code,
            address: address.to_vec(),
            store,
            instance,
        })
    }

    pub(crate) fn meter(&self) -> Meter {
        self.store.meter()
    }

    /// Whether a function of this name is exported.
    pub(crate) fn exports(&self, function: &[u8]) -> bool {
        std::str::from_utf8(function).is_ok_and(|name| self.code.exports_function(name))
    }

    /// Calls an exported function; `None` when there is none of this name.
    pub(crate) fn invoke(&mut self, function: &[u8], host: &mut dyn Host) -> Option<Result<(), Trap>> {
        let name = std::str::from_utf8(function).ok()?;
        let Some(Extern::Func(func)) = self.store.export(self.instance, name) else {
            return None;
        };
        let ended = self.store.invoke(func, host, &[]).map(|_| ());
        // An export may be a host function. No code of the contract looks at the breakpoint then, so the call counts
        // as a success whatever the host function thinks.
        Some(match ended {
            Err(Trap::Host) if self.store.is_host_func(func) => Ok(()),
            ended => ended,
        })
    }
}
