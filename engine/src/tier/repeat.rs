//! Which loops compiled code holds several times over.
//!
//! A turn of a small loop is cheap beside what the plan wants of it: a charge and a check at every jump back. With its
//! body there several times, one after the other, charges are put together and the limit is looked at once for all of
//! them (see the ledger of `jit`), and the code generator finds more to share.

use wasmparser::Operator;

/// Longest loop, in operators, that is held more than once.
const LONGEST: usize = 64;

/// Operators that all copies of a loop have together, at most.
const TOGETHER: usize = 128;

/// Most copies of a loop.
const MOST: usize = 4;

/// How often to have the loop whose operators are the next of `ops`, up to and beyond its `end`: more than once only if
/// it is small, holds no other loop, and stays in compiled code.
pub(crate) fn copies(ops: &[Operator<'_>]) -> u32 {
    let mut depth = 0u32;
    let mut jumps_back = false;
    for (length, op) in ops.iter().take(LONGEST).enumerate() {
        match op {
            Operator::Block { .. } | Operator::If { .. } => depth += 1,
            Operator::End if depth == 0 => {
                let copies = (TOGETHER / (length + 1)).clamp(1, MOST);
                return if jumps_back { copies as u32 } else { 1 };
            }
            Operator::End => depth -= 1,
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                jumps_back |= *relative_depth == depth;
            }
            Operator::Loop { .. } | Operator::BrTable { .. } => return 1,
            op if leaves(op) => return 1,
            _ => {}
        }
    }
    1
}

/// Is it a call, or made by a helper outside compiled code?
fn leaves(op: &Operator<'_>) -> bool {
    use Operator as O;
    matches!(
        op,
        O::Call { .. }
            | O::CallIndirect { .. }
            | O::ReturnCall { .. }
            | O::ReturnCallIndirect { .. }
            | O::MemoryGrow { .. }
            | O::MemoryCopy { .. }
            | O::MemoryFill { .. }
            | O::MemoryInit { .. }
            | O::DataDrop { .. }
            | O::TableGrow { .. }
            | O::TableFill { .. }
            | O::TableCopy { .. }
            | O::TableInit { .. }
            | O::ElemDrop { .. }
    )
}
