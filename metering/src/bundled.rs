//! The schedules that come with the VM.

use std::sync::OnceLock;

use crate::gas_key::{ETH_KEYS, ETH_SECTION};
use crate::{BuiltInKey, GasKey, RawSchedule, Schedule, opcode_keys};

/// What `dummy` asks for everything but the callback lock. Unit: gas.
const DUMMY_PRICE: u64 = 1;
/// How many locals `dummy` leaves free.
const DUMMY_LOCALS_UNMETERED: u64 = 100;
/// What `dummy` asks for `AsyncCallbackGasLock`: enough for a callback to run. Unit: gas.
const DUMMY_CALLBACK_LOCK: u64 = 100_000;

/// A bundled schedule: its name and where its figures are.
struct Bundled {
    name: &'static str,
    raw: fn() -> RawSchedule,
}

const BUNDLED: [Bundled; 4] = [
    Bundled {
        name: "v1",
        raw: || parse(include_str!("../schedules/v1.toml")),
    },
    Bundled {
        name: "v2",
        raw: || parse(include_str!("../schedules/v2.toml")),
    },
    Bundled {
        name: "v3",
        raw: || parse(include_str!("../schedules/v3.toml")),
    },
    Bundled {
        name: "dummy",
        raw: dummy,
    },
];

/// The checked schedule called `name`, checked on first use.
pub(crate) fn schedule(name: &str) -> Option<&'static Schedule> {
    static CHECKED: [OnceLock<Option<Schedule>>; BUNDLED.len()] = [const { OnceLock::new() }; BUNDLED.len()];
    let row = row(name)?;
    let check = || {
        Schedule::from_raw(&(BUNDLED[row].raw)())
            .ok()
            .map(|(schedule, _)| schedule)
    };
    CHECKED[row].get_or_init(check).as_ref()
}

/// The same as the price list it is read from.
pub(crate) fn raw(name: &str) -> Option<RawSchedule> {
    row(name).map(|row| (BUNDLED[row].raw)())
}

/// The names of all.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    BUNDLED.iter().map(|bundled| bundled.name)
}

fn row(name: &str) -> Option<usize> {
    BUNDLED.iter().position(|bundled| bundled.name == name)
}

/// A bundled file that does not parse leaves its schedule without prices, which the check then refuses.
fn parse(text: &str) -> RawSchedule {
    toml::from_str(text).unwrap_or_default()
}

/// Every price the least, for tests that count operations.
fn dummy() -> RawSchedule {
    let mut raw = RawSchedule::new();
    let mut set = |section: &str, key: &str, price| {
        raw.entry(section.to_owned())
            .or_default()
            .insert(key.to_owned(), price);
    };
    for key in GasKey::ALL {
        let price = if *key == GasKey::AsyncCallbackGasLock {
            DUMMY_CALLBACK_LOCK
        } else {
            DUMMY_PRICE
        };
        set(key.section(), key.name(), price);
    }
    for key in BuiltInKey::ALL {
        set(key.section(), key.name(), DUMMY_PRICE);
    }
    for key in ETH_KEYS {
        set(ETH_SECTION, key, DUMMY_PRICE);
    }
    for key in opcode_keys::KEYS {
        let price = if *key == opcode_keys::LOCALS_UNMETERED {
            DUMMY_LOCALS_UNMETERED
        } else {
            DUMMY_PRICE
        };
        set(opcode_keys::SECTION, key, price);
    }
    raw
}
