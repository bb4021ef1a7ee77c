//! The native tier: Cranelift makes machine code of every function of a module.

mod abi;
mod arch;
mod code_memory;
mod compile;
mod enter;
mod env;
mod gas;
pub(crate) mod libcalls;
mod lower;
mod native_stack;
mod thunk;
mod traps;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};

use cranelift_codegen::ir::Signature;
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Module as _};

use crate::config::{Config, MemoryBounds};
use crate::module::info::ModuleInfo;
use crate::runtime::memory;
use crate::tier::{NativeBudget, Refusal, Stopped};
use abi::Site;
use code_memory::{CodeMemory, Provider};
use compile::{Compiled, Scratch, Unit};
pub(crate) use enter::invoke;

/// Compiles modules for this machine.
pub(crate) struct Compiler {
    isa: OwnedTargetIsa,
    /// Are memories followed by a guard?
    guarded: bool,
    budget: NativeBudget,
}

impl std::fmt::Debug for Compiler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiler")
            .field("isa", &self.isa.name())
            .field("guarded", &self.guarded)
            .finish()
    }
}

impl Compiler {
    /// A compiler, or why there is none on this machine.
    pub fn new(config: &Config) -> Result<Self, String> {
        if !arch::SUPPORTED {
            return Err("this processor or system is not supported".into());
        }
        let guarded = config.memory_bounds == MemoryBounds::Guarded;
        if guarded && !memory::can_guard() {
            return Err("no address space for guarded memories: use explicit bounds".into());
        }
        let tail_calls = config
            .ruleset()
            .features
            .contains(wasmparser::WasmFeatures::TAIL_CALL);
        Ok(Self {
            isa: compile::host_isa(tail_calls)?,
            guarded,
            budget: config.native_budget,
        })
    }

    /// Compiles every function of a module, within the budget. Asks between functions whether it is still wanted.
    pub fn compile(&self, info: &ModuleInfo, unwanted: &dyn Fn() -> bool) -> Result<NativeCode, Stopped> {
        self.budget.check(info)?;
        let units = units(info);
        let mut scratch = Scratch::new();
        let mut compiled: Vec<Compiled> = Vec::with_capacity(units.len());
        let mut bytes = 0;
        for unit in units {
            if unwanted() {
                return Err(Stopped::Cancelled);
            }
            // A bug in the code generator costs one module its native code, no more.
            let result = catch_unwind(AssertUnwindSafe(|| {
                compile::unit(&self.isa, self.guarded, info, unit, &mut scratch)
            }))
            .map_err(|_| Refusal::Panicked {
                function: unit.function(),
            })?;
            let unit = result.map_err(|reason| Refusal::Failed {
                reason,
                function: unit.function(),
            })?;
            bytes += unit.bytes.len();
            self.budget.check_machine_code(bytes)?;
            compiled.push(unit);
        }
        let linked = self.link(info, &compiled);
        Ok(linked.map_err(|reason| Refusal::Failed {
            reason,
            function: None,
        })?)
    }

    /// Puts compiled units into executable memory.
    fn link(&self, info: &ModuleInfo, units: &[Compiled]) -> Result<NativeCode, String> {
        let align = |unit: &Compiled| {
            let preferred = u64::from(self.isa.function_alignment().minimum);
            unit.align.max(preferred).max(self.isa.symbol_alignment()) as usize
        };
        let total = units.iter().fold(0, |end: usize, unit| {
            end.next_multiple_of(align(unit)) + unit.bytes.len()
        });
        if total > i32::MAX as usize {
            return Err("more code than a call can reach across".into());
        }
        let (provider, finished) = Provider::new(total).map_err(|e| e.to_string())?;
        let mut builder = JITBuilder::with_isa(self.isa.clone(), Box::new(|libcall| format!("{libcall:?}")));
        builder.memory_provider(Box::new(provider));
        let mut module = JITModule::new(builder);
        // The linker asks for a signature and does not use it.
        let signature = Signature::new(CallConv::Tail);
        for _ in units {
            module
                .declare_anonymous_function(&signature)
                .map_err(|e| e.to_string())?;
        }
        for (i, unit) in units.iter().enumerate() {
            module
                .define_function_bytes(FuncId::from_u32(i as u32), unit.align, &unit.bytes, &unit.relocs)
                .map_err(|e| e.to_string())?;
        }
        module.finalize_definitions().map_err(|e| e.to_string())?;
        let starts: Vec<*const u8> = (0..units.len())
            .map(|i| module.get_finalized_function(FuncId::from_u32(i as u32)))
            .collect();
        let memory = finished.lock().unwrap_or_else(PoisonError::into_inner).take();
        let memory = memory.ok_or("the linker did not finish")?;
        let offsets = starts.iter().map(|start| memory.offset(*start as usize));
        let offsets: Vec<u32> = offsets.collect::<Option<_>>().ok_or("code outside its memory")?;
        let mut sites: Vec<(u32, Site)> = Vec::new();
        for (unit, start) in units.iter().zip(&offsets) {
            sites.extend(unit.sites.iter().map(|(offset, site)| (start + offset, *site)));
        }
        sites.sort_by_key(|(offset, _)| *offset);
        let (functions, ways_in) = offsets.split_at(info.funcs.len());
        Ok(NativeCode {
            memory,
            functions: functions.into(),
            ways_in: ways_in.into(),
            sites: sites.into(),
        })
    }
}

/// Everything there is to compile in a module: functions by index, then ways in by distinct type.
fn units(info: &ModuleInfo) -> Vec<Unit> {
    let functions = (0..info.funcs.len() as u32).map(Unit::Function);
    functions
        .chain((0..info.distinct_types.len() as u32).map(Unit::WayIn))
        .collect()
}

/// Native code of a module. Freed when dropped; instances keep their module, so never while it may run.
#[derive(Debug)]
pub(crate) struct NativeCode {
    memory: CodeMemory,
    /// Offset of each function, by index.
    functions: Box<[u32]>,
    /// Offset of the way in for each distinct type.
    ways_in: Box<[u32]>,
    /// Where compiled code can trap, by offset.
    sites: Box<[(u32, Site)]>,
}

impl NativeCode {
    /// Native entry of a function by its index.
    pub fn entry(&self, index: u32) -> *const u8 {
        self.memory.address(self.functions[index as usize])
    }

    /// The way in for functions of a distinct type.
    pub fn way_in(&self, ty: u32) -> *const u8 {
        self.memory.address(self.ways_in[ty as usize])
    }

    /// The trap site at an address, if it is one of this code.
    pub fn site(&self, address: usize) -> Option<Site> {
        let offset = self.memory.offset(address)?;
        let at = self
            .sites
            .binary_search_by_key(&offset, |(offset, _)| *offset)
            .ok()?;
        Some(self.sites[at].1)
    }
}

/// The compiler and its output are used from any thread.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Arc<Compiler>>();
    shared::<Arc<NativeCode>>();
};
