//! A module run by wasmi, an engine that shares nothing with ours but the specification.

use std::sync::OnceLock;

use arwen_engine::{Trap, ValType, Value};
use wasmi::{
    Error, Extern, ExternRef, ExternType, Func, Instance, Module, Nullable, Ref, Store, TrapCode, Val,
};

use super::generate::Numbers;
use super::inputs::{argument, host_results};
use super::observe::{self, Event, FUNCTION, Observation, show};
use super::rephrase::rephrase;

/// Fuel of one run. Nothing that ends within [`super::GAS_LIMIT`] needs as much, bulk operators aside.
const FUEL: u64 = 100 * super::GAS_LIMIT;

fn engine() -> &'static wasmi::Engine {
    static ENGINE: OnceLock<wasmi::Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut config = wasmi::Config::default();
        config.consume_fuel(true);
        wasmi::Engine::new(&config)
    })
}

/// A module compiled by wasmi.
#[derive(Debug)]
pub struct Reference {
    module: Module,
    /// Names of the exports, in the order of the module: wasmi sorts them.
    exports: Vec<String>,
}

impl Reference {
    /// Compiles a module.
    ///
    /// # Errors
    /// When wasmi refuses it, in words.
    pub fn new(wasm: &[u8]) -> Result<Self, String> {
        let module = Module::new(engine(), rephrase(wasm)?);
        Ok(Self {
            module: module.map_err(|error| format!("refused by the reference: {error}"))?,
            exports: export_names(wasm).map_err(|error| error.to_string())?,
        })
    }

    /// What [`super::subject::Subject::observe`] does, without gas.
    pub fn observe(&self, seed: u64) -> Observation {
        match self.run(seed) {
            Ok(run) => run,
            // The harness asks nothing of wasmi that can fail otherwise, so this is a difference.
            Err(error) => Observation {
                events: vec![Event::not_instantiated(Err(error.to_string()), 0)],
                ..Observation::default()
            },
        }
    }

    fn run(&self, seed: u64) -> Result<Observation, Error> {
        let mut store = Store::new(engine(), Host::default());
        store.set_fuel(FUEL)?;
        let functions = self.module.imports().filter_map(|import| match import.ty() {
            ExternType::Func(ty) => Some((import.name().to_owned(), ty.clone())),
            _ => None,
        });
        let imports: Vec<Extern> = (0..)
            .zip(functions)
            .map(|(id, (name, ty))| self.host_function(&mut store, id, name, ty).into())
            .collect();
        let instance = match Instance::new(&mut store, &self.module, &imports) {
            Ok(instance) => instance,
            Err(error) => {
                let why = trap(&error).ok_or_else(|| error.to_string());
                let mut events = store.into_data().events;
                events.push(Event::not_instantiated(why, 0));
                return Ok(Observation {
                    events,
                    ..Observation::default()
                });
            }
        };
        let memory = self
            .host_memory()
            .and_then(|name| instance.get_memory(&store, &name));
        store.data_mut().memory = memory;
        let mut numbers = Numbers::new(!seed);
        for name in &self.exports {
            let Some(func) = instance.get_func(&store, name) else {
                continue;
            };
            let ty = func.ty(&store);
            let args: Vec<Value> = ty
                .params()
                .iter()
                .map(|ty| argument(of_type(*ty), &mut numbers))
                .collect();
            let given: Vec<Val> = args.iter().map(|arg| to_wasmi(&mut store, arg)).collect();
            let mut results: Vec<Val> = ty.results().iter().map(|ty| Val::default_for_ty(*ty)).collect();
            let done = match func.call(&mut store, &given, &mut results) {
                Ok(()) => Ok(results.iter().map(|value| show_val(&store, value)).collect()),
                Err(error) => Err(trap(&error).ok_or(error)?),
            };
            let event = Event::returned(name, &args, done, 0);
            store.data_mut().events.push(event);
        }
        let state = self
            .exports
            .iter()
            .filter_map(|name| state(&store, instance, name))
            .collect();
        Ok(Observation {
            events: store.into_data().events,
            state,
            gas: 0,
        })
    }

    fn host_function(&self, store: &mut Store<Host>, id: u32, name: String, ty: wasmi::FuncType) -> Func {
        let memory_name = self.host_memory();
        let types: Vec<ValType> = ty.results().iter().map(|ty| of_type(*ty)).collect();
        Func::new(
            store,
            ty,
            move |mut caller: wasmi::Caller<'_, Host>, args, results| {
                let args: Vec<u64> = args.iter().map(slot).collect();
                let call = caller.data().calls + 1;
                caller.data_mut().calls = call;
                let given = host_results(id, call, &args, &types);
                for ((result, ty), value) in results.iter_mut().zip(&types).zip(&given) {
                    *result = match ty {
                        ValType::I32 => Val::I32(*value as i32),
                        _ => Val::I64(*value as i64),
                    };
                }
                let of_caller = || caller.get_export(memory_name.as_deref()?)?.into_memory();
                let memory = caller.data().memory.or_else(of_caller);
                let bytes = match memory {
                    Some(memory) => Some(memory.data_size(&caller)),
                    // Nor to one that is the start function; a module without memory has none.
                    None => memory_name.is_none().then_some(0),
                };
                let event = Event::host_call(&name, &args, &given, bytes, 0);
                caller.data_mut().events.push(event);
                Ok(())
            },
        )
    }

    /// Name of the memory that host functions see: the last one exported.
    fn host_memory(&self) -> Option<String> {
        let is_memory = |name: &&String| matches!(self.module.get_export(name), Some(ExternType::Memory(_)));
        self.exports.iter().rev().find(is_memory).cloned()
    }
}

fn export_names(wasm: &[u8]) -> wasmparser::Result<Vec<String>> {
    let mut names = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(wasm) {
        if let wasmparser::Payload::ExportSection(section) = payload? {
            for export in section {
                names.push(export?.name.to_owned());
            }
        }
    }
    Ok(names)
}

/// What the host functions write to.
#[derive(Debug, Default)]
struct Host {
    events: Vec<Event>,
    calls: u64,
    /// The memory to look at, once the module is an instance: wasmi has none to show to a host function that is exported
    /// again and called from outside.
    memory: Option<wasmi::Memory>,
}

/// The trap that an error of wasmi is, if it is one. wasmi does not tell [`Trap::UndefinedElement`] from
/// [`Trap::TableOutOfBounds`].
fn trap(error: &Error) -> Option<Trap> {
    use wasmi::errors::{ErrorKind, InstantiationError};
    if let ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. }) = error.kind() {
        return Some(Trap::TableOutOfBounds);
    }
    Some(match error.as_trap_code()? {
        TrapCode::UnreachableCodeReached => Trap::Unreachable,
        TrapCode::MemoryOutOfBounds => Trap::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds => Trap::TableOutOfBounds,
        TrapCode::IndirectCallToNull => Trap::IndirectCallToNull,
        TrapCode::IntegerDivisionByZero => Trap::IntegerDivisionByZero,
        TrapCode::IntegerOverflow => Trap::IntegerOverflow,
        TrapCode::StackOverflow => Trap::StackOverflow,
        TrapCode::BadSignature => Trap::BadSignature,
        TrapCode::OutOfFuel => Trap::OutOfGas,
        TrapCode::BadConversionToInteger | TrapCode::GrowthOperationLimited | TrapCode::OutOfSystemMemory => {
            return None;
        }
    })
}

fn of_type(ty: wasmi::ValType) -> ValType {
    match ty {
        wasmi::ValType::I32 => ValType::I32,
        wasmi::ValType::I64 => ValType::I64,
        wasmi::ValType::F32 => ValType::F32,
        wasmi::ValType::F64 | wasmi::ValType::V128 => ValType::F64,
        wasmi::ValType::FuncRef => ValType::FuncRef,
        wasmi::ValType::ExternRef => ValType::ExternRef,
    }
}

fn to_wasmi(store: &mut Store<Host>, value: &Value) -> Val {
    match *value {
        Value::I32(value) => Val::I32(value),
        Value::I64(value) => Val::I64(value),
        Value::F32(bits) => Val::F32(wasmi::F32::from_bits(bits)),
        Value::F64(bits) => Val::F64(wasmi::F64::from_bits(bits)),
        // Arguments are null, see `argument`.
        Value::FuncRef(_) => Val::FuncRef(Nullable::Null),
        Value::ExternRef(None) => Val::ExternRef(Nullable::Null),
        Value::ExternRef(Some(value)) => Val::ExternRef(ExternRef::new(store, value).into()),
    }
}

/// A parameter of a host function as a raw slot; the hosts of the oracle have integers only.
fn slot(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(*value as u32),
        Val::I64(value) => *value as u64,
        _ => 0,
    }
}

fn show_val(store: &Store<Host>, value: &Val) -> String {
    match value {
        Val::I32(value) => show(&Value::I32(*value)),
        Val::I64(value) => show(&Value::I64(*value)),
        Val::F32(value) => show(&Value::F32(value.to_bits())),
        Val::F64(value) => show(&Value::F64(value.to_bits())),
        Val::V128(_) => "vector".to_owned(),
        Val::FuncRef(value) => show_ref(store, Ref::Func(*value)),
        Val::ExternRef(value) => show_ref(store, Ref::Extern(*value)),
    }
}

fn show_ref(store: &Store<Host>, value: Ref) -> String {
    match value {
        Ref::Func(Nullable::Null) | Ref::Extern(Nullable::Null) => show(&Value::ExternRef(None)),
        Ref::Func(Nullable::Val(_)) => FUNCTION.to_owned(),
        Ref::Extern(Nullable::Val(value)) => {
            show(&Value::ExternRef(value.data(store).downcast_ref().copied()))
        }
    }
}

fn state(store: &Store<Host>, instance: Instance, name: &str) -> Option<String> {
    match instance.get_export(store, name)? {
        Extern::Memory(memory) => Some(observe::memory(name, memory.data(store))),
        Extern::Global(global) => Some(observe::global(name, &show_val(store, &global.get(store)))),
        Extern::Table(table) => {
            let items = (0..).map_while(|index| table.get(store, index));
            Some(observe::table(name, items.map(|item| show_ref(store, item))))
        }
        Extern::Func(_) => None,
    }
}
