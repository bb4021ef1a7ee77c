//! What a scenario expects against what happened. The messages are the reference's.

mod accounts;
mod result;
mod tokens;

pub(crate) use accounts::accounts;
pub(crate) use result::result;
pub(crate) use tokens::{HeldToken, held_tokens};
