//! Built-in functions against the answers of a recorded node, where those records are at hand.
//!
//! The records do not show the state the node worked on, so a plentiful one is supposed: callers have roles and
//! enough of every token. The node's answer does not depend on how much.

use std::fs;
use std::path::{Path, PathBuf};

use arwen_eei::builtin::{
    BuiltinPrices, BuiltinWorld, SYSTEM_ACCOUNT, encode_token, instance_key, process, token_key,
};
use arwen_interface::{
    BigInt, Bytes, CallInput, CallType, EsdtMetadata, EsdtToken, HookError, UserAccount, VmInput, VmOutput,
};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// The kind of the question that runs a built-in function.
const PROCESS_BUILTIN_FUNCTION: u64 = 70;

/// The records, in the places a workspace may have them.
fn records() -> Vec<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for shared in ["../shared", "../../shared"] {
        collect(&workspace.join(shared).join("conformance/dialogues"), &mut found);
    }
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            found.push(path);
        }
    }
}

fn bytes(value: &Value) -> Bytes {
    value
        .as_str()
        .map_or_else(Vec::new, |text| BASE64_STANDARD.decode(text).expect("base64"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn read_input(input: &Value) -> CallInput {
    CallInput {
        vm_input: VmInput {
            caller: bytes(&input["CallerAddr"]),
            arguments: list(&input["Arguments"]).iter().map(bytes).collect(),
            call_value: input["CallValue"].as_i64().map(BigInt::from),
            call_type: input["CallType"]
                .as_i64()
                .and_then(CallType::from_number)
                .expect("a call type"),
            gas_provided: input["GasProvided"].as_u64().expect("gas"),
            gas_locked: input["GasLocked"].as_u64().expect("gas"),
            return_call_after_error: input["ReturnCallAfterError"] == true,
            ..VmInput::default()
        },
        recipient: bytes(&input["RecipientAddr"]),
        function: input["Function"].as_str().expect("a function").into(),
        allow_init_function: false,
    }
}

/// What an answer says that a built-in function decides.
#[derive(Debug, PartialEq)]
struct Answer {
    return_data: Vec<Bytes>,
    gas_remaining: u64,
    logs: Vec<(Bytes, Bytes, Vec<Bytes>)>,
    transfers: Vec<(Bytes, Bytes, u64, u64, i64, Bytes)>,
}

impl Answer {
    fn recorded(output: &Value) -> Self {
        let transfers = list(&output["CorrectedOutputAccounts"])
            .iter()
            .flat_map(|account| {
                list(&account["Transfers"]).iter().map(|transfer| {
                    (
                        bytes(&account["Address"]),
                        bytes(&transfer["Data"]),
                        transfer["GasLimit"].as_u64().expect("gas"),
                        transfer["GasLocked"].as_u64().expect("gas"),
                        transfer["CallType"].as_i64().expect("a call type"),
                        bytes(&transfer["SenderAddress"]),
                    )
                })
            });
        let logs = list(&output["Logs"]).iter().map(|log| {
            let topics = list(&log["Topics"]).iter().map(bytes).collect();
            (bytes(&log["Identifier"]), bytes(&log["Address"]), topics)
        });
        Self {
            return_data: list(&output["ReturnData"]).iter().map(bytes).collect(),
            gas_remaining: output["GasRemaining"].as_u64().expect("gas"),
            logs: logs.collect(),
            transfers: transfers.collect(),
        }
    }

    fn computed(output: VmOutput) -> Self {
        let transfers = output.output_accounts.into_iter().flat_map(|account| {
            account.transfers.into_iter().map(move |transfer| {
                (
                    account.address.clone(),
                    transfer.data,
                    transfer.gas_limit,
                    transfer.gas_locked,
                    transfer.call_type as i64,
                    transfer.sender,
                )
            })
        });
        let logs = output
            .logs
            .into_iter()
            .map(|log| (log.identifier, log.address, log.topics));
        Self {
            return_data: output.return_data,
            gas_remaining: output.gas_remaining,
            logs: logs.collect(),
            transfers: transfers.collect(),
        }
    }
}

/// A world in one shard in which a caller lacks nothing.
struct Plenty<'a> {
    input: &'a CallInput,
    /// The nonce the caller gave out last.
    last_nonce: u8,
    /// The recipient's name.
    user_name: Bytes,
}

impl BuiltinWorld for Plenty<'_> {
    fn storage(&mut self, account: &[u8], key: &[u8]) -> Bytes {
        let input = &self.input.vm_input;
        if account == SYSTEM_ACCOUNT || account != input.caller {
            return Bytes::new();
        }
        let [token, rest @ ..] = input.arguments.as_slice() else {
            return Bytes::new();
        };
        if key.starts_with(b"ELRONDrole") {
            let role = b"ESDTRoleNFTCreate";
            return [&[0x0a, role.len() as u8], role.as_slice()].concat();
        }
        if key.starts_with(b"ELRONDnonce") {
            return vec![self.last_nonce];
        }
        if key == token_key(token) {
            return encode_token(&EsdtToken {
                value: Some(BigInt::from(u64::MAX)),
                ..EsdtToken::default()
            });
        }
        // An instance as the declarative tests store it: named after its token, no flag set, one empty URI.
        let nonce = rest[0]
            .iter()
            .fold(0, |nonce, byte| nonce << 8 | u64::from(*byte));
        assert_eq!(key, instance_key(&token_key(token), nonce));
        encode_token(&EsdtToken {
            value: Some(BigInt::from(100)),
            properties: vec![0, 0],
            metadata: Some(EsdtMetadata {
                nonce,
                name: token.clone(),
                uris: vec![Bytes::new()],
                ..EsdtMetadata::default()
            }),
            ..EsdtToken::default()
        })
    }

    fn account(&mut self, _address: &[u8]) -> Result<Option<UserAccount>, HookError> {
        Ok(Some(UserAccount {
            user_name: self.user_name.clone(),
            ..UserAccount::default()
        }))
    }

    fn shard_of(&mut self, _address: &[u8]) -> u32 {
        0
    }

    fn own_shard(&mut self) -> u32 {
        0
    }

    fn is_payable(&mut self, _address: &[u8]) -> Result<bool, HookError> {
        Ok(true)
    }

    fn is_name_service(&mut self, _address: &[u8]) -> bool {
        true
    }
}

#[test]
fn recorded_answers_are_computed() {
    for path in records() {
        let text = fs::read_to_string(&path).expect("a record");
        for line in text.lines() {
            let dialogue: Value = serde_json::from_str(line).expect("JSON");
            let hooks = list(&dialogue["hooks"]).iter();
            for hook in hooks.filter(|hook| hook[0] == PROCESS_BUILTIN_FUNCTION) {
                let part = |index: usize| -> Value {
                    serde_json::from_str(hook[index].as_str().expect("JSON text")).expect("JSON")
                };
                check(&path, &part(1)["Input"], &part(3));
            }
        }
    }
}

fn check(path: &Path, question: &Value, answer: &Value) {
    let input = read_input(question);
    let recorded_error = answer["ErrorMessage"].as_str().unwrap_or_default();
    let created = bytes(&answer["VmOutput"]["ReturnData"][0]);
    let mut world = Plenty {
        input: &input,
        last_nonce: created.first().map_or(0, |nonce| nonce - 1),
        user_name: if recorded_error.is_empty() {
            Bytes::new()
        } else {
            b"taken".to_vec()
        },
    };
    let place = format!("{}: {}", path.display(), input.function);
    match process(&mut world, &BuiltinPrices::uniform(1), &input) {
        Ok(outcome) => {
            assert_eq!(recorded_error, "", "{place}");
            let recorded = Answer::recorded(&answer["VmOutput"]);
            assert_eq!(Answer::computed(outcome.output), recorded, "{place}");
        }
        Err(error) => assert_eq!(error.to_string(), recorded_error, "{place}"),
    }
}
