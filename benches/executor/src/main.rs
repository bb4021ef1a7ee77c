//! Runs a kernel on the executor that the network's nodes may use, as a process of its own: `executor KERNEL.wasm`.
//!
//! Prints its name, then answers every line on stdin with one run: `-`, as the executor tells no results, and the processor
//! time in nanoseconds. The executor refuses memories of more than 20 pages, and so three of the kernels.

use std::io::{self, BufRead, Write};
use std::sync::Arc;

use multiversx_chain_vm_executor::{CompilationOptions, Instance, InstanceCallResult, OpcodeCost};
use multiversx_chain_vm_executor_wasmer_experimental::{
    ExperimentalInstance, ExperimentalVMHooksBuilderDefault,
};
use rustix::time::{ClockId, clock_gettime};

/// Points a run may use: as many as there are.
const POINTS: u64 = i64::MAX as u64;

fn main() -> Result<(), String> {
    let path = std::env::args().nth(1).ok_or("usage: executor KERNEL.wasm")?;
    let wasm = std::fs::read(&path).map_err(|error| format!("{path}: {error}"))?;
    let mut instance = instance(&wasm)?;
    let mut out = io::stdout().lock();
    let said = |error: io::Error| error.to_string();
    writeln!(out, "MultiversX executor, experimental 0.5.2").map_err(said)?;
    out.flush().map_err(said)?;
    for line in io::stdin().lock().lines() {
        line.map_err(said)?;
        let start = own_nanos();
        let outcome = instance.call("run", POINTS);
        let nanos = own_nanos() - start;
        if !matches!(outcome, InstanceCallResult::Ok) {
            return Err(format!("{path}: the kernel did not end well"));
        }
        match instance.get_points_used() {
            Ok(0) => return Err(format!("{path}: nothing was charged, so nothing was run")),
            Ok(_) => {}
            Err(error) => return Err(format!("{path}: {error}")),
        }
        writeln!(out, "- {nanos}").map_err(said)?;
        out.flush().map_err(said)?;
    }
    Ok(())
}

/// An instance in which every operator costs one point.
fn instance(wasm: &[u8]) -> Result<ExperimentalInstance, String> {
    let options = CompilationOptions {
        unmetered_locals: 0,
        max_memory_grow: 100,
        max_memory_grow_delta: 100,
        opcode_trace: false,
    };
    ExperimentalInstance::try_new_instance(
        Box::new(ExperimentalVMHooksBuilderDefault),
        Arc::new(all_ones()?),
        wasm,
        &options,
    )
    .map_err(|error| error.to_string())
}

fn all_ones() -> Result<OpcodeCost, String> {
    let zeros = serde_json::to_value(OpcodeCost::default()).map_err(|error| error.to_string())?;
    let names = zeros.as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let ones = names.map(|name| (name, 1.into())).collect();
    serde_json::from_value(serde_json::Value::Object(ones)).map_err(|error| error.to_string())
}

/// Processor time of this thread.
fn own_nanos() -> i64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}
