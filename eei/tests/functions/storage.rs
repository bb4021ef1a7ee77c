//! Storage: prices, order, protected keys, other accounts, locks.

use arwen_interface::ReturnCode;

use crate::check;
use crate::common::*;

/// With every price 1 a write costs: what section "storage" of the gas notes says, on top of the call itself.
#[test]
fn writes_cost_what_they_change() {
    let old = [("short", 2), ("long", 40)];
    let cases: [(&str, &str, i32, i64, u64, i64); 8] = [
        // name, key, new length, status, gas beyond an unchanged empty write, refund
        ("unchanged, empty", "none", 0, 0, 0, 0),
        ("unchanged", "short", 2, 0, 2, 0),
        ("added", "none", 7, 2, 7, 0),
        ("deleted", "short", 0, 3, 0, 2),
        ("longer", "short", 5, 1, 2 + 3, 0),
        ("shorter", "long", 3, 1, 3, 37),
        ("same length", "long", 40, 1, 0, 0),
        (
            "long key",
            "a key of more than 32 bytes, by 9 bytes..",
            7,
            2,
            9 + 7,
            0,
        ),
    ];
    let gas = |key: &str, length: i32, fill: u8| {
        let body = format!(
            "(call $int64finish (i64.extend_i32_s (call $storageStore (i32.const 0) (i32.const {}) (i32.const 100) (i32.const {length}))))",
            key.len()
        );
        let data = format!(
            "{key}{}{}",
            "\\00".repeat(100 - key.len()),
            format!("\\{fill:02x}").repeat(64)
        );
        let mut node = Node::new(Some(&contract(&data, &body)));
        for (key, length) in old {
            node.storage
                .insert((CONTRACT.to_vec(), key.into()), vec![b'o'; length]);
        }
        run_in(&node, &call("f", &[], 1_000_000)).expect("an output")
    };
    for (name, key, length, status, cost, refund) in cases {
        let fill = if name.starts_with("unchanged") { b'o' } else { b'n' };
        let output = gas(key, length, fill);
        assert_eq!(ending(&output), (ReturnCode::Ok, ""), "{name}");
        let wanted: &[u8] = if status == 0 { &[] } else { &[status as u8] };
        assert_eq!(output.return_data, [wanted], "{name}");
        assert_eq!(output.gas_refund, Some(number(refund)), "{name}");
        let base = gas("none", 0, b'o');
        let padding = (data_len(key) - data_len("none")) as u64;
        let used = |output: &arwen_interface::VmOutput| output.output_accounts[0].gas_used;
        assert_eq!(used(&output) - used(&base), cost + padding, "{name}");
    }
}

/// All contracts of the test above have the same length but for the encoding of the key's length.
fn data_len(key: &str) -> usize {
    contract("", &format!("(drop (i32.const {}))", key.len())).len()
}

#[test]
fn storage_is_read_once_and_written_in_key_order() {
    let body = "(drop (call $storageStore (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 4)))
        (drop (call $storageStore (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2)))
        (call $finish (i32.const 64) (call $storageLoad (i32.const 1) (i32.const 1) (i32.const 64)))
        (call $int64finish (i64.extend_i32_s (call $storageLoadLength (i32.const 0) (i32.const 1))))
        (call $finish (i32.const 64) (call $storageLoad (i32.const 2) (i32.const 1) (i32.const 64)))";
    let output = run(&contract("zab!", body), "f", &[]).expect("an output");
    assert_eq!(output.return_data, [&b"zab!"[..], &[2], b""]);
    let updates: Vec<_> = output.output_accounts[0]
        .storage_updates
        .iter()
        .map(|update| (&update.offset[..], &update.data[..]))
        .collect();
    assert_eq!(updates, [(&b"a"[..], &b"zab!"[..]), (b"b", b""), (b"z", b"za")]);
}

#[test]
fn some_keys_are_not_the_contract_s() {
    let body = "(drop (call $storageStore (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 4)))";
    for (key, message) in [
        ("ELRONDkey", "cannot write to storage under Elrond reserved key"),
        ("ARWEN@key", "cannot write to protected key"),
    ] {
        let output = run(&contract(key, body), "f", &[]).expect("an output");
        assert_eq!(ending(&output), (ReturnCode::ExecutionFailed, message));
    }
}

#[test]
fn other_accounts_are_read_when_they_are_readable() {
    let body = "(call $finish (i32.const 64) (call $storageLoadFromAddress (i32.const 0) (i32.const 32) (i32.const 3) (i32.const 64)))";
    let data: String = ALICE
        .iter()
        .map(|byte| format!("\\{byte:02x}"))
        .collect::<String>()
        + "key";
    for (metadata, expected) in [(vec![4, 0], &b"value"[..]), (vec![0, 0], b""), (vec![4], b"")] {
        let mut node = Node::new(Some(&contract(&data, body)));
        node.accounts.get_mut(&ALICE[..]).expect("Alice").code_metadata = metadata;
        node.storage
            .insert((ALICE.to_vec(), b"key".to_vec()), b"value".to_vec());
        let output = run_in(&node, &call("f", &[], 1_000_000)).expect("an output");
        assert_eq!(output.return_data, [expected]);
    }
}

#[test]
fn locks_are_in_storage() {
    let lock = "(i32.const 0) (i32.const 3)";
    let ask = format!("(call $int64finish (i64.extend_i32_s (call $isStorageLocked {lock})))");
    let set = |until: i64| format!("(drop (call $setStorageLock {lock} (i64.const {until})))");
    check(
        "key",
        &[],
        &[
            (&ask, &[&[]]),
            (&(set(33) + &ask), &[&[]]),
            (&(set(34) + &ask), &[&[1]]),
            (&(set(-34) + &ask), &[&[1]]),
            (
                &format!("{}(drop (call $clearStorageLock {lock})){ask}", set(34)),
                &[&[]],
            ),
            (
                &format!("{}(call $int64finish (call $getStorageLock {lock}))", set(-7)),
                &[&[7]],
            ),
        ],
    );
    let output = run(&contract("key", &set(1)), "f", &[]).expect("an output");
    assert_eq!(
        output.output_accounts[0].storage_updates[0].offset,
        b"keyARWEN@TIMELOCK"
    );
}
