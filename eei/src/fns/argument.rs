//! The arguments of the call.

use arwen_interface::Bytes;

use crate::abi::MemPtr;
use crate::errors::Stop;

use super::{HostCall, write};

impl HostCall<'_, '_, '_> {
    /// Argument `id`, if there is one.
    pub(crate) fn argument(&self, id: i32) -> Option<&Bytes> {
        self.run.runtime.input.arguments.get(usize::try_from(id).ok()?)
    }

    pub(crate) fn get_num_arguments(&mut self) -> Result<i32, Stop> {
        Ok(self.run.runtime.input.arguments.len() as i32)
    }

    pub(crate) fn get_argument_length(&mut self, id: i32) -> Result<i32, Stop> {
        Ok(self.argument(id).map_or(-1, |argument| argument.len() as i32))
    }

    pub(crate) fn get_argument(&mut self, id: i32, data: MemPtr) -> Result<i32, Stop> {
        // Not by the method, which would borrow the memory as well.
        let arguments = &self.run.runtime.input.arguments;
        let Some(argument) = usize::try_from(id).ok().and_then(|id| arguments.get(id)) else {
            return Ok(-1);
        };
        write(self.caller, &self.run.core.preemption, data, argument)?;
        Ok(argument.len() as i32)
    }
}
