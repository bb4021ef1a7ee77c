//! Storage: what a write costs, which keys it may not touch, and where reads come from.

use std::sync::Arc;

use arwen_interface::{ADDRESS_LEN, Bytes};
use arwen_metering::GasKey;

use crate::errors::EeiError;
use crate::observe::StorageAccess;

use super::Run;

/// Keys with this prefix belong to the VM.
const PROTECTED_PREFIX: &[u8] = b"ARWEN@";

/// What a write did; the numbers are what contracts see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StorageStatus {
    Unchanged = 0,
    Modified = 1,
    Added = 2,
    Deleted = 3,
}

/// Whose storage the running contract uses.
#[derive(Default)]
pub(crate) struct StorageScope {
    pub address: Bytes,
    saved: Vec<Bytes>,
}

impl StorageScope {
    pub(crate) fn push_state(&mut self) {
        self.saved.push(self.address.clone());
    }

    pub(crate) fn pop_set_state(&mut self) {
        if let Some(address) = self.saved.pop() {
            self.address = address;
        }
    }
}

impl Run<'_> {
    fn charge_long_key(&mut self, key: &[u8]) {
        if key.len() > ADDRESS_LEN {
            self.charge_bytes(GasKey::DataCopyPerByte, (key.len() - ADDRESS_LEN) as u64);
        }
    }

    /// Reads a value of the running contract, with its cost.
    pub(crate) fn load(&mut self, key: &[u8]) -> Arc<Bytes> {
        self.charge_long_key(key);
        let value = self.load_unmetered(key);
        self.tell_storage(None, key, &value, None);
        self.charge_bytes(GasKey::DataCopyPerByte, value.len() as u64);
        value
    }

    /// Tells that a value of an account, the running contract when it is `None`, has been read or is written.
    fn tell_storage(&mut self, account: Option<&[u8]>, key: &[u8], before: &[u8], after: Option<&[u8]>) {
        let account = account.unwrap_or(&self.storage.address);
        if let Some(observer) = self.observer.as_deref_mut() {
            observer.storage(&StorageAccess {
                account,
                key,
                before,
                after,
            });
        }
    }

    /// Reads a value of the running contract.
    pub(crate) fn load_unmetered(&mut self, key: &[u8]) -> Arc<Bytes> {
        let address = std::mem::take(&mut self.storage.address);
        let value = self.load_of(&address, key);
        self.storage.address = address;
        value
    }

    /// Reads a value of any account; what was read is kept for later reads of this run.
    pub(crate) fn load_of(&mut self, address: &[u8], key: &[u8]) -> Arc<Bytes> {
        if let Some(value) = self.output.accounts.stored(address, key) {
            return value.clone();
        }
        let value = Arc::new(self.chain.storage(address, key));
        self.output.accounts.store(address, key, value.clone());
        value
    }

    /// Reads a value of another account, with its cost; nothing when that account is absent or not readable.
    pub(crate) fn load_from(&mut self, address: &[u8], key: &[u8]) -> Arc<Bytes> {
        self.charge_long_key(key);
        if address != self.storage.address {
            let readable = self
                .chain
                .account_if_any(address)
                .is_some_and(|a| CodeMetadata::of(&a.code_metadata).readable);
            if !readable {
                return Arc::default();
            }
        }
        // A built-in function may have changed a reserved key since it was last read.
        let value = if self.is_reserved(key) {
            Arc::new(self.chain.storage(address, key))
        } else {
            self.load_of(address, key)
        };
        self.tell_storage(Some(address), key, &value, None);
        self.charge_bytes(GasKey::DataCopyPerByte, value.len() as u64);
        value
    }

    fn is_reserved(&self, key: &[u8]) -> bool {
        key.starts_with(&self.core.settings.protected_key_prefix)
    }

    /// Writes a value of the running contract, with its cost.
    ///
    /// # Errors
    /// For keys of the node or of the VM. In read-only mode nothing happens, which is no error.
    pub(crate) fn store(&mut self, key: &[u8], value: Bytes) -> Result<StorageStatus, EeiError> {
        if !self.runtime.read_only && !self.is_reserved(key) && key.starts_with(PROTECTED_PREFIX) {
            return Err(EeiError::ProtectedKey);
        }
        self.store_protected(key, value)
    }

    /// As [`store`](Self::store), also for keys of the VM.
    pub(crate) fn store_protected(&mut self, key: &[u8], value: Bytes) -> Result<StorageStatus, EeiError> {
        if self.runtime.read_only {
            return Ok(StorageStatus::Unchanged);
        }
        if self.is_reserved(key) {
            return Err(EeiError::ReservedKey);
        }
        self.charge_long_key(key);
        let old = self.load_unmetered(key);
        self.tell_storage(None, key, &old, Some(&value));
        let (old_len, new_len) = (old.len() as u64, value.len() as u64);
        if self.core.preemption.equal(&old, &value) {
            self.charge_bytes(GasKey::DataCopyPerByte, new_len);
            return Ok(StorageStatus::Unchanged);
        }
        self.output
            .accounts
            .store(&self.storage.address, key, Arc::new(value));
        if old_len == 0 {
            self.charge_bytes(GasKey::StorePerByte, new_len);
            return Ok(StorageStatus::Added);
        }
        if new_len == 0 {
            self.free_bytes(GasKey::ReleasePerByte, old_len);
            return Ok(StorageStatus::Deleted);
        }
        if new_len > old_len {
            self.charge_bytes(GasKey::PersistPerByte, old_len);
            self.charge_bytes(GasKey::StorePerByte, new_len - old_len);
        } else if new_len < old_len {
            self.charge_bytes(GasKey::PersistPerByte, new_len);
            self.free_bytes(GasKey::ReleasePerByte, old_len - new_len);
        }
        Ok(StorageStatus::Modified)
    }
}

/// The flags of a contract's code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CodeMetadata {
    pub upgradeable: bool,
    pub readable: bool,
    pub payable: bool,
}

impl CodeMetadata {
    /// The flags in two bytes; none are set in any other length.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match bytes {
            [first, second] => Self {
                upgradeable: first & 1 != 0,
                readable: first & 4 != 0,
                payable: second & 2 != 0,
            },
            _ => Self::default(),
        }
    }
}
