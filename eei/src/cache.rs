//! Compiled contracts, kept in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use arwen_metering::CostTable;

use crate::machine::Code;

/// The last used contracts, as many as fit. Finding one or not changes nothing but time.
pub(crate) struct CodeCache {
    entries: BTreeMap<[u8; 32], Entry>,
    /// Contracts by their length and last bytes, so that the usual case needs no hash of the whole.
    by_look: BTreeMap<Look, [u8; 32]>,
    capacity: usize,
    clock: u64,
}

/// A length and the last bytes of a contract.
type Look = (usize, Vec<u8>);

fn look(wasm: &[u8]) -> Look {
    (wasm.len(), wasm[wasm.len().saturating_sub(LOOK_BYTES)..].to_vec())
}

/// How much of a contract's end tells it from others, in bytes. Too little only costs time.
const LOOK_BYTES: usize = 64;

/// What a contract counts at least, in bytes: what is kept for one beside its code takes several KB, so small ones
/// would take far more memory than their bytes say.
const MIN_WEIGHT: usize = 4096;

fn weight(code: &Code) -> usize {
    let module = code.module();
    (module.wasm().len() + module.native_bytes()).max(MIN_WEIGHT)
}

struct Entry {
    code: Arc<Code>,
    /// For the schedule of this generation.
    costs: Option<(u64, CostTable)>,
    last_use: u64,
}

impl CodeCache {
    /// `capacity` in bytes of WebAssembly and native code, of which every contract counts [`MIN_WEIGHT`] at least; larger
    /// contracts are not kept.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            by_look: BTreeMap::new(),
            capacity,
            clock: 0,
        }
    }

    /// The compiled form of a contract, found by comparing its bytes.
    pub(crate) fn get(&mut self, wasm: &[u8]) -> Option<Arc<Code>> {
        let hash = *self.by_look.get(&look(wasm))?;
        self.get_by_hash(&hash).filter(|_| {
            self.entries
                .get(&hash)
                .is_some_and(|entry| entry.code.module().wasm() == wasm)
        })
    }

    /// The compiled form of a contract, found by its SHA-256.
    pub(crate) fn get_by_hash(&mut self, hash: &[u8; 32]) -> Option<Arc<Code>> {
        self.clock += 1;
        let entry = self.entries.get_mut(hash)?;
        entry.last_use = self.clock;
        Some(entry.code.clone())
    }

    pub(crate) fn insert(&mut self, hash: [u8; 32], code: Arc<Code>) {
        let size = weight(&code);
        if size > self.capacity || self.entries.contains_key(&hash) {
            return;
        }
        // Native code comes after its module, so what there is is counted each time.
        let mut used: usize = self.entries.values().map(|entry| weight(&entry.code)).sum();
        while used + size > self.capacity {
            let oldest = self
                .entries
                .iter()
                .min_by_key(|(_, entry)| entry.last_use)
                .map(|(hash, _)| *hash);
            let Some(entry) = oldest.and_then(|hash| self.entries.remove(&hash)) else {
                break;
            };
            // It may have grown since it was counted.
            used = used.saturating_sub(weight(&entry.code));
            self.by_look.remove(&look(entry.code.module().wasm()));
        }
        self.clock += 1;
        self.by_look.insert(look(code.module().wasm()), hash);
        self.entries.insert(
            hash,
            Entry {
                code,
                costs: None,
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
