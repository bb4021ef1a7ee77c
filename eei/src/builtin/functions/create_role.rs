//! The handing over of the role that makes instances, and of the nonces with it.

use arwen_interface::{BigInt, Bytes, OutputAccount, OutputTransfer, VmOutput};

use super::ROLE_NFT_CREATE;
use super::settings::remove_role;
use crate::builtin::BuiltinError;
use crate::builtin::address::ESDT_SYSTEM_CONTRACT;
use crate::builtin::call::{Call, require};
use crate::builtin::output::{call_data, success};
use crate::builtin::token::{low_u64, minimal_bytes};

/// `ESDTNFTCreateRoleTransfer@token@next`: from the contract that issues tokens, to who has the role, with the next
/// to have it; then from there, to the next, with the last nonce.
pub(in crate::builtin) fn transfer(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    call.require_token_arguments()?;
    require(!call.has_sender, BuiltinError::InvalidArguments(""))?;
    require(call.has_recipient, BuiltinError::NilUserAccount)?;
    let [token, argument] = call.arguments() else {
        return Err(BuiltinError::InvalidArguments(""));
    };
    if call.caller() == ESDT_SYSTEM_CONTRACT {
        release(call, token, argument)
    } else {
        accept(call, call.recipient(), token, low_u64(argument))?;
        Ok(success(0))
    }
}

/// The half at who has the role.
fn release(call: &mut Call<'_>, token: &[u8], next: &[u8]) -> Result<VmOutput, BuiltinError> {
    require(
        next.len() == call.caller().len(),
        BuiltinError::InvalidArguments(""),
    )?;
    let recipient = call.recipient();
    let nonce = call.last_nonce(recipient, token);
    call.set_last_nonce(recipient, token, 0);
    let mut roles = call.roles(recipient, token)?;
    remove_role(&mut roles, ROLE_NFT_CREATE.as_bytes());
    call.set_roles(recipient, token, roles);
    if call.is_own_shard(next) {
        accept(call, next, token, nonce)?;
    }

    let arguments: [Bytes; 2] = [token.to_vec(), minimal_bytes(nonce)];
    let transfer = OutputTransfer {
        value: Some(BigInt::ZERO),
        data: call_data(call.name().as_bytes(), &arguments),
        sender: call.caller().to_vec(),
        ..OutputTransfer::default()
    };
    let account = OutputAccount {
        address: next.to_vec(),
        balance: Some(BigInt::ZERO),
        balance_delta: Some(BigInt::ZERO),
        transfers: vec![transfer],
        ..OutputAccount::default()
    };
    Ok(VmOutput {
        output_accounts: vec![account],
        ..success(0)
    })
}

/// The half at the next to have the role.
fn accept(call: &mut Call<'_>, account: &[u8], token: &[u8], nonce: u64) -> Result<(), BuiltinError> {
    call.set_last_nonce(account, token, nonce);
    let mut roles = call.roles(account, token)?;
    if !roles.iter().any(|role| role == ROLE_NFT_CREATE.as_bytes()) {
        roles.push(ROLE_NFT_CREATE.as_bytes().to_vec());
        call.set_roles(account, token, roles);
    }
    Ok(())
}
