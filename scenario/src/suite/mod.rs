//! Many scenarios: finds them, runs them on several threads, and tells how it went, in the same order every time.

mod discover;
mod report;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use crate::run::{Failure, Machine, Runner};

pub use discover::{Case, DiscoverError, discover};
pub use report::{json, junit, text_line};

/// How to run scenarios.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Run only those whose name contains this.
    pub filter: Option<String>,
    /// Skip what comes after the first failure.
    pub fail_fast: bool,
    /// How many threads to use; at least one is.
    pub jobs: usize,
}

/// What became of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was as expected.
    Passed,
    /// Something was not.
    Failed(Failure),
    /// It was not run: filtered out, or after a failure.
    Skipped,
}

/// A scenario and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The scenario's path, as it was found.
    pub name: String,
    /// What became of it.
    pub outcome: Outcome,
    /// What its `dumpState` steps printed.
    pub dumps: Vec<String>,
}

/// How many scenarios ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// As expected.
    pub passed: usize,
    /// Not as expected.
    pub failed: usize,
    /// Not run.
    pub skipped: usize,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

/// Runs cases, each in a world of its own, with one machine a thread. `finished` hears of every case, in order, as soon
/// as all before it are done.
///
/// # Errors
/// When a machine cannot be made.
pub fn run<M: Machine, E: Send>(
    cases: &[Case],
    options: &Options,
    machine: impl Fn() -> Result<M, E> + Sync,
    mut finished: impl FnMut(&Report),
) -> Result<Summary, E> {
    let wanted = |case: &Case| {
        options
            .filter
            .as_ref()
            .is_none_or(|filter| case.name.contains(filter.as_str()))
    };
    let next = AtomicUsize::new(0);
    // No case from this index on needs to be run.
    let end = AtomicUsize::new(cases.len());
    let work = |send: mpsc::Sender<(usize, Outcome, Vec<String>)>| -> Result<(), E> {
        let mut runner = Runner::new(machine()?);
        loop {
            let index = next.fetch_add(1, Ordering::SeqCst);
            let Some(case) = cases.get(index) else {
                return Ok(());
            };
            let (outcome, dumps) = if index >= end.load(Ordering::SeqCst) || !wanted(case) {
                (Outcome::Skipped, Vec::new())
            } else {
                match catch_unwind(AssertUnwindSafe(|| run_case(&mut runner, case))) {
                    Ok(result) => result,
                    Err(panic) => {
                        // The runner may be in any state; a new one is not.
                        runner = Runner::new(machine()?);
                        (Outcome::Failed(panicked(case, panic.as_ref())), Vec::new())
                    }
                }
            };
            if options.fail_fast && matches!(outcome, Outcome::Failed(_)) {
                end.fetch_min(index + 1, Ordering::SeqCst);
            }
            if send.send((index, outcome, dumps)).is_err() {
                return Ok(());
            }
        }
    };
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        let jobs = options.jobs.clamp(1, cases.len().max(1));
        let workers: Vec<_> = (0..jobs)
            .map(|_| {
                let (send, work) = (send.clone(), &work);
                scope.spawn(move || work(send))
            })
            .collect();
        drop(send);
        let summary = collect(cases, options, &receive, &mut finished);
        for worker in workers {
            // A panic of a worker outside a case is a bug of ours; let it be seen.
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(summary)
    })
}

fn collect(
    cases: &[Case],
    options: &Options,
    receive: &mpsc::Receiver<(usize, Outcome, Vec<String>)>,
    finished: &mut dyn FnMut(&Report),
) -> Summary {
    let (mut summary, mut early, mut failed) = (Summary::default(), BTreeMap::new(), false);
    let mut turn = 0;
    for (index, outcome, dumps) in receive {
        early.insert(index, (outcome, dumps));
        while let Some((outcome, dumps)) = early.remove(&turn) {
            // Cases after a failure may have been run already; which ones depends on timing, so none counts.
            let outcome = if options.fail_fast && failed {
                Outcome::Skipped
            } else {
                outcome
            };
            match outcome {
                Outcome::Passed => summary.passed += 1,
                Outcome::Failed(_) => summary.failed += 1,
                Outcome::Skipped => summary.skipped += 1,
            }
            failed |= matches!(outcome, Outcome::Failed(_));
            finished(&Report {
                name: cases[turn].name.clone(),
                outcome,
                dumps,
            });
            turn += 1;
        }
    }
    summary
}

fn run_case<M: Machine>(runner: &mut Runner<M>, case: &Case) -> (Outcome, Vec<String>) {
    let outcome = match runner.run_file(&case.path, case.schedule) {
        Ok(()) => Outcome::Passed,
        Err(failure) => Outcome::Failed(failure),
    };
    (outcome, runner.dumps().to_vec())
}

fn panicked(case: &Case, panic: &(dyn std::any::Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    let text = text
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Failure {
        file: case.path.clone(),
        pos: None,
        step: None,
        message: format!("internal error: {text}"),
        stops: Vec::new(),
    }
}
