//! Which calls compiled code makes by having the callee's operators in their place.
//!
//! A call costs more than what a small function does. Its operators are charged, checked and counted on the logical stack
//! as those of a call are; only the native call is spared. The callee must be known when its caller is compiled, however a
//! module arrives: it stands before its caller, or is that.

use std::rc::Rc;

use wasmparser::Operator;

use crate::module::body::Body;
use crate::module::info::ModuleInfo;

/// Longest body that takes the place of a call in a loop, in bytes.
const LONGEST_IN_LOOP: usize = 100;

/// Longest body that takes the place of a call elsewhere, in bytes: not more code than the call is. With 30 bytes compiling
/// the contracts of an exchange takes 13 % longer.
const LONGEST: usize = 12;

/// Largest frame of such a function, in slots of the logical stack.
const LARGEST_FRAME: u32 = 32;

/// Bytes of bodies that one function takes in, at most.
const TOGETHER: usize = 512;

/// A function in place of a call.
pub(crate) struct Inlined<'m> {
    pub body: &'m Body,
    pub ops: Rc<[Operator<'m>]>,
}

/// What one function may still take in.
#[derive(Debug, Clone)]
pub(crate) struct Inlining {
    /// Bytes of bodies.
    left: usize,
}

impl Inlining {
    /// For a function that is compiled.
    pub fn new() -> Self {
        Self { left: TOGETHER }
    }

    /// Every call is one.
    pub fn none() -> Self {
        Self { left: 0 }
    }

    /// What to have in place of a call of function `callee` in the body of function `caller` itself: calls within bodies
    /// that took the place of calls are calls.
    pub fn of_call<'m>(
        &mut self,
        info: &'m ModuleInfo,
        caller: u32,
        callee: u32,
        in_loop: bool,
    ) -> Option<Inlined<'m>> {
        let defined = callee.checked_sub(info.imported_funcs)?;
        let body = info.bodies().get(defined as usize)?;
        let bytes = body.range.len();
        let longest = if in_loop { LONGEST_IN_LOOP } else { LONGEST };
        if callee > caller || bytes > longest.min(self.left) || body.frame_slots > LARGEST_FRAME {
            return None;
        }
        // A validated body can be read.
        let ops = body.operators(&info.wasm).ok()?.into_iter();
        let ops: Rc<[Operator<'_>]> = ops.collect::<wasmparser::Result<_>>().ok()?;
        if ops.iter().any(is_tail_call) {
            return None;
        }
        self.left -= bytes;
        Some(Inlined { body, ops })
    }
}

/// Does it leave the frame that it is in to somebody else?
fn is_tail_call(op: &Operator<'_>) -> bool {
    matches!(
        op,
        Operator::ReturnCall { .. } | Operator::ReturnCallIndirect { .. }
    )
}
