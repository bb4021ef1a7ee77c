//! The driver with the real child.

mod common;

use std::thread;
use std::time::Duration;

use arwen_interface::{EsdtTransfer, ReturnCode};
use arwen_ipc_host::driver::{Driver, DriverConfig, DriverError, LogEvent};
use arwen_ipc_host::log::LogProfile;
use arwen_ipc_host::marshalizer::Marshalizer;
use arwen_ipc_host::records::InitializeArguments;
use arwen_ipc_host::wire::Dialect;
use arwen_metering::Schedule;

use common::*;

#[test]
fn a_contract_is_deployed_and_called_in_either_dialect_and_any_encoding() {
    let dialects = [Dialect::Current, Dialect::Legacy];
    for (dialect, marshalizer) in dialects
        .into_iter()
        .flat_map(|dialect| Marshalizer::ALL.map(|marshalizer| (dialect, marshalizer)))
    {
        let mut node = Node::start(DriverConfig {
            dialect,
            marshalizer,
            ..config()
        });
        assert!(node.driver.version().unwrap().starts_with("arwen-"));
        let counter = node.deploy(COUNTER);
        assert_eq!(node.increment(&counter), [[6]]);
        assert_eq!(node.increment(&counter), [[7]]);
    }
}

/// Hands out what it keeps under the keys from "a" to "f".
const LIBRARY: &str = r#"(module
    (import "env" "storageLoad" (func $load (param i32 i32 i32) (result i32)))
    (import "env" "finish" (func $finish (param i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "abcdef")
    (func (export "init"))
    (func (export "read") (local $key i32)
        (loop $next
            (call $finish (i32.const 100)
                (call $load (local.get $key) (i32.const 1) (i32.const 100)))
            (br_if $next (i32.lt_u
                (local.tee $key (i32.add (local.get $key) (i32.const 1)))
                (i32.const 6))))))"#;

#[test]
fn large_entries_that_are_sent_ahead_are_those_of_the_moment() {
    let outcomes = [Marshalizer::Json, Marshalizer::Binary].map(|marshalizer| {
        let mut node = Node::start(DriverConfig {
            marshalizer,
            ..config()
        });
        let library = node.deploy(LIBRARY);
        let mut outputs = Vec::new();
        for round in 0..80_u8 {
            // Some change every time and some seldom, so that new ones come beside old ones in one request.
            for (number, key) in (1..).zip(b'a'..=b'f') {
                if round % number == 0 {
                    let account = node.world.accounts.get_mut(&library).unwrap();
                    account.storage.insert(vec![key], [key, round].repeat(400));
                }
            }
            let mut names = Vec::new();
            let mut asked = |name: &str| names.push(name.to_owned());
            let mut spy = Spy {
                world: &mut node.world,
                asked: &mut asked,
            };
            let output = node
                .driver
                .call(&mut spy, &call_input(&library, "read", 1_000_000));
            outputs.push(output.unwrap().return_data);
            // The contract asks for its code first. Ahead of it, the code is asked for last.
            let ahead = marshalizer == Marshalizer::Binary && round > 1;
            assert_eq!(
                names.last().unwrap() == "code",
                ahead,
                "{marshalizer}, {round}: {names:?}"
            );
            assert_eq!(names.iter().filter(|name| *name == "storage_data").count(), 6);
        }
        outputs
    });
    assert_eq!(outcomes[0], outcomes[1]);
    let [json, _] = &outcomes;
    assert!(json.iter().all(|data| data.len() == 6 && data[0].len() == 800));
}

#[test]
fn what_is_sent_ahead_of_a_call_changes_no_outcome() {
    let outcomes = [Marshalizer::Json, Marshalizer::Binary].map(|marshalizer| {
        let mut node = Node::start(DriverConfig {
            marshalizer,
            ..config()
        });
        let counter = node.deploy(COUNTER);
        let other = node.deploy(COUNTER);
        let mut outputs = Vec::new();
        for round in 0..12 {
            // Entries, accounts and code change between the calls, and some calls fail.
            if round % 4 == 3 {
                let account = node.world.accounts.get_mut(&counter).unwrap();
                account.storage.insert(b"k".to_vec(), vec![round * 7]);
                account.developer_reward += 1;
            }
            if round == 8 {
                let code = node.world.account(&counter).unwrap().code.clone();
                let text = [&code[..], &[0, 2, 0, 0]].concat();
                node.world.accounts.get_mut(&counter).unwrap().code = text;
            }
            let contract = if round % 5 == 4 { &other } else { &counter };
            outputs.push(node.call(contract, "increment", 1_000_000).unwrap());
            outputs.push(node.call(contract, "increment", 100 * u64::from(round)).unwrap());
        }
        outputs
    });
    assert_eq!(outcomes[0], outcomes[1]);
}

#[test]
fn a_request_that_cannot_be_written_costs_no_child() {
    let mut node = Node::start(DriverConfig {
        dialect: Dialect::Legacy,
        marshalizer: Marshalizer::Json,
        ..config()
    });
    let counter = node.deploy(COUNTER);
    let pid = node.driver.process_id();
    let mut input = call_input(&counter, "increment", 1_000_000);
    input.vm_input.esdt_transfers = vec![EsdtTransfer::default(); 2];
    let error = node.driver.call(&mut node.world, &input).unwrap_err();
    assert!(matches!(error, DriverError::Inexpressible(_)), "{error}");
    assert_eq!(node.increment(&counter), [[6]]);
    assert_eq!(node.driver.process_id(), pid);
}

#[test]
fn gas_stops_loops_and_recursion_and_the_child_goes_on() {
    let mut node = Node::start(config());
    let counter = node.deploy(COUNTER);
    let endless = node.call(&counter, "forever", 1_000_000).unwrap();
    assert_eq!(
        (endless.return_code, endless.gas_remaining),
        (ReturnCode::OutOfGas, 0)
    );
    let deep = node.call(&counter, "deeper", 5_000).unwrap();
    assert_eq!(deep.return_code, ReturnCode::OutOfGas);
    let deeper = node.call(&counter, "deeper", u64::MAX / 2).unwrap();
    assert_eq!(deeper.return_code, ReturnCode::ExecutionFailed);
    assert_eq!(node.increment(&counter), [[6]]);
}

#[test]
fn a_gas_schedule_is_changed_in_place() {
    let mut node = Node::start(config());
    let counter = node.deploy(COUNTER);
    let pid = node.driver.process_id();
    let cheap = node
        .call(&counter, "increment", 10_000_000)
        .unwrap()
        .gas_remaining;
    node.driver
        .change_gas_schedule(Schedule::bundled_raw("v3").unwrap())
        .unwrap();
    let dear = node
        .call(&counter, "increment", 10_000_000)
        .unwrap()
        .gas_remaining;
    assert!(dear < cheap, "{dear} < {cheap}");

    let mut bad = Schedule::bundled_raw("v3").unwrap();
    bad.get_mut("ElrondAPICost").unwrap().remove("Finish");
    let error = node.driver.change_gas_schedule(bad).unwrap_err();
    let text = "Gas cost for operation Finish has been set to 0 or is not set.";
    assert!(
        matches!(&error, DriverError::Schedule(error) if error.starts_with(text)),
        "{error}"
    );
    let same = node
        .call(&counter, "increment", 10_000_000)
        .unwrap()
        .gas_remaining;
    assert_eq!(same, dear);
    assert_eq!(node.driver.process_id(), pid);

    // A child that is started later has the new prices too.
    node.driver.kill();
    assert_eq!(
        node.call(&counter, "increment", 10_000_000)
            .unwrap()
            .gas_remaining,
        dear
    );
}

#[test]
fn every_operation_ends_by_its_deadline() {
    let mut node = Node::start(config());
    let counter = node.deploy(COUNTER);
    let short = Some(Duration::from_millis(100));
    node.driver.set_timeout(short);
    let error = node.call(&counter, "forever", u64::MAX / 2).unwrap_err();
    assert_eq!(error.to_string(), "critical error: arwen time expired");

    node.driver.set_timeout(config().timeout);
    node.driver.version().unwrap();
    node.driver.set_timeout(short);
    assert!(matches!(
        node.driver.diagnose_wait(3_600_000),
        Err(DriverError::TimeExpired)
    ));

    // The node's own time counts too.
    node.driver.set_timeout(config().timeout);
    node.driver.version().unwrap();
    node.driver.set_timeout(short);
    let mut asked = |_: &str| thread::sleep(Duration::from_millis(200));
    let mut spy = Spy {
        world: &mut node.world,
        asked: &mut asked,
    };
    let input = call_input(&counter, "increment", 1_000_000);
    assert!(matches!(
        node.driver.call(&mut spy, &input),
        Err(DriverError::TimeExpired)
    ));

    for no_limit in [None, Some(Duration::MAX)] {
        node.driver.set_timeout(no_limit);
        node.driver.version().unwrap();
    }
    assert_eq!(node.increment(&counter), [[6]]);
}

#[test]
fn a_run_is_stopped_and_the_child_goes_on() {
    for tier in ["interpreter", "jit", "tiered"] {
        let environment = vec![("ARWEN_TIER".into(), tier.into())];
        let mut node = Node::start(DriverConfig {
            environment,
            ..config()
        });
        let counter = node.deploy(COUNTER);
        let pid = node.driver.process_id();
        let handle = node.driver.interrupt_handle();
        assert!(!handle.interrupt());

        // The order comes before the contract runs, and while it runs.
        for delay in [0, 50] {
            let mut stopper = None;
            let mut asked = |name: &str| {
                if name == "code" {
                    let handle = handle.clone();
                    stopper = Some(thread::spawn(move || {
                        thread::sleep(Duration::from_millis(delay));
                        handle.interrupt()
                    }));
                }
            };
            let mut spy = Spy {
                world: &mut node.world,
                asked: &mut asked,
            };
            let input = call_input(&counter, "forever", u64::MAX / 2);
            let error = node.driver.call(&mut spy, &input).unwrap_err();
            assert!(matches!(error, DriverError::Interrupted), "{error}");
            assert!(stopper.unwrap().join().unwrap());
        }
        let stopper = thread::spawn({
            let handle = handle.clone();
            move || {
                while !handle.interrupt() {
                    thread::yield_now();
                }
            }
        });
        let error = node.driver.diagnose_wait(3_600_000).unwrap_err();
        assert!(matches!(error, DriverError::Interrupted), "{error}");
        stopper.join().unwrap();
        assert_eq!(node.increment(&counter), [[6]], "{tier}");
        assert_eq!(node.driver.process_id(), pid);
    }
}

#[test]
fn a_child_that_cannot_start_says_why() {
    let start = |change: fn(&mut DriverConfig)| {
        let mut config = config();
        change(&mut config);
        match Driver::start(config).map(drop).unwrap_err() {
            DriverError::Died { status, stderr } => (status.and_then(|status| status.code()), stderr),
            other => panic!("{other}"),
        }
    };
    assert_eq!(
        start(|config| config.arguments.gas_schedule.clear()),
        (
            Some(2),
            "Cannot create ArwenPart: Gas cost for operation StorePerByte has been set to 0 or is not set."
                .into()
        )
    );
    assert_eq!(
        start(|config| config.arguments.protected_key_prefix.clear()),
        (
            Some(2),
            "Cannot create ArwenPart: elrondProtectedKeyPrefix cannot be empty".into()
        )
    );
}

#[test]
fn a_child_that_is_stopped_exits_as_the_reference_does() {
    let mut node = Node::start(config());
    let status = node.driver.stop().unwrap();
    assert_eq!(status.code(), Some(3));
    let logs = node.logs.lock().unwrap();
    let text = "Ended Arwen loop: critical error: arwen will stop, as requested";
    assert!(logs.contains(&LogEvent::Stderr(text.into())), "{logs:?}");
}

#[test]
fn the_log_profile_chooses_the_lines() {
    Marshalizer::ALL.into_iter().for_each(check_log_profiles);
}

fn check_log_profiles(logs_marshalizer: Marshalizer) {
    let quiet = LogProfile {
        patterns: "*:NONE".into(),
        ..LogProfile::default()
    };
    let mut node = Node::start(DriverConfig {
        arguments: InitializeArguments {
            logs_marshalizer,
            ..arguments()
        },
        log_profile: quiet,
        ..config()
    });
    let counter = node.deploy(COUNTER);
    assert_eq!(node.driver.last_run_gas(), None);
    let lines = |node: &Node| {
        node.logs
            .lock()
            .unwrap()
            .iter()
            .filter(|event| matches!(event, LogEvent::Line(_)))
            .count()
    };
    assert_eq!(lines(&node), 0);

    // A profile holds for the requests that follow it.
    let patterns = "*:INFO,arwen/gas:TRACE".to_owned();
    let profile = |patterns| LogProfile {
        patterns,
        ..LogProfile::default()
    };
    node.driver.set_log_profile(profile(patterns)).unwrap();
    let endless = node.driver.set_log_profile(profile("x".repeat(10_000)));
    assert!(matches!(endless, Err(DriverError::TooLong(_))), "{endless:?}");
    let output = node.call(&counter, "increment", 1_000_000).unwrap();
    let split = node.driver.last_run_gas().unwrap();
    assert_eq!(split.iter().sum::<u64>(), 1_000_000 - output.gas_remaining);
    let applied =
        |event: &LogEvent| matches!(event, LogEvent::Line(line) if line.message == "Profile change applied.");
    assert_eq!(
        node.logs
            .lock()
            .unwrap()
            .iter()
            .filter(|event| applied(event))
            .count(),
        1
    );
}
