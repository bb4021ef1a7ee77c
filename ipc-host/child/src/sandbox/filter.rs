//! The table of system calls as filters that the kernel runs.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::process;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use super::Sandbox;
use super::calls::{Argument, CALLS, Call, Need, Test, Verdict};

impl Sandbox {
    /// Does a row hold with these settings?
    pub fn holds(&self, call: &Call) -> bool {
        match call.need {
            Need::Always => true,
            Need::Native => self.native_code,
            Need::Cache => self.cache.is_some(),
        }
    }
}

/// Filters all calls of this process and of every thread it has or will have. Cannot be undone.
///
/// # Errors
/// The kernel has no filters or refuses them; the text says how.
pub(super) fn install(sandbox: &Sandbox) -> Result<(), String> {
    // One filter per verdict. The kernel runs all and takes the strictest answer: kill, then fail, then allow.
    for verdict in [Verdict::Kill, Verdict::Absent, Verdict::Allow] {
        let program = compile(sandbox, verdict).map_err(|error| error.to_string())?;
        seccompiler::apply_filter_all_threads(&program).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn compile(sandbox: &Sandbox, verdict: Verdict) -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    // Of two filters that both make a call fail, the later one chooses the error. So the last one, which makes all
    // others fail, must leave the absent ones to theirs.
    let wanted = |call: &&Call| {
        call.verdict == verdict || verdict == Verdict::Allow && call.verdict == Verdict::Absent
    };
    let rows = CALLS.iter().filter(wanted).filter(|call| sandbox.holds(call));
    for call in rows {
        let Some(number) = call.number else { continue };
        let alternatives = rules.entry(number).or_default();
        for arguments in call.when {
            let conditions = arguments.iter().map(condition).collect::<Result<_, _>>()?;
            alternatives.push(SeccompRule::new(conditions)?);
        }
    }
    let (matching, others) = match verdict {
        Verdict::Allow => (SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32)),
        Verdict::Absent => (SeccompAction::Errno(libc::ENOSYS as u32), SeccompAction::Allow),
        Verdict::Kill => (SeccompAction::KillProcess, SeccompAction::Allow),
    };
    SeccompFilter::new(rules, others, matching, ARCH.try_into()?)?.try_into()
}

fn condition(&(index, test): &Argument) -> Result<SeccompCondition, BackendError> {
    let (operator, value) = match test {
        Test::Bits { mask, value } => (SeccompCmpOp::MaskedEq(mask.into()), value),
        Test::Is(value) => (SeccompCmpOp::Eq, value),
        Test::OwnProcess => (SeccompCmpOp::Eq, process::id()),
    };
    SeccompCondition::new(index, SeccompCmpArgLen::Dword, operator, value.into())
}
