//! A running child: its pipes, its output, its end.
//!
//! One thread serves all of it: whoever waits for the child's answer takes log lines and output along, so that the
//! child never stops at a full pipe while the node waits for it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::fds::{self, NodeEnds};
use crate::gas_line;
use crate::inflow::Inflow;
use crate::log::LogLine;
use crate::mailbox::{Inbox, Mailbox};
use crate::marshalizer::Marshalizer;
use crate::patience::Patience;

/// How much of what the child last wrote to stderr is kept for the report of its death, in bytes.
const STDERR_KEPT: usize = 4096;

/// How long a child that closed its pipes may take to exit by itself, so that its exit code can be reported.
const EXIT_GRACE: Duration = Duration::from_secs(2);

/// How much is read at once, in bytes.
const CHUNK: usize = 64 << 10;

/// How often a stream is read in a row, at most: 16 MiB in all.
const MAX_PUMPS: usize = 256;

/// Something the child said beside its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEvent {
    /// A log line.
    Line(LogLine),
    /// A line on stdout.
    Stdout(String),
    /// A line on stderr; nodes treat it as an error.
    Stderr(String),
}

/// Where log events go.
pub type LogHandler = Box<dyn FnMut(LogEvent) + Send>;

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// How the process ended.
    pub status: Option<ExitStatus>,
    /// The end of what it wrote to stderr.
    pub stderr: String,
}

/// A child process.
pub struct Process {
    child: Child,
    /// Becomes readable when the child ends; none on kernels before 5.3, where waiting polls.
    pidfd: Option<OwnedFd>,
    requests: File,
    replies: File,
    patience: Patience,
    mailbox: Option<Mailbox>,
    inbox: Inbox,
    lines: Inflow,
    stdout: Inflow,
    stderr: Inflow,
    /// What streams are read through.
    scratch: Box<[u8]>,
    stderr_kept: String,
    handler: LogHandler,
    /// How the child writes its log lines.
    pub log_marshalizer: Marshalizer,
    /// When the current operation must be over.
    pub deadline: Option<Instant>,
    /// The gas figures that came last; see [`gas_line`].
    pub gas: Option<[u64; 3]>,
}

impl Process {
    /// Starts `program` with no arguments, these environment variables on top of this process's, and writes `initialize`
    /// to its first pipe. Returns with it the write end of the profile pipe, which never blocks. A child that may turn
    /// out to be of this build `is_own`, and memory is shared with it.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn start(
        program: &Path,
        environment: &[(String, String)],
        initialize: &[u8],
        is_own: bool,
        deadline: Option<Instant>,
        handler: LogHandler,
    ) -> io::Result<(Self, File)> {
        let mut command = Command::new(program);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.envs(environment.iter().map(|(key, value)| (key, value)));
        // Where there is no such memory, there are the pipes.
        let mailbox = is_own.then(Mailbox::create).and_then(Result::ok);
        let (mailbox, shared) = mailbox.unzip();
        let NodeEnds {
            init,
            requests,
            replies,
            profiles,
            lines,
        } = fds::pass(&mut command, shared)?;
        let mut child = command.spawn()?;
        // The command holds the child's ends: with them closed here, the child's death is seen at once.
        drop(command);
        let pidfd = Pid::from_raw(i32::try_from(child.id()).unwrap_or(0))
            .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        let streams = (child.stdout.take(), child.stderr.take());
        let (Some(stdout), Some(stderr)) = streams else {
            return Err(io::Error::other("the child has no output"));
        };
        rustix::io::ioctl_fionbio(&requests, true)?;
        rustix::io::ioctl_fionbio(&replies, true)?;
        // A child that never reads its profiles must not stop the node.
        rustix::io::ioctl_fionbio(&profiles, true)?;
        let process = Self {
            child,
            pidfd,
            requests,
            replies,
            patience: Patience::default(),
            mailbox,
            inbox: Inbox::new(CHUNK),
            lines: Inflow::new(lines)?,
            stdout: Inflow::new(stdout)?,
            stderr: Inflow::new(stderr)?,
            scratch: vec![0; CHUNK].into(),
            stderr_kept: String::new(),
            handler,
            log_marshalizer: Marshalizer::default(),
            deadline: None,
            gas: None,
        };
        // A dead child is no error here: only its exit code and stderr say why, and the first request brings them.
        match send_all(&init, initialize, deadline) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok((process, profiles)),
        }
    }

    /// The child is of this build: messages may go through the memory that is shared with it.
    pub fn share_memory(&self) {
        if let Some(mailbox) = &self.mailbox {
            mailbox.switch_on();
        }
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Takes and hands out what the child has said beside its messages, or a part if that is very much. Returns
    /// whether there may be more.
    pub fn pump(&mut self) -> bool {
        let mut more = self.lines.pump(&mut self.scratch);
        for payload in self.lines.take_frames() {
            if let Ok(line) = LogLine::decode(self.log_marshalizer, &payload) {
                match gas_line::read(&line) {
                    Some(gas) => self.gas = Some(gas),
                    None => (self.handler)(LogEvent::Line(line)),
                }
            }
        }
        more |= self.stdout.pump(&mut self.scratch);
        for line in self.stdout.take_lines() {
            (self.handler)(LogEvent::Stdout(line));
        }
        more |= self.stderr.pump(&mut self.scratch);
        for line in self.stderr.take_lines() {
            self.stderr_kept.push_str(&line);
            self.stderr_kept.push('\n');
            let over = self.stderr_kept.len().saturating_sub(STDERR_KEPT);
            let over = (over..)
                .find(|at| self.stderr_kept.is_char_boundary(*at))
                .unwrap_or(0);
            self.stderr_kept.drain(..over);
            (self.handler)(LogEvent::Stderr(line));
        }
        more
    }

    /// The same, at least once, until there is no more or `deadline` has passed or it is too much: somebody else may hold
    /// the other ends and write for ever.
    pub fn drain(&mut self, deadline: Option<Instant>) {
        for _ in 0..MAX_PUMPS {
            if !self.pump() || time_left(deadline).is_err() {
                return;
            }
        }
    }

    /// The same when anything is there, which costs less to find out, within the operation's time. A child that shares
    /// memory says there when it has written a line of its log; whatever else it says has time.
    pub fn drain_if_any(&mut self) {
        if let Some(mailbox) = self.mailbox.as_mut().filter(|mailbox| mailbox.is_on())
            && !mailbox.hears()
        {
            return;
        }
        let mut polled = self.polled(None);
        // If it fails, reading will say why.
        if !matches!(poll(&mut polled, Some(&Timespec::default())), Ok(0)) {
            self.drain(self.deadline);
        }
    }

    /// Whether it waits for a request, as it should between two: it lives, and has said nothing unasked.
    pub fn is_quiet(&self) -> bool {
        let mut replies = [PollFd::new(&self.replies, PollFlags::IN)];
        self.inbox.is_empty() && matches!(poll(&mut replies, Some(&Timespec::default())), Ok(0))
    }

    /// What to wait for: `main`, and all other streams.
    fn polled<'a>(&'a self, main: Option<PollFd<'a>>) -> Vec<PollFd<'a>> {
        let others = [&self.lines, &self.stdout, &self.stderr];
        let others = others.into_iter().filter_map(Inflow::file);
        main.into_iter()
            .chain(others.map(|file| PollFd::new(file, PollFlags::IN)))
            .collect()
    }

    /// Waits until the child can be read from or written to, serving its other streams meanwhile.
    fn wait(&mut self, for_reading: bool) -> io::Result<()> {
        loop {
            let timeout = time_left(self.deadline)?;
            let main = if for_reading {
                PollFd::new(&self.replies, PollFlags::IN)
            } else {
                PollFd::new(&self.requests, PollFlags::OUT)
            };
            let mut polled = self.polled(Some(main));
            poll_for(&mut polled, timeout)?;
            let ready = |polled: &PollFd<'_>| !polled.revents().is_empty();
            let main = polled.first().is_some_and(ready);
            let others = polled.iter().skip(1).any(ready);
            if others {
                self.pump();
            }
            if main {
                return Ok(());
            }
        }
    }

    /// Reads what the child sent, waiting for it if need be: from the pipe, where the message `takes_pipe`.
    fn receive(&mut self, target: &mut [u8], takes_pipe: bool) -> io::Result<usize> {
        time_left(self.deadline)?;
        let mut looked = false;
        if !takes_pipe && let Some(mailbox) = self.mailbox.as_mut().filter(|mailbox| mailbox.is_on()) {
            if let Some(length) = mailbox.look(target) {
                return Ok(length);
            }
            looked = true;
        }
        loop {
            let result = match std::mem::replace(&mut looked, true) {
                false => self.patience.read(&self.replies, target),
                true => (&self.replies).read(target),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(true)?,
                result => return result,
            }
        }
    }

    /// Ends the child for good and says how it ended. A child that is ending by itself gets a moment to do so, of what
    /// is left of the operation's time.
    pub fn bury(mut self, kill_at_once: bool) -> Death {
        if kill_at_once || !self.wait_for_exit(grace(self.deadline)) {
            // An error means it is dead already.
            let _ = self.child.kill();
        }
        let status = self.child.wait().ok();
        self.drain(self.deadline);
        Death {
            status,
            stderr: std::mem::take(&mut self.stderr_kept).trim_end().to_owned(),
        }
    }

    fn wait_for_exit(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            self.pump();
            match &self.pidfd {
                // In short steps, since a child that waits for its output to be taken does not exit.
                Some(pidfd) => {
                    let step = left.min(Duration::from_millis(50));
                    if poll_for(&mut [PollFd::new(pidfd, PollFlags::IN)], Some(step)).is_err() {
                        return false;
                    }
                }
                None => std::thread::sleep(left.min(Duration::from_millis(5))),
            }
        }
    }
}

/// When an operation that begins now must be over; never when `timeout` is longer than time itself.
pub fn deadline_after(timeout: Option<Duration>) -> Option<Instant> {
    Instant::now().checked_add(timeout?)
}

/// How long to wait for a child to exit by itself.
fn grace(deadline: Option<Instant>) -> Duration {
    match time_left(deadline) {
        Ok(left) => left.map_or(EXIT_GRACE, |left| left.min(EXIT_GRACE)),
        Err(_) => Duration::ZERO,
    }
}

/// The time left until `deadline`; an error when there is none left.
fn time_left(deadline: Option<Instant>) -> io::Result<Option<Duration>> {
    let Some(deadline) = deadline else { return Ok(None) };
    match deadline.checked_duration_since(Instant::now()) {
        Some(left) if !left.is_zero() => Ok(Some(left)),
        _ => Err(io::ErrorKind::TimedOut.into()),
    }
}

fn send_all(mut pipe: &File, mut bytes: &[u8], deadline: Option<Instant>) -> io::Result<()> {
    rustix::io::ioctl_fionbio(pipe, true)?;
    while !bytes.is_empty() {
        match pipe.write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                poll_for(&mut [PollFd::new(pipe, PollFlags::OUT)], time_left(deadline)?)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn poll_for(fds: &mut [PollFd<'_>], timeout: Option<Duration>) -> io::Result<()> {
    let timeout = timeout.map(|left| Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: left.subsec_nanos().into(),
    });
    match poll(fds, timeout.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.replies.as_fd()
    }
}

impl Read for Process {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Taken out meanwhile, as whoever waits serves the other streams too.
        let mut inbox = std::mem::take(&mut self.inbox);
        let read = inbox.read(buffer, |to, takes_pipe| self.receive(to, takes_pipe));
        self.inbox = inbox;
        read
    }
}

impl Write for Process {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.mailbox.as_mut().is_some_and(|mailbox| mailbox.send(buffer)) {
            return Ok(buffer.len());
        }
        loop {
            match self.requests.write(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(false)?,
                result => {
                    if let (Some(mailbox), Ok(done)) = (&mut self.mailbox, &result) {
                        mailbox.written(*done, buffer.len());
                    }
                    return result;
                }
            }
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Never leave a zombie or an orphan: an error means it is dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outlasts_the_deadline() {
        assert_eq!(grace(None), EXIT_GRACE);
        assert_eq!(grace(deadline_after(Some(Duration::ZERO))), Duration::ZERO);
        assert!(grace(deadline_after(Some(EXIT_GRACE / 2))) <= EXIT_GRACE / 2);
        assert_eq!(grace(deadline_after(Some(100 * EXIT_GRACE))), EXIT_GRACE);
        assert_eq!(deadline_after(Some(Duration::MAX)), None);
        assert_eq!(deadline_after(None), None);
    }
}
