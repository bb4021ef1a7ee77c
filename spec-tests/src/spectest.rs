//! The module `spectest` that scripts import from.

use arwen_engine::{Caller, Extern, FuncType, Host, HostStop, ValType};

/// Everything but the print functions, without floats.
pub const MODULE: &str = r#"(module
    (global (export "global_i32") i32 (i32.const 666))
    (global (export "global_i64") i64 (i64.const 666))
    (table (export "table") 10 20 funcref)
    (memory (export "memory") 1 2))"#;

/// The same for float-stripped modules: the float globals are there, as the bits of 666.6.
pub const MODULE_STRIPPED: &str = r#"(module
    (global (export "global_i32") i32 (i32.const 666))
    (global (export "global_i64") i64 (i64.const 666))
    (global (export "global_f32") i32 (i32.const 0x4426a666))
    (global (export "global_f64") i64 (i64.const 0x4084d4cccccccccd))
    (table (export "table") 10 20 funcref)
    (memory (export "memory") 1 2))"#;

/// The print functions and their parameters; those with floats are `None` outside the stripped pass.
const PRINTS: [(&str, &[ValType], bool); 7] = [
    ("print", &[], false),
    ("print_i32", &[ValType::I32], false),
    ("print_i64", &[ValType::I64], false),
    ("print_f32", &[ValType::I32], true),
    ("print_f64", &[ValType::I64], true),
    ("print_i32_f32", &[ValType::I32, ValType::I32], true),
    ("print_f64_f64", &[ValType::I64, ValType::I64], true),
];

/// The print function of that name, if the host has it.
pub fn print(name: &str, stripped: bool) -> Option<Extern> {
    let id = PRINTS.iter().position(|(known, ..)| *known == name)?;
    let (_, params, has_floats) = PRINTS[id];
    (stripped || !has_floats).then(|| Extern::HostFunc {
        id: id as u32,
        ty: FuncType::new(params, &[]),
    })
}

/// The host behind the print functions. It keeps count of the calls and prints nothing.
#[derive(Debug, Default)]
pub struct Printer {
    /// Calls so far.
    pub calls: u64,
}

impl Host for Printer {
    fn call(&mut self, id: u32, _: &mut Caller<'_>, args: &[u64], _: &mut [u64]) -> Result<(), HostStop> {
        let declared = PRINTS.get(id as usize).ok_or(HostStop)?.1.len();
        if args.len() != declared {
            return Err(HostStop);
        }
        self.calls += 1;
        Ok(())
    }
}
