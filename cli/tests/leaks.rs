//! Children come and go and leave nothing behind. Alone in its binary, since it counts what the process holds.

mod common;

use std::fs;

use arwen_ipc_host::driver::DriverError;

use common::*;

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Children of this process, the dead ones that nobody has waited for included.
fn children() -> String {
    fs::read_to_string(format!("/proc/self/task/{}/children", std::process::id())).unwrap_or_default()
}

#[test]
fn restarts_leave_no_process_and_no_file() {
    let mut node = Node::start(config());
    node.driver.kill();
    let (files, processes) = (open_files(), children());
    for round in 0..100 {
        match round % 4 {
            0 => node.driver.kill(),
            1 => assert!(node.driver.stop().is_none_or(|status| status.code() == Some(3))),
            2 => {
                let mut config = config();
                config.arguments.gas_schedule.clear();
                let error = arwen_ipc_host::driver::Driver::start(config)
                    .map(drop)
                    .unwrap_err();
                assert!(matches!(error, DriverError::Died { .. }), "{error}");
            }
            _ => drop(node.driver.version().unwrap()),
        }
    }
    node.driver.kill();
    assert_eq!((open_files(), children()), (files, processes));
}
