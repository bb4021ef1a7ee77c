//! What does it cost to cross between host and contract? A call of an export that does nothing, with values that say their
//! types and through a handle whose type is known, and a call of a host function that does nothing, with gas.

use std::path::Path;

use arwen_engine::{Extern, Interrupt, Module, Tier, Value};
use serde_json::json;

use crate::contracts::{self, Zeros};
use crate::report;

/// Calls a turn, and turns, of which the fastest counts.
const CALLS: u32 = 100_000;
const TURNS: usize = 15;

/// `idle` is `calls` without the call.
const MODULE: &str = r#"(module
  (import "env" "nothing" (func $nothing (param i32) (result i32)))
  (func (export "nop") (param i32) (result i32) local.get 0)
  (func (export "calls") (param i32)
    (loop $again
      (drop (call $nothing (local.get 0)))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "idle") (param i32)
    (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#;

/// Measures both directions in both tiers and prints a table; with `out`, writes `host_call-DATE`.
///
/// # Errors
/// What cannot be written.
pub fn run(out: Option<&Path>) -> Result<(), String> {
    let wasm = wat::parse_str(MODULE).map_err(|e| e.to_string())?;
    let mut text =
        "| engine | export call, ns | typed export call, ns | host call, ns |\n|---|---|---|---|\n"
            .to_owned();
    let mut rows = Vec::new();
    let mut sides = vec![
        ("interpreter", ours(&wasm, Tier::Interpreter)),
        ("JIT", ours(&wasm, Tier::Jit)),
    ];
    sides.extend(peer(&wasm).map(|figures| ("wasmi + fuel", figures)));
    for (name, [export, typed, host]) in sides {
        text += &format!("| {name} | {export:.1} | {typed:.1} | {host:.1} |\n");
        rows.push(json!({ "engine": name, "export_call_ns": export,
            "typed_export_call_ns": typed, "host_call_ns": host }));
    }
    text += &format!(
        "\nProcessor time, fastest of {TURNS} turns of {CALLS}; of the host call, the same loop without it is \
         subtracted. {}.\n",
        report::machine()
    );
    print!("{text}");
    match out {
        Some(out) => report::keep(out, "host_call", "Calls between host and contract", &text, &rows),
        None => Ok(()),
    }
}

/// Nanoseconds a call, from four ways to spend a turn.
fn nanos(export: impl FnMut(), typed: impl FnMut(), calls: impl FnMut(), idle: impl FnMut()) -> [f64; 3] {
    let each = |micros: f64| micros * 1e3 / f64::from(CALLS);
    let (export, typed, calls, idle) = (
        contracts::fastest(TURNS, export),
        contracts::fastest(TURNS, typed),
        contracts::fastest(TURNS, calls),
        contracts::fastest(TURNS, idle),
    );
    [each(export), each(typed), each(calls - idle)]
}

fn ours(wasm: &[u8], tier: Tier) -> [f64; 3] {
    let module = Module::new(&contracts::engine(tier), wasm).expect("it is valid");
    let imports = contracts::externs(&module).unwrap_or_default();
    let costs = module.costs(contracts::prices());
    let (store, instance) = contracts::instantiate(&module, &imports, &costs, &Interrupt::new());
    store.meter().set_limit(u64::MAX >> 1);
    let [nop, calls, idle] = ["nop", "calls", "idle"].map(|name| match store.export(instance, name) {
        Some(Extern::Func(func)) => func,
        other => panic!("{name} is {other:?}"),
    });
    let store = std::cell::RefCell::new(store);
    let loops = |func| {
        let arg = Value::I32(CALLS as i32);
        let outcome = store.borrow_mut().invoke_into(func, &mut Zeros, &[arg], &mut []);
        outcome.expect("it does not trap");
    };
    let exports = || {
        let mut store = store.borrow_mut();
        let mut results = [Value::I32(0)];
        for _ in 0..CALLS {
            let outcome = store.invoke_into(nop, &mut Zeros, &[Value::I32(1)], &mut results);
            outcome.expect("it does not trap");
        }
    };
    let func = store.borrow().typed::<i32, i32>(nop).expect("it is of that type");
    let typed = || {
        let mut store = store.borrow_mut();
        for _ in 0..CALLS {
            func.call(&mut store, &mut Zeros, 1).expect("it does not trap");
        }
    };
    nanos(exports, typed, || loops(calls), || loops(idle))
}

#[cfg(feature = "wasmi")]
fn peer(wasm: &[u8]) -> Option<[f64; 3]> {
    use ::wasmi::Val;

    use crate::engines::wasmi;
    let engine = wasmi::engine();
    let (store, instance) = wasmi::instances(&engine, &wasmi::module(&engine, wasm))();
    let store = std::cell::RefCell::new(store);
    let nop = instance
        .get_typed_func::<i32, i32>(&*store.borrow(), "nop")
        .ok()?;
    let [calls, idle] =
        ["calls", "idle"].map(|name| instance.get_typed_func::<i32, ()>(&*store.borrow(), name).ok());
    let (calls, idle) = (calls?, idle?);
    let loops = |func: &::wasmi::TypedFunc<i32, ()>| {
        func.call(&mut *store.borrow_mut(), CALLS as i32)
            .expect("it does not trap");
    };
    let any = instance.get_func(&*store.borrow(), "nop")?;
    let exports = || {
        let mut store = store.borrow_mut();
        let mut results = [Val::I32(0)];
        for _ in 0..CALLS {
            let outcome = any.call(&mut *store, &[Val::I32(1)], &mut results);
            outcome.expect("it does not trap");
        }
    };
    let typed = || {
        let mut store = store.borrow_mut();
        for _ in 0..CALLS {
            nop.call(&mut *store, 1).expect("it does not trap");
        }
    };
    Some(nanos(exports, typed, || loops(&calls), || loops(&idle)))
}

#[cfg(not(feature = "wasmi"))]
fn peer(_: &[u8]) -> Option<[f64; 3]> {
    None
}
