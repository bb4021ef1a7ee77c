//! Declarative contract tests (mandos) and the in-memory world.

pub mod expr;
pub mod files;
pub mod json;
pub mod world;

pub use world::{Account, BlockInfo, World};
