//! Answers that travel ahead of their questions, with the request.
//!
//! They stand in the request as bytes, one answer behind the other, and are read where they lie: most are small, and
//! making a value of each would cost more than the question that it saves.

use crate::binary::{self, BinarySink, BinarySource};
use crate::error::DecodeError;
use crate::messages::{Message, Request};
use crate::wire::{Declared, RecordType, Sink, Source, Type};

/// An answer to a question that the child is likely to ask. Questions and answers are fields alone, in the [`binary`]
/// encoding; in place of a question for code stands the account's address, since an account is the same for as long as
/// answers are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownAnswer<'a> {
    /// The kind of the question.
    pub kind: u32,
    /// The question.
    pub question: &'a [u8],
    /// The error that the answer reports; empty when none.
    pub error: &'a [u8],
    /// The answer; empty when it is the one on `shelf`.
    pub answer: &'a [u8],
    /// Where on the child's [`Shelf`] the answer goes, or is, counted from 1; 0 for an answer that is not kept there.
    pub shelf: u32,
}

impl<'a> KnownAnswer<'a> {
    /// Writes it behind those before it.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.reserve(self.question.len() + self.error.len() + self.answer.len() + NUMBERS);
        let mut sink = BinarySink::new(out);
        sink.uint(self.kind.into());
        sink.text(self.question);
        sink.text(self.error);
        sink.text(self.answer);
        sink.uint(self.shelf.into());
    }

    fn read(source: &mut BinarySource<'a>) -> Result<Self, DecodeError> {
        let number = |source: &mut BinarySource<'a>| {
            let number = source.uint(u32::MAX.into())?;
            Ok(u32::try_from(number).unwrap_or(u32::MAX))
        };
        Ok(Self {
            kind: number(source)?,
            question: source.take_bytes()?,
            error: source.take_bytes()?,
            answer: source.take_bytes()?,
            shelf: number(source)?,
        })
    }
}

/// What the lengths and numbers of an answer take, in bytes, but for very long ones.
const NUMBERS: usize = 16;

/// How many known answers of a request are looked at: more than a driver sends, and no more memory than a page or two.
const MAX_ANSWERS: usize = 256;

/// How many answers a shelf holds.
const PLACES: usize = 64;

/// Most questions fit, in bytes.
const USUAL: usize = 128;

/// Answers of these lengths are worth a place, in bytes: contract code, above all. A full shelf is 32 MiB.
const WORTH_KEEPING: std::ops::RangeInclusive<usize> = 512..=512 << 10;

/// Large answers that both sides keep between dialogues, so that they travel once. The driver decides what goes where.
#[derive(Debug, Default)]
pub struct Shelf {
    answers: Vec<Vec<u8>>,
    /// Where the next new answer goes, unless the request at hand needs what is there.
    next: usize,
    /// The places that the request at hand fills or refers to.
    taken: Vec<usize>,
}

impl Shelf {
    /// The driver's half: another request begins.
    pub(crate) fn begin(&mut self) {
        self.taken.clear();
    }

    /// The driver's half: turns `known`, which has its answer, into what is sent. The child looks at the shelf when all of
    /// the request is there, so no place gets an answer that another one of the same request needs.
    pub(crate) fn pack(&mut self, known: &mut KnownAnswer<'_>) {
        if !WORTH_KEEPING.contains(&known.answer.len()) {
            return;
        }
        let place = match self.answers.iter().position(|answer| *answer == known.answer) {
            Some(place) => {
                known.answer = &[];
                place
            }
            None => {
                let mut places = (self.next..self.next + PLACES).map(|place| place % PLACES);
                let Some(place) = places.find(|place| !self.taken.contains(place)) else {
                    return;
                };
                self.next = (place + 1) % PLACES;
                self.put(place, known.answer);
                place
            }
        };
        self.taken.push(place);
        known.shelf = place as u32 + 1;
    }

    fn put(&mut self, place: usize, answer: &[u8]) {
        if self.answers.len() <= place {
            self.answers.resize(place + 1, Vec::new());
        }
        if let Some(kept) = self.answers.get_mut(place) {
            answer.clone_into(kept);
        }
    }

    fn get(&self, place: u32) -> Option<&[u8]> {
        let place = (place as usize).checked_sub(1)?;
        self.answers.get(place).map(Vec::as_slice)
    }
}

const fn has_only_bytes(table: &RecordType) -> bool {
    let mut at = 0;
    while at < table.fields.len() {
        if !matches!(table.fields[at].ty, Type::Bytes) {
            return false;
        }
        at += 1;
    }
    true
}

/// The child's half: what is known in a dialogue, and what of it was of use.
#[derive(Debug)]
pub struct KnownAnswers<'a> {
    /// Each with whether it was of use.
    answers: Vec<(KnownAnswer<'a>, bool)>,
    forgotten: bool,
    shelf: &'a Shelf,
    /// The question at hand.
    question: Vec<u8>,
}

impl<'a> KnownAnswers<'a> {
    /// The answers that came with a request. Those that belong on the shelf are put there. From what cannot be read on
    /// nothing is known.
    pub fn new(bytes: &'a [u8], shelf: &'a mut Shelf) -> Self {
        // Most requests have fewer.
        let mut answers = Vec::with_capacity(if bytes.is_empty() { 0 } else { 16 });
        let mut source = BinarySource::new(bytes);
        while !source.is_at_end() && answers.len() < MAX_ANSWERS {
            let Ok(known) = KnownAnswer::read(&mut source) else {
                break;
            };
            if WORTH_KEEPING.contains(&known.answer.len()) && (1..=PLACES).contains(&(known.shelf as usize)) {
                shelf.put(known.shelf as usize - 1, known.answer);
            }
            answers.push((known, false));
        }
        Self {
            answers,
            forgotten: false,
            shelf,
            question: Vec::with_capacity(USUAL),
        }
    }

    /// The reply to `question` and the error it reports, if they are known.
    pub fn find<Q: Request>(&mut self, question: &Q) -> Option<(Q::Reply, String)> {
        self.find_written::<Q>(|bytes| binary::encode_into(bytes, &[question]))
    }

    /// The same for a question whose fields are all bytes, these, so that it is not made in vain.
    pub fn find_fields<Q: Request>(&mut self, fields: &[&[u8]]) -> Option<(Q::Reply, String)> {
        const { assert!(has_only_bytes(&<Q as Declared>::TABLE)) };
        self.find_written::<Q>(|bytes| {
            let mut sink = BinarySink::new(bytes);
            for (field, value) in <Q as Declared>::TABLE.fields.iter().zip(fields) {
                if sink.begin(field) {
                    sink.bytes(value);
                }
            }
        })
    }

    fn find_written<Q: Request>(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Option<(Q::Reply, String)> {
        if !self.has(Q::KIND as u32) {
            return None;
        }
        let mut bytes = std::mem::take(&mut self.question);
        bytes.clear();
        write(&mut bytes);
        let found = self.find_bytes::<Q>(&bytes);
        self.question = bytes;
        found
    }

    /// The same for a question that is known by other bytes than its own, as [`KnownAnswer`] says.
    pub fn find_bytes<Q: Request>(&mut self, question: &[u8]) -> Option<(Q::Reply, String)> {
        let kind = <Q as Message>::KIND as u32;
        if self.forgotten {
            return None;
        }
        let (known, used) = self
            .answers
            .iter_mut()
            .find(|(known, _)| known.kind == kind && known.question == question)?;
        let answer = match known.answer {
            [] if known.shelf != 0 => self.shelf.get(known.shelf)?,
            answer => answer,
        };
        let mut reply = Q::Reply::default();
        // What cannot be read is asked again, and the node's own answer counts.
        binary::decode(answer, &mut [&mut reply]).ok()?;
        *used = true;
        Some((reply, String::from_utf8_lossy(known.error).into_owned()))
    }

    /// Whether there is any answer to questions of this kind.
    fn has(&self, kind: u32) -> bool {
        !self.forgotten && self.answers.iter().any(|(known, _)| known.kind == kind)
    }

    /// Forgets all of it: the node's state has changed.
    pub fn forget(&mut self) {
        self.forgotten = true;
    }

    /// Which answers were of no use, by their position in the request.
    pub fn unused(&self) -> Vec<u32> {
        let unused = self.answers.iter().zip(0..).filter(|((_, used), _)| !*used);
        unused.map(|(_, at)| at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::*;

    /// An account's address.
    const QUESTION: &[u8] = &[7; 32];

    /// What a driver would send for this code in a request of its own, and what a child makes of it.
    fn sent(driver: &mut Shelf, code: &[u8]) -> Vec<u8> {
        driver.begin();
        let mut bytes = Vec::new();
        send(driver, QUESTION, code, &mut bytes);
        bytes
    }

    fn send(driver: &mut Shelf, question: &[u8], code: &[u8], bytes: &mut Vec<u8>) {
        let answer = binary::encode(&[&BlockchainGetCodeResponse { code: code.into() }]);
        let mut known = KnownAnswer {
            kind: BlockchainGetCodeRequest::KIND as u32,
            question,
            answer: &answer,
            ..KnownAnswer::default()
        };
        driver.pack(&mut known);
        known.write(bytes);
    }

    fn code_of(sent: &[u8], child: &mut Shelf) -> Option<Vec<u8>> {
        let mut known = KnownAnswers::new(sent, child);
        known
            .find_bytes::<BlockchainGetCodeRequest>(QUESTION)
            .map(|(reply, _)| reply.code)
    }

    /// More than a reference to the shelf takes, in bytes.
    const SHORT: usize = 100;

    #[test]
    fn large_answers_travel_once_and_are_replaced_in_turn() {
        let (mut driver, mut child) = (Shelf::default(), Shelf::default());
        for round in 0..3 {
            for byte in 0..PLACES as u8 {
                let code = [byte; 1000];
                let known = sent(&mut driver, &code);
                assert_eq!(known.len() < SHORT, round > 0);
                assert_eq!(code_of(&known, &mut child).unwrap(), code);
            }
        }
        // One more takes the first one's place, and the first one the second one's.
        for byte in [0xee, 0] {
            let known = sent(&mut driver, &[byte; 1000]);
            assert!(known.len() > SHORT);
            assert_eq!(code_of(&known, &mut child).unwrap(), [byte; 1000]);
        }
        // What is short is not kept.
        for _ in 0..2 {
            assert!(sent(&mut driver, &[1; SHORT]).len() > SHORT);
        }
        // A child that has forgotten asks.
        let known = sent(&mut driver, &[0xee; 1000]);
        assert!(known.len() < SHORT);
        assert_eq!(code_of(&known, &mut Shelf::default()), None);
    }

    #[test]
    fn answers_of_one_request_do_not_take_each_others_places() {
        let (mut driver, mut child) = (Shelf::default(), Shelf::default());
        // Each request has what the last one had, and something new that wants the place of the oldest.
        let mut codes: Vec<Vec<u8>> = Vec::new();
        for round in 0..3 * PLACES {
            codes.insert(0, round.to_le_bytes().repeat(100));
            codes.truncate(PLACES / 2 + round % (PLACES / 2 + 8));
            driver.begin();
            let mut bytes = Vec::new();
            for (number, code) in codes.iter().enumerate().rev() {
                send(&mut driver, &number.to_le_bytes(), code, &mut bytes);
            }
            let mut known = KnownAnswers::new(&bytes, &mut child);
            for (number, code) in codes.iter().enumerate() {
                let found = known.find_bytes::<BlockchainGetCodeRequest>(&number.to_le_bytes());
                assert_eq!(found.unwrap().0.code, *code, "{number} of round {round}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_known_and_costs_no_memory() {
        let mut sent = sent(&mut Shelf::default(), &[1; 10]);
        sent.extend_from_slice(&[0xff; 100]);
        assert_eq!(code_of(&sent, &mut Shelf::default()).unwrap(), [1; 10]);
        assert_eq!(code_of(&sent[1..], &mut Shelf::default()), None);
        let many = vec![0; 1 << 20];
        let mut shelf = Shelf::default();
        assert_eq!(KnownAnswers::new(&many, &mut shelf).unused().len(), MAX_ANSWERS);
    }

    #[test]
    fn what_is_forgotten_is_asked_and_was_of_no_use() {
        let sent = sent(&mut Shelf::default(), &[1; 10]);
        let mut shelf = Shelf::default();
        let mut known = KnownAnswers::new(&sent, &mut shelf);
        assert_eq!(known.unused(), [0]);
        known.forget();
        assert!(known.find_bytes::<BlockchainGetCodeRequest>(QUESTION).is_none());
        assert_eq!(known.unused(), [0]);
    }
}
