//! How fast does compiled code run? Each kernel's `run` on every engine, turn by turn, against native gcc.

use crate::engines::{Engine, Prepared};
use crate::kernels::{self, Kernel};
use crate::stats;

/// One cell: an engine on a kernel.
pub struct Cell {
    /// Time relative to native gcc in the same pass: median over the passes.
    pub ratio: f64,
    /// The smallest and the largest ratio.
    pub spread: (f64, f64),
    /// Milliseconds: median over the passes.
    pub millis: f64,
}

/// The table: a row an engine, a column a kernel.
pub struct Table {
    /// How many passes each cell is made of.
    pub passes: u32,
    /// The kernels' names.
    pub kernels: Vec<&'static str>,
    /// Engine name and one cell a kernel; `None` where the engine cannot run it.
    pub rows: Vec<(String, Vec<Option<Cell>>)>,
}

/// Measures `engines` on the kernels whose name contains `filter`. The first engine that is called
/// [`UNIT`](crate::engines::UNIT) gives the unit of the ratios.
pub fn run(engines: &[Box<dyn Engine>], filter: &str, passes: u32) -> Table {
    let kernels: Vec<&Kernel> = kernels::ALL.iter().filter(|k| k.name.contains(filter)).collect();
    let mut rows: Vec<(String, Vec<Option<Cell>>)> = engines
        .iter()
        .map(|e| (e.name().to_owned(), Vec::new()))
        .collect();
    for kernel in &kernels {
        eprintln!("{} …", kernel.name);
        for ((_, cells), cell) in rows.iter_mut().zip(measure(engines, kernel, passes)) {
            cells.push(cell);
        }
    }
    Table {
        passes,
        kernels: kernels.iter().map(|k| k.name).collect(),
        rows,
    }
}

/// One kernel on every engine: `passes` rounds in which each engine takes one turn after a warm-up.
fn measure(engines: &[Box<dyn Engine>], kernel: &Kernel, passes: u32) -> Vec<Option<Cell>> {
    let mut ready: Vec<Option<Prepared>> = engines.iter().map(|e| e.prepare(kernel)).collect();
    let expected = ready.iter_mut().flatten().next().and_then(|run| run().result);
    let mut times = vec![Vec::new(); engines.len()];
    for pass in 0..=passes {
        for ((engine, run), times) in engines.iter().zip(&mut ready).zip(&mut times) {
            let Some(run) = run else { continue };
            let turn = run();
            assert!(
                turn.result.is_none() || turn.result == expected,
                "{} computes {} wrongly",
                engine.name(),
                kernel.name
            );
            if pass > 0 {
                times.push(turn.millis);
            }
        }
    }
    let unit = engines
        .iter()
        .position(|e| e.name() == crate::engines::UNIT)
        .map(|i| times[i].clone());
    times
        .iter()
        .map(|times| {
            (!times.is_empty()).then(|| {
                let ratios: Vec<f64> = match &unit {
                    Some(unit) => times.iter().zip(unit).map(|(t, u)| t / u).collect(),
                    None => times.clone(),
                };
                Cell {
                    ratio: stats::median(&ratios),
                    spread: stats::spread(&ratios),
                    millis: stats::median(times),
                }
            })
        })
        .collect()
}
