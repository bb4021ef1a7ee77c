//! From commands to steps of a scenario.

use std::collections::BTreeMap;

use arwen_interface::Bytes;
use arwen_scenario::World;
use arwen_scenario::json::Json;
use arwen_scenario::model::TxKind;
use arwen_scenario::write;

use crate::WorldError;
use crate::command::{
    Account, Advance, Command, Deployment, Gas, Payment, Query, Transaction, Transfer, Upgrade,
};
use crate::values::{self, Value, address, name, tokens, value};

/// The function of the protocol that gives a contract other code.
const UPGRADE: &str = "upgradeContract";

/// A step, by its fields.
pub(crate) type Step = Vec<(&'static str, Json)>;

/// The steps that carry out a command in a world. `id` is the name of its transaction, should it have one.
pub(crate) fn of(command: &Command, world: &World, id: &str) -> Result<Vec<Step>, WorldError> {
    match command {
        Command::CreateAccount(account) => create_account(account, world),
        Command::Deploy(deployment) => deploy(deployment, world, id),
        Command::Upgrade(upgrade) => Ok(vec![upgrade_contract(upgrade, world, id)?]),
        Command::Call(call) => Ok(vec![transaction(call, world, id)?]),
        Command::Query(query) => Ok(vec![ask(query, world, id)?]),
        Command::Transfer(it) => Ok(vec![transfer(it, world, id)?]),
        // Step by step, since what happens in one block decides about the next.
        Command::Advance(_) => Ok(Vec::new()),
    }
}

impl Command {
    /// The name that its transaction is to have.
    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Self::Deploy(Deployment { id, .. })
            | Self::Upgrade(Upgrade { id, .. })
            | Self::Call(Transaction { id, .. })
            | Self::Transfer(Transfer { id, .. }) => id.as_deref(),
            Self::CreateAccount(_) | Self::Query(_) | Self::Advance(_) => None,
        }
    }

    /// The gas it may use.
    pub(crate) fn gas_limit(&self) -> u64 {
        match self {
            Self::Deploy(Deployment { gas, .. })
            | Self::Upgrade(Upgrade { gas, .. })
            | Self::Call(Transaction { gas, .. }) => gas.limit,
            Self::Query(_) => u64::MAX,
            Self::CreateAccount(_) | Self::Transfer(_) | Self::Advance(_) => 0,
        }
    }
}

fn create_account(account: &Account, world: &World) -> Result<Vec<Step>, WorldError> {
    let at = address("account", &account.address)?;
    if world.account(&at.bytes).is_some() {
        return Err(WorldError::AccountExists(account.address.clone()));
    }
    let mut fields = vec![
        ("nonce", Json::str("0")),
        ("balance", amount("balance", &account.balance)?),
    ];
    if !account.esdt.is_empty() {
        fields.push(("esdt", held_tokens(&account.esdt)?));
    }
    let accounts = Json::map([(at.text(), Json::map(fields))]);
    Ok(vec![set_state(world, [("accounts", accounts)])])
}

/// The tokens of an account: a map keeps one entry a token, so instances of one are gathered.
fn held_tokens(texts: &[String]) -> Result<Json, WorldError> {
    let mut instances = BTreeMap::<Bytes, (Value, Vec<Json>)>::new();
    for text in texts {
        let [identifier, nonce, amount] = tokens("esdt", text)?;
        let instance = Json::map([("nonce", nonce.json()), ("balance", amount.json())]);
        let entry = instances.entry(identifier.bytes.clone());
        entry.or_insert((identifier, Vec::new())).1.push(instance);
    }
    Ok(Json::map(instances.into_values().map(
        |(identifier, instances)| {
            let held = Json::map([("instances", Json::list(instances))]);
            (identifier.text().to_owned(), held)
        },
    )))
}

/// A `setState` that leaves the blocks as they are; the format resets what is left out.
fn set_state(world: &World, fields: impl IntoIterator<Item = (&'static str, Json)>) -> Step {
    let mut step = vec![("step", Json::str("setState"))];
    step.extend(fields);
    for (key, block) in [
        ("previousBlockInfo", &world.previous_block),
        ("currentBlockInfo", &world.current_block),
    ] {
        if *block != Default::default() {
            step.push((key, write::block(block)));
        }
    }
    step
}

fn deploy(deployment: &Deployment, world: &World, id: &str) -> Result<Vec<Step>, WorldError> {
    let from = existing("from", &deployment.from, world)?;
    let mut steps = Vec::new();
    if let Some(at) = &deployment.at {
        let contract = address("at", at)?;
        if world.account(&contract.bytes).is_some() {
            return Err(WorldError::AccountExists(at.clone()));
        }
        let nonce = world.account(&from.bytes).map_or(0, |account| account.nonce);
        let entry = Json::map([
            ("creatorAddress", from.json()),
            ("creatorNonce", Json::Str(nonce.to_string())),
            ("newAddress", contract.json()),
        ]);
        steps.push(set_state(world, [("newAddresses", Json::list([entry]))]));
    }
    let mut tx = vec![
        ("from", from.json()),
        ("value", amount("value", &deployment.value)?),
        ("contractCode", values::code(&deployment.code)),
        ("arguments", arguments(&deployment.arguments)?),
    ];
    if let Some(metadata) = &deployment.metadata {
        tx.push(("codeMetadata", value("metadata", metadata)?.json()));
    }
    tx.extend(gas(deployment.gas));
    steps.push(step(TxKind::ScDeploy, id, tx));
    Ok(steps)
}

fn upgrade_contract(upgrade: &Upgrade, world: &World, id: &str) -> Result<Step, WorldError> {
    let from = existing("from", &upgrade.from, world)?;
    let to = contract(&upgrade.to, world)?;
    let metadata = value("metadata", "0x0502")?;
    let own = values::values("argument", &upgrade.arguments)?;
    let all = [values::code(&upgrade.code), metadata.json()]
        .into_iter()
        .chain(own.iter().map(Value::json));
    let mut tx = vec![
        ("from", from.json()),
        ("to", to.json()),
        ("function", Json::str(UPGRADE)),
        ("arguments", Json::list(all)),
    ];
    tx.extend(gas(upgrade.gas));
    Ok(step(TxKind::ScCall, id, tx))
}

fn transaction(call: &Transaction, world: &World, id: &str) -> Result<Step, WorldError> {
    let from = existing("from", &call.from, world)?;
    let to = contract(&call.to, world)?;
    let mut tx = vec![("from", from.json()), ("to", to.json())];
    tx.extend(payment(&call.payment)?);
    tx.push(("function", name("function", &call.function)?));
    tx.push(("arguments", arguments(&call.arguments)?));
    tx.extend(gas(call.gas));
    Ok(step(TxKind::ScCall, id, tx))
}

fn ask(query: &Query, world: &World, id: &str) -> Result<Step, WorldError> {
    let tx = vec![
        ("to", contract(&query.to, world)?.json()),
        ("function", name("function", &query.function)?),
        ("arguments", arguments(&query.arguments)?),
    ];
    Ok(step(TxKind::ScQuery, id, tx))
}

fn transfer(transfer: &Transfer, world: &World, id: &str) -> Result<Step, WorldError> {
    let from = existing("from", &transfer.from, world)?;
    let to = existing("to", &transfer.to, world)?;
    let mut tx = vec![("from", from.json()), ("to", to.json())];
    tx.extend(payment(&transfer.payment)?);
    tx.extend(gas(Gas::default()));
    Ok(step(TxKind::Transfer, id, tx))
}

/// The `setState` that lets time pass.
pub(crate) fn advance(time: &Advance, world: &World) -> Result<Step, WorldError> {
    let mut next = world.clone();
    next.accounts.clear();
    next.previous_block = world.current_block.clone();
    let block = &mut next.current_block;
    block.nonce = block.nonce.saturating_add(time.blocks);
    block.round = block.round.saturating_add(time.blocks);
    block.timestamp = block.timestamp.saturating_add(time.seconds);
    block.epoch = block.epoch.saturating_add(time.epochs);
    if let Some(seed) = &time.seed {
        block.random_seed = value("seed", seed)?.bytes;
    }
    Ok(set_state(&next, []))
}

/// The address of an account that must exist.
fn existing(what: &'static str, text: &str, world: &World) -> Result<Value, WorldError> {
    let at = address(what, text)?;
    match world.account(&at.bytes) {
        Some(_) => Ok(at),
        None => Err(WorldError::NoAccount {
            what,
            text: text.to_owned(),
        }),
    }
}

/// The address of an account that must be a contract.
fn contract(text: &str, world: &World) -> Result<Value, WorldError> {
    let at = existing("contract", text, world)?;
    match world.account(&at.bytes) {
        Some(account) if account.is_contract() => Ok(at),
        _ => Err(WorldError::NoContract(text.to_owned())),
    }
}

fn amount(what: &str, text: &str) -> Result<Json, WorldError> {
    match text {
        "" => Ok(Json::str("0")),
        text => Ok(value(what, text)?.json()),
    }
}

fn arguments(texts: &[String]) -> Result<Json, WorldError> {
    let all = values::values("argument", texts)?;
    Ok(Json::list(all.iter().map(Value::json)))
}

fn payment(payment: &Payment) -> Result<Step, WorldError> {
    let mut fields = vec![("value", amount("value", &payment.value)?)];
    let tokens: Result<Vec<_>, WorldError> = payment.esdt.iter().map(|text| tokens("esdt", text)).collect();
    let mut tokens: Vec<_> = tokens?
        .iter()
        .map(|[identifier, nonce, amount]| {
            Json::map([
                ("tokenIdentifier", identifier.json()),
                ("nonce", nonce.json()),
                ("value", amount.json()),
            ])
        })
        .collect();
    match tokens.len() {
        0 => {}
        // The older form, which every runner reads.
        1 => fields.extend(tokens.pop().map(|token| ("esdt", token))),
        _ => fields.push(("esdt", Json::list(tokens))),
    }
    Ok(fields)
}

fn gas(gas: Gas) -> Step {
    vec![
        ("gasLimit", Json::Str(gas.limit.to_string())),
        ("gasPrice", Json::Str(gas.price.to_string())),
    ]
}

fn step(kind: TxKind, id: &str, tx: Step) -> Step {
    vec![
        ("step", Json::str(kind.step_name())),
        ("txId", Json::str(id)),
        ("tx", Json::map(tx)),
    ]
}
