//! The measurements, peers side by side.
