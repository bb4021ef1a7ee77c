//! The measurements: one module a question, every engine in the same run, ratios instead of seconds.

mod engines;
mod execute;
mod kernels;
mod report;
mod stats;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

/// Measures the engine, with peers side by side when built with `--features peers`.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  cargo run --release -p benches --features peers -- table --passes 5"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the questions and prints a table of ratios; writes benches/results/DATE.md and .json.
    Table(TableArgs),
}

/// What `table` measures and where it writes.
#[derive(Args)]
struct TableArgs {
    /// How often every engine takes its turn; the spread over the passes is shown.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    passes: u32,
    /// Only kernels whose name contains this text.
    #[arg(long, default_value = "", value_name = "TEXT")]
    kernel: String,
    /// Only engines whose name contains this text (native gcc, the unit of the table, is always run).
    #[arg(long, default_value = "", value_name = "TEXT")]
    engine: String,
    /// The folder for the results; nothing is written without it.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Command::Table(args) = Cli::parse().command;
    let engines: Vec<_> = engines::all()
        .into_iter()
        .filter(|e| e.name().contains(&args.engine))
        .collect();
    let table = execute::run(&engines, &args.kernel, args.passes);
    print!("{}", report::markdown(&table));
    if let Some(folder) = args.out
        && let Err(error) = report::write(&table, &folder)
    {
        eprintln!("cannot write the results to {}: {error}", folder.display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
