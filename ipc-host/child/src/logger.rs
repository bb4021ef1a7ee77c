//! The child's log: lines over fd 7, filtered by the profile from fd 6.
//!
//! Profiles are followed by a thread, and before each request: a profile that was sent before a request holds for it.
//! Orders to stop a run come the same way.
//! Another thread writes, behind a bounded queue: a node that stops reading its log loses lines, and is told how
//! many, instead of stopping the VM.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{io, thread};

use arwen_ipc_host::error::WireError;
use arwen_ipc_host::frame::{MAX_PAYLOAD, read_log, write_log};
use arwen_ipc_host::gas_line;
use arwen_ipc_host::interrupt::InterruptOrder;
use arwen_ipc_host::json;
use arwen_ipc_host::log::{LogLevel, LogLevels, LogLine, LogProfile};
use arwen_ipc_host::marshalizer::Marshalizer;
use rustix::event::{PollFd, PollFlags, poll};

use crate::interrupt::Interrupts;

/// The longest profile that is read, in bytes.
const MAX_PROFILE: u32 = 1 << 20;

/// How much of profiles is read at once, in bytes: some orders, or most profiles. Each request looks for them, and the
/// room for a page takes longer to clear than the look.
const CHUNK: usize = 256;

/// How many lines wait for a slow reader before lines are dropped.
const QUEUE: usize = 1024;

/// How long a flush waits for a reader that may have stopped reading.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// The logger of the pipe itself.
const PIPE_LOGGER: &str = "pipes/childPart";

enum Command {
    Line(LogLine),
    Flush(SyncSender<()>),
}

#[derive(Debug, Default)]
struct Shared {
    levels: RwLock<LogLevels>,
    /// Whether the levels want how runs used their gas, which every run asks.
    wants_gas: AtomicBool,
    profiles: Mutex<Profiles>,
    dropped: AtomicU64,
    interrupts: Interrupts,
}

/// The profile pipe, and what was read of a profile that is not whole yet.
#[derive(Debug, Default)]
struct Profiles {
    pipe: Option<File>,
    bytes: Vec<u8>,
    /// How many messages have come.
    seen: u64,
}

impl Profiles {
    /// The next whole message, if it is there already. The pipe is closed when it ends, fails or brings garbage; why is
    /// told once.
    fn next(&mut self) -> Option<Result<(LogProfile, InterruptOrder), WireError>> {
        loop {
            match read_log(&mut &self.bytes[..], MAX_PROFILE) {
                Ok(payload) => {
                    self.bytes.drain(..4 + payload.len());
                    self.seen += 1;
                    let (mut profile, mut order) = (LogProfile::default(), InterruptOrder::default());
                    if json::decode(&payload, &mut [&mut profile, &mut order]).is_ok() {
                        return Some(Ok((profile, order)));
                    }
                }
                Err(ended @ (WireError::Closed | WireError::Truncated)) => {
                    let mut chunk = [0; CHUNK];
                    match self.pipe.as_mut()?.read(&mut chunk) {
                        Ok(0) => return Some(Err(self.close(ended))),
                        Ok(read) => self.bytes.extend_from_slice(&chunk[..read]),
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                        Err(error) => return Some(Err(self.close(WireError::Io(error)))),
                    }
                }
                Err(garbage) => return Some(Err(self.close(garbage))),
            }
        }
    }

    fn close(&mut self, why: WireError) -> WireError {
        self.pipe = None;
        self.bytes.clear();
        why
    }
}

/// Writes lines; cheap to clone.
#[derive(Clone, Debug)]
pub struct Logger {
    shared: Arc<Shared>,
    queue: Option<SyncSender<Command>>,
}

impl Logger {
    /// A logger that writes nothing.
    pub fn silent() -> Self {
        Self {
            shared: Arc::default(),
            queue: None,
        }
    }

    /// A logger that writes to `lines` and follows the profiles that come from `profiles`, and tells `interrupts` of
    /// orders from there.
    ///
    /// # Errors
    /// A thread could not be started.
    pub fn start(
        profiles: impl Into<OwnedFd>,
        lines: impl Write + Send + 'static,
        marshalizer: Marshalizer,
        interrupts: Interrupts,
    ) -> io::Result<Self> {
        let (queue, waiting) = sync_channel(QUEUE);
        let profiles = profiles.into();
        rustix::io::ioctl_fionbio(&profiles, true)?;
        let watched = profiles.try_clone()?;
        let shared = Shared {
            interrupts,
            ..Shared::default()
        };
        let logger = Self {
            shared: Arc::new(shared),
            queue: Some(queue),
        };
        let shared = logger.shared.clone();
        thread::Builder::new()
            .name("log-lines".into())
            .spawn(move || write_lines(&waiting, lines, marshalizer, &shared))?;
        logger.profiles().pipe = Some(File::from(profiles));
        let follower = logger.clone();
        thread::Builder::new()
            .name("log-profiles".into())
            .spawn(move || {
                while follower.profiles().pipe.is_some() {
                    // An error is a signal, or something that reading the pipe will find out.
                    let _ = poll(&mut [PollFd::new(&watched, PollFlags::IN)], None);
                    follower.follow();
                }
            })?;
        Ok(logger)
    }

    fn profiles(&self) -> MutexGuard<'_, Profiles> {
        self.shared
            .profiles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies the profiles and orders that have come. A profile that cannot be read changes nothing.
    pub fn follow(&self) {
        self.follow_to(u64::MAX);
    }

    /// The same, unless so many have come since the start.
    pub fn follow_to(&self, count: u64) {
        // Held until they are applied, so that the other thread does not overtake.
        let mut profiles = self.profiles();
        if profiles.seen >= count {
            return;
        }
        while let Some(next) = profiles.next() {
            let (profile, order) = match next {
                Ok(next) => next,
                Err(why) => {
                    let level = match why {
                        WireError::Closed => LogLevel::Debug,
                        _ => LogLevel::Warn,
                    };
                    self.log(
                        level,
                        PIPE_LOGGER,
                        "No more profiles.",
                        &[("err", &why.to_string())],
                    );
                    return;
                }
            };
            if order.dialogue != 0 {
                self.shared.interrupts.order(order.dialogue);
                continue;
            }
            if let Some(levels) = LogLevels::parse(&profile.patterns) {
                let wants_gas = levels.wants(gas_line::LOGGER, LogLevel::Trace);
                *self.shared.levels.write().unwrap_or_else(PoisonError::into_inner) = levels;
                self.shared.wants_gas.store(wants_gas, Ordering::Release);
            }
            self.log(LogLevel::Info, PIPE_LOGGER, "Profile change applied.", &[]);
        }
    }

    /// Whether a line would be written.
    pub fn wants(&self, logger: &str, level: LogLevel) -> bool {
        self.queue.is_some()
            && self
                .shared
                .levels
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .wants(logger, level)
    }

    /// Whether the node wants to know how runs used their gas.
    pub fn wants_gas(&self) -> bool {
        self.queue.is_some() && self.shared.wants_gas.load(Ordering::Acquire)
    }

    /// Writes a line, unless the profile does not want it or the queue is full.
    pub fn log(&self, level: LogLevel, logger: &str, message: &str, args: &[(&str, &str)]) {
        let Some(queue) = self.queue.as_ref().filter(|_| self.wants(logger, level)) else {
            return;
        };
        let line = LogLine {
            message: message.to_owned(),
            level: level as i32,
            args: args
                .iter()
                .flat_map(|(key, value)| [(*key).to_owned(), (*value).to_owned()])
                .collect(),
            timestamp: now(),
            logger: logger.to_owned(),
            ..LogLine::default()
        };
        if let Err(TrySendError::Full(_)) = queue.try_send(Command::Line(line)) {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until the lines so far are in the pipe, or the reader seems to have stopped reading.
    pub fn flush(&self) {
        let Some(queue) = &self.queue else { return };
        let (done, waiting) = sync_channel(1);
        if queue.try_send(Command::Flush(done)).is_ok() {
            // A timeout means the lines come late or never; nothing depends on them.
            let _ = waiting.recv_timeout(FLUSH_LIMIT);
        }
    }
}

/// Nanoseconds since 1970, for people who read the log.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

fn write_lines(waiting: &Receiver<Command>, mut out: impl Write, marshalizer: Marshalizer, shared: &Shared) {
    let mut write = |line: LogLine| {
        let payload = line.encode(marshalizer);
        payload.is_ok_and(|payload| write_log(&mut out, &payload, MAX_PAYLOAD).is_ok())
    };
    for command in waiting {
        let good = match command {
            Command::Line(line) => write(line),
            Command::Flush(done) => {
                let _ = done.send(());
                true
            }
        };
        let dropped = shared.dropped.swap(0, Ordering::Relaxed);
        let told = dropped == 0
            || write(LogLine {
                message: "log lines dropped".into(),
                level: LogLevel::Warn as i32,
                args: vec!["lines".into(), dropped.to_string()],
                timestamp: now(),
                logger: PIPE_LOGGER.into(),
                ..LogLine::default()
            });
        if !good || !told {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_follow_the_profile() {
        Marshalizer::ALL.into_iter().for_each(check_profiles);
    }

    fn check_profiles(marshalizer: Marshalizer) {
        let (profiles, mut profile_end) = io::pipe().unwrap();
        let (mut line_end, lines) = io::pipe().unwrap();
        let logger = Logger::start(profiles, lines, marshalizer, Interrupts::default()).unwrap();
        let mut next = || {
            let payload = read_log(&mut line_end, MAX_PAYLOAD).unwrap();
            LogLine::decode(marshalizer, &payload).unwrap()
        };
        logger.log(LogLevel::Debug, "a", "not wanted", &[]);
        logger.log(LogLevel::Info, "a", "wanted", &[("k", "v")]);
        let line = next();
        assert_eq!((line.message.as_str(), line.arg("k")), ("wanted", Some("v")));

        let profile = LogProfile {
            patterns: "*:NONE,a:TRACE,pipes:INFO".into(),
            ..LogProfile::default()
        };
        write_log(&mut profile_end, b"not a profile", MAX_PAYLOAD).unwrap();
        write_log(&mut profile_end, &json::encode_one(&profile), MAX_PAYLOAD).unwrap();
        assert_eq!(next().message, "Profile change applied.");
        logger.log(LogLevel::Error, "b", "not wanted", &[]);
        logger.log(LogLevel::Trace, "a", "wanted now", &[]);
        assert_eq!(next().message, "wanted now");
        profile_end.write_all(&[0xff; 4]).unwrap();
        let end = next();
        assert_eq!(end.message, "No more profiles.");
        assert_eq!(
            end.arg("err"),
            Some("frame of 4294967295 bytes, at most 1048576 are accepted")
        );
        logger.flush();
    }

    #[test]
    fn a_full_pipe_drops_lines_and_stops_nobody() {
        let (profiles, _profile_end) = io::pipe().unwrap();
        let (line_end, lines) = io::pipe().unwrap();
        let logger = Logger::start(profiles, lines, Marshalizer::Json, Interrupts::default()).unwrap();
        let text = "x".repeat(1000);
        for _ in 0..5000 {
            logger.log(LogLevel::Info, "a", &text, &[]);
        }
        drop(line_end);
        logger.flush();
        logger.log(LogLevel::Info, "a", &text, &[]);
    }
}
