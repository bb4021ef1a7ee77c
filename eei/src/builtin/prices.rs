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
    /// Prices per byte by which storage grows, per byte written and per byte handed on, and the price of each function;
    /// `None` for one that has none.
    pub fn new(
        [store_per_byte, persist_per_byte, copy_per_byte]: [u64; 3],
        mut function: impl FnMut(BuiltInKey) -> Option<u64>,
    ) -> Self {
        Self {
            store_per_byte,
            persist_per_byte,
            copy_per_byte,
            functions: BuiltInKey::ALL.iter().map(|key| function(*key)).collect(),
        }
    }

    /// The prices of a gas schedule.
    pub fn of(schedule: &Schedule) -> Self {
        let bytes = [
            GasKey::StorePerByte,
            GasKey::PersistPerByte,
            GasKey::DataCopyPerByte,
        ];
        Self::new(bytes.map(|key| schedule.cost(key)), |key| {
            schedule.built_in_cost(key)
        })
    }

    /// The same price for everything, as declarative tests have it: 1.
    pub fn uniform(price: u64) -> Self {
        Self::new([price; 3], |_| Some(price))
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
