//! `setState`.

use arwen_eei::builtin::{encode_roles, encode_token, last_nonce_key, roles_key};
use arwen_interface::{EsdtMetadata, EsdtToken};

use crate::model::{SetAccount, SetBlock, SetState, SetToken};
use crate::world::{
    Account, BlockInfo, NewAddress, RANDOM_SEED_LEN, SCENARIO_CODE_METADATA, World, is_contract_format, token,
};

/// Puts accounts, blocks and addresses into the world. Accounts before the first invalid one stay.
///
/// # Errors
/// In the reference's words.
pub fn set_state(step: &SetState, world: &mut World) -> Result<(), String> {
    for set in &step.accounts {
        let account = convert(set, world);
        account.validate(&set.address.value).map_err(|error| {
            let address = &set.address.original;
            format!("\"setState\" step validation failed for account \"{address}\": {error}")
        })?;
        world.put(set.address.value.clone(), account);
    }
    // Replaced even by what is absent.
    world.previous_block = block(step.previous_block.as_ref());
    world.current_block = block(step.current_block.as_ref());
    world.block_hashes.clone_from(&step.block_hashes);
    if let Some(entry) = step
        .new_addresses
        .iter()
        .find(|it| !is_contract_format(&it.address.value))
    {
        return Err(format!(
            "address in \"setState\" \"newAddresses\" field should have SC format: {}",
            entry.address.original
        ));
    }
    world
        .new_addresses
        .extend(step.new_addresses.iter().map(|entry| NewAddress {
            creator: entry.creator.clone(),
            creator_nonce: entry.creator_nonce,
            address: entry.address.value.clone(),
        }));
    Ok(())
}

fn convert(set: &SetAccount, world: &World) -> Account {
    let present = if set.update {
        world.account(&set.address.value).cloned()
    } else {
        None
    };
    let mut account = present.unwrap_or_default();
    let set_if = |to: &mut Vec<u8>, from: &Option<Vec<u8>>| {
        if let Some(value) = from {
            to.clone_from(value);
        }
    };
    set_if(&mut account.username, &set.username);
    set_if(&mut account.owner, &set.owner);
    account.nonce = set.nonce.unwrap_or(account.nonce);
    // A shard number that does not fit is cut, as in the reference.
    account.shard = set.shard.map_or(account.shard, |shard| shard as u32);
    if let Some(balance) = &set.balance {
        account.balance.clone_from(balance);
    }
    if let Some(rewards) = &set.developer_rewards {
        account.developer_reward.clone_from(rewards);
    }
    if let Some(data) = &set.async_call_data {
        account.async_call_data = data.clone().into_bytes();
    }
    if let Some(code) = &set.code {
        account.set_code(code.clone(), SCENARIO_CODE_METADATA.to_vec());
    }
    set_if(&mut account.code_metadata, &set.code_metadata);
    account.storage.extend(set.storage.iter().cloned());
    for held in &set.esdt {
        set_token(held, &mut account);
    }
    account
}

/// Writes a token as the reference does: always with metadata, of fungible type, with one URI.
fn set_token(held: &SetToken, account: &mut Account) {
    for instance in &held.instances {
        let record = EsdtToken {
            token_type: 0,
            value: Some(instance.balance.clone()),
            properties: token::properties(held.frozen),
            metadata: Some(EsdtMetadata {
                nonce: instance.nonce,
                name: held.identifier.clone(),
                creator: instance.creator.clone(),
                royalties: instance.royalties,
                hash: instance.hash.clone(),
                uris: vec![instance.uri.clone()],
                attributes: instance.attributes.clone(),
            }),
            reserved: Vec::new(),
        };
        let key = token::key(&held.identifier, instance.nonce);
        account.storage.insert(key, encode_token(&record));
        let key = last_nonce_key(&held.identifier);
        account.storage.insert(key, token::nonce_bytes(held.last_nonce));
    }
    account.storage.insert(
        roles_key(&held.identifier),
        encode_roles(held.roles.iter().map(|role| role.clone().into_bytes()).collect()),
    );
}

fn block(set: Option<&SetBlock>) -> BlockInfo {
    let Some(set) = set else {
        return BlockInfo::default();
    };
    BlockInfo {
        timestamp: set.timestamp,
        nonce: set.nonce,
        round: set.round,
        epoch: set.epoch as u32,
        random_seed: set
            .random_seed
            .clone()
            .unwrap_or_else(|| vec![0; RANDOM_SEED_LEN]),
    }
}
