//! What compiled code owes to the plan at each of its places.
//!
//! The plan says where gas is charged and where the limit is looked at. Compiled code may do both later, as long as
//! nobody can tell. In loops that it has more than once it carries what is due along the ways that control takes, and
//! pays where ways with different debts meet, where the loop is left, and before the last copy jumps back. A check that a
//! later one makes redundant is not made at all. Elsewhere it pays where the plan says.
//!
//! What is due but not paid is known for every place in the code: it is its *debt*. A trap may come in between, so every
//! trap site has its debt written down. Whoever catches the trap adds what had been due to the counter, and looks at the
//! limit in place of the check that was passed over: if gas had run out there, that is what has happened, and the trap
//! has not.

use std::collections::BTreeMap;

use arwen_metering::ChargeId;

/// Most charges that are carried along, and most that may follow a check that has been passed over. Each is paid once
/// more on every way that leaves, so this bounds how much code becomes of a charge.
const MOST: usize = 8;

/// What is due at a place and has not been paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Debt {
    /// Charges that the counter lacks, in order.
    pub charges: Vec<ChargeId>,
    /// The charges since the last check that was passed over, whether the counter lacks them or not; `None` when every
    /// check has been made.
    pub since_check: Option<Vec<ChargeId>>,
}

impl Debt {
    /// Is nothing due?
    pub fn is_paid(&self) -> bool {
        self.charges.is_empty() && self.since_check.is_none()
    }

    /// Has it grown as large as it may be carried?
    pub fn is_full(&self) -> bool {
        self.charges.len() >= MOST || self.since_check.as_ref().is_some_and(|since| since.len() >= MOST)
    }

    /// A charge falls due.
    pub fn charge(&mut self, id: ChargeId) {
        self.charges.push(id);
        if let Some(since) = &mut self.since_check {
            since.push(id);
        }
    }

    /// A check falls due. It covers those before it: gas used never shrinks.
    pub fn check(&mut self) {
        self.since_check = Some(Vec::new());
    }

    /// Words of its written form, by which [`Debt::resolve`] reads it: how many charges the counter lacks, 1 more than
    /// how many there were since the check or 0 without one, then the charges.
    pub fn words(&self) -> impl Iterator<Item = u32> {
        let since = self.since_check.as_deref();
        let counts = [
            self.charges.len() as u32,
            since.map_or(0, |since| since.len() as u32 + 1),
        ];
        let charges = self.charges.iter().chain(since.unwrap_or_default());
        counts.into_iter().chain(charges.map(|id| id.0))
    }

    /// Reads the written form at the start of `words`: what the counter comes to with everything that had fallen due, and
    /// what it was at the check that was passed over, if there was one. Allocates nothing.
    pub fn resolve(counter: u64, mut words: impl Iterator<Item = u32>, prices: &[u64]) -> (u64, Option<u64>) {
        let (lacks, since) = (words.next().unwrap_or(0), words.next().unwrap_or(0));
        let price = |id: u32| prices.get(id as usize).copied().unwrap_or(0);
        let mut sum = |count: u32| {
            let ids = words.by_ref().take(count as usize);
            ids.fold(0u64, |sum, id| sum.wrapping_add(price(id)))
        };
        let used = counter.wrapping_add(sum(lacks));
        let at_check = (since > 0).then(|| used.wrapping_sub(sum(since - 1)));
        (used, at_check)
    }
}

/// The debts of a function, each once, by number. Number 0 is no debt.
#[derive(Debug)]
pub(crate) struct Ledger {
    debts: Vec<Debt>,
    numbers: BTreeMap<Debt, u32>,
}

impl Ledger {
    pub fn new() -> Self {
        Self {
            debts: vec![Debt::default()],
            numbers: BTreeMap::from([(Debt::default(), 0)]),
        }
    }

    /// The number of a debt.
    pub fn number(&mut self, debt: &Debt) -> u32 {
        if let Some(number) = self.numbers.get(debt) {
            return *number;
        }
        let number = self.debts.len() as u32;
        self.debts.push(debt.clone());
        self.numbers.insert(debt.clone(), number);
        number
    }

    /// The debts by number.
    pub fn into_debts(self) -> Vec<Debt> {
        self.debts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debt_is_read_as_it_was_written() {
        let prices = [1, 20, 300, 4000];
        let mut debt = Debt::default();
        let resolve = |debt: &Debt| Debt::resolve(7, debt.words(), &prices);
        assert_eq!(resolve(&debt), (7, None));
        debt.charge(ChargeId(3));
        assert_eq!(resolve(&debt), (4007, None));
        debt.check();
        assert_eq!(resolve(&debt), (4007, Some(4007)));
        debt.charge(ChargeId(1));
        debt.charge(ChargeId(1));
        assert_eq!(resolve(&debt), (4047, Some(4007)));
        debt.charges.clear();
        assert_eq!(resolve(&debt), (7, Some(7u64.wrapping_sub(40))));
        debt.check();
        assert_eq!(resolve(&debt), (7, Some(7)));
    }

    #[test]
    fn words_that_are_missing_or_name_no_price_count_for_nothing() {
        assert_eq!(Debt::resolve(5, [].into_iter(), &[1]), (5, None));
        assert_eq!(Debt::resolve(5, [2, 0, 0].into_iter(), &[1]), (6, None));
        assert_eq!(Debt::resolve(5, [1, 2, 9].into_iter(), &[1]), (5, Some(5)));
    }

    #[test]
    fn every_debt_has_one_number() {
        let mut ledger = Ledger::new();
        let mut debt = Debt::default();
        assert_eq!(ledger.number(&debt), 0);
        debt.check();
        assert_eq!(ledger.number(&debt), 1);
        debt.charge(ChargeId(0));
        assert_eq!((ledger.number(&debt), ledger.number(&debt)), (2, 2));
        assert_eq!(ledger.into_debts()[2], debt);
    }
}
