//! Which operators of a module each of its charges pays for, by position.

use std::collections::BTreeMap;

use arwen_metering::{ChargeId, ModulePlan, Op};

use super::code::{FuncCode, Site};
use crate::module::info::ModuleInfo;

/// An operator that a charge pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChargedOperator {
    /// Its function, by its index in the module, imports first.
    pub function: u32,
    /// Bytes from the start of the module.
    pub offset: u32,
    /// Which it is.
    pub op: Op,
}

/// For which operators each charge of a module pays. Each operator that can run is paid by one charge.
#[derive(Debug, Clone, Default)]
pub struct ChargedOperators {
    charges: Vec<Vec<ChargedOperator>>,
}

impl ChargedOperators {
    /// Takes the plan's word for how many of each operator a charge pays for, and finds the operators in the code:
    /// the first of a kind belong to the first charge of the function that pays for that kind, and so on.
    pub(crate) fn of(module: &ModuleInfo, plan: &ModulePlan) -> Self {
        let mut charges = vec![Vec::new(); plan.len()];
        for body in 0..module.bodies().len() as u32 {
            // Validated code can be read.
            let Ok(code) = FuncCode::read(module, body) else {
                continue;
            };
            let mut places = live_by_kind(&code.sites);
            for point in code.sites.iter().filter_map(|site| site.point) {
                let Some(charge) = point.charge else { continue };
                let Some(paid) = charges.get_mut(charge.index()) else {
                    continue;
                };
                for (op, count) in plan.operators(charge) {
                    let offsets = places.get_mut(&op).into_iter().flatten().take(count as usize);
                    paid.extend(offsets.map(|offset| ChargedOperator {
                        function: code.function,
                        offset,
                        op,
                    }));
                }
                paid.sort_by_key(|paid| paid.offset);
            }
        }
        Self { charges }
    }

    /// The operators that a charge pays for, in code order; none for a charge by amount, which belongs to the
    /// operator it is made at.
    pub fn of_charge(&self, charge: ChargeId) -> &[ChargedOperator] {
        self.charges.get(charge.index()).map_or(&[], Vec::as_slice)
    }

    /// All of them, charge by charge.
    pub fn iter(&self) -> impl Iterator<Item = &ChargedOperator> {
        self.charges.iter().flatten()
    }
}

/// Offsets of the operators that can be reached from the start of the function, by kind, in code order.
fn live_by_kind(sites: &[Site<'_>]) -> BTreeMap<Op, std::vec::IntoIter<u32>> {
    let mut places: BTreeMap<Op, Vec<u32>> = BTreeMap::new();
    // 0 in live code, else 1 and how many blocks were opened since.
    let mut dead = 0u32;
    for site in sites {
        if dead == 0 {
            places.entry(site.op).or_default().push(site.offset);
        }
        dead = match site.op {
            Op::Block | Op::Loop | Op::If if dead > 0 => dead + 1,
            Op::End if dead > 0 => dead - 1,
            Op::Else if dead == 1 => 0,
            Op::Unreachable | Op::Br | Op::BrTable | Op::Return | Op::ReturnCall | Op::ReturnCallIndirect => {
                dead.max(1)
            }
            _ => dead,
        };
    }
    places
        .into_iter()
        .map(|(op, offsets)| (op, offsets.into_iter()))
        .collect()
}
