//! How does cost grow? One series a question, from small to large; the exponent of the growth is fitted and printed, and
//! each series is drawn.

mod children;
mod module;
mod plot;
mod run;

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::report;

/// An exponent above this is more than linear, whatever the noise.
const LINEAR: f64 = 1.15;

/// Points that cost less than this many times the first one say more of the fixed part than of the growth.
const ABOVE_FIXED: f64 = 3.0;

/// The fastest of so many measurements counts; fewer when they take longer than [`ENOUGH_MICROS`] in all.
const TURNS: usize = 7;
const ENOUGH_MICROS: f64 = 1_500_000.0;

/// Does something of a size, and says how long it took, in microseconds.
type Measure = Box<dyn FnMut(usize) -> Result<f64, String>>;

/// One question.
struct Series {
    /// Also the name of its plot.
    name: &'static str,
    /// What grows.
    size: &'static str,
    /// The sizes are powers of two, from the first to the last.
    sizes: (usize, usize),
    make: Box<dyn FnOnce() -> Result<Measure, String>>,
}

/// What was measured: sizes, and microseconds.
struct Curve {
    name: &'static str,
    size: &'static str,
    points: Vec<(f64, f64)>,
    exponent: f64,
}

/// Measures the series whose name contains `filter` and prints a table; with `out`, writes `scale-DATE.md` and `.json`
/// and a plot each. `program` is the child's.
///
/// # Errors
/// What went wrong in a run, or what cannot be written, in words.
pub fn run(filter: &str, program: PathBuf, out: Option<&Path>) -> Result<(), String> {
    let all = module::series()
        .into_iter()
        .chain(run::series())
        .chain([children::series(program)]);
    let mut curves = Vec::new();
    for series in all.filter(|series| series.name.contains(filter)) {
        let name = series.name;
        let curve = measure(series).map_err(|error| format!("{name}: {error}"))?;
        eprintln!("{name}: exponent {:.2}", curve.exponent);
        curves.push(curve);
    }
    let text = markdown(&curves);
    print!("{text}");
    let Some(out) = out else { return Ok(()) };
    let rows: Vec<_> = curves
        .iter()
        .map(|curve| json!({ "series": curve.name, "size": curve.size, "points": curve.points, "exponent": curve.exponent }))
        .collect();
    report::keep(out, "scale", "How cost grows", &text, &rows)?;
    for curve in &curves {
        let file = out.join(format!("scale-{}-{}.svg", curve.name, report::date()));
        let title = format!("{}, by {}", curve.name, curve.size);
        std::fs::write(&file, plot::svg(&title, curve.size, &curve.points))
            .map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

fn measure(series: Series) -> Result<Curve, String> {
    let Series {
        name,
        size,
        sizes: (first, last),
        make,
    } = series;
    let mut measure = make()?;
    let mut points = Vec::new();
    let mut at = first;
    while at <= last {
        // The first run of a size fills caches.
        measure(at)?;
        let (mut fastest, mut spent) = (f64::INFINITY, 0.0);
        for _ in 0..TURNS {
            let micros = measure(at)?;
            fastest = fastest.min(micros);
            spent += micros;
            if spent > ENOUGH_MICROS {
                break;
            }
        }
        points.push((at as f64, fastest));
        at *= 2;
    }
    let exponent = exponent(&points);
    Ok(Curve {
        name,
        size,
        points,
        exponent,
    })
}

/// The slope of a straight line through the logarithms of the points that stand clear of the fixed part; of the last
/// four when fewer do.
fn exponent(points: &[(f64, f64)]) -> f64 {
    let least = points.first().map_or(0.0, |(_, micros)| micros * ABOVE_FIXED);
    let clear = points.iter().filter(|(_, micros)| *micros >= least).count();
    let used = &points[points.len().saturating_sub(clear.max(4))..];
    let logs: Vec<(f64, f64)> = used.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let count = logs.len() as f64;
    let (mean_x, mean_y) = (
        logs.iter().map(|(x, _)| x).sum::<f64>() / count,
        logs.iter().map(|(_, y)| y).sum::<f64>() / count,
    );
    let covariance: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let variance: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    covariance / variance
}

fn markdown(curves: &[Curve]) -> String {
    let mut text =
        "| series | by | from | µs | to | µs | last doubling | exponent | |\n|---|---|---|---|---|---|---|---|---|\n".to_owned();
    for Curve {
        name,
        size,
        points,
        exponent,
    } in curves
    {
        let [.., (_, before), (last, most)] = points[..] else {
            continue;
        };
        let (first, least) = points[0];
        let verdict = if *exponent > LINEAR {
            "more than linear"
        } else {
            ""
        };
        text += &format!(
            "| {name} | {size} | {first} | {least:.1} | {last} | {most:.1} | × {:.2} | {exponent:.2} | {verdict} |\n",
            most / before
        );
    }
    text + &format!(
        "\nFastest of up to {TURNS} runs a size, sizes doubled from the first to the last. The exponent is that of the \
         points that cost at least {ABOVE_FIXED} times the first. {}.\n",
        report::machine()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_of_known_curves() {
        let of = |cost: fn(f64) -> f64| {
            let points: Vec<_> = (0..10)
                .map(|power| f64::from(1 << power))
                .map(|x| (x, cost(x)))
                .collect();
            exponent(&points)
        };
        assert!((of(|x| 3.0 * x) - 1.0).abs() < 1e-9);
        assert!((of(|x| 0.5 * x * x) - 2.0).abs() < 1e-9);
        assert!(of(|_| 7.0).abs() < 1e-9);
        assert!((of(|x| 100.0 + x * x) - 2.0).abs() < 0.3);
    }
}
