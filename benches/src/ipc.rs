//! What the process boundary costs: the same calls in process and through a child, taking turns in one run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use arwen_eei::{Tier, Vm, VmSettings};
use arwen_interface::{CallInput, CreateInput, VmOutput};
use arwen_ipc_host::driver::{Driver, DriverConfig};
use arwen_ipc_host::marshalizer::Marshalizer;
use arwen_metering::Schedule;
use arwen_scenario::{Account, World};
use serde_json::json;

use crate::chain::{ALICE, SCHEDULE, child, created, example, good, vm_input};
use crate::clock::own_time;
use crate::report::{date, machine};
use crate::stats;

/// Calls of one side before the next one has its turn.
const TURN: usize = 20;

/// Calls before the first that counts, a side: enough for every cache and for a contract to be compiled.
const WARM_UP: usize = 200;

const GAS: u64 = 50_000_000;
const BOB: [u8; 32] = [b'b'; 32];

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Question {
    /// One number read, one written, one event.
    Increment,
    /// Two balances read and written, one event.
    Transfer,
    /// The same between other holders each time.
    TransferToOthers,
    /// A contract that the VM has not seen yet.
    Deploy,
    /// From a dead child to the first answer of the next one.
    Restart,
}

impl Question {
    const ALL: [Self; 5] = [
        Self::Increment,
        Self::Transfer,
        Self::TransferToOthers,
        Self::Deploy,
        Self::Restart,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Increment => "counter.increment, warm",
            Self::Transfer => "token.transfer, warm",
            Self::TransferToOthers => "token.transfer between others each time",
            Self::Deploy => "deploy token, never seen before",
            Self::Restart => "restart of the child",
        }
    }

    /// How much rarer than calls it is asked.
    fn rarity(self) -> usize {
        match self {
            Self::Deploy => 10,
            Self::Restart => 20,
            _ => 1,
        }
    }
}

/// One way to run a contract.
trait Side {
    fn create(&mut self, world: &mut World, input: &CreateInput) -> Result<VmOutput, String>;
    fn call(&mut self, world: &mut World, input: &CallInput) -> Result<VmOutput, String>;
    /// Starts anew; false when there is nothing to start.
    fn restart(&mut self) -> Result<bool, String>;
    /// Processor time of the VM's own process, if it has one.
    fn child_time(&mut self) -> Duration;
}

/// A side under its name.
type Named = (&'static str, Box<dyn Side>);

impl Side for Vm {
    fn create(&mut self, world: &mut World, input: &CreateInput) -> Result<VmOutput, String> {
        Self::create(self, world, input).map_err(|error| error.to_string())
    }
    fn call(&mut self, world: &mut World, input: &CallInput) -> Result<VmOutput, String> {
        Self::call(self, world, input).map_err(|error| error.to_string())
    }
    fn restart(&mut self) -> Result<bool, String> {
        Ok(false)
    }
    fn child_time(&mut self) -> Duration {
        Duration::ZERO
    }
}

impl Side for Driver {
    fn create(&mut self, world: &mut World, input: &CreateInput) -> Result<VmOutput, String> {
        Self::create(self, world, input).map_err(|error| error.to_string())
    }
    fn call(&mut self, world: &mut World, input: &CallInput) -> Result<VmOutput, String> {
        Self::call(self, world, input).map_err(|error| error.to_string())
    }
    fn restart(&mut self) -> Result<bool, String> {
        self.kill();
        self.version().map(|_| true).map_err(|error| error.to_string())
    }
    fn child_time(&mut self) -> Duration {
        let tasks = self
            .process_id()
            .and_then(|id| fs::read_dir(format!("/proc/{id}/task")).ok());
        let time_of = |task: fs::DirEntry| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<u64>().ok()
        };
        let nanos = tasks.into_iter().flatten().flatten().filter_map(time_of).sum();
        Duration::from_nanos(nanos)
    }
}

/// A side, its world and its figures.
struct Entry {
    name: &'static str,
    side: Box<dyn Side>,
    world: World,
    counter: Vec<u8>,
    token: Vec<u8>,
    token_code: Vec<u8>,
    deployments: u64,
    holders: u64,
    /// Microseconds a call, by question: all of them.
    wall: [Vec<f64>; Question::ALL.len()],
    /// Microseconds of processor time a call on both sides, by question: one figure a turn.
    cpu: [Vec<f64>; Question::ALL.len()],
}

/// What is measured and how.
pub struct Options<'a> {
    /// The child's program.
    pub program: PathBuf,
    /// Calls of each kind, a side.
    pub calls: usize,
    /// Only questions whose name contains this text.
    pub question: &'a str,
    /// Only sides whose name contains this text, and the first one.
    pub side: &'a str,
    /// Which tier runs contracts on every side; the child's default when none.
    pub tier: Option<Tier>,
    /// Where the results are written.
    pub out: Option<&'a Path>,
}

/// Measures and prints.
///
/// # Errors
/// What could not be started, or which call failed, in words.
pub fn run(options: &Options<'_>) -> Result<(), String> {
    let mut entries = sides(options)?
        .into_iter()
        .enumerate()
        .filter(|(at, (name, _))| *at == 0 || name.contains(options.side))
        .map(|(_, (name, side))| Entry::new(name, side))
        .collect::<Result<Vec<_>, _>>()?;
    for entry in &mut entries {
        for _ in 0..WARM_UP {
            for question in [Question::Increment, Question::Transfer] {
                entry.ask(question)?;
            }
        }
    }
    for turn in 0..options.calls.div_ceil(TURN) {
        for question in Question::ALL {
            if !question.name().contains(options.question) {
                continue;
            }
            for entry in &mut entries {
                if turn % question.rarity() == 0 {
                    entry.turn(question)?;
                }
            }
        }
    }
    let text = markdown(&entries);
    print!("{text}");
    if let Some(folder) = options.out {
        write(&entries, &text, folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(())
}

/// Every side under its name; the first is the one the others are compared with.
fn sides(options: &Options<'_>) -> Result<Vec<Named>, String> {
    let schedule = Schedule::bundled(SCHEDULE).ok_or("no such gas schedule")?;
    let mut settings = VmSettings::default();
    let tier = options.tier.unwrap_or(Tier::Tiered);
    settings.tier = tier;
    let vm = Vm::new(settings, schedule.clone()).map_err(|error| error.to_string())?;
    let mut sides: Vec<Named> = vec![("in process", Box::new(vm))];
    let tier = match tier {
        Tier::Interpreter => "interpreter",
        Tier::Jit => "jit",
        Tier::Tiered => "tiered",
        Tier::Observed => return Err("no child observes code".into()),
    };
    for (name, marshalizer) in [
        ("driver, binary", Marshalizer::Binary),
        ("driver, JSON", Marshalizer::Json),
        ("driver, gob", Marshalizer::Gob),
    ] {
        let config = DriverConfig {
            environment: vec![("ARWEN_TIER".into(), tier.into())],
            ..child(options.program.clone(), marshalizer, GAS)?
        };
        let driver = Driver::start(config).map_err(|error| error.to_string())?;
        sides.push((name, Box::new(driver)));
    }
    Ok(sides)
}

impl Entry {
    fn new(name: &'static str, side: Box<dyn Side>) -> Result<Self, String> {
        let mut world = World::new();
        world.put(ALICE, Account::with_balance(0));
        let mut entry = Self {
            name,
            side,
            world,
            counter: Vec::new(),
            token: Vec::new(),
            token_code: example("token")?,
            deployments: 0,
            holders: 0,
            wall: Default::default(),
            cpu: Default::default(),
        };
        entry.counter = entry.deploy(example("counter")?, Vec::new())?;
        let supply = vec![0x7f; 16];
        entry.token = entry.deploy(entry.token_code.clone(), vec![supply])?;
        Ok(entry)
    }

    fn deploy(&mut self, code: Vec<u8>, arguments: Vec<Vec<u8>>) -> Result<Vec<u8>, String> {
        let input = CreateInput {
            vm_input: vm_input(ALICE.to_vec(), arguments, GAS),
            code,
            code_metadata: vec![5, 2],
        };
        self.world
            .begin_transaction(&ALICE, 0, 0)
            .map_err(|error| error.to_string())?;
        let output = good(self.side.create(&mut self.world, &input)?)?;
        self.world.apply(&output);
        created(output)
    }

    /// Asks once; returns how long it took, unless the side cannot be asked that.
    fn ask(&mut self, question: Question) -> Result<Option<Duration>, String> {
        let call = |recipient: &[u8], function: &str, caller: Vec<u8>, arguments| CallInput {
            vm_input: vm_input(caller, arguments, GAS),
            recipient: recipient.to_vec(),
            function: function.into(),
            ..CallInput::default()
        };
        let input = match question {
            Question::Increment => call(&self.counter, "increment", ALICE.to_vec(), vec![]),
            Question::Transfer => call(
                &self.token,
                "transfer",
                ALICE.to_vec(),
                vec![BOB.to_vec(), vec![1]],
            ),
            Question::TransferToOthers => {
                self.holders += 1;
                let holder = |number: u64| [&number.to_be_bytes()[..], &[7; 24]].concat();
                let (from, to) = (holder(self.holders), holder(self.holders + 1));
                let give = call(
                    &self.token,
                    "transfer",
                    ALICE.to_vec(),
                    vec![from.clone(), vec![1]],
                );
                self.apply(&give)?;
                call(&self.token, "transfer", from, vec![to, vec![1]])
            }
            Question::Deploy => {
                // An empty custom section with a number makes it another contract.
                self.deployments += 1;
                let number = self.deployments.to_be_bytes();
                let code = [&self.token_code[..], &[0, 9, 0], &number].concat();
                let start = Instant::now();
                self.deploy(code, vec![vec![1]])?;
                return Ok(Some(start.elapsed()));
            }
            Question::Restart => {
                let start = Instant::now();
                return Ok(self.side.restart()?.then(|| start.elapsed()));
            }
        };
        let start = Instant::now();
        let output = self.side.call(&mut self.world, &input)?;
        let time = start.elapsed();
        self.world.apply(&good(output)?);
        Ok(Some(time))
    }

    fn apply(&mut self, input: &CallInput) -> Result<(), String> {
        let output = good(self.side.call(&mut self.world, input)?)?;
        self.world.apply(&output);
        Ok(())
    }

    fn turn(&mut self, question: Question) -> Result<(), String> {
        let calls = TURN.div_ceil(question.rarity());
        let at = question as usize;
        let before = (own_time(), self.side.child_time());
        let mut count = 0_usize;
        for _ in 0..calls {
            if let Some(time) = self.ask(question)? {
                count += 1;
                if let Some(wall) = self.wall.get_mut(at) {
                    wall.push(micros(time));
                }
            }
        }
        // A child that was started in this turn has a clock of its own.
        if count > 0 && question != Question::Restart {
            let child = self.side.child_time().saturating_sub(before.1);
            let time = own_time().saturating_sub(before.0) + child;
            if let Some(cpu) = self.cpu.get_mut(at) {
                cpu.push(micros(time) / count as f64);
            }
        }
        if question == Question::Restart {
            for question in [Question::Increment, Question::Transfer] {
                for _ in 0..TURN {
                    self.ask(question)?;
                }
            }
        }
        Ok(())
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Median and first decile of one side's times for a question, and its median processor time; none when not asked.
fn figures(entry: &Entry, question: Question) -> Option<[f64; 3]> {
    let at = question as usize;
    let (wall, cpu) = (entry.wall.get(at)?, entry.cpu.get(at)?);
    (!wall.is_empty()).then(|| {
        [
            stats::median(wall),
            stats::quantile(wall, 0.1),
            stats::median(cpu),
        ]
    })
}

fn markdown(entries: &[Entry]) -> String {
    let mut lines = vec![
        "| question | side | median, µs | ratio | first decile, µs | ratio | processor time, µs | ratio |"
            .to_owned(),
        "|---|---|---|---|---|---|---|---|".to_owned(),
    ];
    for question in Question::ALL {
        let unit = entries.first().and_then(|entry| figures(entry, question));
        for entry in entries {
            let Some(own) = figures(entry, question) else {
                continue;
            };
            let columns = own.iter().enumerate().map(|(at, value)| {
                let ratio = unit
                    .and_then(|unit| unit.get(at).copied())
                    .filter(|unit| *unit > 0.0);
                let ratio = ratio.map_or("–".to_owned(), |unit| format!("{:.2}", value / unit));
                format!("{value:.1} | {ratio}")
            });
            let columns: Vec<String> = columns.collect();
            lines.push(format!(
                "| {} | {} | {} |",
                question.name(),
                entry.name,
                columns.join(" | ")
            ));
        }
    }
    let calls = entries
        .iter()
        .flat_map(|entry| &entry.wall)
        .map(Vec::len)
        .max()
        .unwrap_or(0);
    format!(
        "{}\n\nUp to {calls} calls a side, in turns of {TURN}; processor time is the caller's and the child's. {}.\n",
        lines.join("\n"),
        machine()
    )
}

fn write(entries: &[Entry], text: &str, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let date = date();
    fs::write(
        folder.join(format!("ipc-{date}.md")),
        format!("# The process boundary, {date}\n\n{text}"),
    )?;
    let rows: Vec<_> = Question::ALL
        .into_iter()
        .flat_map(|question| entries.iter().map(move |entry| (question, entry)))
        .filter_map(|(question, entry)| {
            let [median, decile, cpu] = figures(entry, question)?;
            Some(
                json!({ "question": question.name(), "side": entry.name, "median_us": median,
                "first_decile_us": decile, "processor_us": cpu }),
            )
        })
        .collect();
    let document = json!({ "question": "ipc", "date": date, "machine": machine(), "rows": rows });
    fs::write(folder.join(format!("ipc-{date}.json")), format!("{document:#}\n"))
}
