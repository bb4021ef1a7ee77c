//! What a locked child may use of the machine.

use arwen_eei::needs;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::Sandbox;

/// Open files beside images: descriptors 0 to 7, a second handle of the profile pipe, and a few to spare.
const FILES: u64 = 16;
/// Open files beside these with a cache: the folder, a file, and a few to spare.
const CACHE_FILES: u64 = 16;
/// Bytes of a cached file: above what the largest module can compile to.
const CACHE_FILE_BYTES: u64 = 1 << 30;

/// A limit: what it is of, and how it is found.
pub struct Limit {
    /// Its name.
    pub name: &'static str,
    /// What the kernel calls it.
    resource: Resource,
    /// How much.
    pub amount: fn(&Sandbox) -> u64,
    /// What takes that much.
    pub why: &'static str,
}

/// Every limit that is set.
pub const LIMITS: &[Limit] = &[
    Limit {
        name: "RLIMIT_NOFILE",
        resource: Resource::Nofile,
        // A VM that is built anew after a panic lives beside the old one for a moment.
        amount: |sandbox| {
            let cache = if sandbox.cache.is_some() { CACHE_FILES } else { 0 };
            FILES + 2 * needs::OPEN_FILES as u64 + cache
        },
        why: "pipes, and images of initial memory contents",
    },
    Limit {
        name: "RLIMIT_FSIZE",
        resource: Resource::Fsize,
        amount: |sandbox| match sandbox.cache {
            Some(_) => CACHE_FILE_BYTES,
            None => needs::FILE_BYTES as u64,
        },
        why: "the largest image, or file of the cache",
    },
    Limit {
        name: "RLIMIT_CORE",
        resource: Resource::Core,
        amount: |_| 0,
        why: "no image of a process that has seen a node's state is left on disk",
    },
    Limit {
        name: "RLIMIT_MEMLOCK",
        resource: Resource::Memlock,
        amount: |_| 0,
        why: "nothing is locked",
    },
    Limit {
        name: "RLIMIT_MSGQUEUE",
        resource: Resource::Msgqueue,
        amount: |_| 0,
        why: "no queues",
    },
];

/// Limits that are left as they are, each with the reason.
pub const UNLIMITED: &[(&str, &str)] = &[
    (
        "RLIMIT_AS, RLIMIT_DATA",
        "the answer of `memory.grow` is consensus, and a contract that is refused memory by a limit of one machine \
         would see it there alone; the VM itself bounds instances and their memories, and gas what they use",
    ),
    (
        "RLIMIT_NPROC",
        "counts every thread of the user, the node's own included; the filter lets no other process be made",
    ),
    (
        "RLIMIT_CPU",
        "counts from the start of the process, which lives as long as its node; gas limits each call",
    ),
];

/// Sets every limit.
///
/// # Errors
/// The kernel refuses one; the text says which.
pub(super) fn set(sandbox: &Sandbox) -> Result<(), String> {
    for limit in LIMITS {
        let amount = (limit.amount)(sandbox);
        let hard = rustix::process::getrlimit(limit.resource).maximum;
        // A lower limit that is there already stays.
        let amount = Some(hard.map_or(amount, |hard| hard.min(amount)));
        setrlimit(
            limit.resource,
            Rlimit {
                current: amount,
                maximum: amount,
            },
        )
        .map_err(|error: Errno| format!("{}: {error}", limit.name))?;
    }
    Ok(())
}
