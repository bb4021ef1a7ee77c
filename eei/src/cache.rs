//! Compiled contracts, kept in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use arwen_metering::CostTable;

use crate::machine::Code;

/// The last used contracts, as many as fit. Finding one or not changes nothing but time.
pub(crate) struct CodeCache {
    entries: BTreeMap<[u8; 32], Entry>,
    capacity: usize,
    used: usize,
    clock: u64,
}

struct Entry {
    code: Arc<Code>,
    /// For the schedule of this generation.
    costs: Option<(u64, CostTable)>,
    size: usize,
    last_use: u64,
}

impl CodeCache {
    /// `capacity` in bytes of WebAssembly; larger contracts are not kept.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            capacity,
            used: 0,
            clock: 0,
        }
    }

    pub(crate) fn get(&mut self, hash: &[u8; 32]) -> Option<Arc<Code>> {
        self.clock += 1;
        let entry = self.entries.get_mut(hash)?;
        entry.last_use = self.clock;
        Some(entry.code.clone())
    }

    pub(crate) fn insert(&mut self, hash: [u8; 32], code: Arc<Code>, size: usize) {
        if size > self.capacity || self.entries.contains_key(&hash) {
            return;
        }
        while self.used + size > self.capacity {
            let oldest = self
                .entries
                .iter()
                .min_by_key(|(_, entry)| entry.last_use)
                .map(|(hash, _)| *hash);
            let Some(entry) = oldest.and_then(|hash| self.entries.remove(&hash)) else {
                break;
            };
            self.used -= entry.size;
        }
        self.clock += 1;
        self.used += size;
        self.entries.insert(
            hash,
            Entry {
                code,
                costs: None,
                size,
                last_use: self.clock,
            },
        );
    }

    /// The cost table of a contract for the schedule of this generation, made once.
    pub(crate) fn costs(
        &mut self,
        hash: &[u8],
        generation: u64,
        make: impl FnOnce() -> CostTable,
    ) -> CostTable {
        let Some(entry) = <&[u8; 32]>::try_from(hash)
            .ok()
            .and_then(|hash| self.entries.get_mut(hash))
        else {
            return make();
        };
        match &entry.costs {
            Some((made, costs)) if *made == generation => costs.clone(),
            _ => entry.costs.insert((generation, make())).1.clone(),
        }
    }
}
