//! The VM host in one process with its node.

use arwen_eei::{Tier, Vm, VmSettings};
use arwen_interface::{Bytes, CallInput, CreateInput, ReturnCode, VmInput, VmOutput};
use arwen_metering::Schedule;
use arwen_scenario::{Account, World};

const ALICE: [u8; 32] = [b'a'; 32];
const GAS_LIMIT: u64 = 20_000_000;

/// A failure of any kind; an example need not tell them apart.
pub type Failure = Box<dyn std::error::Error>;

/// Deploys a counter that starts at 5, increments it, and gives back what it says then.
pub fn run(counter: &[u8]) -> Result<Vec<Bytes>, Failure> {
    let schedule = Schedule::bundled("v3").ok_or("no such gas schedule")?;
    let settings = VmSettings {
        vm_type: vec![5, 0],
        block_gas_limit: 1_500_000_000,
        tier: Tier::Tiered,
        ..VmSettings::default()
    };
    let mut vm = Vm::new(settings, schedule.clone())?;

    // Anything that implements BlockchainHook; a node answers from its own state.
    let mut world = World::new();
    world.put(ALICE, Account::with_balance(0));

    world.begin_transaction(&ALICE, GAS_LIMIT, 0)?;
    let deployment = CreateInput {
        vm_input: vm_input(vec![vec![5]]),
        code: counter.to_vec(),
        code_metadata: vec![1, 0],
    };
    let output = succeeded(vm.create(&mut world, &deployment)?)?;
    let deployed = output
        .output_accounts
        .iter()
        .find(|account| account.code == counter);
    let contract = deployed.ok_or("nothing was deployed")?.address.clone();
    world.apply(&output);

    world.begin_transaction(&ALICE, GAS_LIMIT, 0)?;
    let output = succeeded(vm.call(&mut world, &call(&contract, "increment"))?)?;
    world.apply(&output);

    // A query is a call whose output is not applied.
    Ok(succeeded(vm.call(&mut world, &call(&contract, "get"))?)?.return_data)
}

fn call(contract: &[u8], function: &str) -> CallInput {
    CallInput {
        vm_input: vm_input(Vec::new()),
        recipient: contract.to_vec(),
        function: function.to_owned(),
        allow_init_function: false,
    }
}

fn vm_input(arguments: Vec<Bytes>) -> VmInput {
    VmInput {
        caller: ALICE.to_vec(),
        arguments,
        call_value: Some(0.into()),
        gas_provided: GAS_LIMIT,
        ..VmInput::default()
    }
}

/// Whatever is not a success changes nothing.
fn succeeded(output: VmOutput) -> Result<VmOutput, Failure> {
    match output.return_code {
        ReturnCode::Ok => Ok(output),
        code => Err(format!("{code}: {}", String::from_utf8_lossy(&output.return_message)).into()),
    }
}
