//! What executing WebAssembly costs, and exactly where it is charged.
//!
//! Two halves that meet in one table:
//!
//! * a **plan** ([`ModulePlan`], [`FuncPlan`]), made from code and [`Rules`] alone: before which operators something is
//!   charged, for which operators it pays, and where the limit is looked at;
//! * a **schedule** ([`Schedule`]), made from an operator's or a node's price list alone.
//!
//! [`ModulePlan::costs`] prices the first with the second. Every engine tier follows the same plan and loads its charges
//! from the same [`CostTable`], so tiers cannot disagree, and new prices need no new code.
//!
//! `docs/gas.md` explains a whole bill with a worked example.

mod bundled;
mod error;
mod gas_key;
mod op;
mod op_costs;
mod opcode_keys;
mod plan;
mod plan_bytes;
mod planner;
mod rules;
mod schedule;

pub use error::{KeyProblem, ScheduleError, UnknownKey};
pub use gas_key::{BuiltInKey, GasKey};
pub use op::Op;
pub use op_costs::OpCosts;
pub use plan::{ChargeId, CostTable, FuncPlan, ModulePlan, Point};
pub use planner::ModulePlanner;
pub use rules::{LocalsRule, Rules, UnitRate};
pub use schedule::{RawSchedule, Schedule};
