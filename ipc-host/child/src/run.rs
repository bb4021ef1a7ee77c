//! The process: pipes, Initialize, loop, exit code.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{panic, thread};

use arwen_eei::{Artefacts, BuiltinMode, Tier, VmSettings};
use arwen_ipc_host::channel::{Channel, receive_initialize};
use arwen_ipc_host::fds::{End, inherit, inherit_mailbox};
use arwen_ipc_host::log::LogLevel;
use arwen_ipc_host::mailbox::Mailbox;
use arwen_ipc_host::marshalizer::Marshalizer;
use arwen_ipc_host::records::InitializeArguments;

use crate::cache::{CacheError, CacheKey, Folder};
use crate::interrupt::Interrupts;
use crate::logger::Logger;
use crate::sandbox::{Mode, Report, Sandbox, lock_down};
use crate::serve::{log_unknown_prices, serve};
use crate::transport::{ToldLines, Transport};
use crate::vm::VmMachine;
use crate::watch;

/// The stack of the thread that runs contracts, in bytes.
///
/// Contract frames are limited by the engine's own count long before; this leaves room for calls between contracts,
/// each of which brings the host's frames along. Only what is touched is ever backed by memory.
const STACK_BYTES: usize = 256 << 20;

/// Who says what the cache cannot do.
const CACHE_LOGGER: &str = "arwen/cache";

/// What a child says that has no cache, though it was given a folder.
const NO_CACHE: &str = "compiled code is not kept";

/// Most bytes of all files in the cache folder: some thousand contracts of the size that is usual.
pub const CACHE_BYTES: u64 = 512 << 20;

/// What the environment of the process decides. No reply depends on it but by whom built-in functions are computed.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which tier runs contracts; when none, the one that lets no cold contract wait for its compilation.
    pub tier: Option<Tier>,
    /// Threads that compile contracts in the background, 1 to 16.
    pub compile_threads: usize,
    /// Who computes built-in functions; the node can only if it answers kinds above 61.
    pub builtins: BuiltinMode,
    /// The answer to a version question.
    pub version: String,
    /// How strictly the process is locked in.
    pub sandbox: Mode,
    /// The one folder that a locked process may use: compiled contracts are kept there.
    pub cache: Option<PathBuf>,
}

impl Options {
    fn tier(&self) -> Tier {
        self.tier.unwrap_or(Tier::Tiered)
    }
}

/// How the process ends, as the reference numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// A pipe is missing.
    CannotCreateFile = 1,
    /// Initialize is missing or cannot be followed.
    Init = 2,
    /// The loop ended.
    Terminated = 3,
}

struct Failure {
    code: ExitCode,
    text: String,
}

impl Failure {
    fn init(what: &str, error: impl Display) -> Self {
        Self {
            code: ExitCode::Init,
            text: format!("{what}: {error}"),
        }
    }
}

/// Is the child until it ends. Prints why it ended on stderr.
pub fn run(options: Options) -> ExitCode {
    let Failure { code, text } = start(options);
    // A parent that closed stderr does not want to know.
    let _ = writeln!(io::stderr(), "{text}");
    code
}

fn start(options: Options) -> Failure {
    let mut ends = Vec::with_capacity(End::ALL.len());
    for end in End::ALL {
        match inherit(end) {
            Ok(file) => ends.push(file),
            Err(_) => {
                let mut text = format!("Cannot get pipe file: [{}]", end.name());
                if io::stdin().is_terminal() {
                    text += "\nWithout arguments arwen is the VM child of a node, which passes it pipes as file \
                             descriptors 3 to 7.\nTry 'arwen --help' for what it does for people.";
                }
                return Failure {
                    code: ExitCode::CannotCreateFile,
                    text,
                };
            }
        }
    }
    let Ok([mut init, from_node, to_node, profiles, lines]) = <[File; 5]>::try_from(ends) else {
        return Failure {
            code: ExitCode::CannotCreateFile,
            text: "Cannot get pipe file".into(),
        };
    };
    // Its descriptor is closed again at once; the memory stays.
    let mailbox = inherit_mailbox().and_then(|file| Mailbox::open(&file));
    let sandbox = Sandbox {
        mode: options.sandbox,
        cache: options.cache.clone(),
        native_code: options.tier() != Tier::Interpreter,
    };
    // A folder that is not there is refused by the lock-down, one that cannot be used only costs time.
    let key = options.cache.as_deref().map(CacheKey::of);
    let report = match lock_down(&sandbox) {
        Ok(report) => report,
        Err(error) => return Failure::init("Cannot lock down", error),
    };
    let (arguments, dialect) = match receive_initialize(&mut init) {
        Ok(initialize) => initialize,
        Err(error) => return Failure::init("Cannot receive gasSchedule", error),
    };
    drop(init);
    let interrupts = Interrupts::default();
    let lines = ToldLines {
        pipe: lines,
        teller: mailbox.as_ref().map(Mailbox::teller),
    };
    let logger = match Logger::start(profiles, lines, arguments.logs_marshalizer, interrupts.clone()) {
        Ok(logger) => logger,
        Err(error) => return Failure::init("Cannot start logs loop", error),
    };
    log_report(&logger, sandbox.mode, &report);
    let usable = report.cache(options.cache.clone());
    if usable != options.cache {
        let why = "the file system is not closed";
        logger.log(LogLevel::Warn, CACHE_LOGGER, NO_CACHE, &[("why", why)]);
    }
    let artefacts = artefacts(usable.as_deref().zip(key), &logger);
    // The node takes each line on stderr for an error of its own kind; a panic is a log line like others.
    let panics = logger.clone();
    panic::set_hook(Box::new(move |info| {
        panics.log(
            LogLevel::Error,
            "arwen/part",
            "panic",
            &[("info", &info.to_string())],
        );
    }));

    let ended = |why: &str| watch::end_process(ExitCode::Terminated as i32, why);
    if let Err(error) = watch::watch(&to_node, ended) {
        return Failure::init("Cannot create ArwenPart", error);
    }
    let transport = match Transport::new(from_node, to_node, mailbox) {
        Ok(transport) => transport,
        Err(error) => return Failure::init("Cannot create ArwenPart", error),
    };
    let mut channel = Channel::new(transport);
    channel.dialect = dialect;
    if arguments.messages_marshalizer == Marshalizer::Gob {
        channel.marshalizer = Marshalizer::Gob;
    }
    let work = move || {
        let delegate = options.builtins == BuiltinMode::Node;
        let version = options.version.clone();
        let prices = arguments.gas_schedule.clone();
        let (mut machine, unknown) = match VmMachine::new(settings(arguments, options, artefacts), &prices) {
            Ok(built) => built,
            Err(error) => return Failure::init("Cannot create ArwenPart", error),
        };
        log_unknown_prices(&logger, &unknown);
        let end = serve(
            &mut channel,
            &mut machine,
            delegate,
            &version,
            &logger,
            &interrupts,
        );
        logger.flush();
        Failure {
            code: ExitCode::Terminated,
            text: format!("Ended Arwen loop: {end}"),
        }
    };
    match thread::Builder::new()
        .name("arwen".into())
        .stack_size(STACK_BYTES)
        .spawn(work)
    {
        Ok(thread) => thread.join().unwrap_or_else(|_| Failure {
            code: ExitCode::Terminated,
            text: "Ended Arwen loop: internal error".into(),
        }),
        Err(error) => Failure::init("Cannot create ArwenPart", error),
    }
}

/// Says plainly what does not hold the process in.
fn log_report(logger: &Logger, mode: Mode, report: &Report) {
    let log = |level, message, args: &[(&str, &str)]| logger.log(level, "arwen/sandbox", message, args);
    if mode == Mode::Off {
        log(LogLevel::Warn, "not locked down, as asked", &[]);
    }
    for lack in &report.missing {
        log(
            LogLevel::Warn,
            "not locked down in full",
            &[("missing", &lack.to_string())],
        );
    }
    for lack in &report.partial {
        log(
            LogLevel::Info,
            "locked down by an older kernel",
            &[("partial", &lack.to_string())],
        );
    }
}

/// The cache, if it can be used; else says why not.
fn artefacts(cache: Option<(&Path, Result<CacheKey, CacheError>)>, logger: &Logger) -> Option<Artefacts> {
    let (path, key) = cache?;
    let logger = logger.clone();
    let tell = move |message: &str, file: &str, why: &dyn Display| {
        let args = [("file", file), ("why", &why.to_string())];
        logger.log(LogLevel::Warn, CACHE_LOGGER, message, &args);
    };
    match key {
        Ok(CacheKey(key)) => {
            let folder = Folder::new(path, CACHE_BYTES, Box::new(tell));
            Some(Artefacts::new(Arc::new(folder), &key))
        }
        Err(error) => {
            tell(NO_CACHE, &path.to_string_lossy(), &error);
            None
        }
    }
}

fn settings(arguments: InitializeArguments, options: Options, artefacts: Option<Artefacts>) -> VmSettings {
    let defaults = VmSettings::default();
    VmSettings {
        vm_type: arguments.vm_type,
        block_gas_limit: arguments.block_gas_limit,
        protected_key_prefix: arguments.protected_key_prefix,
        arwen_v2_enable_epoch: arguments.arwen_v2_enable_epoch,
        ahead_of_time_enable_epoch: arguments.ahead_of_time_enable_epoch,
        dyn_gas_lock_enable_epoch: arguments.dyn_gas_lock_enable_epoch,
        arwen_v3_enable_epoch: arguments.arwen_v3_enable_epoch,
        esdt_functions_enable_epoch: arguments.esdt_functions_enable_epoch,
        use_warm_instance: arguments.use_warm_instance,
        builtins: options.builtins,
        builtin_function_names: arguments
            .builtin_functions
            .unwrap_or(defaults.builtin_function_names),
        tier: options.tier(),
        compile_threads: options.compile_threads,
        artefacts,
        ..defaults
    }
}
