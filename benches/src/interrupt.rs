//! How long from the flag to the stop? The flag is raised at a moment that the code cannot foresee, and the time until
//! the call has returned is taken: in compiled and interpreted code, in bulk operators, and in every host function that
//! may work for long.

mod cases;

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use arwen_engine::Interrupt;
use serde_json::json;

use crate::{report, stats};
use cases::Case;

/// What the 99th percentile must stay under, in microseconds.
const BAR: f64 = 50.0;

/// How long a case runs before the flag is raised, in microseconds: at least, and how much more at random.
const BEFORE: (u64, u64) = (2_000, 8_000);

/// What a case does.
trait Work {
    /// Everything from a call until it was stopped.
    ///
    /// # Errors
    /// When it ended in another way.
    fn run(&mut self) -> Result<(), String>;

    /// What is done when somebody knows that it has stopped.
    fn give_back(&mut self);
}

/// A case on its thread.
struct Worker {
    interrupt: Interrupt,
    go: Sender<()>,
    /// That it has begun, with nothing left of the run before.
    begun: Receiver<()>,
    /// When a run has ended, and what was wrong with it.
    stopped: Receiver<(Instant, Result<(), String>)>,
}

/// Figures of a case, in microseconds.
struct Row {
    group: &'static str,
    name: &'static str,
    percentiles: [f64; 4],
}

/// What the columns are.
const SHARES: [(&str, f64); 3] = [("50 %", 0.5), ("90 %", 0.9), ("99 %", 0.99)];

/// Raises the flag `samples` times in every case whose name contains `filter`, and prints percentiles; with `out`,
/// writes `interrupt-DATE.md` and `.json`.
///
/// # Errors
/// When a run ended for another reason than the flag, or something cannot be written.
pub fn run(filter: &str, samples: usize, out: Option<&Path>) -> Result<(), String> {
    let mut rows = Vec::new();
    for case in cases::all() {
        if !format!("{}: {}", case.group, case.name).contains(filter) {
            continue;
        }
        let row = measure(case, samples)?;
        eprintln!("{}: {} {:.0?}", row.group, row.name, row.percentiles);
        rows.push(row);
    }
    let text = markdown(&rows, samples);
    print!("{text}");
    match out {
        Some(out) => report::keep(
            out,
            "interrupt",
            "From the flag to the stop",
            &text,
            &as_json(&rows),
        ),
        None => Ok(()),
    }
}

fn measure(case: Case, samples: usize) -> Result<Row, String> {
    let Case { group, name, make } = case;
    let worker = start(make).map_err(|error| format!("{group}: {name}: {error}"))?;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    // The first runs meet cold caches and pools.
    let warm_up = samples.div_ceil(20);
    let mut micros = Vec::new();
    for sample in 0..samples + warm_up {
        let time = worker.stop_after(Duration::from_micros(BEFORE.0 + random.below(BEFORE.1)));
        let time = time.map_err(|error| format!("{group}: {name}: {error}"))?;
        if sample >= warm_up {
            micros.push(time.as_secs_f64() * 1e6);
        }
    }
    let [median, ninety, last] = SHARES.map(|(_, share)| stats::quantile(&micros, share));
    let (_, largest) = stats::spread(&micros);
    Ok(Row {
        group,
        name,
        percentiles: [median, ninety, last, largest],
    })
}

/// Makes a case ready on a thread of its own, where it runs each time it is told to.
fn start(make: cases::Make) -> Result<Worker, String> {
    let (go, told) = channel();
    let (ready, made) = channel();
    let (begin, begun) = channel();
    let (end, stopped) = channel();
    thread::spawn(move || {
        let (interrupt, mut work) = match make() {
            Ok(made) => made,
            Err(error) => return drop(ready.send(Err(error))),
        };
        if ready.send(Ok(interrupt)).is_err() {
            return;
        }
        while told.recv().is_ok() {
            if begin.send(()).is_err() {
                return;
            }
            let outcome = work.run();
            if end.send((Instant::now(), outcome)).is_err() {
                return;
            }
            work.give_back();
        }
    });
    let interrupt = made.recv().map_err(|_| "it panicked")??;
    Ok(Worker {
        interrupt,
        go,
        begun,
        stopped,
    })
}

impl Worker {
    /// Lets it run for some time, raises the flag, and says how long it took from there to the end.
    fn stop_after(&self, delay: Duration) -> Result<Duration, String> {
        self.interrupt.clear();
        self.go.send(()).map_err(|_| "its thread is gone")?;
        self.begun.recv().map_err(|_| "its thread is gone")?;
        thread::sleep(delay);
        let raised = Instant::now();
        self.interrupt.raise();
        let (stopped, outcome) = self.stopped.recv().map_err(|_| "it panicked")?;
        outcome?;
        stopped
            .checked_duration_since(raised)
            .ok_or_else(|| "it ended before it was stopped".to_owned())
    }
}

/// Numbers that look random and are the same on every run (xorshift).
struct Random(u64);

impl Random {
    /// The next, below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn markdown(rows: &[Row], samples: usize) -> String {
    let columns = SHARES.map(|(column, _)| column).join(" | ");
    let mut text =
        format!("| where | what | {columns} | max | under {BAR} µs |\n|---|---|---|---|---|---|---|\n");
    for Row {
        group,
        name,
        percentiles,
    } in rows
    {
        let figures = percentiles.map(|micros| format!("{micros:.1}")).join(" | ");
        let met = if percentiles[2] < BAR { "yes" } else { "no" };
        text += &format!("| {group} | {name} | {figures} | {met} |\n");
    }
    text += &format!(
        "\nMicroseconds from raising the flag on another thread until the call has returned; {samples} times each, {} to \
         {} ms after the start. {}.\n",
        BEFORE.0 / 1000,
        (BEFORE.0 + BEFORE.1) / 1000,
        report::machine()
    );
    text
}

fn as_json(rows: &[Row]) -> Vec<serde_json::Value> {
    rows.iter()
        .map(|row| {
            let [median, ninety, last, largest] = row.percentiles;
            json!({ "where": row.group, "what": row.name, "median_us": median, "p90_us": ninety, "p99_us": last,
                "max_us": largest })
        })
        .collect()
}
