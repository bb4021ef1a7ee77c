//! Declarative contract tests (mandos) and the in-memory world.

mod check;
pub mod expr;
pub mod files;
pub mod json;
pub mod model;
pub mod parse;
pub mod run;
pub mod shards;
pub mod suite;
pub mod world;
pub mod write;

pub use parse::Parser;
pub use run::{Failure, Machine, Runner};
pub use world::{Account, BlockInfo, World};
