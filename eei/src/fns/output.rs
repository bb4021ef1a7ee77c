//! Return data, logs, and the contract's own errors.

use arwen_interface::{Bytes, ReturnCode};
use arwen_metering::GasKey;

use crate::abi::{MemList, MemPtr, MemSlice};
use crate::context::abort_index;
use crate::context::runtime::Breakpoint;
use crate::errors::{EeiError, Stop};

use super::{HASH_LEN, HostCall, charged};

impl HostCall<'_, '_, '_> {
    pub(crate) fn finish(&mut self, data: MemSlice) -> Result<(), Stop> {
        self.run.charge_bytes(GasKey::PersistPerByte, charged(data.len));
        let data = self.load(data)?;
        self.run.output.state.return_data.push(data);
        Ok(())
    }

    pub(crate) fn signal_error(&mut self, message: MemSlice) -> Result<(), Stop> {
        let message = self.load(message)?;
        self.run.output.state.return_code = ReturnCode::UserError;
        self.run.output.state.return_message = message;
        self.run.runtime.set_breakpoint(Breakpoint::SignalError);
        Err(Stop::Breakpoint)
    }

    pub(crate) fn write_log(&mut self, data: MemSlice, topics: MemPtr, num_topics: i32) -> Result<(), Stop> {
        let bytes = num_topics.wrapping_mul(HASH_LEN).wrapping_add(data.len);
        self.run.charge_bytes(GasKey::PersistPerByte, charged(bytes));
        let data = self.load(data)?;
        if num_topics < 0 {
            return Err(EeiError::negative_topics(num_topics).into());
        }
        let mut list = Vec::new();
        for topic in 0..num_topics {
            if self.run.core.preemption.is_over() {
                break;
            }
            let at = topics.0.wrapping_add(topic.wrapping_mul(HASH_LEN));
            list.push(self.load(MemPtr(at).with_len(HASH_LEN))?);
        }
        self.log(list, data);
        Ok(())
    }

    pub(crate) fn write_event_log(&mut self, topics: MemList, data: MemSlice) -> Result<(), Stop> {
        let (topics, topic_bytes) = self.load_list(topics)?;
        let bytes = topic_bytes.wrapping_add(data.len);
        let data = self.load(data)?;
        self.run.charge(GasKey::Log);
        self.run.charge_bytes(GasKey::DataCopyPerByte, charged(bytes));
        self.log(topics, data);
        Ok(())
    }

    fn log(&mut self, topics: Vec<Bytes>, data: Bytes) {
        if !self.run.runtime.read_only {
            self.run.output.log(&self.run.runtime.address, topics, data);
        }
    }

    /// Item `id` of the return data; nothing past the end. The reference does not expect negative ids.
    fn return_item(&self, id: i32) -> Bytes {
        let items = &self.run.output.state.return_data;
        let id = usize::try_from(id).unwrap_or_else(|_| abort_index(id));
        items.get(id).cloned().unwrap_or_default()
    }

    pub(crate) fn get_num_return_data(&mut self) -> Result<i32, Stop> {
        Ok(self.run.output.state.return_data.len() as i32)
    }

    pub(crate) fn get_return_data_size(&mut self, id: i32) -> Result<i32, Stop> {
        Ok(self.return_item(id).len() as i32)
    }

    pub(crate) fn get_return_data(&mut self, id: i32, data: MemPtr) -> Result<i32, Stop> {
        let item = self.return_item(id);
        self.store_counted(data, &item)
    }
}
