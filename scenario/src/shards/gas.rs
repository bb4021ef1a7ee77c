//! Where the gas of a transaction went, over all shards.

use std::collections::BTreeMap;

use super::message::TxId;

/// The gas of one transaction and of everything that followed from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GasAccount {
    /// What its sender provided.
    pub provided: u64,
    /// What was used up, in all shards.
    pub used: u64,
    /// What was left over and given back.
    pub returned: u64,
    /// What messages still carry.
    pub travelling: u64,
}

/// Gas that appeared or vanished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "gas of transaction {} is not conserved: {} provided, but {} used + {} returned + {} travelling",
    tx.0, account.provided, account.used, account.returned, account.travelling
)]
pub struct GasLeak {
    /// The transaction.
    pub tx: TxId,
    /// Its account.
    pub account: GasAccount,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(BTreeMap<TxId, GasAccount>);

impl Ledger {
    pub fn account(&self, tx: TxId) -> GasAccount {
        self.0.get(&tx).copied().unwrap_or_default()
    }

    /// The transactions whose gas is not all used or returned yet.
    pub fn travelling(&self) -> impl Iterator<Item = (TxId, GasAccount)> {
        self.0
            .iter()
            .filter(|(_, account)| account.travelling > 0)
            .map(|(tx, account)| (*tx, *account))
    }

    pub fn set(&mut self, tx: TxId, account: GasAccount) {
        self.0.insert(tx, account);
    }

    pub fn begin(&mut self, tx: TxId, provided: u64) {
        self.0.insert(
            tx,
            GasAccount {
                provided,
                travelling: provided,
                ..GasAccount::default()
            },
        );
    }

    /// What a message carried is no longer travelling: so much of it was used, so much was left, so much sent on.
    pub fn deliver(
        &mut self,
        tx: TxId,
        carried: u64,
        used: u64,
        returned: u64,
        sent: u64,
    ) -> Result<(), GasLeak> {
        let account = self.0.entry(tx).or_default();
        // Wide enough for any sum of what was asked for; a sum that does not fit is a leak too.
        let travelling = account
            .travelling
            .checked_sub(carried)
            .and_then(|left| left.checked_add(sent));
        let sums = (
            account.used.checked_add(used),
            account.returned.checked_add(returned),
            travelling,
        );
        let (Some(used), Some(returned), Some(travelling)) = sums else {
            return Err(GasLeak {
                tx,
                account: *account,
            });
        };
        *account = GasAccount {
            used,
            returned,
            travelling,
            ..*account
        };
        let total = u128::from(used) + u128::from(returned) + u128::from(travelling);
        if total == u128::from(account.provided) {
            Ok(())
        } else {
            Err(GasLeak {
                tx,
                account: *account,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_must_be_somewhere() {
        let (mut ledger, tx) = (Ledger::default(), TxId(1));
        ledger.begin(tx, 100);
        assert_eq!(ledger.deliver(tx, 100, 30, 0, 70), Ok(()));
        assert_eq!(ledger.deliver(tx, 70, 50, 20, 0), Ok(()));
        assert_eq!(
            ledger.account(tx),
            GasAccount {
                provided: 100,
                used: 80,
                returned: 20,
                travelling: 0
            }
        );
        ledger.begin(tx, 100);
        let leak = ledger.deliver(tx, 100, 30, 0, 69).unwrap_err();
        assert_eq!(
            leak.to_string(),
            "gas of transaction 1 is not conserved: 100 provided, but 30 used + 0 returned + 69 travelling"
        );
        assert!(ledger.deliver(tx, 70, 0, 0, 0).is_err());
        assert!(ledger.deliver(tx, 0, u64::MAX, 0, 0).is_err());
    }
}
