//! What must not be left behind.

use std::fs;

/// How much more memory than before may be in use afterwards, in KiB: what an allocator keeps for the next time.
const KEPT: u64 = 32 << 10;

/// What a process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traces {
    /// Open descriptors.
    files: usize,
    /// Threads.
    threads: usize,
    /// Children, the dead ones that nobody has waited for included.
    children: String,
    /// Memory in use, in KiB.
    memory: u64,
}

/// What this process holds at the moment.
pub fn traces() -> Traces {
    Traces {
        files: fs::read_dir("/proc/self/fd").unwrap().count(),
        threads: fs::read_dir("/proc/self/task").unwrap().count(),
        children: fs::read_to_string(format!("/proc/self/task/{}/children", std::process::id())).unwrap(),
        memory: memory("self", "VmRSS:"),
    }
}

/// A line about memory in the status of a process, in KiB.
pub fn memory(process: &str, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let value = status.lines().find_map(|text| text.strip_prefix(line)).unwrap();
    value.trim().trim_end_matches(" kB").parse().unwrap()
}

impl Traces {
    /// Fails if something is left that was not there before.
    pub fn check(&self) {
        let now = traces();
        let counted = |traces: &Self| (traces.files, traces.threads, traces.children.clone());
        assert_eq!(counted(&now), counted(self), "files, threads, children");
        let (before, after) = (self.memory, now.memory);
        assert!(after <= before + KEPT, "{before} KiB before, {after} KiB after");
    }
}

/// Forgets how much memory this process had at most.
pub fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}
