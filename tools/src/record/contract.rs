//! What happened in one contract's code, operator by operator.

use std::collections::BTreeMap;

use arwen_engine::{Module, Step};
use arwen_interface::Bytes;
use arwen_metering::{ChargeId, Op, OpCosts};

/// Code that ran.
pub struct Contract {
    /// Where it was first seen.
    pub address: Bytes,
    /// Its SHA-256.
    pub hash: Bytes,
    /// The code.
    pub module: Module,
    /// How often each operator ran, by its offset in the module.
    executed: Vec<u64>,
    /// How often each charge was made, by the prices it was made at.
    charged: Vec<(OpCosts, BTreeMap<ChargeId, Charged>)>,
    /// Gas charged by amount: operator and gas by offset.
    by_amount: BTreeMap<u32, (Op, i128)>,
}

#[derive(Clone, Copy, Default)]
struct Charged {
    times: u64,
    gas: i128,
}

/// The gas of one operator of a contract, at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorGas {
    /// Where it stands: bytes from the start of the module.
    pub offset: u32,
    /// Which it is; none for the locals of a function, which are paid when it is entered.
    pub op: Option<Op>,
    /// How often it was paid.
    pub times: u64,
    /// The gas.
    pub gas: i128,
}

impl Contract {
    pub(super) fn new(address: &[u8], hash: &[u8], module: &Module) -> Self {
        Self {
            address: address.to_vec(),
            hash: hash.to_vec(),
            module: module.clone(),
            executed: vec![0; module.wasm().len()],
            charged: Vec::new(),
            by_amount: BTreeMap::new(),
        }
    }

    /// The number of these prices in what follows.
    pub(super) fn prices(&mut self, prices: &OpCosts) -> usize {
        let known = self.charged.iter().position(|(known, _)| known == prices);
        known.unwrap_or_else(|| {
            self.charged.push((prices.clone(), BTreeMap::new()));
            self.charged.len() - 1
        })
    }

    /// Counts an operator; gives its gas.
    pub(super) fn step(&mut self, prices: usize, step: &Step<'_>) -> i128 {
        if let Some(count) = self.executed.get_mut(step.place.offset as usize) {
            *count += 1;
        }
        let mut gas = 0;
        if let (Some(charge), Some((_, charges))) = (step.charge, self.charged.get_mut(prices)) {
            let charged = charges.entry(charge.id).or_default();
            charged.times += 1;
            charged.gas += i128::from(charge.gas);
            gas += i128::from(charge.gas);
        }
        if let Some(units) = step.units {
            let entry = self.by_amount.entry(step.place.offset).or_insert((step.op, 0));
            entry.1 += i128::from(units.gas);
            gas += i128::from(units.gas);
        }
        gas
    }

    /// How often the operator at an offset ran; 0 where none starts.
    pub fn executed(&self, offset: u32) -> u64 {
        self.executed.get(offset as usize).copied().unwrap_or(0)
    }

    /// The gas of every operator that was paid. Adds up to what was charged in this code.
    pub fn operators(&self) -> Vec<OperatorGas> {
        let paid_by = self.module.charged_operators();
        let mut found = Vec::new();
        for (prices, charges) in &self.charged {
            for (id, charged) in charges {
                let paid = paid_by.of_charge(*id);
                let mut rest = charged.gas;
                for operator in paid {
                    let gas = i128::from(prices.price(operator.op)) * i128::from(charged.times);
                    rest -= gas;
                    found.push(OperatorGas {
                        offset: operator.offset,
                        op: Some(operator.op),
                        times: charged.times,
                        gas,
                    });
                }
                // What operators do not explain is the price of locals.
                if rest != 0 {
                    found.push(OperatorGas {
                        offset: paid.first().map_or(0, |first| first.offset),
                        op: None,
                        times: charged.times,
                        gas: rest,
                    });
                }
            }
        }
        found.extend(self.by_amount.iter().map(|(offset, (op, gas))| OperatorGas {
            offset: *offset,
            op: Some(*op),
            times: 0,
            gas: *gas,
        }));
        found
    }
}
