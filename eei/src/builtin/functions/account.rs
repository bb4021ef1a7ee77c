//! Functions on accounts: reward, owner, name, free storage.

use arwen_interface::{BigInt, CallType, OutputAccount, OutputTransfer, UserAccount, VmOutput};

use crate::builtin::BuiltinError;
use crate::builtin::address::is_contract_address;
use crate::builtin::call::{Call, require};
use crate::builtin::output::{call_data, send_call, success};
use crate::builtin::token::PROTECTED_PREFIX;

/// The recipient's account, as new when there is none.
fn recipient_account(call: &mut Call<'_>) -> Result<UserAccount, BuiltinError> {
    Ok(call.world.account(call.recipient())?.unwrap_or_default())
}

/// `ClaimDeveloperRewards`: the recipient's reward goes to the caller, its owner. An asynchronous call is answered by
/// the transfer itself.
pub(in crate::builtin) fn claim_developer_rewards(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    call.require_no_value()?;
    let price = call.price()?;
    let mut output = success(call.gas_left_at_sender(price));
    if !call.has_recipient {
        return Ok(output);
    }
    let (caller, recipient) = (call.caller(), call.recipient());
    let contract = recipient_account(call)?;
    require(
        contract.owner == caller,
        BuiltinError::NotPermitted(String::new()),
    )?;
    call.require_gas(price)?;

    let reward = contract.developer_reward.unwrap_or_default();
    call.changes
        .claimed_rewards
        .insert(recipient.to_vec(), reward.clone());
    let mut transfer = OutputTransfer {
        value: Some(reward.clone()),
        sender: caller.to_vec(),
        ..OutputTransfer::default()
    };
    if call.input.vm_input.call_type == CallType::Asynchronous {
        transfer.gas_locked = call.input.vm_input.gas_locked;
        transfer.gas_limit = std::mem::take(&mut output.gas_remaining);
        transfer.call_type = CallType::Callback;
    }
    if call.has_sender {
        call.changes.balances.insert(caller.to_vec(), reward.clone());
    }
    // A contract in this shard has its reward already, so nothing is left to be sent.
    if !(call.has_sender && is_contract_address(caller)) {
        output.output_accounts = vec![OutputAccount {
            address: caller.to_vec(),
            balance_delta: Some(reward),
            transfers: vec![transfer],
            ..OutputAccount::default()
        }];
    }
    Ok(output)
}

/// `ChangeOwnerAddress@owner`: the caller hands the recipient over.
pub(in crate::builtin) fn change_owner(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    let owner = call.argument(0)?;
    call.require_no_value()?;
    require(
        owner.len() == call.caller().len(),
        BuiltinError::InvalidAddressLength,
    )?;
    let price = call.affordable_price()?;
    if call.has_recipient {
        let contract = recipient_account(call)?;
        let not_owner = || BuiltinError::NotPermitted(" not the owner of the account".into());
        require(contract.owner == call.caller(), not_owner())?;
        call.changes
            .owners
            .insert(call.recipient().to_vec(), owner.to_vec());
    }
    Ok(success(call.gas_left_at_sender(price)))
}

/// `SetUserName@name`: a name service names the recipient, once.
pub(in crate::builtin) fn set_user_name(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    call.require_no_value()?;
    let price = call.affordable_price()?;
    let is_name_service = call.world.is_name_service(call.caller());
    require(is_name_service, BuiltinError::NotNameService)?;
    let [name] = call.arguments() else {
        return Err(BuiltinError::InvalidArguments(""));
    };

    if !call.has_recipient {
        // The recipient's shard names it, and takes the price from the gas sent along.
        let mut output = success(0);
        let data = call_data(call.name().as_bytes(), call.arguments());
        send_call(
            &mut output,
            call.input,
            call.recipient(),
            data,
            call.gas_provided(),
        );
        for transfer in output
            .output_accounts
            .iter_mut()
            .flat_map(|account| &mut account.transfers)
        {
            transfer.call_type = CallType::Asynchronous;
        }
        return Ok(output);
    }
    require(
        recipient_account(call)?.user_name.is_empty(),
        BuiltinError::UserNameSet,
    )?;
    call.changes
        .user_names
        .insert(call.recipient().to_vec(), name.clone());
    Ok(success(call.gas_provided().saturating_sub(price)))
}

/// `SaveKeyValue@key@value…`: an account that is no contract stores what it likes, but for the node's keys.
pub(in crate::builtin) fn save_key_value(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    let pairs = call.arguments().chunks_exact(2);
    let is_pairs = !call.arguments().is_empty() && pairs.remainder().is_empty();
    require(is_pairs, BuiltinError::InvalidArguments(""))?;
    call.require_no_value()?;
    require(call.has_sender, BuiltinError::NilDestination)?;
    let caller = call.caller();
    let not_permitted = |why: &str| BuiltinError::NotPermitted(why.into());
    require(
        caller == call.recipient(),
        not_permitted(" not the owner of the account"),
    )?;
    let contract = " key-value builtin function not allowed for smart contracts";
    require(!is_contract_address(caller), not_permitted(contract))?;

    let mut used = call.price()?;
    for pair in pairs {
        let [key, value] = pair else { continue };
        let written = (key.len() + value.len()) as u64;
        used = used.saturating_add(written.saturating_mul(call.prices.persist_per_byte));
        if key.starts_with(PROTECTED_PREFIX) {
            let key = String::from_utf8_lossy(key);
            return Err(BuiltinError::NotPermitted(format!(
                " it is not allowed to save under key {key}"
            )));
        }
        let old = call.storage(caller, key);
        if old == *value {
            continue;
        }
        let growth = value.len().saturating_sub(old.len()) as u64;
        used = used.saturating_add(growth.saturating_mul(call.prices.store_per_byte));
        call.require_gas(used)?;
        call.set_storage(caller, key.clone(), value.clone());
    }
    Ok(VmOutput {
        // Gas is not checked for pairs that change nothing: the reference lets the result wrap around.
        gas_remaining: call.gas_provided().wrapping_sub(used),
        gas_refund: Some(BigInt::ZERO),
        ..VmOutput::default()
    })
}
