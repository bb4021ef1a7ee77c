//! Address space for memories, and images of initial contents that are mapped instead of copied.

#![allow(unsafe_code)]

use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::ptr;
use std::sync::{Arc, Weak};

/// Granularity of protection and of images, in bytes: a page of the system, or a multiple of it.
pub(crate) const SYSTEM_PAGE: usize = 65_536;

/// Initial contents of a part of a memory, in a file that has no name. Written once, never changed.
#[derive(Debug)]
pub(crate) struct Image {
    file: File,
    /// Where in the memory it goes.
    start: usize,
    len: usize,
}

impl Image {
    /// An image of `bytes`, which go to `offset`. `None` when the system has no such files.
    pub fn new(offset: usize, bytes: &[u8]) -> Option<Self> {
        let start = offset - offset % SYSTEM_PAGE;
        let len = (offset + bytes.len()).next_multiple_of(SYSTEM_PAGE) - start;
        // SAFETY: a terminated name and valid flags; gives a new descriptor or -1.
        let fd = unsafe {
            libc::memfd_create(
                c"wasm-image".as_ptr(),
                libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING,
            )
        };
        if fd < 0 {
            return None;
        }
        // SAFETY: just made, and owned by nobody else.
        let mut file = unsafe { File::from_raw_fd(fd) };
        file.set_len(len as u64).ok()?;
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start((offset - start) as u64)).ok()?;
        file.write_all(bytes).ok()?;
        let seals = libc::F_SEAL_WRITE | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
        // SAFETY: only asks the kernel to refuse later changes of the file.
        let sealed = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) };
        (sealed == 0).then_some(Self { file, start, len })
    }
}

/// Reserved address space. Its first bytes are open (readable and writable), the rest is inaccessible.
#[derive(Debug)]
pub(crate) struct Mapping {
    base: *mut u8,
    len: usize,
    /// Bytes that are open.
    open: usize,
    /// The image that lies in it, and where; gone when its module is.
    image: Option<(Weak<Image>, usize, usize)>,
}

// SAFETY: the mapping is owned by this value alone; its address means the same on every thread.
unsafe impl Send for Mapping {}

impl Mapping {
    /// Reserves `len` bytes, all inaccessible.
    pub fn reserve(len: usize) -> Result<Self, String> {
        let mut base = ptr::NonNull::<u128>::dangling().as_ptr().cast();
        if len > 0 {
            // SAFETY: a fresh private anonymous mapping at an address of the system's choice touches nothing.
            base = unsafe { libc::mmap(ptr::null_mut(), len, libc::PROT_NONE, ANONYMOUS, -1, 0) };
            if base == libc::MAP_FAILED {
                return Err(refused("no address space for a memory"));
            }
        }
        Ok(Self {
            base: base.cast(),
            len,
            open: 0,
            image: None,
        })
    }

    /// Its first byte.
    pub fn base(&self) -> *mut u8 {
        self.base
    }

    /// Bytes reserved.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Makes the first `bytes` open and the rest inaccessible. What was not open before is zero.
    pub fn open(&mut self, bytes: usize) -> Result<(), String> {
        debug_assert!(bytes <= self.len);
        let (from, to, access) = if bytes > self.open {
            (self.open, bytes, libc::PROT_READ | libc::PROT_WRITE)
        } else {
            (bytes, self.open, libc::PROT_NONE)
        };
        if from < to {
            // SAFETY: the range is inside the mapping this value owns.
            let done = unsafe { libc::mprotect(self.base.add(from).cast(), to - from, access) };
            if done != 0 {
                return Err(refused("no memory"));
            }
            self.open = bytes;
        }
        Ok(())
    }

    /// Does this image lie in it, as nobody has written to it yet?
    pub fn has(&self, image: Option<&Arc<Image>>) -> bool {
        match (&self.image, image) {
            (None, None) => true,
            (Some((mine, ..)), Some(image)) => ptr::eq(mine.as_ptr(), Arc::as_ptr(image)),
            _ => false,
        }
    }

    /// Does an image lie in it whose module is gone?
    pub fn is_stale(&self) -> bool {
        self.image
            .as_ref()
            .is_some_and(|(image, ..)| image.strong_count() == 0)
    }

    /// Puts an image, or zeros, in place of the image that lies in it. Only open, clean mappings; `false` when the
    /// system refused, and then the mapping must not be used any more.
    pub fn put(&mut self, image: Option<&Arc<Image>>) -> bool {
        if self.has(image) {
            return true;
        }
        if let Some((_, start, len)) = self.image.take()
            && !self.map_over(start, len, ANONYMOUS, -1)
        {
            return false;
        }
        if let Some(image) = image {
            if image.start + image.len > self.open
                || !self.map_over(
                    image.start,
                    image.len,
                    libc::MAP_PRIVATE | libc::MAP_NORESERVE,
                    image.file.as_raw_fd(),
                )
            {
                return false;
            }
            self.image = Some((Arc::downgrade(image), image.start, image.len));
        }
        true
    }

    fn map_over(&mut self, start: usize, len: usize, flags: libc::c_int, file: libc::c_int) -> bool {
        if start + len > self.open {
            return false;
        }
        // SAFETY: replaces part of the mapping this value owns, by the comparison; `&mut self` says that nobody uses
        // it. Private, so that writes go to copies of the file's pages.
        let at = unsafe {
            libc::mmap(
                self.base.add(start).cast(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                flags | libc::MAP_FIXED,
                file,
                0,
            )
        };
        at != libc::MAP_FAILED
    }

    /// Forgets everything that was written: the image, and zeros, are there again. `false` when the system refused,
    /// and then the mapping must not be used again.
    pub fn reset(&mut self) -> bool {
        if self.open == 0 {
            return true;
        }
        // SAFETY: the range is inside the mapping this value owns, and `&mut self` says that nobody uses it. Private
        // pages are dropped, so the next access finds the file's contents, or zeros where there is none.
        unsafe { libc::madvise(self.base.cast(), self.open, libc::MADV_DONTNEED) == 0 }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: unmaps exactly what `reserve` mapped; nothing refers to it any more.
            unsafe { libc::munmap(self.base.cast(), self.len) };
        }
    }
}

const ANONYMOUS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;

fn refused(what: &str) -> String {
    format!("{what}: {}", std::io::Error::last_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(mapping: &mut Mapping) -> &mut [u8] {
        // SAFETY: open that far, and borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(mapping.base(), mapping.open) }
    }

    #[test]
    fn a_reset_brings_back_the_image_and_zeros() {
        let image = Arc::new(Image::new(100_000, &[7; 40_000]).expect("a file"));
        let mut mapping = Mapping::reserve(1 << 20).expect("address space");
        mapping.open(4 * 65_536).expect("memory");
        assert!(mapping.put(Some(&image)));
        let mut fresh = vec![0; 4 * 65_536];
        fresh[100_000..140_000].fill(7);
        for _ in 0..3 {
            assert_eq!(bytes(&mut mapping), fresh);
            bytes(&mut mapping).fill(9);
            assert!(mapping.reset());
        }
        // Closing and opening again gives no old bytes either.
        bytes(&mut mapping).fill(9);
        assert!(mapping.reset());
        mapping.open(3 * 65_536).expect("memory");
        mapping.open(5 * 65_536).expect("memory");
        fresh.resize(5 * 65_536, 0);
        assert_eq!(bytes(&mut mapping), fresh);
        assert!(mapping.put(None) && mapping.has(None));
        assert!(bytes(&mut mapping).iter().all(|byte| *byte == 0));
        assert!(mapping.put(Some(&image)) && !mapping.is_stale());
        drop(image);
        assert!(mapping.is_stale());
    }
}
