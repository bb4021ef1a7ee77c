//! A node with the real child, a small world and contracts in WAT.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arwen_interface::{
    BigInt, BlockchainHook, Bytes, CallInput, CreateInput, EsdtToken, HookError, ReturnCode, UserAccount,
    VmInput, VmOutput,
};
use arwen_ipc_host::driver::{Driver, DriverConfig, DriverError, LogEvent};
use arwen_ipc_host::records::InitializeArguments;
use arwen_metering::Schedule;
use arwen_scenario::{Account, World};

/// The account that deploys and calls.
pub const ALICE: [u8; 32] = [b'a'; 32];

/// Keeps a byte under the key "k", hands it out, and can also not come to an end.
pub const COUNTER: &str = r#"(module
    (import "env" "int64storageStore" (func $store (param i32 i32 i64) (result i32)))
    (import "env" "int64storageLoad" (func $load (param i32 i32) (result i64)))
    (import "env" "int64finish" (func $finish (param i64)))
    (memory (export "memory") 1)
    (data (i32.const 0) "k")
    (func (export "init") (drop (call $store (i32.const 0) (i32.const 1) (i64.const 5))))
    (func (export "increment")
        (drop (call $store (i32.const 0) (i32.const 1)
            (i64.add (call $load (i32.const 0) (i32.const 1)) (i64.const 1))))
        (call $finish (call $load (i32.const 0) (i32.const 1))))
    (func (export "forever") (loop $again (br $again)))
    (func $deeper (export "deeper") (call $deeper)))"#;

/// The binary under test.
pub fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_arwen").into()
}

/// What the child is told when every price is 1.
pub fn arguments() -> InitializeArguments {
    InitializeArguments {
        vm_type: vec![5, 0],
        block_gas_limit: 10_000_000,
        gas_schedule: Schedule::bundled_raw("dummy").unwrap(),
        protected_key_prefix: b"ELROND".to_vec(),
        ..InitializeArguments::default()
    }
}

/// A driver of the binary under test. The limit is far beyond what any test needs.
pub fn config() -> DriverConfig {
    DriverConfig {
        program: Some(program()),
        arguments: arguments(),
        timeout: Some(Duration::from_secs(120)),
        ..DriverConfig::default()
    }
}

/// A running child and a world with Alice.
pub struct Node {
    pub driver: Driver,
    pub world: World,
    pub logs: Arc<Mutex<Vec<LogEvent>>>,
}

impl Node {
    pub fn start(config: DriverConfig) -> Self {
        let logs = Arc::new(Mutex::new(Vec::new()));
        let kept = logs.clone();
        let handler = Box::new(move |event| kept.lock().unwrap().push(event));
        let driver = Driver::start_with_logs(config, handler).unwrap();
        let mut world = World::new();
        world.put(ALICE, Account::with_balance(1_000_000));
        Self { driver, world, logs }
    }

    /// Deploys, applies the output, and returns the contract's address.
    pub fn deploy(&mut self, wat: &str) -> Bytes {
        let code = wat::parse_str(wat).unwrap();
        self.world.begin_transaction(&ALICE, 0, 0).unwrap();
        let output = self
            .driver
            .create(&mut self.world, &create_input(&code, 1_000_000))
            .unwrap();
        assert_eq!(
            output.return_code,
            ReturnCode::Ok,
            "{:?}",
            String::from_utf8_lossy(&output.return_message)
        );
        self.world.apply(&output);
        output
            .output_accounts
            .iter()
            .find(|account| account.code == code)
            .unwrap()
            .address
            .clone()
    }

    /// Calls with this much gas and applies a success.
    pub fn call(&mut self, contract: &[u8], function: &str, gas: u64) -> Result<VmOutput, DriverError> {
        let output = self
            .driver
            .call(&mut self.world, &call_input(contract, function, gas))?;
        if output.return_code == ReturnCode::Ok {
            self.world.apply(&output);
        }
        Ok(output)
    }

    /// Increments the counter and returns what it says.
    pub fn increment(&mut self, contract: &[u8]) -> Vec<Bytes> {
        let output = self.call(contract, "increment", 1_000_000).unwrap();
        assert_eq!(
            output.return_code,
            ReturnCode::Ok,
            "{:?}",
            String::from_utf8_lossy(&output.return_message)
        );
        output.return_data
    }
}

pub fn create_input(code: &[u8], gas: u64) -> CreateInput {
    CreateInput {
        vm_input: vm_input(gas),
        code: code.to_vec(),
        code_metadata: vec![5, 2],
    }
}

pub fn call_input(contract: &[u8], function: &str, gas: u64) -> CallInput {
    CallInput {
        vm_input: vm_input(gas),
        recipient: contract.to_vec(),
        function: function.into(),
        allow_init_function: false,
    }
}

fn vm_input(gas: u64) -> VmInput {
    VmInput {
        caller: ALICE.to_vec(),
        call_value: Some(BigInt::ZERO),
        gas_provided: gas,
        ..VmInput::default()
    }
}

/// A world that tells when it is asked something, before it answers.
pub struct Spy<'a> {
    pub world: &'a mut World,
    pub asked: &'a mut (dyn FnMut(&str) + Send),
}

macro_rules! forward {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $ret:ty;)*) => {
        impl BlockchainHook for Spy<'_> {
            $(fn $name(&mut self $(, $arg: $ty)*) -> $ret {
                (self.asked)(stringify!($name));
                self.world.$name($($arg),*)
            })*
        }
    };
}

forward! {
    new_address(creator: &[u8], nonce: u64, vm_type: &[u8]) -> Result<Bytes, HookError>;
    storage_data(account: &[u8], key: &[u8]) -> Result<Bytes, HookError>;
    block_hash(nonce: u64) -> Result<Bytes, HookError>;
    last_nonce() -> u64;
    last_round() -> u64;
    last_timestamp() -> u64;
    last_random_seed() -> Bytes;
    last_epoch() -> u32;
    state_root_hash() -> Bytes;
    current_nonce() -> u64;
    current_round() -> u64;
    current_timestamp() -> u64;
    current_random_seed() -> Bytes;
    current_epoch() -> u32;
    esdt_token(address: &[u8], token: &[u8], nonce: u64) -> Result<EsdtToken, HookError>;
    builtin_function_names() -> BTreeSet<String>;
    all_state(address: &[u8]) -> Result<Vec<(Bytes, Bytes)>, HookError>;
    user_account(address: &[u8]) -> Result<Option<UserAccount>, HookError>;
    code(account: &UserAccount) -> Bytes;
    shard_of_address(address: &[u8]) -> u32;
    is_payable(address: &[u8]) -> Result<bool, HookError>;
    is_smart_contract(address: &[u8]) -> bool;
    save_compiled_code(hash: &[u8], code: &[u8]) -> ();
    compiled_code(hash: &[u8]) -> Option<Bytes>;
    snapshot() -> i64;
    revert_to_snapshot(snapshot: i64) -> Result<(), HookError>;
    process_builtin_function(input: &CallInput) -> Result<VmOutput, HookError>;
}
