//! Functions on fungible tokens: transfer, burn, mint.

use arwen_interface::{BigInt, CallType, VmOutput};

use super::{ROLE_LOCAL_BURN, ROLE_LOCAL_MINT};
use crate::builtin::BuiltinError;
use crate::builtin::address::{ESDT_SYSTEM_CONTRACT, is_contract_address};
use crate::builtin::call::{Call, require};
use crate::builtin::output::{call_data, send_call_with_all_gas, success, token_event};
use crate::builtin::token::amount;

/// The arguments of a transfer without a call: token, amount.
const TRANSFER_ARGUMENTS: usize = 2;
/// The most bytes an amount may have that is made at once.
const MAX_MINT_LEN: usize = 100;

/// The second argument, an amount that must not be zero.
fn positive_amount(call: &Call<'_>) -> Result<BigInt, BuiltinError> {
    let value = amount(call.argument(1)?);
    require(value != BigInt::ZERO, BuiltinError::NegativeValue)?;
    Ok(value)
}

/// `ESDTTransfer@token@amount[@function@argument…]`
pub(in crate::builtin) fn transfer(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    call.require_token_arguments()?;
    let (caller, recipient) = (call.caller(), call.recipient());
    call.require_not_on_metachain(recipient)?;
    let value = positive_amount(call)?;
    let token = call.argument(0)?;
    let price = call.price()?;
    let mut output = success(call.gas_left_at_sender(price));

    if call.has_sender {
        // Gas is paid in the caller's shard only.
        call.require_gas(price)?;
        call.add_to_balance(caller, token, &-&value)?;
    }
    let mut receiver = None;
    if call.has_recipient {
        call.require_payable(recipient, TRANSFER_ARGUMENTS)?;
        call.add_to_balance(recipient, token, &value)?;
        receiver = Some(recipient);
        match call.arguments_from(TRANSFER_ARGUMENTS) {
            [function, arguments @ ..] if is_contract_address(recipient) => {
                output.gas_remaining = call.gas_provided().saturating_sub(price);
                let data = call_data(function, arguments);
                send_call_with_all_gas(&mut output, call.input, recipient, data);
            }
            _ if call.input.vm_input.call_type == CallType::Callback && !call.has_sender => {
                // The price was paid in the caller's shard.
                output.gas_remaining = call.gas_provided();
            }
            _ => {}
        }
    } else if is_contract_address(caller) {
        let data = call_data(call.name().as_bytes(), call.arguments());
        send_call_with_all_gas(&mut output, call.input, recipient, data);
    }
    output
        .logs
        .push(token_event(call.name(), token, &value, caller, receiver));
    Ok(output)
}

/// `ESDTBurn@token@amount`, sent to the contract that issues tokens.
pub(in crate::builtin) fn burn(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    call.require_token_arguments()?;
    require(call.arguments().len() == 2, BuiltinError::InvalidArguments(""))?;
    let value = positive_amount(call)?;
    let (caller, recipient) = (call.caller(), call.recipient());
    require(
        recipient == ESDT_SYSTEM_CONTRACT,
        BuiltinError::NotEsdtSystemContract,
    )?;
    require(call.has_sender, BuiltinError::NilUserAccount)?;
    let price = call.affordable_price()?;
    let token = call.argument(0)?;
    call.add_to_balance(caller, token, &-&value)?;

    let mut output = success(call.gas_left_at_sender(price));
    if is_contract_address(caller) {
        let data = call_data(call.name().as_bytes(), call.arguments());
        send_call_with_all_gas(&mut output, call.input, recipient, data);
    }
    output
        .logs
        .push(token_event(call.name(), token, &value, caller, None));
    Ok(output)
}

/// `ESDTLocalBurn@token@amount`
pub(in crate::builtin) fn local_burn(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    let value = own_supply_amount(call, ROLE_LOCAL_BURN)?;
    change_supply(call, &-&value, &value)
}

/// `ESDTLocalMint@token@amount`
pub(in crate::builtin) fn local_mint(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    let value = own_supply_amount(call, ROLE_LOCAL_MINT)?;
    let is_short = call.argument(1)?.len() <= MAX_MINT_LEN;
    require(
        is_short,
        BuiltinError::InvalidArguments(" max length for esdt issue is 100"),
    )?;
    change_supply(call, &value, &value)
}

/// The amount of which an account with a role changes its own supply.
fn own_supply_amount(call: &mut Call<'_>, role: &str) -> Result<BigInt, BuiltinError> {
    call.require_token_arguments()?;
    require(call.caller() == call.recipient(), BuiltinError::InvalidReceiver)?;
    require(call.has_sender, BuiltinError::NilUserAccount)?;
    let value = positive_amount(call)?;
    call.affordable_price()?;
    let token = call.argument(0)?;
    call.require_role(token, role)?;
    Ok(value)
}

fn change_supply(call: &mut Call<'_>, change: &BigInt, value: &BigInt) -> Result<VmOutput, BuiltinError> {
    let token = call.argument(0)?;
    let price = call.price()?;
    call.add_to_balance(call.caller(), token, change)?;
    let mut output = success(call.gas_provided().saturating_sub(price));
    output
        .logs
        .push(token_event(call.name(), token, value, call.caller(), None));
    Ok(output)
}
