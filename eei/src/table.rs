//! Every host function, once: its name in a contract, its Rust method, its types, its price, its meaning.
//!
//! A row drives linking, dispatch (charge, decode, call, encode) and the manual
//! ([`crate::manual`]) with the declarations that contracts include ([`crate::declarations`]). A row without a method does not build.

#[macro_use]
mod rows;
mod base;
mod big_int;
mod crypto;
mod small_int;

use arwen_engine::FuncType;
use arwen_metering::GasKey;

use crate::abi::{Kind, Part};
use crate::errors::{EeiError, Stop};
use crate::fns::HostCall;

/// One row of the table as data: what the linker and the manual read.
#[derive(Debug)]
pub struct HostFn {
    /// The import's name in module `env`.
    pub name: &'static str,
    /// What it takes: a name and the Wasm parameters that belong to it.
    pub takes: &'static [(&'static str, &'static [Part])],
    /// What the result means.
    pub result: Option<Kind>,
    /// Which prices a call pays besides charges per byte.
    pub gas: &'static [GasKey],
    /// When the prices are paid.
    pub charged: Charged,
    /// The VM version that brought it, at the latest.
    pub since: &'static str,
    /// What it does, for contract authors.
    pub doc: &'static str,
}

impl HostFn {
    /// The Wasm parameters: name and meaning.
    pub fn params(&self) -> impl Iterator<Item = (String, Kind)> {
        self.takes.iter().flat_map(|(name, parts)| {
            parts
                .iter()
                .map(move |part| (format!("{}{name}{}", part.prefix, part.suffix), part.kind))
        })
    }

    /// The Wasm signature.
    pub fn ty(&self) -> FuncType {
        let parts = self.takes.iter().flat_map(|(_, parts)| *parts);
        let params: Vec<_> = parts.map(|part| part.kind.wasm()).collect();
        let results: Vec<_> = self.result.iter().map(|kind| kind.wasm()).collect();
        FuncType::new(&params, &results)
    }
}

/// When a host function pays its fixed price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charged {
    /// Before it does anything.
    First,
    /// In between, where the method says.
    Within,
}

/// A group of rows.
pub struct Group {
    /// A heading for the manual.
    pub title: &'static str,
    /// The rows.
    pub rows: &'static [HostFn],
    dispatch: fn(&mut HostCall<'_, '_, '_>, usize, &[u64]) -> Result<u64, Stop>,
}

/// Every group, in the order of the manual.
pub static GROUPS: [Group; 4] = [
    Group {
        title: "Contracts, accounts and the chain",
        rows: base::ROWS,
        dispatch: base::dispatch,
    },
    Group {
        title: "Big integers",
        rows: big_int::ROWS,
        dispatch: big_int::dispatch,
    },
    Group {
        title: "Small integers",
        rows: small_int::ROWS,
        dispatch: small_int::dispatch,
    },
    Group {
        title: "Hashes and signatures",
        rows: crypto::ROWS,
        dispatch: crypto::dispatch,
    },
];

/// A linked import: what compiled code keeps instead of a name. Group in the upper half, row in the lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostFnId(pub u32);

/// Every host function with its number, in table order.
pub fn host_fns() -> impl Iterator<Item = (HostFnId, &'static HostFn)> {
    GROUPS.iter().zip(0u32..).flat_map(|(group, g)| {
        group
            .rows
            .iter()
            .zip(0u32..)
            .map(move |(row, r)| (HostFnId(g << 16 | r), row))
    })
}

/// Runs a host function with untyped arguments; the result is zero when it has none.
pub(crate) fn dispatch(call: &mut HostCall<'_, '_, '_>, id: u32, args: &[u64]) -> Result<u64, Stop> {
    match GROUPS.get((id >> 16) as usize) {
        Some(group) => (group.dispatch)(call, (id & 0xffff) as usize, args),
        None => Err(EeiError::ExecutionFailed.into()),
    }
}

/// Whether a name is that of a host function; contracts may not export it.
pub(crate) fn is_host_fn(name: &str) -> bool {
    GROUPS
        .iter()
        .any(|group| group.rows.iter().any(|row| row.name == name))
}
