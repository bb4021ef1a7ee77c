//! Reservations of memories that are gone, kept for the next ones; and the images of modules.
//!
//! A reservation is reset when it comes back, by the system and not by code that could forget something, so a pooled
//! one holds nothing of its last user. How many there are is bounded, and so is what images may take.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::mapping::{Image, Mapping};
use super::memory::PAGE;
use crate::module::info::{ModuleInfo, Placement};

/// Images an engine may have at a time; each holds a file descriptor. Modules beyond have their segments copied.
pub(crate) const MAX_IMAGES: usize = 64;
/// Bytes of the part of the memory that segments fill: below, copying is as fast as mapping and costs no file.
const MIN_IMAGE: usize = 65_536;
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
            mapping.open(open)?;
            if mapping.put(image) {
                Ok(mapping)
            } else {
                Err("the system refused to map an image".to_owned())
            }
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
        let Some((start, end)) = span(info) else {
            return this;
        };
        if pool.images.fetch_add(1, Ordering::Relaxed) < MAX_IMAGES {
            let mut bytes = vec![0; end - start];
            for segment in &info.data {
                if let Placement::Active { offset, .. } = &segment.placement
                    && let Some(offset) = offset.constant()
                {
                    let data = info.data_bytes(segment);
                    let at = (offset as u32 as usize).saturating_sub(start);
                    if !data.is_empty() {
                        bytes[at..at + data.len()].copy_from_slice(data);
                    }
                }
            }
            this.image = Image::new(start, &bytes).map(Arc::new);
        }
        if this.image.is_none() {
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
        if self.image.take().is_some() {
            self.pool.images.fetch_sub(1, Ordering::Relaxed);
            self.pool.lock().retain(|mapping| !mapping.is_stale());
        }
    }
}

/// Which bytes of its memory a module's active segments fill: first, end. `None` when an image is impossible or not
/// worth it. Possible only for a memory of its own, with segments that are certain to fit.
fn span(info: &ModuleInfo) -> Option<(usize, usize)> {
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
    // Mostly filled, so that an image is no larger than the module it came with.
    let worth = filled >= MIN_IMAGE && end - start <= MAX_IMAGE && (end - start) / 2 <= filled;
    worth.then_some((start, end))
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
