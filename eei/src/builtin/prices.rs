//! What built-in functions cost.

use arwen_metering::{BuiltInKey, GasKey, Schedule};

use super::BuiltinError;

/// The prices built-in functions look at. Unit: gas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltinPrices {
    /// Per byte by which storage grows.
    pub store_per_byte: u64,
    /// Per byte written to storage.
    pub persist_per_byte: u64,
    /// Per byte handed on.
    pub copy_per_byte: u64,
    /// Per call; `None` where the schedule is silent.
    functions: Box<[Option<u64>]>,
}

impl BuiltinPrices {
    /// The prices of a gas schedule.
    pub fn of(schedule: &Schedule) -> Self {
        Self {
            store_per_byte: schedule.cost(GasKey::StorePerByte),
            persist_per_byte: schedule.cost(GasKey::PersistPerByte),
            copy_per_byte: schedule.cost(GasKey::DataCopyPerByte),
            functions: BuiltInKey::ALL
                .iter()
                .map(|key| schedule.built_in_cost(*key))
                .collect(),
        }
    }

    /// The same price for everything, as declarative tests have it: 1.
    pub fn uniform(price: u64) -> Self {
        Self {
            store_per_byte: price,
            persist_per_byte: price,
            copy_per_byte: price,
            functions: BuiltInKey::ALL.iter().map(|_| Some(price)).collect(),
        }
    }

    /// The price of one call.
    ///
    /// # Errors
    /// [`BuiltinError::Unpriced`] when the schedule is silent.
    pub fn function(&self, key: BuiltInKey) -> Result<u64, BuiltinError> {
        self.functions
            .get(key as usize)
            .copied()
            .flatten()
            .ok_or(BuiltinError::Unpriced(key.name()))
    }
}
