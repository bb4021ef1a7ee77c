//! The locked child: it is locked on every tier, and everything a contract can do works there.

mod common;

use std::fs;
use std::time::Duration;

use arwen_interface::{ReturnCode, VmOutput};
use arwen_ipc_host::driver::{Driver, DriverConfig, DriverError, LogEvent};

use common::*;

/// Initial contents worth an image, memory that grows, accesses beyond it, recursion without end, work worth compiling.
const BUSY: &str = r#"(module
    (import "env" "int64finish" (func $finish (param i64)))
    (memory (export "memory") 2)
    (data (i32.const 0) "{DATA}")
    (func (export "init"))
    (func (export "read") (call $finish (i64.load8_u (i32.const 70000))))
    (func (export "grow")
        (drop (memory.grow (i32.const 3)))
        (i32.store8 (i32.const 300000) (i32.const 7))
        (call $finish (i64.load8_u (i32.const 300000))))
    (func (export "beyond") (drop (i32.load (i32.const 1000000))))
    (func (export "divide") (drop (i32.div_u (i32.const 1) (i32.const 0))))
    (func $deeper (export "deeper") (call $deeper))
    (func (export "work") (local $n i32)
        (loop $again
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const 300000))))
        (call $finish (i64.extend_i32_u (local.get $n)))))"#;

fn settings(tier: &str, mode: &str) -> DriverConfig {
    let variables = [("ARWEN_TIER", tier), ("ARWEN_SANDBOX", mode)];
    DriverConfig {
        environment: variables.map(|(name, value)| (name.into(), value.into())).into(),
        ..config()
    }
}

/// What the kernel says about each thread of a process: its name, and the value of a line of its status.
fn threads(pid: u32, line: &str) -> Vec<(String, String)> {
    let read = |path: std::path::PathBuf| {
        let name = fs::read_to_string(path.join("comm")).unwrap().trim().to_owned();
        let status = fs::read_to_string(path.join("status")).unwrap();
        let value = status.lines().find_map(|text| text.strip_prefix(line)).unwrap();
        (name, value.trim().to_owned())
    };
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    tasks.map(|task| read(task.unwrap().path())).collect()
}

#[test]
fn everything_works_in_a_locked_child_on_every_tier() {
    let code = BUSY.replace("{DATA}", &"\\2a".repeat(100_000));
    for tier in ["interpreter", "jit", "tiered"] {
        let mut node = Node::start(settings(tier, "require"));
        let contract = node.deploy(&code);
        for _ in 0..3 {
            for (function, code, data) in [
                ("read", ReturnCode::Ok, vec![vec![42]]),
                ("grow", ReturnCode::Ok, vec![vec![7]]),
                ("beyond", ReturnCode::ExecutionFailed, vec![]),
                ("divide", ReturnCode::ExecutionFailed, vec![]),
                ("work", ReturnCode::Ok, vec![vec![4, 0x93, 0xe0]]),
                ("deeper", ReturnCode::ExecutionFailed, vec![]),
            ] {
                let output = node.call(&contract, function, u64::MAX / 2).unwrap();
                assert_eq!(
                    (output.return_code, output.return_data),
                    (code, data),
                    "{tier}, {function}"
                );
            }
        }
        let pid = node.driver.process_id().unwrap();
        for line in ["Seccomp:\t2", "NoNewPrivs:\t1"] {
            let (line, wanted) = line.split_once('\t').unwrap();
            let threads = threads(pid, line);
            assert!(
                threads.iter().all(|(_, value)| value == wanted),
                "{tier}, {line} {threads:?}"
            );
            let compiles = threads.iter().any(|(name, _)| name == "wasm-compile");
            assert_eq!(compiles, tier == "tiered", "{threads:?}");
        }
    }
}

/// What a child of this tier gives with a cache folder, and what it said about the folder.
fn with_cache(tier: &str, folder: &std::path::Path) -> (Vec<VmOutput>, Vec<String>) {
    let mut config = settings(tier, "require");
    let variable = ("ARWEN_CACHE_DIR".into(), folder.display().to_string());
    config.environment.push(variable);
    let mut node = Node::start(config);
    let contract = node.deploy(&BUSY.replace("{DATA}", "x"));
    let functions = ["read", "grow", "beyond", "work"].into_iter().cycle().take(8);
    let outputs = functions
        .map(|function| node.call(&contract, function, u64::MAX / 2).unwrap())
        .collect();
    // What was logged before the child ended has come.
    node.driver.stop();
    let logs = node.logs.lock().unwrap();
    let lines = logs.iter().filter_map(|event| match event {
        LogEvent::Line(line) if line.logger == "arwen/cache" => Some(line.message.clone()),
        _ => None,
    });
    (outputs, lines.collect())
}

#[test]
fn a_locked_child_runs_what_another_has_compiled_and_nothing_shows() {
    let folder = tempfile::tempdir().unwrap();
    let files = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> = paths
            .filter(|path| path.extension().is_some_and(|end| end == "native"))
            .collect();
        paths.sort();
        paths
    };
    let quiet = Vec::<String>::new();
    let expected = with_cache("interpreter", folder.path()).0;
    assert_eq!(files().len(), 0);
    assert_eq!(
        with_cache("jit", folder.path()),
        (expected.clone(), quiet.clone())
    );
    let [file] = &files()[..] else {
        panic!("{:?}", files())
    };
    let good = fs::read(file).unwrap();
    for tier in ["jit", "tiered"] {
        assert_eq!(
            with_cache(tier, folder.path()),
            (expected.clone(), quiet.clone()),
            "{tier}"
        );
    }
    for at in [0, good.len() / 2, good.len() - 1] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        fs::write(file, &bytes).unwrap();
        let (outputs, said) = with_cache("jit", folder.path());
        assert_eq!(outputs, expected);
        assert_eq!(said, ["compiled code is refused, and removed"]);
        assert!(fs::read(file).unwrap() == good, "it has been made again");
    }
    fs::write(folder.path().join("key"), "known").unwrap();
    let (outputs, said) = with_cache("jit", folder.path());
    assert_eq!(
        (outputs, &said[..]),
        (expected, &["compiled code is not kept".to_owned()][..])
    );
}

#[test]
fn a_locked_child_can_be_interrupted() {
    for tier in ["interpreter", "jit", "tiered"] {
        let mut node = Node::start(settings(tier, "require"));
        let counter = node.deploy(COUNTER);
        let pid = node.driver.process_id();
        let handle = node.driver.interrupt_handle();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                handle.interrupt();
            });
            let error = node.call(&counter, "forever", u64::MAX / 2).unwrap_err();
            assert!(matches!(error, DriverError::Interrupted), "{error}");
        });
        assert_eq!(node.driver.process_id(), pid);
        assert_eq!(node.increment(&counter), [[6]]);
    }
}

#[test]
fn settings_are_followed_or_refused() {
    let filtered = |mode| {
        let mut node = Node::start(settings("jit", mode));
        let pid = node.driver.process_id().unwrap();
        threads(pid, "Seccomp:").iter().all(|(_, value)| value == "2")
    };
    assert!(filtered("require"));
    assert!(filtered("best-effort"));
    assert!(!filtered("off"));

    let refused = |name: &str, value: &str| {
        let mut config = config();
        config.environment.push((name.into(), value.into()));
        match Driver::start(config).map(drop).unwrap_err() {
            DriverError::Died { status, stderr } => (status.and_then(|status| status.code()), stderr),
            other => panic!("{other}"),
        }
    };
    for (name, value, names) in [
        ("ARWEN_SANDBOX", "yes", "require, best-effort, off"),
        ("ARWEN_TIER", "interpeter", "interpreter, jit, tiered"),
        ("ARWEN_BUILTIN_FUNCTIONS", "Node", "node"),
        ("ARWEN_TIER", "", "interpreter, jit, tiered"),
    ] {
        let text = format!("Cannot start: {name} is \"{value}\", not one of {names}");
        assert_eq!(refused(name, value), (Some(2), text));
    }
    let (code, stderr) = refused("ARWEN_CACHE_DIR", "/no/such/folder");
    assert_eq!(code, Some(2));
    assert!(
        stderr.starts_with("Cannot lock down: ARWEN_CACHE_DIR: "),
        "{stderr}"
    );
}

#[test]
fn the_log_says_that_a_child_is_not_locked() {
    for (mode, warnings) in [("require", 0), ("off", 1)] {
        let mut node = Node::start(settings("jit", mode));
        // What was logged before the child ended has come.
        node.driver.stop();
        let logs = node.logs.lock().unwrap();
        let said =
            |event: &&LogEvent| matches!(event, LogEvent::Line(line) if line.logger == "arwen/sandbox");
        assert_eq!(logs.iter().filter(said).count(), warnings, "{logs:?}");
    }
}
