//! One store of the engine under test, with the linker that scripts take for granted.

use std::collections::BTreeMap;

use arwen_engine::{
    CompileError, CompileErrorKind, Config, Engine, Extern, InstanceId, InstantiateError, Interrupt, Module,
    Refusal, Ruleset, Store, Tier, TierStatus, Trap, Value,
};
use arwen_metering::{OpCosts, Schedule};

use crate::spectest::{self, Printer};

/// How a file is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// What executes.
    pub tier: Tier,
    /// All prices 1 instead of all prices 0.
    pub metered: bool,
    /// Are float-stripped modules run, and they alone counted?
    pub stripped: bool,
}

impl Setup {
    /// Every setup of the suite without float-stripping, by name.
    pub fn all() -> Vec<Self> {
        let tiers = [Tier::Interpreter, Tier::Jit, Tier::Tiered, Tier::Observed];
        tiers
            .into_iter()
            .flat_map(|tier| {
                [false, true].map(|metered| Self {
                    tier,
                    metered,
                    stripped: false,
                })
            })
            .collect()
    }

    /// The name of the tier.
    pub fn tier_name(&self) -> &'static str {
        match self.tier {
            Tier::Interpreter => "interpreter",
            Tier::Jit => "jit",
            Tier::Tiered => "tiered",
            Tier::Observed => "observed",
        }
    }

    /// The name of the metering.
    pub fn metering_name(&self) -> &'static str {
        if self.metered { "metered" } else { "unmetered" }
    }
}

/// No run of the suite comes near this; unit: gas.
const GAS_LIMIT: u64 = u64::MAX / 2;

/// Why a module did not become an instance.
#[derive(Debug)]
pub enum InstanceError {
    /// The tier under test is the native one, and it refused the module.
    NotNative(Refusal),
    /// It did not compile.
    Compile(CompileError),
    /// Nobody registered what it imports.
    UnknownImport(String),
    /// It did not link, or a segment or the start function failed.
    Instantiate(InstantiateError),
}

impl InstanceError {
    /// Was the module rejected for a float type or operator?
    pub fn is_float_error(&self) -> bool {
        matches!(self, Self::Compile(error) if is_float_error(error))
    }

    /// What trapped, if that was it.
    pub fn trap(&self) -> Option<Trap> {
        match self {
            Self::Instantiate(InstantiateError::Trap(trap)) => Some(*trap),
            _ => None,
        }
    }

    /// Could the module not be linked?
    pub fn is_link_error(&self) -> bool {
        match self {
            Self::UnknownImport(_) => true,
            Self::Instantiate(error) => matches!(error, InstantiateError::Link(_)),
            Self::Compile(_) | Self::NotNative(_) => false,
        }
    }
}

impl std::fmt::Display for InstanceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Compile(error) => write!(f, "does not compile: {error}"),
            Self::NotNative(refusal) => write!(f, "is not run by the tier under test: {refusal}"),
            Self::UnknownImport(name) => write!(f, "unknown import {name}"),
            Self::Instantiate(error) => write!(f, "does not instantiate: {error}"),
        }
    }
}

/// Was the module rejected for a float type or operator?
pub fn is_float_error(error: &CompileError) -> bool {
    matches!(
        error.kind,
        CompileErrorKind::FloatType(_) | CompileErrorKind::FloatOperator(_)
    )
}

/// A store, the instances in it that have a name to import from, and the prices.
pub struct Machine {
    engine: Engine,
    store: Store,
    host: Printer,
    prices: OpCosts,
    registered: BTreeMap<String, InstanceId>,
    stripped: bool,
}

impl Machine {
    /// A machine with the module `spectest`.
    ///
    /// # Errors
    /// When the engine refuses that module, in words.
    pub fn new(setup: &Setup) -> Result<Self, String> {
        // Asked for at the first call, so that the compilation in the background comes in time for some of the others.
        let config = Config::new(&Ruleset::STRICT).promote_after(0, 0);
        let engine = Engine::new(config.tier(setup.tier));
        let store = Store::new(&engine, &Interrupt::new());
        store.meter().set_limit(GAS_LIMIT);
        let prices = if setup.metered {
            let schedule = Schedule::bundled("dummy").ok_or("no schedule `dummy`")?;
            schedule.op_costs().clone()
        } else {
            OpCosts::free()
        };
        let mut machine = Self {
            engine,
            store,
            host: Printer::default(),
            prices,
            registered: BTreeMap::new(),
            stripped: setup.stripped,
        };
        let text = if setup.stripped {
            spectest::MODULE_STRIPPED
        } else {
            spectest::MODULE
        };
        let spectest = encode(text)?;
        let instance = machine
            .instantiate(&spectest)
            .map_err(|error| format!("spectest {error}"))?;
        machine.register("spectest", instance);
        Ok(machine)
    }

    /// Compiles a module.
    ///
    /// # Errors
    /// The engine's.
    pub fn compile(&self, wasm: &[u8]) -> Result<Module, CompileError> {
        Module::new(&self.engine, wasm)
    }

    /// Compiles, links and instantiates a module.
    ///
    /// # Errors
    /// Whichever of the three fails.
    pub fn instantiate(&mut self, wasm: &[u8]) -> Result<InstanceId, InstanceError> {
        let module = self.compile(wasm).map_err(InstanceError::Compile)?;
        self.instantiate_module(&module)
    }

    /// Links and instantiates a compiled module.
    ///
    /// # Errors
    /// Whichever of the two fails, or that it is not native where native code is tested.
    pub fn instantiate_module(&mut self, module: &Module) -> Result<InstanceId, InstanceError> {
        if let TierStatus::Refused(refusal) = module.tier_status() {
            return Err(InstanceError::NotNative(refusal));
        }
        let mut imports = Vec::new();
        for import in module.imports() {
            let found = self.find(import.module, import.name);
            let unknown = || InstanceError::UnknownImport(format!("{}.{}", import.module, import.name));
            imports.push(found.ok_or_else(unknown)?);
        }
        let costs = module.plan().costs(&self.prices);
        self.store
            .instantiate(module, &imports, &costs, &mut self.host)
            .map_err(InstanceError::Instantiate)
    }

    fn find(&self, module: &str, name: &str) -> Option<Extern> {
        let instance = *self.registered.get(module)?;
        let print = || spectest::print(name, self.stripped).filter(|_| module == "spectest");
        self.store.export(instance, name).or_else(print)
    }

    /// Makes the exports of an instance importable under a module name.
    pub fn register(&mut self, name: &str, instance: InstanceId) {
        self.registered.insert(name.to_owned(), instance);
    }

    /// Calls an exported function.
    ///
    /// # Errors
    /// The trap.
    ///
    /// `None` when the instance exports no such function.
    pub fn invoke(
        &mut self,
        instance: InstanceId,
        name: &str,
        args: &[Value],
    ) -> Option<Result<Vec<Value>, Trap>> {
        match self.store.export(instance, name)? {
            Extern::Func(func) => Some(self.store.invoke(func, &mut self.host, args)),
            _ => None,
        }
    }

    /// The value of an exported global; `None` when the instance exports no such global.
    pub fn global(&self, instance: InstanceId, name: &str) -> Option<Value> {
        match self.store.export(instance, name)? {
            Extern::Global(global) => self.store.global(global),
            _ => None,
        }
    }

    /// Gas used so far.
    pub fn gas(&self) -> u64 {
        self.store.meter().used()
    }
}

/// The binary of a module text of ours.
///
/// # Errors
/// Where the text is wrong.
pub fn encode(text: &str) -> Result<Vec<u8>, String> {
    let buffer = wast::parser::ParseBuffer::new(text).map_err(|error| error.to_string())?;
    let mut wat: wast::Wat<'_> = wast::parser::parse(&buffer).map_err(|error| error.to_string())?;
    wat.encode().map_err(|error| error.to_string())
}
