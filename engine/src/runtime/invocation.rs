//! How code is entered, in every tier.

use super::context::FuncRef;
use super::store::InstanceId;

/// What a tier is asked to run: a function that is called from outside its code.
pub(crate) struct Invocation<'a> {
    /// Whose function.
    pub instance: InstanceId,
    /// Which of its defined functions.
    pub body: u32,
    /// The reference to it.
    pub reference: *const FuncRef,
    /// The logical stack that is left, in slots.
    pub budget: u32,
    /// First the arguments, checked against the function's type; in their place the results, if it does not trap. As
    /// many slots as the larger of both.
    pub slots: &'a mut [u64],
    /// Slots that are arguments.
    pub params: usize,
    /// Slots that become results.
    pub results: usize,
}
