//! Answers that travel ahead of their questions, with the request.

use crate::binary;
use crate::messages::Request;
use crate::record;
use crate::wire::{Bytes, Text, Uint};

/// An answer to a question that the child is likely to ask. Questions and answers are fields alone, in the [`binary`]
/// encoding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownAnswer {
    /// The kind of the question.
    pub kind: u32,
    /// The question.
    pub question: Vec<u8>,
    /// The error that the answer reports; empty when none.
    pub error: String,
    /// The answer; empty when it is the one on `shelf`.
    pub answer: Vec<u8>,
    /// Where on the child's [`Shelf`] the answer goes, or is, counted from 1; 0 for an answer that is not kept there.
    pub shelf: u32,
}

record! {
    KnownAnswer, "KnownAnswer" => {
        "Kind": Uint => kind;
        "Question": Bytes => question;
        "Error": Text => error;
        "Answer": Bytes => answer;
        "Shelf": Uint => shelf;
    }
}

/// How many answers a shelf holds.
const PLACES: usize = 64;

/// Answers of these lengths are worth a place, in bytes: contract code, above all. A full shelf is 32 MiB.
const WORTH_KEEPING: std::ops::RangeInclusive<usize> = 512..=512 << 10;

/// Large answers that both sides keep between dialogues, so that they travel once. The driver decides what goes where.
#[derive(Debug, Default)]
pub struct Shelf {
    answers: Vec<Vec<u8>>,
    next: usize,
}

impl Shelf {
    /// The driver's half: turns `known`, which has its answer, into what is sent.
    pub(crate) fn pack(&mut self, known: &mut KnownAnswer) {
        if !WORTH_KEEPING.contains(&known.answer.len()) {
            return;
        }
        let place = match self.answers.iter().position(|answer| *answer == known.answer) {
            Some(place) => {
                known.answer.clear();
                place
            }
            None => {
                let place = self.next;
                self.next = (place + 1) % PLACES;
                self.put(place, &known.answer);
                place
            }
        };
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

    fn get(&self, known: &KnownAnswer) -> Option<&[u8]> {
        let place = (known.shelf as usize).checked_sub(1)?;
        self.answers.get(place).map(Vec::as_slice)
    }
}

/// The child's half: what is known in a dialogue, and what of it was of use.
#[derive(Debug)]
pub struct KnownAnswers<'a> {
    answers: Vec<KnownAnswer>,
    used: Vec<bool>,
    shelf: &'a Shelf,
}

impl<'a> KnownAnswers<'a> {
    /// The answers that came with a request. Those that belong on the shelf are put there.
    pub fn new(answers: Vec<KnownAnswer>, shelf: &'a mut Shelf) -> Self {
        for known in answers.iter().filter(|known| !known.answer.is_empty()) {
            if (1..=PLACES).contains(&(known.shelf as usize)) {
                shelf.put(known.shelf as usize - 1, &known.answer);
            }
        }
        Self {
            used: vec![false; answers.len()],
            answers,
            shelf,
        }
    }

    /// The reply to `question` and the error it reports, if they are known.
    pub fn find<Q: Request>(&mut self, question: &Q) -> Option<(Q::Reply, String)> {
        if self.answers.is_empty() {
            return None;
        }
        let kind = Q::KIND as u32;
        let asked = binary::encode(&[question]);
        let at = self
            .answers
            .iter()
            .position(|known| known.kind == kind && known.question == asked)?;
        let known = self.answers.get(at)?;
        let answer = match known.answer.as_slice() {
            [] if known.shelf != 0 => self.shelf.get(known)?,
            answer => answer,
        };
        let mut reply = Q::Reply::default();
        // What cannot be read is asked again, and the node's own answer counts.
        binary::decode(answer, &mut [&mut reply]).ok()?;
        *self.used.get_mut(at)? = true;
        Some((reply, known.error.clone()))
    }

    /// Forgets all of it: the node's state has changed.
    pub fn forget(&mut self) {
        self.answers.clear();
    }

    /// Which answers were of no use, by their position in the request.
    pub fn unused(&self) -> Vec<u32> {
        let unused = self.used.iter().zip(0..).filter(|(used, _)| !**used);
        unused.map(|(_, at)| at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::*;

    fn code_of(
        answer: &KnownAnswer,
        child: &mut Shelf,
        account: &BlockchainGetCodeRequest,
    ) -> Option<Vec<u8>> {
        let mut known = KnownAnswers::new(vec![answer.clone()], child);
        known.find(account).map(|(reply, _)| reply.code)
    }

    #[test]
    fn large_answers_travel_once_and_are_replaced_in_turn() {
        let (mut driver, mut child) = (Shelf::default(), Shelf::default());
        let question = BlockchainGetCodeRequest::default();
        let pack = |driver: &mut Shelf, code: &[u8]| {
            let mut known = KnownAnswer {
                kind: BlockchainGetCodeRequest::KIND as u32,
                question: binary::encode(&[&question]),
                answer: binary::encode(&[&BlockchainGetCodeResponse { code: code.into() }]),
                ..KnownAnswer::default()
            };
            driver.pack(&mut known);
            known
        };
        for round in 0..3 {
            for byte in 0..PLACES as u8 {
                let code = [byte; 1000];
                let known = pack(&mut driver, &code);
                assert_eq!(known.answer.is_empty(), round > 0);
                assert_eq!(code_of(&known, &mut child, &question).unwrap(), code);
            }
        }
        // One more takes the first one's place.
        let more = pack(&mut driver, &[0xee; 1000]);
        assert_eq!(code_of(&more, &mut child, &question).unwrap(), [0xee; 1000]);
        let first = pack(&mut driver, &[0; 1000]);
        assert!(!first.answer.is_empty() && first.shelf == 2);
        assert_eq!(pack(&mut driver, &[1; 100]).shelf, 0);
        // A child that has forgotten asks.
        let known = pack(&mut driver, &[0xee; 1000]);
        assert_eq!(code_of(&known, &mut Shelf::default(), &question), None);
    }
}
