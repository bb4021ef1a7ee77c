//! Contracts in one shard and in two.

#[path = "common/sum.rs"]
mod sum;

use std::num::NonZeroU32;
use std::path::Path;

use arwen_eei::builtin::{encode_token, instance_key, token_key};
use arwen_interface::EsdtToken;
use arwen_interface::{BigInt, Bytes, ReturnCode};
use arwen_scenario::Account;
use arwen_scenario::run::VmMachine;
use arwen_scenario::shards::{Arrival, Delivery, Order, Outcome, Shards, Transaction};

const GAS: u64 = 50_000_000;
const METADATA: [u8; 2] = [1, 0];

fn contract(name: &str) -> Bytes {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/async-pair")
        .join(name);
    std::fs::read(path).expect("the example's code")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An account whose last byte, and so whose shard, is chosen.
fn user(name: u8, shard: u8) -> Bytes {
    [&[name; 31][..], &[shard]].concat()
}

/// A shop in shard 0 and a warehouse in shard `warehouse`, of `shards`; two buyers in the last shard.
struct Market {
    shards: Shards<VmMachine>,
    shop: Bytes,
    warehouse: Bytes,
    buyers: [Bytes; 2],
}

impl Market {
    fn new(shards: u32, warehouse: u8, price: u8, delivery: Delivery) -> Self {
        let count = NonZeroU32::new(shards).expect("at least one shard");
        let mut shards = Shards::new(VmMachine::interpreter().expect("a machine"), count, delivery);
        let last = (count.get() - 1) as u8;
        let (shop_owner, warehouse_owner) = (user(b'a', 0), user(b'b', warehouse));
        let buyers = [user(b'x', last), user(b'y', last)];
        for address in [&shop_owner, &warehouse_owner].into_iter().chain(&buyers) {
            shards.put(address.clone(), Account::with_balance(1000));
        }
        let mut deploy = |from: &Bytes, code: &str, arguments: &[Bytes]| {
            let (output, address) = shards
                .deploy(from, &contract(code), &METADATA, arguments, GAS)
                .expect("a run");
            assert_eq!(output.return_code, ReturnCode::Ok, "{output:?}");
            address
        };
        let warehouse = deploy(&warehouse_owner, "warehouse.wasm", &[vec![10], vec![price]]);
        let shop = deploy(&shop_owner, "shop.wasm", std::slice::from_ref(&warehouse));
        Self {
            shards,
            shop,
            warehouse,
            buyers,
        }
    }

    fn order(&mut self, buyer: usize, quantity: u8, payment: u32) {
        let tx = Transaction {
            from: self.buyers[buyer].clone(),
            to: self.shop.clone(),
            value: BigInt::from(payment),
            data: format!("order@{quantity:02x}").into_bytes(),
            gas_limit: GAS,
        };
        let (id, arrival) = self.shards.send(tx).expect("a transaction");
        if let Some(Arrival {
            outcome: Outcome::Ran(output),
            ..
        }) = arrival
        {
            assert_eq!(output.return_code, ReturnCode::Ok, "{output:?}");
        }
        let gas = self.shards.gas(id);
        assert_eq!(gas.used + gas.returned + gas.travelling, GAS);
    }

    /// Delivers everything, and tells the state that contracts and people see.
    fn finish(&mut self) -> (usize, Vec<(String, String)>) {
        let arrivals = self
            .shards
            .run(100)
            .expect("every delivery conserves gas and EGLD");
        let mut state = Vec::new();
        for (name, address) in [("shop", &self.shop), ("warehouse", &self.warehouse)] {
            let account = self.shards.account(address).expect("a contract");
            state.push((format!("{name} balance"), account.balance.to_string()));
            for (key, value) in account.storage.iter().filter(|(_, value)| !value.is_empty()) {
                // Addresses differ from market to market; what is kept of them is told otherwise.
                if key != b"warehouse" {
                    state.push((format!("{name} {}", self.anonymous(key)), hex(value)));
                }
            }
        }
        for (name, address) in ["x", "y"].iter().zip(&self.buyers) {
            let account = self.shards.account(address).expect("a buyer");
            state.push((format!("{name} balance"), account.balance.to_string()));
        }
        (arrivals.len(), state)
    }

    fn anonymous(&self, key: &[u8]) -> String {
        let buyer = self.buyers.iter().position(|buyer| key.ends_with(buyer));
        let (tag, rest) = key.split_at(key.len() - buyer.map_or(0, |_| 32));
        let tag = String::from_utf8_lossy(tag).into_owned();
        if rest.is_empty() {
            tag
        } else {
            format!("{tag} of buyer {}", buyer.unwrap_or_default())
        }
    }
}

fn deliveries() -> impl Iterator<Item = Delivery> {
    let orders = [Order::OldestFirst, Order::NewestFirst, Order::Shuffled];
    let fixed = orders.into_iter().map(|order| Delivery {
        order,
        ..Delivery::default()
    });
    fixed.chain((0..8).map(|seed| Delivery {
        order: Order::Shuffled,
        min_delay: 1,
        max_delay: 7,
        seed,
    }))
}

/// Orders that are accepted (nothing to pay) and refused (more than there is, or paid for nothing).
fn orders(market: &mut Market) {
    market.order(0, 3, 0);
    market.order(1, 200, 0);
    market.order(0, 201, 300);
    market.order(1, 2, 0);
    market.order(1, 4, 50);
}

#[test]
fn a_pair_ends_the_same_in_one_shard_and_in_two_however_messages_travel() {
    let mut together = Market::new(1, 0, 0, Delivery::default());
    orders(&mut together);
    let (messages, expected) = together.finish();
    assert_eq!(messages, 0);
    let get = |key: &str| {
        expected
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(get("warehouse stock"), Some("05"));
    assert_eq!(get("shop bought of buyer 0"), Some("01"));
    assert_eq!(
        (get("x balance"), get("y balance"), get("shop balance")),
        (Some("1000"), Some("1000"), Some("0"))
    );

    for delivery in deliveries() {
        for (shards, warehouse) in [(2, 0), (2, 1), (3, 1), (3, 2)] {
            let mut apart = Market::new(shards, warehouse, 0, delivery);
            orders(&mut apart);
            let (messages, state) = apart.finish();
            assert!(messages >= 5, "{messages} messages");
            assert_eq!(
                state, expected,
                "{shards} shards, warehouse in {warehouse}, {delivery:?}"
            );
        }
    }
}

/// A contract in shard 0 and its user in shard 1, who has 100 tokens and 1000 EGLD.
fn sum_and_user() -> (Shards<VmMachine>, Bytes, Bytes) {
    let two = NonZeroU32::new(2).expect("two");
    let mut shards = Shards::new(VmMachine::both().expect("a machine"), two, Delivery::default());
    let (owner, user) = (user(b'a', 0), user(b'x', 1));
    shards.put(owner.clone(), Account::default());
    let mut account = Account::with_balance(1000);
    let tokens = EsdtToken {
        value: Some(100.into()),
        ..EsdtToken::default()
    };
    account
        .storage
        .insert(instance_key(&token_key(b"TOK"), 0), encode_token(&tokens));
    shards.put(user.clone(), account);
    let (output, contract) = shards
        .deploy(&owner, &sum::sum_contract(), &METADATA, &[vec![7]], GAS)
        .expect("a run");
    assert_eq!(output.return_code, ReturnCode::Ok, "{output:?}");
    (shards, contract, user)
}

#[test]
fn value_and_tokens_reach_a_contract_in_another_shard_or_come_back() {
    for (data, value, code, kept, balance) in [
        ("add@05", 40, ReturnCode::Ok, 0, 960),
        ("addAndFail@05", 40, ReturnCode::UserError, 0, 1000),
        ("ESDTTransfer@544f4b@1e@616464@05", 0, ReturnCode::Ok, 30, 1000),
        (
            "ESDTTransfer@544f4b@1e@6164644e6f7468696e67@05",
            0,
            ReturnCode::FunctionNotFound,
            0,
            1000,
        ),
        (
            "ESDTTransfer@544f4b@1e@616464416e644661696c@05",
            0,
            ReturnCode::UserError,
            0,
            1000,
        ),
    ] {
        let (mut shards, contract, user) = sum_and_user();
        let (id, arrival) = shards
            .send(Transaction {
                from: user.clone(),
                to: contract.clone(),
                value: BigInt::from(value),
                data: data.into(),
                gas_limit: GAS,
            })
            .expect("a transaction");
        assert_eq!(arrival, None);
        let arrivals = shards.run(10).expect("conservation");
        let Outcome::Ran(output) = &arrivals[0].outcome else {
            panic!("{arrivals:?}")
        };
        assert_eq!(output.return_code, code, "{data}: {output:?}");
        let tokens = |address: &Bytes| {
            let token = shards
                .account(address)
                .expect("an account")
                .token(b"TOK", 0)
                .expect("a token");
            token.value.unwrap_or_default()
        };
        assert_eq!(
            (tokens(&contract), tokens(&user)),
            (kept.into(), (100 - kept).into()),
            "{data}"
        );
        assert_eq!(
            shards.account(&user).expect("an account").balance,
            balance.into(),
            "{data}"
        );
        let sum = shards
            .account(&contract)
            .expect("a contract")
            .value(b"sum")
            .to_vec();
        assert_eq!(sum, [if code == ReturnCode::Ok { 12 } else { 7 }], "{data}");
        let gas = shards.gas(id);
        assert_eq!(
            (gas.used + gas.returned, gas.travelling),
            (GAS, 0),
            "{data}: {gas:?}"
        );
    }
}

#[test]
fn tokens_that_are_not_there_never_leave() {
    let (mut shards, contract, user) = sum_and_user();
    let tx = Transaction {
        from: user.clone(),
        to: contract,
        data: "ESDTTransfer@544f4b@65@616464@05".into(),
        gas_limit: GAS,
        ..Transaction::default()
    };
    assert_eq!(shards.send(tx).unwrap_err().to_string(), "insufficient funds");
    assert_eq!(shards.travelling().count(), 0);
    assert_eq!(shards.account(&user).expect("an account").nonce, 1);
}
