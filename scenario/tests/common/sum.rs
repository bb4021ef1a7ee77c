//! A small contract for tests.

/// Keeps a sum; can fail after it has changed it, and can run for ever.
const SUM: &str = r#"(module
  (import "env" "int64getArgument" (func $argument (param i32) (result i64)))
  (import "env" "int64storageLoad" (func $load (param i32 i32) (result i64)))
  (import "env" "int64storageStore" (func $store (param i32 i32 i64) (result i32)))
  (import "env" "int64finish" (func $finish (param i64)))
  (import "env" "signalError" (func $fail (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "sumno more")
  (func $add
    (drop (call $store (i32.const 0) (i32.const 3)
      (i64.add (call $load (i32.const 0) (i32.const 3)) (call $argument (i32.const 0))))))
  (func (export "init") (call $add))
  (func (export "add") (call $add))
  (func (export "addAndFail") (call $add) (call $fail (i32.const 3) (i32.const 7)))
  (func (export "get") (call $finish (call $load (i32.const 0) (i32.const 3))))
  (func (export "forever") (loop (br 0))))"#;

/// The code of a contract with `init(start)`, `add(number)`, `addAndFail(number)`, `get()` and `forever()`.
pub fn sum_contract() -> Vec<u8> {
    wat::parse_str(SUM).expect("a module")
}
