//! The node's answers to the child's questions.

use arwen_interface::{BlockchainHook, CallInput, HookError};

use crate::messages::*;

/// Answers `question` from `hook`: the reply, and the error it reports. `None` when it is no question.
///
/// Kinds above 61 are questions only to a node that computes built-in functions for the child; `delegated` says so.
pub fn answer(hook: &mut dyn BlockchainHook, question: &Body, delegated: bool) -> Option<(Body, String)> {
    let kind = question.kind();
    if kind > Kind::BlockchainGetCompiledCodeResponse && !delegated {
        return None;
    }
    let reply: Result<Body, HookError> = match question {
        Body::BlockchainNewAddressRequest(q) => hook
            .new_address(&q.creator, q.creator_nonce, &q.vm_type)
            .map(|result| BlockchainNewAddressResponse { result }.into()),
        Body::BlockchainGetStorageDataRequest(q) => hook
            .storage_data(&q.address, &q.index)
            .map(|data| BlockchainGetStorageDataResponse { data }.into()),
        Body::BlockchainGetBlockhashRequest(q) => hook
            .block_hash(q.nonce)
            .map(|result| BlockchainGetBlockhashResponse { result }.into()),
        Body::BlockchainLastNonceRequest(_) => Ok(BlockchainLastNonceResponse {
            result: hook.last_nonce(),
        }
        .into()),
        Body::BlockchainLastRoundRequest(_) => Ok(BlockchainLastRoundResponse {
            result: hook.last_round(),
        }
        .into()),
        Body::BlockchainLastTimeStampRequest(_) => Ok(BlockchainLastTimeStampResponse {
            result: hook.last_timestamp(),
        }
        .into()),
        Body::BlockchainLastRandomSeedRequest(_) => Ok(BlockchainLastRandomSeedResponse {
            result: hook.last_random_seed(),
        }
        .into()),
        Body::BlockchainLastEpochRequest(_) => Ok(BlockchainLastEpochResponse {
            result: hook.last_epoch(),
        }
        .into()),
        Body::BlockchainGetStateRootHashRequest(_) => Ok(BlockchainGetStateRootHashResponse {
            result: hook.state_root_hash(),
        }
        .into()),
        Body::BlockchainCurrentNonceRequest(_) => Ok(BlockchainCurrentNonceResponse {
            result: hook.current_nonce(),
        }
        .into()),
        Body::BlockchainCurrentRoundRequest(_) => Ok(BlockchainCurrentRoundResponse {
            result: hook.current_round(),
        }
        .into()),
        Body::BlockchainCurrentTimeStampRequest(_) => Ok(BlockchainCurrentTimeStampResponse {
            result: hook.current_timestamp(),
        }
        .into()),
        Body::BlockchainCurrentRandomSeedRequest(_) => Ok(BlockchainCurrentRandomSeedResponse {
            result: hook.current_random_seed(),
        }
        .into()),
        Body::BlockchainCurrentEpochRequest(_) => Ok(BlockchainCurrentEpochResponse {
            result: hook.current_epoch(),
        }
        .into()),
        Body::BlockchainGetESDTTokenRequest(q) => hook
            .esdt_token(&q.address, &q.token, q.nonce)
            .map(|token| BlockchainGetESDTTokenResponse { result: Some(token) }.into()),
        Body::BlockchainGetBuiltinFunctionNamesRequest(_) => Ok(BlockchainGetBuiltinFunctionNamesResponse {
            result: hook.builtin_function_names(),
        }
        .into()),
        Body::BlockchainGetAllStateRequest(q) => hook.all_state(&q.address).map(|entries| {
            BlockchainGetAllStateResponse {
                result: AllState { entries },
            }
            .into()
        }),
        Body::BlockchainGetUserAccountRequest(q) => hook
            .user_account(&q.address)
            .map(|result| BlockchainGetUserAccountResponse { result }.into()),
        Body::BlockchainGetCodeRequest(q) => {
            let code = q
                .account
                .as_ref()
                .map(|account| hook.code(account))
                .unwrap_or_default();
            Ok(BlockchainGetCodeResponse { code }.into())
        }
        Body::BlockchainGetShardOfAddressRequest(q) => Ok(BlockchainGetShardOfAddressResponse {
            result: hook.shard_of_address(&q.address),
        }
        .into()),
        Body::BlockchainIsPayableRequest(q) => hook
            .is_payable(&q.address)
            .map(|result| BlockchainIsPayableResponse { result }.into()),
        Body::BlockchainIsSmartContractRequest(q) => Ok(BlockchainIsSmartContractResponse {
            result: hook.is_smart_contract(&q.address),
        }
        .into()),
        Body::BlockchainSaveCompiledCodeRequest(q) => {
            hook.save_compiled_code(&q.code_hash, &q.code);
            Ok(BlockchainSaveCompiledCodeResponse {}.into())
        }
        Body::BlockchainGetCompiledCodeRequest(q) => {
            let code = hook.compiled_code(&q.code_hash);
            let found = code.is_some();
            Ok(BlockchainGetCompiledCodeResponse {
                found,
                code: code.unwrap_or_default(),
            }
            .into())
        }
        Body::BlockchainClearCompiledCodesRequest(_) => Ok(BlockchainClearCompiledCodesResponse {}.into()),
        Body::BlockchainGetSnapshotRequest(_) => Ok(BlockchainGetSnapshotResponse {
            result: hook.snapshot(),
        }
        .into()),
        Body::BlockchainIsInterfaceNilRequest(_) => {
            Ok(BlockchainIsInterfaceNilResponse { result: false }.into())
        }
        Body::BlockchainRevertToSnapshotRequest(q) => hook
            .revert_to_snapshot(q.snapshot)
            .map(|()| BlockchainRevertToSnapshotResponse {}.into()),
        Body::BlockchainProcessBuiltInFunctionRequest(q) => hook
            .process_builtin_function(q.input.as_ref().unwrap_or(&CallInput::default()))
            .map(|output| BlockchainProcessBuiltInFunctionResponse { output: Some(output) }.into()),
        // Numbers among the questions that no question has.
        _ if kind >= Kind::BlockchainNewAddressRequest && kind <= Kind::BlockchainGetCompiledCodeResponse => {
            Ok(UndefinedRequestOrResponse {}.into())
        }
        _ => return None,
    };
    Some(match reply {
        Ok(reply) => (reply, String::new()),
        // An error travels with an empty reply of the kind that was due, whose number follows the question's.
        Err(HookError(error)) => {
            let due = Kind::from_number(kind as u32 + 1).unwrap_or(Kind::UndefinedRequestOrResponse);
            (Body::empty(due), error)
        }
    })
}
