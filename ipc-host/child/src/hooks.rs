//! The node's answers, asked over the pipe.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use arwen_interface::{BlockchainHook, CallInput, EsdtToken, HookError, UserAccount, VmOutput};
use arwen_ipc_host::channel::Channel;
use arwen_ipc_host::error::{WireError, critical};
use arwen_ipc_host::known::KnownAnswers;
use arwen_ipc_host::messages::*;

use crate::go_text::as_format;

/// Asks the node, one question at a time.
pub struct PipeHooks<'a, T> {
    channel: &'a mut Channel<T>,
    /// Whether the node may be asked with kinds above 59, which nodes of 2021 take for the end of the dialogue.
    delegate: bool,
    /// Called once when the pipe is of no use any more: nobody waits for the run's result then.
    on_lost: &'a dyn Fn(),
    lost: Option<WireError>,
    known: KnownAnswers<'a>,
}

/// Whether nothing sent or received after `error` can make sense.
pub fn is_fatal(error: &WireError) -> bool {
    matches!(
        error,
        WireError::Closed | WireError::Truncated | WireError::Io(_) | WireError::TooLong { .. }
    )
}

impl<'a, T: Read + Write> PipeHooks<'a, T> {
    /// Hooks over `channel`, in the middle of a dialogue.
    pub fn new(
        channel: &'a mut Channel<T>,
        delegate: bool,
        on_lost: &'a dyn Fn(),
        known: KnownAnswers<'a>,
    ) -> Self {
        Self {
            channel,
            delegate,
            on_lost,
            lost: None,
            known,
        }
    }

    /// Which known answers were of no use.
    ///
    /// # Errors
    /// Why the pipe is of no use, if it is.
    pub fn finish(self) -> Result<Vec<u32>, WireError> {
        match self.lost {
            None => Ok(self.known.unused()),
            Some(error) => Err(error),
        }
    }

    fn lose(&mut self, error: WireError, text: &str) -> HookError {
        // A question of ours that is too long was never written: the pipe is still good.
        if is_fatal(&error) && self.lost.is_none() {
            (self.on_lost)();
            self.lost = Some(error);
        }
        HookError(text.to_owned())
    }

    /// Sends `request` and waits for its reply. The second item is the error the node reports with it.
    fn exchange<Q: Request>(&mut self, request: &Q) -> Result<(Q::Reply, String), HookError> {
        if self.lost.is_some() {
            return Err(HookError(critical::CANNOT_SEND_HOOK_CALL.into()));
        }
        if let Some(known) = self.known.find(request) {
            return Ok(known);
        }
        if let Err(error) = self.channel.send(request, "") {
            return Err(match error {
                WireError::TooLong { .. } => HookError(critical::CANNOT_SEND_HOOK_CALL.into()),
                error => self.lose(error, critical::CANNOT_SEND_HOOK_CALL),
            });
        }
        match self.channel.receive() {
            Ok(received) => match Q::Reply::from_body(received.body) {
                Some(reply) => Ok((reply, received.error)),
                None => Err(HookError(critical::BAD_HOOK_RESPONSE.into())),
            },
            Err(error) => Err(self.lose(error, critical::CANNOT_RECEIVE_HOOK_RESPONSE)),
        }
    }

    /// The same for a request whose fields are all bytes, these: it is made only if its reply is not known.
    fn exchange_fields<const N: usize, Q: Request>(
        &mut self,
        fields: [&[u8]; N],
        make: impl FnOnce([Vec<u8>; N]) -> Q,
    ) -> Result<(Q::Reply, String), HookError> {
        let known = match self.lost {
            None => self.known.find_fields::<Q>(&fields),
            Some(_) => None,
        };
        match known {
            Some(known) => Ok(known),
            None => self.exchange(&make(fields.map(<[u8]>::to_vec))),
        }
    }

    /// The reply, or the error the node reports instead.
    fn ask<Q: Request>(&mut self, request: Q) -> Result<Q::Reply, HookError> {
        self.exchange(&request).and_then(reply_of)
    }

    /// The reply, whatever error the node reports; the zero value when there is none.
    fn ask_or_zero<Q: Request>(&mut self, request: Q) -> Q::Reply {
        self.exchange(&request)
            .map(|(reply, _)| reply)
            .unwrap_or_default()
    }
}

/// The reply, or the error that came with it.
fn reply_of<R>((reply, error): (R, String)) -> Result<R, HookError> {
    match error.is_empty() {
        true => Ok(reply),
        false => Err(HookError(as_format(&error))),
    }
}

impl<T: Read + Write> BlockchainHook for PipeHooks<'_, T> {
    fn new_address(
        &mut self,
        creator: &[u8],
        creator_nonce: u64,
        vm_type: &[u8],
    ) -> Result<Vec<u8>, HookError> {
        let request = BlockchainNewAddressRequest {
            creator: creator.to_vec(),
            creator_nonce,
            vm_type: vm_type.to_vec(),
        };
        Ok(self.ask(request)?.result)
    }

    fn storage_data(&mut self, account: &[u8], key: &[u8]) -> Result<Vec<u8>, HookError> {
        let reply = self.exchange_fields([account, key], |[address, index]| {
            BlockchainGetStorageDataRequest { address, index }
        });
        Ok(reply_of(reply?)?.data)
    }

    fn block_hash(&mut self, nonce: u64) -> Result<Vec<u8>, HookError> {
        Ok(self.ask(BlockchainGetBlockhashRequest { nonce })?.result)
    }

    fn last_nonce(&mut self) -> u64 {
        self.ask_or_zero(BlockchainLastNonceRequest {}).result
    }

    fn last_round(&mut self) -> u64 {
        self.ask_or_zero(BlockchainLastRoundRequest {}).result
    }

    fn last_timestamp(&mut self) -> u64 {
        self.ask_or_zero(BlockchainLastTimeStampRequest {}).result
    }

    fn last_random_seed(&mut self) -> Vec<u8> {
        self.ask_or_zero(BlockchainLastRandomSeedRequest {}).result
    }

    fn last_epoch(&mut self) -> u32 {
        self.ask_or_zero(BlockchainLastEpochRequest {}).result
    }

    fn state_root_hash(&mut self) -> Vec<u8> {
        self.ask_or_zero(BlockchainGetStateRootHashRequest {}).result
    }

    fn current_nonce(&mut self) -> u64 {
        self.ask_or_zero(BlockchainCurrentNonceRequest {}).result
    }

    fn current_round(&mut self) -> u64 {
        self.ask_or_zero(BlockchainCurrentRoundRequest {}).result
    }

    fn current_timestamp(&mut self) -> u64 {
        self.ask_or_zero(BlockchainCurrentTimeStampRequest {}).result
    }

    fn current_random_seed(&mut self) -> Vec<u8> {
        self.ask_or_zero(BlockchainCurrentRandomSeedRequest {}).result
    }

    fn current_epoch(&mut self) -> u32 {
        self.ask_or_zero(BlockchainCurrentEpochRequest {}).result
    }

    fn esdt_token(&mut self, address: &[u8], token: &[u8], nonce: u64) -> Result<EsdtToken, HookError> {
        let request = BlockchainGetESDTTokenRequest {
            address: address.to_vec(),
            token: token.to_vec(),
            nonce,
        };
        Ok(self.ask(request)?.result.unwrap_or_default())
    }

    fn builtin_function_names(&mut self) -> BTreeSet<String> {
        self.ask_or_zero(BlockchainGetBuiltinFunctionNamesRequest {})
            .result
    }

    fn all_state(&mut self, address: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>, HookError> {
        Ok(self
            .ask(BlockchainGetAllStateRequest {
                address: address.to_vec(),
            })?
            .result
            .entries)
    }

    fn user_account(&mut self, address: &[u8]) -> Result<Option<UserAccount>, HookError> {
        let reply = self.exchange_fields([address], |[address]| BlockchainGetUserAccountRequest { address });
        Ok(reply_of(reply?)?.result)
    }

    fn code(&mut self, account: &UserAccount) -> Vec<u8> {
        if let Some((known, _)) = self
            .known
            .find_bytes::<BlockchainGetCodeRequest>(&account.address)
        {
            return known.code;
        }
        self.ask_or_zero(BlockchainGetCodeRequest {
            account: Some(account.clone()),
        })
        .code
    }

    fn shard_of_address(&mut self, address: &[u8]) -> u32 {
        self.ask_or_zero(BlockchainGetShardOfAddressRequest {
            address: address.to_vec(),
        })
        .result
    }

    fn is_payable(&mut self, address: &[u8]) -> Result<bool, HookError> {
        Ok(self
            .ask(BlockchainIsPayableRequest {
                address: address.to_vec(),
            })?
            .result)
    }

    fn is_smart_contract(&mut self, address: &[u8]) -> bool {
        self.ask_or_zero(BlockchainIsSmartContractRequest {
            address: address.to_vec(),
        })
        .result
    }

    fn save_compiled_code(&mut self, code_hash: &[u8], code: &[u8]) {
        self.ask_or_zero(BlockchainSaveCompiledCodeRequest {
            code_hash: code_hash.to_vec(),
            code: code.to_vec(),
        });
    }

    fn compiled_code(&mut self, code_hash: &[u8]) -> Option<Vec<u8>> {
        let reply = self.ask_or_zero(BlockchainGetCompiledCodeRequest {
            code_hash: code_hash.to_vec(),
        });
        reply.found.then_some(reply.code)
    }

    fn snapshot(&mut self) -> i64 {
        if !self.delegate {
            return 0;
        }
        self.ask_or_zero(BlockchainGetSnapshotRequest {}).result
    }

    fn revert_to_snapshot(&mut self, snapshot: i64) -> Result<(), HookError> {
        if self.delegate {
            self.known.forget();
            // The reference does not look at the error inside the reply.
            self.exchange(&BlockchainRevertToSnapshotRequest { snapshot })?;
        }
        Ok(())
    }

    fn process_builtin_function(&mut self, input: &CallInput) -> Result<VmOutput, HookError> {
        if !self.delegate {
            return Err(HookError(critical::CANNOT_SEND_HOOK_CALL.into()));
        }
        self.known.forget();
        let request = BlockchainProcessBuiltInFunctionRequest {
            input: Some(input.clone()),
        };
        Ok(self.ask(request)?.output.unwrap_or_default())
    }
}
