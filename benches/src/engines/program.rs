//! Engines in processes of their own: programs that answer every line on stdin with one run of a kernel.
//!
//! An answer is the result, or `-` from an engine that tells none, a blank, and the processor time in nanoseconds.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use super::{Engine, Prepared, Turn};
use crate::kernels::Kernel;

/// The ends of the pipes of a program that has been started.
pub struct Running {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Running {
    /// Starts a program; `None` when it cannot be.
    pub fn start(command: &mut Command) -> Option<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        Some(Self {
            input: child.stdin.take()?,
            output: BufReader::new(child.stdout.take()?),
        })
    }

    /// Its next line, without white space around it.
    fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }

    /// Has it run the kernel once.
    pub fn turn(&mut self) -> Turn {
        self.input
            .write_all(b"\n")
            .expect("the kernel's process is alive");
        let line = self.line().expect("the kernel's process answers");
        let read = || {
            let (result, nanos) = line.split_once(' ')?;
            let result = match result {
                "-" => None,
                result => Some(result.parse().ok()?),
            };
            let nanos: u64 = nanos.parse().ok()?;
            Some(Turn {
                result,
                millis: nanos as f64 / 1e6,
            })
        };
        read().unwrap_or_else(|| panic!("the kernel's process answered {line:?}"))
    }
}

/// A program that is given a kernel's file and first says what it is called.
struct Program {
    name: String,
    path: PathBuf,
}

/// The engine that a program is.
///
/// # Errors
/// When it cannot be started or says no name.
pub fn of(path: &Path) -> Result<Box<dyn Engine>, String> {
    let kernel = crate::kernels::ALL.first().ok_or("there are no kernels")?;
    let said = |why: &str| format!("{}: {why}", path.display());
    let mut program = Program {
        name: String::new(),
        path: path.to_owned(),
    };
    let (name, _) = program.start(kernel).ok_or_else(|| said("runs no kernel"))?;
    if name.is_empty() {
        return Err(said("says no name"));
    }
    program.name = name;
    Ok(Box::new(program))
}

impl Program {
    /// With a kernel: what it says it is called, and what is kept while it runs.
    fn start(&self, kernel: &Kernel) -> Option<(String, (Running, tempfile::TempDir))> {
        let folder = tempfile::tempdir().ok()?;
        let file = folder.path().join("kernel.wasm");
        std::fs::write(&file, kernel.wasm).ok()?;
        let mut running = Running::start(Command::new(&self.path).arg(&file))?;
        let name = running.line().ok()?;
        Some((name, (running, folder)))
    }
}

impl Engine for Program {
    fn name(&self) -> &str {
        &self.name
    }

    fn prepare(&self, kernel: &Kernel) -> Option<Prepared> {
        let (name, (mut running, folder)) = self.start(kernel)?;
        // It has ended, and said why: this kernel is not for it.
        if name != self.name {
            return None;
        }
        Some(Box::new(move || {
            let _keep = &folder;
            running.turn()
        }))
    }
}
