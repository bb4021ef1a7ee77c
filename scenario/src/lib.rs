//! Declarative contract tests (mandos) and the in-memory world.
