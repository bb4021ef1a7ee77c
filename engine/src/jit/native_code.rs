//! Native code of a module in its place: code that may run, and the tables beside it.
//!
//! Both are bytes that mean the same wherever they are, so they are what an [artefact](crate::artefact) holds.

use std::cmp::Ordering;
use std::io;
use std::ops::Range;

use super::abi::Site;
use super::code_memory::{CodeMemory, OpenCode};
use super::compile::{Compiled, TrapSite};
use super::ledger::Debt;
use crate::artefact::Counts;

/// Native code of a module. Freed when dropped; instances keep their module, so never while it may run.
#[derive(Debug)]
pub(crate) struct NativeCode {
    code: CodeMemory,
    tables: Tables,
}

impl NativeCode {
    /// Puts compiled units into executable memory: `functions` functions by index, then the ways in by distinct type.
    /// No unit is placed at less than `align`.
    ///
    /// # Errors
    /// Why it cannot be done, in words.
    pub fn link(units: &[Compiled], functions: usize, align: u32) -> Result<Self, String> {
        let mut end = 0usize;
        let place = |unit: &Compiled| {
            let start = end.next_multiple_of(unit.align.max(align) as usize);
            end = start + unit.bytes.len();
            start
        };
        let starts: Vec<usize> = units.iter().map(place).collect();
        if end > i32::MAX as usize {
            return Err("more code than a call can reach across".into());
        }
        let mut code = OpenCode::new(end).map_err(|e| e.to_string())?;
        let bytes = code.bytes();
        for (unit, start) in units.iter().zip(&starts) {
            bytes[*start..][..unit.bytes.len()].copy_from_slice(&unit.bytes);
            for call in &unit.calls {
                let callee = (call.callee as usize) < functions;
                let callee = callee.then(|| starts[call.callee as usize]);
                let callee = callee.ok_or_else(|| format!("a call of function {}", call.callee))?;
                let at = start + call.at as usize;
                let distance = i32::try_from(callee as i64 - at as i64 + call.addend);
                let distance = distance.map_err(|_| "a call out of reach")?;
                bytes[at..][..4].copy_from_slice(&distance.to_le_bytes());
            }
        }
        Ok(Self {
            code: code.seal().map_err(|e| e.to_string())?,
            tables: Tables::new(units, &starts, functions),
        })
    }

    /// Code and tables out of an artefact that has been found authentic.
    ///
    /// # Errors
    /// The system does not let code become executable.
    pub fn load(code: OpenCode, tables: Vec<u8>, counts: &Counts) -> io::Result<Self> {
        Ok(Self {
            code: code.seal()?,
            tables: Tables {
                bytes: tables.into(),
                functions: counts.functions as usize,
                ways_in: counts.ways_in as usize,
                sites: counts.sites as usize,
                indebted: counts.indebted as usize,
                debts: counts.debts as usize,
            },
        })
    }

    /// How much there is of everything but the plan, which is not known here.
    pub fn counts(&self) -> Counts {
        Counts {
            code_bytes: self.code.bytes().len() as u32,
            functions: self.tables.functions as u32,
            ways_in: self.tables.ways_in as u32,
            sites: self.tables.sites as u32,
            indebted: self.tables.indebted as u32,
            debts: self.tables.debts as u32,
            plan_bytes: 0,
        }
    }

    /// The code, then the tables, as [`NativeCode::load`] takes them.
    pub fn parts(&self) -> [&[u8]; 2] {
        [self.code.bytes(), &self.tables.bytes]
    }

    /// Bytes it takes.
    pub fn bytes(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }

    /// Native entry of a function by its index.
    pub fn entry(&self, index: u32) -> *const u8 {
        self.code.address(self.tables.start(index as usize))
    }

    /// The way in for functions of a distinct type.
    pub fn way_in(&self, ty: u32) -> *const u8 {
        self.code
            .address(self.tables.start(self.tables.functions + ty as usize))
    }

    /// The trap site at an address, if it is one of this code, and the written form of its debt. Takes no lock, allocates
    /// nothing.
    pub fn site(&self, address: usize) -> Option<(Site, impl Iterator<Item = u32>)> {
        self.tables.site(self.code.offset(address)?)
    }
}

/// One after the other: offsets of functions by index, offsets of ways in by distinct type, offsets of trap sites in
/// order, offsets of those among them with a debt, where the debt of each of these is written, the written debts
/// ([`Debt::words`]), all as 4 bytes, least significant first; a byte for what each site means ([`Site::code`]).
#[derive(Debug)]
struct Tables {
    bytes: Box<[u8]>,
    functions: usize,
    ways_in: usize,
    sites: usize,
    /// Sites with a debt.
    indebted: usize,
    /// Words of written debts.
    debts: usize,
}

/// Bytes of a word.
const WORD: usize = size_of::<u32>();

/// Bytes of the tables of as many units, sites and words of debts.
pub(crate) fn table_bytes(counts: &Counts) -> u64 {
    let [functions, ways_in, sites, indebted, debts] = [
        counts.functions,
        counts.ways_in,
        counts.sites,
        counts.indebted,
        counts.debts,
    ]
    .map(u64::from);
    (functions + ways_in + sites + 2 * indebted + debts) * WORD as u64 + sites
}

impl Tables {
    fn new(units: &[Compiled], starts: &[usize], functions: usize) -> Self {
        let mut sites: Vec<(u32, Site, u32)> = Vec::new();
        // Sites without debt read this one.
        let mut debts: Vec<u32> = Debt::default().words().collect();
        for (unit, start) in units.iter().zip(starts) {
            let mut written = vec![None; unit.debts.len()];
            for TrapSite { at, site, debt } in &unit.sites {
                let at_word = match (*debt, written.get_mut(*debt as usize)) {
                    (0, _) | (_, None) => 0,
                    (number, Some(written)) => *written.get_or_insert_with(|| {
                        let at_word = debts.len() as u32;
                        debts.extend(unit.debts[number as usize].words());
                        at_word
                    }),
                };
                sites.push((*start as u32 + at, *site, at_word));
            }
        }
        sites.sort_by_key(|(at, ..)| *at);
        let indebted: Vec<_> = sites.iter().filter(|(.., debt)| *debt > 0).collect();
        let words = starts
            .iter()
            .map(|start| *start as u32)
            .chain(sites.iter().map(|(at, ..)| *at))
            .chain(indebted.iter().map(|(at, ..)| *at))
            .chain(indebted.iter().map(|(.., debt)| *debt))
            .chain(debts.iter().copied());
        let mut bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
        bytes.extend(sites.iter().map(|(_, site, _)| site.code()));
        Self {
            bytes: bytes.into(),
            functions,
            ways_in: units.len() - functions,
            sites: sites.len(),
            indebted: indebted.len(),
            debts: debts.len(),
        }
    }

    /// A word by its place in the tables.
    fn word(&self, place: usize) -> u32 {
        let bytes = self.bytes[place * WORD..].first_chunk();
        u32::from_le_bytes(*bytes.unwrap_or(&[0; WORD]))
    }

    /// Where a unit starts.
    fn start(&self, unit: usize) -> u32 {
        debug_assert!(unit < self.functions + self.ways_in);
        self.word(unit)
    }

    fn site(&self, at: u32) -> Option<(Site, impl Iterator<Item = u32>)> {
        let sites = self.functions + self.ways_in;
        let indebted = sites + self.sites;
        let debts = indebted + 2 * self.indebted;
        let kinds = (debts + self.debts) * WORD;
        let site = self.find(at, sites, self.sites)?;
        let kind = Site::from_code(*self.bytes.get(kinds + site)?)?;
        // The first debt is none.
        let debt = match self.find(at, indebted, self.indebted) {
            Some(place) => self.word(indebted + self.indebted + place) as usize,
            None => 0,
        };
        Some((kind, (debt..self.debts).map(move |word| self.word(debts + word))))
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
