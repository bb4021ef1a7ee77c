//! A sum that has no upper bound, written with the framework that contracts of 2021 are written with.

#![no_std]

// Brings the allocator and the handlers of panics.
extern crate elrond_wasm_output;

elrond_wasm::imports!();

#[elrond_wasm_derive::contract]
pub trait FrameworkAdder {
    #[view]
    #[storage_mapper("sum")]
    fn sum(&self) -> SingleValueMapper<Self::Storage, Self::BigUint>;

    #[init]
    fn init(&self, start: Self::BigUint) {
        self.sum().set(&start);
    }

    #[endpoint]
    fn add(&self, number: Self::BigUint) {
        self.sum().update(|sum| *sum += number);
    }
}
