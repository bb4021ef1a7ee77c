//! How code is entered, in every tier.

use super::store::InstanceId;

/// What a tier is asked to run: a function that is called from outside its code.
pub(crate) struct Invocation<'a> {
    /// Whose function.
    pub instance: InstanceId,
    /// Which of its defined functions.
    pub body: u32,
    /// The logical stack that is left, in slots.
    pub budget: u32,
    /// The arguments' slots, checked against the function's type.
    pub args: &'a [u64],
    /// Where the results go; as many slots as the type has results.
    pub results: &'a mut [u64],
}
