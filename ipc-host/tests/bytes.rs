//! Messages to the byte, as a node and the reference write them.

use std::collections::{BTreeMap, BTreeSet};

use arwen_interface::{
    BigInt, CallInput, CreateInput, EsdtTransfer, OutputAccount, ReturnCode, StorageUpdate, UserAccount,
    VmInput, VmOutput,
};
use arwen_ipc_host::channel::{Channel, Pair, receive_initialize, send_initialize};
use arwen_ipc_host::messages::*;
use arwen_ipc_host::records::InitializeArguments;
use arwen_ipc_host::wire::Dialect;

const CALLER: [u8; 32] = [b'a'; 32];

fn frame(kind: u32, payload: &str) -> Vec<u8> {
    [
        &(payload.len() as u32).to_le_bytes()[..],
        &kind.to_le_bytes(),
        payload.as_bytes(),
    ]
    .concat()
}

/// A channel whose next message has `nonce`, over these bytes and a buffer.
fn channel(input: Vec<u8>, nonce: u32) -> Channel<Pair<std::io::Cursor<Vec<u8>>, Vec<u8>>> {
    let mut channel = Channel::new(Pair {
        reader: std::io::Cursor::new(input),
        writer: Vec::new(),
    });
    for _ in 1..nonce {
        channel.send(&Stop {}, "").unwrap();
    }
    channel.transport().writer.clear();
    channel
}

/// `message` with `nonce` is written as `payload`, and read back from it.
#[track_caller]
fn check(nonce: u32, body: impl Into<Body>, error: &str, payload: &str) {
    let body = body.into();
    let mut out = channel(Vec::new(), nonce);
    out.send_body(&body, error).unwrap();
    let expected = frame(body.kind() as u32, payload);
    assert_eq!(
        String::from_utf8_lossy(&out.transport().writer),
        String::from_utf8_lossy(&expected)
    );
    let received = channel(expected, nonce).receive().unwrap();
    assert_eq!((received.body, received.error.as_str()), (body, error));
}

/// The body read from `payload`, which a channel would write otherwise.
#[track_caller]
fn read(kind: Kind, fields: &str) -> Result<Body, String> {
    let payload = format!(
        r#"{{"DialogueNonce":1,"Kind":{},"ErrorMessage":""{fields}}}"#,
        kind as u32
    );
    channel(frame(kind as u32, &payload), 1)
        .receive()
        .map(|received| received.body)
        .map_err(|e| e.to_string())
}

fn initialize_arguments() -> InitializeArguments {
    let prices = [("AoTPreparePerByte".into(), 1), ("CompilePerByte".into(), 1)];
    InitializeArguments {
        vm_type: vec![5, 0],
        block_gas_limit: 10_000_000,
        gas_schedule: BTreeMap::from([("BaseOperationCost".into(), BTreeMap::from(prices))]),
        protected_key_prefix: b"ELROND".to_vec(),
        ..InitializeArguments::default()
    }
}

const INITIALIZE: &str = r#"{"DialogueNonce":0,"Kind":1,"ErrorMessage":"","Arguments":{"VMType":"BQA=","BlockGasLimit":10000000,"GasSchedule":{"BaseOperationCost":{"AoTPreparePerByte":1,"CompilePerByte":1}},"BuiltInFuncContainer":null,"ElrondProtectedKeyPrefix":"RUxST05E","ArwenV2EnableEpoch":0,"AheadOfTimeEnableEpoch":0,"DynGasLockEnableEpoch":0,"ArwenV3EnableEpoch":0,"ArwenESDTFunctionsEnableEpoch":0,"UseWarmInstance":false,"LogsMarshalizer":0,"MessagesMarshalizer":0}}"#;

#[test]
fn initialize_in_every_dialect() {
    let mut out = Vec::new();
    send_initialize(&mut out, initialize_arguments(), Dialect::Current).unwrap();
    assert_eq!(out, frame(1, INITIALIZE));
    assert_eq!(out[..8], [0xbf, 1, 0, 0, 1, 0, 0, 0]);
    assert_eq!(
        receive_initialize(&mut &out[..]).unwrap(),
        (initialize_arguments(), Dialect::Current)
    );

    let container = INITIALIZE.replace("\"BuiltInFuncContainer\":null", "\"BuiltInFuncContainer\":{}");
    let expected = InitializeArguments {
        builtin_container: true,
        ..initialize_arguments()
    };
    assert_eq!(
        receive_initialize(&mut &frame(1, &container)[..]).unwrap(),
        (expected, Dialect::Current)
    );

    let legacy = INITIALIZE.replace(
        "\"BuiltInFuncContainer\":null",
        "\"ProtocolBuiltinFunctions\":{\"ESDTBurn\":{},\"ESDTTransfer\":{}}",
    );
    let names = BTreeSet::from(["ESDTBurn".into(), "ESDTTransfer".into()]);
    let expected = InitializeArguments {
        builtin_functions: Some(names),
        ..initialize_arguments()
    };
    assert_eq!(
        receive_initialize(&mut &frame(1, &legacy)[..]).unwrap(),
        (expected.clone(), Dialect::Legacy)
    );
    let mut out = Vec::new();
    send_initialize(&mut out, expected, Dialect::Legacy).unwrap();
    assert_eq!(out, frame(1, &legacy));
}

#[test]
fn the_child_is_started_by_initialize_alone() {
    let payload = r#"{"DialogueNonce":1,"Kind":60,"ErrorMessage":""}"#;
    assert_eq!(
        receive_initialize(&mut &frame(60, payload)[..])
            .unwrap_err()
            .to_string(),
        "unknown message kind 60"
    );
}

#[test]
fn version() {
    check(
        1,
        VersionRequest::default(),
        "",
        r#"{"DialogueNonce":1,"Kind":60,"ErrorMessage":""}"#,
    );
    let version = VersionResponse {
        version: "undefined".into(),
        ..VersionResponse::default()
    };
    check(
        2,
        version,
        "",
        r#"{"DialogueNonce":2,"Kind":61,"ErrorMessage":"","Version":"undefined"}"#,
    );
}

fn create_input() -> CreateInput {
    CreateInput {
        vm_input: VmInput {
            caller: CALLER.to_vec(),
            arguments: vec![vec![5]],
            call_value: Some(BigInt::from(0)),
            gas_provided: 100_000,
            ..VmInput::default()
        },
        code: b"\0asm\x01\0\0\0".to_vec(),
        code_metadata: vec![1, 0],
    }
}

#[test]
fn deployment_request() {
    let request = ContractDeployRequest {
        create_input: Some(create_input()),
        ..ContractDeployRequest::default()
    };
    check(
        1,
        request,
        "",
        r#"{"DialogueNonce":1,"Kind":3,"ErrorMessage":"","CreateInput":{"CallerAddr":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=","Arguments":["BQ=="],"CallValue":0,"CallType":0,"GasPrice":0,"GasProvided":100000,"GasLocked":0,"OriginalTxHash":null,"CurrentTxHash":null,"PrevTxHash":null,"ESDTTransfers":null,"ReturnCallAfterError":false,"ContractCode":"AGFzbQEAAAA=","ContractCodeMetadata":"AQA="}}"#,
    );
}

#[test]
fn hooks() {
    check(
        2,
        BlockchainCurrentEpochRequest {},
        "",
        r#"{"DialogueNonce":2,"Kind":34,"ErrorMessage":""}"#,
    );
    check(
        3,
        BlockchainCurrentEpochResponse { result: 0 },
        "",
        r#"{"DialogueNonce":3,"Kind":35,"ErrorMessage":"","Result":0}"#,
    );
    check(
        4,
        BlockchainGetUserAccountRequest {
            address: CALLER.to_vec(),
        },
        "",
        r#"{"DialogueNonce":4,"Kind":44,"ErrorMessage":"","Address":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="}"#,
    );
    let account = UserAccount {
        nonce: 1,
        balance: "1000000000000000000000".parse().ok(),
        address: CALLER.to_vec(),
        developer_reward: Some(BigInt::from(0)),
        ..UserAccount::default()
    };
    check(
        5,
        BlockchainGetUserAccountResponse {
            result: Some(account),
        },
        "",
        r#"{"DialogueNonce":5,"Kind":45,"ErrorMessage":"","Result":{"Nonce":1,"Balance":1000000000000000000000,"CodeHash":null,"RootHash":null,"Address":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=","DeveloperReward":0,"OwnerAddress":null,"UserName":null,"CodeMetadata":null}}"#,
    );
    check(
        5,
        BlockchainGetUserAccountResponse { result: None },
        "account was not found",
        r#"{"DialogueNonce":5,"Kind":45,"ErrorMessage":"account was not found","Result":null}"#,
    );
    let names = BTreeSet::from(["ESDTTransfer".into(), "ClaimDeveloperRewards".into()]);
    check(
        3,
        BlockchainGetBuiltinFunctionNamesResponse { result: names },
        "",
        r#"{"DialogueNonce":3,"Kind":41,"ErrorMessage":"","Result":{"ClaimDeveloperRewards":{},"ESDTTransfer":{}}}"#,
    );
    let entries = vec![(b"k".to_vec(), b"v".to_vec()), (b"l".to_vec(), Vec::new())];
    check(
        3,
        BlockchainGetAllStateResponse {
            result: AllState { entries },
        },
        "",
        r#"{"DialogueNonce":3,"Kind":43,"ErrorMessage":"","Result":{"Keys":["aw==","bA=="],"Values":["dg==",""]}}"#,
    );
}

#[test]
fn a_failed_run() {
    let output = VmOutput {
        return_code: ReturnCode::ContractInvalid,
        return_message: b"invalid contract code".to_vec(),
        gas_refund: Some(BigInt::from(0)),
        ..VmOutput::default()
    };
    check(
        6,
        ContractResponse {
            output: Some(output),
            ..ContractResponse::default()
        },
        "",
        r#"{"DialogueNonce":6,"Kind":5,"ErrorMessage":"","SerializableVMOutput":{"ReturnData":null,"ReturnCode":9,"ReturnMessage":"invalid contract code","GasRemaining":0,"GasRefund":0,"CorrectedOutputAccounts":[],"DeletedAccounts":null,"TouchedAccounts":null,"Logs":null}}"#,
    );
}

#[test]
fn a_deployment() {
    let account = OutputAccount {
        address: [&[0; 8][..], &[5, 0], &[b'c'; 22]].concat(),
        balance_delta: Some(BigInt::from(0)),
        storage_updates: vec![StorageUpdate {
            offset: b"sum".to_vec(),
            data: vec![5],
        }],
        code: b"\0asm\x01\0\0\0".to_vec(),
        code_metadata: vec![1, 0],
        gas_used: 99_958,
        code_deployer: CALLER.to_vec(),
        ..OutputAccount::default()
    };
    let output = VmOutput {
        return_data: vec![vec![42]],
        gas_remaining: 42,
        gas_refund: Some(BigInt::from(0)),
        output_accounts: vec![account],
        ..VmOutput::default()
    };
    check(
        18,
        ContractResponse {
            output: Some(output),
            ..ContractResponse::default()
        },
        "",
        r#"{"DialogueNonce":18,"Kind":5,"ErrorMessage":"","SerializableVMOutput":{"ReturnData":["Kg=="],"ReturnCode":0,"ReturnMessage":"","GasRemaining":42,"GasRefund":0,"CorrectedOutputAccounts":[{"Address":"AAAAAAAAAAAFAGNjY2NjY2NjY2NjY2NjY2NjY2NjY2M=","Nonce":0,"Balance":null,"BalanceDelta":0,"StorageUpdates":[{"Offset":"c3Vt","Data":"BQ=="}],"Code":"AGFzbQEAAAA=","CodeMetadata":"AQA=","GasUsed":99958,"Transfers":[],"CodeDeployerAddress":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="}],"DeletedAccounts":[],"TouchedAccounts":[],"Logs":[]}}"#,
    );
}

#[test]
fn a_vm_error_carries_an_output_of_zeros() {
    let mut out = channel(Vec::new(), 7);
    out.send(
        &ContractResponse {
            output: None,
            ..ContractResponse::default()
        },
        "runtime error: index out of range [-1]",
    )
    .unwrap();
    let payload = r#"{"DialogueNonce":7,"Kind":5,"ErrorMessage":"runtime error: index out of range [-1]","SerializableVMOutput":{"ReturnData":null,"ReturnCode":0,"ReturnMessage":"","GasRemaining":0,"GasRefund":null,"CorrectedOutputAccounts":null,"DeletedAccounts":null,"TouchedAccounts":null,"Logs":null}}"#;
    assert_eq!(
        String::from_utf8_lossy(&out.transport().writer),
        String::from_utf8_lossy(&frame(5, payload))
    );
    let Body::ContractResponse(read) = channel(frame(5, payload), 7).receive().unwrap().body else {
        panic!()
    };
    assert_eq!(read.output, Some(VmOutput::default()));
}

#[test]
fn inputs_in_the_dialect_with_one_transfer() {
    let transfer = EsdtTransfer {
        value: Some(BigInt::from(7)),
        token_name: b"TOK".to_vec(),
        token_type: 1,
        token_nonce: 3,
    };
    for transfers in [vec![], vec![transfer]] {
        let input = CallInput {
            vm_input: VmInput {
                esdt_transfers: transfers.clone(),
                ..VmInput::default()
            },
            function: "f".into(),
            ..CallInput::default()
        };
        let request = ContractCallRequest {
            call_input: Some(input),
            ..ContractCallRequest::default()
        };
        let mut out = channel(Vec::new(), 1);
        out.dialect = Dialect::Legacy;
        out.send(&request, "").unwrap();
        let bytes = out.transport().writer.clone();
        let fields = match transfers.len() {
            0 => {
                r#""PrevTxHash":null,"ESDTValue":null,"ESDTTokenName":null,"ESDTTokenType":0,"ESDTTokenNonce":0,"ReturnCallAfterError""#
            }
            _ => {
                r#""PrevTxHash":null,"ESDTValue":7,"ESDTTokenName":"VE9L","ESDTTokenType":1,"ESDTTokenNonce":3,"ReturnCallAfterError""#
            }
        };
        assert!(String::from_utf8_lossy(&bytes).contains(fields));
        let received = channel(bytes, 1).receive().unwrap();
        assert_eq!(
            (received.body, received.dialect),
            (request.into(), Some(Dialect::Legacy))
        );
    }
}

#[test]
fn texts_are_html_safe_and_always_valid() {
    let output = VmOutput {
        return_code: ReturnCode::UserError,
        return_message: b"<a>&\"\\\n\t\r\x01\x7f \xff\xe2\x82 \xe2\x80\xa8 \xc3\xa9".to_vec(),
        ..VmOutput::default()
    };
    let mut out = channel(Vec::new(), 1);
    out.send(
        &ContractResponse {
            output: Some(output),
            ..ContractResponse::default()
        },
        "",
    )
    .unwrap();
    let bytes = out.transport().writer.clone();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let expected = "\"ReturnMessage\":\"\\u003ca\\u003e\\u0026\\\"\\\\\\n\\t\\r\\u0001\x7f \\ufffd\\ufffd\\ufffd \\u2028 é\"";
    assert!(text.contains(expected), "{text}");
    let Body::ContractResponse(read) = channel(bytes, 1).receive().unwrap().body else {
        panic!()
    };
    let message = "<a>&\"\\\n\t\r\x01\x7f \u{fffd}\u{fffd}\u{fffd} \u{2028} é";
    assert_eq!(
        String::from_utf8(read.output.unwrap().return_message).unwrap(),
        message
    );
}

fn version_of(text: &str) -> Body {
    VersionResponse {
        version: text.into(),
        ..VersionResponse::default()
    }
    .into()
}

#[test]
fn keys_are_matched_in_any_case_and_unknown_ones_ignored() {
    let body = read(
        Kind::VersionResponse,
        r#", "unknown" : [1,{"a":[{}]},"x\u0041"], "VERSION" : "a" "#,
    );
    assert_eq!(body, Ok(version_of("a")));
    // The exact key is preferred where both appear; the last of equals wins.
    let body = read(Kind::VersionResponse, r#","Version":"a","Version":"b""#);
    assert_eq!(body, Ok(version_of("b")));
    // Embedded fields too.
    let body = read(
        Kind::ContractCallRequest,
        r#","callinput":{"calleraddr":"YQ==","FUNCTION":"f"}"#,
    );
    let vm_input = VmInput {
        caller: b"a".to_vec(),
        ..VmInput::default()
    };
    let input = CallInput {
        vm_input,
        function: "f".into(),
        ..CallInput::default()
    };
    assert_eq!(
        body,
        Ok(ContractCallRequest {
            call_input: Some(input),
            ..ContractCallRequest::default()
        }
        .into())
    );
    // As Go folds: the long s is an s.
    let body = read(Kind::VersionResponse, ",\"Ver\u{17f}ion\":\"a\"");
    assert_eq!(body, Ok(version_of("a")));
}

#[test]
fn null_is_tolerated_everywhere() {
    let nulls = r#","CallInput":{"CallerAddr":null,"Arguments":null,"CallValue":null,"CallType":null,"GasPrice":null,"ESDTTransfers":null,"ReturnCallAfterError":null,"Function":null}"#;
    let body = read(Kind::ContractCallRequest, nulls);
    assert_eq!(
        body,
        Ok(ContractCallRequest {
            call_input: Some(CallInput::default()),
            ..ContractCallRequest::default()
        }
        .into())
    );
    assert_eq!(
        read(Kind::ContractCallRequest, r#","CallInput":null"#),
        Ok(ContractCallRequest::default().into())
    );
    assert_eq!(
        read(
            Kind::ContractCallRequest,
            r#","CallInput":{"Arguments":[null,"","YQ=="]}"#
        )
        .map(|body| ContractCallRequest::from_body(body)
            .unwrap()
            .call_input
            .unwrap()
            .vm_input
            .arguments),
        Ok(vec![vec![], vec![], b"a".to_vec()])
    );
}

#[test]
fn numbers_keep_their_size() {
    let account = |balance: &str| {
        let body = read(
            Kind::BlockchainGetUserAccountResponse,
            &format!(r#","Result":{{"Nonce":18446744073709551615,"Balance":{balance}}}"#),
        )?;
        let account = BlockchainGetUserAccountResponse::from_body(body)
            .unwrap()
            .result
            .unwrap();
        assert_eq!(account.nonce, u64::MAX);
        Ok::<_, String>(account.balance)
    };
    let long = format!("-1{}", "0".repeat(5000));
    assert_eq!(account(&long), Ok(long.parse().ok()));
    assert_eq!(
        account("1.5"),
        Err(
            "cannot decode BlockchainGetUserAccountResponse.Result.Balance at byte 99: expected an integer"
                .into()
        )
    );
    assert_eq!(
        account(&"1".repeat(300_000)),
        Err(
            "cannot decode BlockchainGetUserAccountResponse.Result.Balance at byte 300096: expected an integer of at most 262144 digits"
                .into()
        )
    );
}

#[test]
fn broken_payloads_are_typed_errors() {
    let error = |fields: &str| read(Kind::ContractCallRequest, fields).unwrap_err();
    assert_eq!(
        error(r#","CallInput":{"GasPrice":18446744073709551616}"#),
        "cannot decode ContractCallRequest.CallInput.VMInput.GasPrice at byte 90: expected an unsigned integer of 64 bits"
    );
    assert!(error(r#","CallInput":{"GasPrice":-1}"#).ends_with("expected an unsigned integer of 64 bits"));
    assert!(error(r#","CallInput":{"CallType":9}"#).ends_with("expected a call type from 0 to 3"));
    assert!(error(r#","CallInput":{"CallerAddr":"?"}"#).ends_with("expected base64"));
    assert!(error(r#","CallInput":{"CallerAddr":"YQ"}"#).ends_with("expected base64"));
    assert!(error(r#","CallInput":{"CallerAddr":5}"#).ends_with("expected a string"));
    assert!(error(r#","CallInput":[]"#).ends_with("expected an object"));
    assert!(error(r#","CallInput":{"Function":"a"b"}"#).contains("comma"));
    assert!(error(r#","CallInput":{"Function":"\x"}"#).contains("escape"));
    assert!(error("}").ends_with("trailing data after the message"));
    assert!(error(&format!(r#","x":{}"#, "[".repeat(100_000))).contains("max depth"));
    for cut in 0..INITIALIZE.len() {
        assert!(
            receive_initialize(&mut &frame(1, &INITIALIZE[..cut])[..]).is_err(),
            "cut at {cut}"
        );
    }
}

#[test]
fn messages_out_of_order_or_of_unknown_kind_are_refused() {
    let receive = |kind: u32, payload: &str| {
        channel(frame(kind, payload), 1)
            .receive()
            .unwrap_err()
            .to_string()
    };
    let version =
        |nonce: u32, kind: u32| format!(r#"{{"DialogueNonce":{nonce},"Kind":{kind},"ErrorMessage":""}}"#);
    assert_eq!(
        receive(60, &version(2, 60)),
        "critical error: invalid dialogue nonce"
    );
    assert_eq!(receive(73, &version(1, 73)), "unknown message kind 73");
    assert_eq!(receive(0, &version(1, 0)), "unknown message kind 0");
    assert_eq!(
        receive(60, &version(1, 4_000_000_000)),
        "unknown message kind 4000000000"
    );
    assert_eq!(
        receive(60, &version(1, 58)),
        "message kind 58 in a frame of kind 60"
    );
}

#[test]
fn every_kind_round_trips_and_is_numbered_once() {
    assert_eq!(Kind::ALL.len(), 74);
    for (number, kind) in (0..).zip(Kind::ALL) {
        assert_eq!((*kind as u32, Kind::from_number(number)), (number, Some(*kind)));
        if !matches!(kind, Kind::FirstKind | Kind::LastKind) {
            let body = Body::empty(*kind);
            let mut out = channel(Vec::new(), 1);
            out.send_body(&body, "").unwrap();
            let received = channel(out.transport().writer.clone(), 1).receive().unwrap().body;
            // An absent output is sent as zeros.
            let expected = match body {
                Body::ContractResponse(_) => ContractResponse {
                    output: Some(VmOutput::default()),
                    ..ContractResponse::default()
                }
                .into(),
                Body::BlockchainProcessBuiltInFunctionResponse(_) => {
                    BlockchainProcessBuiltInFunctionResponse {
                        output: Some(VmOutput::default()),
                    }
                    .into()
                }
                body => body,
            };
            assert_eq!(received, expected);
        }
    }
}
