//! Scenarios without contracts: what is set, what is checked, and what a difference is called.

#[path = "common/files.rs"]
mod files;
#[path = "common/no_machine.rs"]
mod no_machine;

use arwen_scenario::Runner;
use files::Files;
use no_machine::NoMachine;

/// Runs steps; the error's text.
fn run(steps: &str) -> Result<(), String> {
    let scenario = format!("{{\"steps\": [{steps}]}}");
    let files = Files::new(&[
        ("a.scen.json", scenario.as_bytes()),
        ("code", b"{\n    \"comment\""),
        ("other", b"x"),
    ]);
    Runner::new(NoMachine)
        .run_file(&files.path("a.scen.json"), None)
        .map_err(|failure| failure.message)
}

/// Sets an account, then checks it.
fn set_and_check(address: &str, set: &str, check: &str) -> Result<(), String> {
    run(&format!(
        r#"{{"step": "setState", "accounts": {{"{address}": {{{set}}}}}}},
           {{"step": "checkState", "accounts": {{"{address}": {{{check}}}}}}}"#
    ))
}

const STORAGE: &str = r#""storage": {"str:a": "str:1", "str:b": "str:2"}"#;
const NFT: &str = r#""esdt": {"str:NFT": {"instances": [{
    "nonce": "258", "balance": "1", "creator": "address:me", "royalties": "2000",
    "hash": "keccak256:str:metadata_hash", "uri": ["str:www.x"], "attributes": "str:attr"}],
    "lastNonce": "300", "roles": ["R1", "R2"]}}"#;

#[test]
fn what_is_as_set_passes() {
    for (address, set, check) in [
        ("address:a", "", ""),
        (
            "address:a",
            r#""nonce": "5", "balance": "1,000""#,
            r#""nonce": "0x05", "balance": "1000""#,
        ),
        (
            "address:a",
            r#""nonce": "5", "balance": "7""#,
            r#""nonce": "*", "balance": "*""#,
        ),
        ("address:a", r#""username": "str:u""#, r#""username": "``u""#),
        (
            "address:a",
            r#""owner": "address:b""#,
            r#""owner": "address:never checked""#,
        ),
        ("sc:c", r#""code": "file:code""#, r#""code": "file:code""#),
        ("sc:c", r#""code": "file:code""#, r#""code": "*""#),
        ("address:a", STORAGE, STORAGE),
        ("address:a", STORAGE, r#""storage": "*""#),
        (
            "address:a",
            STORAGE,
            r#""storage": {"str:b": "*", "+": "any text"}"#,
        ),
        (
            "address:a",
            r#""storage": {"str:a": "", "str:ELRONDx": "1"}"#,
            r#""storage": {"str:b": ""}"#,
        ),
        ("address:a", r#""asyncCallData": "f@01""#, ""),
        (
            "address:a",
            r#""asyncCallData": "f@01""#,
            r#""asyncCallData": "str:f@01""#,
        ),
        ("address:a", NFT, NFT),
        ("address:a", NFT, r#""esdt": "*""#),
        (
            "address:a",
            NFT,
            r#""esdt": {"str:NFT": {"nonce": "258", "balance": "1", "lastNonce": "*", "roles": ["R2", "R1"]}}"#,
        ),
        (
            "address:a",
            r#""esdt": {"str:T": "5"}"#,
            r#""esdt": {"str:T": "5", "str:U": "0"}"#,
        ),
        ("address:a", r#""esdt": {"str:T": "0"}"#, ""),
        (
            "address:a",
            r#""esdt": {"str:T": {"balance": "5", "frozen": "true"}}"#,
            r#""esdt": {"str:T": {"balance": "5", "frozen": "0"}}"#,
        ),
    ] {
        assert_eq!(set_and_check(address, set, check), Ok(()), "{set} / {check}");
    }
}

#[test]
fn differences_are_told_in_the_reference_s_words() {
    let of = |what: &str| format!("bad account {what}");
    for (address, set, check, expected) in [
        ("address:a", r#""nonce": "1001""#, r#""nonce": "1002""#, of("nonce. Account: address:a. Want: \"1002\". Have: \"1001\"")),
        ("address:a", r#""nonce": "1""#, "", of("nonce. Account: address:a. Want: \"\". Have: \"1\"")),
        ("address:a", r#""balance": "1,000,001""#, r#""balance": "1,000,002""#, of("balance. Account: address:a. Want: \"1,000,002\". Have: \"1000001\"")),
        ("address:a", r#""username": "str:u""#, r#""username": "str:v""#, of("username. Account: address:a. Want: \"str:v\". Have: \"str:u\"")),
        ("sc:c", r#""code": "file:code""#, r#""code": "file:other""#, of("code. Account: sc:c. Want: \"file:other\". Have: \"0x7b0a2020202022636f6d...\"")),
        ("sc:c", r#""code": "file:code""#, "", of("code. Account: sc:c. Want: \"\". Have: \"0x7b0a2020202022636f6d...\"")),
        ("address:a", r#""asyncCallData": "f@01""#, r#""asyncCallData": "str:g""#, "bad async call data. Account: address:a. Want: [\"str:g\"]. Have: [f@01]".to_owned()),
        (
            "address:a", STORAGE, r#""storage": {"str:a": "*", "str:b": ["str:3"], "str:c": "str:4"}"#,
            "wrong account storage for account \"address:a\":\
             \n  for key 0x62 (str:b): Want: [\n    \"str:3\"\n]. Have: \"0x32 (str:2)\"\
             \n  for key 0x63 (str:c): Want: \"str:4\". Have: \"\"".to_owned(),
        ),
        (
            "address:a", STORAGE, r#""storage": {"str:a": "*"}"#,
            "wrong account storage for account \"address:a\":\
             \n  for key 0x62 (str:b): Want: \"\". Have: \"0x32 (str:2)\"".to_owned(),
        ),
        (
            "address:a", NFT,
            r#""esdt": {"+": "", "str:NFT": {"instances": [{"nonce": "258", "balance": "4",
                "creator": "address:you", "royalties": "2001", "hash": "keccak256:str:another",
                "uri": ["str:www.y"], "attributes": "str:other"}], "lastNonce": "301", "roles": ["R1", "R3"]}}"#,
            r#"mismatch for account "address:a":
  for token: NFT, nonce: 258: Bad balance. Want: "4". Have: "1"
  for token: NFT, nonce: 258: Bad creator. Want: "address:you". Have: "address:me"
  for token: NFT, nonce: 258: Bad royalties. Want: "2001". Have: "2000"
  for token: NFT, nonce: 258: Bad hash. Want: "keccak256:str:another". Have: 0x54e3ea4bdef3b22154767a2cae081fca2bec2eae1ec62ee71308cb2a300d675d (str:"T\xe3\xeaK\xde\xf3\xb2!Tvz,\xae\b\x1f\xca+\xec.\xae\x1e\xc6.\xe7\x13\b\xcb*0\rg]")
  for token: NFT, nonce: 258: Bad URI. Want: [
    "str:www.y"
]. Have: "str:www.x"
  for token: NFT, nonce: 258: Bad attributes. Want: "str:other". Have: "str:attr"
  bad account ESDT last nonce. Account: address:a. Token: NFT. Want: "301". Have: 300
  unexpected ESDT role. Account: address:a. Token: NFT. Role: R2
  missing ESDT role. Account: address:a. Token: NFT. Role: R3"#.to_owned(),
        ),
        ("address:a", r#""esdt": {"str:T": "150"}"#, r#""esdt": {"+": ""}"#, "mismatch for account \"address:a\":\n  for token: T, nonce: 0: Bad balance. Want: \"\". Have: \"150\"".to_owned()),
        ("address:a", "", r#""esdt": {"str:T": "100"}"#, "mismatch for account \"address:a\":\n  for token: T, nonce: 0: Bad balance. Want: \"100\". Have: \"0\"".to_owned()),
    ] {
        assert_eq!(set_and_check(address, set, check), Err(expected), "{set} / {check}");
    }
}

#[test]
fn every_account_must_be_listed_and_exist_and_be_possible() {
    let set = |address: &str, fields: &str| {
        format!(r#"{{"step": "setState", "accounts": {{"{address}": {{{fields}}}}}}}"#)
    };
    let check = |accounts: &str| format!(r#"{{"step": "checkState", "accounts": {{{accounts}}}}}"#);
    let a = set("address:a", "");
    for (steps, expected) in [
        (format!("{a}, {}", check(r#""+": """#)), Ok(())),
        (
            format!("{a}, {}", check("")),
            Err("unexpected account address: address:a"),
        ),
        (
            check(r#""address:a": {}"#),
            Err("account address:a expected but not found after running test"),
        ),
        (
            set("address:n", r#""code": "str:c""#),
            Err(
                "\"setState\" step validation failed for account \"address:n\": account has a smart contract address, but has no code: 0x6e5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f",
            ),
        ),
        (
            set("sc:c", ""),
            Err(
                "\"setState\" step validation failed for account \"sc:c\": account has code but not a smart contract address: 0000000000000000635f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f",
            ),
        ),
        (
            r#"{"step": "setState", "newAddresses": [{"newAddress": "address:x"}]}"#.to_owned(),
            Err("address in \"setState\" \"newAddresses\" field should have SC format: address:x"),
        ),
        (
            format!(
                "{}, {}, {}",
                set("address:a", r#""balance": "5", "storage": {"1": "1"}"#),
                set("address:a", r#""update": true, "nonce": "7""#),
                check(r#""address:a": {"balance": "5", "nonce": "7", "storage": {"1": "1"}}"#),
            ),
            Ok(()),
        ),
        (
            format!(
                "{}, {}, {}",
                set("address:a", r#""balance": "5""#),
                a,
                check(r#""address:a": {}"#)
            ),
            Ok(()),
        ),
    ] {
        assert_eq!(run(&steps), expected.map_err(str::to_owned), "{steps}");
    }
}

#[test]
fn transfers_and_rewards_need_no_vm() {
    let set = r#"{"step": "setState", "accounts": {
        "address:a": {"balance": "1000"}, "sc:v": {"code": "str:c"}}}"#;
    let transfer =
        |tx: &str| format!(r#"{{"step": "transfer", "txId": "t", "tx": {{"from": "address:a", {tx}}}}}"#);
    let reward = |tx: &str| format!(r#"{{"step": "validatorReward", "txId": "r", "tx": {{{tx}}}}}"#);
    let check = |a: &str, rest: &str| {
        format!(
            r#"{{"step": "checkState", "accounts": {{"address:a": {{{a}}}, "sc:v": {{"balance": "*", "code": "*"}} {rest}}}}}"#
        )
    };
    for (steps, expected) in [
        (
            format!(
                "{}, {}",
                transfer(r#""to": "address:new", "value": "100", "gasLimit": "10", "gasPrice": "2""#),
                check(
                    r#""balance": "880", "nonce": "1""#,
                    r#", "address:new": {"balance": "100"}"#
                )
            ),
            Ok(()),
        ),
        (
            // Too much: nothing moves, but the nonce and the gas are gone.
            format!(
                "{}, {}",
                transfer(r#""to": "sc:v", "value": "1000", "gasLimit": "1", "gasPrice": "1""#),
                check(r#""balance": "999", "nonce": "1""#, "")
            ),
            Ok(()),
        ),
        (
            transfer(r#""to": "sc:v", "gasLimit": "1001", "gasPrice": "1""#),
            Err("could not set up tx t: not enough balance to pay gas upfront"),
        ),
        (
            r#"{"step": "transfer", "txId": "t", "tx": {"from": "address:x", "to": "sc:v"}}"#.to_owned(),
            Err("could not set up tx t: method UpdateWorldStateBefore expects an existing address"),
        ),
        (
            format!(
                "{}, {}, {}",
                reward(r#""to": "sc:v", "value": "0x0100""#),
                reward(r#""to": "sc:v", "value": "1""#),
                r#"{"step": "checkState", "accounts": {"sc:v": {"balance": "257", "code": "*",
                    "storage": {"str:ELRONDreward": "str:not checked"}}, "+": ""}}"#
            ),
            Ok(()),
        ),
        (
            reward(r#""to": "address:x", "value": "1""#),
            Err(
                "tx recipient (address: 785f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f) does not exist",
            ),
        ),
        (
            r#"{"step": "scCall", "txId": "t", "tx": {"from": "address:a", "to": "address:a"}}"#.to_owned(),
            Err(
                "tx recipient (address: 615f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f) is not a smart contract",
            ),
        ),
        (
            r#"{"step": "scCall", "txId": "t", "tx": {"from": "address:a", "to": "sc:v", "value": "1001"},
                "expect": {"status": "7", "message": "", "gas": "0"}}"#
                .to_owned(),
            Ok(()),
        ),
        (
            r#"{"step": "scCall", "txId": "t", "tx": {"from": "address:a", "to": "sc:v", "value": "1001"},
                "expect": {"status": "4"}}"#
                .to_owned(),
            Err("result code mismatch. Tx t. Want: 4. Have: 7 (out of funds). Message: "),
        ),
    ] {
        assert_eq!(
            run(&format!("{set}, {steps}")),
            expected.map_err(str::to_owned),
            "{steps}"
        );
    }
}

#[test]
fn step_files_run_in_the_same_world_and_their_check_gas_stays() {
    let files = Files::new(&[
        (
            "main.scen.json",
            br#"{"checkGas": true, "steps": [
            {"step": "externalSteps", "path": "in/one.step.json"},
            {"step": "checkState", "accounts": {"address:a": {"nonce": "3"}}}]}"#,
        ),
        (
            "in/one.step.json",
            br#"{"steps": [{"step": "externalSteps", "path": "../two.steps.json"}]}"#,
        ),
        (
            "two.steps.json",
            br#"{"checkGas": false, "steps": [
            {"step": "setState", "accounts": {"address:a": {"nonce": "3"}}}]}"#,
        ),
        (
            "loop.scen.json",
            br#"{"steps": [
            {"step": "externalSteps", "path": "loop.scen.json"}]}"#,
        ),
        (
            "missing.scen.json",
            br#"{"steps": [{"step": "dumpState"},
            {"step": "externalSteps", "path": "nothing.json"}]}"#,
        ),
        (
            "wrong.scen.json",
            br#"{"steps": [{"step": "externalSteps", "path": "wrong.json"}]}"#,
        ),
        ("wrong.json", b"{\n  \"steps\": 5}"),
    ]);
    let mut runner = Runner::new(NoMachine);
    assert_eq!(runner.run_file(&files.path("main.scen.json"), None), Ok(()));
    let mut failure = |name| {
        let failure = runner.run_file(&files.path(name), None).unwrap_err();
        let file = failure.file.file_name().unwrap().to_string_lossy().into_owned();
        (
            file,
            failure.pos.unwrap().to_string(),
            failure.step.unwrap_or_default(),
            failure.message,
        )
    };
    assert_eq!(
        failure("loop.scen.json").3,
        "step files include each other deeper than 64 levels"
    );
    let (file, pos, step, message) = failure("missing.scen.json");
    assert_eq!(
        (file.as_str(), pos.as_str(), step.as_str()),
        ("missing.scen.json", "2:13", "externalSteps")
    );
    assert!(
        message.ends_with("nothing.json: No such file or directory (os error 2)"),
        "{message}"
    );
    let (file, pos, step, message) = failure("wrong.scen.json");
    assert_eq!(
        (file.as_str(), pos.as_str(), step.as_str()),
        ("wrong.json", "2:12", "")
    );
    assert_eq!(message, "Invalid value: 5");
}

#[test]
fn value_travels_between_shards_until_it_is_delivered() {
    let transfer = |more: &str| {
        let scenario = format!(
            r#"{{"shards": "2", "steps": [
                {{"step": "setState", "accounts": {{"address:a#00": {{"balance": "10"}}, "address:b#01": {{}}}}}},
                {{"step": "transfer", "txId": "t", "tx": {{"from": "address:a#00", "to": "address:b#01", "value": "4"}}}},
                {{"step": "checkState", "accounts": {{"address:a#00": {{"nonce": "1", "balance": "6"}}, "address:b#01": {{}}}}}},
                {more}
                {{"step": "checkState", "accounts": {{
                    "address:a#00": {{"nonce": "1", "balance": "6"}}, "address:b#01": {{"balance": "4"}}}}}}]}}"#
        );
        let files = Files::new(&[("a.scen.json", scenario.as_bytes())]);
        let ended = Runner::new(NoMachine).run_file(&files.path("a.scen.json"), None);
        ended.map_err(|failure| failure.message)
    };
    assert_eq!(transfer(r#"{"step": "deliver", "expect": []},"#), Ok(()));
    assert_eq!(transfer(r#"{"step": "deliver"},"#), Ok(()));
    for (more, wanted) in [
        ("", "bad account balance. Account: address:b#01."),
        (
            r#"{"step": "deliver", "expect": [{}]},"#,
            "wrong number of results. Want: 1. Have: 0",
        ),
        (r#"{"step": "deliver", "to": ""},"#, "invalid deliver field: to"),
        (
            r#"{"step": "validatorReward", "txId": "r", "tx": {"to": "address:b#01", "value": "1"}},"#,
            "validatorReward: this type of step is not possible with several shards",
        ),
    ] {
        let error = transfer(more).expect_err(wanted);
        assert!(error.contains(wanted), "{error}");
    }
    for shards in ["0", "257", "many"] {
        let scenario = format!(r#"{{"shards": "{shards}", "steps": []}}"#);
        let files = Files::new(&[("a.scen.json", scenario.as_bytes())]);
        let ended = Runner::new(NoMachine).run_file(&files.path("a.scen.json"), None);
        assert!(
            ended.is_err_and(|failure| failure.message.contains("bad scenario shards")),
            "{shards}"
        );
    }
}
