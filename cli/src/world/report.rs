//! What a command did, for people and for machines.

use std::fmt;

use arwen_interface::{BigInt, CallType, ReturnCode, VmOutput};
use arwen_scenario::World;
use arwen_scenario::expr::hex;
use arwen_scenario::shards::Arrival;
use arwen_world::{Change, Command, Outcome};
use serde::Serialize;

use crate::module_file::exported_functions;
use crate::show::{Units, address, show, show_log};

/// What a command did. Bytes are in hex, EGLD in its smallest unit.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    command: String,
    /// The name of the transaction.
    id: Option<String>,
    deployed: Option<String>,
    result: Option<RunResult>,
    /// What arrived from other shards.
    arrivals: Vec<ArrivalReport>,
    /// How much is on its way between shards.
    travelling: usize,
    accounts: Vec<AccountChange>,
    block: Option<Block>,
    /// Whether the command is part of the session. A query that would have changed something is not.
    kept: bool,
    hint: Option<String>,
    #[serde(skip)]
    title: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArrivalReport {
    from: String,
    to: String,
    value: String,
    data: String,
    call_type: &'static str,
    /// None when no contract ran.
    return_code: Option<u8>,
    return_data: Vec<String>,
    #[serde(skip)]
    text: String,
}

impl ArrivalReport {
    fn new(arrival: &Arrival) -> Self {
        let (message, output) = (&arrival.message, arrival.output());
        let call_type = match message.call_type {
            CallType::Asynchronous => "asynchronous call",
            CallType::Callback => "callback",
            CallType::Direct | CallType::EsdtTransferAndExecute => "transfer",
        };
        let data = String::from_utf8_lossy(&message.data).into_owned();
        let mut text = format!(
            "{call_type} {} -> {}",
            address(&message.from),
            address(&message.to)
        );
        if message.value != BigInt::ZERO {
            text += &format!(", value {}", message.value);
        }
        if !data.is_empty() {
            text += &format!(", {data}");
        }
        if let Some(output) = output {
            text += &format!(": {}", output.return_code);
            if !output.return_message.is_empty() {
                text += &format!(" ({})", String::from_utf8_lossy(&output.return_message));
            }
        }
        Self {
            from: hex(&message.from),
            to: hex(&message.to),
            value: message.value.to_string(),
            data,
            call_type,
            return_code: output.map(|output| output.return_code as u8),
            return_data: output.map_or_else(Vec::new, |output| {
                output.return_data.iter().map(|item| hex(item)).collect()
            }),
            text,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RunResult {
    return_code: u8,
    return_code_name: &'static str,
    return_message: String,
    return_data: Vec<String>,
    gas: Option<GasUse>,
    logs: Vec<Log>,
    /// Where contracts stopped, when the run failed.
    stops: Vec<String>,
    #[serde(skip)]
    data_texts: Vec<String>,
}

#[derive(Debug, Serialize)]
struct GasUse {
    provided: u64,
    used: u64,
}

#[derive(Debug, Serialize)]
struct Log {
    address: String,
    identifier: String,
    topics: Vec<String>,
    data: String,
    #[serde(skip)]
    text: String,
}

#[derive(Debug, Serialize)]
struct AccountChange {
    address: String,
    created: bool,
    nonce: Option<Pair>,
    balance: Option<Pair>,
    /// By length in bytes.
    code: Option<Pair>,
    storage: Vec<StorageEntry>,
    #[serde(skip)]
    name: String,
}

#[derive(Debug, Serialize)]
struct Pair {
    before: String,
    after: String,
}

#[derive(Debug, Serialize)]
struct StorageEntry {
    key: String,
    #[serde(flatten)]
    value: Pair,
    #[serde(skip)]
    text: String,
}

#[derive(Debug, Serialize)]
struct Block {
    nonce: u64,
    round: u64,
    timestamp: u64,
    epoch: u32,
}

impl Report {
    /// What became of a command.
    pub fn new(command: &Command, outcome: &Outcome) -> Self {
        let block = &outcome.after.current_block;
        let advanced = matches!(command, Command::Advance(_));
        Self {
            command: name(command).to_owned(),
            id: outcome.id.clone(),
            deployed: outcome.deployed.as_deref().map(hex),
            result: outcome
                .output
                .as_ref()
                .map(|output| RunResult::new(output, command, outcome)),
            arrivals: outcome.arrivals.iter().map(ArrivalReport::new).collect(),
            travelling: outcome.travelling.len(),
            accounts: outcome.changes.iter().map(AccountChange::new).collect(),
            block: advanced.then_some(Block {
                nonce: block.nonce,
                round: block.round,
                timestamp: block.timestamp,
                epoch: block.epoch,
            }),
            kept: outcome.kept,
            hint: outcome
                .output
                .as_ref()
                .and_then(|output| hint(command, output, outcome)),
            title: title(command, outcome.deployed.as_deref()),
        }
    }
}

fn name(command: &Command) -> &'static str {
    match command {
        Command::CreateAccount(_) => "create-account",
        Command::Deploy(_) => "deploy",
        Command::Upgrade(_) => "upgrade",
        Command::Call(_) => "call",
        Command::Query(_) => "query",
        Command::Transfer(_) => "transfer",
        Command::Advance(_) => "advance",
    }
}

fn title(command: &Command, deployed: Option<&[u8]>) -> String {
    match command {
        Command::CreateAccount(account) => format!("created {}", account.address),
        Command::Deploy(deployment) => match deployed {
            Some(contract) => format!("deployed {}", address(contract)),
            None => format!("deployment by {}", deployment.from),
        },
        Command::Upgrade(upgrade) => format!("upgrade of {} by {}", upgrade.to, upgrade.from),
        Command::Call(call) => format!(
            "{}.{}({}) by {}",
            call.to,
            call.function,
            call.arguments.join(", "),
            call.from
        ),
        Command::Query(query) => format!("{}.{}({})", query.to, query.function, query.arguments.join(", ")),
        Command::Transfer(transfer) => format!("transfer from {} to {}", transfer.from, transfer.to),
        Command::Advance(_) => "time has passed".to_owned(),
    }
}

/// What might help after a failure, and what else is good to know.
fn hint(command: &Command, output: &VmOutput, outcome: &Outcome) -> Option<String> {
    let (target, function) = match command {
        Command::Call(call) => (&call.to, &call.function),
        Command::Query(query) => (&query.to, &query.function),
        _ if output.return_code == ReturnCode::ContractInvalid => {
            return Some("`arwen inspect` tells what speaks against this code".to_owned());
        }
        _ => return None,
    };
    match output.return_code {
        ReturnCode::FunctionNotFound => {
            let functions = functions_of(target, &outcome.before)?;
            Some(format!("{target} has no function {function:?}; it has {}", functions.join(", ")))
        }
        ReturnCode::Ok if !outcome.kept => Some(
            "this function writes; a query does not, so none of it has happened (`arwen world call` makes it happen)"
                .to_owned(),
        ),
        _ => None,
    }
}

fn functions_of(target: &str, world: &World) -> Option<Vec<String>> {
    let address = arwen_world::address(target).ok()?;
    Some(exported_functions(&world.account(&address)?.code))
}

impl RunResult {
    fn new(output: &VmOutput, command: &Command, outcome: &Outcome) -> Self {
        // The gas of a query is all there could be; what it used is what a call would.
        let gas = matches!(command, Command::Query(_)) && output.return_code != ReturnCode::Ok;
        Self {
            return_code: output.return_code as u8,
            return_code_name: output.return_code.text(),
            return_message: String::from_utf8_lossy(&output.return_message).into_owned(),
            return_data: output.return_data.iter().map(|item| hex(item)).collect(),
            gas: (!gas).then(|| GasUse {
                provided: outcome.gas_limit,
                used: outcome.gas_limit.saturating_sub(output.gas_remaining),
            }),
            logs: output
                .logs
                .iter()
                .map(|log| Log {
                    address: hex(&log.address),
                    identifier: hex(&log.identifier),
                    topics: log.topics.iter().map(|topic| hex(topic)).collect(),
                    data: hex(log.data.as_deref().unwrap_or_default()),
                    text: format!("{}: {}", address(&log.address), show_log(log)),
                })
                .collect(),
            stops: outcome.stops.clone(),
            data_texts: output.return_data.iter().map(|item| show(item)).collect(),
        }
    }
}

impl AccountChange {
    fn new(change: &Change) -> Self {
        let none = arwen_scenario::Account::default();
        let before = change.before.as_ref().unwrap_or(&none);
        let after = change.after.as_ref().unwrap_or(&none);
        let storage = change.storage().into_iter().map(|entry| StorageEntry {
            key: hex(entry.key),
            value: Pair {
                before: hex(entry.before),
                after: hex(entry.after),
            },
            text: format!(
                "{}: {} -> {}",
                show(entry.key),
                show(entry.before),
                show(entry.after)
            ),
        });
        Self {
            address: hex(&change.address),
            created: change.before.is_none(),
            nonce: pair(before.nonce, after.nonce),
            balance: pair(&before.balance, &after.balance),
            code: match before.code == after.code {
                true => None,
                false => Some(Pair {
                    before: before.code.len().to_string(),
                    after: after.code.len().to_string(),
                }),
            },
            storage: storage.collect(),
            name: address(&change.address),
        }
    }
}

fn pair<T: PartialEq + ToString>(before: T, after: T) -> Option<Pair> {
    (before != after).then(|| Pair {
        before: before.to_string(),
        after: after.to_string(),
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)?;
        if let Some(id) = &self.id {
            write!(f, " [{id}]")?;
        }
        let mut line = |name: &str, text: &dyn fmt::Display| write!(f, "\n  {name:<9} {text}");
        if let Some(result) = &self.result {
            match result.return_message.as_str() {
                "" => line("result", &result.return_code_name)?,
                message => line(
                    "result",
                    &format!("{} ({}): {message}", result.return_code_name, result.return_code),
                )?,
            }
            for stop in &result.stops {
                line("stopped", &stop.replace('\n', "\n            "))?;
            }
            for data in &result.data_texts {
                line("returned", data)?;
            }
            match &result.gas {
                Some(GasUse {
                    provided: u64::MAX,
                    used,
                }) => line("gas", &Units(*used))?,
                Some(GasUse { provided, used }) => {
                    line("gas", &format!("{} of {}", Units(*used), Units(*provided)))?;
                }
                None => {}
            }
            for log in &result.logs {
                line("log", &log.text)?;
            }
        }
        if let Some(block) = &self.block {
            line("block", block)?;
        }
        for arrival in &self.arrivals {
            line("arrived", &arrival.text)?;
        }
        // Of a query, these are what would have changed.
        for account in self.accounts.iter().filter(|_| self.kept) {
            line("account", account)?;
            for entry in &account.storage {
                line("  storage", &entry.text)?;
            }
        }
        if self.travelling > 0 {
            let text = format!(
                "{} on the way between shards, to arrive when `arwen world advance` lets a block pass",
                self.travelling
            );
            line("messages", &text)?;
        }
        if let Some(hint) = &self.hint {
            line("note", hint)?;
        }
        Ok(())
    }
}

impl fmt::Display for AccountChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if self.created {
            f.write_str(", created")?;
        }
        for (what, pair) in [
            ("nonce", &self.nonce),
            ("balance", &self.balance),
            ("bytes of code", &self.code),
        ] {
            if let Some(Pair { before, after }) = pair {
                write!(f, ", {what} {before} -> {after}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "nonce {}, round {}, {} s, epoch {}",
            self.nonce, self.round, self.timestamp, self.epoch
        )
    }
}
