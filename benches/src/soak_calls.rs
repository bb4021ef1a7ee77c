//! Does anything stay behind in a child, and does it stay as fast? Calls of many kinds through one child, in an order
//! that is the same on every run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use arwen_interface::{BigInt, CallInput, CreateInput, ReturnCode, VmInput, VmOutput};
use arwen_ipc_host::driver::Driver;
use arwen_ipc_host::marshalizer::Marshalizer;
use arwen_ipc_host::records::GasSchedule;
use arwen_metering::Schedule;
use arwen_scenario::{Account, World};
use serde_json::json;

use crate::chain::child;
use crate::report::{date, machine};
use crate::stats;

const ALICE: [u8; 32] = [b'a'; 32];
const SCHEDULE: &str = "v3";
const GAS: u64 = 10_000_000_000;
/// Gas of a call that is to run out of it: some 100,000 operators.
const LITTLE_GAS: u64 = 2_000_000;
/// Lines of the table.
const LINES: usize = 10;
/// In the second half memory may grow by this share, and by some KB. In the first half the cache of contracts fills.
const GROWTH: f64 = 1.10;
const GROWTH_KB: f64 = 8192.0;

const CONTRACT: &str = r#"(module
    (import "env" "int64storageStore" (func $store (param i32 i32 i64) (result i32)))
    (import "env" "int64storageLoad" (func $load (param i32 i32) (result i64)))
    (import "env" "int64finish" (func $finish_number (param i64)))
    (import "env" "finish" (func $finish (param i32 i32)))
    (memory (export "memory") 2)
    (data (i32.const 0) "k")
    (func (export "init"))
    (func (export "increment")
        (drop (call $store (i32.const 0) (i32.const 1)
            (i64.add (call $load (i32.const 0) (i32.const 1)) (i64.const 1)))))
    (func (export "read") (call $finish_number (call $load (i32.const 0) (i32.const 1))))
    (func (export "much") (call $finish (i32.const 0) (i32.const 100000)))
    (func (export "grow")
        (drop (memory.grow (i32.const 8)))
        (i32.store8 (i32.const 600000) (i32.const 1)))
    (func (export "trap") (drop (i32.load (i32.const 1000000))))
    (func (export "forever") (loop $again (br $again))))"#;

/// What contracts that the child has not seen carry along, in bytes: so much that they fill its cache of contracts
/// within the first half of 200,000 calls.
const PADDING: usize = 32 << 10;

/// The start of a custom section without a name, of [`PADDING`] bytes and 8 more that are to follow.
fn padding() -> Vec<u8> {
    let size = 1 + PADDING + 8;
    let low = |shift: usize| (size >> shift & 0x7f) as u8;
    let mut section = vec![0, low(0) | 0x80, low(7) | 0x80, low(14), 0];
    section.resize(section.len() + PADDING, 0);
    section
}

/// A kind of call.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A function, the gas it gets, the bytes of an argument, and how it ends.
    Call(&'static str, u64, usize, ReturnCode),
    /// A deployment of a contract that the child has not seen yet.
    Deploy,
    /// The other of two gas schedules.
    Prices,
    /// The version.
    Version,
}
use Kind::*;

/// Kinds under their names, and how many of a hundred calls are of each.
const KINDS: &[(&str, Kind, u64)] = &[
    (
        "read and write storage",
        Call("increment", GAS, 0, ReturnCode::Ok),
        40,
    ),
    ("read storage", Call("read", GAS, 0, ReturnCode::Ok), 15),
    ("return 100 KB", Call("much", GAS, 0, ReturnCode::Ok), 5),
    (
        "an argument of 64 KiB",
        Call("read", GAS, 65_536, ReturnCode::Ok),
        5,
    ),
    ("grow memory", Call("grow", GAS, 0, ReturnCode::Ok), 8),
    ("trap", Call("trap", GAS, 0, ReturnCode::ExecutionFailed), 5),
    (
        "run out of gas",
        Call("forever", LITTLE_GAS, 0, ReturnCode::OutOfGas),
        5,
    ),
    (
        "call what is not there",
        Call("nothing", GAS, 0, ReturnCode::FunctionNotFound),
        5,
    ),
    ("deploy, never seen before", Deploy, 5),
    ("change the gas schedule", Prices, 2),
    ("ask the version", Version, 5),
];

/// What is run and how.
pub struct Options<'a> {
    /// The child's program.
    pub program: PathBuf,
    /// How many calls.
    pub calls: usize,
    /// The encoding of messages.
    pub marshalizer: Marshalizer,
    /// Where the results are written.
    pub out: Option<&'a Path>,
}

/// What the child holds after some calls.
struct Held {
    calls: usize,
    /// Resident memory, in KB.
    resident: f64,
    /// Open descriptors; none where the system does not tell.
    descriptors: Option<usize>,
    seconds: f64,
}

/// Runs the calls and prints what the child holds meanwhile, and how long each kind took.
///
/// # Errors
/// What went wrong in a call, or what has grown, in words.
pub fn run(options: &Options<'_>) -> Result<(), String> {
    let mut soak = Soak::new(options)?;
    let child = soak.driver.process_id();
    let mut held = Vec::new();
    let mut times = vec![Vec::new(); KINDS.len()];
    let start = Instant::now();
    for done in 1..=options.calls {
        let kind = soak.draw();
        let (name, what, _) = KINDS[kind];
        let begin = Instant::now();
        soak.ask(what)
            .map_err(|error| format!("call {done}, {name}: {error}"))?;
        times[kind].push(begin.elapsed().as_secs_f64() * 1e6);
        if done % options.calls.div_ceil(LINES) == 0 || done == options.calls {
            held.push(soak.held(done, start));
        }
    }
    let text = markdown(&held, &times, options.marshalizer);
    print!("{text}");
    if let Some(folder) = options.out {
        write(&held, &times, &text, options).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    if soak.driver.process_id() != child {
        return Err("the child was replaced".into());
    }
    match (held.get(held.len() / 2), held.last()) {
        (Some(half), Some(last)) if last.descriptors != half.descriptors => Err(format!(
            "{:?} descriptors, then {:?}",
            half.descriptors, last.descriptors
        )),
        (Some(half), Some(last)) if last.resident > half.resident * GROWTH + GROWTH_KB => {
            Err(format!("{} KB, then {} KB", half.resident, last.resident))
        }
        _ => Ok(()),
    }
}

struct Soak {
    driver: Driver,
    world: World,
    contract: Vec<u8>,
    code: Vec<u8>,
    deployments: u64,
    prices: [GasSchedule; 2],
    random: u64,
}

impl Soak {
    fn new(options: &Options<'_>) -> Result<Self, String> {
        let prices = Schedule::bundled_raw(SCHEDULE).ok_or("no such gas schedule")?;
        let mut dearer = prices.clone();
        if let Some(price) = dearer
            .get_mut("WASMOpcodeCost")
            .and_then(|section| section.get_mut("I32Add"))
        {
            *price += 1;
        }
        let driver = Driver::start(child(options.program.clone(), options.marshalizer, GAS)?);
        let mut world = World::new();
        world.put(ALICE, Account::with_balance(0));
        let mut soak = Self {
            driver: driver.map_err(|error| error.to_string())?,
            world,
            contract: Vec::new(),
            code: wat::parse_str(CONTRACT).map_err(|error| error.to_string())?,
            deployments: 0,
            prices: [dearer, prices],
            random: 0x9e37_79b9_7f4a_7c15,
        };
        let code = soak.code.clone();
        let output = soak.deploy(&code)?;
        soak.world.apply(&output);
        let created = output
            .output_accounts
            .into_iter()
            .find(|account| !account.code.is_empty());
        soak.contract = created.ok_or("nothing was deployed")?.address;
        Ok(soak)
    }

    /// The next kind.
    fn draw(&mut self) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let mut rest = (self.random >> 32) % KINDS.iter().map(|(_, _, share)| share).sum::<u64>();
        let kind = KINDS
            .iter()
            .position(|(_, _, share)| match rest.checked_sub(*share) {
                Some(less) => {
                    rest = less;
                    false
                }
                None => true,
            });
        kind.unwrap_or_default()
    }

    fn ask(&mut self, kind: Kind) -> Result<(), String> {
        match kind {
            Call(function, gas, argument, end) => {
                let arguments = if argument > 0 {
                    vec![vec![7; argument]]
                } else {
                    vec![]
                };
                let input = CallInput {
                    vm_input: vm_input(gas, arguments),
                    recipient: self.contract.clone(),
                    function: function.into(),
                    ..CallInput::default()
                };
                let output = self
                    .driver
                    .call(&mut self.world, &input)
                    .map_err(|error| error.to_string())?;
                if output.return_code == ReturnCode::Ok {
                    self.world.apply(&output);
                }
                expect(&output, end)
            }
            Deploy => {
                // A custom section with a number makes it another contract.
                self.deployments += 1;
                let number = self.deployments.to_be_bytes();
                let code = [&self.code[..], &padding(), &number].concat();
                self.deploy(&code).map(drop)
            }
            Prices => {
                self.prices.swap(0, 1);
                let prices = self.prices[1].clone();
                self.driver
                    .change_gas_schedule(prices)
                    .map_err(|error| error.to_string())
            }
            Version => self.driver.version().map(drop).map_err(|error| error.to_string()),
        }
    }

    /// Deploys and leaves the world as it was but for the sender's nonce.
    fn deploy(&mut self, code: &[u8]) -> Result<VmOutput, String> {
        let input = CreateInput {
            vm_input: vm_input(GAS, vec![]),
            code: code.to_vec(),
            code_metadata: vec![5, 2],
        };
        self.world
            .begin_transaction(&ALICE, 0, 0)
            .map_err(|error| error.to_string())?;
        let output = self
            .driver
            .create(&mut self.world, &input)
            .map_err(|error| error.to_string())?;
        expect(&output, ReturnCode::Ok)?;
        Ok(output)
    }

    fn held(&mut self, calls: usize, start: Instant) -> Held {
        let process = format!("/proc/{}", self.driver.process_id().unwrap_or_default());
        let status = fs::read_to_string(format!("{process}/status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok());
        Held {
            calls,
            resident: resident.unwrap_or(f64::NAN),
            descriptors: fs::read_dir(format!("{process}/fd")).ok().map(Iterator::count),
            seconds: start.elapsed().as_secs_f64(),
        }
    }
}

fn vm_input(gas: u64, arguments: Vec<Vec<u8>>) -> VmInput {
    VmInput {
        caller: ALICE.to_vec(),
        arguments,
        call_value: Some(BigInt::ZERO),
        gas_provided: gas,
        ..VmInput::default()
    }
}

fn expect(output: &VmOutput, end: ReturnCode) -> Result<(), String> {
    if output.return_code == end {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&output.return_message);
    Err(format!(
        "{}, not {}: {message}",
        output.return_code.text(),
        end.text()
    ))
}

/// Shares of calls that are faster than the figures printed.
const SHARES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

fn markdown(held: &[Held], times: &[Vec<f64>], marshalizer: Marshalizer) -> String {
    let mut text = "| calls | resident KB | descriptors | seconds |\n|---|---|---|---|\n".to_owned();
    for Held {
        calls,
        resident,
        descriptors,
        seconds,
    } in held
    {
        let descriptors = descriptors.map_or("?".into(), |count| count.to_string());
        text += &format!("| {calls} | {resident} | {descriptors} | {seconds:.1} |\n");
    }
    text += "\n| kind | calls | 50 %, µs | 90 % | 99 % | 99.9 % | slowest |\n|---|---|---|---|---|---|---|\n";
    for ((name, ..), times) in KINDS.iter().zip(times) {
        let figures = SHARES.map(|share| format!("{:.0}", stats::quantile(times, share)));
        let slowest = stats::spread(times).1;
        text += &format!(
            "| {name} | {} | {} | {slowest:.0} |\n",
            times.len(),
            figures.join(" | ")
        );
    }
    text + &format!("\nThrough one child, messages in {marshalizer}. {}.\n", machine())
}

fn write(held: &[Held], times: &[Vec<f64>], text: &str, options: &Options<'_>) -> std::io::Result<()> {
    let Some(folder) = options.out else { return Ok(()) };
    fs::create_dir_all(folder)?;
    let (date, encoding) = (date(), options.marshalizer);
    fs::write(
        folder.join(format!("soak-calls-{encoding}-{date}.md")),
        format!("# Many calls through one child, {date}\n\n{text}"),
    )?;
    let held: Vec<_> = held
        .iter()
        .map(|held| json!({ "calls": held.calls, "resident_kb": held.resident, "descriptors": held.descriptors, "seconds": held.seconds }))
        .collect();
    let rows: Vec<_> = KINDS
        .iter()
        .zip(times)
        .map(|((name, ..), times)| json!({ "kind": name, "calls": times.len(), "shares": SHARES, "us": SHARES.map(|share| stats::quantile(times, share)) }))
        .collect();
    let document = json!({ "question": "soak-calls", "encoding": encoding.name(), "date": date, "machine": machine(), "held": held, "rows": rows });
    fs::write(
        folder.join(format!("soak-calls-{encoding}-{date}.json")),
        format!("{document:#}\n"),
    )
}
