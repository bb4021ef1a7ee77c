//! Every message in every encoding, with whatever values its table allows.

use arwen_interface::{
    BigInt, CallType, EsdtTransfer, LogEntry, MAX_OUTPUT_SIZE, OutputAccount, OutputTransfer, StorageUpdate,
    VmInput, VmOutput,
};
use arwen_ipc_host::error::{DecodeError, Problem};
use arwen_ipc_host::frame::MAX_PAYLOAD;
use arwen_ipc_host::log::{Correlation, LogLine};
use arwen_ipc_host::marshalizer::Marshalizer;
use arwen_ipc_host::messages::*;
use arwen_ipc_host::records::Base;
use arwen_ipc_host::wire::{Budget, Dialect, RecordMut, Source};
use proptest::prelude::*;

/// Reads any value out of any bytes: values of every table are made by reading one from it. Once the bytes are used up,
/// everything is zero.
struct Anything {
    entropy: std::vec::IntoIter<u8>,
    budget: Budget,
}

impl Anything {
    fn new(entropy: Vec<u8>) -> Self {
        Self {
            entropy: entropy.into_iter(),
            budget: Budget::default(),
        }
    }

    fn byte(&mut self) -> u8 {
        self.entropy.next().unwrap_or(0)
    }

    /// Mostly small, sometimes any.
    fn number(&mut self) -> u64 {
        match self.byte() {
            byte @ 0..128 => u64::from(byte),
            _ => (0..8).fold(0, |number, _| number << 8 | u64::from(self.byte())),
        }
    }

    fn some_bytes(&mut self) -> Vec<u8> {
        let len = 1 + self.byte() % 40;
        (0..len).map(|_| self.byte()).collect()
    }
}

impl Source for Anything {
    fn null(&mut self) -> Result<bool, DecodeError> {
        Ok(self.byte().is_multiple_of(4))
    }
    fn bool(&mut self) -> Result<bool, DecodeError> {
        Ok(self.byte() % 2 == 1)
    }
    fn int(&mut self) -> Result<i64, DecodeError> {
        // What call types and return codes can be, too.
        Ok(i64::from(self.byte() % 4))
    }
    fn uint(&mut self, max: u64) -> Result<u64, DecodeError> {
        Ok(self.number() & max)
    }
    fn text(&mut self) -> Result<Vec<u8>, DecodeError> {
        Ok(String::from_utf8_lossy(&self.some_bytes())
            .into_owned()
            .into_bytes())
    }
    fn bytes(&mut self) -> Result<Vec<u8>, DecodeError> {
        Ok(self.some_bytes())
    }
    fn big(&mut self) -> Result<BigInt, DecodeError> {
        Ok(BigInt::from_signed_bytes_be(&self.some_bytes()))
    }
    fn record(&mut self, record: &mut dyn RecordMut) -> Result<(), DecodeError> {
        for (index, field) in record.table().fields.iter().enumerate() {
            if field.dialect != Some(Dialect::Legacy) {
                record.read_field(index, self)?;
            }
        }
        Ok(())
    }
    fn begin_list(&mut self) -> Result<(), DecodeError> {
        Ok(())
    }
    fn element(&mut self, _: usize) -> Result<bool, DecodeError> {
        Ok(!self.byte().is_multiple_of(3))
    }
    fn begin_map(&mut self) -> Result<(), DecodeError> {
        Ok(())
    }
    fn key(&mut self, index: usize) -> Result<Option<String>, DecodeError> {
        let more = self.element(index)?;
        Ok(more.then(|| format!("key {}", self.byte())))
    }
    fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }
    fn skip(&mut self) -> Result<(), DecodeError> {
        Ok(())
    }
    fn refuse(&self, expected: &'static str) -> DecodeError {
        DecodeError::new(Problem::Type(expected), 0)
    }
}

fn anything(kind: Kind, entropy: Vec<u8>) -> (Base, Body) {
    let mut source = Anything::new(entropy);
    let (mut base, mut body) = (Base::default(), Body::empty(kind));
    source.record(&mut base).unwrap();
    source.record(body.record_mut()).unwrap();
    base.kind = kind as u32;
    (base, body)
}

/// What a message is after any way: an absent output is sent as zeros, and gob has no fields of our own.
fn arrived(marshalizer: Marshalizer, mut body: Body) -> Body {
    if marshalizer == Marshalizer::Gob {
        match &mut body {
            Body::ContractDeployRequest(deploy) => {
                deploy.known.clear();
                deploy.profiles = 0;
            }
            Body::ContractCallRequest(call) => {
                call.known.clear();
                call.profiles = 0;
            }
            Body::ContractResponse(response) => response.unused.clear(),
            Body::VersionRequest(request) => request.binary_tables = 0,
            Body::VersionResponse(response) => response.binary_tables = 0,
            _ => {}
        }
    }
    if let Body::ContractResponse(ContractResponse { output, .. })
    | Body::BlockchainProcessBuiltInFunctionResponse(BlockchainProcessBuiltInFunctionResponse {
        output,
    }) = &mut body
    {
        output.get_or_insert_default();
    }
    body
}

fn decode(marshalizer: Marshalizer, kind: Kind, payload: &[u8]) -> Result<(Base, Body), DecodeError> {
    let (mut base, mut body) = (Base::default(), Body::empty(kind));
    marshalizer.decode(payload, &mut base, body.record_mut())?;
    Ok((base, body))
}

/// Whether the encoding has a way to write this kind.
fn has(marshalizer: Marshalizer, kind: Kind) -> bool {
    match kind {
        // Always JSON.
        Kind::Initialize => marshalizer == Marshalizer::Json,
        Kind::BlockchainGetBuiltinFunctionNamesResponse => marshalizer != Marshalizer::Gob,
        _ => true,
    }
}

fn every_pair() -> impl Iterator<Item = (Marshalizer, Kind)> {
    let kinds = Kind::ALL.iter().copied();
    kinds.flat_map(|kind| Marshalizer::ALL.map(|marshalizer| (marshalizer, kind)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_message_arrives_as_it_was_sent(entropy in prop::collection::vec(any::<u8>(), 0..600)) {
        for (marshalizer, kind) in every_pair().filter(|(marshalizer, kind)| has(*marshalizer, *kind)) {
            let (base, body) = anything(kind, entropy.clone());
            let payload = marshalizer.encode(&base, body.record(), Dialect::Current).unwrap();
            prop_assert_eq!(decode(marshalizer, kind, &payload), Ok((base, arrived(marshalizer, body))), "{} {}", marshalizer, kind);
        }
    }

    #[test]
    fn broken_payloads_are_errors_and_no_panics(
        entropy in prop::collection::vec(any::<u8>(), 0..300),
        at in any::<prop::sample::Index>(),
        replacement in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        for (marshalizer, kind) in every_pair().filter(|(marshalizer, kind)| has(*marshalizer, *kind)) {
            let (base, body) = anything(kind, entropy.clone());
            let mut payload = marshalizer.encode(&base, body.record(), Dialect::Current).unwrap();
            let at = at.index(payload.len());
            prop_assert!(decode(marshalizer, kind, &payload[..at]).is_err(), "{} {} cut at {}", marshalizer, kind, at);
            let end = payload.len().min(at + replacement.len());
            payload.splice(at..end, replacement.iter().copied());
            // What still has a meaning can be written again.
            if let Ok((base, body)) = decode(marshalizer, kind, &payload) {
                marshalizer.encode(&base, body.record(), Dialect::Current).unwrap();
            }
        }
    }

    #[test]
    fn noise_is_an_error(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        for (marshalizer, kind) in every_pair() {
            // Binary has no grammar that noise could miss; that it returns is all there is to ask.
            let read = decode(marshalizer, kind, &noise);
            prop_assert!(read.is_err() || marshalizer == Marshalizer::Binary);
        }
    }
}

/// What nothing but an output takes of a message, in bytes.
const REST: u64 = 1024;

#[test]
fn an_output_of_the_largest_size_fits_a_payload_in_every_encoding() {
    let most = |size: u64| size * 19 / 10 + REST;
    let big = BigInt::from_signed_bytes_be(&[0x7f; 1000]);
    let bytes = |length: usize| vec![0xff; length];
    let account = |length: usize| OutputAccount {
        address: bytes(length),
        nonce: u64::MAX,
        gas_used: u64::MAX,
        ..OutputAccount::default()
    };
    let transfer = OutputTransfer {
        gas_limit: u64::MAX,
        gas_locked: u64::MAX,
        call_type: CallType::EsdtTransferAndExecute,
        ..OutputTransfer::default()
    };
    let update = |length| StorageUpdate {
        offset: bytes(length),
        data: bytes(length),
    };
    let entry = |length| LogEntry {
        identifier: bytes(length),
        topics: vec![bytes(length); 10],
        ..LogEntry::default()
    };
    let lengths = [0, 1, 2, 3, 100];
    let mut outputs = vec![
        VmOutput {
            return_message: bytes(1000),
            ..VmOutput::default()
        },
        VmOutput {
            return_message: vec![0; 1000],
            gas_refund: Some(-&big),
            ..VmOutput::default()
        },
        VmOutput {
            output_accounts: vec![
                OutputAccount {
                    balance: Some(big.clone()),
                    balance_delta: Some(-&big),
                    transfers: vec![transfer; 100],
                    ..account(32)
                };
                10
            ],
            ..VmOutput::default()
        },
    ];
    outputs.extend(lengths.map(|length| VmOutput {
        return_data: vec![bytes(length); 1000],
        deleted_accounts: vec![bytes(length); 1000],
        touched_accounts: vec![bytes(length); 1000],
        ..VmOutput::default()
    }));
    outputs.extend(lengths.map(|length| VmOutput {
        output_accounts: vec![account(length); 100],
        logs: vec![entry(length); 100],
        ..VmOutput::default()
    }));
    outputs.extend(lengths.map(|length| VmOutput {
        output_accounts: vec![OutputAccount {
            storage_updates: vec![update(length); 1000],
            ..account(length)
        }],
        ..VmOutput::default()
    }));
    for output in outputs {
        let size = output.decoded_size();
        let reply = ContractResponse {
            output: Some(output),
            ..ContractResponse::default()
        };
        for marshalizer in Marshalizer::ALL {
            let payload = marshalizer
                .encode(&Base::default(), &reply, Dialect::Current)
                .unwrap();
            assert!(
                payload.len() as u64 <= most(size),
                "{marshalizer}: {} of {size}",
                payload.len()
            );
        }
    }
    assert!(most(MAX_OUTPUT_SIZE) <= u64::from(MAX_PAYLOAD));
}

#[test]
fn gob_refuses_what_it_cannot_express_by_name() {
    let refused = |body: Body| {
        let sent = Marshalizer::Gob.encode(&Base::default(), body.record(), Dialect::Current);
        sent.unwrap_err().to_string()
    };
    assert_eq!(
        refused(BlockchainGetBuiltinFunctionNamesResponse::default().into()),
        "cannot express MessageBlockchainGetBuiltinFunctionNamesResponse: Result has no type of its own in gob"
    );
    assert_eq!(
        refused(Initialize::default().into()),
        "cannot express ArwenArguments: BuiltInFuncContainer has no type of its own in gob"
    );
}

#[test]
fn the_older_dialect_refuses_more_than_one_transfer() {
    let input = arwen_interface::CallInput {
        vm_input: VmInput {
            esdt_transfers: vec![EsdtTransfer::default(); 2],
            ..VmInput::default()
        },
        ..Default::default()
    };
    let request = ContractCallRequest {
        call_input: Some(input),
        ..ContractCallRequest::default()
    };
    for marshalizer in Marshalizer::ALL {
        let payload = |dialect| marshalizer.encode(&Base::default(), &request, dialect);
        assert!(payload(Dialect::Current).is_ok());
        match payload(Dialect::Legacy) {
            // Both dialects are one here.
            Ok(_) => assert_eq!(marshalizer, Marshalizer::Binary),
            Err(error) => assert_eq!(
                error.to_string(),
                "cannot express VMInput: ESDTTransfers has more than one item, in the dialect that has one transfer"
            ),
        }
    }
}

#[test]
fn the_dialect_shows_in_json_and_in_gobs_definitions() {
    let transfer = EsdtTransfer {
        value: Some(BigInt::from(7)),
        token_name: b"TOK".to_vec(),
        ..EsdtTransfer::default()
    };
    for transfers in [vec![], vec![transfer]] {
        let vm_input = VmInput {
            esdt_transfers: transfers,
            ..VmInput::default()
        };
        let input = arwen_interface::CallInput {
            vm_input,
            ..Default::default()
        };
        let request = ContractCallRequest {
            call_input: Some(input),
            ..ContractCallRequest::default()
        };
        for marshalizer in [Marshalizer::Json, Marshalizer::Gob] {
            for dialect in [Dialect::Current, Dialect::Legacy] {
                let payload = marshalizer.encode(&Base::default(), &request, dialect).unwrap();
                let (mut base, mut read) = (Base::default(), ContractCallRequest::default());
                let shown = marshalizer.decode(&payload, &mut base, &mut read).unwrap();
                assert_eq!((shown, &read), (Some(dialect), &request), "{marshalizer}");
            }
        }
    }
}

#[test]
fn only_gob_takes_empty_for_absent() {
    for marshalizer in Marshalizer::ALL {
        let entry = LogEntry {
            data: Some(Vec::new()),
            ..LogEntry::default()
        };
        let output = VmOutput {
            logs: vec![entry.clone()],
            ..VmOutput::default()
        };
        let message = ContractResponse {
            output: Some(output),
            ..ContractResponse::default()
        };
        let payload = marshalizer
            .encode(&Base::default(), &message, Dialect::Current)
            .unwrap();
        let Ok((_, Body::ContractResponse(read))) = decode(marshalizer, Kind::ContractResponse, &payload)
        else {
            panic!()
        };
        let expected = match marshalizer {
            Marshalizer::Gob => None,
            _ => entry.data,
        };
        assert_eq!(read.output.unwrap().logs[0].data, expected);
    }
}

#[test]
fn a_payload_of_many_items_is_refused_before_they_fill_the_memory() {
    // The fields up to the list of accounts, its length, and one byte for each of their ten fields.
    let accounts = 1 << 21;
    let mut payload = vec![0, Kind::ContractResponse as u8, 0, 0, 0, 0, 0, 0];
    payload.extend([0x80, 0x80, 0x80, 0x01]);
    payload.resize(payload.len() + accounts * 10, 0);
    let error = decode(Marshalizer::Binary, Kind::ContractResponse, &payload).unwrap_err();
    assert_eq!(error.problem, Problem::Type("fewer items"));
    assert_eq!(error.field, "SerializableVMOutput.CorrectedOutputAccounts");
}

#[test]
fn log_lines_are_json_or_gob() {
    let line = LogLine {
        message: "m".into(),
        level: -1,
        args: vec!["k".into(), String::new()],
        timestamp: i64::MIN,
        logger: "l".into(),
        correlation: Correlation {
            shard: "s".into(),
            epoch: u32::MAX,
            round: -5,
            sub_round: "r".into(),
        },
    };
    for line in [line, LogLine::default()] {
        for marshalizer in Marshalizer::ALL {
            let payload = line.clone().encode(marshalizer).unwrap();
            assert_eq!(payload.starts_with(b"{"), marshalizer != Marshalizer::Gob);
            assert_eq!(LogLine::decode(marshalizer, &payload), Ok(line.clone()));
        }
    }
}
