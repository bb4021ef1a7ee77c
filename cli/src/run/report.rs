//! What happened, for people and for machines.

use std::fmt;

use arwen_interface::{BigInt, ReturnCode, VmOutput};
use arwen_scenario::World;
use arwen_scenario::expr::hex;
use serde::Serialize;

use super::job::{Job, Step};
use crate::show::{Units, address, show, show_log};

/// All that happened.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    wasm: String,
    code_bytes: usize,
    gas_schedule: String,
    vm: String,
    /// The steps, in order.
    pub steps: Vec<StepReport>,
    /// Whether every step ended as expected.
    pub passed: bool,
}

impl Report {
    /// Nothing yet.
    pub fn new(job: &Job, vm: String) -> Self {
        Self {
            wasm: job.wasm_name.clone(),
            code_bytes: job.code.len(),
            gas_schedule: job.schedule_name.clone(),
            vm,
            steps: Vec::new(),
            passed: true,
        }
    }
}

/// What happened in one step. Bytes are in hex.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// The called function, `init` for the deployment.
    function: String,
    caller: String,
    arguments: Vec<String>,
    value: String,
    contract: String,
    return_code: u8,
    return_code_name: &'static str,
    return_message: String,
    return_data: Vec<String>,
    gas: Gas,
    storage: Vec<StorageChange>,
    balances: Vec<BalanceChange>,
    transfers: Vec<Transfer>,
    logs: Vec<Log>,
    /// Where contracts stopped, when the step failed in their code.
    pub stops: Vec<String>,
    /// What was not as expected; empty when all was.
    pub problems: Vec<String>,
    #[serde(skip)]
    texts: Texts,
}

/// Values as scenarios write them, for people.
#[derive(Debug, Default)]
struct Texts {
    arguments: Vec<String>,
    return_data: Vec<String>,
}

/// Gas units.
#[derive(Debug, Serialize)]
struct Gas {
    provided: u64,
    used: u64,
    remaining: u64,
    #[serde(flatten)]
    split: Option<Split>,
}

/// What the gas was used for. A failed run loses all its gas, whatever it was used for.
#[derive(Debug, Serialize)]
struct Split {
    loading: u64,
    operators: u64,
    api: u64,
}

#[derive(Debug, Serialize)]
struct StorageChange {
    account: String,
    key: String,
    before: String,
    after: String,
    #[serde(skip)]
    text: String,
}

#[derive(Debug, Serialize)]
struct BalanceChange {
    account: String,
    delta: String,
    #[serde(skip)]
    name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Transfer {
    to: String,
    value: String,
    data: String,
    gas_limit: u64,
    #[serde(skip)]
    name: String,
}

#[derive(Debug, Serialize)]
struct Log {
    identifier: String,
    topics: Vec<String>,
    data: String,
    #[serde(skip)]
    text: String,
}

impl StepReport {
    /// Compares a step with its output. `before` is the world the output is not applied to yet.
    pub fn new(
        step: &Step,
        contract: &[u8],
        output: &VmOutput,
        split: Option<[u64; 3]>,
        before: &World,
    ) -> Self {
        let failed = output.return_code != ReturnCode::Ok;
        let split = split.filter(|_| !failed).map(|[loading, operators, api]| Split {
            loading,
            operators,
            api,
        });
        let changes = output.output_accounts.iter().filter(|_| !failed);
        let mut storage = Vec::new();
        let mut balances = Vec::new();
        let mut transfers = Vec::new();
        for account in changes {
            for update in &account.storage_updates {
                let old = before
                    .account(&account.address)
                    .map_or(&[][..], |known| known.value(&update.offset));
                // The output also lists what was only read.
                if old != update.data {
                    storage.push(StorageChange {
                        account: hex(&account.address),
                        key: hex(&update.offset),
                        before: hex(old),
                        after: hex(&update.data),
                        text: format!(
                            "{}: {} -> {}",
                            show(&update.offset),
                            show(old),
                            show(&update.data)
                        ),
                    });
                }
            }
            let delta = account.balance_delta.clone().unwrap_or_default();
            if delta != BigInt::ZERO {
                balances.push(BalanceChange {
                    account: hex(&account.address),
                    delta: delta.to_string(),
                    name: address(&account.address),
                });
            }
            transfers.extend(account.transfers.iter().map(|transfer| Transfer {
                to: hex(&account.address),
                value: transfer.value.clone().unwrap_or_default().to_string(),
                data: hex(&transfer.data),
                gas_limit: transfer.gas_limit,
                name: format!("{} {}", address(&account.address), show(&transfer.data)),
            }));
        }
        let logs = output.logs.iter().map(|log| Log {
            identifier: hex(&log.identifier),
            topics: log.topics.iter().map(|topic| hex(topic)).collect(),
            data: hex(log.data.as_deref().unwrap_or_default()),
            text: show_log(log),
        });
        Self {
            function: step.function.clone().unwrap_or_else(|| "init".into()),
            caller: step.caller_text.clone(),
            arguments: step.arguments.iter().map(|bytes| hex(bytes)).collect(),
            value: step.value.to_string(),
            contract: hex(contract),
            return_code: output.return_code as u8,
            return_code_name: output.return_code.text(),
            return_message: String::from_utf8_lossy(&output.return_message).into_owned(),
            return_data: output.return_data.iter().map(|bytes| hex(bytes)).collect(),
            gas: Gas {
                provided: step.gas_limit,
                used: step.gas_limit.saturating_sub(output.gas_remaining),
                remaining: output.gas_remaining,
                split,
            },
            storage,
            balances,
            transfers,
            logs: logs.collect(),
            stops: Vec::new(),
            problems: problems(step, output),
            texts: Texts {
                arguments: step.argument_texts.clone(),
                return_data: output.return_data.iter().map(|bytes| show(bytes)).collect(),
            },
        }
    }
}

fn problems(step: &Step, output: &VmOutput) -> Vec<String> {
    let mut problems = Vec::new();
    let expect = &step.expect;
    if u64::from(output.return_code as u8) != expect.status {
        problems.push(format!(
            "expected status {}, got {}",
            expect.status, output.return_code as u8
        ));
    }
    if let Some(out) = expect.out.as_ref().filter(|out| **out != output.return_data) {
        let list = |items: &[Vec<u8>]| items.iter().map(|item| show(item)).collect::<Vec<_>>().join(", ");
        problems.push(format!(
            "expected out [{}], got [{}]",
            list(out),
            list(&output.return_data)
        ));
    }
    if let Some(message) = expect
        .message
        .as_ref()
        .filter(|message| **message != output.return_message)
    {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        problems.push(format!(
            "expected message {:?}, got {:?}",
            text(message),
            text(&output.return_message)
        ));
    }
    problems
}

impl fmt::Display for Gas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", Units(self.used), Units(self.provided))?;
        if let Some(Split {
            loading,
            operators,
            api,
        }) = &self.split
        {
            let (loading, operators, api) = (Units(*loading), Units(*operators), Units(*api));
            write!(f, " (loading {loading}, operators {operators}, API {api})")?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = Units(self.code_bytes as u64);
        writeln!(
            f,
            "{} ({bytes} bytes), gas schedule {}, VM {}",
            self.wasm, self.gas_schedule, self.vm
        )?;
        for step in &self.steps {
            writeln!(f, "\n{step}")?;
        }
        let failed = self.steps.iter().filter(|step| !step.problems.is_empty()).count();
        match failed {
            0 => write!(f, "{} steps, all as expected", self.steps.len()),
            _ => write!(f, "{} steps, {failed} not as expected", self.steps.len()),
        }
    }
}

impl fmt::Display for StepReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}({}) by {}",
            self.function,
            self.texts.arguments.join(", "),
            self.caller
        )?;
        if self.value != "0" {
            write!(f, " with {} EGLD units", self.value)?;
        }
        let mut line = |name: &str, text: &dyn fmt::Display| write!(f, "\n  {name:<9} {text}");
        match self.return_message.as_str() {
            "" => line("result", &self.return_code_name)?,
            message => line(
                "result",
                &format!("{} ({}): {message}", self.return_code_name, self.return_code),
            )?,
        }
        for stop in &self.stops {
            line("stopped", &stop.replace('\n', "\n            "))?;
        }
        for data in &self.texts.return_data {
            line("returned", data)?;
        }
        line("gas", &self.gas)?;
        for change in &self.storage {
            line("storage", &change.text)?;
        }
        for change in &self.balances {
            line("balance", &format!("{} {}", change.name, change.delta))?;
        }
        for transfer in &self.transfers {
            line("transfer", &transfer.name)?;
        }
        for log in &self.logs {
            line("log", &log.text)?;
        }
        for problem in &self.problems {
            line("WRONG", problem)?;
        }
        Ok(())
    }
}
