//! Address space for memories, and images of initial contents, which are there again after every reset.

#![allow(unsafe_code)]

use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsRawFd as _, FromRawFd as _};
use std::ptr;
use std::sync::{Arc, Weak};

/// Granularity of protection and of mapped images, in bytes: a page of the system, or a multiple of it.
pub(crate) const SYSTEM_PAGE: usize = 65_536;

/// Granularity of copied images, in bytes, likewise.
pub(crate) const COPIED_PAGE: usize = if cfg!(target_arch = "x86_64") {
    4096
} else {
    SYSTEM_PAGE
};

/// Initial contents of whole pages of a memory. Never changed.
#[derive(Debug)]
pub(crate) struct Image {
    contents: Contents,
    /// Where in the memory it goes.
    start: usize,
    len: usize,
}

/// How an image comes into a memory.
#[derive(Debug)]
enum Contents {
    /// Few pages: they are written in full, and stay with the reservation.
    Copied(Box<[u8]>),
    /// Many pages, in a file that has no name: they are mapped, and those that are written to are dropped by the
    /// system.
    Mapped(File),
}

impl Image {
    /// An image of `bytes`, which go to `offset`, to be copied.
    pub fn copied(offset: usize, bytes: &[u8]) -> Self {
        let (start, len) = pages(offset, bytes.len(), COPIED_PAGE);
        let mut contents = vec![0; len];
        contents[offset - start..][..bytes.len()].copy_from_slice(bytes);
        Self {
            contents: Contents::Copied(contents.into()),
            start,
            len,
        }
    }

    /// An image of `bytes`, which go to `offset`, to be mapped. `None` when the system has no such files.
    pub fn mapped(offset: usize, bytes: &[u8]) -> Option<Self> {
        let (start, len) = pages(offset, bytes.len(), SYSTEM_PAGE);
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
        (sealed == 0).then_some(Self {
            contents: Contents::Mapped(file),
            start,
            len,
        })
    }

    /// Does it take a file of the system?
    pub fn is_mapped(&self) -> bool {
        matches!(self.contents, Contents::Mapped(_))
    }
}

/// First byte and length of the pages that hold `len` bytes from `offset` on.
fn pages(offset: usize, len: usize, page: usize) -> (usize, usize) {
    let start = offset - offset % page;
    (start, (offset + len).next_multiple_of(page) - start)
}

/// The image that lies in a mapping, and where; it may be gone when its module is.
#[derive(Debug)]
struct Lying {
    image: Weak<Image>,
    start: usize,
    len: usize,
    mapped: bool,
}

/// Reserved address space. Its first bytes are open (readable and writable), the rest is inaccessible.
#[derive(Debug)]
pub(crate) struct Mapping {
    base: *mut u8,
    len: usize,
    /// Bytes that are open.
    open: usize,
    image: Option<Lying>,
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
            (Some(mine), Some(image)) => ptr::eq(mine.image.as_ptr(), Arc::as_ptr(image)),
            _ => false,
        }
    }

    /// Does it keep the file of an image whose module is gone?
    pub fn is_stale(&self) -> bool {
        self.image
            .as_ref()
            .is_some_and(|lying| lying.mapped && lying.image.strong_count() == 0)
    }

    /// Opens the first `bytes`, with this image, or zeros, in place of the image that lies in it. Only clean mappings.
    ///
    /// # Errors
    /// The system refused; then the mapping must not be used any more.
    pub fn prepare(&mut self, bytes: usize, image: Option<&Arc<Image>>) -> Result<(), String> {
        let has = self.has(image);
        if !has {
            self.take_out()?;
        }
        self.open(bytes)?;
        match image {
            Some(image) if !has => self.put(image),
            _ => Ok(()),
        }
    }

    /// Puts zeros in place of the image that lies in it.
    fn take_out(&mut self) -> Result<(), String> {
        let Some(lying) = self.image.take() else {
            return Ok(());
        };
        let gone = match lying.mapped {
            true => self.map_over(lying.start, lying.len, ANONYMOUS, -1),
            false => self.drop_pages(lying.start, lying.len),
        };
        gone.then_some(()).ok_or_else(|| refused("no memory"))
    }

    /// Puts an image in. Only open, clean mappings without one.
    fn put(&mut self, image: &Arc<Image>) -> Result<(), String> {
        let Image { contents, start, len } = &**image;
        let (start, len) = (*start, *len);
        let there = match contents {
            Contents::Copied(bytes) => self.write(start, bytes),
            Contents::Mapped(file) => {
                let flags = libc::MAP_PRIVATE | libc::MAP_NORESERVE;
                self.map_over(start, len, flags, file.as_raw_fd())
            }
        };
        if !there {
            return Err(refused("an image cannot be put into a memory"));
        }
        self.image = Some(Lying {
            image: Arc::downgrade(image),
            start,
            len,
            mapped: image.is_mapped(),
        });
        Ok(())
    }

    /// Writes bytes; `false` where it is not open.
    fn write(&mut self, start: usize, bytes: &[u8]) -> bool {
        if start + bytes.len() > self.open {
            return false;
        }
        // SAFETY: open, by the comparison, and `&mut self` says that nobody uses it.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.base.add(start), bytes.len()) };
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
        if let Some(lying) = &self.image
            && !lying.mapped
        {
            let (start, end) = (lying.start, lying.start + lying.len);
            if let Some(image) = lying.image.upgrade()
                && let Contents::Copied(bytes) = &image.contents
            {
                // Every byte that is open is in one of these three.
                return self.drop_pages(0, start)
                    && self.write(start, bytes)
                    && self.drop_pages(end, self.open.saturating_sub(end));
            }
            self.image = None;
        }
        self.drop_pages(0, self.open)
    }

    /// Drops what has been written to some pages; `false` when the system refused.
    fn drop_pages(&mut self, start: usize, len: usize) -> bool {
        debug_assert!(start + len <= self.open);
        if len == 0 {
            return true;
        }
        // SAFETY: the range is inside the mapping this value owns, and `&mut self` says that nobody uses it. Private
        // pages are dropped, so the next access finds the file's contents, or zeros where there is none.
        unsafe { libc::madvise(self.base.add(start).cast(), len, libc::MADV_DONTNEED) == 0 }
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
        let images = [
            Image::mapped(100_000, &[7; 40_000]).expect("a file"),
            Image::copied(100_000, &[7; 40_000]),
        ];
        for image in images.map(Arc::new) {
            let mut mapping = Mapping::reserve(1 << 20).expect("address space");
            mapping.prepare(4 * 65_536, Some(&image)).expect("memory");
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
            mapping.prepare(3 * 65_536, Some(&image)).expect("memory");
            mapping.prepare(5 * 65_536, Some(&image)).expect("memory");
            fresh.resize(5 * 65_536, 0);
            assert_eq!(bytes(&mut mapping), fresh);
            // Nor does another user that has less of it, and later more.
            mapping.prepare(65_536, None).expect("memory");
            assert!(mapping.has(None));
            mapping.prepare(5 * 65_536, None).expect("memory");
            assert!(bytes(&mut mapping).iter().all(|byte| *byte == 0));
            mapping.prepare(5 * 65_536, Some(&image)).expect("memory");
            assert!(!mapping.is_stale());
            let mapped = image.is_mapped();
            drop(image);
            assert_eq!(mapping.is_stale(), mapped);
            bytes(&mut mapping).fill(9);
            assert!(mapping.reset());
            mapping.prepare(5 * 65_536, None).expect("memory");
            assert!(bytes(&mut mapping).iter().all(|byte| *byte == 0));
        }
    }
}
