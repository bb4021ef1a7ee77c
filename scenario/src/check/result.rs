//! `expect`.

use arwen_interface::{BigInt, Bytes, LogEntry, VmOutput};

use crate::expr::{Hint, hex, reconstruct};
use crate::json::Json;
use crate::model::{Check, CheckBytes, CheckLog, CheckLogs, CheckOut, ExpectedResult};

/// Compares a transaction's result; the first difference counts.
pub(crate) fn result(
    id: &str,
    expected: &ExpectedResult,
    check_gas: bool,
    actual: &VmOutput,
) -> Result<(), String> {
    let code = actual.return_code;
    let message = String::from_utf8_lossy(&actual.return_message);
    if !expected.status.holds(&BigInt::from(code as u8)) {
        let want = expected.status.original();
        return Err(format!(
            "result code mismatch. Tx {id}. Want: {want}. Have: {} ({code}). Message: {message}",
            code as u8
        ));
    }
    if !expected.message.holds(&actual.return_message) {
        let want = expected.message.pretty();
        return Err(format!(
            "result message mismatch. Tx {id}. Want: {want}. Have: {message}"
        ));
    }
    if let CheckOut::Items(items) = &expected.out {
        check_out(id, items, &actual.return_data)?;
    }
    let refund = actual.gas_refund.clone().unwrap_or_default();
    if !expected.refund.holds(&refund) {
        let want = expected.refund.original();
        return Err(format!(
            "result gas refund mismatch. Tx {id}. Want: {want}. Have: 0x{refund:x}"
        ));
    }
    if check_gas && !expected.gas.holds_if_specified(&actual.gas_remaining) {
        let (want, have) = (expected.gas.original(), actual.gas_remaining);
        return Err(format!(
            "result gas mismatch. Tx {id}. Want: {want}. Got: {have} (0x{have:x})"
        ));
    }
    match &expected.logs {
        CheckLogs::Any => Ok(()),
        CheckLogs::Entries {
            entries,
            more_allowed,
        } => check_logs(id, entries, *more_allowed, &actual.logs),
    }
}

fn check_out(id: &str, want: &[CheckBytes], have: &[Bytes]) -> Result<(), String> {
    let what = if want.len() != have.len() {
        "result length mismatch"
    } else if !want.iter().zip(have).all(|(want, have)| want.holds(have)) {
        "result mismatch"
    } else {
        return Ok(());
    };
    let want: Vec<_> = want.iter().map(CheckBytes::pretty).collect();
    let have: Vec<_> = have.iter().map(|item| format!("0x{}", hex(item))).collect();
    Err(format!(
        "{what}. Tx {id}. Want: [{}]. Have: [{}]",
        want.join(", "),
        have.join(", ")
    ))
}

fn check_logs(id: &str, want: &[CheckLog], more_allowed: bool, have: &[LogEntry]) -> Result<(), String> {
    let right_number = if more_allowed {
        want.len() <= have.len()
    } else {
        want.len() == have.len()
    };
    if !right_number {
        let (want, have) = (want.len(), have.len());
        return Err(format!("wrong number of logs. Tx {id}. Want:{want}. Got:{have}"));
    }
    for (want, have) in want.iter().zip(have) {
        if let Some(what) = log_difference(want, have) {
            let (want, have) = (show_expected(want), show_actual(have));
            return Err(format!("{what}. Tx {id}. Want:\n{want}\nGot:\n{have}"));
        }
    }
    Ok(())
}

fn log_difference(want: &CheckLog, have: &LogEntry) -> Option<&'static str> {
    if !want.address.holds(&have.address) {
        return Some("bad log address");
    }
    if !want.identifier.holds(&have.identifier) {
        return Some("bad log identifier");
    }
    if let Some(topics) = &want.topics {
        if topics.len() != have.topics.len() {
            return Some("wrong number of log topics");
        }
        if !topics
            .iter()
            .zip(&have.topics)
            .all(|(want, have)| want.holds(have))
        {
            return Some("bad log topic");
        }
    }
    let data = have.data.clone().unwrap_or_default();
    (!want.data.holds(&data)).then_some("bad log data")
}

fn show_expected(log: &CheckLog) -> String {
    let bytes = |check: &CheckBytes| match check {
        Check::Unspecified => Json::str(""),
        Check::Any => Json::str("*"),
        // What was left empty but has a value is shown as its digits.
        Check::Equals { value, original } if *original == Json::str("") => Json::str(hex(value)),
        Check::Equals { original, .. } => original.clone(),
    };
    let topics = match &log.topics {
        Some(topics) => Json::list(topics.iter().map(bytes)),
        None => Json::str("*"),
    };
    show(
        bytes(&log.address),
        bytes(&log.identifier),
        topics,
        bytes(&log.data),
    )
}

fn show_actual(log: &LogEntry) -> String {
    show(
        Json::Str(reconstruct(&log.address, Hint::Address)),
        Json::Str(reconstruct(&log.identifier, Hint::Str)),
        Json::list(log.topics.iter().map(|topic| Json::Str(hex(topic)))),
        Json::Str(hex(log.data.as_deref().unwrap_or_default())),
    )
}

fn show(address: Json, identifier: Json, topics: Json, data: Json) -> String {
    Json::map([
        ("address", address),
        ("identifier", identifier),
        ("topics", topics),
        ("data", data),
    ])
    .pretty()
}
