//! The log line with which a child tells how a run used its gas.
//!
//! The protocol has no field for it. A driver that asks for this logger at TRACE gets one line before each reply;
//! nodes never ask.

use crate::log::LogLine;

/// The logger to ask for, at TRACE.
pub const LOGGER: &str = "arwen/gas";

/// The line's message.
pub const MESSAGE: &str = "gas used";

/// The line's keys: gas for loading, for operators, for host functions; in gas units.
pub const KEYS: [&str; 3] = ["loading", "operators", "api"];

/// The figures of a line, in the order of [`KEYS`]; `None` when it is another line.
pub fn read(line: &LogLine) -> Option<[u64; 3]> {
    if line.logger != LOGGER || line.message != MESSAGE {
        return None;
    }
    let value = |key| line.arg(key)?.parse().ok();
    let [loading, operators, api] = KEYS.map(value);
    Some([loading?, operators?, api?])
}
