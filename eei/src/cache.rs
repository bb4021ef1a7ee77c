//! Compiled contracts, kept in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use arwen_metering::CostTable;

use crate::machine::Code;

/// The last used contracts, as many as fit. Finding one or not changes nothing but time.
pub(crate) struct CodeCache {
    entries: BTreeMap<[u8; 32], Entry>,
    /// Contracts by their length and last bytes, so that the usual case needs no hash of the whole.
    by_look: BTreeMap<Look, [u8; 32]>,
    /// Contracts by when they were last used.
    by_use: BTreeMap<u64, [u8; 32]>,
    capacity: usize,
    /// What the entries weighed when they were last weighed, in all.
    used: usize,
    /// The entry that was weighed last.
    weighed: [u8; 32],
    clock: u64,
}

/// Entries that are weighed anew at each insertion, in turn: native code comes after its module.
const WEIGHED_AT_ONCE: usize = 8;

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
    weight: usize,
}

impl CodeCache {
    /// `capacity` in bytes of WebAssembly and native code, of which every contract counts [`MIN_WEIGHT`] at least; larger
    /// contracts are not kept.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            by_look: BTreeMap::new(),
            by_use: BTreeMap::new(),
            capacity,
            used: 0,
            weighed: [0; 32],
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
        let entry = self.entries.get_mut(hash)?;
        self.clock += 1;
        self.by_use.remove(&entry.last_use);
        self.by_use.insert(self.clock, *hash);
        entry.last_use = self.clock;
        Some(entry.code.clone())
    }

    pub(crate) fn insert(&mut self, hash: [u8; 32], code: Arc<Code>) {
        let size = weight(&code);
        if size > self.capacity || self.entries.contains_key(&hash) {
            return;
        }
        self.weigh_some();
        while self.used + size > self.capacity && self.remove_oldest() {}
        self.clock += 1;
        self.by_look.insert(look(code.module().wasm()), hash);
        self.by_use.insert(self.clock, hash);
        self.used += size;
        self.entries.insert(
            hash,
            Entry {
                code,
                costs: None,
                last_use: self.clock,
                weight: size,
            },
        );
    }

    /// Weighs the next few entries, after those that have had their turn.
    fn weigh_some(&mut self) {
        for _ in 0..WEIGHED_AT_ONCE {
            let after = (Bound::Excluded(self.weighed), Bound::Unbounded);
            let Some((hash, entry)) = self.entries.range_mut(after).next() else {
                self.weighed = [0; 32];
                return;
            };
            self.used -= entry.weight;
            entry.weight = weight(&entry.code);
            self.used += entry.weight;
            self.weighed = *hash;
        }
    }

    /// Removes what was used longest ago; false when there is nothing.
    fn remove_oldest(&mut self) -> bool {
        let oldest = self.by_use.pop_first();
        let Some(entry) = oldest.and_then(|(_, hash)| self.entries.remove(&hash)) else {
            return false;
        };
        self.used -= entry.weight;
        self.by_look.remove(&look(entry.code.module().wasm()));
        true
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

#[cfg(test)]
mod tests {
    use arwen_engine::{Config, Engine, Ruleset, Tier};

    use super::*;
    use crate::crypto::sha256;

    fn code(engine: &Engine, number: u32) -> ([u8; 32], Arc<Code>) {
        let wasm = wat::parse_str(format!("(module (func (export \"f{number}\")))")).unwrap();
        let hash = sha256(&wasm);
        (hash, Arc::new(Code::new(engine, &wasm, hash).unwrap()))
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let engine = Engine::new(Config::new(&Ruleset::ARWEN_1_3).tier(Tier::Interpreter));
        let mut cache = CodeCache::new(3 * MIN_WEIGHT);
        let codes: Vec<_> = (0..5).map(|number| code(&engine, number)).collect();
        for (hash, code) in &codes[..3] {
            cache.insert(*hash, code.clone());
        }
        assert!(cache.get(codes[0].1.module().wasm()).is_some());
        for (hash, code) in &codes[3..] {
            cache.insert(*hash, code.clone());
            // Again changes nothing.
            cache.insert(*hash, code.clone());
        }
        let kept: Vec<_> = codes
            .iter()
            .map(|(hash, _)| cache.get_by_hash(hash).is_some())
            .collect();
        assert_eq!(kept, [true, false, false, true, true]);
        assert_eq!(
            (cache.entries.len(), cache.by_use.len(), cache.by_look.len()),
            (3, 3, 3)
        );
        assert_eq!(cache.used, 3 * MIN_WEIGHT);
    }

    #[test]
    fn native_code_that_comes_later_is_weighed() {
        let engine = Engine::new(Config::new(&Ruleset::ARWEN_1_3).tier(Tier::Tiered));
        let mut cache = CodeCache::new(1 << 30);
        let body =
            "(local.set 0 (i64.add (local.get 0) (i64.load (i32.wrap_i64 (local.get 0)))))".repeat(300);
        let wasm = wat::parse_str(format!(
            "(module (memory 1) (func (export \"f\") (local i64) {body}))"
        ))
        .unwrap();
        let hash = sha256(&wasm);
        let large = Arc::new(Code::new(&engine, &wasm, hash).unwrap());
        cache.insert(hash, large.clone());
        let before = cache.used;
        large.module().request_native();
        large.module().wait_for_native();
        let native = large.module().native_bytes();
        let (hash, small) = code(&engine, 0);
        cache.insert(hash, small);
        // Where there is no native code, nothing has been added.
        assert_eq!(cache.used, weight(&large) + MIN_WEIGHT);
        assert_eq!(cache.used > before + MIN_WEIGHT, native > 0);
    }
}
