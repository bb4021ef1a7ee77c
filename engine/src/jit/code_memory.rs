//! Executable memory: written once, then executable and not writable until nobody needs the code any more.
//!
//! Then a few are kept for other code: to have the system take pages back and find and clear others takes longer than to
//! read into them what an artefact holds. What is kept can be written and not run.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use memmap2::{Mmap, MmapMut, MmapOptions};

/// Memory of code that is gone.
static SPARES: Spares = Spares(Mutex::new(Vec::new()));

/// Spares that are kept at a time, and bytes of the largest that is.
const MAX_SPARES: usize = 4;
const MAX_SPARE_BYTES: usize = 1 << 20;

struct Spares(Mutex<Vec<MmapMut>>);

impl Spares {
    fn lock(&self) -> MutexGuard<'_, Vec<MmapMut>> {
        // The list is valid at every moment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The smallest spare that holds `len` bytes, unless most of it would be left over.
    fn take(&self, len: usize) -> Option<MmapMut> {
        let mut spares = self.lock();
        let sizes = spares.iter().map(|spare| spare.len()).enumerate();
        let fitting = sizes.filter(|(_, size)| (len..=2 * len).contains(size));
        let (at, _) = fitting.min_by_key(|(_, size)| *size)?;
        Some(spares.swap_remove(at))
    }

    /// Keeps memory, if there is a place for it. From here on it cannot be run. What the system does not let us keep is
    /// unmapped.
    fn give(&self, memory: Mmap) {
        if memory.len() > MAX_SPARE_BYTES {
            return;
        }
        if let Ok(memory) = memory.make_mut() {
            let mut spares = self.lock();
            if spares.len() < MAX_SPARES {
                spares.push(memory);
            }
        }
    }
}

/// Code that is being written, and cannot run yet.
pub(crate) struct OpenCode {
    memory: MmapMut,
    len: usize,
}

impl OpenCode {
    /// Memory for exactly `len` bytes of code, zeroed.
    ///
    /// # Errors
    /// The system has none.
    pub fn new(len: usize) -> io::Result<Self> {
        // All of it is about to be written: one call of the kernel instead of a fault for each page.
        let memory = MmapOptions::new().len(len.max(1)).populate().map_anon()?;
        Ok(Self { memory, len })
    }

    /// Memory for exactly `len` bytes of code, with anything in them: every one is to be written.
    ///
    /// # Errors
    /// The system has none.
    pub fn to_fill(len: usize) -> io::Result<Self> {
        match SPARES.take(len) {
            Some(memory) => Ok(Self::within(memory, len)),
            None => Self::new(len),
        }
    }

    fn within(mut memory: MmapMut, len: usize) -> Self {
        // No code of another module becomes executable with it.
        memory[len..].fill(0);
        Self { memory, len }
    }

    /// The code.
    pub fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory[..self.len]
    }

    /// Makes it executable, and not writable, for as long as it lives.
    ///
    /// # Errors
    /// The system does not allow it.
    pub fn seal(self) -> io::Result<CodeMemory> {
        let memory = self.memory.make_exec()?;
        Ok(CodeMemory {
            memory: Some(memory),
            len: self.len,
        })
    }
}

/// Finished code.
#[derive(Debug)]
pub(crate) struct CodeMemory {
    /// There until it is dropped.
    memory: Option<Mmap>,
    len: usize,
}

impl CodeMemory {
    /// The code.
    pub fn bytes(&self) -> &[u8] {
        &self.memory.as_deref().unwrap_or_default()[..self.len]
    }

    /// Address of the byte at `offset`.
    pub fn address(&self, offset: u32) -> *const u8 {
        self.bytes()[offset as usize..].as_ptr()
    }

    /// Offset of an address, if it is in this code.
    pub fn offset(&self, address: usize) -> Option<u32> {
        let offset = address.checked_sub(self.bytes().as_ptr() as usize)?;
        (offset < self.len).then_some(offset as u32)
    }
}

impl Drop for CodeMemory {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            SPARES.give(memory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(mut code: OpenCode, byte: u8) -> Mmap {
        code.bytes().fill(byte);
        let mut code = code.seal().expect("memory");
        code.memory.take().expect("it is there")
    }

    #[test]
    fn what_was_there_before_does_not_become_executable() {
        let spares = Spares(Mutex::default());
        spares.give(filled(OpenCode::new(70_000).expect("memory"), 0xcc));
        assert!(spares.take(70_001).is_none() && spares.take(34_999).is_none());
        for len in [70_000, 65_000, 35_000, 70_000] {
            let memory = spares.take(len).expect("it fits");
            let code = filled(OpenCode::within(memory, len), 0x90);
            assert!(code[..len].iter().all(|byte| *byte == 0x90));
            assert!(code[len..].iter().all(|byte| *byte == 0), "{len} bytes");
            spares.give(code);
        }
    }

    #[test]
    fn the_smallest_that_fits_is_taken_and_few_are_kept() {
        let spares = Spares(Mutex::default());
        let sizes = [MAX_SPARE_BYTES + 1, 9000, 8000, 7000, 6000, 5000];
        for len in sizes {
            spares.give(filled(OpenCode::new(len).expect("memory"), 0));
        }
        let taken = [6500, 6500, 6500, 6500].map(|len| spares.take(len).map(|spare| spare.len()));
        assert_eq!(taken, [Some(7000), Some(8000), Some(9000), None]);
    }
}
