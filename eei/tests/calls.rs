//! Contracts that call, deploy and upgrade contracts.

mod common;

use arwen_eei::builtin::{encode_token, token_key};
use arwen_eei::{BuiltinMode, VmSettings};
use arwen_interface::{BigInt, Bytes, CallInput, CallType, EsdtToken, OutputAccount, ReturnCode, VmOutput};
use common::{CONTRACT, Node, agreed, call, contract_with, ending, vm_with};

/// A contract of the same shard.
const CHILD: [u8; 32] = {
    let mut address = CONTRACT;
    address[10] = 2;
    address
};
/// A contract of another shard.
const REMOTE: [u8; 32] = {
    let mut address = CHILD;
    address[31] = 9;
    address
};
const GAS: u64 = 1_000_000;

/// What callers have in memory: an address at 0, an amount of 5 at 32, `f` at 64, `hello` at 65, a token at 70.
fn memory(address: &[u8]) -> Vec<u8> {
    let mut memory = address.to_vec();
    memory.resize(63, 0);
    memory.push(5);
    memory.extend(b"fhelloTOK-12");
    memory
}

/// A contract with this memory and these functions.
fn module(memory: &[u8], functions: &[(&str, &str)]) -> Vec<u8> {
    let data: String = memory.iter().map(|byte| format!("\\{byte:02x}")).collect();
    contract_with(&data, functions)
}

/// A call of `f` at the address in memory, without arguments, by one of the functions that take the same parameters.
fn call_by(function: &str, value: bool) -> String {
    let value = if value { "(i32.const 32)" } else { "" };
    format!(
        "(call ${function} (i64.const 100000) (i32.const 0) {value} (i32.const 64) (i32.const 1) (i32.const 0)
          (i32.const 100) (i32.const 100))"
    )
}

/// Returns a number of one byte, by way of memory at 200.
fn finish(number: &str) -> String {
    format!("(i32.store8 (i32.const 200) {number}) (call $finish (i32.const 200) (i32.const 1))")
}

/// Stores `hello` under `f`.
const STORE: &str = "(drop (call $storageStore (i32.const 64) (i32.const 1) (i32.const 65) (i32.const 5)))";
/// Ends as failed by the user, with the message `hello`.
const SIGNAL: &str = "(call $signalError (i32.const 65) (i32.const 5))";

/// Calls `f` of a parent, with a child in the same shard, in every tier and with built-in functions by the VM.
fn run_pair(parent: &str, child: &[(&str, &str)]) -> VmOutput {
    run_family(
        &[("f", parent)],
        child,
        &call("f", &[], GAS),
        &VmSettings::default(),
    )
}

fn run_family(
    parent: &[(&str, &str)],
    child: &[(&str, &str)],
    call: &CallInput,
    settings: &VmSettings,
) -> VmOutput {
    let mut node = Node::new(Some(&module(&memory(&CHILD), parent)));
    node.add_account(&CHILD, 0);
    node.code
        .insert(CHILD.to_vec(), module(&memory(&CONTRACT), child));
    for address in [CHILD, CONTRACT] {
        let account = node.accounts.get_mut(&address[..]).expect("an account");
        account.owner = CONTRACT.to_vec();
        account.code_metadata = vec![1, 0];
    }
    run_on(&node, call, settings)
}

fn run_on(node: &Node, call: &CallInput, settings: &VmSettings) -> VmOutput {
    agreed(|tier| {
        vm_with(tier, settings.clone())
            .call(&mut node.clone(), call)
            .expect("an output")
    })
}

fn account<'a>(output: &'a VmOutput, address: &[u8]) -> &'a OutputAccount {
    let account = output
        .output_accounts
        .iter()
        .find(|account| account.address == address);
    account.expect("an account of the output")
}

fn stored(output: &VmOutput, address: &[u8], key: &[u8]) -> Option<Bytes> {
    let account = output
        .output_accounts
        .iter()
        .find(|account| account.address == address)?;
    let update = account
        .storage_updates
        .iter()
        .find(|update| update.offset == key)?;
    Some(update.data.clone())
}

/// All gas of the input is in the output.
fn assert_gas_adds_up(output: &VmOutput) {
    let of = |account: &OutputAccount| {
        let sent: u64 = account
            .transfers
            .iter()
            .map(|transfer| transfer.gas_limit + transfer.gas_locked)
            .sum();
        account.gas_used + sent
    };
    let used: u64 = output.output_accounts.iter().map(of).sum();
    assert_eq!(used + output.gas_remaining, GAS);
}

#[test]
fn a_callee_has_its_own_storage_and_does_not_see_its_callers_return_data() {
    let parent = format!(
        "{} (drop {})",
        finish("(i32.const 1)"),
        call_by("executeOnDestContext", true)
    );
    let child = format!(
        "{STORE} {} (call $getCaller (i32.const 300)) (call $finish (i32.const 300) (i32.const 32))",
        finish("(call $getNumReturnData)")
    );
    let output = run_pair(&parent, &[("f", &child)]);
    assert_eq!(ending(&output), (ReturnCode::Ok, ""));
    assert_eq!(output.return_data, [vec![1], vec![0], CONTRACT.to_vec()]);
    assert_eq!(stored(&output, &CHILD, b"f").as_deref(), Some(&b"hello"[..]));
    assert_eq!(stored(&output, &CONTRACT, b"f"), None);
    assert_eq!(account(&output, &CHILD).balance_delta, Some(5.into()));
    assert_eq!(account(&output, &CONTRACT).balance_delta, Some((-5).into()));
    assert!(account(&output, &CHILD).gas_used > 0);
    assert_gas_adds_up(&output);
}

#[test]
fn code_run_on_the_callers_context_uses_its_storage_and_return_data() {
    for (function, value) in [("executeOnSameContext", true), ("delegateExecution", false)] {
        let parent = format!("{} (drop {})", finish("(i32.const 1)"), call_by(function, value));
        let child = format!("{STORE} {}", finish("(call $getNumReturnData)"));
        let output = run_pair(&parent, &[("f", &child)]);
        assert_eq!(ending(&output), (ReturnCode::Ok, ""), "{function}");
        assert_eq!(output.return_data, [[1], [1]], "{function}");
        assert_eq!(
            stored(&output, &CONTRACT, b"f").as_deref(),
            Some(&b"hello"[..]),
            "{function}"
        );
        assert_eq!(
            account(&output, &CHILD).balance_delta,
            Some(if value { 5.into() } else { 0.into() })
        );
        assert_gas_adds_up(&output);
    }
}

#[test]
fn read_only_code_stores_nothing() {
    let parent = format!("{} {STORE}", finish(&call_by("executeReadOnly", false)));
    let output = run_pair(&parent, &[("f", &format!("{STORE} {}", finish("(i32.const 7)")))]);
    assert_eq!(output.return_data, [[7], [0]]);
    // The caller may store again afterwards.
    assert_eq!(stored(&output, &CONTRACT, b"f").as_deref(), Some(&b"hello"[..]));
}

#[test]
fn a_synchronous_call_that_fails_fails_its_caller() {
    let cases = [
        ("f", SIGNAL, "error signalled by smartcontract"),
        ("f", "unreachable", "execution failed"),
        ("g", "", "invalid function (not found)"),
        ("f", "(loop (br 0))", "not enough gas"),
    ];
    for function in [
        "executeOnDestContext",
        "executeOnSameContext",
        "executeOnDestContextByCaller",
    ] {
        for (name, body, text) in cases {
            let output = run_pair(&format!("(drop {})", call_by(function, true)), &[(name, body)]);
            // Alice, who would pay for the call by the caller, can.
            assert_eq!(
                ending(&output),
                (ReturnCode::ExecutionFailed, text),
                "{function} {body}"
            );
            assert_eq!(output.output_accounts, []);
        }
    }
}

#[test]
fn a_transfer_whose_call_fails_leaves_no_trace_and_the_caller_goes_on() {
    let transfer =
        "(call $transferValueExecute (i32.const 0) (i32.const 32) (i64.const 100000) (i32.const 64)
        (i32.const 1) (i32.const 0) (i32.const 100) (i32.const 100))";
    for (body, failed) in [(SIGNAL, 1), (STORE, 0)] {
        let output = run_pair(&finish(transfer), &[("f", &format!("{STORE} {body}"))]);
        assert_eq!(ending(&output), (ReturnCode::Ok, ""));
        assert_eq!(output.return_data, [[failed]]);
        let is_stored = stored(&output, &CHILD, b"f").is_some();
        assert_eq!(is_stored, failed == 0);
        assert_gas_adds_up(&output);
    }
}

#[test]
fn synchronous_calls_stay_in_the_shard_and_transfers_leave_it() {
    let transfer = "(call $transferValueExecute (i32.const 0) (i32.const 32) (i64.const 100) (i32.const 64)
        (i32.const 1) (i32.const 0) (i32.const 100) (i32.const 100))";
    let node = |body: &str| Node::new(Some(&module(&memory(&REMOTE), &[("f", body)])));
    let settings = VmSettings::default();
    let sync = node(&format!("(drop {})", call_by("executeOnDestContext", true)));
    let output = run_on(&sync, &call("f", &[], GAS), &settings);
    assert_eq!(
        output.return_message,
        b"sync execution request is not in the same shard"
    );

    let mut node = node(&finish(transfer));
    node.payable.insert(REMOTE.to_vec());
    let output = run_on(&node, &call("f", &[], GAS), &settings);
    assert_eq!(output.return_data, [[0]]);
    let [sent] = &account(&output, &REMOTE).transfers[..] else {
        panic!("one transfer")
    };
    assert_eq!((&sent.data[..], sent.gas_limit), (&b"f"[..], 100));
    assert_eq!(sent.value, Some(5.into()));
}

#[test]
fn ten_instances_can_run_at_once() {
    // Each one calls itself with most of its gas and returns whether that failed; the innermost comes first.
    let value = "(call $transferValueExecute (i32.const 0) (i32.const 100)
        (i64.sub (call $getGasLeft) (i64.shr_u (call $getGasLeft) (i64.const 3)))
        (i32.const 64) (i32.const 1) (i32.const 0) (i32.const 100) (i32.const 100))";
    let node = Node::new(Some(&module(&memory(&CONTRACT), &[("f", &finish(value))])));
    let output = run_on(&node, &call("f", &[], GAS), &VmSettings::default());
    assert_eq!(ending(&output), (ReturnCode::Ok, ""));
    let mut codes = vec![vec![1]];
    codes.resize(10, vec![0]);
    assert_eq!(output.return_data, codes);
}

#[test]
fn contracts_make_contracts_and_give_them_new_code() {
    let made = module(&memory(&CHILD), &[("init", STORE)]);
    let failing = module(&memory(&CHILD), &[("init", SIGNAL)]);
    let no_init = module(&memory(&CHILD), &[("f", "")]);
    for (code, failed) in [
        (&made, 0),
        (&failing, 1),
        (&no_init, 1),
        (&b"no wasm".to_vec(), 1),
    ] {
        let len = code.len();
        let create = format!(
            "(call $createContract (i64.const 100000) (i32.const 32) (i32.const 400) (i32.const 32) (i32.const {len})
              (i32.const 300) (i32.const 0) (i32.const 100) (i32.const 100))"
        );
        let mut memory = memory(&CHILD);
        memory.resize(400, 0);
        memory.extend(code);
        let body = format!(
            "{} (call $finish (i32.const 300) (i32.const 32))",
            finish(&create)
        );
        let node = Node::new(Some(&module(&memory, &[("f", &body)])));
        let output = run_on(&node, &call("f", &[], GAS), &VmSettings::default());
        assert_eq!(ending(&output), (ReturnCode::Ok, ""));
        assert_eq!(output.return_data[0], [failed]);
        let address = &output.return_data[1];
        let new = output
            .output_accounts
            .iter()
            .find(|account| !account.code.is_empty());
        assert_eq!(new.is_some(), failed == 0);
        if let Some(new) = new {
            assert_eq!(
                (&new.address, &new.code, &new.code_deployer[..]),
                (address, code, &CONTRACT[..])
            );
            assert_eq!(account(&output, &CONTRACT).nonce, 8);
            assert_eq!(stored(&output, address, b"f").as_deref(), Some(&b"hello"[..]));
        }
        assert_gas_adds_up(&output);
    }
}

/// Registers an asynchronous call of `data`, which lies at 100, with the amount of 5.
fn async_call(data: &[u8], address: &[u8]) -> (Vec<u8>, String) {
    let mut memory = memory(address);
    memory.resize(100, 0);
    memory.extend(data);
    let len = data.len();
    (
        memory,
        format!(
            "(call $asyncCall (i32.const 0) (i32.const 32) (i32.const 100) (i32.const {len})) unreachable"
        ),
    )
}

/// A callback that returns its arguments, at most three.
const CALLBACK: &str = "(local i32)
    (loop (if (i32.lt_s (local.get 0) (call $getNumArguments)) (then
        (call $finish (i32.const 500) (call $getArgument (local.get 0) (i32.const 500)))
        (local.set 0 (i32.add (local.get 0) (i32.const 1)))
        (br 1))))";

fn run_async(data: &[u8], destination: &[u8], child: &str, callback: Option<&str>) -> VmOutput {
    let (memory, body) = async_call(data, destination);
    let mut functions = vec![("f", &body[..])];
    functions.extend(callback.map(|body| ("callBack", body)));
    let mut node = Node::new(Some(&module(&memory, &functions)));
    node.payable.extend([CHILD.to_vec(), REMOTE.to_vec()]);
    node.add_account(&CHILD, 0);
    let account = node.accounts.get_mut(&CHILD[..]).expect("an account");
    (account.owner, account.code_metadata) = (CONTRACT.to_vec(), vec![1, 0]);
    node.code
        .insert(CHILD.to_vec(), module(&common_memory(), &[("f", child)]));
    run_on(&node, &call("f", &[], GAS), &VmSettings::default())
}

fn common_memory() -> Vec<u8> {
    memory(&CONTRACT)
}

#[test]
fn the_callback_learns_how_an_asynchronous_call_in_the_shard_ended() {
    let returned: Vec<Vec<u8>> = vec![vec![3], vec![], vec![3]];
    let failed = vec![vec![4], b"hello".to_vec()];
    let missing = vec![vec![1], b"invalid function (not found)".to_vec()];
    let cases = [
        ("f", finish("(i32.const 3)"), returned),
        ("f", SIGNAL.into(), failed),
        ("g", String::new(), missing),
    ];
    for (function, child, want) in cases {
        let output = run_async(function.as_bytes(), &CHILD, &child, Some(CALLBACK));
        assert_eq!(ending(&output), (ReturnCode::Ok, ""));
        assert_eq!(output.return_data, want, "{function} {child}");
        assert_gas_adds_up(&output);
    }
}

#[test]
fn a_callback_that_fails_shows_in_the_return_data_alone() {
    let output = run_async(b"f", &CHILD, STORE, Some(SIGNAL));
    assert_eq!(ending(&output), (ReturnCode::Ok, "hello"));
    assert_eq!(output.return_data, [b"user error".to_vec(), vec![]]);
    assert_eq!(stored(&output, &CHILD, b"f").as_deref(), Some(&b"hello"[..]));
}

#[test]
fn an_asynchronous_call_of_another_shard_leaves_with_the_output() {
    for (callback, locked) in [(None, 0), (Some(CALLBACK), 100_001)] {
        let output = run_async(b"f@0a", &REMOTE, "", callback);
        assert_eq!(ending(&output), (ReturnCode::Ok, ""));
        let [sent] = &account(&output, &REMOTE).transfers[..] else {
            panic!("one transfer")
        };
        assert_eq!(sent.call_type, CallType::Asynchronous);
        assert_eq!(
            (&sent.data[..], sent.value.clone()),
            (&b"f@0a"[..], Some(5.into()))
        );
        // Loading the code again for the callback is part of what is locked.
        assert!(
            sent.gas_locked >= locked && (locked > 0 || sent.gas_locked == 0),
            "{}",
            sent.gas_locked
        );
        assert_eq!(output.gas_remaining, 0);
        assert_gas_adds_up(&output);
    }
}

#[test]
fn who_was_called_asynchronously_replies_to_the_other_shard() {
    let mut request = call("f", &[], GAS);
    request.vm_input.caller = REMOTE.to_vec();
    request.vm_input.call_type = CallType::Asynchronous;
    let output = run_family(
        &[("f", &finish("(i32.const 9)"))],
        &[("f", "")],
        &request,
        &VmSettings::default(),
    );
    let [sent] = &account(&output, &REMOTE).transfers[..] else {
        panic!("one transfer")
    };
    assert_eq!(
        (sent.call_type, &sent.data[..]),
        (CallType::Callback, &b"@6f6b@09"[..])
    );
    assert_gas_adds_up(&output);
}

#[test]
fn an_owner_upgrades_a_contract_through_an_asynchronous_call() {
    let code = module(&memory(&CONTRACT), &[("init", STORE)]);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let data = format!("upgradeContract@{}@0100", hex(&code));
    let output = run_async(data.as_bytes(), &CHILD, "", Some(CALLBACK));
    assert_eq!(output.return_data, [b""]);
    assert_eq!(account(&output, &CHILD).code, code);
    assert_eq!(stored(&output, &CHILD, b"f").as_deref(), Some(&b"hello"[..]));
    let output = run_async(b"upgradeContract@00", &CHILD, "", Some(CALLBACK));
    assert_eq!(
        output.return_data,
        [vec![11], b"upgrade failed (invalid arguments)".to_vec()]
    );
}

/// A token transfer with a call, and what the receiver does, in both modes: the outputs differ in what built-in
/// functions stored, and in nothing else.
#[test]
fn tokens_move_alike_whoever_computes_built_in_functions() {
    const TOKEN: &[u8] = b"TOK-12";
    let transfer = "(call $transferESDTExecute (i32.const 0) (i32.const 70) (i32.const 6) (i32.const 32)
        (i64.const 100000) (i32.const 64) (i32.const 1) (i32.const 0) (i32.const 100) (i32.const 100))";
    let by_sync_call = "(i32.store (i32.const 300) (i32.const 6)) (i32.store (i32.const 304) (i32.const 1))
        (i64.store (i32.const 320) (i64.const 0x45524545544453))
        (call $executeOnDestContext (i64.const 100000) (i32.const 0) (i32.const 100) (i32.const 330) (i32.const 12)
          (i32.const 2) (i32.const 300) (i32.const 350))";
    let token = |value: i64| {
        encode_token(&EsdtToken {
            value: Some(value.into()),
            ..EsdtToken::default()
        })
    };
    let key = token_key(TOKEN);
    let read = "(call $getESDTValue (i32.const 600)) (i32.store (i32.const 700))
        (call $finish (i32.const 600) (i32.load (i32.const 700)))";
    let read = read.replace(
        "(call $getESDTValue (i32.const 600)) (i32.store (i32.const 700))",
        "(i32.store (i32.const 700) (call $getESDTValue (i32.const 600)))",
    );
    // The second way: `ESDTTransfer` at 330, its arguments from 350 on.
    let mut memory = memory(&CHILD);
    memory.resize(330, 0);
    memory.extend(b"ESDTTransfer");
    memory.resize(350, 0);
    memory.extend(b"TOK-12\x05");
    for (way, receiver, moved) in [
        (transfer, read.as_str(), true),
        (transfer, SIGNAL, false),
        (by_sync_call, read.as_str(), true),
    ] {
        let body = finish("(local.get 0)");
        let body = format!(
            "(local i32) {} {body}",
            way.replacen("(call $", "(local.set 0 (call $", 1) + ")"
        );
        let mut node = Node::new(Some(&module(&memory, &[("f", &body)])));
        node.add_account(&CHILD, 0);
        node.payable.insert(CHILD.to_vec());
        node.code
            .insert(CHILD.to_vec(), module(&common_memory(), &[("f", receiver)]));
        node.storage.insert((CONTRACT.to_vec(), key.clone()), token(20));
        let [in_vm, by_node] = [BuiltinMode::InVm, BuiltinMode::Node].map(|builtins| {
            let settings = VmSettings {
                builtins,
                ..VmSettings::default()
            };
            run_on(&node, &call("f", &[], GAS), &settings)
        });
        assert_eq!(ending(&in_vm), (ReturnCode::Ok, ""));
        let want = |value| moved.then(|| token(value));
        assert_eq!(stored(&in_vm, &CONTRACT, &key), want(15), "{way}");
        assert_eq!(stored(&in_vm, &CHILD, &key), want(5), "{way}");
        assert_eq!(stored(&by_node, &CONTRACT, &key), None);
        let mut without = in_vm.clone();
        for account in &mut without.output_accounts {
            account.storage_updates.retain(|update| update.offset != key);
        }
        assert_eq!(without, by_node, "{way}");
        assert_gas_adds_up(&in_vm);
        assert_eq!(
            account(&in_vm, &CHILD).balance_delta.clone().unwrap_or_default(),
            BigInt::ZERO
        );
    }
}
