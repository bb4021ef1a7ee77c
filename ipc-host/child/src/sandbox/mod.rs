//! Locks the child in before its first thread and its first message, so that a contract that broke out of the engine
//! would find a process that can do nothing but talk to its node.
//!
//! [`lock_down`] does it, in [layers](Layer) that do not rely on each other, but for one: system calls on files are
//! allowed only where the layer before has closed all files but those of the cache. `docs/ipc.md` prints the tables
//! behind it.

pub mod calls;
mod files;
mod filter;
pub mod limits;
pub mod manual;

use std::fmt;
use std::path::PathBuf;

use arwen_ipc_host::fds;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::thread::set_no_new_privs;
use thiserror::Error;

use files::FilesError;

/// The variable that says how strictly the child is locked in; see [`Mode`].
pub const MODE_VARIABLE: &str = "ARWEN_SANDBOX";

/// The variable that names the one folder a locked child may use.
pub const CACHE_VARIABLE: &str = "ARWEN_CACHE_DIR";

macro_rules! modes {
    ($(#[doc = $doc:literal] $(@$default:ident)? $name:ident = $text:literal;)*) => {
        /// How strictly the child is locked in.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum Mode { $(#[doc = $doc] $(#[$default])? $name,)* }

        impl Mode {
            /// Every mode.
            pub const ALL: [Self; 3] = [$(Self::$name),*];

            /// Its name in [`MODE_VARIABLE`].
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it does.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$name => $doc.trim_ascii(),)* }
            }
        }
    };
}

modes! {
    /// Refuses to start when a layer is lacking.
    Require = "require";
    /// Applies the layers the kernel has, and logs a warning for each that it lacks.
    @default BestEffort = "best-effort";
    /// Applies none: for debuggers and profilers.
    Off = "off";
}

/// What to lock, and how strictly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    /// How strictly.
    pub mode: Mode,
    /// The one folder that may be used; none when none.
    pub cache: Option<PathBuf>,
    /// Whether contracts may be compiled to native code, and memory so become executable.
    pub native_code: bool,
}

macro_rules! layers {
    ($(#[doc = $doc:literal] $name:ident $kernel:literal $text:literal;)*) => {
        /// One of the ways in which the child is locked in, in the order in which they are applied.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Layer { $(#[doc = $doc] $name,)* }

        impl Layer {
            /// Every layer.
            pub const ALL: [Self; 6] = [$(Self::$name),*];

            /// What it is called in reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What it does.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$name => $doc.trim_ascii(),)* }
            }

            /// The Linux that has it.
            pub fn kernel(self) -> &'static str {
                match self { $(Self::$name => $kernel,)* }
            }
        }
    };
}

layers! {
    /// Closes every descriptor above 7 that the child was started with.
    Descriptors "5.9" "descriptors";
    /// Sets the limits below; they cannot be raised again.
    Limits "any" "limits";
    /// Lets no other process of the same user trace it or read its memory, and writes no core.
    Dump "any" "dump";
    /// Programs that would give it more rights than it has give it none.
    Privileges "3.5" "privileges";
    /// Closes the file system but for the cache folder; from 6.7 on also TCP, from 6.12 on signals to others (Landlock).
    Files "5.13" "files";
    /// Refuses system calls, by the table below (seccomp).
    Calls "4.14" "calls";
}

/// A layer that is not there, or not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// Which.
    pub layer: Layer,
    /// Why, or what it leaves open.
    pub why: String,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.layer.name(), self.why)
    }
}

/// What became of the layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Layers that are not there.
    pub missing: Vec<Lack>,
    /// Layers of which this kernel has an older version; they are there, and do less.
    pub partial: Vec<Lack>,
}

impl Report {
    /// What of a cache folder may be used: nothing where only the table of system calls would hold it.
    pub fn cache(&self, wanted: Option<PathBuf>) -> Option<PathBuf> {
        let open = self.missing.iter().any(|lack| lack.layer == Layer::Files);
        wanted.filter(|_| !open)
    }
}

/// Why a process is not locked in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SandboxError {
    /// A layer is missing, and all are required.
    #[error("{MODE_VARIABLE} is \"require\", and this system lacks {0}")]
    Missing(Lack),
    /// The cache folder cannot be opened.
    #[error("{CACHE_VARIABLE}: {0}")]
    Cache(String),
    /// There are threads already, which would stay free.
    #[error("the process has {0} threads already")]
    Threads(usize),
}

/// Locks this process in, for good. To be called before the first thread is started, when descriptors 3 to 7 are in
/// use.
///
/// # Errors
/// A layer is missing and required, the cache folder cannot be opened, or it is too late. Layers that were applied
/// stay.
pub fn lock_down(sandbox: &Sandbox) -> Result<Report, SandboxError> {
    let mut report = Report::default();
    if sandbox.mode == Mode::Off {
        return Ok(report);
    }
    // Some layers hold for the calling thread and those it starts. Without `/proc` nobody can tell.
    match std::fs::read_dir("/proc/self/task").map(Iterator::count) {
        Ok(threads) if threads > 1 => return Err(SandboxError::Threads(threads)),
        _ => {}
    }
    for layer in Layer::ALL {
        let done = match layer {
            Layer::Descriptors => fds::close_others().map_err(|error| error.to_string()),
            Layer::Limits => limits::set(sandbox),
            Layer::Dump => text(set_dumpable_behavior(DumpableBehavior::NotDumpable)),
            Layer::Privileges => text(set_no_new_privs(true)),
            Layer::Files => match files::close(sandbox.cache.as_deref()) {
                Ok(left) => {
                    report.partial.extend(left.map(|why| Lack { layer, why }));
                    Ok(())
                }
                Err(FilesError::Cache(error)) => return Err(SandboxError::Cache(error)),
                Err(FilesError::Kernel(why)) => Err(why),
            },
            Layer::Calls => filter::install(&Sandbox {
                cache: report.cache(sandbox.cache.clone()),
                ..sandbox.clone()
            }),
        };
        if let Err(why) = done {
            let lack = Lack { layer, why };
            if sandbox.mode == Mode::Require {
                return Err(SandboxError::Missing(lack));
            }
            report.missing.push(lack);
        }
    }
    Ok(report)
}

fn text(result: rustix::io::Result<()>) -> Result<(), String> {
    result.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_closed_file_system_there_is_no_cache() {
        let lacking = |layer| Report {
            missing: vec![Lack {
                layer,
                why: "an old kernel".into(),
            }],
            ..Report::default()
        };
        let folder = Some(PathBuf::from("/cache"));
        for layer in Layer::ALL {
            let usable = lacking(layer).cache(folder.clone());
            assert_eq!(usable.is_some(), layer != Layer::Files, "{layer:?}");
        }
        assert_eq!(Report::default().cache(folder.clone()), folder);
    }
}
