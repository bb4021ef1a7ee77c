//! What a run asks its node: written down, and answered from what was written down.

use std::collections::{BTreeMap, BTreeSet};

use arwen_interface::{BlockchainHook, Bytes, CallInput, EsdtToken, HookError, UserAccount, VmOutput};
use serde_json::Value;

use super::json::{Fields, Json, Wrong};

/// What a node that has no answer says. A run that hears it does not follow its trace.
const NO_ANSWER: &str = "the trace has no answer to this question";

/// What stands for an answer that is missing.
trait Unanswered {
    fn unanswered() -> Self;
}

impl<T> Unanswered for Result<T, HookError> {
    fn unanswered() -> Self {
        Err(HookError(NO_ANSWER.to_owned()))
    }
}

macro_rules! blank_when_unanswered {
    ($($name:ty),*) => {$(
        impl Unanswered for $name {
            fn unanswered() -> Self {
                Self::default()
            }
        }
    )*};
}
blank_when_unanswered!((), bool, u32, u64, i64, Bytes, Option<Bytes>, BTreeSet<String>);

/// Declares all that follows from the methods of [`BlockchainHook`]: of each, its name in trace files, its arguments as
/// they are given and as they are kept, and its answer.
macro_rules! hooks {
    ($($name:literal $kind:ident $method:ident($($arg:ident: $given:ty as $kept:ty),*) -> $answer:ty;)*) => {
        /// A question of a run to its node: a method of [`BlockchainHook`] and its arguments.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "as the methods of BlockchainHook")]
        pub enum Question { $($kind { $($arg: $kept),* },)* }

        /// An answer of a node, to the question of the same name.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "as the methods of BlockchainHook")]
        pub enum Answer { $($kind($answer),)* }

        impl Question {
            /// The name in trace files.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$kind { .. } => $name,)* }
            }

            #[allow(unused_mut, reason = "not every question has arguments")]
            fn arguments(&self) -> Value {
                match self { $(Self::$kind { $($arg),* } => {
                    let mut fields = Fields::default();
                    $(fields.write(stringify!($arg), $arg, &<$kept>::default());)*
                    fields.into()
                })* }
            }
        }

        impl Answer {
            fn to_json(&self) -> Value {
                match self { $(Self::$kind(answer) => answer.to_json(),)* }
            }
        }

        impl Asked {
            #[allow(unused_mut, reason = "not every question has arguments")]
            fn read(name: &str, mut asks: Fields, answers: &[Value]) -> Result<Self, Wrong> {
                match name {
                    $($name => {
                        $(let $arg = asks.take(stringify!($arg), <$kept>::default()).map_err(|wrong| wrong.below("asks"))?;)*
                        asks.finish().map_err(|wrong| wrong.below("asks"))?;
                        let read = |(index, answer)| match Json::from_json(answer) {
                            Ok(answer) => Ok(Answer::$kind(answer)),
                            Err(wrong) => Err(wrong.below(&format!("answers[{index}]"))),
                        };
                        let answers = answers.iter().enumerate().map(read).collect::<Result<_, _>>()?;
                        Ok(Self { question: Question::$kind { $($arg),* }, answers })
                    })*
                    _ => Err(Wrong::new("the name of a hook").below("hook")),
                }
            }
        }

        impl BlockchainHook for HookRecorder<'_> {
            $(fn $method(&mut self, $($arg: $given),*) -> $answer {
                let question = Question::$kind { $($arg: $arg.to_owned()),* };
                let answer = self.node.$method($($arg),*);
                self.note(question, Answer::$kind(answer.clone()));
                answer
            })*
        }

        impl BlockchainHook for HookPlayer {
            $(fn $method(&mut self, $($arg: $given),*) -> $answer {
                match self.answer(Question::$kind { $($arg: $arg.to_owned()),* }) {
                    Some(Answer::$kind(answer)) => answer,
                    _ => Unanswered::unanswered(),
                }
            })*
        }
    };
}

hooks! {
    "newAddress" NewAddress new_address(creator: &[u8] as Bytes, creator_nonce: u64 as u64, vm_type: &[u8] as Bytes)
        -> Result<Bytes, HookError>;
    "storageData" StorageData storage_data(account: &[u8] as Bytes, key: &[u8] as Bytes) -> Result<Bytes, HookError>;
    "blockHash" BlockHash block_hash(nonce: u64 as u64) -> Result<Bytes, HookError>;
    "lastNonce" LastNonce last_nonce() -> u64;
    "lastRound" LastRound last_round() -> u64;
    "lastTimestamp" LastTimestamp last_timestamp() -> u64;
    "lastRandomSeed" LastRandomSeed last_random_seed() -> Bytes;
    "lastEpoch" LastEpoch last_epoch() -> u32;
    "stateRootHash" StateRootHash state_root_hash() -> Bytes;
    "currentNonce" CurrentNonce current_nonce() -> u64;
    "currentRound" CurrentRound current_round() -> u64;
    "currentTimestamp" CurrentTimestamp current_timestamp() -> u64;
    "currentRandomSeed" CurrentRandomSeed current_random_seed() -> Bytes;
    "currentEpoch" CurrentEpoch current_epoch() -> u32;
    "esdtToken" EsdtToken esdt_token(address: &[u8] as Bytes, token: &[u8] as Bytes, nonce: u64 as u64)
        -> Result<EsdtToken, HookError>;
    "builtinFunctionNames" BuiltinFunctionNames builtin_function_names() -> BTreeSet<String>;
    "allState" AllState all_state(address: &[u8] as Bytes) -> Result<Vec<(Bytes, Bytes)>, HookError>;
    "userAccount" UserAccount user_account(address: &[u8] as Bytes) -> Result<Option<UserAccount>, HookError>;
    "code" Code code(account: &UserAccount as UserAccount) -> Bytes;
    "shardOfAddress" ShardOfAddress shard_of_address(address: &[u8] as Bytes) -> u32;
    "isPayable" IsPayable is_payable(address: &[u8] as Bytes) -> Result<bool, HookError>;
    "isSmartContract" IsSmartContract is_smart_contract(address: &[u8] as Bytes) -> bool;
    "saveCompiledCode" SaveCompiledCode save_compiled_code(code_hash: &[u8] as Bytes, code: &[u8] as Bytes) -> ();
    "compiledCode" CompiledCode compiled_code(code_hash: &[u8] as Bytes) -> Option<Bytes>;
    "snapshot" Snapshot snapshot() -> i64;
    "revertToSnapshot" RevertToSnapshot revert_to_snapshot(snapshot: i64 as i64) -> Result<(), HookError>;
    "processBuiltinFunction" ProcessBuiltinFunction process_builtin_function(input: &CallInput as CallInput)
        -> Result<VmOutput, HookError>;
}

/// A question and its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The question.
    pub question: Question,
    /// One answer when it was always the same, else each in turn: a node's state changes where the node computes built-in
    /// functions.
    pub answers: Vec<Answer>,
}

impl Json for Asked {
    fn to_json(&self) -> Value {
        let answers: Value = self.answers.iter().map(Answer::to_json).collect();
        serde_json::json!({
            "hook": self.question.name(),
            "asks": self.question.arguments(),
            "answers": answers,
        })
    }

    fn from_json(value: &Value) -> Result<Self, Wrong> {
        let fields = value.as_object().ok_or_else(|| Wrong::new("an object"))?;
        if let Some(name) = fields
            .keys()
            .find(|name| !["hook", "asks", "answers"].contains(&name.as_str()))
        {
            return Err(Wrong::new("no such field").below(name));
        }
        let missing = |name: &str| Wrong::new("a field of this name").below(name);
        let name = fields
            .get("hook")
            .and_then(Value::as_str)
            .ok_or_else(|| missing("hook"))?;
        let asks = Fields::read(fields.get("asks").ok_or_else(|| missing("asks"))?)
            .map_err(|wrong| wrong.below("asks"))?;
        let answers = fields.get("answers").and_then(Value::as_array);
        let answers = answers
            .filter(|answers| !answers.is_empty())
            .ok_or_else(|| missing("answers"))?;
        Self::read(name, asks, answers)
    }
}

impl std::fmt::Display for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({})", self.name(), self.arguments())
    }
}

/// Questions with their answers, in the order in which they were first asked.
#[derive(Default)]
struct Answers {
    asked: Vec<Asked>,
    /// Places in the list, by the question's text.
    by_question: BTreeMap<String, usize>,
}

impl Answers {
    fn add(&mut self, question: Question, answer: Answer) {
        let place = *self
            .by_question
            .entry(question.to_string())
            .or_insert(self.asked.len());
        match self.asked.get_mut(place) {
            Some(asked) => asked.answers.push(answer),
            None => self.asked.push(Asked {
                question,
                answers: vec![answer],
            }),
        }
    }
}

/// A node between a VM and the real one: passes on every question and answer, and writes them down.
pub struct HookRecorder<'n> {
    node: &'n mut dyn BlockchainHook,
    answers: Answers,
}

impl<'n> HookRecorder<'n> {
    /// In front of a node.
    pub fn new(node: &'n mut dyn BlockchainHook) -> Self {
        Self {
            node,
            answers: Answers::default(),
        }
    }

    /// What was asked and answered.
    pub fn finish(self) -> Vec<Asked> {
        let mut asked = self.answers.asked;
        for Asked { answers, .. } in &mut asked {
            if answers.windows(2).all(|pair| pair[0] == pair[1]) {
                answers.truncate(1);
            }
        }
        asked
    }

    fn note(&mut self, question: Question, answer: Answer) {
        self.answers.add(question, answer);
    }
}

/// A node that knows the answers of a trace and nothing else. Questions are told by what they ask, not by their order.
#[derive(Default)]
pub(super) struct HookPlayer {
    answers: Answers,
    /// How often each question has been asked.
    used: Vec<usize>,
    unanswered: Vec<Question>,
}

impl HookPlayer {
    pub fn new(asked: &[Asked]) -> Self {
        let mut player = Self::default();
        for Asked { question, answers } in asked {
            for answer in answers {
                player.answers.add(question.clone(), answer.clone());
            }
        }
        player.used = vec![0; player.answers.asked.len()];
        player
    }

    /// What was asked in vain.
    pub fn unanswered(&self) -> &[Question] {
        &self.unanswered
    }

    fn answer(&mut self, question: Question) -> Option<Answer> {
        let Some(place) = self.answers.by_question.get(&question.to_string()) else {
            self.unanswered.push(question);
            return None;
        };
        let answers = &self.answers.asked[*place].answers;
        let used = self.used[*place];
        self.used[*place] += 1;
        answers.get(used).or(answers.last()).cloned()
    }
}
