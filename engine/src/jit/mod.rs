//! The native tier: Cranelift makes machine code of functions of a module, all or some.

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
mod peephole;
mod reassociate;
mod tables;
mod thunk;
mod traps;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cranelift_codegen::isa::OwnedTargetIsa;

use crate::config::{Config, MemoryBounds};
use crate::module::info::ModuleInfo;
use crate::runtime::memory;
use crate::tier::budget::{NativeBudget, Tally};
use crate::tier::{Made, Refusal, Stopped, Wanted};
pub(crate) use code_memory::OpenCode;
use compile::{Compiled, Exit, Scratch, Unit};
pub(crate) use enter::{invoke, place};
pub(crate) use native_code::NativeCode;
use native_code::{Layout, Units};
pub(crate) use tables::table_bytes;

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

    /// Compiles functions of a module that have no code in `old`, within the budget, with the help of as many more threads
    /// as `more` says; what is made has the code of `old` as well. Asks between functions whether it is still wanted.
    pub fn compile(
        &self,
        info: &ModuleInfo,
        old: Option<&NativeCode>,
        wanted: &Wanted,
        more: usize,
        unwanted: &(dyn Fn() -> bool + Sync),
    ) -> Result<Made, Stopped> {
        let mut tally = Tally::default();
        tally.begin(&self.budget, info)?;
        let mut refused = Vec::new();
        let mut units = Vec::new();
        let there = |function| old.is_some_and(|old| old.has(function));
        // What is there counts before what is not, whatever the order they stand in.
        for function in info.defined().filter(|function| there(*function)) {
            tally.add(&self.budget, info, function - info.imported_funcs)?;
        }
        for function in info.defined() {
            if there(function) || !wanted.includes(function) {
                continue;
            }
            match tally.add(&self.budget, info, function - info.imported_funcs) {
                Ok(()) => units.push(Unit::Function(function)),
                Err(refusal) if wanted.is_all() => return Err(refusal.into()),
                Err(refusal) => refused.push((function, refusal)),
            }
        }
        // Whoever has a reference to a function may enter it.
        let entered = info.escaping().filter(|function| wanted.includes(*function));
        let types: BTreeSet<u32> = entered.map(|function| info.func_canonical(function)).collect();
        let missing = |ty: &u32| old.is_none_or(|old| !old.has_way_in(*ty));
        units.extend(types.into_iter().filter(missing).map(Unit::WayIn));
        if old.is_none() {
            units.extend(ways_out(info));
        }

        let bytes = AtomicUsize::new(old.map_or(0, NativeCode::code_bytes));
        let make = |at: usize, scratch: &mut Scratch| {
            let unit = units[at];
            let compiled = self.unit(info, unit, scratch).and_then(|compiled| {
                let len = compiled.bytes.len();
                let sum = bytes.fetch_add(len, Ordering::Relaxed) + len;
                self.budget.check_machine_code(sum).inspect_err(|_| {
                    // What is refused takes no place from others.
                    bytes.fetch_sub(len, Ordering::Relaxed);
                })?;
                Ok(compiled)
            });
            match (unit.function(), compiled) {
                (Some(function), Err(refusal)) if !wanted.is_all() => Ok(Err((function, refusal))),
                (_, compiled) => compiled.map(Ok),
            }
        };
        let made = parallel::units(units.len(), more, &Scratch::new, &make, unwanted)?;
        let mut done = Units::default();
        for (unit, made) in units.iter().zip(made) {
            match made {
                Ok(compiled) => done.add(*unit, compiled),
                Err(without) => refused.push(without),
            }
        }
        let mut scratch = Scratch::new();
        let left_out = done.left_out(info, old);
        let types: BTreeSet<u32> = left_out.iter().map(|index| info.func_canonical(*index)).collect();
        for ty in types {
            let unit = Unit::WayOut(Exit::Interpreter, ty);
            done.add(unit, self.unit(info, unit, &mut scratch)?);
        }
        Ok(Made {
            native: self.link(info, old, &done)?,
            refused,
        })
    }

    fn unit(&self, info: &ModuleInfo, unit: Unit, scratch: &mut Scratch) -> Result<Compiled, Refusal> {
        let compile = || compile::unit(&self.isa, self.guarded, info, unit, scratch);
        caught(compile, unit.function())?.map_err(|reason| Refusal::Failed {
            reason,
            function: unit.function(),
        })
    }

    /// Puts compiled units into executable memory.
    fn link(
        &self,
        info: &ModuleInfo,
        old: Option<&NativeCode>,
        units: &Units,
    ) -> Result<NativeCode, Refusal> {
        let align = u64::from(self.isa.function_alignment().minimum).max(self.isa.symbol_alignment());
        let failed = |reason| Refusal::Failed {
            reason,
            function: None,
        };
        let layout = Layout::new(info, old, units, align as u32).map_err(failed)?;
        self.budget.check_machine_code(layout.code_bytes())?;
        caught(|| NativeCode::link(layout), None)?.map_err(failed)
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

/// The ways out to what a module imports.
fn ways_out(info: &ModuleInfo) -> impl Iterator<Item = Unit> {
    let types: BTreeSet<u32> = (0..info.imported_funcs)
        .map(|index| info.func_canonical(index))
        .collect();
    types.into_iter().map(|ty| Unit::WayOut(Exit::Host, ty))
}

/// A module on its way to native code, function by function, as they become known.
pub(crate) struct Compilation {
    compiler: Arc<Compiler>,
    tally: Tally,
    scratch: Scratch,
    /// What is done so far.
    units: Units,
    /// Bytes of machine code so far.
    bytes: usize,
}

impl Compilation {
    pub fn new(compiler: &Arc<Compiler>) -> Self {
        Self {
            compiler: compiler.clone(),
            tally: Tally::default(),
            scratch: Scratch::new(),
            units: Units::default(),
            bytes: 0,
        }
    }

    /// Compiles the next function whose body is known; `false` when there is none. Everything that the format has before
    /// bodies is known with the first.
    pub fn step(&mut self, info: &ModuleInfo) -> Result<bool, Refusal> {
        let body = self.units.functions.len();
        if body >= info.bodies().len() {
            return Ok(false);
        }
        self.tally.add(&self.compiler.budget, info, body as u32)?;
        self.add(info, Unit::Function(info.imported_funcs + body as u32))?;
        Ok(true)
    }

    /// Compiles what is left of a whole module and puts it into its place. Asks between units whether it is still
    /// wanted.
    pub fn finish(mut self, info: &ModuleInfo, unwanted: &dyn Fn() -> bool) -> Result<NativeCode, Stopped> {
        self.tally.begin(&self.compiler.budget, info)?;
        while self.step(info)? {
            if unwanted() {
                return Err(Stopped::Cancelled);
            }
        }
        let ways_in: BTreeSet<u32> = info.escaping().map(|index| info.func_canonical(index)).collect();
        let ways_in = ways_in.into_iter().map(Unit::WayIn);
        for unit in ways_in.chain(ways_out(info)) {
            if unwanted() {
                return Err(Stopped::Cancelled);
            }
            self.add(info, unit)?;
        }
        Ok(self.compiler.link(info, None, &self.units)?)
    }

    fn add(&mut self, info: &ModuleInfo, unit: Unit) -> Result<(), Refusal> {
        let compiled = self.compiler.unit(info, unit, &mut self.scratch)?;
        self.bytes += compiled.bytes.len();
        self.units.add(unit, compiled);
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
