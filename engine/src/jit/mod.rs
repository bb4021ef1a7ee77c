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
use crate::tier::budget::{NativeBudget, Tally};
use crate::tier::{Refusal, Stopped};
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
    pub fn compile(
        self: &Arc<Self>,
        info: &ModuleInfo,
        unwanted: &dyn Fn() -> bool,
    ) -> Result<NativeCode, Stopped> {
        let mut compilation = Compilation::new(self);
        compilation.tally.count(&self.budget, info, info.bodies.len())?;
        loop {
            if unwanted() {
                return Err(Stopped::Cancelled);
            }
            if !compilation.step(info)? {
                return Ok(compilation.finish(info)?);
            }
        }
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

/// A module on its way to native code, function by function, as they become known.
pub(crate) struct Compilation {
    compiler: Arc<Compiler>,
    tally: Tally,
    scratch: Scratch,
    /// Functions by index, then ways in by distinct type: what is done so far.
    units: Vec<Compiled>,
    /// Bytes of machine code so far.
    bytes: usize,
}

impl Compilation {
    pub fn new(compiler: &Arc<Compiler>) -> Self {
        Self {
            compiler: compiler.clone(),
            tally: Tally::default(),
            scratch: Scratch::new(),
            units: Vec::new(),
            bytes: 0,
        }
    }

    /// Compiles the next function whose body is known, and what is imported before the first; `false` when there is
    /// none. Everything that the format has before bodies is known with the first.
    pub fn step(&mut self, info: &ModuleInfo) -> Result<bool, Refusal> {
        let next = self.units.len();
        if info.bodies.is_empty() || next >= info.imported_funcs as usize + info.bodies.len() {
            return Ok(false);
        }
        let bodies = (next + 1).saturating_sub(info.imported_funcs as usize);
        self.tally.count(&self.compiler.budget, info, bodies)?;
        self.add(info, Unit::Function(next as u32))?;
        Ok(true)
    }

    /// Compiles what is left of a whole module and puts it into its place.
    pub fn finish(mut self, info: &ModuleInfo) -> Result<NativeCode, Refusal> {
        self.tally.count(&self.compiler.budget, info, info.bodies.len())?;
        for index in self.units.len()..info.funcs.len() {
            self.add(info, Unit::Function(index as u32))?;
        }
        for ty in 0..info.distinct_types.len() {
            self.add(info, Unit::WayIn(ty as u32))?;
        }
        let linked = caught(|| self.compiler.link(info, &self.units), None)?;
        linked.map_err(|reason| Refusal::Failed {
            reason,
            function: None,
        })
    }

    fn add(&mut self, info: &ModuleInfo, unit: Unit) -> Result<(), Refusal> {
        let Self {
            compiler, scratch, ..
        } = self;
        let compile = || compile::unit(&compiler.isa, compiler.guarded, info, unit, scratch);
        let compiled = caught(compile, unit.function())?.map_err(|reason| Refusal::Failed {
            reason,
            function: unit.function(),
        })?;
        self.bytes += compiled.bytes.len();
        self.units.push(compiled);
        self.compiler.budget.check_machine_code(self.bytes)
    }
}

/// A bug in the code generator costs one module its native code, no more.
fn caught<T>(work: impl FnOnce() -> T, function: Option<u32>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Refusal::Panicked { function })
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
