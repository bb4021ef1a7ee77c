//! A module run by the engine under test, in one of its tiers.

use std::sync::OnceLock;

use arwen_engine::{
    Caller, Config, Engine, Extern, ExternType, FuncType, Host, HostStop, InstanceId, InstantiateError,
    Interrupt, MemoryBounds, Module, Refusal, Ruleset, SegmentError, Store, Tier, TierStatus, Trap, Value,
};
use arwen_metering::{CostTable, OpCosts, Schedule};

use super::generate::Numbers;
use super::inputs::{argument, host_results};
use super::observe::{self, Event, Observation, show};

/// What operators cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prices {
    /// Everything 1.
    One,
    /// The bundled schedule v3.
    V3,
}

impl Prices {
    /// Every way of pricing. None has operators for nothing: a loop without end would not end.
    pub const ALL: [Self; 2] = [Self::One, Self::V3];

    fn costs(self) -> Result<OpCosts, String> {
        let name = match self {
            Self::One => "dummy",
            Self::V3 => "v3",
        };
        let schedule = Schedule::bundled(name).ok_or_else(|| format!("no schedule `{name}`"))?;
        Ok(schedule.op_costs().clone())
    }
}

/// A way of running modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// The tier.
    pub tier: Tier,
    /// How it keeps accesses inside the memory.
    pub bounds: MemoryBounds,
    /// Which functions have native code.
    pub native: Native,
}

/// Which functions have native code, in a tier that has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Native {
    /// Those for which the engine sees to it.
    Policy,
    /// About half of them, the same all the time.
    Half,
}

/// The ways that are compared: all tiers, compiled code with both kinds of bounds, and compiled and interpreted functions
/// that call each other.
pub const WAYS: [Way; 6] = [
    way(Tier::Interpreter, MemoryBounds::Guarded, Native::Policy),
    way(Tier::Jit, MemoryBounds::Guarded, Native::Policy),
    way(Tier::Jit, MemoryBounds::Explicit, Native::Policy),
    way(Tier::Tiered, MemoryBounds::Guarded, Native::Policy),
    way(Tier::Tiered, MemoryBounds::Guarded, Native::Half),
    way(Tier::Observed, MemoryBounds::Guarded, Native::Policy),
];

const fn way(tier: Tier, bounds: MemoryBounds, native: Native) -> Way {
    Way { tier, bounds, native }
}

/// The rulesets that modules are compared under.
pub const RULESETS: [&Ruleset; 2] = [&Ruleset::STRICT, &Ruleset::ARWEN_1_3];

/// Functions of a module that may be in the half that is compiled.
const MOST_FUNCTIONS: u32 = 1000;

/// Slots of a stack that a few calls fill.
const SMALL_STACK: u32 = 160;

/// The engines of one ruleset, with its stack or with a small one, in the order of [`WAYS`]; the same for all modules. The
/// tiered one asks for native code with the second call, so that the first two are interpreted and those that call the same
/// functions are not.
fn engines(rules: &'static Ruleset, small_stack: bool) -> &'static [Engine; WAYS.len()] {
    static ENGINES: [[OnceLock<[Engine; WAYS.len()]>; 2]; RULESETS.len()] =
        [const { [const { OnceLock::new() }; 2] }; RULESETS.len()];
    let known = RULESETS
        .iter()
        .position(|known| known.name == rules.name)
        .unwrap_or_default();
    ENGINES[known][usize::from(small_stack)].get_or_init(|| {
        WAYS.map(|way| {
            let config = Config::new(RULESETS[known]).tier(way.tier);
            let mut config = config.memory_bounds(way.bounds);
            if small_stack {
                config = config.stack_limit(SMALL_STACK);
            }
            let calls = match way.native {
                Native::Policy => 2,
                Native::Half => u32::MAX,
            };
            Engine::new(config.promote_after(calls, u64::MAX))
        })
    })
}

/// A module compiled to be run in one way.
#[derive(Debug)]
pub struct Subject {
    way: Way,
    module: Module,
    costs: CostTable,
}

impl Subject {
    /// Compiles a module in every way, in the order of [`WAYS`], for a stack as large as the ruleset says or a small one.
    /// `seed` decides which half of its functions is compiled where half of them are.
    ///
    /// # Errors
    /// When it does not compile, in words.
    pub fn all(
        wasm: &[u8],
        rules: &'static Ruleset,
        prices: Prices,
        small_stack: bool,
        seed: u64,
    ) -> Result<Vec<Self>, String> {
        let costs = prices.costs()?;
        let subject = |(way, engine): (Way, &Engine)| {
            let module = Module::new(engine, wasm).map_err(|error| format!("does not compile: {error}"))?;
            if let Native::Half = way.native {
                let mut numbers = Numbers::new(seed);
                // Indices beyond the last function mean nothing.
                module.request_native_of((0..MOST_FUNCTIONS).filter(|_| numbers.draw().is_multiple_of(2)));
            }
            let costs = module.plan().costs(&costs);
            Ok(Self { way, module, costs })
        };
        let engines = engines(rules, small_stack);
        WAYS.into_iter().zip(engines).map(subject).collect()
    }

    /// The way it is run in.
    pub fn way(&self) -> Way {
        self.way
    }

    /// Why the tier does not run the module natively, if it has refused that.
    pub fn refusal(&self) -> Option<Refusal> {
        match self.module.tier_status() {
            TierStatus::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Runs every exported function once in a fresh instance, in the order of the exports, with arguments drawn from
    /// `seed`, until one runs out of gas: what that leaves in the instance is not defined. Failing to instantiate is an
    /// event like others.
    pub fn observe(&self, seed: u64, gas_limit: u64) -> Observation {
        let Self { module, costs, .. } = self;
        let mut store = Store::new(module.engine(), &Interrupt::new());
        store.meter().set_limit(gas_limit);
        let mut host = Recorder::default();
        let imports = host.provide(module);
        // For the function that starts.
        module.wait_for_native();
        let instance = match store.instantiate(module, &imports, costs, &mut host) {
            Ok(instance) => instance,
            Err(error) => {
                let gas = store.meter().used();
                let why = match error {
                    InstantiateError::Trap(trap) => Ok(trap),
                    // Refused before the trap that the specification has for it, where the ruleset looks first.
                    InstantiateError::Segment(SegmentError::Data(_)) => Ok(Trap::MemoryOutOfBounds),
                    InstantiateError::Segment(SegmentError::Element(_)) => Ok(Trap::TableOutOfBounds),
                    other => Err(other.to_string()),
                };
                host.events.push(Event::not_instantiated(why, gas));
                return Observation {
                    events: host.events,
                    state: Vec::new(),
                    gas,
                };
            }
        };
        let mut numbers = Numbers::new(!seed);
        for export in module.exports() {
            let (ExternType::Func(ty), Some(Extern::Func(func))) =
                (export.ty, store.export(instance, export.name))
            else {
                continue;
            };
            let args: Vec<Value> = ty.params().iter().map(|ty| argument(*ty, &mut numbers)).collect();
            // What has been asked for is there for the next call, so that it is always the same call that changes.
            module.wait_for_native();
            let done = store.invoke(func, &mut host, &args);
            let exhausted = matches!(done, Err(Trap::OutOfGas));
            let done = done.map(|results| results.iter().map(show).collect());
            let gas = store.meter().used();
            host.events.push(Event::returned(export.name, &args, done, gas));
            if exhausted {
                return Observation {
                    events: host.events,
                    state: Vec::new(),
                    gas,
                };
            }
        }
        Observation {
            state: state(module, &store, instance),
            gas: store.meter().used(),
            events: host.events,
        }
    }
}

/// The host: writes calls down.
#[derive(Debug, Default)]
struct Recorder {
    functions: Vec<(String, FuncType)>,
    events: Vec<Event>,
    calls: u64,
}

impl Recorder {
    /// Functions for every function that a module imports.
    fn provide(&mut self, module: &Module) -> Vec<Extern> {
        let functions = module.imports().filter_map(|import| match import.ty {
            ExternType::Func(ty) => Some((import.name.to_owned(), ty)),
            _ => None,
        });
        self.functions.extend(functions);
        let ids = 0..;
        ids.zip(&self.functions)
            .map(|(id, (_, ty))| Extern::HostFunc { id, ty: ty.clone() })
            .collect()
    }
}

impl Host for Recorder {
    fn call(
        &mut self,
        id: u32,
        caller: &mut Caller<'_>,
        args: &[u64],
        results: &mut [u64],
    ) -> Result<(), HostStop> {
        let (name, ty) = self.functions.get(id as usize).ok_or(HostStop)?;
        self.calls += 1;
        results.copy_from_slice(&host_results(id, self.calls, args, ty.results()));
        let memory = Some(caller.memory().map_or(0, |memory| memory.len()));
        let gas = caller.meter().used();
        self.events
            .push(Event::host_call(name, args, results, memory, gas));
        Ok(())
    }
}

/// Memory, globals and tables by their exports.
fn state(module: &Module, store: &Store, instance: InstanceId) -> Vec<String> {
    let entry = |name: &str| match store.export(instance, name)? {
        Extern::Memory(memory) => Some(observe::memory(name, store.memory(memory))),
        Extern::Global(global) => Some(observe::global(name, &show(&store.global(global)?))),
        Extern::Table(table) => {
            let items = (0..).map_while(|index| store.table_get(table, index));
            Some(observe::table(name, items.map(|item| show(&item))))
        }
        _ => None,
    };
    module.exports().filter_map(|export| entry(export.name)).collect()
}
