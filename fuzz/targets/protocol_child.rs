#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| spec_tests::oracle::hold(spec_tests::oracle::protocol_child, data));
