//! Executable memory: written once, then executable and never writable again; unmapped when dropped.

use std::io;

use memmap2::{Mmap, MmapMut, MmapOptions};

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

    /// The code.
    pub fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory[..self.len]
    }

    /// Makes it executable, and not writable, for good.
    ///
    /// # Errors
    /// The system does not allow it.
    pub fn seal(self) -> io::Result<CodeMemory> {
        let memory = self.memory.make_exec()?;
        Ok(CodeMemory {
            memory,
            len: self.len,
        })
    }
}

/// Finished code.
#[derive(Debug)]
pub(crate) struct CodeMemory {
    memory: Mmap,
    len: usize,
}

impl CodeMemory {
    /// The code.
    pub fn bytes(&self) -> &[u8] {
        &self.memory[..self.len]
    }

    /// Address of the byte at `offset`.
    pub fn address(&self, offset: u32) -> *const u8 {
        self.bytes()[offset as usize..].as_ptr()
    }

    /// Offset of an address, if it is in this code.
    pub fn offset(&self, address: usize) -> Option<u32> {
        let offset = address.checked_sub(self.memory.as_ptr() as usize)?;
        (offset < self.len).then_some(offset as u32)
    }
}
