//! Executable memory: written once, then executable and not writable until nobody needs the code any more.
//!
//! Then a few are kept for other code: to have the system take pages back and find and clear others takes longer than to
//! read into them what an artefact holds. What is kept can be written and not run.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use memmap2::{Mmap, MmapMut, MmapOptions};

/// Memory of code that is gone.
static SPARE: Mutex<Vec<MmapMut>> = Mutex::new(Vec::new());

/// Spares that are kept at a time, and bytes of the largest that is.
const MAX_SPARES: usize = 4;
const MAX_SPARE_BYTES: usize = 1 << 20;

fn spares() -> MutexGuard<'static, Vec<MmapMut>> {
    // The list is valid at every moment.
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The smallest spare that holds `len` bytes, unless most of it would be left over.
fn spare(len: usize) -> Option<MmapMut> {
    let mut spares = spares();
    let fitting = |spare: &MmapMut| (len..=2 * len).contains(&spare.len());
    let sizes = spares.iter().enumerate();
    let best = sizes
        .filter(|(_, spare)| fitting(spare))
        .min_by_key(|(_, spare)| spare.len());
    let at = best?.0;
    Some(spares.swap_remove(at))
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
        let Some(mut memory) = spare(len) else {
            return Self::new(len);
        };
        // No code of another module becomes executable with it.
        memory[len..].fill(0);
        Ok(Self { memory, len })
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
        let small = self
            .memory
            .take()
            .filter(|memory| memory.len() <= MAX_SPARE_BYTES);
        // From here on it cannot be run. What the system does not let us keep is unmapped.
        if let Some(Ok(memory)) = small.map(Mmap::make_mut) {
            let mut spares = spares();
            if spares.len() < MAX_SPARES {
                spares.push(memory);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_does_not_become_executable() {
        let of = |mut code: OpenCode, byte| {
            code.bytes().fill(byte);
            code.seal().expect("memory")
        };
        // A size that no other test of this process has.
        let len = 777_777;
        let old = of(OpenCode::to_fill(len).expect("memory"), 0xcc);
        let at = old.address(0);
        drop(old);
        for (shorter, again) in [(len / 2 - 1, false), (len - 5000, true), (len, true)] {
            let code = of(OpenCode::to_fill(shorter).expect("memory"), 0x90);
            assert_eq!(code.address(0) == at, again, "{shorter} bytes");
            let mapped = code.memory.as_deref().expect("it is there");
            assert!(mapped[..shorter].iter().all(|byte| *byte == 0x90));
            assert!(mapped[shorter..].iter().all(|byte| *byte == 0));
            assert_eq!(code.offset(at as usize + shorter), None);
        }
        // Code that is put together has zeros between its functions.
        assert!(
            OpenCode::new(len)
                .expect("memory")
                .bytes()
                .iter()
                .all(|byte| *byte == 0)
        );
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let many: Vec<CodeMemory> = (0..3 * MAX_SPARES)
            .map(|_| OpenCode::new(333_333).and_then(OpenCode::seal).expect("memory"))
            .collect();
        let large = OpenCode::new(MAX_SPARE_BYTES + 1).and_then(OpenCode::seal);
        drop((many, large));
        let spares = spares();
        assert!(spares.len() <= MAX_SPARES);
        assert!(spares.iter().all(|spare| spare.len() <= MAX_SPARE_BYTES));
    }
}
