//! What the functions do in a world of two shards.

mod world;

use arwen_interface::{BigInt, Bytes, CallType, EsdtToken};

use super::token::{encode_roles, last_nonce_key, roles_key};
use super::*;
use world::{ALICE, ART, BOB, FAR, GAS, HERE, NAMES, THERE, TOKEN, World, balance, only_transfer, text};

#[test]
fn names_are_unique_and_found() {
    assert_eq!(BuiltinFunction::ALL.len(), 23);
    for function in BuiltinFunction::ALL {
        assert_eq!(BuiltinFunction::from_name(function.name()), Some(*function));
    }
    let gated: Vec<_> = BuiltinFunction::ALL
        .iter()
        .filter(|f| !f.is_active(4, 5))
        .map(|f| f.name())
        .collect();
    assert_eq!(
        gated,
        ["ESDTNFTUpdateAttributes", "ESDTNFTAddURI", "MultiESDTNFTTransfer"]
    );
    assert!(
        BuiltinFunction::ALL
            .iter()
            .all(|function| function.is_active(5, 5))
    );
}

#[test]
fn refusals_have_the_agreed_texts_and_change_nothing() {
    let frozen = EsdtToken {
        value: Some(9.into()),
        properties: vec![1, 0],
        ..EsdtToken::default()
    };
    let instance = EsdtToken {
        token_type: 1,
        ..frozen.clone()
    };
    type Case<'a> = (&'a str, &'a [u8], &'a [u8], Vec<&'a [u8]>, &'a str);
    #[rustfmt::skip]
    let cases: Vec<Case<'_>> = vec![
        ("Nothing", &ALICE, &BOB, vec![], "element does not exist in container in function container for key Nothing"),
        ("ESDTTransfer", &[9; 32], &BOB, vec![TOKEN, &[1]], "account was not found"),
        ("ESDTTransfer", &ALICE, &BOB, vec![TOKEN], "invalid arguments to process built-in function"),
        ("ESDTTransfer", &ALICE, &BOB, vec![TOKEN, &[0]], "negative value"),
        ("ESDTTransfer", &ALICE, &BOB, vec![TOKEN, &[11]], "insufficient funds"),
        ("ESDTTransfer", &ALICE, &ESDT_SYSTEM_CONTRACT, vec![TOKEN, &[1]], "invalid receiver address"),
        ("ESDTTransfer", &ALICE, &BOB, vec![b"FROZEN", &[1]], "account is frozen for this esdt token"),
        ("ESDTTransfer", &ALICE, &BOB, vec![b"PAUSED", &[1]], "esdt token is paused"),
        ("ESDTTransfer", &ALICE, &BOB, vec![b"INST", &[1]], "only fungible tokens have balance transfer"),
        ("ESDTBurn", &ALICE, &BOB, vec![TOKEN, &[1]], "destination is not system sc address"),
        ("ESDTLocalBurn", &ALICE, &ALICE, vec![TOKEN, &[1]], "action is not allowed"),
        ("ESDTLocalMint", &ALICE, &BOB, vec![TOKEN, &[1]], "invalid receiver address"),
        ("ESDTFreeze", &ALICE, &BOB, vec![TOKEN], "destination is not system sc address"),
        ("ESDTPause", &ESDT_SYSTEM_CONTRACT, &BOB, vec![TOKEN], "only system account is accepted"),
        ("ESDTWipe", &ESDT_SYSTEM_CONTRACT, &ALICE, vec![TOKEN], "cannot wipe because the account is not frozen for this esdt token"),
        ("ESDTWipe", &ESDT_SYSTEM_CONTRACT, &FAR, vec![TOKEN], "nil user account"),
        ("ESDTNFTTransfer", &ALICE, &ALICE, vec![ART, &[1], &[1], &[1]], "invalid arguments to process built-in function, not a valid destination address"),
        ("ESDTNFTTransfer", &ALICE, &ALICE, vec![ART, &[1], &[1], &ALICE], "invalid arguments to process built-in function, can not transfer to self"),
        ("ESDTNFTTransfer", &ALICE, &ALICE, vec![ART, &[0], &[1], &BOB], "NFT does not have metadata"),
        ("ESDTNFTTransfer", &ALICE, &ALICE, vec![ART, &[1], &[1], &BOB], "new NFT data on sender"),
        ("ESDTNFTTransfer", &ALICE, &BOB, vec![ART, &[1], &[1], &BOB], "invalid receiver address"),
        ("ESDTNFTCreate", &ALICE, &ALICE, vec![ART, &[1]], "invalid arguments to process built-in function, wrong number of arguments"),
        ("MultiESDTNFTTransfer", &ALICE, &ALICE, vec![&BOB, &[0], TOKEN, &[0], &[1]], "invalid arguments to process built-in function, 0 tokens to transfer"),
        ("MultiESDTNFTTransfer", &ALICE, &ALICE, vec![&BOB, &[255; 8], TOKEN, &[0], &[1]], "invalid arguments to process built-in function, invalid number of arguments"),
        ("MultiESDTNFTTransfer", &ALICE, &ALICE, vec![&BOB, &[1], TOKEN, &[0], &[11]], "invalid NFT quantity"),
        ("ClaimDeveloperRewards", &ALICE, &HERE, vec![], "operation in account not permitted"),
        ("ChangeOwnerAddress", &ALICE, &HERE, vec![&BOB], "operation in account not permitted not the owner of the account"),
        ("ChangeOwnerAddress", &ALICE, &HERE, vec![&[1]], "invalid address length"),
        ("SetUserName", &HERE, &BOB, vec![b"bob"], "not a dns address"),
        ("SaveKeyValue", &ALICE, &ALICE, vec![b"ELRONDx", b"v"], "operation in account not permitted it is not allowed to save under key ELRONDx"),
        ("SaveKeyValue", &HERE, &HERE, vec![b"k", b"v"], "operation in account not permitted key-value builtin function not allowed for smart contracts"),
        ("SaveKeyValue", &THERE, &THERE, vec![b"k", b"v"], "nil destination SC account"),
        ("SaveKeyValue", &ALICE, &BOB, vec![b"k", b"v"], "operation in account not permitted not the owner of the account"),
        ("SaveKeyValue", &ALICE, &ALICE, vec![b"k"], "invalid arguments to process built-in function"),
        ("SaveKeyValue", &ALICE, &ALICE, vec![b"k", &[7; 9_999]], "not enough gas was sent in the transaction"),
    ];
    for (function, from, to, arguments, error) in cases {
        let mut world = World::new()
            .with_balance(&ALICE, 10)
            .set(&ALICE, token_key(b"FROZEN"), encode_token(&frozen))
            .set(&ALICE, token_key(b"INST"), encode_token(&instance))
            .set(&SYSTEM_ACCOUNT, token_key(b"PAUSED"), vec![1, 0])
            .set(&ALICE, token_key(b"PAUSED"), balance(5));
        let before = world.storage.clone();
        let result = world.run(function, from, to, &arguments);
        assert_eq!(
            result.map_err(|error| error.to_string()),
            Err(error.into()),
            "{function}"
        );
        assert_eq!(world.storage, before, "{function}");
    }
}

#[test]
fn a_transfer_moves_an_amount_and_tells() {
    let mut world = World::new().with_balance(&ALICE, 10);
    let output = world
        .run("ESDTTransfer", &ALICE, &BOB, &[TOKEN, &[0, 10]])
        .unwrap();
    assert_eq!(
        (world.quantity(&ALICE, TOKEN, 0), world.quantity(&BOB, TOKEN, 0)),
        (0, 10)
    );
    assert_eq!(world.value(&ALICE, &token_key(TOKEN)), b"");
    assert_eq!(output.gas_remaining, GAS - 1);
    assert!(output.output_accounts.is_empty());
    let [event] = output.logs.as_slice() else {
        panic!("one event")
    };
    assert_eq!(
        (text(&event.identifier), event.address.as_slice()),
        ("ESDTTransfer", ALICE.as_slice())
    );
    assert_eq!(event.topics, [TOKEN, &[10], &BOB]);
}

#[test]
fn a_transfer_with_a_call_goes_on_with_all_gas() {
    let mut world = World::new().with_balance(&ALICE, 10);
    world.not_payable = true;
    let (to, call) = (HERE, [TOKEN, &[3], b"fund", &[0xab, 0], &[]]);
    let output = world.run("ESDTTransfer", &ALICE, &to, &call).unwrap();
    let (address, transfer) = only_transfer(&output);
    assert_eq!((address, text(&transfer.data)), (to.as_slice(), "fund@ab00@"));
    assert_eq!(
        (transfer.gas_limit, transfer.gas_locked, output.gas_remaining),
        (GAS - 1, 77, 0)
    );
    assert_eq!(transfer.sender, ALICE);

    let refused = world.run("ESDTTransfer", &ALICE, &to, &[TOKEN, &[3]]);
    assert_eq!(refused, Err(BuiltinError::NotPayable));
    for exempt in [CallType::Callback, CallType::EsdtTransferAndExecute] {
        assert!(
            world
                .run_as(exempt, "ESDTTransfer", &ALICE, &to, &[TOKEN, &[2]])
                .is_ok()
        );
    }
    assert_eq!(world.quantity(&to, TOKEN, 0), 7);
}

#[test]
fn a_transfer_to_another_shard_is_sent_by_contracts_and_left_to_the_node_by_users() {
    let from = HERE;
    let mut world = World::new().with_balance(&ALICE, 10).with_balance(&from, 10);
    let output = world.run("ESDTTransfer", &ALICE, &FAR, &[TOKEN, &[4]]).unwrap();
    assert!(output.output_accounts.is_empty());
    assert_eq!((output.gas_remaining, output.logs[0].topics.len()), (GAS - 1, 2));

    let output = world.run("ESDTTransfer", &from, &FAR, &[TOKEN, &[4]]).unwrap();
    let (address, transfer) = only_transfer(&output);
    assert_eq!(address, FAR);
    assert_eq!(text(&transfer.data), "ESDTTransfer@434f494e2d313233343536@04");
    assert_eq!(world.quantity(&from, TOKEN, 0), 6);

    let output = world.run("ESDTTransfer", &FAR, &BOB, &[TOKEN, &[4]]).unwrap();
    assert_eq!((world.quantity(&BOB, TOKEN, 0), output.gas_remaining), (4, 0));
    let output = world
        .run_as(CallType::Callback, "ESDTTransfer", &FAR, &BOB, &[TOKEN, &[4]])
        .unwrap();
    assert_eq!((world.quantity(&BOB, TOKEN, 0), output.gas_remaining), (8, GAS));
}

#[test]
fn supply_changes_with_the_role_only() {
    let mut world = World::new()
        .with_balance(&ALICE, 10)
        .with_role(&ALICE, TOKEN, "ESDTRoleLocalMint");
    let output = world
        .run("ESDTLocalMint", &ALICE, &ALICE, &[TOKEN, &[5]])
        .unwrap();
    assert_eq!((output.gas_remaining, output.logs[0].topics.len()), (GAS - 1, 2));
    assert_eq!(
        world.run("ESDTLocalBurn", &ALICE, &ALICE, &[TOKEN, &[5]]),
        Err(BuiltinError::ActionNotAllowed)
    );
    let too_long = world.run("ESDTLocalMint", &ALICE, &ALICE, &[TOKEN, &[1; 101]]);
    assert_eq!(
        too_long.unwrap_err().to_string(),
        "invalid arguments to process built-in function max length for esdt issue is 100"
    );
    let mut world = world.with_role(&ALICE, TOKEN, "ESDTRoleLocalBurn");
    world
        .run("ESDTLocalBurn", &ALICE, &ALICE, &[TOKEN, &[12]])
        .unwrap();
    assert_eq!(world.quantity(&ALICE, TOKEN, 0), 3);
    let from = HERE;
    let mut world = world.with_balance(&from, 3);
    let output = world
        .run("ESDTBurn", &from, &ESDT_SYSTEM_CONTRACT, &[TOKEN, &[3]])
        .unwrap();
    assert_eq!(
        text(&only_transfer(&output).1.data),
        "ESDTBurn@434f494e2d313233343536@03"
    );
    assert_eq!(world.quantity(&from, TOKEN, 0), 0);
}

#[test]
fn the_issuing_contract_freezes_wipes_pauses_and_gives_roles() {
    let esdt = ESDT_SYSTEM_CONTRACT;
    let mut world = World::new().with_balance(&ALICE, 10);
    world.run("ESDTFreeze", &esdt, &ALICE, &[TOKEN]).unwrap();
    assert_eq!(
        world.run("ESDTTransfer", &ALICE, &BOB, &[TOKEN, &[1]]),
        Err(BuiltinError::Frozen)
    );
    world.run("ESDTUnFreeze", &esdt, &ALICE, &[TOKEN]).unwrap();
    world.run("ESDTPause", &esdt, &SYSTEM_ACCOUNT, &[TOKEN]).unwrap();
    assert_eq!(
        world.run("ESDTTransfer", &ALICE, &BOB, &[TOKEN, &[1]]),
        Err(BuiltinError::Paused)
    );
    world
        .run("ESDTUnPause", &esdt, &SYSTEM_ACCOUNT, &[TOKEN])
        .unwrap();
    world.run("ESDTTransfer", &ALICE, &BOB, &[TOKEN, &[1]]).unwrap();
    world.run("ESDTFreeze", &esdt, &ALICE, &[TOKEN]).unwrap();
    let output = world.run("ESDTWipe", &esdt, &ALICE, &[TOKEN]).unwrap();
    assert_eq!(output.logs[0].topics, [TOKEN, &[], &ALICE]);
    assert_eq!(world.value(&ALICE, &token_key(TOKEN)), b"");

    world
        .run("ESDTSetRole", &esdt, &ALICE, &[TOKEN, b"r1", b"r2", b"r1"])
        .unwrap();
    world
        .run("ESDTUnSetRole", &esdt, &ALICE, &[TOKEN, b"r1", b"r3"])
        .unwrap();
    assert_eq!(world.value(&ALICE, &roles_key(TOKEN)), b"\x0a\x02r2\x0a\x02r1");
}

/// Alice makes `quantity` of an instance.
fn with_instance(quantity: u8) -> World {
    let roles = [
        "ESDTRoleNFTCreate",
        "ESDTRoleNFTAddQuantity",
        "ESDTRoleNFTBurn",
        "ESDTRoleNFTAddURI",
        "ESDTRoleNFTUpdateAttributes",
    ];
    let mut world = World::new().set(
        &ALICE,
        roles_key(ART),
        encode_roles(roles.iter().map(|role| role.as_bytes().to_vec()).collect()),
    );
    let output = world
        .run(
            "ESDTNFTCreate",
            &ALICE,
            &ALICE,
            &[ART, &[quantity], b"name", &[0x03, 0xe8], b"hash", b"attr", b"uri"],
        )
        .unwrap();
    assert_eq!(output.return_data, [[1]]);
    let stored = world.value(&ALICE, &instance_key(&token_key(ART), 1));
    assert_eq!(output.logs[0].topics, [ART, &[1], &stored]);
    let lengths = ART.len() + 1 + 4 + 2 + 4 + 4 + 3;
    assert_eq!(output.gas_remaining, GAS - 1 - lengths as u64);
    world
}

#[test]
fn instances_are_made_changed_and_burnt() {
    let mut world = with_instance(2);
    world
        .run("ESDTNFTAddQuantity", &ALICE, &ALICE, &[ART, &[1], &[5]])
        .unwrap();
    world
        .run("ESDTNFTBurn", &ALICE, &ALICE, &[ART, &[1], &[1]])
        .unwrap();
    let output = world
        .run("ESDTNFTAddURI", &ALICE, &ALICE, &[ART, &[1], b"second", b"third"])
        .unwrap();
    assert_eq!(output.gas_remaining, GAS - 1 - 11);
    world
        .run("ESDTNFTUpdateAttributes", &ALICE, &ALICE, &[ART, &[1], b"new"])
        .unwrap();
    let token = decode_token(&world.value(&ALICE, &instance_key(&token_key(ART), 1))).unwrap();
    assert_eq!(token.value, Some(6.into()));
    let metadata = token.metadata.unwrap();
    assert_eq!(metadata.uris, [b"uri".as_slice(), b"second", b"third"]);
    assert_eq!(
        (
            metadata.attributes.as_slice(),
            metadata.royalties,
            metadata.creator.as_slice()
        ),
        (b"new".as_slice(), 1000, ALICE.as_slice())
    );
    let too_much = world.run("ESDTNFTBurn", &ALICE, &ALICE, &[ART, &[1], &[7]]);
    assert_eq!(too_much, Err(BuiltinError::InvalidQuantity));
    world
        .run("ESDTNFTBurn", &ALICE, &ALICE, &[ART, &[1], &[6]])
        .unwrap();
    assert_eq!(world.quantity(&ALICE, ART, 1), 0);
}

#[test]
fn an_instance_moves_within_the_shard_and_adds_up() {
    let mut world = with_instance(5);
    for moved in [2, 1] {
        let output = world
            .run("ESDTNFTTransfer", &ALICE, &ALICE, &[ART, &[1], &[moved], &BOB])
            .unwrap();
        let handed_on = world.value(&BOB, &instance_key(&token_key(ART), 1)).len() as u64;
        assert_eq!(output.gas_remaining, GAS - 1 - handed_on);
        assert_eq!(output.logs[0].topics, [ART, &[1], &BOB]);
        assert!(output.output_accounts.is_empty());
    }
    assert_eq!(
        (world.quantity(&ALICE, ART, 1), world.quantity(&BOB, ART, 1)),
        (2, 3)
    );
}

#[test]
fn an_instance_moves_to_another_shard_and_arrives() {
    let mut world = with_instance(5);
    let output = world
        .run(
            "ESDTNFTTransfer",
            &ALICE,
            &ALICE,
            &[ART, &[1], &[2], &THERE, b"sell", &[1]],
        )
        .unwrap();
    let (address, transfer) = only_transfer(&output);
    assert_eq!((address, output.gas_remaining), (THERE.as_slice(), 0));
    assert_eq!(world.quantity(&ALICE, ART, 1), 3);
    let data: Vec<Bytes> = text(&transfer.data)
        .split('@')
        .skip(1)
        .map(|hex| {
            (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect()
        })
        .collect();
    assert!(transfer.data.starts_with(b"ESDTNFTTransfer@") && transfer.data.ends_with(b"@73656c6c@01"));
    let sent = decode_token(&data[3]).unwrap();
    assert_eq!(sent.value, Some(2.into()));

    // What was sent arrives in a shard that has not heard of the token.
    let mut world = World::new();
    let here = HERE;
    let arguments: Vec<&[u8]> = data.iter().map(Bytes::as_slice).collect();
    let output = world.run("ESDTNFTTransfer", &FAR, &here, &arguments).unwrap();
    assert_eq!(text(&only_transfer(&output).1.data), "sell@01");
    assert_eq!(only_transfer(&output).1.gas_limit, GAS);
    assert_eq!(world.quantity(&here, ART, 1), 2);
}

#[test]
fn several_tokens_move_at_once() {
    let mut world = with_instance(5).with_balance(&ALICE, 10);
    let transfers: [&[u8]; 7] = [&[2], TOKEN, &[], &[4], ART, &[1], &[2]];
    let within = [&[HERE.as_slice()], transfers.as_slice(), &[b"go".as_slice()]].concat();
    let output = world
        .run("MultiESDTNFTTransfer", &ALICE, &ALICE, &within)
        .unwrap();
    assert_eq!(text(&only_transfer(&output).1.data), "go");
    let handed_on = world.value(&HERE, &instance_key(&token_key(ART), 1)).len() as u64;
    assert_eq!(only_transfer(&output).1.gas_limit, GAS - 2 - handed_on);
    assert_eq!(
        (world.quantity(&HERE, TOKEN, 0), world.quantity(&HERE, ART, 1)),
        (4, 2)
    );
    assert_eq!(output.logs.len(), 2);

    // The reference forgets what the receiver had of a fungible token.
    world
        .run("MultiESDTNFTTransfer", &ALICE, &ALICE, &within)
        .unwrap();
    assert_eq!(
        (world.quantity(&HERE, TOKEN, 0), world.quantity(&HERE, ART, 1)),
        (4, 4)
    );
    assert_eq!(
        (world.quantity(&ALICE, TOKEN, 0), world.quantity(&ALICE, ART, 1)),
        (2, 1)
    );

    let across = [&THERE[..], &[1], TOKEN, &[], &[2]];
    let output = world
        .run("MultiESDTNFTTransfer", &ALICE, &ALICE, &across)
        .unwrap();
    let (_, transfer) = only_transfer(&output);
    assert_eq!(
        text(&transfer.data),
        "MultiESDTNFTTransfer@01@434f494e2d313233343536@00@02"
    );
    assert_eq!((transfer.gas_limit, output.gas_remaining), (0, GAS - 1));
}

#[test]
fn several_tokens_arrive_at_once() {
    let item = decode_token(&with_instance(5).value(&ALICE, &instance_key(&token_key(ART), 1))).unwrap();
    let mut world = World::new().with_balance(&BOB, 1);
    let arguments: [&[u8]; 7] = [&[2], TOKEN, &[0], &[4], ART, &[1], &encode_token(&item)];
    let output = world.run("MultiESDTNFTTransfer", &FAR, &BOB, &arguments).unwrap();
    assert_eq!(
        (world.quantity(&BOB, TOKEN, 0), world.quantity(&BOB, ART, 1)),
        (5, 5)
    );
    assert_eq!((output.gas_remaining, output.logs.len()), (GAS, 2));
}

#[test]
fn the_role_of_making_instances_moves_with_its_nonces() {
    let mut world = with_instance(1);
    let output = world
        .run(
            "ESDTNFTCreateRoleTransfer",
            &ESDT_SYSTEM_CONTRACT,
            &ALICE,
            &[ART, &BOB],
        )
        .unwrap();
    assert_eq!(
        text(&only_transfer(&output).1.data),
        "ESDTNFTCreateRoleTransfer@4152542d313233343536@01"
    );
    assert_eq!(world.value(&ALICE, &last_nonce_key(ART)), b"");
    assert_eq!(world.value(&BOB, &last_nonce_key(ART)), [1]);
    assert_eq!(world.value(&BOB, &roles_key(ART)), b"\x0a\x11ESDTRoleNFTCreate");
    world
        .run("ESDTNFTCreateRoleTransfer", &FAR, &HERE, &[ART, &[9]])
        .unwrap();
    assert_eq!(world.value(&HERE, &last_nonce_key(ART)), [9]);
}

#[test]
fn accounts_are_paid_handed_over_named_and_written() {
    let owned = HERE;
    let mut world = World::new();
    let account = world.accounts.get_mut(owned.as_slice()).unwrap();
    account.owner = ALICE.to_vec();
    account.developer_reward = Some(500.into());
    let output = world.run("ClaimDeveloperRewards", &ALICE, &owned, &[]).unwrap();
    let (address, transfer) = only_transfer(&output);
    assert_eq!(
        (address, &transfer.value, transfer.gas_limit),
        (ALICE.as_slice(), &Some(500.into()), 0)
    );
    assert_eq!(world.accounts[ALICE.as_slice()].balance, Some(500.into()));
    let output = world
        .run_as(
            CallType::Asynchronous,
            "ClaimDeveloperRewards",
            &ALICE,
            &owned,
            &[],
        )
        .unwrap();
    let (_, transfer) = only_transfer(&output);
    assert_eq!(
        (transfer.call_type, transfer.gas_limit, transfer.gas_locked),
        (CallType::Callback, GAS - 1, 77)
    );
    let output = world.run("ClaimDeveloperRewards", &ALICE, &THERE, &[]).unwrap();
    assert_eq!((output.gas_remaining, output.output_accounts.len()), (GAS - 1, 0));

    world
        .run("ChangeOwnerAddress", &ALICE, &owned, &[&NAMES])
        .unwrap();
    let output = world.run("ClaimDeveloperRewards", &NAMES, &owned, &[]).unwrap();
    assert!(output.output_accounts.is_empty());

    world.run("SetUserName", &NAMES, &BOB, &[b"bob"]).unwrap();
    assert_eq!(
        world.run("SetUserName", &NAMES, &BOB, &[b"bo"]),
        Err(BuiltinError::UserNameSet)
    );
    let output = world.run("SetUserName", &NAMES, &FAR, &[b"far"]).unwrap();
    let (_, transfer) = only_transfer(&output);
    assert_eq!(
        (text(&transfer.data), transfer.gas_limit),
        ("SetUserName@666172", GAS)
    );
    assert_eq!(
        (transfer.call_type, output.gas_remaining),
        (CallType::Asynchronous, 0)
    );

    let output = world
        .run("SaveKeyValue", &ALICE, &ALICE, &[b"key", b"value", b"k", b""])
        .unwrap();
    assert_eq!(output.gas_remaining, GAS - 1 - 8 - 5 - 1);
    assert_eq!(
        (world.value(&ALICE, b"key").as_slice(), output.gas_refund),
        (b"value".as_slice(), Some(BigInt::ZERO))
    );
}
