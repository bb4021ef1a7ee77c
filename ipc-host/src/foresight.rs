//! What a run will ask, learned from the runs before it.
//!
//! A function of a contract tends to ask the same: the epoch, its account, its code, the entries it always reads, and
//! entries whose keys contain its caller or an argument. So do deployments, about the caller and the address that the
//! caller's nonce leads to. A question that came in two runs in a row is answered ahead of the next one, and no longer
//! once a run had no use for it. No outcome depends on any of this: what was not foreseen is asked, what was not asked
//! is ignored, and the state does not change while an operation lasts.

use std::collections::BTreeMap;

use arwen_interface::{ADDRESS_LEN, BlockchainHook, CallInput, CreateInput, UserAccount, VmInput, VmOutput};

use crate::binary;
use crate::known::{KnownAnswer, Shelf};
use crate::messages::{BlockchainGetCodeResponse, BlockchainNewAddressRequest, Body, Kind};
use crate::node::answer;

/// How many functions are remembered.
const MAX_HABITS: usize = 1024;

/// How many questions of a function are remembered.
const MAX_PATTERNS: usize = 64;

/// The longest question that is remembered, and the longest name of a contract and of a function, in bytes.
const MAX_LENGTH: usize = 256;

/// How many arguments are looked for in questions.
const MAX_SOURCES: usize = 16;

/// Answers that go ahead in one request, in bytes.
const MAX_ANSWERS: usize = 4 << 20;

/// The largest buffer that is kept between two runs, in bytes.
const KEPT: usize = 64 << 10;

/// Kinds that read and change nothing.
fn is_pure(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::BlockchainGetStorageDataRequest
            | Kind::BlockchainGetBlockhashRequest
            | Kind::BlockchainLastNonceRequest
            | Kind::BlockchainLastRoundRequest
            | Kind::BlockchainLastTimeStampRequest
            | Kind::BlockchainLastRandomSeedRequest
            | Kind::BlockchainLastEpochRequest
            | Kind::BlockchainGetStateRootHashRequest
            | Kind::BlockchainCurrentNonceRequest
            | Kind::BlockchainCurrentRoundRequest
            | Kind::BlockchainCurrentTimeStampRequest
            | Kind::BlockchainCurrentRandomSeedRequest
            | Kind::BlockchainCurrentEpochRequest
            | Kind::BlockchainGetESDTTokenRequest
            | Kind::BlockchainGetUserAccountRequest
            | Kind::BlockchainGetCodeRequest
            | Kind::BlockchainGetShardOfAddressRequest
            | Kind::BlockchainIsPayableRequest
            | Kind::BlockchainIsSmartContractRequest
            | Kind::BlockchainNewAddressRequest
    )
}

/// A run that is about to begin.
pub(crate) struct Occasion<'a> {
    /// Contract and function, both empty for deployments; none when they are too long to be remembered.
    key: Option<(&'a [u8], &'a str)>,
    input: &'a VmInput,
    /// The address of the contract that is deployed, when it is known.
    created: Option<Vec<u8>>,
}

impl<'a> Occasion<'a> {
    /// A call.
    pub fn call(input: &'a CallInput) -> Self {
        let short = input.recipient.len() <= MAX_LENGTH && input.function.len() <= MAX_LENGTH;
        Self {
            key: short.then_some((&input.recipient, &input.function)),
            input: &input.vm_input,
            created: None,
        }
    }

    /// A deployment.
    pub fn deployment(input: &'a CreateInput) -> Self {
        Self {
            key: Some(Default::default()),
            input: &input.vm_input,
            created: None,
        }
    }

    /// Finds in its output what a deployment has made.
    pub fn made(&mut self, output: &VmOutput) {
        if self.key.as_ref().is_some_and(|(contract, _)| contract.is_empty()) {
            let mut accounts = output.output_accounts.iter();
            let created = accounts.find(|account| !account.code.is_empty());
            self.created = created.map(|account| account.address.clone());
        }
    }
}

/// Where 32 bytes of a question come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Caller,
    Created,
    Argument(usize),
}

impl Source {
    fn of<'a>(self, occasion: &'a Occasion<'_>) -> Option<&'a [u8; ADDRESS_LEN]> {
        let bytes = match self {
            Self::Caller => &occasion.input.caller,
            Self::Created => occasion.created.as_ref()?,
            Self::Argument(at) => occasion.input.arguments.get(at)?,
        };
        bytes.as_slice().try_into().ok()
    }
}

/// A question whose addresses may come from the occasion.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    kind: Kind,
    /// The question in binary, zeros for what comes from the occasion. A question for code is the account's address,
    /// and one for a new address has no nonce.
    question: Vec<u8>,
    holes: Vec<(usize, Source)>,
}

impl Pattern {
    /// What a question of a call looks like in other calls.
    fn of(kind: Kind, mut question: Vec<u8>, occasion: &Occasion<'_>) -> Self {
        let arguments = (0..occasion.input.arguments.len().min(MAX_SOURCES)).map(Source::Argument);
        let mut holes = Vec::new();
        for source in [Source::Caller, Source::Created].into_iter().chain(arguments) {
            let Some(bytes) = source.of(occasion).filter(|bytes| **bytes != [0; ADDRESS_LEN]) else {
                continue;
            };
            let mut at = 0;
            while let Some(window) = question.get_mut(at..at + ADDRESS_LEN) {
                if window == bytes {
                    window.fill(0);
                    holes.push((at, source));
                    at += ADDRESS_LEN;
                } else {
                    at += 1;
                }
            }
        }
        Self {
            kind,
            question,
            holes,
        }
    }

    /// When it can be asked, since some need what others bring: the new address needs an account's nonce, questions
    /// about it need the address, and a question for code needs the account.
    fn turn(&self) -> usize {
        let about_created = self.holes.iter().any(|(_, source)| *source == Source::Created);
        match self.kind {
            Kind::BlockchainGetCodeRequest => 3,
            Kind::BlockchainNewAddressRequest => 1,
            _ if about_created => 2,
            _ => 0,
        }
    }
}

/// One more than the last [`turn`](Pattern::turn).
const TURNS: usize = 4;

/// A question of a function.
struct Expected {
    pattern: Pattern,
    /// See [`Pattern::turn`].
    turn: usize,
    /// The pattern as it was filled last.
    question: Vec<u8>,
    /// The same for a hook; empty for code, which is asked of an account.
    body: Body,
    /// Whether `body` says what `question` does.
    is_read: bool,
    /// Whether it came in two runs in a row.
    steady: bool,
    /// Whether the run at hand asked it.
    asked: bool,
}

impl Expected {
    /// A question that came for the first time.
    fn new(pattern: Pattern) -> Self {
        Self {
            turn: pattern.turn(),
            question: pattern.question.clone(),
            body: Body::empty(pattern.kind),
            is_read: false,
            steady: false,
            asked: true,
            pattern,
        }
    }

    /// Makes `question` that of this occasion. `None` when something it needs is missing, and it is no question then.
    fn fill(&mut self, occasion: &Occasion<'_>) -> Option<()> {
        for (at, source) in &self.pattern.holes {
            let (there, here) = (
                self.question.get_mut(*at..at + ADDRESS_LEN)?,
                source.of(occasion)?,
            );
            if there != here {
                there.copy_from_slice(here);
                self.is_read = false;
            }
        }
        Some(())
    }
}

/// What a function of a contract asks.
#[derive(Default)]
struct Habit {
    expected: Vec<Expected>,
    last_use: u64,
}

/// What every function asks.
#[derive(Default)]
pub(crate) struct Foresight {
    /// By contract and function.
    habits: BTreeMap<Vec<u8>, BTreeMap<String, Habit>>,
    clock: u64,
    foreseen: Foreseen,
    /// Room for an answer, and for the accounts that the node has given so far.
    answer: Vec<u8>,
    accounts: Vec<UserAccount>,
}

/// A question that a run asked.
pub(crate) struct Asked {
    kind: Kind,
    question: Vec<u8>,
}

impl Asked {
    /// What is to be learned from a question; nothing when it is more than a read, or too long.
    pub fn new(body: &Body) -> Option<Self> {
        let question = match body {
            Body::BlockchainGetCodeRequest(question) => question.account.as_ref()?.address.clone(),
            Body::BlockchainNewAddressRequest(question) => binary::encode(&[&BlockchainNewAddressRequest {
                creator_nonce: 0,
                ..question.clone()
            }]),
            other if is_pure(other.kind()) => binary::encode(&[other.record()]),
            _ => return None,
        };
        (question.len() <= MAX_LENGTH).then_some(Self {
            kind: body.kind(),
            question,
        })
    }
}

/// What goes ahead of a run.
#[derive(Default)]
struct Foreseen {
    /// The answers, as they travel.
    known: Vec<u8>,
    /// Which pattern of the habit each of them comes from.
    origins: Vec<usize>,
}

impl Foreseen {
    fn clear(&mut self) {
        self.known.clear();
        self.known.shrink_to(KEPT);
        self.origins.clear();
    }
}

impl Foresight {
    /// Keeps in `asked` what is to be learned from a question, as long as there is room.
    pub fn listen(asked: &mut Vec<Asked>, question: &Body) {
        if asked.len() < MAX_PATTERNS {
            asked.extend(Asked::new(question));
        }
    }

    /// The answers that the last [`foresee`](Self::foresee) brought, as they travel.
    pub fn known(&self) -> &[u8] {
        &self.foreseen.known
    }

    /// Answers, from `hook`, what a run is likely to ask.
    pub fn foresee(&mut self, occasion: &mut Occasion<'_>, hook: &mut dyn BlockchainHook, shelf: &mut Shelf) {
        self.clock += 1;
        shelf.begin();
        self.foreseen.clear();
        self.accounts.clear();
        let Some(habit) = habit_of(&mut self.habits, occasion) else {
            return;
        };
        habit.last_use = self.clock;
        let mut asking = Asking {
            occasion,
            hook,
            accounts: &mut self.accounts,
        };
        let mut left = MAX_ANSWERS;
        for turn in 0..TURNS {
            let steady = habit.expected.iter_mut().enumerate();
            for (at, expected) in steady.filter(|(_, e)| e.steady && e.turn == turn) {
                self.answer.clear();
                let Some(error) = asking.ask(expected, &mut self.answer) else {
                    continue;
                };
                let Some(rest) = left.checked_sub(self.answer.len()) else {
                    continue;
                };
                left = rest;
                let mut known = KnownAnswer {
                    kind: expected.pattern.kind as u32,
                    question: &expected.question,
                    error: error.as_bytes(),
                    answer: &self.answer,
                    shelf: 0,
                };
                shelf.pack(&mut known);
                known.write(&mut self.foreseen.known);
                self.foreseen.origins.push(at);
            }
        }
        self.answer.shrink_to(KEPT);
    }

    /// Learns what the run asked beyond what was foreseen, and what of that had no use.
    pub fn learn(&mut self, occasion: &Occasion<'_>, asked: Vec<Asked>, unused: &[u32]) {
        let Some((contract, function)) = occasion.key else {
            return;
        };
        let origins = &self.foreseen.origins;
        let habit = match habit_of(&mut self.habits, occasion) {
            // The usual case.
            Some(habit) if asked.is_empty() && unused.is_empty() && origins.len() == habit.expected.len() => {
                return;
            }
            Some(habit) => habit,
            None if asked.is_empty() => return,
            None => {
                self.make_room();
                let functions = self.habits.entry(contract.to_vec()).or_default();
                functions.entry(function.to_owned()).or_default()
            }
        };
        habit.last_use = self.clock;
        for expected in &mut habit.expected {
            expected.asked = false;
        }
        for (at, origin) in self.foreseen.origins.iter().enumerate() {
            if let Some(expected) = habit.expected.get_mut(*origin) {
                expected.asked = u32::try_from(at).is_ok_and(|at| !unused.contains(&at));
            }
        }
        for Asked { kind, question } in asked {
            let pattern = Pattern::of(kind, question, occasion);
            let is_full = habit.expected.len() >= MAX_PATTERNS;
            match habit.expected.iter_mut().find(|known| known.pattern == pattern) {
                Some(known) => {
                    known.asked = true;
                    known.steady = true;
                }
                None if !is_full => habit.expected.push(Expected::new(pattern)),
                None => {}
            }
        }
        habit.expected.retain(|expected| expected.asked);
    }

    /// Forgets the function that was used longest ago when there are too many.
    fn make_room(&mut self) {
        if self.habits.values().map(BTreeMap::len).sum::<usize>() < MAX_HABITS {
            return;
        }
        let functions = self.habits.iter().flat_map(|(contract, functions)| {
            functions
                .iter()
                .map(move |(function, habit)| (habit.last_use, contract, function))
        });
        let Some((_, contract, function)) = functions.min() else {
            return;
        };
        let (contract, function) = (contract.clone(), function.clone());
        if let Some(functions) = self.habits.get_mut(&contract) {
            functions.remove(&function);
            if functions.is_empty() {
                self.habits.remove(&contract);
            }
        }
    }
}

/// What the function that is called tends to ask, if that is known.
fn habit_of<'h>(
    habits: &'h mut BTreeMap<Vec<u8>, BTreeMap<String, Habit>>,
    occasion: &Occasion<'_>,
) -> Option<&'h mut Habit> {
    let (contract, function) = occasion.key?;
    habits.get_mut(contract)?.get_mut(function)
}

/// Questions that are put to the node ahead of a run.
struct Asking<'a, 'o> {
    occasion: &'a mut Occasion<'o>,
    hook: &'a mut dyn BlockchainHook,
    /// The accounts that the node has given so far.
    accounts: &'a mut Vec<UserAccount>,
}

impl Asking<'_, '_> {
    fn account(&self, address: &[u8]) -> Option<&UserAccount> {
        self.accounts.iter().find(|account| account.address == address)
    }

    /// Asks what is expected, and writes the answer behind what is in `out`. Returns the error that the answer reports.
    fn ask(&mut self, expected: &mut Expected, out: &mut Vec<u8>) -> Option<String> {
        expected.fill(self.occasion)?;
        if expected.pattern.kind == Kind::BlockchainGetCodeRequest {
            let mut accounts = self.accounts.iter();
            let code = self
                .hook
                .code(accounts.find(|account| account.address == expected.question)?);
            binary::encode_into(out, &[&BlockchainGetCodeResponse { code }]);
            return Some(String::new());
        }
        let body = &mut expected.body;
        if !expected.is_read {
            binary::decode(&expected.question, &mut [body.record_mut()]).ok()?;
            expected.is_read = true;
        }
        if let Body::BlockchainNewAddressRequest(request) = body {
            // The nonce counts the transaction that deploys.
            request.creator_nonce = self.account(&request.creator)?.nonce.checked_sub(1)?;
            expected.question.clear();
            binary::encode_into(&mut expected.question, &[&*request]);
        }
        let (reply, error) = answer(self.hook, body, false)?;
        binary::encode_into(out, &[reply.record()]);
        match reply {
            Body::BlockchainGetUserAccountResponse(reply) => self.accounts.extend(reply.result),
            Body::BlockchainNewAddressResponse(reply) => self.occasion.created = Some(reply.result),
            _ => {}
        }
        Some(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{
        BlockchainCurrentEpochRequest, BlockchainGetStorageDataRequest, BlockchainSaveCompiledCodeRequest,
    };
    use arwen_interface::VmInput;

    fn input(caller: u8, argument: &[u8]) -> CallInput {
        CallInput {
            vm_input: VmInput {
                caller: vec![caller; 32],
                arguments: vec![vec![1], argument.to_vec()],
                ..VmInput::default()
            },
            recipient: vec![9; 32],
            function: "f".into(),
            ..CallInput::default()
        }
    }

    fn storage(key: &[u8]) -> Asked {
        storage_of(key).unwrap()
    }

    fn storage_of(key: &[u8]) -> Option<Asked> {
        let question = BlockchainGetStorageDataRequest {
            address: vec![99; 32],
            index: key.to_vec(),
        };
        Asked::new(&question.into())
    }

    fn questions(foresight: &mut Foresight, input: &CallInput) -> Vec<Vec<u8>> {
        let occasion = Occasion::call(input);
        let habit = habit_of(&mut foresight.habits, &occasion).unwrap();
        let steady = habit.expected.iter_mut().filter(|expected| expected.steady);
        steady
            .filter_map(|expected| expected.fill(&occasion).map(|()| expected.question.clone()))
            .collect()
    }

    #[test]
    fn a_question_is_expected_when_two_runs_asked_it_and_until_one_does_not() {
        let mut foresight = Foresight::default();
        let key = |caller: u8| [b"balance".to_vec(), vec![caller; 32]].concat();
        let run = |foresight: &mut Foresight, caller: u8, keys: &[Vec<u8>]| {
            let asked = keys.iter().map(|key| storage(key)).collect();
            let input = input(caller, &[8; 32]);
            foresight.learn(&Occasion::call(&input), asked, &[]);
        };
        run(
            &mut foresight,
            1,
            &[key(1), key(8), b"once".to_vec(), b"always".to_vec()],
        );
        assert!(questions(&mut foresight, &input(3, &[8; 32])).is_empty());
        run(
            &mut foresight,
            2,
            &[key(2), key(8), b"other".to_vec(), b"always".to_vec()],
        );
        // The next caller's and receiver's entries are expected, not those of the last ones.
        let expected: Vec<_> = [key(3), key(4), b"always".to_vec()]
            .iter()
            .map(|key| storage(key).question)
            .collect();
        assert_eq!(questions(&mut foresight, &input(3, &[4; 32])), expected);
        // Without such an argument its question cannot be made.
        assert_eq!(questions(&mut foresight, &input(3, b"short")).len(), 2);

        foresight.foreseen.origins = vec![0, 1];
        let input = input(3, &[4; 32]);
        foresight.learn(&Occasion::call(&input), vec![], &[0]);
        assert_eq!(questions(&mut foresight, &input), expected[1..2]);
    }

    #[test]
    fn only_reads_are_learned() {
        assert!(Asked::new(&BlockchainCurrentEpochRequest {}.into()).is_some());
        assert!(Asked::new(&BlockchainSaveCompiledCodeRequest::default().into()).is_none());
    }

    #[test]
    fn what_is_long_or_too_much_is_not_remembered() {
        assert!(storage_of(&[7; MAX_LENGTH]).is_none());
        let mut asked = Vec::new();
        for _ in 0..2 * MAX_PATTERNS {
            Foresight::listen(&mut asked, &BlockchainCurrentEpochRequest {}.into());
        }
        assert_eq!(asked.len(), MAX_PATTERNS);
        let mut foresight = Foresight::default();
        let long = CallInput {
            function: "f".repeat(MAX_LENGTH + 1),
            ..input(1, b"")
        };
        foresight.learn(&Occasion::call(&long), vec![storage(b"k")], &[]);
        assert!(foresight.habits.is_empty());
        let many = CallInput {
            vm_input: VmInput {
                arguments: (0..100).map(|number| vec![number; 32]).collect(),
                ..VmInput::default()
            },
            ..input(1, b"")
        };
        let holes = |byte: u8| {
            let question = storage(&[byte; 32]).question;
            Pattern::of(
                Kind::BlockchainGetStorageDataRequest,
                question,
                &Occasion::call(&many),
            )
            .holes
        };
        assert_eq!(holes(MAX_SOURCES as u8 - 1).len(), 1);
        assert!(holes(MAX_SOURCES as u8).is_empty());
    }

    #[test]
    fn the_oldest_habits_are_forgotten() {
        let mut foresight = Foresight::default();
        for contract in 0..2 * MAX_HABITS as u64 {
            foresight.clock += 1;
            let input = CallInput {
                recipient: contract.to_be_bytes().to_vec(),
                ..input(1, b"")
            };
            foresight.learn(&Occasion::call(&input), vec![storage(b"k")], &[]);
        }
        assert_eq!(foresight.habits.len(), MAX_HABITS);
        let oldest = foresight.habits.keys().next().unwrap();
        assert_eq!(*oldest, (MAX_HABITS as u64).to_be_bytes());
    }
}
