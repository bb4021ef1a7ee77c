//! Deployments, upgrades and calls: what is accepted, how they end, and what they cost.

mod common;

use arwen_eei::{Tier, VmSettings};
use arwen_interface::{CallType, CreateInput, MAX_OUTPUT_SIZE, ReturnCode};
use arwen_metering::Schedule;
use common::*;

#[test]
fn new_code_must_be_a_proper_contract() {
    let cases = [
        (r#"(memory (export "memory") 1) (func (export "f"))"#, true),
        (r#"(memory (export "anything") 1)"#, true),
        (
            r#"(memory (export "memory") 1) (func (export "init")) (func (export "callBack"))"#,
            true,
        ),
        (
            r#"(memory (export "memory") 1) (func (export "with space and @"))"#,
            true,
        ),
        (r#"(memory 1) (func (export "f"))"#, false),
        (r#"(memory (export "memory") 1) (func (export ""))"#, false),
        (r#"(memory (export "memory") 1) (func (export "fünf"))"#, false),
        (r#"(memory (export "memory") 1) (func (export "finish"))"#, false),
        (
            r#"(memory (export "memory") 1) (func (export "upgradeContract"))"#,
            false,
        ),
        (
            r#"(memory (export "memory") 1) (func (export "ESDTBurn"))"#,
            false,
        ),
        (
            r#"(memory (export "memory") 1) (func (export "f") (param i32))"#,
            false,
        ),
        (
            r#"(memory (export "memory") 1) (func (export "f") (result i32) i32.const 1)"#,
            false,
        ),
        (
            r#"(import "env" "nothing" (func)) (memory (export "memory") 1)"#,
            false,
        ),
        (
            r#"(import "env" "finish" (func (param i32))) (memory (export "memory") 1)"#,
            false,
        ),
        (
            r#"(import "other" "finish" (func (param i32 i32))) (memory (export "memory") 1)"#,
            false,
        ),
        (
            r#"(memory (export "memory") 1) (func (export "f") f32.const 1 f32.const 2 f32.add drop)"#,
            false,
        ),
    ];
    let settings = VmSettings {
        builtin_function_names: ["ESDTBurn".to_owned()].into(),
        ..VmSettings::default()
    };
    for (text, accepted) in cases {
        let output = deploy(&wasm(&format!("(module {text})")), &settings);
        let wanted = if accepted {
            (ReturnCode::Ok, "")
        } else {
            (ReturnCode::ContractInvalid, "invalid contract code")
        };
        assert_eq!(ending(&output), wanted, "{text}");
    }
    let long = format!(
        r#"(module (memory (export "memory") 1) (func (export "{}")))"#,
        "n".repeat(256)
    );
    assert_eq!(
        deploy(&wasm(&long), &settings).return_code,
        ReturnCode::ContractInvalid
    );
    assert_eq!(
        deploy(b"no module", &settings).return_code,
        ReturnCode::ContractInvalid
    );
}

#[test]
fn esdt_functions_can_be_imported_once_they_are_enabled() {
    let code = wasm(
        r#"(module (import "env" "getESDTTokenType" (func (result i32))) (memory (export "memory") 1))"#,
    );
    for (epoch, code_expected) in [(34, ReturnCode::Ok), (35, ReturnCode::ContractInvalid)] {
        let settings = VmSettings {
            esdt_functions_enable_epoch: epoch,
            ..VmSettings::default()
        };
        assert_eq!(
            deploy(&code, &settings).return_code,
            code_expected,
            "enabled in epoch {epoch}, now 34"
        );
    }
}

#[test]
fn a_deployment_runs_init_and_carries_the_code() {
    let code = wasm(
        r#"(module (import "env" "getArgument" (func $argument (param i32 i32) (result i32)))
                   (import "env" "storageStore" (func $store (param i32 i32 i32 i32) (result i32)))
             (memory (export "memory") 1) (data (i32.const 0) "key")
             (func (export "init") (drop (call $store (i32.const 0) (i32.const 3)
                (i32.const 100) (call $argument (i32.const 0) (i32.const 100))))))"#,
    );
    let output = deploy(&code, &VmSettings::default());
    assert_eq!(ending(&output), (ReturnCode::Ok, ""));
    let account = output
        .output_accounts
        .iter()
        .find(|account| account.address == CONTRACT)
        .expect("the contract");
    assert_eq!(account.code, code);
    assert_eq!(account.code_metadata, [5, 2]);
    assert_eq!(account.code_deployer, ALICE);
    assert_eq!(account.storage_updates.len(), 1);
    assert_eq!(account.storage_updates[0].data, b"argument");
    assert_eq!(account.gas_used + output.gas_remaining, 1_000_000);
}

#[test]
fn an_output_is_as_large_as_every_encoding_can_carry_and_no_larger() {
    // Zeros, from past the end of the memory.
    const HALF: u64 = MAX_OUTPUT_SIZE / 2;
    let halves = |second: u64| {
        let finish = |bytes: u64| format!("(call $finish (i32.const 0) (i32.const {bytes}))");
        let code = contract_with("", &[("f", &(finish(HALF) + &finish(second)))]);
        let mut node = Node::new(Some(&code));
        vm(Tier::Interpreter).call(&mut node, &call("f", &[], u64::MAX / 2))
    };
    let output = halves(HALF / 2).expect("an output");
    let left = MAX_OUTPUT_SIZE - output.decoded_size();
    let output = halves(HALF / 2 + left).expect("an output");
    assert_eq!(output.decoded_size(), MAX_OUTPUT_SIZE);
    let error = halves(HALF / 2 + left + 1).expect_err("too large");
    assert_eq!(
        error.to_string(),
        "output of 134217729 bytes, at most 134217728 are possible"
    );
}

#[test]
fn an_upgrade_takes_code_and_metadata_from_its_arguments() {
    let old = contract("", "");
    let new = wasm(
        r#"(module (import "env" "finish" (func $finish (param i32 i32))) (memory (export "memory") 1)
             (data (i32.const 0) "new") (func (export "init") (call $finish (i32.const 0) (i32.const 3))))"#,
    );
    let node = Node::new(Some(&old));
    let output = run_in(&node, &call("upgradeContract", &[&new, &[1, 0]], 1_000_000)).expect("an output");
    assert_eq!(ending(&output), (ReturnCode::Ok, ""));
    assert_eq!(output.return_data, [b"new"]);
    assert_eq!(output.output_accounts[0].code, new);
    assert_eq!(output.output_accounts[0].code_metadata, [1, 0]);

    let output = run_in(&node, &call("upgradeContract", &[&new], 1_000_000)).expect("an output");
    assert_eq!(
        ending(&output),
        (ReturnCode::UpgradeFailed, "upgrade failed (invalid arguments)")
    );
}

#[test]
fn calls_end_in_the_reference_s_words() {
    let cases = [
        (contract("", ""), "f", ReturnCode::Ok, ""),
        (
            contract("", ""),
            "g",
            ReturnCode::FunctionNotFound,
            "invalid function (not found)",
        ),
        (
            contract("", ""),
            "memory",
            ReturnCode::FunctionNotFound,
            "invalid function (not found)",
        ),
        (
            contract("", ""),
            "init",
            ReturnCode::UserError,
            "invalid function (calling init() directly is forbidden)",
        ),
        (
            contract("", ""),
            "solidity.ctor",
            ReturnCode::UserError,
            "invalid function (calling init() directly is forbidden)",
        ),
        (
            contract("", ""),
            "callBack",
            ReturnCode::UserError,
            "invalid function (calling callBack() directly is forbidden)",
        ),
        (
            contract("", "unreachable"),
            "f",
            ReturnCode::ExecutionFailed,
            "execution failed",
        ),
        (
            contract("", "(param i32)"),
            "f",
            ReturnCode::ExecutionFailed,
            "execution failed",
        ),
        (
            contract("", "(loop (br 0))"),
            "f",
            ReturnCode::OutOfGas,
            "not enough gas",
        ),
        (
            contract("", "(call $finish (i32.const 65537) (i32.const 1))"),
            "f",
            ReturnCode::ExecutionFailed,
            "mem load: bad bounds",
        ),
        (
            contract("", "(call $finish (i32.const 0) (i32.const -1))"),
            "f",
            ReturnCode::ExecutionFailed,
            "mem load: negative length",
        ),
        (
            contract("o", "(call $signalError (i32.const 0) (i32.const 1))"),
            "f",
            ReturnCode::UserError,
            "o",
        ),
    ];
    for (code, function, return_code, message) in cases {
        let output = run(&code, function, &[]).expect("an output");
        assert_eq!(ending(&output), (return_code, message), "{function}");
        if return_code != ReturnCode::Ok {
            assert_eq!(output.gas_remaining, 0);
            assert!(
                output.output_accounts.is_empty() && output.return_data.is_empty() && output.logs.is_empty()
            );
        }
    }
}

#[test]
fn an_account_without_code_is_no_contract() {
    for node in [Node::new(None), {
        let mut node = Node::new(None);
        node.add_account(&CONTRACT, 0);
        node
    }] {
        let output = run_in(&node, &call("f", &[], 1_000)).expect("an output");
        assert_eq!(
            ending(&output),
            (ReturnCode::ContractNotFound, "invalid contract code (not found)")
        );
    }
}

#[test]
fn an_endless_recursion_ends() {
    let code = contract("", "(call 0)");
    for gas in [2_000, 1_000_000_000] {
        let output = run_in(&Node::new(Some(&code)), &call("f", &[], gas)).expect("an output");
        assert!(
            matches!(
                output.return_code,
                ReturnCode::OutOfGas | ReturnCode::ExecutionFailed
            ),
            "{output:?}"
        );
    }
}

/// Loading costs `GetCode` and a price per byte; every price is 1.
#[test]
fn loading_is_paid_first() {
    let code = contract("", "");
    let loading = code.len() as u64 + 1;
    // Before anything else, and after that, the body's `end`, which nothing checks.
    for (gas, return_code) in [
        (0, ReturnCode::OutOfGas),
        (loading - 1, ReturnCode::OutOfGas),
        (loading, ReturnCode::OutOfGas),
        (loading + 1, ReturnCode::Ok),
    ] {
        let output = run_in(&Node::new(Some(&code)), &call("f", &[], gas)).expect("an output");
        assert_eq!(output.return_code, return_code, "{gas}");
        if return_code == ReturnCode::Ok {
            assert_eq!(output.gas_remaining, 0);
            assert_eq!(output.output_accounts[0].gas_used, gas);
        }
    }
}

/// Before V2 nothing looks at the gas after the last check of the contract.
#[test]
fn before_v2_the_last_operators_can_be_free() {
    let code = contract("", "");
    let settings = VmSettings {
        arwen_v2_enable_epoch: 35,
        ahead_of_time_enable_epoch: 35,
        ..VmSettings::default()
    };
    for tier in TIERS {
        let mut node = Node::new(Some(&code));
        let output = vm_with(tier, settings.clone())
            .call(&mut node, &call("f", &[], code.len() as u64))
            .expect("an output");
        assert_eq!(ending(&output), (ReturnCode::Ok, ""));
    }
}

#[test]
fn a_callback_the_contract_lacks_is_no_error() {
    let mut callback = call("callBack", &[], 1_000);
    callback.vm_input.call_type = CallType::Callback;
    let output = run_in(&Node::new(Some(&contract("", ""))), &callback).expect("an output");
    assert_eq!(ending(&output), (ReturnCode::Ok, ""));
}

#[test]
fn an_asynchronous_call_answers_its_caller() {
    let code = contract(
        "",
        "(call $int64finish (i64.const 258)) (call $int64finish (i64.const 0))",
    );
    let mut asynchronous = call("f", &[], 1_000);
    asynchronous.vm_input.call_type = CallType::Asynchronous;
    asynchronous.vm_input.call_value = Some(number(5));
    let output = run_in(&Node::new(Some(&code)), &asynchronous).expect("an output");
    assert_eq!(ending(&output), (ReturnCode::Ok, ""));
    assert_eq!(output.gas_remaining, 0);
    let caller = output
        .output_accounts
        .iter()
        .find(|account| account.address == ALICE)
        .expect("the caller");
    let [transfer] = &caller.transfers[..] else {
        panic!("one answer, not {:?}", caller.transfers)
    };
    assert_eq!(transfer.data, b"@6f6b@0102@");
    assert_eq!(transfer.value, Some(number(5)));
    assert_eq!(transfer.call_type, CallType::Callback);
    let used: u64 = output
        .output_accounts
        .iter()
        .map(|account| account.gas_used)
        .sum();
    assert_eq!(transfer.gas_limit + used, 1_000);
}

#[test]
fn new_prices_apply_to_contracts_already_compiled() {
    let code = contract("", "(loop (nop))");
    for tier in TIERS {
        let mut vm = vm(tier);
        let gas = |vm: &mut arwen_eei::Vm| {
            let output = vm
                .call(&mut Node::new(Some(&code)), &call("f", &[], 100_000_000))
                .expect("an output");
            output.output_accounts[0].gas_used
        };
        let cheap = gas(&mut vm);
        vm.set_schedule(Schedule::bundled("v3").expect("a bundled schedule").clone());
        let dear = gas(&mut vm);
        assert_eq!(cheap, code.len() as u64 + 1 + 4, "loop, nop, two ends");
        assert_eq!(dear, 300 * code.len() as u64 + 1_000_000 + 1 + 1 + 2 + 2);
    }
}

#[test]
fn another_thread_can_stop_a_run() {
    let code = contract("", "(loop (br 0))");
    for tier in TIERS {
        let mut vm = vm(tier);
        let interrupt = vm.interrupt();
        let raise = {
            let interrupt = interrupt.clone();
            std::thread::spawn(move || interrupt.raise())
        };
        let stopped = vm.call(&mut Node::new(Some(&code)), &call("f", &[], u64::MAX));
        raise.join().expect("the thread ends");
        assert_eq!(
            stopped.map_err(|error| error.to_string()),
            Err("execution interrupted".into())
        );

        // The VM is as good as new afterwards.
        interrupt.clear();
        let output = vm
            .call(&mut Node::new(Some(&contract("", ""))), &call("f", &[], 1_000))
            .expect("an output");
        assert_eq!(output.return_code, ReturnCode::Ok);
    }
}

#[test]
fn a_warm_instance_keeps_its_memory() {
    let code = contract(
        "",
        "(i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1))) (call $int64finish (i64.load (i32.const 0)))",
    );
    for (warm, second) in [(false, 1), (true, 2)] {
        for tier in TIERS {
            let mut vm = vm_with(
                tier,
                VmSettings {
                    use_warm_instance: warm,
                    ..VmSettings::default()
                },
            );
            for expected in [1, second] {
                let output = vm
                    .call(&mut Node::new(Some(&code)), &call("f", &[], 1_000))
                    .expect("an output");
                assert_eq!(output.return_data, [vec![expected]]);
            }
        }
    }
}

#[test]
fn the_value_of_a_deployment_goes_to_the_contract() {
    let create = CreateInput {
        vm_input: arwen_interface::VmInput {
            call_value: Some(number(3)),
            ..input(&[], 1_000)
        },
        code: contract("", ""),
        code_metadata: vec![],
    };
    let output = vm(TIERS[0])
        .create(&mut Node::new(None), &create)
        .expect("an output");
    let account = output
        .output_accounts
        .iter()
        .find(|account| account.address == CONTRACT)
        .expect("the contract");
    assert_eq!(account.balance_delta, Some(number(3)));
}

/// Nothing in a contract looks at what happened when the called function is itself a host function.
#[test]
fn a_host_function_called_as_an_export_never_fails() {
    let code = wasm(
        r#"(module (import "env" "checkNoPayment" (func $check)) (memory (export "memory") 1)
             (export "check" (func $check)))"#,
    );
    let node = Node::new(Some(&code));
    let mut paid = call("check", &[], 1_000);
    let output = run_in(&node, &paid).expect("an output");
    assert_eq!(ending(&output), (ReturnCode::Ok, ""));
    paid.vm_input.call_value = Some(number(1));
    let output = run_in(&node, &paid).expect("an output");
    assert_eq!(
        ending(&output),
        (
            ReturnCode::ExecutionFailed,
            "function does not accept EGLD payment"
        )
    );
    assert_eq!(output.gas_remaining, 0);
    assert_eq!(output.output_accounts.len(), 1, "the output of a success");
}
