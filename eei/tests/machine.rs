//! What the machine has, or refuses, is in no output.

mod common;

use std::process::Command;

use arwen_eei::{CallBegin, RunObserver, Tier};
use arwen_engine::{HOST_CALL_SLOTS, Observer};
use arwen_interface::ReturnCode;
use common::{CONTRACT, Node, TIERS, call, contract_with, ending, vm, wasm};

/// Bytes of native stack that a slot of the logical stack stands for.
const BYTES_PER_SLOT: usize = 64;

/// Notes where the native stack is at each call that a contract makes.
#[derive(Default)]
struct Depths(Vec<usize>);

impl Observer for Depths {}

impl RunObserver for Depths {
    fn call_begin(&mut self, _: &CallBegin<'_>) {
        let here = 0u8;
        self.0.push(std::hint::black_box(&raw const here) as usize);
    }
}

#[test]
fn what_stands_between_a_contract_and_one_it_calls_fits_the_slots_it_is_charged() {
    let address: String = CONTRACT.iter().map(|byte| format!("\\{byte:02x}")).collect();
    // Calls itself with most of its gas, in two ways that end differently when there are too many instances.
    for function in ["transferValueExecute", "executeOnSameContext"] {
        let gas = "(i64.sub (call $getGasLeft) (i64.shr_u (call $getGasLeft) (i64.const 3)))";
        let (before, after) = match function {
            "transferValueExecute" => ("", gas),
            _ => (gas, ""),
        };
        let body = format!(
            "(drop (call ${function} {before} (i32.const 0) (i32.const 100) {after} (i32.const 32) (i32.const 1)
                (i32.const 0) (i32.const 100) (i32.const 100)))"
        );
        let node = Node::new(Some(&contract_with(&format!("{address}f"), &[("f", &body)])));
        for tier in [Tier::Interpreter, Tier::Jit, Tier::Observed] {
            let mut depths = Depths::default();
            let input = call("f", &[], 100_000_000);
            let output = vm(tier).call_observed(&mut node.clone(), &input, &mut depths);
            output.expect("an output");
            // The node's own call comes first; native code then goes on on a stack of its own.
            let levels: Vec<usize> = depths.0[1..].windows(2).map(|pair| pair[0] - pair[1]).collect();
            assert_eq!(levels.len(), 9, "{tier:?}, {function}");
            let most = levels.into_iter().max().unwrap_or_default();
            assert!(
                most <= HOST_CALL_SLOTS as usize * BYTES_PER_SLOT,
                "{tier:?}, {function}: {most} bytes"
            );
        }
    }
}

/// Set for the process that is short of address space.
const SHORT: &str = "ARWEN_TEST_SHORT_OF_SPACE";

#[test]
fn memory_that_the_machine_refuses_ends_the_run_without_an_output() {
    if std::env::var_os(SHORT).is_none() {
        let name = "memory_that_the_machine_refuses_ends_the_run_without_an_output";
        let output = Command::new("sh")
            .args(["-c", "ulimit -v 9000000; exec \"$0\" --exact \"$1\" --nocapture"])
            .arg(std::env::current_exe().expect("the test's own path"))
            .args([name])
            .env(SHORT, "1")
            .output()
            .expect("a shell");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {text}", output.status);
        return;
    }
    let grows = |end: &str| {
        wasm(&format!(
            r#"(module (import "env" "signalError" (func $signalError (param i32 i32)))
                (memory (export "memory") 1)
                (func (export "f") (drop (memory.grow (i32.const 998))) {end}))"#
        ))
    };
    let contracts = [
        wasm(r#"(module (memory (export "memory") 999) (func (export "f")))"#),
        grows(""),
        // Whatever the contract does about it.
        grows("(call $signalError (i32.const 0) (i32.const 3))"),
        grows("unreachable"),
    ];
    for tier in TIERS {
        for contract in &contracts {
            let mut node = Node::new(Some(contract));
            let input = call("f", &[], 1_000_000);
            let run = |node: &mut Node| vm(tier).call(node, &input);
            let mut hogs = hogs(24 << 20);
            hogs.pop();
            let error = run(&mut node).expect_err("there is no memory");
            assert_eq!(error.to_string(), "runtime error: out of memory", "{tier:?}");
            drop(hogs);
            run(&mut node).expect("there is memory");
        }
        let node = Node::new(Some(&contracts[0]));
        let output = vm(tier).call(&mut node.clone(), &call("f", &[], 1_000_000));
        assert_eq!(ending(&output.expect("an output")).0, ReturnCode::Ok);
    }
}

/// All address space there is, in pieces.
fn hogs(piece: usize) -> Vec<Vec<u8>> {
    let mut taken = Vec::new();
    loop {
        let mut hog = Vec::new();
        if hog.try_reserve_exact(piece).is_err() {
            return taken;
        }
        taken.push(hog);
    }
}
