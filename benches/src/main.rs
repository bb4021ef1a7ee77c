//! The measurements: one module a question, every engine in the same run, ratios instead of seconds.

mod alloc;
#[path = "../../engine/tests/common/bombs.rs"]
mod bombs;
mod call;
mod chain;
mod clock;
mod cold;
mod compile;
mod contracts;
mod engines;
mod execute;
mod host_call;
mod instantiate;
mod interrupt;
mod ipc;
mod kernels;
mod load;
mod promote;
mod report;
mod scale;
#[path = "../../eei/tests/common/mod.rs"]
mod small_node;
mod soak;
mod soak_calls;
mod spec;
mod stats;

use std::path::PathBuf;
use std::process::ExitCode;

use arwen_eei::Tier;
use arwen_ipc_host::marshalizer::Marshalizer;
use clap::{Args, Parser, Subcommand};

/// How a question is asked.
macro_rules! example {
    ($arguments:literal) => {
        concat!("Example:\n  cargo run --release -p benches -- ", $arguments)
    };
}

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
    /// Runs the kernels on every engine and prints a table of ratios; with --out writes DATE.md and .json.
    #[command(after_help = example!("table --passes 5 --out benches/results"))]
    Table(TableArgs),
    /// Prints what metering costs: the kernels with charges and checks, with charges alone and with nothing; with --out
    /// writes metering-DATE.
    #[command(after_help = example!("metering --passes 5 --out benches/results"))]
    Metering(TableArgs),
    /// Prints time and peak memory of making modules ready, by size: compile bombs, and the modules of a folder.
    #[command(after_help = example!("compile examples/token --module token"))]
    Compile(CompileArgs),
    /// Prints how long contracts take from their bytes to the first result, interpreted; with --out writes cold-DATE.
    #[command(after_help = example!("cold examples --passes 9"))]
    Cold(ContractsArgs),
    /// Prints how long contracts take from being called until native code of what is called is there, and of everything;
    /// with --out writes promote-DATE.
    #[command(after_help = example!("promote examples --passes 5"))]
    Promote(ContractsArgs),
    /// Prints how long compiled contracts take from the cache folder to a module that is ready, and what of it; with
    /// --out writes load-DATE.
    #[command(after_help = example!("load examples --module token"))]
    Load(ContractsArgs),
    /// Prints what a warm instance costs in both tiers; with --out writes instantiate-DATE.
    #[command(after_help = example!("instantiate examples"))]
    Instantiate(ContractsArgs),
    /// Prints what calls of exports and of host functions cost in both tiers; with --out writes host_call-DATE.
    #[command(after_help = example!("host-call --out benches/results"))]
    HostCall {
        /// The folder for the results; nothing is written without it.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Prints what warm calls of contracts cost in process in each tier, and what they allocate; with --out writes call-DATE.
    #[command(after_help = example!("call --calls 2000"))]
    Call {
        /// Calls of each kind, in each tier.
        #[arg(long, default_value_t = 2_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        calls: u32,
        /// The folder for the results; nothing is written without it.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Prints how long it takes from the raised flag until code has stopped, percentiles, wherever it may be; with --out
    /// writes interrupt-DATE.
    #[command(after_help = example!("interrupt --case sha256 --samples 100"))]
    Interrupt(InterruptArgs),
    /// Prints what calls cost in process and through a child, side by side; with --out writes ipc-DATE.md and .json.
    #[command(after_help = example!("ipc --question transfer"))]
    Ipc(IpcArgs),
    /// Prints how cost grows with the size of modules, storage, arguments, calls and the number of children; with --out
    /// writes scale-DATE and a plot each.
    #[command(after_help = example!("scale --series storage"))]
    Scale(ScaleArgs),
    /// Prints how long the specification suite takes in each tier, and how much of it passes; with --out writes spec-DATE.
    #[command(after_help = example!("spec --passes 1"))]
    Spec {
        /// The program that runs the suite; `spec-tests` beside this one when none is given.
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
        /// The program of `benches/suite`, which runs the suite on other engines.
        #[arg(long, value_name = "FILE")]
        peers: Option<PathBuf>,
        /// How often each engine runs it; the fastest counts.
        #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
        passes: u32,
        /// The folder for the results; nothing is written without it.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Compiles, instantiates, runs and drops modules, and prints what the process holds meanwhile.
    #[command(after_help = example!("soak --cycles 2000"))]
    Soak {
        /// How often; the tiers take turns.
        #[arg(long, default_value_t = 20_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        cycles: u64,
    },
    /// Makes calls of many kinds through one child, and prints what it holds meanwhile and how long they take; fails when
    /// something has grown. With --out writes soak-calls-ENCODING-DATE.md and .json.
    #[command(after_help = example!("soak-calls --calls 20000 --encoding binary"))]
    SoakCalls(SoakCallsArgs),
}

/// What `soak-calls` runs and where it writes.
#[derive(Args)]
struct SoakCallsArgs {
    /// The child's program; `arwen` beside this one when none is given.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// How many calls.
    #[arg(long, default_value_t = 200_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    calls: u32,
    /// The encoding of messages: json, gob or binary.
    #[arg(long, default_value = "json", value_name = "NAME", value_parser = encoding)]
    encoding: Marshalizer,
    /// The folder for the results; nothing is written without it.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

fn encoding(name: &str) -> Result<Marshalizer, &'static str> {
    let found = Marshalizer::ALL
        .into_iter()
        .find(|marshalizer| marshalizer.name() == name);
    found.ok_or("json, gob or binary")
}

/// What `compile` measures.
#[derive(Args)]
struct CompileArgs {
    /// A folder whose .wasm files are measured as well.
    folder: Option<PathBuf>,
    /// Only modules whose name contains this text.
    #[arg(long, default_value = "", value_name = "TEXT")]
    module: String,
    /// Compile to native code whatever it takes.
    #[arg(long)]
    no_budget: bool,
    /// The folder for the results; nothing is written without it.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Which contracts are measured and where the results go.
#[derive(Args)]
struct ContractsArgs {
    /// A folder with .wasm files, searched to the bottom.
    folder: PathBuf,
    /// Only contracts whose name contains this text.
    #[arg(long, default_value = "", value_name = "TEXT")]
    module: String,
    /// How often each is measured.
    #[arg(long, default_value_t = 9, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    passes: u32,
    /// The folder for the results; nothing is written without it.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// What `interrupt` measures and where it writes.
#[derive(Args)]
struct InterruptArgs {
    /// How often the flag is raised in each case.
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    samples: u32,
    /// Only cases whose name contains this text, as "host function: sha256".
    #[arg(long, default_value = "", value_name = "TEXT")]
    case: String,
    /// The folder for the results; nothing is written without it.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// What `scale` measures and where it writes.
#[derive(Args)]
struct ScaleArgs {
    /// The child's program; `arwen` beside this one when none is given.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Only series whose name contains this text.
    #[arg(long, default_value = "", value_name = "TEXT")]
    series: String,
    /// The folder for the results; nothing is written without it.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// What `ipc` measures and where it writes.
#[derive(Args)]
struct IpcArgs {
    /// The child's program; `arwen` beside this one when none is given.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Calls of each kind, a side.
    #[arg(long, default_value_t = 2_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    calls: u32,
    /// Only questions whose name contains this text.
    #[arg(long, default_value = "", value_name = "TEXT")]
    question: String,
    /// Only sides whose name contains this text (the one in process, the unit of the table, is always run).
    #[arg(long, default_value = "", value_name = "TEXT")]
    side: String,
    /// How contracts are run on every side: interpreter, jit or tiered.
    #[arg(long, value_name = "TIER", value_parser = tier)]
    tier: Option<Tier>,
    /// The folder for the results; nothing is written without it.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

fn tier(name: &str) -> Result<Tier, &'static str> {
    match name {
        "interpreter" => Ok(Tier::Interpreter),
        "jit" => Ok(Tier::Jit),
        "tiered" => Ok(Tier::Tiered),
        _ => Err("interpreter, jit or tiered"),
    }
}

#[global_allocator]
static ALLOCATOR: alloc::Counting = alloc::Counting;

/// What `table` and `metering` measure and where they write.
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
    /// A program that is one more engine, as the one of `benches/executor`; may be given more than once.
    #[arg(long, value_name = "FILE")]
    program: Vec<PathBuf>,
    /// The folder for the results; nothing is written without it.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Table(args) => table(&args),
        Command::Metering(args) => metering(&args),
        Command::Compile(args) => {
            let table = compile::run(args.folder.as_deref(), &args.module, !args.no_budget);
            let kept = table.and_then(|table| match &args.out {
                Some(folder) => compile::write(&table, folder),
                None => Ok(()),
            });
            kept.map_err(|e| e.to_string())
        }
        Command::Promote(args) => promote::run(&args.folder, &args.module, args.passes, args.out.as_deref()),
        Command::Cold(args) => cold::run(&args.folder, &args.module, args.passes, args.out.as_deref()),
        Command::Load(args) => load::run(&args.folder, &args.module, args.passes, args.out.as_deref()),
        Command::Instantiate(args) => instantiate::run(&args.folder, &args.module, args.out.as_deref()),
        Command::HostCall { out } => host_call::run(out.as_deref()),
        Command::Call { calls, out } => call::run(calls as usize, out.as_deref()),
        Command::Interrupt(args) => interrupt::run(&args.case, args.samples as usize, args.out.as_deref()),
        Command::Ipc(args) => ipc(&args),
        Command::Scale(args) => child_program(args.program.as_ref())
            .and_then(|program| scale::run(&args.series, program, args.out.as_deref())),
        Command::Spec {
            program,
            peers,
            passes,
            out,
        } => {
            let program = beside(program.as_ref(), "spec-tests");
            program.and_then(|program| spec::run(&program, peers.as_deref(), passes, out.as_deref()))
        }
        Command::SoakCalls(args) => soak_calls(&args),
        Command::Soak { cycles } => soak::run(cycles),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The child's program: the one that is asked for, or the one beside this one.
fn child_program(asked: Option<&PathBuf>) -> Result<PathBuf, String> {
    beside(asked, "arwen")
}

/// The program that is asked for, or the one of this name beside this one.
fn beside(asked: Option<&PathBuf>, name: &str) -> Result<PathBuf, String> {
    let beside = std::env::current_exe().map(|own| own.with_file_name(name));
    let program = match asked {
        Some(program) => program.clone(),
        None => beside.map_err(|error| error.to_string())?,
    };
    if program.is_file() {
        return Ok(program);
    }
    Err(format!(
        "{} is not there: cargo build --release --workspace",
        program.display()
    ))
}

fn soak_calls(args: &SoakCallsArgs) -> Result<(), String> {
    soak_calls::run(&soak_calls::Options {
        program: child_program(args.program.as_ref())?,
        calls: args.calls as usize,
        marshalizer: args.encoding,
        out: args.out.as_deref(),
    })
}

fn ipc(args: &IpcArgs) -> Result<(), String> {
    ipc::run(&ipc::Options {
        program: child_program(args.program.as_ref())?,
        calls: args.calls as usize,
        question: &args.question,
        side: &args.side,
        tier: args.tier,
        out: args.out.as_deref(),
    })
}

fn table(args: &TableArgs) -> Result<(), String> {
    tabulate(args, engines::all(), report::EXECUTE, "Execution")
}

fn metering(args: &TableArgs) -> Result<(), String> {
    tabulate(args, engines::by_metering(), "metering", "What metering costs")
}

fn tabulate(
    args: &TableArgs,
    engines: Vec<Box<dyn engines::Engine>>,
    question: &str,
    title: &str,
) -> Result<(), String> {
    let programs: Vec<_> = args
        .program
        .iter()
        .map(|path| engines::program::of(path))
        .collect::<Result<_, _>>()?;
    let engines: Vec<_> = engines
        .into_iter()
        .chain(programs)
        .filter(|e| e.name() == engines::UNIT || e.name().contains(&args.engine))
        .collect();
    let table = execute::run(&engines, &args.kernel, args.passes);
    print!("{}", report::markdown(&table));
    match &args.out {
        Some(folder) => report::write(&table, question, title, folder)
            .map_err(|error| format!("cannot write the results to {}: {error}", folder.display())),
        None => Ok(()),
    }
}
