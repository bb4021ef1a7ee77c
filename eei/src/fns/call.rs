//! Calls of other contracts, at once and asynchronous, and transfers that call.

use arwen_interface::{BigInt, Bytes, CallType, EsdtTransfer, EsdtType, OutputTransfer, VmInput};
use arwen_metering::GasKey;

use crate::abi::{MemList, MemPtr, MemSlice};
use crate::call::Call;
use crate::call::data::CallData;
use crate::call::token_transfer::Token;
use crate::context::big_int::from_unsigned;
use crate::context::runtime::Breakpoint;
use crate::errors::{EeiError, Stop};

use super::{BALANCE_LEN, HostCall, charged};

/// What a contract does when a call it made has failed without failing it too.
const FAILED: i32 = 1;

/// Where in memory a contract has written down a call.
struct CallAt {
    recipient: MemPtr,
    function: MemSlice,
    arguments: MemList,
}

/// A call as a contract wrote it down.
struct Wanted {
    recipient: Bytes,
    value: BigInt,
    function: Bytes,
    arguments: Vec<Bytes>,
    argument_bytes: i32,
}

/// Who the callee thinks its caller is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    Contract,
    ItsCaller,
}

impl HostCall<'_, '_, '_> {
    /// Reads a call. An argument list that cannot be read counts as empty, a quirk of the reference.
    fn load_call(&mut self, at: &CallAt, value: Option<MemPtr>) -> Result<Wanted, EeiError> {
        let recipient = self.load_address(at.recipient)?;
        let value = match value {
            Some(ptr) => from_unsigned(&self.load(ptr.with_len(BALANCE_LEN))?),
            None => self.run.runtime.call_value(),
        };
        let function = self.load(at.function)?;
        let list = self.load_list(at.arguments);
        let (arguments, argument_bytes) = list.unwrap_or_default();
        self.run
            .charge_bytes(GasKey::DataCopyPerByte, charged(argument_bytes));
        Ok(Wanted {
            recipient,
            value,
            function,
            arguments,
            argument_bytes,
        })
    }

    /// The call, with at most the gas that is left.
    fn prepare(&self, wanted: Wanted, sender: Sender, gas_limit: i64) -> Call {
        let runtime = &self.run.runtime;
        let caller = match sender {
            Sender::Contract => &runtime.address,
            Sender::ItsCaller => &runtime.input.caller,
        };
        Call {
            input: VmInput {
                caller: caller.clone(),
                arguments: wanted.arguments,
                call_value: Some(wanted.value),
                gas_provided: self.run.bound_gas_limit(gas_limit),
                ..VmInput::default()
            },
            recipient: wanted.recipient,
            function: wanted.function,
            allow_init: false,
        }
    }

    /// The call, if its recipient is in this shard.
    fn prepare_sync(&mut self, wanted: Wanted, sender: Sender, gas_limit: i64) -> Result<Call, EeiError> {
        let own = self.run.runtime.address.clone();
        if !self.run.same_shard(&own, &wanted.recipient) {
            return Err(EeiError::NotSameShard);
        }
        Ok(self.prepare(wanted, sender, gas_limit))
    }

    pub(crate) fn execute_on_dest_context(
        &mut self,
        gas_limit: i64,
        address: MemPtr,
        value: MemPtr,
        function: MemSlice,
        arguments: MemList,
    ) -> Result<i32, Stop> {
        let at = CallAt {
            recipient: address,
            function,
            arguments,
        };
        let wanted = self.load_call(&at, Some(value))?;
        self.run.charge(GasKey::ExecuteOnDestContext);
        let call = self.prepare_sync(wanted, Sender::Contract, gas_limit)?;
        self.run.execute_on_dest(call).into_result()?;
        Ok(0)
    }

    pub(crate) fn execute_on_dest_context_by_caller(
        &mut self,
        gas_limit: i64,
        address: MemPtr,
        value: MemPtr,
        function: MemSlice,
        arguments: MemList,
    ) -> Result<i32, Stop> {
        let at = CallAt {
            recipient: address,
            function,
            arguments,
        };
        let wanted = self.load_call(&at, Some(value))?;
        self.run.charge(GasKey::ExecuteOnDestContext);
        let call = self.prepare_sync(wanted, Sender::ItsCaller, gas_limit)?;
        if self.run.is_builtin_call(&call.function) {
            return Ok(FAILED);
        }
        self.run.execute_on_dest(call).into_result()?;
        Ok(0)
    }

    pub(crate) fn execute_on_same_context(
        &mut self,
        gas_limit: i64,
        address: MemPtr,
        value: MemPtr,
        function: MemSlice,
        arguments: MemList,
    ) -> Result<i32, Stop> {
        let at = CallAt {
            recipient: address,
            function,
            arguments,
        };
        self.execute_here(GasKey::ExecuteOnSameContext, gas_limit, &at, Some(value))
    }

    pub(crate) fn delegate_execution(
        &mut self,
        gas_limit: i64,
        address: MemPtr,
        function: MemSlice,
        arguments: MemList,
    ) -> Result<i32, Stop> {
        let at = CallAt {
            recipient: address,
            function,
            arguments,
        };
        self.execute_here(GasKey::DelegateExecution, gas_limit, &at, None)
    }

    pub(crate) fn execute_read_only(
        &mut self,
        gas_limit: i64,
        address: MemPtr,
        function: MemSlice,
        arguments: MemList,
    ) -> Result<i32, Stop> {
        let at = CallAt {
            recipient: address,
            function,
            arguments,
        };
        let wanted = self.load_call(&at, None)?;
        self.run.charge(GasKey::ExecuteReadOnly);
        let call = self.prepare_sync(wanted, Sender::Contract, gas_limit)?;
        if self.run.is_builtin_call(&call.function) {
            return Ok(FAILED);
        }
        self.run.runtime.read_only = true;
        let result = self.run.execute_on_same(call);
        // Also when the contract was in read-only mode before, a quirk of the reference.
        self.run.runtime.read_only = false;
        result?;
        Ok(0)
    }

    fn execute_here(
        &mut self,
        price: GasKey,
        gas_limit: i64,
        at: &CallAt,
        value: Option<MemPtr>,
    ) -> Result<i32, Stop> {
        let wanted = self.load_call(at, value)?;
        self.run.charge(price);
        let call = self.prepare_sync(wanted, Sender::Contract, gas_limit)?;
        if self.run.is_builtin_call(&call.function) {
            return Ok(FAILED);
        }
        self.run.execute_on_same(call)?;
        Ok(0)
    }

    pub(crate) fn transfer_value_execute(
        &mut self,
        dest: MemPtr,
        value: MemPtr,
        gas_limit: i64,
        function: MemSlice,
        arguments: MemList,
    ) -> Result<i32, Stop> {
        let at = CallAt {
            recipient: dest,
            function,
            arguments,
        };
        let wanted = self.load_call(&at, Some(value))?;
        self.run.charge(GasKey::TransferValue);
        let value = wanted.value.clone();
        let call = self.prepare(wanted, Sender::Contract, gas_limit);
        if self.run.is_builtin(&call.function) {
            return Ok(FAILED);
        }
        let sender = call.input.caller.clone();
        let recipient = call.recipient.clone();
        if self.run.same_shard(&sender, &recipient) && self.run.chain.is_contract(&recipient) {
            let failed = self.run.execute_on_dest(call).error.is_some();
            return Ok(if failed { FAILED } else { 0 });
        }
        let data = CallData {
            function: call.function,
            arguments: call.input.arguments,
        };
        let transfer = OutputTransfer {
            value: Some(value),
            data: data.to_bytes(),
            // What the contract asked for, not what is left.
            gas_limit: gas_limit as u64,
            gas_locked: 0,
            call_type: CallType::Direct,
            sender,
        };
        self.run.transfer(&recipient, transfer)?;
        Ok(0)
    }

    pub(crate) fn transfer_esdt_execute(
        &mut self,
        dest: MemPtr,
        token: MemSlice,
        value: MemPtr,
        gas_limit: i64,
        function: MemSlice,
        arguments: MemList,
    ) -> Result<i32, Stop> {
        self.transfer_esdt_nft_execute(dest, token, value, 0, gas_limit, function, arguments)
    }

    #[expect(clippy::too_many_arguments, reason = "the contract's side decides")]
    pub(crate) fn transfer_esdt_nft_execute(
        &mut self,
        dest: MemPtr,
        token: MemSlice,
        value: MemPtr,
        nonce: i64,
        gas_limit: i64,
        function: MemSlice,
        arguments: MemList,
    ) -> Result<i32, Stop> {
        let at = CallAt {
            recipient: dest,
            function,
            arguments,
        };
        let identifier = self.load(token)?;
        let mut wanted = self.load_call(&at, Some(value))?;
        self.run
            .charge_bytes(GasKey::DataCopyPerByte, charged(wanted.argument_bytes));
        self.run.charge(GasKey::TransferValue);
        let token = Token {
            identifier,
            nonce: nonce as u64,
            value: std::mem::take(&mut wanted.value),
        };
        let mut call = self.prepare(wanted, Sender::Contract, gas_limit);
        let token_type = if nonce > 0 {
            EsdtType::NonFungible
        } else {
            EsdtType::Fungible
        };
        call.input.esdt_transfers.push(EsdtTransfer {
            value: Some(token.value.clone()),
            token_name: token.identifier.clone(),
            token_type: token_type as u32,
            token_nonce: token.nonce,
        });
        let before = self.run.chain.mark();
        call.input.gas_provided = self.run.transfer_token(&token, &call)?;
        let sender = &call.input.caller;
        if self.run.same_shard(sender, &call.recipient) && self.run.chain.is_contract(&call.recipient) {
            let failed = self.run.execute_on_dest(call).error.is_some();
            if failed {
                self.run.chain.revert(before);
                return Ok(FAILED);
            }
        }
        Ok(0)
    }

    pub(crate) fn async_call(&mut self, dest: MemPtr, value: MemPtr, data: MemSlice) -> Result<(), Stop> {
        let destination = self.load_address(dest)?;
        let value = self.load(value.with_len(BALANCE_LEN))?;
        self.run.charge_bytes(GasKey::DataCopyPerByte, charged(data.len));
        let data = self.load(data)?;
        if self.run.register_async_call(destination, data, value).is_err() {
            self.run.runtime.set_breakpoint(Breakpoint::OutOfGas);
        }
        Err(Stop::Breakpoint)
    }
}
