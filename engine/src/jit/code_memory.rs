//! Executable memory: written once, then executable and never writable again; unmapped when dropped.

#![allow(unsafe_code)]

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use cranelift_jit::{BranchProtection, JITMemoryKind, JITMemoryProvider};
use cranelift_module::{ModuleError, ModuleResult};
use memmap2::{Mmap, MmapMut};

/// Finished code.
#[derive(Debug)]
pub(crate) struct CodeMemory(Mmap);

impl CodeMemory {
    /// Address of the byte at `offset`.
    pub fn address(&self, offset: u32) -> *const u8 {
        self.0[offset as usize..].as_ptr()
    }

    /// Offset of an address, if it is in this code.
    pub fn offset(&self, address: usize) -> Option<u32> {
        let offset = address.checked_sub(self.0.as_ptr() as usize)?;
        (offset < self.0.len()).then_some(offset as u32)
    }
}

/// Where the linker takes memory from and leaves the finished code.
#[derive(Debug)]
pub(crate) struct Provider {
    /// Still writable; `None` once finished.
    open: Option<MmapMut>,
    used: usize,
    finished: Finished,
}

/// Where [`Provider`] leaves the finished code.
pub(crate) type Finished = Arc<Mutex<Option<CodeMemory>>>;

impl Provider {
    /// Memory for exactly `bytes` bytes of code.
    pub fn new(bytes: usize) -> io::Result<(Self, Finished)> {
        let finished = Finished::default();
        let open = Some(MmapMut::map_anon(bytes.max(1))?);
        Ok((
            Self {
                open,
                used: 0,
                finished: finished.clone(),
            },
            finished,
        ))
    }
}

impl JITMemoryProvider for Provider {
    fn allocate(&mut self, size: usize, align: u64, _kind: JITMemoryKind) -> io::Result<*mut u8> {
        let full = || io::Error::new(io::ErrorKind::OutOfMemory, "code is larger than it was measured");
        let open = self.open.as_mut().ok_or_else(full)?;
        let at = self.used.next_multiple_of(align as usize);
        let place = open.get_mut(at..at + size).ok_or_else(full)?;
        self.used = at + size;
        Ok(place.as_mut_ptr())
    }

    unsafe fn free_memory(&mut self) {
        self.open = None;
    }

    fn finalize(&mut self, _: BranchProtection) -> ModuleResult<()> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let code = open.make_exec().map_err(|err| ModuleError::Allocation { err })?;
        *self.finished.lock().unwrap_or_else(PoisonError::into_inner) = Some(CodeMemory(code));
        Ok(())
    }
}
