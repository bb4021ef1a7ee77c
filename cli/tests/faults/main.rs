//! The fault matrix: each side against the other one when that is broken, killed or hostile. Every row of `rows` is a
//! trial. One after the other, since they count what this process holds.

#[path = "../common/mod.rs"]
mod common;

mod child_side;
mod driver_side;
mod fake;
mod rows;
mod traces;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arwen_ipc_host::marshalizer::Marshalizer;
use libtest_mimic::{Arguments, Failed, Trial};

fn trial(name: String, work: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        catch_unwind(AssertUnwindSafe(work)).map_err(|_| Failed::from("see above"))
    })
}

fn main() {
    if let Some(script) = env::var_os(fake::SCRIPT) {
        fake::main(script.to_str().unwrap_or_default());
    }
    let mut trials = Vec::new();
    for marshalizer in Marshalizer::ALL {
        for (index, fault) in rows::CHILD_FAULTS.iter().enumerate() {
            let name = format!("child, {marshalizer}: {}", fault.fault);
            trials.push(trial(name, move || {
                driver_side::run(index, fault, marshalizer, false)
            }));
        }
        let name = format!("child, {marshalizer}: dies after any number of bytes");
        trials.push(trial(name, move || driver_side::cut(marshalizer)));
    }
    let only_in_pipes =
        |step: &rows::Step| matches!(step, rows::Step::CutAfter(_) | rows::Step::CloseReplies);
    for (index, fault) in rows::CHILD_FAULTS.iter().enumerate() {
        if !fault.steps.iter().any(only_in_pipes) {
            let name = format!("child, in memory: {}", fault.fault);
            trials.push(trial(name, move || {
                driver_side::run(index, fault, Marshalizer::Binary, true);
            }));
        }
    }
    for (name, work) in [
        (
            "is killed at every question",
            driver_side::killed_at_every_question as fn(),
        ),
        (
            "is killed or stopped while it computes",
            driver_side::killed_while_it_computes,
        ),
        ("is killed at any moment", driver_side::killed_at_any_moment),
        (
            "is none, or cannot be started",
            driver_side::programs_that_are_no_children,
        ),
        ("is a stranger that speaks no binary", driver_side::stranger),
        ("is restarted thousands of times", driver_side::restarts),
    ] {
        trials.push(trial(format!("child: {name}"), work));
    }
    for fault in rows::NODE_FAULTS {
        trials.push(trial(format!("node: {}", fault.fault), || child_side::run(fault)));
    }
    for fault in rows::START_FAULTS {
        trials.push(trial(format!("node, at the start: {}", fault.fault), || {
            child_side::run_start(fault)
        }));
    }
    trials.push(trial(
        "node: closed stdout and stderr".into(),
        child_side::closed_output,
    ));
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials).exit();
}
