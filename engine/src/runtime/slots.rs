//! Slots for the arguments or results of one call: mostly few, and then without an allocation.

/// As many as most functions have.
const FEW: usize = 8;

/// A number of slots, zero at first.
#[derive(Debug)]
pub(crate) struct Slots {
    few: [u64; FEW],
    many: Vec<u64>,
    len: usize,
}

impl Slots {
    /// `len` slots.
    #[inline]
    pub fn zeros(len: usize) -> Self {
        Self {
            few: [0; FEW],
            many: if len > FEW { vec![0; len] } else { Vec::new() },
            len,
        }
    }

    /// The slots.
    #[inline]
    pub fn all(&mut self) -> &mut [u64] {
        match self.few.get_mut(..self.len) {
            Some(few) => few,
            None => &mut self.many,
        }
    }
}
