//! Choices made from bytes.

use arbitrary::Unstructured;

/// Bytes that choices are made from. When they are used up, every choice is the first one.
#[derive(Debug)]
pub(super) struct Draw<'d>(Unstructured<'d>);

impl<'d> Draw<'d> {
    /// Choices from these bytes.
    pub fn new(bytes: &'d [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    /// A number below `count`, which is not 0.
    pub fn below(&mut self, count: u32) -> u32 {
        self.0.int_in_range(0..=count.saturating_sub(1)).unwrap_or(0)
    }

    /// True once in `count` times, which is more than 1; never when the bytes are used up.
    pub fn one_in(&mut self, count: u32) -> bool {
        self.below(count) == count - 1
    }

    /// One of some items, of which there is at least one.
    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize].clone()
    }

    /// Any number.
    pub fn bits(&mut self) -> u64 {
        self.0.arbitrary().unwrap_or(0)
    }
}
