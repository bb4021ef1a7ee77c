//! Requests as they are sent: with an input that stays where it is.

use arwen_interface::{CallInput, CreateInput};

use crate::binary::BinarySink;
use crate::messages::{ContractCallRequest, ContractDeployRequest, ContractResponse, Kind, Message, Request};
use crate::wire::{Declared, Record, RecordType, Sink};

/// What a run is given.
pub(crate) trait RunInput: Declared {
    /// The message that carries it.
    type Request: Request<Reply = ContractResponse>;
}

impl RunInput for CallInput {
    type Request = ContractCallRequest;
}

impl RunInput for CreateInput {
    type Request = ContractDeployRequest;
}

/// The [`Request`](RunInput::Request) for an input, field by field.
pub(crate) struct RunRequest<'a, I> {
    /// What to run.
    pub input: &'a I,
    /// The answers that go ahead.
    pub known: &'a [u8],
    /// How many messages went through the profile pipe.
    pub profiles: u64,
}

impl<I: RunInput> RunRequest<'_, I> {
    /// The message's number.
    pub const KIND: Kind = <I::Request as Message>::KIND;
}

impl<I: RunInput> Record for RunRequest<'_, I> {
    fn table(&self) -> &'static RecordType {
        const { &<I::Request as Declared>::TABLE }
    }

    fn write_field(&self, index: usize, sink: &mut dyn Sink) {
        match index {
            0 => sink.record(self.input, self.input.presence()),
            1 => sink.bytes(self.known),
            _ => sink.uint(self.profiles),
        }
    }

    fn write_binary(&self, sink: &mut BinarySink<'_>) {
        for (index, field) in self.table().fields.iter().enumerate() {
            if sink.begin(field) {
                self.write_field(index, sink);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use arwen_interface::VmInput;

    use super::*;
    use crate::marshalizer::Marshalizer;
    use crate::records::Base;
    use crate::wire::Dialect;

    fn check<I: RunInput>(input: &I, owned: &I::Request, known: &[u8], profiles: u64) {
        let base = Base {
            nonce: 1,
            kind: RunRequest::<I>::KIND as u32,
            ..Base::default()
        };
        for dialect in [Dialect::Current, Dialect::Legacy] {
            for marshalizer in Marshalizer::ALL {
                let request = RunRequest {
                    input,
                    known,
                    profiles,
                };
                let sent = marshalizer.encode(&base, &request, dialect);
                assert_eq!(sent.unwrap(), marshalizer.encode(&base, owned, dialect).unwrap());
            }
        }
    }

    #[test]
    fn a_request_travels_as_the_message_does() {
        let vm_input = VmInput {
            caller: vec![1; 32],
            arguments: vec![vec![2], vec![]],
            gas_provided: 1000,
            ..VmInput::default()
        };
        for (known, profiles) in [(&b""[..], 0), (b"known", 300)] {
            let input = CallInput {
                vm_input: vm_input.clone(),
                recipient: vec![3; 32],
                function: "f".into(),
                ..CallInput::default()
            };
            let owned = ContractCallRequest {
                call_input: Some(input.clone()),
                known: known.to_vec(),
                profiles,
            };
            check(&input, &owned, known, profiles);
            let input = CreateInput {
                vm_input: vm_input.clone(),
                code: vec![4; 300],
                code_metadata: vec![5, 6],
            };
            let owned = ContractDeployRequest {
                create_input: Some(input.clone()),
                known: known.to_vec(),
                profiles,
            };
            check(&input, &owned, known, profiles);
        }
    }
}
