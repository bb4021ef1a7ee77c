//! What the commands print.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes on standard output. A reader that has closed it has seen enough, which is the end of the output and no error.
///
/// # Errors
/// The output cannot be written, because a disk is full for one.
pub fn print(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// The same, with the end of a line.
///
/// # Errors
/// As [`print()`].
pub fn print_line(text: impl Display) -> io::Result<()> {
    print(format_args!("{text}\n"))
}

/// Writes a line on standard error. If that is closed there is nobody left to tell.
pub fn complain(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
