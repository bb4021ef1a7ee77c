//! Blocks and branches.

use wasmparser::{BlockType, Operator};

use super::code::Site;
use super::machine::Machine;
use crate::trap::Trap;

/// Where a branch out of an open block goes.
pub(super) struct Label {
    /// The operator.
    next: usize,
    /// Operands below what the branch takes along, counted from the bottom of the stack.
    height: usize,
    /// Operands the branch takes along.
    arity: usize,
    /// Does the block stay open?
    is_loop: bool,
}

impl Machine<'_, '_> {
    /// Blocks, branches, and what chooses between operands; `false` when the operator is none of them.
    pub(super) fn control(&mut self, site: &Site<'_>) -> Result<bool, Trap> {
        match &site.operator {
            Operator::Nop => {}
            Operator::Unreachable => return Err(Trap::Unreachable),
            Operator::Block { blockty } => self.open(site, blockty, false)?,
            Operator::Loop { blockty } => self.open(site, blockty, true)?,
            Operator::If { blockty } => {
                let condition = self.pop()? as u32;
                if condition != 0 || site.otherwise != site.next {
                    self.open(site, blockty, false)?;
                }
                if condition == 0 {
                    self.go_to(site.otherwise)?;
                }
            }
            // The end of the other branch.
            Operator::Else => {
                self.labels.pop();
                self.go_to(site.next)?;
            }
            Operator::End => {
                if self.labels.len() > self.frame()?.labels {
                    self.labels.pop();
                } else {
                    self.leave()?;
                }
            }
            Operator::Br { relative_depth } => self.branch(*relative_depth)?,
            Operator::BrIf { relative_depth } => {
                if self.pop()? as u32 != 0 {
                    self.branch(*relative_depth)?;
                }
            }
            Operator::BrTable { .. } => {
                let index = self.pop()? as u32;
                let depth = site.depths.get(index as usize).or(site.depths.last());
                self.branch(*depth.ok_or(Trap::Internal)?)?;
            }
            Operator::Return => self.leave()?,
            Operator::Drop => {
                self.pop()?;
            }
            Operator::Select | Operator::TypedSelect { .. } => {
                let condition = self.pop()? as u32;
                let (no, yes) = (self.pop()?, self.pop()?);
                self.stack.push(if condition != 0 { yes } else { no });
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn go_to(&mut self, next: usize) -> Result<(), Trap> {
        self.frames.last_mut().ok_or(Trap::Internal)?.next = next;
        Ok(())
    }

    /// Opens a block; its parameters are on top of the stack.
    fn open(&mut self, site: &Site<'_>, ty: &BlockType, is_loop: bool) -> Result<(), Trap> {
        let (params, results) = match ty {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(index) => {
                let ty = self.module()?.types.get(*index as usize).ok_or(Trap::Internal)?;
                (ty.params().len(), ty.results().len())
            }
        };
        let height = self.stack.len().checked_sub(params).ok_or(Trap::Internal)?;
        // The operator after `loop` is the one to run next.
        let start = self.frame()?.next;
        self.labels.push(Label {
            next: if is_loop { start } else { site.next },
            height,
            arity: if is_loop { params } else { results },
            is_loop,
        });
        Ok(())
    }

    fn branch(&mut self, depth: u32) -> Result<(), Trap> {
        let first = self.frame()?.labels;
        let open = self.labels.len() - first;
        let Some(index) = open.checked_sub(depth as usize + 1) else {
            // The label of the function itself.
            return self.leave();
        };
        let Some(&Label {
            next,
            height,
            arity,
            is_loop,
        }) = self.labels.get(first + index)
        else {
            return Err(Trap::Internal);
        };
        self.keep_top(height, arity)?;
        self.labels.truncate(first + index + usize::from(is_loop));
        self.go_to(next)
    }
}
