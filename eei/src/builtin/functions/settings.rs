//! What the contract that issues tokens decides: pause, freeze, wipe, roles.

use arwen_interface::{BigInt, Bytes, VmOutput};

use crate::builtin::BuiltinError;
use crate::builtin::address::{SYSTEM_ACCOUNT, is_system_account};
use crate::builtin::call::{Call, require};
use crate::builtin::ledger::{is_stopped, stopped_properties};
use crate::builtin::output::{success, token_event};
use crate::builtin::token::token_key;

/// The single argument, a token, of a call by the contract that issues tokens.
fn single_token<'a>(call: &Call<'a>) -> Result<&'a [u8], BuiltinError> {
    call.require_no_value()?;
    let [token] = call.arguments() else {
        return Err(BuiltinError::InvalidArguments(""));
    };
    call.require_esdt_system_caller()?;
    Ok(token)
}

/// `ESDTPause@token`
pub(in crate::builtin) fn pause(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    set_paused(call, true)
}

/// `ESDTUnPause@token`
pub(in crate::builtin) fn unpause(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    set_paused(call, false)
}

fn set_paused(call: &mut Call<'_>, paused: bool) -> Result<VmOutput, BuiltinError> {
    let token = single_token(call)?;
    require(
        is_system_account(call.recipient()),
        BuiltinError::NotSystemAccount,
    )?;
    call.set_storage(&SYSTEM_ACCOUNT, token_key(token), stopped_properties(paused));
    Ok(success(0))
}

/// `ESDTFreeze@token`
pub(in crate::builtin) fn freeze(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    set_frozen(call, true)
}

/// `ESDTUnFreeze@token`
pub(in crate::builtin) fn unfreeze(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    set_frozen(call, false)
}

fn set_frozen(call: &mut Call<'_>, frozen: bool) -> Result<VmOutput, BuiltinError> {
    let token = single_token(call)?;
    require(call.has_recipient, BuiltinError::NilUserAccount)?;
    let key = token_key(token);
    let mut balance = call.token(call.recipient(), &key)?;
    balance.properties = stopped_properties(frozen);
    call.save_balance(call.recipient(), key, &balance);
    Ok(success(0))
}

/// `ESDTWipe@token`
pub(in crate::builtin) fn wipe(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    let token = single_token(call)?;
    require(call.has_recipient, BuiltinError::NilUserAccount)?;
    let recipient = call.recipient();
    let key = token_key(token);
    let is_frozen = is_stopped(&call.token(recipient, &key)?.properties);
    require(is_frozen, BuiltinError::NotFrozen)?;
    call.set_storage(recipient, key, Bytes::new());
    let event = token_event(call.name(), token, &BigInt::ZERO, call.caller(), Some(recipient));
    Ok(VmOutput {
        logs: vec![event],
        ..success(0)
    })
}

/// `ESDTSetRole@token@role…`
pub(in crate::builtin) fn set_roles(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    change_roles(call, |roles, changed| roles.extend_from_slice(changed))
}

/// `ESDTUnSetRole@token@role…`
pub(in crate::builtin) fn unset_roles(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    change_roles(call, |roles, changed| {
        for role in changed {
            remove_role(roles, role);
        }
    })
}

fn change_roles(
    call: &mut Call<'_>,
    change: impl FnOnce(&mut Vec<Bytes>, &[Bytes]),
) -> Result<VmOutput, BuiltinError> {
    call.require_token_arguments()?;
    call.require_esdt_system_caller()?;
    require(call.has_recipient, BuiltinError::NilUserAccount)?;
    let (recipient, token) = (call.recipient(), call.argument(0)?);
    let mut roles = call.roles(recipient, token)?;
    change(&mut roles, call.arguments_from(1));
    call.set_roles(recipient, token, roles);
    Ok(success(0))
}

/// Removes a role once, if it is there.
pub(super) fn remove_role(roles: &mut Vec<Bytes>, role: &[u8]) {
    if let Some(index) = roles.iter().position(|has| has == role) {
        roles.remove(index);
    }
}
