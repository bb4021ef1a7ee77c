//! Generated modules in both tiers: the same results, traps, host calls, memory, globals, tables and gas, at every
//! gas limit.

use spec_tests::parity::observe::Prices;
use spec_tests::parity::{GAS_LIMIT, Pair, SWEEP_MAX, generate};

/// Modules compared, split over a few tests so that they run side by side.
const MODULES: u64 = 600;

/// One in how many of them is also run at every gas limit.
const SWEPT: u64 = 10;

fn compare(part: u64, parts: u64) {
    for seed in (0..MODULES).filter(|seed| seed % parts == part) {
        let wasm = generate::module(seed).expect("enough randomness");
        let pair = Pair::new(&wasm, seed, Prices::One).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let run = pair
            .compare(GAS_LIMIT)
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        if seed % SWEPT == part && run.gas <= SWEEP_MAX {
            pair.sweep(run.gas)
                .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        }
    }
}

#[test]
fn tiers_agree_on_generated_modules_first_half() {
    compare(0, 2);
}

#[test]
fn tiers_agree_on_generated_modules_second_half() {
    compare(1, 2);
}
