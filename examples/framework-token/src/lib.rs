//! A token in one contract, written with the framework that contracts of 2021 are written with.
//!
//! It does what `token/` does in C.

#![no_std]

// Brings the allocator and the handlers of panics.
extern crate elrond_wasm_output;

elrond_wasm::imports!();

#[elrond_wasm_derive::contract]
pub trait FrameworkToken {
    #[view(totalSupply)]
    #[storage_mapper("supply")]
    fn total_supply(&self) -> SingleValueMapper<Self::Storage, Self::BigUint>;

    #[view(balanceOf)]
    #[storage_mapper("balance")]
    fn balance(&self, holder: &Address) -> SingleValueMapper<Self::Storage, Self::BigUint>;

    #[view]
    #[storage_mapper("allowed")]
    fn allowance(
        &self,
        holder: &Address,
        spender: &Address,
    ) -> SingleValueMapper<Self::Storage, Self::BigUint>;

    #[event("transfer")]
    fn transferred(&self, #[indexed] from: &Address, #[indexed] to: &Address, amount: &Self::BigUint);

    #[event("approve")]
    fn approved(&self, #[indexed] holder: &Address, #[indexed] spender: &Address, amount: &Self::BigUint);

    /// The deployer holds all of it.
    #[init]
    fn init(&self, supply: Self::BigUint) {
        self.total_supply().set(&supply);
        self.balance(&self.blockchain().get_caller()).set(&supply);
    }

    #[endpoint]
    fn transfer(&self, to: Address, amount: Self::BigUint) -> SCResult<()> {
        self.move_tokens(&self.blockchain().get_caller(), &to, &amount)
    }

    /// Replaces what the spender was allowed before.
    #[endpoint]
    fn approve(&self, spender: Address, amount: Self::BigUint) {
        let holder = self.blockchain().get_caller();
        self.allowance(&holder, &spender).set(&amount);
        self.approved(&holder, &spender, &amount);
    }

    /// Uses up the caller's allowance.
    #[endpoint(transferFrom)]
    fn transfer_from(&self, holder: Address, to: Address, amount: Self::BigUint) -> SCResult<()> {
        let allowance = self.allowance(&holder, &self.blockchain().get_caller());
        let allowed = allowance.get();
        require!(allowed >= amount, "not enough");
        allowance.set(&(allowed - amount.clone()));
        self.move_tokens(&holder, &to, &amount)
    }

    fn move_tokens(&self, from: &Address, to: &Address, amount: &Self::BigUint) -> SCResult<()> {
        let held = self.balance(from).get();
        require!(held >= *amount, "not enough");
        self.balance(from).set(&(held - amount.clone()));
        self.balance(to).update(|balance| *balance += amount);
        self.transferred(from, to, amount);
        Ok(())
    }
}
