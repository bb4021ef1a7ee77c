//! Scenarios with a contract, run on both tiers at once.

#[path = "common/files.rs"]
mod files;
#[path = "common/sum.rs"]
mod sum;

use arwen_scenario::Runner;
use arwen_scenario::run::VmMachine;
use files::Files;
use sum::sum_contract;

const DEPLOY: &str = r#"
    {"step": "setState",
     "accounts": {"address:owner": {"nonce": "5", "balance": "10,000,000,000", "esdt": {"str:TOK": "100"}}},
     "newAddresses": [{"creatorAddress": "address:owner", "creatorNonce": "5", "newAddress": "sc:sum"}]},
    {"step": "scDeploy", "txId": "deploy",
     "tx": {"from": "address:owner", "contractCode": "file:sum.wasm", "arguments": ["7"], "gasLimit": "50,000,000"},
     "expect": {}}"#;

/// What holds after the deployment, whatever fails later; with the given nonce and balance of the owner.
fn unchanged(nonce: u32, balance: &str) -> String {
    format!(
        r#"{{"step": "checkState", "accounts": {{
            "address:owner": {{"nonce": "{nonce}", "balance": "{balance}", "esdt": {{"str:TOK": "100"}}}},
            "sc:sum": {{"code": "file:sum.wasm", "storage": {{"str:sum": "7"}}}}}}}}"#
    )
}

fn call(function: &str, fields: &str, expect: &str) -> String {
    format!(
        r#"{{"step": "scCall", "txId": "c", "tx": {{"from": "address:owner", "to": "sc:sum",
            "function": "{function}", {fields}}}, "expect": {{{expect}}}}}"#
    )
}

fn run(top: &str, steps: &[String]) -> Result<(), String> {
    let steps = [&[DEPLOY.to_owned()], steps].concat().join(",\n");
    let scenario = format!("{{{top} \"steps\": [{steps}]}}");
    let wasm = sum_contract();
    let files = Files::new(&[("a.scen.json", scenario.as_bytes()), ("sum.wasm", &wasm)]);
    let mut runner = Runner::new(VmMachine::both().expect("a machine"));
    runner
        .run_file(&files.path("a.scen.json"), None)
        .map_err(|failure| failure.message)
}

#[test]
fn what_a_contract_does_lasts_and_can_be_asked_for() {
    let add = call(
        "add",
        r#""arguments": ["0x05"], "gasLimit": "10,000,000", "gasPrice": "2""#,
        "",
    );
    let query = r#"{"step": "scQuery", "txId": "q", "tx": {"to": "sc:sum", "function": "get"},
        "expect": {"out": ["12"], "gas": "*"}}"#;
    let check = r#"{"step": "checkState", "accounts": {"sc:sum": {"code": "*", "storage": {"str:sum": "12"}},
        "address:owner": {"nonce": "7", "balance": "9,980,000,000", "esdt": "*"}}}"#;
    assert_eq!(run("", &[add, query.to_owned(), check.to_owned()]), Ok(()));
}

#[test]
fn what_fails_leaves_state_and_tokens_alone_but_not_the_nonce_and_the_gas() {
    let with_token = r#""arguments": ["1"], "esdt": {"tokenIdentifier": "str:TOK", "value": "30"},
        "gasLimit": "10,000,000", "gasPrice": "1""#;
    for (function, expect) in [
        (
            "addAndFail",
            r#""status": "4", "message": "str:no more", "out": [], "gas": "0""#,
        ),
        (
            "forever",
            r#""status": "5", "message": "str:not enough gas", "gas": "0""#,
        ),
        (
            "nothing",
            r#""status": "1", "message": "str:invalid function (not found)""#,
        ),
        (
            "init",
            r#""status": "4", "message": "str:invalid function (calling init() directly is forbidden)""#,
        ),
    ] {
        let steps = [call(function, with_token, expect), unchanged(7, "9,990,000,000")];
        assert_eq!(run("", &steps), Ok(()), "{function}");
    }
}

#[test]
fn tokens_move_before_the_contract_runs() {
    let pay = |value: u32, gas: u32| {
        let esdt = format!(r#""esdt": {{"tokenIdentifier": "str:TOK", "value": "{value}"}}"#);
        call(
            "add",
            &format!(r#""arguments": ["0"], {esdt}, "gasLimit": "{gas}""#),
            "",
        )
    };
    let check = r#"{"step": "checkState", "accounts": {
        "sc:sum": {"code": "*", "storage": "*", "esdt": {"str:TOK": "30"}},
        "address:owner": {"nonce": "7", "balance": "*", "esdt": {"str:TOK": "70"}}}}"#;
    assert_eq!(run("", &[pay(30, 10_000_000), check.to_owned()]), Ok(()));
    // These are no results that a scenario could expect.
    assert_eq!(
        run("", &[pay(101, 10_000_000)]),
        Err("insufficient funds".to_owned())
    );
    assert_eq!(run("", &[pay(0, 10_000_000)]), Err("negative value".to_owned()));
}

#[test]
fn results_are_compared_in_order_and_gas_only_when_it_counts() {
    let add = |expect: &str| call("add", r#""arguments": ["1"], "gasLimit": "10,000,000""#, expect);
    let get = |expect: &str| call("get", r#""gasLimit": "10,000,000""#, expect);
    let of = |top: &str, step: String| run(top, &[step]).unwrap_err();
    assert_eq!(
        of("", add(r#""status": "4", "out": ["1"]"#)),
        "result code mismatch. Tx c. Want: 4. Have: 0 (ok). Message: "
    );
    assert_eq!(
        of("", add(r#""message": "str:m""#)),
        "result message mismatch. Tx c. Want: \"str:m\". Have: "
    );
    assert_eq!(
        of("", add(r#""out": ["1"]"#)),
        "result length mismatch. Tx c. Want: [\"1\"]. Have: []"
    );
    assert_eq!(
        of("", get(r#""out": ["8"]"#)),
        "result mismatch. Tx c. Want: [\"8\"]. Have: [0x07]"
    );
    assert_eq!(
        of("", add(r#""refund": "5""#)),
        "result gas refund mismatch. Tx c. Want: 5. Have: 0x0"
    );
    let gas = of("", add(r#""gas": "5""#));
    assert!(
        gas.starts_with("result gas mismatch. Tx c. Want: 5. Got: "),
        "{gas}"
    );
    assert_eq!(
        of("", add(r#""logs": [{"address": "sc:sum"}]"#)),
        "wrong number of logs. Tx c. Want:1. Got:0"
    );
    assert_eq!(run(r#""checkGas": false,"#, &[add(r#""gas": "5""#)]), Ok(()));
}

#[test]
fn the_gas_schedule_sets_the_prices() {
    let add = |gas: u64| {
        call(
            "add",
            r#""arguments": ["0"], "gasLimit": "10,000,000""#,
            &format!(r#""gas": "{gas}""#),
        )
    };
    let left = |schedule: &str| {
        let error = run(&format!(r#""gasSchedule": "{schedule}","#), &[add(0)]).unwrap_err();
        let (_, gas) = error.split_once("Got: ").expect("a mismatch of gas");
        gas.split(' ')
            .next()
            .and_then(|gas| gas.parse::<u64>().ok())
            .expect("a number")
    };
    let (dummy, v3) = (left("dummy"), left("v3"));
    assert!(dummy > 9_999_000, "{dummy}");
    assert!(v3 < 9_000_000, "{v3}");
    assert_eq!(left("default"), v3);
}
