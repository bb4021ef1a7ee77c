//! The tables beside native code: where its units start, what its trap sites mean, which of its calls lead out.

use std::cmp::Ordering;
use std::ops::Range;

use super::abi::Site;
use super::compile::Compiled;
use super::ledger::Debt;
use crate::artefact::Counts;

/// Where a unit starts that is not there. No code is that long.
const ABSENT: u32 = u32::MAX;

/// Marks the start of a way out to the interpreter that stands for a function with a body.
const LEFT_OUT: u32 = 1 << 31;

/// Where a function starts by its word, and whether that is its own code.
fn place(word: u32) -> Option<(u32, bool)> {
    (word != ABSENT).then_some((word & !LEFT_OUT, word & LEFT_OUT == 0))
}

/// Tables that grow.
pub(crate) struct Parts {
    /// Offsets of functions by index, [`ABSENT`] or marked [`LEFT_OUT`].
    functions: Vec<u32>,
    /// Offsets of ways in by distinct type, or [`ABSENT`].
    ways_in: Vec<u32>,
    /// Trap sites in order: offset, meaning, place of what is due among `debts`.
    sites: Vec<(u32, Site, u32)>,
    /// Written debts ([`Debt::words`]); the first is none.
    debts: Vec<u32>,
    /// Calls of functions that are left out, in order.
    open: Vec<OpenCall>,
}

/// A call that leads out as long as the function it calls has no code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenCall {
    /// Offset of the distance in the call.
    pub at: u32,
    /// Index of the function.
    pub callee: u32,
}

impl Parts {
    /// Tables of no code, for a module with so many functions and distinct types.
    pub fn new(functions: usize, ways_in: usize) -> Self {
        Self {
            functions: vec![ABSENT; functions],
            ways_in: vec![ABSENT; ways_in],
            sites: Vec::new(),
            debts: Debt::default().words().collect(),
            open: Vec::new(),
        }
    }

    /// A function has code, or is an import, which has its way out.
    pub fn add_function(&mut self, index: u32, start: u32) {
        self.functions[index as usize] = start;
    }

    /// A function has none, and a way out to the interpreter instead.
    pub fn leave_out(&mut self, index: u32, start: u32) {
        self.functions[index as usize] = start | LEFT_OUT;
    }

    /// A distinct type has a way in.
    pub fn add_way_in(&mut self, ty: u32, start: u32) {
        self.ways_in[ty as usize] = start;
    }

    /// Where a call of a function goes, and whether that is its own code; `None` when it has no place.
    pub fn callee(&self, index: u32) -> Option<(u32, bool)> {
        place(*self.functions.get(index as usize)?)
    }

    /// A call of a function without code.
    pub fn add_open(&mut self, call: OpenCall) {
        self.open.push(call);
    }

    /// The calls that have been open until now.
    pub fn take_open(&mut self) -> Vec<OpenCall> {
        std::mem::take(&mut self.open)
    }

    /// The trap sites of a unit that starts behind all others so far.
    pub fn add_sites(&mut self, unit: &Compiled, start: u32) {
        let mut written = vec![None; unit.debts.len()];
        let first = self.sites.len();
        for site in &unit.sites {
            let debts = &mut self.debts;
            let debt = match (site.debt, written.get_mut(site.debt as usize)) {
                (0, _) | (_, None) => 0,
                (number, Some(written)) => *written.get_or_insert_with(|| {
                    let place = debts.len() as u32;
                    debts.extend(unit.debts[number as usize].words());
                    place
                }),
            };
            self.sites.push((start + site.at, site.site, debt));
        }
        self.sites[first..].sort_by_key(|(at, ..)| *at);
    }
}

/// One after the other: offsets of functions by index, offsets of ways in by distinct type, offsets of trap sites in
/// order, offsets of those among them with a debt, where the debt of each of these is written, the written debts, offsets
/// of open calls, what each of these calls, all as 4 bytes, least significant first; a byte for what each site means
/// ([`Site::code`]).
#[derive(Debug)]
pub(crate) struct Tables {
    bytes: Box<[u8]>,
    functions: usize,
    ways_in: usize,
    sites: usize,
    /// Sites with a debt.
    indebted: usize,
    /// Words of written debts.
    debts: usize,
    /// Calls of functions that are left out.
    open: usize,
}

/// Bytes of a word.
const WORD: usize = size_of::<u32>();

/// Bytes of tables of which there is so much.
pub(crate) fn table_bytes(counts: &Counts) -> u64 {
    let [functions, ways_in, sites, indebted, debts, open] = [
        counts.functions,
        counts.ways_in,
        counts.sites,
        counts.indebted,
        counts.debts,
        counts.open,
    ]
    .map(u64::from);
    (functions + ways_in + sites + 2 * indebted + debts + 2 * open) * WORD as u64 + sites
}

impl Tables {
    /// Tables that do not grow any more.
    pub fn new(parts: &Parts) -> Self {
        let Parts {
            functions,
            ways_in,
            sites,
            debts,
            open,
        } = parts;
        debug_assert!(sites.is_sorted_by_key(|(at, ..)| *at));
        let indebted: Vec<_> = sites.iter().filter(|(.., debt)| *debt > 0).collect();
        let words = functions.iter().chain(ways_in).copied();
        let words = words
            .chain(sites.iter().map(|(at, ..)| *at))
            .chain(indebted.iter().map(|(at, ..)| *at))
            .chain(indebted.iter().map(|(.., debt)| *debt))
            .chain(debts.iter().copied())
            .chain(open.iter().map(|call| call.at))
            .chain(open.iter().map(|call| call.callee));
        let mut bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
        bytes.extend(sites.iter().map(|(_, site, _)| site.code()));
        Self {
            bytes: bytes.into(),
            functions: functions.len(),
            ways_in: ways_in.len(),
            sites: sites.len(),
            indebted: indebted.len(),
            debts: debts.len(),
            open: open.len(),
        }
    }

    /// Tables out of an artefact that has been found authentic.
    pub fn load(bytes: Vec<u8>, counts: &Counts) -> Self {
        Self {
            bytes: bytes.into(),
            functions: counts.functions as usize,
            ways_in: counts.ways_in as usize,
            sites: counts.sites as usize,
            indebted: counts.indebted as usize,
            debts: counts.debts as usize,
            open: counts.open as usize,
        }
    }

    /// How much there is of everything in them.
    pub fn counts(&self) -> Counts {
        Counts {
            functions: self.functions as u32,
            ways_in: self.ways_in as u32,
            sites: self.sites as u32,
            indebted: self.indebted as u32,
            debts: self.debts as u32,
            open: self.open as u32,
            ..Counts::default()
        }
    }

    /// The tables as bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same tables, to grow on.
    pub fn parts(&self) -> Parts {
        let words = |range: Range<usize>| range.map(|place| self.word(place));
        let sites_at = self.functions + self.ways_in;
        let mut sites: Vec<(u32, Site, u32)> = (0..self.sites)
            .filter_map(|site| Some((self.word(sites_at + site), self.site_code(site)?, 0)))
            .collect();
        let indebted_at = sites_at + self.sites;
        for place in indebted_at..indebted_at + self.indebted {
            let at = self.word(place);
            if let Ok(site) = sites.binary_search_by_key(&at, |(at, ..)| *at) {
                sites[site].2 = self.word(place + self.indebted);
            }
        }
        let debts_at = indebted_at + 2 * self.indebted;
        let open_at = debts_at + self.debts;
        let open = (open_at..open_at + self.open).map(|place| OpenCall {
            at: self.word(place),
            callee: self.word(place + self.open),
        });
        Parts {
            functions: words(0..self.functions).collect(),
            ways_in: words(self.functions..sites_at).collect(),
            sites,
            debts: words(debts_at..open_at).collect(),
            open: open.collect(),
        }
    }

    /// A word by its place in the tables.
    fn word(&self, place: usize) -> u32 {
        let bytes = self.bytes[place * WORD..].first_chunk();
        u32::from_le_bytes(*bytes.unwrap_or(&[0; WORD]))
    }

    /// Where a function starts, and whether that is its own code (or the way out of an import); `None` when nothing
    /// needs a place for it.
    pub fn function(&self, index: u32) -> Option<(u32, bool)> {
        debug_assert!((index as usize) < self.functions);
        place(self.word(index as usize))
    }

    /// Where the way in for a distinct type starts, if there is one.
    pub fn way_in(&self, ty: u32) -> Option<u32> {
        debug_assert!((ty as usize) < self.ways_in);
        let start = self.word(self.functions + ty as usize);
        (start != ABSENT).then_some(start)
    }

    /// The trap site at an offset, and the written form of its debt.
    pub fn site(&self, at: u32) -> Option<(Site, impl Iterator<Item = u32>)> {
        let sites = self.functions + self.ways_in;
        let indebted = sites + self.sites;
        let debts = indebted + 2 * self.indebted;
        let site = self.find(at, sites, self.sites)?;
        let kind = self.site_code(site)?;
        // The first debt is none.
        let debt = match self.find(at, indebted, self.indebted) {
            Some(place) => self.word(indebted + self.indebted + place) as usize,
            None => 0,
        };
        Some((kind, (debt..self.debts).map(move |word| self.word(debts + word))))
    }

    /// What a site means.
    fn site_code(&self, site: usize) -> Option<Site> {
        let words =
            self.functions + self.ways_in + self.sites + 2 * self.indebted + self.debts + 2 * self.open;
        Site::from_code(*self.bytes.get(words * WORD + site)?)
    }

    /// Where `offset` is among the `count` sorted words from place `first` on.
    fn find(&self, offset: u32, first: usize, count: usize) -> Option<usize> {
        let mut left: Range<usize> = 0..count;
        while !left.is_empty() {
            let middle = left.start + left.len() / 2;
            match self.word(first + middle).cmp(&offset) {
                Ordering::Less => left.start = middle + 1,
                Ordering::Greater => left.end = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        None
    }
}
