//! Reservations of memories that are gone, kept for the next ones; and the images of modules.
//!
//! A reservation is reset when it comes back: its pages are dropped by the system, but for the few of a small image,
//! which are written anew in full. So a pooled one holds nothing of its last user. How many there are is bounded, and so
//! is what images may take.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::mapping::{COPIED_PAGE, Image, Mapping};
use super::memory::PAGE;
use crate::module::info::{ModuleInfo, Placement};

/// Mapped images an engine may have at a time; each holds a file descriptor. Modules beyond have their segments copied.
pub(crate) const MAX_IMAGES: usize = 64;
/// Bytes that segments fill: below, writing the pages anew costs less than having the system drop and map them.
const MIN_MAPPED: usize = 65_536;
/// Above, an image would keep too much memory busy.
pub(crate) const MAX_IMAGE: usize = 16 << 20;

/// Spare reservations of an engine.
#[derive(Debug)]
pub(crate) struct Pool {
    spare: Mutex<Vec<Mapping>>,
    capacity: usize,
    images: AtomicUsize,
}

impl Pool {
    /// A pool that keeps at most `capacity` reservations.
    pub fn new(capacity: usize) -> Self {
        Self {
            spare: Mutex::default(),
            capacity,
            images: AtomicUsize::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Mapping>> {
        // The list is valid at every moment.
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A clean reservation of `len` bytes, the first `open` of them open, with an image in it or none.
    pub fn take(&self, len: usize, open: usize, image: Option<&Arc<Image>>) -> Result<Mapping, String> {
        let pooled = {
            let mut spare = self.lock();
            let fitting = |mapping: &Mapping| mapping.len() == len;
            let best = spare.iter().position(|m| fitting(m) && m.has(image));
            let any = best.or_else(|| spare.iter().position(fitting));
            any.map(|at| spare.swap_remove(at))
        };
        let dressed = |mut mapping: Mapping| {
            mapping.prepare(open, image)?;
            Ok(mapping)
        };
        match pooled.map(dressed) {
            Some(Ok(mapping)) => Ok(mapping),
            Some(Err(_)) | None => dressed(Mapping::reserve(len)?),
        }
    }

    /// Takes a reservation back.
    pub fn give(&self, mut mapping: Mapping) {
        if mapping.len() == 0 || self.capacity == 0 || !mapping.reset() {
            return;
        }
        let mut spare = self.lock();
        if spare.len() < self.capacity && !mapping.is_stale() {
            spare.push(mapping);
        }
    }

    /// Spare reservations now.
    #[cfg(test)]
    pub fn spare(&self) -> usize {
        self.lock().len()
    }
}

/// The image of a module, if it has one. Its reservations leave the pool with it.
#[derive(Debug)]
pub(crate) struct ModuleImage {
    image: Option<Arc<Image>>,
    pool: Arc<Pool>,
}

impl ModuleImage {
    /// Makes the image of a module whose segments are worth one.
    pub fn new(pool: &Arc<Pool>, info: &ModuleInfo) -> Self {
        let mut this = Self {
            image: None,
            pool: pool.clone(),
        };
        let Some(span) = Span::of(info) else {
            return this;
        };
        if !span.is_mapped() {
            this.image = Some(Arc::new(Image::copied(span.start, &span.bytes(info))));
        } else if pool.images.fetch_add(1, Ordering::Relaxed) < MAX_IMAGES {
            this.image = Image::mapped(span.start, &span.bytes(info)).map(Arc::new);
        }
        if span.is_mapped() && this.image.is_none() {
            pool.images.fetch_sub(1, Ordering::Relaxed);
        }
        this
    }

    /// The image; its memory starts with every active data segment written.
    pub fn get(&self) -> Option<&Arc<Image>> {
        self.image.as_ref()
    }
}

impl Drop for ModuleImage {
    fn drop(&mut self) {
        if self.image.take().is_some_and(|image| image.is_mapped()) {
            self.pool.images.fetch_sub(1, Ordering::Relaxed);
            self.pool.lock().retain(|mapping| !mapping.is_stale());
        }
    }
}

/// Which bytes of its memory a module's active segments fill.
struct Span {
    start: usize,
    end: usize,
    /// Bytes in the segments.
    filled: usize,
}

impl Span {
    /// `None` when an image is impossible or not worth it. Possible only for a memory of its own, with segments that
    /// are certain to fit.
    fn of(info: &ModuleInfo) -> Option<Self> {
        let memory = match &info.memories[..] {
            [memory] if info.imported_memories == 0 => memory,
            _ => return None,
        };
        let (mut start, mut end, mut filled) = (usize::MAX, 0, 0);
        for segment in &info.data {
            let Placement::Active { offset, .. } = &segment.placement else {
                continue;
            };
            let at = offset.constant()? as u32 as usize;
            let len = segment.bytes.len();
            if at + len > memory.limits.min as usize * PAGE {
                return None;
            }
            if len > 0 {
                (start, end) = (start.min(at), end.max(at + len));
                filled += len;
            }
        }
        // Mostly filled, or small, so that an image is not much larger than the module it came with.
        let len = end.checked_sub(start)?;
        let worth = len <= MAX_IMAGE && (len / 2 <= filled || len <= COPIED_PAGE);
        worth.then_some(Self { start, end, filled })
    }

    /// Is its image mapped, or copied?
    fn is_mapped(&self) -> bool {
        self.filled >= MIN_MAPPED
    }

    /// What the segments write there, one after the other.
    fn bytes(&self, info: &ModuleInfo) -> Vec<u8> {
        let mut bytes = vec![0; self.end - self.start];
        for segment in &info.data {
            if let Placement::Active { offset, .. } = &segment.placement
                && let Some(offset) = offset.constant()
            {
                let data = info.data_bytes(segment);
                let at = (offset as u32 as usize).saturating_sub(self.start);
                if !data.is_empty() {
                    bytes[at..at + data.len()].copy_from_slice(data);
                }
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_are_reused_up_to_the_capacity() {
        let pool = Pool::new(2);
        let taken: Vec<Mapping> = (0..4)
            .map(|_| pool.take(1 << 20, PAGE, None).expect("memory"))
            .collect();
        taken.into_iter().for_each(|mapping| pool.give(mapping));
        assert_eq!(pool.spare(), 2);
        let again = pool.take(1 << 20, 2 * PAGE, None).expect("memory");
        assert_eq!(pool.spare(), 1);
        drop(pool.take(1 << 19, PAGE, None).expect("another size"));
        assert_eq!(pool.spare(), 1);
        pool.give(again);
        assert_eq!(pool.spare(), 2);
    }
}
