//! One run of a module, and everything about it that must not depend on the tier.

use arwen_engine::{
    Caller, Config, Engine, Extern, ExternType, FuncType, Host, HostStop, InstanceId, Interrupt, Module,
    Ruleset, Store, Tier, TierStatus, Trap, ValType, Value,
};
use arwen_metering::{CostTable, OpCosts, Schedule};

use super::generate::Numbers;

/// What operators cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prices {
    /// Nothing.
    Zero,
    /// Everything 1.
    One,
    /// The bundled schedule v3.
    V3,
}

impl Prices {
    fn costs(self) -> Result<OpCosts, String> {
        let name = match self {
            Self::Zero => return Ok(OpCosts::free()),
            Self::One => "dummy",
            Self::V3 => "v3",
        };
        let schedule = Schedule::bundled(name).ok_or_else(|| format!("no schedule `{name}`"))?;
        Ok(schedule.op_costs().clone())
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What, in words that any implementation can write.
    pub text: String,
    /// Gas used when it happened.
    pub gas: u64,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Host calls, results and traps, in order.
    pub events: Vec<Event>,
    /// Memory, globals and tables at the end.
    pub state: Vec<String>,
    /// Gas used in the end.
    pub gas: u64,
    /// The traps of exports that trapped.
    pub traps: Vec<Trap>,
}

impl Observation {
    /// The first thing in which two runs differ.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let events = self.events.iter().zip(&other.events).find(|(a, b)| a != b);
        if let Some((a, b)) = events {
            return Some(format!("{a:?} against {b:?}"));
        }
        if self.events.len() != other.events.len() {
            return Some(format!(
                "{} events against {}",
                self.events.len(),
                other.events.len()
            ));
        }
        let state = self.state.iter().zip(&other.state).find(|(a, b)| a != b);
        if let Some((a, b)) = state {
            return Some(format!("{a} against {b}"));
        }
        (self != other).then(|| format!("{} gas against {}", self.gas, other.gas))
    }
}

/// A module compiled for a tier.
#[derive(Debug)]
pub struct Subject {
    engine: Engine,
    module: Module,
    costs: CostTable,
}

impl Subject {
    /// Compiles a module.
    ///
    /// # Errors
    /// When it does not compile, or not to native code where that is the tier, in words.
    pub fn new(wasm: &[u8], tier: Tier, prices: Prices) -> Result<Self, String> {
        let engine = Engine::new(Config::new(&Ruleset::STRICT).tier(tier));
        let module = Module::new(&engine, wasm).map_err(|error| format!("does not compile: {error}"))?;
        if let TierStatus::Refused(refusal) = module.tier_status() {
            return Err(format!("is not run by the tier under test: {refusal}"));
        }
        let costs = module.plan().costs(&prices.costs()?);
        Ok(Self {
            engine,
            module,
            costs,
        })
    }

    /// Runs every exported function once in a fresh instance, in the order of the exports, with arguments drawn from
    /// `seed`. Failing to instantiate is an event like others.
    pub fn observe(&self, seed: u64, gas_limit: u64) -> Observation {
        let Self {
            engine,
            module,
            costs,
        } = self;
        let mut store = Store::new(engine, &Interrupt::new());
        store.meter().set_limit(gas_limit);
        let mut host = Recorder::default();

        let imports: Vec<Extern> = module
            .imports()
            .enumerate()
            .filter_map(|(id, import)| match import.ty {
                ExternType::Func(ty) => {
                    host.functions.push((import.name.to_owned(), ty.clone()));
                    Some(Extern::HostFunc { id: id as u32, ty })
                }
                _ => None,
            })
            .collect();

        let mut traps = Vec::new();
        let instance = match store.instantiate(module, &imports, costs, &mut host) {
            Ok(instance) => instance,
            Err(error) => {
                let gas = store.meter().used();
                host.events.push(Event {
                    text: format!("does not instantiate: {error}"),
                    gas,
                });
                return Observation {
                    events: host.events,
                    state: Vec::new(),
                    gas,
                    traps,
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
            let done = store.invoke(func, &mut host, &args);
            let text = match &done {
                Ok(results) => format!("{}{} = {}", export.name, list(&args), list(results)),
                Err(trap) => format!("{}{} traps: {trap}", export.name, list(&args)),
            };
            traps.extend(done.err());
            let gas = store.meter().used();
            host.events.push(Event { text, gas });
        }
        Observation {
            state: state(module, &store, instance),
            gas: store.meter().used(),
            events: host.events,
            traps,
        }
    }
}

/// Numbers where operators change their ways, as often as any others.
fn argument(ty: ValType, numbers: &mut Numbers) -> Value {
    const EDGES: [i64; 12] = [
        0,
        1,
        -1,
        2,
        i32::MAX as i64,
        i32::MIN as i64,
        u32::MAX as i64,
        i64::MAX,
        i64::MIN,
        0x80,
        0xffff,
        65_536,
    ];
    let random = numbers.draw();
    let edge = EDGES[(random >> 8) as usize % EDGES.len()];
    let value = if random & 1 == 0 {
        edge
    } else {
        numbers.draw() as i64
    };
    match ty {
        ValType::I32 => Value::I32(value as i32),
        ValType::I64 => Value::I64(value),
        ValType::ExternRef if random & 2 == 0 => Value::ExternRef(Some(random as u32 >> 4)),
        other => Value::zero(other),
    }
}

/// What the host function `id` gives for result number `index`: something of everything that it was given.
pub fn host_result(id: u32, call: u64, args: &[u64], index: usize) -> u64 {
    let mixed = args
        .iter()
        .fold(u64::from(id) << 32 | index as u64, |mixed, arg| {
            Numbers::new(mixed ^ arg).draw()
        });
    // Small numbers and large ones, so that loops and addresses see both.
    if mixed & 3 == 0 {
        call & 0xff
    } else {
        mixed >> (mixed & 63)
    }
}

/// The host: writes calls down.
#[derive(Debug, Default)]
struct Recorder {
    functions: Vec<(String, FuncType)>,
    events: Vec<Event>,
    calls: u64,
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
        for (index, result) in results.iter_mut().enumerate() {
            let value = host_result(id, self.calls, args, index);
            let narrow = ty.results().get(index) == Some(&ValType::I32);
            *result = if narrow {
                value & u64::from(u32::MAX)
            } else {
                value
            };
        }
        let pages = caller.memory().map_or(0, |memory| memory.len() / 65_536);
        self.events.push(Event {
            text: format!("host {name}{args:x?} = {results:x?}, memory {pages}"),
            gas: caller.meter().used(),
        });
        Ok(())
    }
}

/// Memory, globals and tables by their exports.
fn state(module: &Module, store: &Store, instance: InstanceId) -> Vec<String> {
    let mut state = Vec::new();
    for export in module.exports() {
        let name = export.name;
        match (store.export(instance, name), export.ty) {
            (Some(Extern::Memory(memory)), _) => {
                let bytes = store.memory(memory);
                state.push(format!(
                    "memory {name}: {} bytes, {:x}",
                    bytes.len(),
                    fingerprint(bytes)
                ));
            }
            (Some(Extern::Global(global)), _) => {
                let value = store
                    .global(global)
                    .map_or_else(String::new, |value| show(&value));
                state.push(format!("global {name}: {value}"));
            }
            (Some(Extern::Table(table)), _) => {
                let items: Vec<String> = (0..)
                    .map_while(|index| store.table_get(table, index))
                    .map(|item| show(&item))
                    .collect();
                state.push(format!("table {name}: {}", items.join(" ")));
            }
            _ => {}
        }
    }
    state
}

/// FNV-1a, for comparing memories in one line.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn list(values: &[Value]) -> String {
    let shown: Vec<String> = values.iter().map(show).collect();
    format!("({})", shown.join(", "))
}

/// A value, functions without saying which.
fn show(value: &Value) -> String {
    match value {
        Value::I32(value) => format!("{value}"),
        Value::I64(value) => format!("{value}L"),
        Value::F32(bits) => format!("{bits:#x}"),
        Value::F64(bits) => format!("{bits:#x}L"),
        Value::FuncRef(None) | Value::ExternRef(None) => "null".to_owned(),
        Value::FuncRef(Some(_)) => "function".to_owned(),
        Value::ExternRef(Some(value)) => format!("extern {value}"),
    }
}
