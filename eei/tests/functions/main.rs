//! Host functions, one by one: what contracts see, and what it costs when every price is 1.

mod big_int;
mod chain;
#[path = "../common/mod.rs"]
mod common;
mod crypto;
mod gas;
mod input;
mod output;
mod storage;

use arwen_interface::ReturnCode;
use common::*;

/// Runs bodies on a contract whose memory begins with `data`; each must return what is listed.
fn check(data: &str, arguments: &[&[u8]], cases: &[(&str, &[&[u8]])]) {
    for (body, expected) in cases {
        let output =
            run(&contract(data, body), "f", arguments).unwrap_or_else(|error| panic!("{body}: {error}"));
        assert_eq!(ending(&output), (ReturnCode::Ok, ""), "{body}");
        assert_eq!(output.return_data, *expected, "{body}");
    }
}

/// Runs bodies that must fail with a message.
fn check_faults(cases: &[(&str, &str)]) {
    for (body, message) in cases {
        let output =
            run(&contract("", body), "f", &[b"one"]).unwrap_or_else(|error| panic!("{body}: {error}"));
        assert_eq!(ending(&output), (ReturnCode::ExecutionFailed, *message), "{body}");
    }
}
