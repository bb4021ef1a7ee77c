//! By the size of a module.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;

use arwen_eei::Tier;
use arwen_engine::Module;

use super::{Measure, Series};
use crate::chain::Chain;
use crate::contracts;

/// The series of this file.
pub(super) fn series() -> Vec<Series> {
    let of = |name, sizes, make: fn() -> Result<Measure, String>| Series {
        name,
        size: "functions of a module",
        sizes,
        make: Box::new(make),
    };
    vec![
        of("module-interpreter", (16, 8192), || ready(Tier::Interpreter)),
        of("module-JIT", (16, 4096), || ready(Tier::Jit)),
        of("module-deployment", (16, 8192), deployment),
        Series {
            name: "contracts-deployed",
            size: "contracts that were deployed one after the other",
            sizes: (64, 8192),
            make: Box::new(contracts_deployed),
        },
    ]
}

/// A contract with so many functions of some 100 bytes, of which each calls the one before it.
fn contract(functions: usize) -> Result<Vec<u8>, String> {
    let mut text = "(module (memory (export \"memory\") 1) (func (export \"init\"))
        (func $f0 (param i64 i32) (result i64) (local.get 0))"
        .to_owned();
    for function in 1..functions {
        let _ = write!(
            text,
            "(func $f{function} (param $x i64) (param $at i32) (result i64) (local $y i64)
                (local.set $y (i64.mul (local.get $x) (i64.const {function})))
                (block $out (loop $again
                    (br_if $out (i32.ge_u (local.get $at) (i32.const 64)))
                    (i64.store (local.get $at) (local.get $y))
                    (local.set $y (i64.add (i64.load offset=8 (local.get $at)) (i64.rotl (local.get $y) (i64.const 7))))
                    (local.set $at (i32.add (local.get $at) (i32.const 8)))
                    (br $again)))
                (call $f{} (i64.xor (local.get $y) (local.get $x)) (local.get $at)))",
            function - 1
        );
    }
    wat::parse_str(text + ")").map_err(|error| error.to_string())
}

/// The contracts of a series, each made once.
fn kept() -> impl FnMut(usize) -> Result<Vec<u8>, String> {
    let mut made = BTreeMap::new();
    move |functions| {
        if let Entry::Vacant(place) = made.entry(functions) {
            place.insert(contract(functions)?);
        }
        Ok(made[&functions].clone())
    }
}

fn ready(tier: Tier) -> Result<Measure, String> {
    let engine = contracts::engine(tier);
    let mut contract = kept();
    Ok(Box::new(move |functions| {
        let wasm = contract(functions)?;
        let start = contracts::now();
        let module = Module::new(&engine, &wasm);
        let micros = contracts::now() - start;
        module.map(|_| micros).map_err(|error| error.to_string())
    }))
}

fn deployment() -> Result<Measure, String> {
    let mut chain = Chain::new(Tier::Tiered, u64::MAX >> 2)?;
    let mut contract = kept();
    let mut deployed = 0_u64;
    Ok(Box::new(move |functions| {
        let wasm = contract(functions)?;
        deployed += 1;
        let wasm = unlike(wasm, deployed);
        let start = contracts::now();
        chain.deploy(wasm, vec![])?;
        Ok(contracts::now() - start)
    }))
}

/// The same contract with a number in an empty custom section, which makes it another one.
fn unlike(wasm: Vec<u8>, number: u64) -> Vec<u8> {
    [wasm, vec![0, 9, 0], number.to_be_bytes().to_vec()].concat()
}

fn contracts_deployed() -> Result<Measure, String> {
    let small = contract(2)?;
    Ok(Box::new(move |count| {
        let mut chain = Chain::new(Tier::Tiered, u64::MAX >> 2)?;
        let wasm: Vec<_> = (0..count as u64)
            .map(|number| unlike(small.clone(), number))
            .collect();
        let start = contracts::now();
        for wasm in wasm {
            chain.deploy(wasm, vec![])?;
        }
        Ok(contracts::now() - start)
    }))
}
