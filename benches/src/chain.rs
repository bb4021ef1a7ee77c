//! A VM and an in-memory world in one process, and calls in it; and how a child is started for the same.

use std::fs;
use std::path::{Path, PathBuf};

use arwen_eei::{Tier, Vm, VmSettings};
use arwen_interface::{BigInt, CallInput, CreateInput, ReturnCode, VmInput, VmOutput};
use arwen_ipc_host::driver::DriverConfig;
use arwen_ipc_host::marshalizer::Marshalizer;
use arwen_ipc_host::records::InitializeArguments;
use arwen_metering::Schedule;
use arwen_scenario::{Account, World};

/// The prices of mainnet.
pub const SCHEDULE: &str = "v3";

/// Who calls.
pub const ALICE: [u8; 32] = [b'a'; 32];

/// A VM and its world.
pub struct Chain {
    vm: Vm,
    world: World,
    gas: u64,
}

impl Chain {
    /// A world with Alice; every call gets as much gas.
    ///
    /// # Errors
    /// What the VM refuses.
    pub fn new(tier: Tier, gas: u64) -> Result<Self, String> {
        let settings = VmSettings {
            tier,
            ..VmSettings::default()
        };
        let schedule = Schedule::bundled(SCHEDULE).ok_or("no such gas schedule")?;
        let vm = Vm::new(settings, schedule.clone()).map_err(|error| error.to_string())?;
        let mut world = World::new();
        world.put(ALICE, Account::with_balance(0));
        Ok(Self { vm, world, gas })
    }

    /// Deploys a contract for Alice; gives its address.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn deploy(&mut self, code: Vec<u8>, arguments: Vec<Vec<u8>>) -> Result<Vec<u8>, String> {
        let input = CreateInput {
            vm_input: vm_input(ALICE.to_vec(), arguments, self.gas),
            code,
            code_metadata: vec![5, 2],
        };
        self.world
            .begin_transaction(&ALICE, 0, 0)
            .map_err(|error| error.to_string())?;
        let output = self
            .vm
            .create(&mut self.world, &input)
            .map_err(|error| error.to_string())?;
        let output = good(output)?;
        self.world.apply(&output);
        created(output)
    }

    /// A call by Alice, to be made with [`call`](Self::call).
    pub fn input(&self, recipient: &[u8], function: &str, arguments: Vec<Vec<u8>>) -> CallInput {
        CallInput {
            vm_input: vm_input(ALICE.to_vec(), arguments, self.gas),
            recipient: recipient.to_vec(),
            function: function.into(),
            ..CallInput::default()
        }
    }

    /// Makes a call, whose changes the world does not take over yet.
    ///
    /// # Errors
    /// When it fails, in words.
    pub fn call(&mut self, input: &CallInput) -> Result<VmOutput, String> {
        good(
            self.vm
                .call(&mut self.world, input)
                .map_err(|error| error.to_string())?,
        )
    }

    /// Takes over what a call changed.
    pub fn apply(&mut self, output: &VmOutput) {
        self.world.apply(output);
    }
}

/// How a child is started that runs contracts at the prices of mainnet, with so much gas in a block.
///
/// # Errors
/// When there are no such prices.
pub fn child(program: PathBuf, marshalizer: Marshalizer, gas: u64) -> Result<DriverConfig, String> {
    Ok(DriverConfig {
        program: Some(program),
        marshalizer,
        arguments: InitializeArguments {
            vm_type: vec![5, 0],
            block_gas_limit: gas,
            gas_schedule: Schedule::bundled_raw(SCHEDULE).ok_or("no such gas schedule")?,
            protected_key_prefix: b"ELROND".to_vec(),
            ..InitializeArguments::default()
        },
        ..DriverConfig::default()
    })
}

/// The code of an example.
///
/// # Errors
/// When it cannot be read.
pub fn example(name: &str) -> Result<Vec<u8>, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../examples/{name}/{name}.wasm"));
    fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// What every input has.
pub fn vm_input(caller: Vec<u8>, arguments: Vec<Vec<u8>>, gas: u64) -> VmInput {
    VmInput {
        caller,
        arguments,
        call_value: Some(BigInt::ZERO),
        gas_provided: gas,
        ..VmInput::default()
    }
}

/// The output, if it is that of a success.
///
/// # Errors
/// Return code and message of any other.
pub fn good(output: VmOutput) -> Result<VmOutput, String> {
    match output.return_code {
        ReturnCode::Ok => Ok(output),
        code => Err(format!(
            "{}: {}",
            code.text(),
            String::from_utf8_lossy(&output.return_message)
        )),
    }
}

/// The address of what was deployed.
///
/// # Errors
/// When there is none.
pub fn created(output: VmOutput) -> Result<Vec<u8>, String> {
    let created = output
        .output_accounts
        .into_iter()
        .find(|account| !account.code.is_empty());
    Ok(created.ok_or("nothing was deployed")?.address)
}
