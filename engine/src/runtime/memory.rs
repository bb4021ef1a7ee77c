//! Linear memory: address space reserved once, or taken from the pool, and made accessible page by page.

#![allow(unsafe_code)]

use std::ptr;
use std::sync::Arc;

use super::mapping::{Image, Mapping};
use super::pool::Pool;
use crate::config::MemoryBounds;
use crate::engine::Engine;
use crate::error::{InstantiateError, NoGrowth};
use crate::value::MemoryType;

/// Bytes of a page.
pub(crate) const PAGE: usize = 65_536;
/// Bytes an index can reach.
const INDEX_SPACE: usize = 1 << 32;
/// Inaccessible bytes kept after the index space in guarded mode: accesses with a smaller constant offset need no
/// compare.
pub(crate) const GUARD: usize = 1 << 31;
/// Bytes of address space of a guarded memory.
const GUARDED: usize = INDEX_SPACE + GUARD;

/// Base and size of a memory as compiled code reads them.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct MemoryCell {
    pub base: *mut u8,
    pub bytes: usize,
}

/// A linear memory.
#[derive(Debug)]
pub(crate) struct Memory {
    /// Boxed: compiled code holds its address.
    cell: Box<MemoryCell>,
    ty: MemoryType,
    /// Pages it may have at most.
    max_pages: u32,
    map: Mapping,
    /// Where the reservation came from and goes back to.
    pool: Arc<Pool>,
}

// SAFETY: the pointers in `cell` and `map` are to a mapping that this value alone owns.
unsafe impl Send for Memory {}

impl Memory {
    /// A memory of its initial size, with an image in it, zero elsewhere. It has a guard if the engine wants one and the
    /// system has the address space.
    pub fn new(
        engine: &Engine,
        ty: MemoryType,
        image: Option<&Arc<Image>>,
    ) -> Result<Self, InstantiateError> {
        let (config, pool) = (engine.config(), engine.pool());
        let max_pages = ty.limits.max.unwrap_or(65_536).min(config.memory_page_cap);
        if ty.limits.min > max_pages {
            return Err(InstantiateError::TooLarge {
                what: "memory, in pages,",
                found: ty.limits.min,
                max: max_pages,
            });
        }
        let bytes = ty.limits.min as usize * PAGE;
        let take = |reserve| pool.take(reserve, bytes, image);
        let guarded = match config.memory_bounds {
            MemoryBounds::Guarded => take(GUARDED).ok(),
            MemoryBounds::Explicit => None,
        };
        // Without guard the memory may move when it grows, so the initial size is enough.
        let map = match guarded {
            Some(map) => map,
            None => take(max_pages as usize * PAGE)
                .or_else(|_| take(bytes))
                .map_err(InstantiateError::Resource)?,
        };
        Ok(Self {
            cell: Box::new(MemoryCell {
                base: map.base(),
                bytes,
            }),
            ty,
            max_pages,
            map,
            pool: pool.clone(),
        })
    }

    /// Its type as declared.
    pub fn ty(&self) -> MemoryType {
        self.ty
    }

    /// Is it followed by a guard? If not, code that relies on one must not run with it.
    pub fn is_guarded(&self) -> bool {
        self.map.len() >= GUARDED
    }

    /// Pages it may have at most.
    pub fn max_pages(&self) -> u32 {
        self.max_pages
    }

    /// Its size now, in pages.
    pub fn pages(&self) -> u32 {
        (self.cell.bytes / PAGE) as u32
    }

    /// Where compiled code reads base and size. Valid as long as the memory lives.
    pub fn cell(&self) -> *const MemoryCell {
        &*self.cell
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the first `bytes` of the mapping are readable; they change only through `&mut self` or while
        // guest code runs, which holds the store, and so this memory, exclusively.
        unsafe { std::slice::from_raw_parts(self.cell.base, self.cell.bytes) }
    }

    /// Its bytes, to write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`; writable, and `&mut self` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.cell.base, self.cell.bytes) }
    }

    /// Grows by `pages`; gives the size before, in pages.
    pub fn grow(&mut self, pages: u32) -> Result<u32, NoGrowth> {
        let old = self.pages();
        let left = u64::from(old) + u64::from(pages);
        if left > u64::from(self.max_pages) {
            return Err(NoGrowth::Limit);
        }
        let refused = |_| NoGrowth::Machine;
        let bytes = left as usize * PAGE;
        if bytes > self.map.len() {
            let mut moved = Mapping::reserve(bytes).map_err(refused)?;
            moved.open(bytes).map_err(refused)?;
            // SAFETY: both mappings are at least `cell.bytes` long, open that far, and distinct.
            unsafe { ptr::copy_nonoverlapping(self.cell.base, moved.base(), self.cell.bytes) };
            self.map = moved;
            self.cell.base = self.map.base();
        } else {
            self.map.open(bytes).map_err(refused)?;
        }
        self.cell.bytes = bytes;
        Ok(old)
    }

    /// Does an address lie in what is reserved for this memory?
    pub fn reserves(&self, address: usize) -> bool {
        let base = self.map.base() as usize;
        (base..base + self.map.len()).contains(&address)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Ok(nothing) = Mapping::reserve(0) {
            self.pool.give(std::mem::replace(&mut self.map, nothing));
        }
    }
}

/// Can this process reserve address space for a guarded memory?
pub(crate) fn can_guard() -> bool {
    Mapping::reserve(GUARDED).is_ok()
}
