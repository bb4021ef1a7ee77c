//! What a call will ask, learned from the calls before it.
//!
//! A function of a contract tends to ask the same: the epoch, its account, its code, the entries it always reads, and
//! entries whose keys contain its caller or an argument. A question that came in two runs in a row is answered ahead
//! of the next one, and no longer once a run had no use for it. No outcome depends on any of this: what was not
//! foreseen is asked, what was not asked is ignored, and the state does not change while an operation lasts.

use std::collections::BTreeMap;

use arwen_interface::{ADDRESS_LEN, BlockchainHook, CallInput, UserAccount};

use crate::binary;
use crate::known::{KnownAnswer, Shelf};
use crate::messages::{BlockchainGetCodeRequest, Body, Kind};
use crate::node::answer;

/// How many functions are remembered.
const MAX_HABITS: usize = 1024;

/// How many questions of a function are remembered.
const MAX_PATTERNS: usize = 64;

/// Answers that go ahead in one request, in bytes.
const MAX_ANSWERS: usize = 4 << 20;

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
    )
}

/// Where 32 bytes of a question come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Caller,
    Argument(usize),
}

impl Source {
    fn of(self, input: &CallInput) -> Option<&[u8; ADDRESS_LEN]> {
        let bytes = match self {
            Self::Caller => &input.vm_input.caller,
            Self::Argument(at) => input.vm_input.arguments.get(at)?,
        };
        bytes.as_slice().try_into().ok()
    }
}

/// A question whose addresses may come from the call's input.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    kind: Kind,
    /// The question in binary, zeros for what comes from the input. A question for code is the account's address.
    question: Vec<u8>,
    holes: Vec<(usize, Source)>,
}

impl Pattern {
    /// What a question of a call looks like in other calls.
    fn of(kind: Kind, mut question: Vec<u8>, input: &CallInput) -> Self {
        let sources = (0..input.vm_input.arguments.len()).map(Source::Argument);
        let mut holes = Vec::new();
        for source in std::iter::once(Source::Caller).chain(sources) {
            let Some(bytes) = source.of(input).filter(|bytes| **bytes != [0; ADDRESS_LEN]) else {
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

    /// The question of this call; `None` when an argument it needs is missing.
    fn fill(&self, input: &CallInput) -> Option<Vec<u8>> {
        let mut question = self.question.clone();
        for (at, source) in &self.holes {
            question
                .get_mut(*at..at + ADDRESS_LEN)?
                .copy_from_slice(source.of(input)?);
        }
        Some(question)
    }
}

/// A question of a function.
struct Expected {
    pattern: Pattern,
    /// Whether it came in two runs in a row.
    steady: bool,
    /// Whether the run at hand asked it.
    asked: bool,
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
    habits: BTreeMap<(Vec<u8>, String), Habit>,
    clock: u64,
}

/// A question that a run asked.
pub(crate) struct Asked {
    kind: Kind,
    question: Vec<u8>,
}

impl Asked {
    /// What is to be learned from a question; nothing when it is more than a read.
    pub fn new(body: &Body) -> Option<Self> {
        let question = match body {
            Body::BlockchainGetCodeRequest(question) => question.account.as_ref()?.address.clone(),
            other if is_pure(other.kind()) => binary::encode(&[other.record()]),
            _ => return None,
        };
        Some(Self {
            kind: body.kind(),
            question,
        })
    }
}

/// What goes ahead of a call.
#[derive(Default)]
pub(crate) struct Foreseen {
    /// The answers.
    pub known: Vec<KnownAnswer>,
    /// Which pattern of the habit each of them comes from.
    origins: Vec<usize>,
}

impl Foresight {
    /// Answers, from `hook`, what a call is likely to ask.
    pub fn foresee(
        &mut self,
        input: &CallInput,
        hook: &mut dyn BlockchainHook,
        shelf: &mut Shelf,
    ) -> Foreseen {
        self.clock += 1;
        let mut foreseen = Foreseen::default();
        let key = (input.recipient.clone(), input.function.clone());
        let Some(habit) = self.habits.get_mut(&key) else {
            return foreseen;
        };
        habit.last_use = self.clock;
        let mut accounts = BTreeMap::new();
        let mut left = MAX_ANSWERS;
        let steady = || {
            habit
                .expected
                .iter()
                .enumerate()
                .filter(|(_, expected)| expected.steady)
        };
        let is_code = |expected: &Expected| expected.pattern.kind == Kind::BlockchainGetCodeRequest;
        // A question for code contains the account, which has to be asked first.
        let accounts_first = steady()
            .filter(|(_, e)| !is_code(e))
            .chain(steady().filter(|(_, e)| is_code(e)));
        for (at, expected) in accounts_first {
            let Some(mut known) = ask(&expected.pattern, input, hook, &mut accounts) else {
                continue;
            };
            let Some(rest) = left.checked_sub(known.answer.len()) else {
                continue;
            };
            left = rest;
            shelf.pack(&mut known);
            foreseen.known.push(known);
            foreseen.origins.push(at);
        }
        foreseen
    }

    /// Learns what the call asked beyond what was foreseen, and what of that had no use.
    pub fn learn(&mut self, input: &CallInput, foreseen: &Foreseen, asked: Vec<Asked>, unused: &[u32]) {
        let key = (input.recipient.clone(), input.function.clone());
        if !self.habits.contains_key(&key) {
            if asked.is_empty() {
                return;
            }
            self.make_room();
        }
        let habit = self.habits.entry(key).or_default();
        habit.last_use = self.clock;
        for expected in &mut habit.expected {
            expected.asked = false;
        }
        for (at, origin) in foreseen.origins.iter().enumerate() {
            if let Some(expected) = habit.expected.get_mut(*origin) {
                expected.asked = u32::try_from(at).is_ok_and(|at| !unused.contains(&at));
            }
        }
        for Asked { kind, question } in asked {
            let pattern = Pattern::of(kind, question, input);
            let is_full = habit.expected.len() >= MAX_PATTERNS;
            match habit.expected.iter_mut().find(|known| known.pattern == pattern) {
                Some(known) => {
                    known.asked = true;
                    known.steady = true;
                }
                None if !is_full => habit.expected.push(Expected {
                    pattern,
                    steady: false,
                    asked: true,
                }),
                None => {}
            }
        }
        habit.expected.retain(|expected| expected.asked);
    }

    /// Forgets the function that was used longest ago when there are too many.
    fn make_room(&mut self) {
        if self.habits.len() < MAX_HABITS {
            return;
        }
        let oldest = self.habits.iter().min_by_key(|(_, habit)| habit.last_use);
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.habits.remove(&key);
        }
    }
}

/// Asks the node the question that a pattern stands for. `accounts` are those it has given so far.
fn ask(
    pattern: &Pattern,
    input: &CallInput,
    hook: &mut dyn BlockchainHook,
    accounts: &mut BTreeMap<Vec<u8>, UserAccount>,
) -> Option<KnownAnswer> {
    let filled = pattern.fill(input)?;
    let (body, question) = if pattern.kind == Kind::BlockchainGetCodeRequest {
        let account = Some(accounts.get(&filled)?.clone());
        let body = Body::from(BlockchainGetCodeRequest { account });
        let question = binary::encode(&[body.record()]);
        (body, question)
    } else {
        let mut body = Body::empty(pattern.kind);
        binary::decode(&filled, &mut [body.record_mut()]).ok()?;
        (body, filled)
    };
    let (reply, error) = answer(hook, body, false)?;
    let answer = binary::encode(&[reply.record()]);
    if let Body::BlockchainGetUserAccountResponse(reply) = reply
        && let Some(account) = reply.result
    {
        accounts.insert(account.address.clone(), account);
    }
    Some(KnownAnswer {
        kind: pattern.kind as u32,
        question,
        error,
        answer,
        shelf: 0,
    })
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
        let question = BlockchainGetStorageDataRequest {
            address: vec![9; 32],
            index: key.to_vec(),
        };
        Asked::new(&question.into()).unwrap()
    }

    fn questions(foresight: &Foresight, input: &CallInput) -> Vec<Vec<u8>> {
        let habit = foresight.habits.values().next().unwrap();
        let steady = habit.expected.iter().filter(|expected| expected.steady);
        steady
            .filter_map(|expected| expected.pattern.fill(input))
            .collect()
    }

    #[test]
    fn a_question_is_expected_when_two_runs_asked_it_and_until_one_does_not() {
        let mut foresight = Foresight::default();
        let key = |caller: u8| [b"balance".to_vec(), vec![caller; 32]].concat();
        let run = |foresight: &mut Foresight, caller: u8, keys: &[Vec<u8>]| {
            let asked = keys.iter().map(|key| storage(key)).collect();
            foresight.learn(&input(caller, &[8; 32]), &Foreseen::default(), asked, &[]);
        };
        run(
            &mut foresight,
            1,
            &[key(1), key(8), b"once".to_vec(), b"always".to_vec()],
        );
        assert!(questions(&foresight, &input(3, &[8; 32])).is_empty());
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
        assert_eq!(questions(&foresight, &input(3, &[4; 32])), expected);
        // Without such an argument its question cannot be made.
        assert_eq!(questions(&foresight, &input(3, b"short")).len(), 2);

        let foreseen = Foreseen {
            known: vec![KnownAnswer::default(); 2],
            origins: vec![0, 1],
        };
        foresight.learn(&input(3, &[4; 32]), &foreseen, vec![], &[0]);
        assert_eq!(questions(&foresight, &input(3, &[4; 32])), expected[1..2]);
    }

    #[test]
    fn only_reads_are_learned() {
        assert!(Asked::new(&BlockchainCurrentEpochRequest {}.into()).is_some());
        assert!(Asked::new(&BlockchainSaveCompiledCodeRequest::default().into()).is_none());
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
            foresight.learn(&input, &Foreseen::default(), vec![storage(b"k")], &[]);
        }
        assert_eq!(foresight.habits.len(), MAX_HABITS);
        let (oldest, _) = foresight.habits.keys().next().unwrap();
        assert_eq!(*oldest, (MAX_HABITS as u64).to_be_bytes());
    }
}
