//! Ending a run from another thread, wherever it is.
//!
//! Contracts look at the interrupt flag by themselves. Host functions that work for long do it here: between two pieces
//! of long bytes, or by having work done apart. One that finds the flag raised ends at once, with whatever it has; the
//! run is then over, and what it returns is thrown away.

use std::cell::Cell;

use arwen_engine::{Abandoned, Interrupt};
use arwen_interface::Bytes;

/// Bytes between two looks at the flag. The slowest hash takes some 8 microseconds for them.
pub(crate) const PIECE: usize = 1024;

/// The flag, and whether it has cut the current run short.
#[derive(Default)]
pub(crate) struct Preemption {
    pub interrupt: Interrupt,
    cut_short: Cell<bool>,
}

impl Preemption {
    /// Begins a run.
    pub(crate) fn begin(&self) {
        self.cut_short.set(false);
    }

    /// Has something in this run been cut short? Then no outcome of it counts.
    pub(crate) fn has_cut_short(&self) -> bool {
        self.cut_short.get()
    }

    /// Ends the run: something has found the flag raised.
    pub(crate) fn cut_short(&self) {
        self.cut_short.set(true);
    }

    /// Is the flag raised, or has it been? Then the run is over.
    pub(crate) fn is_over(&self) -> bool {
        if self.interrupt.is_raised() {
            self.cut_short();
        }
        self.has_cut_short()
    }

    /// The pieces of some bytes, then of zeros.
    pub(crate) fn pieces<'a>(&'a self, bytes: &'a [u8], zeros: usize) -> Pieces<'a> {
        Pieces {
            preemption: self,
            there: bytes,
            zeros,
        }
    }

    /// A copy of bytes.
    pub(crate) fn copy(&self, bytes: &[u8]) -> Bytes {
        let mut copy = Bytes::with_capacity(bytes.len());
        self.pieces(bytes, 0)
            .for_each(|piece| copy.extend_from_slice(piece));
        copy
    }

    /// Are two byte strings the same?
    pub(crate) fn equal(&self, a: &[u8], b: &[u8]) -> bool {
        a.len() == b.len() && self.pieces(a, 0).zip(b.chunks(PIECE)).all(|(a, b)| a == b)
    }

    /// Does work on another thread, where it can be left behind; nothing in particular comes of it then.
    pub(crate) fn apart<T: Default + Send + 'static>(
        &self,
        work: impl FnOnce(&Abandoned) -> T + Send + 'static,
    ) -> T {
        self.interrupt.apart(work).unwrap_or_else(|| {
            self.cut_short();
            T::default()
        })
    }
}

/// Bytes, so many at a time that an interrupt need not wait for long. There are no more when the run is over.
pub(crate) struct Pieces<'a> {
    preemption: &'a Preemption,
    /// Bytes that are still to come.
    pub there: &'a [u8],
    /// Zeros that come after them.
    pub zeros: usize,
}

impl<'a> Pieces<'a> {
    /// Tells whether the run still goes on, now or when there are no more.
    pub(crate) fn are_wanted(&self) -> impl FnOnce() -> bool + use<'a> {
        let preemption = self.preemption;
        move || !preemption.is_over()
    }

    /// The pieces of what is there alone.
    pub(crate) fn without_zeros(self) -> Self {
        Self { zeros: 0, ..self }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        static ZEROS: [u8; PIECE] = [0; PIECE];
        if self.there.len() + self.zeros == 0 || self.preemption.is_over() {
            return None;
        }
        if self.there.is_empty() {
            let count = self.zeros.min(PIECE);
            self.zeros -= count;
            return Some(&ZEROS[..count]);
        }
        let (piece, rest) = self.there.split_at(self.there.len().min(PIECE));
        self.there = rest;
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up_until_the_run_is_over() {
        let preemption = Preemption::default();
        let bytes: Vec<u8> = (0..PIECE * 2 + 5).map(|i| i as u8).collect();
        let all: Vec<u8> = preemption.pieces(&bytes, PIECE + 3).flatten().copied().collect();
        assert_eq!(all[..bytes.len()], bytes);
        assert_eq!(all[bytes.len()..], [0; PIECE + 3]);
        assert_eq!(preemption.copy(&bytes), bytes);
        assert!(
            preemption.equal(&bytes, &all[..bytes.len()]) && !preemption.equal(&bytes, &all[1..=bytes.len()])
        );
        assert!(!preemption.has_cut_short());

        let mut pieces = preemption.pieces(&bytes, 9);
        assert_eq!(pieces.next().map(<[u8]>::len), Some(PIECE));
        preemption.interrupt.raise();
        assert_eq!(pieces.next(), None);
        preemption.interrupt.clear();
        assert_eq!(pieces.next(), None, "it stays over until the next run");
        preemption.begin();
        assert_eq!(pieces.next().map(<[u8]>::len), Some(PIECE));
    }
}
