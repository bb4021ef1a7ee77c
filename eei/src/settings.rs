//! What a node decides about its VM.

use std::collections::BTreeSet;

use arwen_engine::{Artefacts, Tier};
use arwen_interface::Bytes;

use crate::builtin::{BuiltinFunction, BuiltinPrices};

/// Who computes built-in functions (ESDT transfers and the rest).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BuiltinMode {
    /// The VM, over the storage hooks: works with every node.
    #[default]
    InVm,
    /// The node, through its hook.
    Node,
}

/// The settings of a [`Vm`](crate::Vm).
#[derive(Clone, Debug)]
pub struct VmSettings {
    /// Two bytes that every contract address of this VM carries.
    pub vm_type: Bytes,
    /// The gas of a whole block.
    pub block_gas_limit: u64,
    /// Storage keys with this prefix belong to the node; must not be empty.
    pub protected_key_prefix: Bytes,
    /// From this epoch on: gas is accounted per account and checked at the end of a run.
    pub arwen_v2_enable_epoch: u32,
    /// From this epoch on: calls pay for loading prepared code instead of compiling it.
    pub ahead_of_time_enable_epoch: u32,
    /// From this epoch on: asynchronous calls lock gas by code size, and only when there is a callback.
    pub dyn_gas_lock_enable_epoch: u32,
    /// From this epoch on: nonces of new accounts come from the node; callbacks carry returned value.
    pub arwen_v3_enable_epoch: u32,
    /// From this epoch on: contracts may import the ESDT functions.
    pub esdt_functions_enable_epoch: u32,
    /// Keep the last instance and reuse it, unreset, for the next call of the same contract.
    pub use_warm_instance: bool,
    /// Who computes built-in functions.
    pub builtins: BuiltinMode,
    /// The node takes [account updates](arwen_interface::VmOutput::account_updates). If not, built-in functions that
    /// need them fail while the VM computes them.
    pub account_updates: bool,
    /// Contracts that may name accounts, while the VM computes built-in functions.
    pub name_services: BTreeSet<Bytes>,
    /// What built-in functions cost, while the VM computes them; what the gas schedule says when `None`.
    pub builtin_prices: Option<BuiltinPrices>,
    /// The names that are built-in functions; contracts may not export them.
    pub builtin_function_names: BTreeSet<String>,
    /// Ask the node to keep compiled code. No reply depends on it.
    pub save_compiled_code: bool,
    /// Which tier runs contracts. No reply depends on it.
    pub tier: Tier,
    /// Threads that compile contracts in the background when `tier` is [`Tier::Tiered`], 1 to 16: several contracts at
    /// once, or one with all that have nothing else to do. No reply depends on it.
    pub compile_threads: usize,
    /// How much the cache of compiled modules may hold, in bytes of WebAssembly and of native code.
    pub module_cache_bytes: usize,
    /// Where native code is kept beyond the life of the VM. No reply depends on it.
    pub artefacts: Option<Artefacts>,
}

impl Default for VmSettings {
    fn default() -> Self {
        Self {
            vm_type: vec![5, 0],
            block_gas_limit: 10_000_000,
            protected_key_prefix: b"ELROND".to_vec(),
            arwen_v2_enable_epoch: 0,
            ahead_of_time_enable_epoch: 0,
            dyn_gas_lock_enable_epoch: 0,
            arwen_v3_enable_epoch: 0,
            esdt_functions_enable_epoch: 0,
            use_warm_instance: false,
            builtins: BuiltinMode::InVm,
            account_updates: false,
            name_services: BTreeSet::new(),
            builtin_prices: None,
            builtin_function_names: BuiltinFunction::ALL
                .iter()
                .map(|function| function.name().to_owned())
                .collect(),
            save_compiled_code: false,
            tier: Tier::Jit,
            compile_threads: 1,
            module_cache_bytes: 64 << 20,
            artefacts: None,
        }
    }
}

/// Which epochs have begun, asked of the node at the start of every run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    pub arwen_v2: bool,
    pub ahead_of_time: bool,
    pub dyn_gas_lock: bool,
    pub arwen_v3: bool,
    pub esdt_functions: bool,
}

impl Flags {
    pub(crate) fn at(settings: &VmSettings, epoch: u32) -> Self {
        Self {
            arwen_v2: epoch >= settings.arwen_v2_enable_epoch,
            ahead_of_time: epoch >= settings.ahead_of_time_enable_epoch,
            dyn_gas_lock: epoch >= settings.dyn_gas_lock_enable_epoch,
            arwen_v3: epoch >= settings.arwen_v3_enable_epoch,
            esdt_functions: epoch >= settings.esdt_functions_enable_epoch,
        }
    }
}
