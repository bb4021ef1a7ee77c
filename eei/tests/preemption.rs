//! A run ends when another thread wants it to, also where a host function works for long.

mod common;

use std::thread;
use std::time::Duration;

use arwen_interface::{INTERRUPTED, ReturnCode};
use common::{Node, TIERS, call, contract_with, vm};

/// Two numbers of all ones, one of 16 MiB and one of half as much.
const NUMBERS: &str = "
    (drop (call $bigIntNew (i64.const 1))) (drop (call $bigIntNew (i64.const 1))) (drop (call $bigIntNew (i64.const 1)))
    (call $bigIntShl (i32.const 0) (i32.const 0) (i32.const 134217728))
    (call $bigIntSub (i32.const 0) (i32.const 0) (i32.const 2))
    (call $bigIntShl (i32.const 1) (i32.const 1) (i32.const 67108864))
    (call $bigIntSub (i32.const 1) (i32.const 1) (i32.const 2))";

/// Each takes from seconds to hours, and nothing in the contract looks at the flag. Where it lies past the memory, what
/// is read is zeros: a key of zeros is one of Ed25519, and the key of secp256k1 and the signature are data.
const LONG: [(&str, &str); 8] = [
    (
        "",
        "(drop (call $sha256 (i32.const 0) (i32.const 0x7fffffff) (i32.const 0)))",
    ),
    (
        "",
        "(drop (call $keccak256 (i32.const 0) (i32.const 0x7fffffff) (i32.const 0)))",
    ),
    (
        "",
        "(drop (call $ripemd160 (i32.const 0) (i32.const 0x7fffffff) (i32.const 0)))",
    ),
    (
        "",
        "(drop (call $verifyEd25519 (i32.const 1024) (i32.const 0) (i32.const 0x7fffffff) (i32.const 1024)))",
    ),
    (
        "",
        "(drop (call $verifySecp256k1 (i32.const 0) (i32.const 33) (i32.const 0) (i32.const 0x7fffffff) (i32.const 33)))",
    ),
    (
        NUMBERS,
        "(call $bigIntMul (i32.const 3) (i32.const 0) (i32.const 0))",
    ),
    (
        NUMBERS,
        "(call $bigIntTDiv (i32.const 3) (i32.const 0) (i32.const 1))",
    ),
    (
        NUMBERS,
        "(call $bigIntEMod (i32.const 0) (i32.const 0) (i32.const 1))",
    ),
];

/// A key of secp256k1 and a signature of something else with it.
const DATA: &str = concat!(
    "\\03\\11\\db\\93\\e1\\dc\\db\\8a\\01\\6b\\49\\84\\0f\\8c\\53\\bc\\1e\\b6\\8a\\38\\2e\\97\\b1\\48\\2e\\ca\\d7\\b1\\48\\a6\\90\\9a\\5c",
    "\\30\\44\\02\\20\\4e\\45\\e1\\69\\32\\b8\\af\\51\\49\\61\\a1\\d3\\a1\\a2\\5f\\df\\3f\\4f\\77\\32\\e9\\d6\\24\\c6\\c6\\15\\48\\ab\\5f\\b8\\cd\\41",
    "\\02\\20\\18\\15\\22\\ec\\8e\\ca\\07\\de\\48\\60\\a4\\ac\\dd\\12\\90\\9d\\83\\1c\\c5\\6c\\bb\\ac\\46\\22\\08\\22\\21\\a8\\76\\8d\\1d\\09",
);

#[test]
fn long_host_functions_are_stopped_from_another_thread() {
    for (prepare, long) in LONG {
        let code = contract_with(DATA, &[("f", &format!("{prepare} {long}")), ("idle", "")]);
        let mut vm = vm(TIERS[0]);
        let interrupt = vm.interrupt();
        let raise = {
            let interrupt = interrupt.clone();
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(150));
                interrupt.raise();
            })
        };
        let mut node = Node::new(Some(&code));
        let stopped = vm.call(&mut node, &call("f", &[], u64::MAX));
        raise.join().expect("the thread ends");
        let stopped = stopped.map(|output| (output.return_code, output.return_message));
        assert_eq!(
            stopped.map_err(|error| error.to_string()),
            Err(INTERRUPTED.into()),
            "{long}"
        );

        // The VM is as good as new afterwards.
        interrupt.clear();
        let output = vm
            .call(&mut node, &call("idle", &[], 100_000))
            .expect("an output");
        assert_eq!(output.return_code, ReturnCode::Ok);
    }
}

/// The flag is lowered as soon as the host function has stopped; the contract itself would go on.
#[test]
fn what_has_been_cut_short_is_no_outcome_even_when_the_flag_is_lowered() {
    let code = contract_with(
        "",
        &[(
            "f",
            "(drop (call $sha256 (i32.const 0) (i32.const 0x7fffffff) (i32.const 0))) (call $int64finish (i64.const 1))",
        )],
    );
    for tier in TIERS {
        let mut vm = vm(tier);
        let interrupt = vm.interrupt();
        let blip = thread::spawn(move || {
            thread::sleep(Duration::from_millis(150));
            interrupt.raise();
            thread::sleep(Duration::from_millis(20));
            interrupt.clear();
        });
        let stopped = vm.call(&mut Node::new(Some(&code)), &call("f", &[], u64::MAX));
        blip.join().expect("the thread ends");
        let stopped = stopped.map(|output| output.return_data);
        assert_eq!(
            stopped.map_err(|error| error.to_string()),
            Err(INTERRUPTED.into())
        );
    }
}
