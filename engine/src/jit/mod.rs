//! The native tier: Cranelift makes machine code of every function of a module.

mod abi;
mod arch;
mod code_memory;
mod compile;
mod enter;
mod env;
mod gas;
mod ledger;
pub(crate) mod libcalls;
mod lower;
mod native_code;
mod native_stack;
mod parallel;
mod thunk;
mod traps;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cranelift_codegen::isa::OwnedTargetIsa;

use crate::config::{Config, MemoryBounds};
use crate::module::info::ModuleInfo;
use crate::runtime::memory;
use crate::tier::budget::{NativeBudget, Tally};
use crate::tier::{Refusal, Stopped};
pub(crate) use code_memory::OpenCode;
use compile::{Compiled, Scratch, Unit};
pub(crate) use enter::{invoke, stack};
pub(crate) use native_code::{NativeCode, table_bytes};

/// Compiles modules for this machine.
pub(crate) struct Compiler {
    isa: OwnedTargetIsa,
    /// Does the code rely on memories to be followed by a guard?
    guarded: bool,
    budget: NativeBudget,
    fingerprint: String,
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
        let guarded = config.memory_bounds == MemoryBounds::Guarded && memory::can_guard();
        let tail_calls = config
            .ruleset()
            .features
            .contains(wasmparser::WasmFeatures::TAIL_CALL);
        let isa = compile::host_isa(tail_calls)?;
        let fingerprint = fingerprint(config, guarded, &isa);
        Ok(Self {
            isa,
            guarded,
            budget: config.native_budget,
            fingerprint,
        })
    }

    /// Compiles every function of a module, within the budget, with the help of as many more threads as `more` says. Asks
    /// between functions whether it is still wanted.
    pub fn compile(
        &self,
        info: &ModuleInfo,
        more: usize,
        unwanted: &(dyn Fn() -> bool + Sync),
    ) -> Result<NativeCode, Stopped> {
        Tally::default().count(&self.budget, info, info.bodies().len())?;
        let bytes = AtomicUsize::new(0);
        let make = |unit: usize, scratch: &mut Scratch| {
            let unit = match unit.checked_sub(info.funcs.len()) {
                None => Unit::Function(unit as u32),
                Some(ty) => Unit::WayIn(ty as u32),
            };
            let compiled = self.unit(info, unit, scratch)?;
            let bytes = bytes.fetch_add(compiled.bytes.len(), Ordering::Relaxed) + compiled.bytes.len();
            self.budget.check_machine_code(bytes)?;
            Ok(compiled)
        };
        let count = info.funcs.len() + info.distinct_types.len();
        let units = parallel::units(count, more, &Scratch::new, &make, unwanted)?;
        Ok(self.link(info, &units)?)
    }

    fn unit(&self, info: &ModuleInfo, unit: Unit, scratch: &mut Scratch) -> Result<Compiled, Refusal> {
        let compile = || compile::unit(&self.isa, self.guarded, info, unit, scratch);
        caught(compile, unit.function())?.map_err(|reason| Refusal::Failed {
            reason,
            function: unit.function(),
        })
    }

    /// Puts compiled units into executable memory.
    fn link(&self, info: &ModuleInfo, units: &[Compiled]) -> Result<NativeCode, Refusal> {
        let align = u64::from(self.isa.function_alignment().minimum).max(self.isa.symbol_alignment());
        let linked = caught(|| NativeCode::link(units, info.funcs.len(), align as u32), None)?;
        linked.map_err(|reason| Refusal::Failed {
            reason,
            function: None,
        })
    }

    /// Must all memories that its code is run with be guarded?
    pub fn relies_on_guards(&self) -> bool {
        self.guarded
    }

    /// Everything the code of a module depends on beside the module: two compilers of equal fingerprints make code
    /// that each can run.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// What [`Compiler::fingerprint`] gives. The build stands for every source and dependency of this crate.
fn fingerprint(config: &Config, guarded: bool, isa: &OwnedTargetIsa) -> String {
    let extensions: Vec<String> = isa.isa_flags().iter().map(ToString::to_string).collect();
    format!(
        "build {}\nruleset {}\nguarded {guarded}\nprocessor {} {}\n{}",
        env!("ARWEN_ENGINE_BUILD"),
        config.ruleset().name,
        isa.triple(),
        extensions.join(", "),
        isa.flags(),
    )
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
        if info.bodies().is_empty() || next >= info.imported_funcs as usize + info.bodies().len() {
            return Ok(false);
        }
        let bodies = (next + 1).saturating_sub(info.imported_funcs as usize);
        self.tally.count(&self.compiler.budget, info, bodies)?;
        self.add(info, Unit::Function(next as u32))?;
        Ok(true)
    }

    /// Compiles what is left of a whole module and puts it into its place. Asks between units whether it is still
    /// wanted.
    pub fn finish(mut self, info: &ModuleInfo, unwanted: &dyn Fn() -> bool) -> Result<NativeCode, Stopped> {
        self.tally
            .count(&self.compiler.budget, info, info.bodies().len())?;
        let functions = (self.units.len()..info.funcs.len()).map(|index| Unit::Function(index as u32));
        let ways_in = (0..info.distinct_types.len()).map(|ty| Unit::WayIn(ty as u32));
        for unit in functions.chain(ways_in) {
            if unwanted() {
                return Err(Stopped::Cancelled);
            }
            self.add(info, unit)?;
        }
        Ok(self.compiler.link(info, &self.units)?)
    }

    fn add(&mut self, info: &ModuleInfo, unit: Unit) -> Result<(), Refusal> {
        let compiled = self.compiler.unit(info, unit, &mut self.scratch)?;
        self.bytes += compiled.bytes.len();
        self.units.push(compiled);
        self.compiler.budget.check_machine_code(self.bytes)
    }
}

/// A bug in the code generator costs one module its native code, no more.
fn caught<T>(work: impl FnOnce() -> T, function: Option<u32>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Refusal::Panicked { function })
}

/// The compiler and its output are used from any thread.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Arc<Compiler>>();
    shared::<Arc<NativeCode>>();
};
