//! Functions on instances of non-fungible tokens: create, add, burn, change.

use arwen_interface::{BigInt, Bytes, EsdtMetadata, EsdtToken, EsdtType, VmOutput};

use super::{
    ROLE_NFT_ADD_QUANTITY, ROLE_NFT_ADD_URI, ROLE_NFT_BURN, ROLE_NFT_CREATE, ROLE_NFT_UPDATE_ATTRIBUTES,
};
use crate::builtin::BuiltinError;
use crate::builtin::call::{Call, require};
use crate::builtin::ledger::{put, take};
use crate::builtin::output::{instance_event, success};
use crate::builtin::token::{amount, low_u64, minimal_bytes};

/// The largest share of sales for a creator: all of it, in hundredths of a percent.
const MAX_ROYALTIES: u32 = 10_000;
/// The least arguments of a creation: token, quantity, name, royalties, hash, attributes, one URI.
const CREATE_ARGUMENTS: usize = 7;

/// What all of them want: called by an account on itself, with the gas for it. Returns the price.
fn require_own_call(call: &Call<'_>) -> Result<u64, BuiltinError> {
    call.require_token_arguments()?;
    require(call.caller() == call.recipient(), BuiltinError::InvalidReceiver)?;
    require(call.has_sender, BuiltinError::NilUserAccount)?;
    call.affordable_price()
}

/// `ESDTNFTCreate@token@quantity@name@royalties@hash@attributes@uri…`
pub(in crate::builtin) fn create(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    let price = require_own_call(call)?;
    let invalid = BuiltinError::InvalidArguments;
    let [token, quantity, name, royalties, hash, attributes, ..] = call.arguments() else {
        return Err(invalid(", wrong number of arguments"));
    };
    require(
        call.arguments().len() >= CREATE_ARGUMENTS,
        invalid(", wrong number of arguments"),
    )?;
    call.require_role(token, ROLE_NFT_CREATE)?;
    let caller = call.caller();
    let nonce = call.last_nonce(caller, token).wrapping_add(1);

    let stored: u64 = call
        .arguments()
        .iter()
        .map(|argument| argument.len() as u64)
        .sum();
    let used = stored
        .saturating_mul(call.prices.store_per_byte)
        .saturating_add(price);
    call.require_gas(used)?;
    // The reference cuts to 32 bits before it compares.
    let royalties = low_u64(royalties) as u32;
    require(
        royalties <= MAX_ROYALTIES,
        invalid(", invalid max royality value"),
    )?;
    let quantity = amount(quantity);
    require(quantity != BigInt::ZERO, invalid(", invalid quantity"))?;
    if quantity > BigInt::from(1) {
        call.require_role(token, ROLE_NFT_ADD_QUANTITY)?;
    }

    let instance = EsdtToken {
        token_type: EsdtType::NonFungible as u32,
        value: Some(quantity),
        metadata: Some(EsdtMetadata {
            nonce,
            name: name.clone(),
            creator: caller.to_vec(),
            royalties,
            hash: hash.clone(),
            uris: call.arguments_from(CREATE_ARGUMENTS - 1).to_vec(),
            attributes: attributes.clone(),
        }),
        ..EsdtToken::default()
    };
    let stored = call.save_instance(caller, token, &instance)?;
    call.set_last_nonce(caller, token, nonce);
    Ok(VmOutput {
        return_data: vec![minimal_bytes(nonce)],
        logs: vec![instance_event(call.name(), caller, token, nonce, Some(&stored))],
        ..success(call.gas_provided().saturating_sub(used))
    })
}

/// `ESDTNFTAddQuantity@token@nonce@quantity`
pub(in crate::builtin) fn add_quantity(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    let price = require_own_call(call)?;
    let quantity = amount(call.argument(2)?);
    change(call, ROLE_NFT_ADD_QUANTITY, price, |instance| {
        put(instance, &quantity);
        Ok(())
    })
}

/// `ESDTNFTBurn@token@nonce@quantity`
pub(in crate::builtin) fn burn(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    let price = require_own_call(call)?;
    let quantity = amount(call.argument(2)?);
    change(call, ROLE_NFT_BURN, price, |instance| take(instance, &quantity))
}

/// `ESDTNFTUpdateAttributes@token@nonce@attributes`
pub(in crate::builtin) fn update_attributes(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    let price = require_own_call(call)?;
    require(call.arguments().len() == 3, BuiltinError::InvalidArguments(""))?;
    let attributes = call.argument(2)?;
    let used = price_with_storage(call, price, attributes.len());
    change(call, ROLE_NFT_UPDATE_ATTRIBUTES, used, |instance| {
        instance
            .metadata
            .as_mut()
            .ok_or(BuiltinError::NoMetadata)?
            .attributes = attributes.to_vec();
        Ok(())
    })
}

/// `ESDTNFTAddURI@token@nonce@uri…`
pub(in crate::builtin) fn add_uris(call: &mut Call<'_>) -> Result<VmOutput, BuiltinError> {
    let price = require_own_call(call)?;
    let uris = call.arguments_from(2);
    require(!uris.is_empty(), BuiltinError::InvalidArguments(""))?;
    let used = price_with_storage(call, price, uris.iter().map(Bytes::len).sum());
    change(call, ROLE_NFT_ADD_URI, used, |instance| {
        let metadata = instance.metadata.as_mut().ok_or(BuiltinError::NoMetadata)?;
        metadata.uris.extend_from_slice(uris);
        Ok(())
    })
}

fn price_with_storage(call: &Call<'_>, price: u64, stored: usize) -> u64 {
    (stored as u64)
        .saturating_mul(call.prices.store_per_byte)
        .saturating_add(price)
}

/// Changes an instance of the caller, who needs a role for it.
fn change(
    call: &mut Call<'_>,
    role: &str,
    used: u64,
    change: impl FnOnce(&mut EsdtToken) -> Result<(), BuiltinError>,
) -> Result<VmOutput, BuiltinError> {
    let (caller, token) = (call.caller(), call.argument(0)?);
    call.require_role(token, role)?;
    call.require_gas(used)?;
    let nonce = low_u64(call.argument(1)?);
    require(nonce != 0, BuiltinError::NoMetadata)?;
    let mut instance = call.owned_instance(caller, token, nonce)?;
    change(&mut instance)?;
    call.save_instance(caller, token, &instance)?;
    Ok(VmOutput {
        logs: vec![instance_event(call.name(), caller, token, nonce, None)],
        ..success(call.gas_provided().saturating_sub(used))
    })
}
