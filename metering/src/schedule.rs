//! Gas schedules: from a price list to checked prices.

use std::collections::{BTreeMap, BTreeSet};

use crate::gas_key::{ETH_KEYS, ETH_SECTION};
use crate::{BuiltInKey, GasKey, KeyProblem, OpCosts, ScheduleError, UnknownKey, bundled, opcode_keys};

/// A price list as a node sends it: section → key → price.
pub type RawSchedule = BTreeMap<String, BTreeMap<String, u64>>;

/// A checked gas schedule: every mandatory price is there and is not zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    gas: Box<[u64]>,
    built_in: Box<[Option<u64>]>,
    ops: OpCosts,
}

impl Schedule {
    /// Reads a schedule from TOML: one table a section, one whole number a key.
    ///
    /// # Errors
    /// The text does not parse, or [`from_raw`](Self::from_raw) refuses its contents.
    pub fn from_toml(text: &str) -> Result<(Self, Vec<UnknownKey>), ScheduleError> {
        Self::from_raw(&toml::from_str(text)?)
    }

    /// Checks a price list. With the schedule comes what was not used of the list.
    ///
    /// Section names must match exactly. Of key names an exact match wins, then the first that differs in ASCII case
    /// only.
    ///
    /// # Errors
    /// Mandatory keys are missing, zero or too large: all of them in one error. Mandatory are all keys of [`GasKey`],
    /// of the section `EthAPICost` (which nothing charges) and of the section `WASMOpcodeCost`. The section
    /// `BuiltInCost` belongs to the node and is read leniently: an absent or zero price there is no price.
    pub fn from_raw(raw: &RawSchedule) -> Result<(Self, Vec<UnknownKey>), ScheduleError> {
        let mut reader = Reader::new(raw);
        let sections = [
            "BaseOperationCost",
            "ElrondAPICost",
            "BigIntAPICost",
            ETH_SECTION,
            "CryptoAPICost",
        ];
        let mut gas = vec![0; GasKey::ALL.len()].into_boxed_slice();
        for section in sections {
            for key in GasKey::ALL.iter().filter(|key| key.section() == section) {
                gas[*key as usize] = reader.mandatory(section, key.name(), u64::MAX);
            }
            if section == ETH_SECTION {
                for key in ETH_KEYS {
                    reader.mandatory(section, key, u64::MAX);
                }
            }
        }
        let mut ops = BTreeMap::new();
        for key in opcode_keys::KEYS {
            let price = reader.mandatory(opcode_keys::SECTION, key, u32::MAX.into());
            ops.insert(*key, u32::try_from(price).unwrap_or(u32::MAX));
        }
        let built_in = BuiltInKey::ALL
            .iter()
            .map(|key| reader.find(key.section(), key.name()).filter(|price| *price != 0))
            .collect();
        let (problems, unknown) = reader.finish();
        if problems.is_empty() {
            Ok((
                Self {
                    gas,
                    built_in,
                    ops: OpCosts::from_prices(|key| ops.get(key).copied()),
                },
                unknown,
            ))
        } else {
            Err(ScheduleError::Prices { problems, unknown })
        }
    }

    /// The bundled schedule called `name`: `v1`, `v2`, `v3` (July 2021), or `dummy` (every price 1, but
    /// `AsyncCallbackGasLock` 100000 and `LocalsUnmetered`, which is no price, 100).
    pub fn bundled(name: &str) -> Option<&'static Self> {
        bundled::schedule(name)
    }

    /// The price list of the bundled schedule called `name`, as a node would send it.
    pub fn bundled_raw(name: &str) -> Option<RawSchedule> {
        bundled::raw(name)
    }

    /// The names of the bundled schedules.
    pub fn bundled_names() -> impl Iterator<Item = &'static str> {
        bundled::names()
    }

    /// The price of `key`, at least 1.
    pub fn cost(&self, key: GasKey) -> u64 {
        self.gas[key as usize]
    }

    /// The price of a built-in function, at least 1; `None` if the schedule does not say.
    pub fn built_in_cost(&self, key: BuiltInKey) -> Option<u64> {
        self.built_in[key as usize]
    }

    /// The prices of operators and locals.
    pub fn op_costs(&self) -> &OpCosts {
        &self.ops
    }
}

/// Looks prices up, and keeps account of what is wrong and what was used.
struct Reader<'a> {
    raw: &'a RawSchedule,
    sections: BTreeMap<&'static str, Section<'a>>,
    problems: Vec<KeyProblem>,
}

/// A section of the price list that prices are read from.
#[derive(Default)]
struct Section<'a> {
    /// By key in ASCII lower case: spelling and price. The first spelling in byte order stands for all.
    folded: BTreeMap<String, (&'a str, u64)>,
    used: BTreeSet<&'a str>,
}

impl<'a> Section<'a> {
    fn new(keys: &'a BTreeMap<String, u64>) -> Self {
        let mut folded = BTreeMap::new();
        for (key, price) in keys {
            folded
                .entry(key.to_ascii_lowercase())
                .or_insert((key.as_str(), *price));
        }
        Self {
            folded,
            used: BTreeSet::new(),
        }
    }
}

impl<'a> Reader<'a> {
    fn new(raw: &'a RawSchedule) -> Self {
        Self {
            raw,
            sections: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    /// The price of `key`, 0 after noting why there is none.
    fn mandatory(&mut self, section: &'static str, key: &'static str, max: u64) -> u64 {
        let problem = match self.find(section, key) {
            None => KeyProblem::Missing { section, key },
            Some(0) => KeyProblem::Zero { section, key },
            Some(price) if price > max => KeyProblem::TooLarge { section, key, price },
            Some(price) => return price,
        };
        self.problems.push(problem);
        0
    }

    fn find(&mut self, section: &'static str, key: &str) -> Option<u64> {
        let keys = self.raw.get(section);
        let section = self
            .sections
            .entry(section)
            .or_insert_with(|| keys.map(Section::new).unwrap_or_default());
        let (spelling, price) = match keys?.get_key_value(key) {
            Some((spelling, price)) => (spelling.as_str(), *price),
            None => *section.folded.get(&key.to_ascii_lowercase())?,
        };
        section.used.insert(spelling);
        Some(price)
    }

    fn finish(self) -> (Vec<KeyProblem>, Vec<UnknownKey>) {
        let mut unknown = Vec::new();
        for (name, keys) in self.raw {
            match self.sections.get(name.as_str()) {
                None => unknown.push(UnknownKey {
                    section: name.clone(),
                    key: None,
                }),
                Some(section) => unknown.extend(
                    keys.keys()
                        .filter(|key| !section.used.contains(key.as_str()))
                        .map(|key| UnknownKey {
                            section: name.clone(),
                            key: Some(key.clone()),
                        }),
                ),
            }
        }
        (self.problems, unknown)
    }
}
