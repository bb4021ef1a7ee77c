//! Faulty children under the driver.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, thread};

use arwen_interface::Bytes;
use arwen_ipc_host::driver::{Driver, DriverConfig, DriverError};
use arwen_ipc_host::marshalizer::Marshalizer;
use rustix::process::{Pid, Signal, kill_process};

use super::common::*;
use super::fake;
use super::rows::{After, ChildFault, SHORT, Step};
use super::traces::{forget_peak, memory, traces};

/// How much memory a node may use at most while its child sends what it should not, in KiB.
const PEAK: u64 = 96 << 10;

/// A node whose contract is deployed, and whose next child follows `script`.
struct Scene {
    node: Node,
    counter: Bytes,
    mark: PathBuf,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn set(script: &str, marshalizer: Marshalizer, timeout: Option<Duration>) -> Self {
        let mut node = Node::start(config());
        let counter = node.deploy(COUNTER);
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("started");
        let environment = [(fake::SCRIPT, Path::new(script)), (fake::MARK, &mark)];
        node.driver = Driver::start(DriverConfig {
            program: Some(env::current_exe().unwrap()),
            marshalizer,
            environment: environment
                .map(|(name, value)| (name.into(), value.to_str().unwrap().into()))
                .into(),
            ..config()
        })
        .unwrap();
        node.driver.set_timeout(timeout);
        Self {
            node,
            counter,
            mark,
            _folder: folder,
        }
    }

    fn call(&mut self) -> Result<Vec<Bytes>, DriverError> {
        Ok(self.node.call(&self.counter, "increment", 1_000_000)?.return_data)
    }

    /// Waits until the child has taken its steps, or died of them.
    fn steps_are_done(&mut self) {
        let pid = self.node.driver.process_id().unwrap();
        let dead = || {
            fs::read_to_string(format!("/proc/{pid}/stat"))
                .unwrap()
                .contains(") Z ")
        };
        while !fake::done(&self.mark).exists() && !dead() {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The next call works.
    fn goes_on(&mut self) {
        self.node.driver.set_timeout(config().timeout);
        assert_eq!(self.node.increment(&self.counter), [[6]]);
    }
}

/// Does a text have this beginning, or is it this text?
pub fn matches(text: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('…') {
        Some(beginning) => text.starts_with(beginning),
        None => text == pattern,
    }
}

/// Runs a row in an encoding, or in binary through the memory that the driver shares with its child.
pub fn run(index: usize, fault: &ChildFault, marshalizer: Marshalizer, in_memory: bool) {
    let before = traces();
    let slow = fault
        .steps
        .iter()
        .any(|step| matches!(step, Step::Hang | Step::AskForEver | Step::Wait(_)));
    let timeout = if slow {
        Some(Duration::from_millis(SHORT))
    } else {
        config().timeout
    };
    let way = if in_memory { fake::IN_MEMORY } else { "" };
    let mut scene = Scene::set(&format!("{way}{index}"), marshalizer, timeout);
    let state = scene.node.world.accounts.clone();
    let child = scene.node.driver.process_id();
    forget_peak();
    let start = memory("self", "VmRSS:");
    let result = scene.call();
    let peak = memory("self", "VmHWM:");
    assert!(peak <= start + PEAK, "{start} KiB at first, {peak} KiB at most");
    match &result {
        Ok(data) => {
            assert_eq!(fault.error, "");
            assert_eq!(data, &fake::output().return_data);
            scene.steps_are_done();
        }
        Err(error) => assert!(matches(&error.to_string(), fault.error), "{error}"),
    }
    assert_eq!(scene.node.world.accounts, state, "something was applied");
    scene.goes_on();
    let same = scene.node.driver.process_id() == child;
    assert_eq!(same, fault.after == After::SameChild, "{child:?}");
    drop(scene);
    before.check();
}

/// A child that cannot speak binary is spoken to in JSON, and nobody has to say so.
pub fn stranger() {
    let before = traces();
    let mut scene = Scene::set(
        fake::STRANGER,
        DriverConfig::default().marshalizer,
        config().timeout,
    );
    let child = scene.node.driver.process_id();
    for _ in 0..2 {
        assert_eq!(scene.call().unwrap(), fake::output().return_data);
    }
    assert_eq!(scene.node.driver.process_id(), child);
    drop(scene);
    before.check();
}

/// A child dies after each number of bytes, up to all that it sends.
pub fn cut(marshalizer: Marshalizer) {
    let before = traces();
    let mut complete = false;
    for bytes in 0.. {
        let mut scene = Scene::set(&fake::cut_script(bytes), marshalizer, config().timeout);
        match scene.call() {
            Ok(data) => {
                assert_eq!(data, fake::output().return_data);
                complete = true;
            }
            Err(DriverError::Died { status, .. }) => {
                assert!(!complete);
                assert_eq!(status.and_then(|status| status.signal()), Some(9), "{bytes}");
            }
            Err(other) => panic!("after {bytes} bytes: {other}"),
        }
        if complete {
            assert!(bytes > 30, "{bytes} bytes cannot be all");
            break;
        }
        if bytes % 16 == 0 {
            scene.goes_on();
        }
    }
    before.check();
}

/// The real child, with a contract deployed.
fn real() -> (Node, Bytes) {
    let mut node = Node::start(config());
    let counter = node.deploy(COUNTER);
    (node, counter)
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid as i32).unwrap(), signal).unwrap();
}

/// A child that is killed at a question costs one call.
pub fn killed_at_every_question() {
    let before = traces();
    let (mut node, counter) = real();
    let mut questions = Vec::new();
    let mut asked = |name: &str| questions.push(name.to_owned());
    let mut spy = Spy {
        world: &mut node.world,
        asked: &mut asked,
    };
    node.driver
        .call(&mut spy, &call_input(&counter, "increment", 1_000_000))
        .unwrap();
    assert!(questions.len() >= 4, "{questions:?}");
    for index in 0..questions.len() {
        node.driver.version().unwrap();
        let pid = node.driver.process_id().unwrap();
        let mut left = index;
        let mut asked = |_: &str| match left.checked_sub(1) {
            Some(fewer) => left = fewer,
            None => signal(pid, Signal::KILL),
        };
        // Asked again of a fresh child, the question may be another one; it is killed at one of the same number.
        let mut spy = Spy {
            world: &mut node.world,
            asked: &mut asked,
        };
        let error = node
            .driver
            .call(&mut spy, &call_input(&counter, "increment", 1_000_000))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "critical error: arwen closed: signal: 9 (SIGKILL)"
        );
        assert_eq!(node.driver.process_id(), None);
    }
    assert_eq!(node.increment(&counter), [[6]]);
    drop(node);
    before.check();
}

/// A child that is killed or stopped while it computes is noticed.
pub fn killed_while_it_computes() {
    let before = traces();
    let (mut node, counter) = real();
    for (what, error) in [
        (Signal::KILL, "critical error: arwen closed: signal: 9 (SIGKILL)"),
        (Signal::STOP, "critical error: arwen time expired"),
    ] {
        node.driver.set_timeout(config().timeout);
        node.driver.version().unwrap();
        let pid = node.driver.process_id().unwrap();
        if what == Signal::STOP {
            node.driver.set_timeout(Some(Duration::from_millis(SHORT)));
        }
        let killer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            signal(pid, what);
        });
        let found = node.call(&counter, "forever", u64::MAX / 2).unwrap_err();
        killer.join().unwrap();
        assert_eq!(found.to_string(), error);
    }
    node.driver.set_timeout(config().timeout);
    assert_eq!(node.increment(&counter), [[6]]);
    drop(node);
    before.check();
}

/// Replies with more than a pipe holds, so that a kill finds the child in the middle of a frame.
const LOUD: &str = r#"(module
    (import "env" "finish" (func $finish (param i32 i32)))
    (memory (export "memory") 16)
    (func (export "init"))
    (func (export "shout") (call $finish (i32.const 0) (i32.const 1000000))))"#;

/// A child that is killed at any moment of a call has either replied whole or not at all.
pub fn killed_at_any_moment() {
    let before = traces();
    let (mut node, _) = real();
    let loud = node.deploy(LOUD);
    let (mut whole, mut none) = (0, 0);
    for round in 0..60u64 {
        node.driver.version().unwrap();
        let pid = node.driver.process_id().unwrap();
        let killer = thread::spawn(move || {
            thread::sleep(Duration::from_micros(round * 250));
            signal(pid, Signal::KILL);
        });
        match node.call(&loud, "shout", 100_000_000) {
            Ok(output) => {
                assert_eq!(output.return_data, [vec![0; 1_000_000]]);
                whole += 1;
            }
            Err(DriverError::Died { .. }) => none += 1,
            Err(other) => panic!("{other}"),
        }
        killer.join().unwrap();
        node.driver.kill();
    }
    assert!(none > 0, "{whole} whole, {none} not at all");
    assert_eq!(
        node.call(&loud, "shout", 100_000_000).unwrap().return_data.len(),
        1
    );
    drop(node);
    before.check();
}

/// What is no child, or cannot start, is found out.
pub fn programs_that_are_no_children() {
    let before = traces();
    let start = |program: &str, milliseconds| {
        let config = DriverConfig {
            program: Some(program.into()),
            timeout: Some(Duration::from_millis(milliseconds)),
            ..config()
        };
        Driver::start(config).map(drop).unwrap_err()
    };
    assert!(
        matches!(start("/no/such/program", 5000), DriverError::Start { error, .. } if error.kind() == std::io::ErrorKind::NotFound)
    );
    assert!(matches!(start("/", 5000), DriverError::Start { .. }));
    assert!(matches!(start("/bin/true", 5000), DriverError::Died { .. }));
    // Reads nothing and writes for ever.
    assert!(matches!(start("/usr/bin/yes", 200), DriverError::TimeExpired));
    before.check();
}

/// Children come and go and leave nothing behind, however they end.
pub fn restarts() {
    let mut node = Node::start(config());
    let round = |node: &mut Node, round: u32| match round % 4 {
        0 => node.driver.kill(),
        1 => assert!(node.driver.stop().is_none_or(|status| status.code() == Some(3))),
        2 => {
            let mut config = config();
            config.arguments.gas_schedule.clear();
            let error = Driver::start(config).map(drop).unwrap_err();
            assert!(matches!(error, DriverError::Died { .. }), "{error}");
        }
        _ => drop(node.driver.version().unwrap()),
    };
    // What is allocated once is allocated then.
    (0..40).for_each(|number| round(&mut node, number));
    node.driver.kill();
    let before = traces();
    (0..RESTARTS).for_each(|number| round(&mut node, number));
    node.driver.kill();
    before.check();
}

/// How many children are started in a row, about.
const RESTARTS: u32 = 2000;
