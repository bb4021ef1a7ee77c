//! What a run is given, the same for every engine: arguments of functions and answers of the host.

use arwen_engine::{ValType, Value};

use super::generate::Numbers;

/// Numbers where operators change their ways, as often as any others.
pub fn argument(ty: ValType, numbers: &mut Numbers) -> Value {
    const EDGES: [i64; 12] = [
        0,
        1,
        -1,
        2,
        i32::MAX as i64,
        i32::MIN as i64,
        u32::MAX as i64,
        i64::MAX,
        i64::MIN,
        0x80,
        0xffff,
        65_536,
    ];
    let random = numbers.draw();
    let edge = EDGES[(random >> 8) as usize % EDGES.len()];
    let value = if random & 1 == 0 {
        edge
    } else {
        numbers.draw() as i64
    };
    match ty {
        ValType::I32 => Value::I32(value as i32),
        ValType::I64 => Value::I64(value),
        ValType::ExternRef if random & 2 == 0 => Value::ExternRef(Some(random as u32 >> 4)),
        other => Value::zero(other),
    }
}

/// Call number `call` of the host, to its function `id`: results of the given types, as raw slots. They have
/// something of everything that the function was given.
pub fn host_results(id: u32, call: u64, args: &[u64], types: &[ValType]) -> Vec<u64> {
    let result = |(index, ty): (usize, &ValType)| {
        let start = u64::from(id) << 32 | index as u64;
        let mixed = args
            .iter()
            .fold(start, |mixed, arg| Numbers::new(mixed ^ arg).draw());
        // Small numbers and large ones, so that loops and addresses see both.
        let value = if mixed & 3 == 0 {
            call & 0xff
        } else {
            mixed >> (mixed & 63)
        };
        if *ty == ValType::I32 {
            value & u64::from(u32::MAX)
        } else {
            value
        }
    };
    types.iter().enumerate().map(result).collect()
}

/// FNV-1a, for comparing memories in one line and for deriving a number from bytes.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
