//! Contracts that deploy and upgrade contracts.

use std::sync::Arc;

use arwen_interface::{Bytes, VmInput};
use arwen_metering::GasKey;

use crate::abi::{MemLen, MemList, MemPtr, MemSlice};
use crate::call::UPGRADE;
use crate::call::data::CallData;
use crate::context::big_int::from_unsigned;
use crate::context::runtime::Breakpoint;
use crate::errors::Stop;

use super::{BALANCE_LEN, HostCall, charged};

/// The length of code metadata, in bytes.
const CODE_METADATA_LEN: i32 = 2;

/// Which code is deployed.
#[derive(Clone, Copy)]
enum CodeAt {
    Memory(MemSlice),
    /// That of the account at this address.
    Account(MemPtr),
}

/// Code as a contract wrote it down: the bytes, or whose they are.
enum Code {
    Bytes(Bytes),
    Of(Bytes),
}

/// What deployments and upgrades have in common.
struct Wanted {
    value: Bytes,
    code: Code,
    code_metadata: Bytes,
    arguments: Vec<Bytes>,
}

impl HostCall<'_, '_, '_> {
    fn load_deployment(
        &mut self,
        value: MemPtr,
        code: CodeAt,
        code_metadata: MemPtr,
        arguments: MemList,
    ) -> Result<Wanted, Stop> {
        let value = self.load(value.with_len(BALANCE_LEN))?;
        let code = match code {
            CodeAt::Memory(slice) => Code::Bytes(self.load(slice)?),
            CodeAt::Account(ptr) => Code::Of(self.load_address(ptr)?),
        };
        let code_metadata = self.load(code_metadata.with_len(CODE_METADATA_LEN))?;
        let (arguments, bytes) = self.load_list(arguments)?;
        self.run.charge_bytes(GasKey::DataCopyPerByte, charged(bytes));
        Ok(Wanted {
            value,
            code,
            code_metadata,
            arguments,
        })
    }

    fn find_code(&mut self, code: Code) -> Result<Arc<Bytes>, Stop> {
        Ok(match code {
            Code::Bytes(code) => Arc::new(code),
            Code::Of(source) => self.run.code(&source)?,
        })
    }

    #[expect(clippy::too_many_arguments, reason = "the contract's side decides")]
    pub(crate) fn create_contract(
        &mut self,
        gas_limit: i64,
        value: MemPtr,
        code: MemPtr,
        code_metadata: MemPtr,
        length: MemLen,
        result: MemPtr,
        arguments: MemList,
    ) -> Result<i32, Stop> {
        self.deploy(
            gas_limit,
            value,
            CodeAt::Memory(code.with_len(length.0)),
            code_metadata,
            result,
            arguments,
        )
    }

    pub(crate) fn deploy_from_source_contract(
        &mut self,
        gas_limit: i64,
        value: MemPtr,
        source: MemPtr,
        code_metadata: MemPtr,
        result: MemPtr,
        arguments: MemList,
    ) -> Result<i32, Stop> {
        self.deploy(
            gas_limit,
            value,
            CodeAt::Account(source),
            code_metadata,
            result,
            arguments,
        )
    }

    fn deploy(
        &mut self,
        gas_limit: i64,
        value: MemPtr,
        code: CodeAt,
        code_metadata: MemPtr,
        result: MemPtr,
        arguments: MemList,
    ) -> Result<i32, Stop> {
        let wanted = self.load_deployment(value, code, code_metadata, arguments)?;
        let code = self.find_code(wanted.code)?;
        let input = VmInput {
            caller: self.run.runtime.address.clone(),
            arguments: wanted.arguments,
            call_value: Some(from_unsigned(&wanted.value)),
            gas_provided: self.run.bound_gas_limit(gas_limit),
            ..VmInput::default()
        };
        match self.run.create_contract(code, wanted.code_metadata, input) {
            Ok(address) => {
                self.store(result, &address)?;
                Ok(0)
            }
            Err(_) => Ok(1),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the contract's side decides")]
    pub(crate) fn upgrade_contract(
        &mut self,
        dest: MemPtr,
        gas_limit: i64,
        value: MemPtr,
        code: MemPtr,
        code_metadata: MemPtr,
        length: MemLen,
        arguments: MemList,
    ) -> Result<(), Stop> {
        let wanted = self.load_deployment(
            value,
            CodeAt::Memory(code.with_len(length.0)),
            code_metadata,
            arguments,
        )?;
        let dest = self.load_address(dest)?;
        self.run.charge_bytes(GasKey::DataCopyPerByte, charged(length.0));
        self.upgrade(dest, gas_limit, wanted)
    }

    pub(crate) fn upgrade_from_source_contract(
        &mut self,
        dest: MemPtr,
        gas_limit: i64,
        value: MemPtr,
        source: MemPtr,
        code_metadata: MemPtr,
        arguments: MemList,
    ) -> Result<(), Stop> {
        let wanted = self.load_deployment(value, CodeAt::Account(source), code_metadata, arguments)?;
        let dest = self.load_address(dest)?;
        self.upgrade(dest, gas_limit, wanted)
    }

    /// Upgrades are asynchronous calls. When registering one fails for lack of gas, the contract goes on, a quirk of
    /// the reference.
    fn upgrade(&mut self, dest: Bytes, gas_limit: i64, wanted: Wanted) -> Result<(), Stop> {
        let code = self.find_code(wanted.code)?;
        let steps = self.run.price(GasKey::AsyncCallStep).saturating_mul(2);
        let least = steps.saturating_add(self.run.price(GasKey::AsyncCallbackGasLock));
        if (gas_limit as u64) < least {
            self.run.runtime.set_breakpoint(Breakpoint::OutOfGas);
            return Err(Stop::Breakpoint);
        }
        let mut call = CallData {
            function: UPGRADE.to_vec(),
            arguments: vec![code.to_vec(), wanted.code_metadata],
        };
        call.arguments.extend(wanted.arguments);
        match self.run.register_async_call(dest, call.to_bytes(), wanted.value) {
            Ok(()) => Err(Stop::Breakpoint),
            Err(_) => Ok(()),
        }
    }
}
