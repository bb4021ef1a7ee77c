use super::*;
use crate::files::NoFiles;
use crate::model::{CheckLogs, CheckOut, StepKind};

fn parse(text: &str) -> Result<Scenario, String> {
    Parser::new(&NoFiles)
        .scenario(text)
        .map_err(|error| format!("{} {error}", error.pos))
}

/// The error of a scenario with one step.
fn step_error(step: &str) -> String {
    match parse(&format!("{{\"steps\": [{step}]}}")) {
        Ok(scenario) => format!("accepted {scenario:?}"),
        Err(error) => match error.split_once("error processing steps: ") {
            Some((_, message)) => message.to_owned(),
            None => error,
        },
    }
}

fn tx_error(kind: &str, tx: &str) -> String {
    let error = step_error(&format!("{{\"step\": \"{kind}\", \"tx\": {{{tx}}}}}"));
    error
        .strip_prefix("cannot parse tx step transaction: ")
        .map_or(error.clone(), str::to_owned)
}

fn account_error(step: &str, fields: &str) -> String {
    let error = step_error(&format!(
        "{{\"step\": \"{step}\", \"accounts\": {{\"address:a\": {{{fields}}}}}}}"
    ));
    match error.split_once(" state step: ") {
        Some((_, message)) => message.to_owned(),
        None => error,
    }
}

#[test]
fn top_level_fields_have_defaults_and_no_others_exist() {
    let scenario = parse("{}").unwrap();
    assert_eq!(
        (scenario.check_gas, scenario.gas_schedule),
        (true, GasSchedule::Default)
    );
    let scenario = parse(r#"{"name": "n", "checkGas": false, "gasSchedule": "v2", "steps": []}"#).unwrap();
    assert_eq!(
        (scenario.check_gas, scenario.gas_schedule.bundled_name()),
        (false, "v2")
    );
    for (text, expected) in [
        ("[]", "1:1 unmarshalled test top level object is not a map"),
        (r#"{"nam": "n"}"#, "1:2 unknown scenario field: nam"),
        (r#"{"name": []}"#, "1:10 bad scenario name: not a string value"),
        (
            r#"{"checkGas": "true"}"#,
            "1:14 scenario checkGas flag is not boolean",
        ),
        (
            r#"{"gasSchedule": "v9"}"#,
            "1:17 bad scenario gasSchedule: invalid gasSchedule: v9",
        ),
        (
            r#"{"gasSchedule": true}"#,
            "1:17 bad scenario gasSchedule: gasSchedule type not a string: not a string value",
        ),
        (
            r#"{"steps": {}}"#,
            "1:11 error processing steps: steps not a JSON list",
        ),
        (
            "{\n \"steps\": [\n  {\"step\": \"x\"}]}",
            "3:3 error processing steps: unknown step type: x",
        ),
    ] {
        assert_eq!(parse(text).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn mistakes_in_steps_are_told_in_the_reference_s_words() {
    for (step, expected) in [
        (r#""x""#, "unmarshalled step object is not a map"),
        ("{}", "no step type field provided"),
        (r#"{"step": []}"#, "step type not a string: not a string value"),
        (
            r#"{"step": "externalSteps", "file": ""}"#,
            "invalid externalSteps field: file",
        ),
        (
            r#"{"step": "setState", "acounts": {}}"#,
            "invalid set state field: acounts",
        ),
        (
            r#"{"step": "checkState", "acounts": {}}"#,
            "invalid check state field: acounts",
        ),
        (
            r#"{"step": "dumpState", "to": ""}"#,
            "invalid check state field: to",
        ),
        (r#"{"step": "scCall", "txid": ""}"#, "invalid tx step field: txid"),
        (
            r#"{"step": "scCall", "txId": ""}"#,
            "missing field in tx step: tx",
        ),
        (
            r#"{"step": "transfer", "tx": {}, "expect": {}}"#,
            "no expected result allowed for step of type transfer",
        ),
        (
            r#"{"step": "setState", "accounts": {"": {}}}"#,
            "cannot parse set state step: missing account address",
        ),
        (
            r#"{"step": "setState", "accounts": {"address:a|str:b": {}}}"#,
            "cannot parse set state step: account address is not 32 bytes in length",
        ),
        (
            r#"{"step": "setState", "newAddresses": [{"newAddress": "0x00"}]}"#,
            "error parsing new addresses: account address is not 32 bytes in length",
        ),
        (
            r#"{"step": "setState", "currentBlockInfo": {"blockRandomSeed": "0x00"}}"#,
            "error parsing currentBlockInfo: blockRandomSeed must be 48 bytes long. Actual length: 1",
        ),
        (
            r#"{"step": "setState", "previousBlockInfo": {"blockNonce": "0x010000000000000000"}}"#,
            "error parsing previousBlockInfo: error parsing blockNonce: value is not uint64",
        ),
        (
            r#"{"step": "setState", "blockHashes": ["x"]}"#,
            "error parsing block hashes: could not parse base 10 value: x",
        ),
    ] {
        assert_eq!(step_error(step), expected, "{step}");
    }
}

#[test]
fn each_kind_of_transaction_has_its_own_fields() {
    for (kind, tx, expected) in [
        (
            "scQuery",
            r#""from": "address:a""#,
            "`from` not allowed in transaction, it is always the zero address",
        ),
        (
            "validatorReward",
            r#""from": """#,
            "`from` not allowed in transaction, it is always the zero address",
        ),
        (
            "scDeploy",
            r#""to": "x""#,
            "transaction to field not allowed for scDeploy transactions",
        ),
        ("scCall", r#""to": """#, "missing account address"),
        (
            "scDeploy",
            r#""function": "f""#,
            "transaction function field not allowed in this context",
        ),
        (
            "transfer",
            r#""function": "f""#,
            "transaction function field not allowed in this context",
        ),
        (
            "scQuery",
            r#""value": "0""#,
            "`value` not allowed in this context",
        ),
        (
            "scQuery",
            r#""gasLimit": "0""#,
            "`gasLimit` not allowed in this context",
        ),
        (
            "validatorReward",
            r#""gasPrice": "0""#,
            "`gasPrice` not allowed in this context",
        ),
        (
            "validatorReward",
            r#""esdt": {}"#,
            "`esdt` not allowed in this context",
        ),
        (
            "transfer",
            r#""arguments": ["1"]"#,
            "function arguments not allowed for transfer transactions",
        ),
        (
            "scCall",
            r#""contractCode": "str:c""#,
            "transaction contractCode field only allowed int scDeploy transactions",
        ),
        (
            "scCall",
            r#""codeMetadata": "0x0000""#,
            "unknown field in transaction: codeMetadata",
        ),
        (
            "scCall",
            r#""gasLimit": "18446744073709551616""#,
            "invalid transaction gasLimit: value is not uint64",
        ),
        (
            "scCall",
            r#""value": "-1x""#,
            "invalid transaction value: could not parse base 10 value: 1x",
        ),
        (
            "scCall",
            r#""arguments": [true]"#,
            "invalid transaction arguments: cannot interpret given JSON subtree as value",
        ),
        (
            "scCall",
            r#""esdt": {"token": "1"}"#,
            "invalid transaction ESDT value: unknown transaction ESDT data field: token",
        ),
        (
            "scCall",
            r#""sender": "x""#,
            "unknown field in transaction: sender",
        ),
    ] {
        assert_eq!(tx_error(kind, tx), expected, "{kind} {tx}");
    }
}

#[test]
fn mistakes_in_accounts_are_told_in_the_reference_s_words() {
    for (step, fields, expected) in [
        ("setState", r#""nonce": "x""#, "invalid account nonce"),
        ("setState", r#""balance": []"#, "invalid account balance"),
        ("setState", r#""storage": "*""#, "invalid account storage"),
        (
            "setState",
            r#""storage": {"x": "1"}"#,
            "invalid account storage key: could not parse base 10 value: x",
        ),
        (
            "setState",
            r#""code": "file:x""#,
            "invalid account code: parser FileResolver not provided",
        ),
        (
            "setState",
            r#""owner": {}"#,
            "invalid account owner: not a string value",
        ),
        (
            "setState",
            r#""asyncCallData": []"#,
            "invalid asyncCallData string: not a string value",
        ),
        ("setState", r#""balence": "1""#, "unknown account field: balence"),
        ("setState", r#""esdt": "*""#, "invalid ESDT map"),
        (
            "setState",
            r#""esdt": {"str:T": []}"#,
            "invalid esdt value: invalid JSON object for ESDT",
        ),
        (
            "setState",
            r#""esdt": {"str:T": {"x": "1"}}"#,
            "invalid esdt value: unknown ESDT data field: x",
        ),
        (
            "setState",
            r#""esdt": {"str:T": {"instances": [{"x": "1"}]}}"#,
            "invalid esdt value: invalid account ESDT instances: \
             invalid account ESDT instance field in instances list: `x`",
        ),
        (
            "setState",
            r#""esdt": {"str:T": {"royalties": "10001"}}"#,
            "invalid esdt value: invalid account ESDT instance field: \
             invalid ESDT NFT royalties: 10001 is more than 10000",
        ),
        (
            "checkState",
            r#""esdt": {"str:T": {"royalties": "10001"}}"#,
            "invalid esdt value: invalid account ESDT instance field: \
             invalid ESDT NFT royalties: value exceeds maximum allowed 10000",
        ),
        ("checkState", r#""nonce": "x""#, "invalid account nonce"),
        ("checkState", r#""shard": "0""#, "unknown account field: shard"),
        (
            "checkState",
            r#""storage": {"str:a": "x"}"#,
            "invalid account storage value: could not parse base 10 value: x",
        ),
    ] {
        assert_eq!(account_error(step, fields), expected, "{step} {fields}");
    }
}

#[test]
fn expected_results_have_defaults_stars_and_old_log_hashes() {
    let expect = |text: &str| {
        let scenario = parse(&format!(
            "{{\"steps\": [{{\"step\": \"scQuery\", \"tx\": {{}}, \"expect\": {text}}}]}}"
        ));
        let StepKind::Tx(step) = &scenario.unwrap().steps[0].kind else {
            panic!("not a transaction")
        };
        step.expect.clone().unwrap()
    };
    let default = expect("{}");
    assert!(matches!(default.out, CheckOut::Items(items) if items.is_empty()));
    assert!(matches!(default.logs, CheckLogs::Any));
    assert!(default.status.holds(&0.into()) && !default.status.holds(&1.into()));
    assert!(matches!(expect(r#"{"logs": "*"}"#).logs, CheckLogs::Any));
    assert!(matches!(
        expect(r#"{"logs": "0x1234"}"#).logs,
        CheckLogs::Entries { entries, more_allowed: false } if entries.is_empty()
    ));
    assert!(matches!(
        expect(r#"{"logs": [{"identifier": "str:a"}, "+"]}"#).logs,
        CheckLogs::Entries { entries, more_allowed: true } if entries.len() == 1
    ));
    assert!(matches!(expect(r#"{"out": "*"}"#).out, CheckOut::Any));
    for (text, expected) in [
        (r#"{"out": {}}"#, "invalid block result out: not a JSON list"),
        (
            r#"{"status": "x"}"#,
            "invalid block result status: could not parse base 10 value: x",
        ),
        (r#"{"logs": {}}"#, "unmarshalled logs list is not a list"),
        (r#"{"logs": ["x"]}"#, "unmarshalled log entry is not a map"),
        (r#"{"logs": [{"x": ""}]}"#, "unknown log field: x"),
        (r#"{"result": []}"#, "unknown tx result field: result"),
    ] {
        let error = step_error(&format!(
            "{{\"step\": \"scCall\", \"tx\": {{}}, \"expect\": {text}}}"
        ));
        assert_eq!(
            error,
            format!("cannot parse tx expected result: {expected}"),
            "{text}"
        );
    }
}
