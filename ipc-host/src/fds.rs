//! The numbers under which the pipe ends are passed, and nothing else.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

macro_rules! ends {
    ($(#[doc = $doc:literal] $name:ident = $number:literal $text:literal;)*) => {
        /// A pipe end of the child.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum End { $(#[doc = $doc] $name = $number,)* }

        impl End {
            /// Every end, in the order of its number, which is the order in which they are checked.
            pub const ALL: [Self; 5] = [$(Self::$name),*];

            /// What it is for.
            pub fn doc(self) -> &'static str {
                match self { $(Self::$name => $doc.trim_ascii(),)* }
            }

            /// What the reference calls it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

ends! {
    /// The child reads Initialize from it.
    Init = 3 "arwenInitFile";
    /// The child reads requests and answers from it.
    FromNode = 4 "nodeToArwenFile";
    /// The child writes replies and questions to it.
    ToNode = 5 "arwenToNodeFile";
    /// The child reads log profiles from it.
    LogProfile = 6 "readLogProfileFile";
    /// The child writes log lines to it.
    LogLines = 7 "logToNodeFile";
}

/// The number of the memory that a driver may share with its child: see [`mailbox`](crate::mailbox). No end of a pipe,
/// and nothing that a node has to pass.
pub const MAILBOX: RawFd = 8;

/// Takes over what the parent may have passed under [`MAILBOX`]. To be called once, before anything else opens a file.
pub fn inherit_mailbox() -> Option<File> {
    // SAFETY: `fcntl(F_GET_SEALS)` takes no pointer and changes nothing. A number that is not open, or no memory, is an
    // error.
    if unsafe { libc::fcntl(MAILBOX, libc::F_GET_SEALS) } <= 0 {
        return None;
    }
    // SAFETY: the number is open, as just checked, and nobody in this process owns it, as above. Only this takes it.
    Some(File::from(unsafe { OwnedFd::from_raw_fd(MAILBOX) }))
}

/// Takes over an end that the parent passed. To be called once for each end, before anything else opens a file.
///
/// # Errors
/// There is no open pipe or socket of this number.
pub fn inherit(end: End) -> io::Result<File> {
    let fd = end as RawFd;
    // SAFETY: `fcntl(F_GETFD)` takes no pointer and changes nothing; a number that is not open is an error.
    if unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the number is open, as just checked, and nobody in this process owns it: it was open before `main` ran,
    // the standard library only owns 0 to 2, and the caller inherits each end once before it opens any file.
    let file = File::from(unsafe { OwnedFd::from_raw_fd(fd) });
    let kind = rustix::fs::FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode);
    if !matches!(kind, rustix::fs::FileType::Fifo | rustix::fs::FileType::Socket) {
        // Somebody else's file: leave it open, the process is about to end anyway.
        std::mem::forget(file);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a pipe"));
    }
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::CLOEXEC)?;
    Ok(file)
}

/// Closes every descriptor above those of [`End::ALL`], whoever opened it. To be called before anything else opens a
/// file.
///
/// # Errors
/// The kernel is older than 5.9 and cannot.
pub fn close_others() -> io::Result<()> {
    let first = End::LogLines as libc::c_uint + 1;
    // SAFETY: takes no pointer. Nobody in this process owns any of the numbers, as the caller has opened no file: they
    // were passed by a parent that forgot to close them.
    match unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The node's ends of a child's pipes.
#[derive(Debug)]
pub struct NodeEnds {
    /// Initialize goes into it.
    pub init: File,
    /// Requests and answers go into it.
    pub requests: File,
    /// Replies and questions come out of it.
    pub replies: File,
    /// Log profiles go into it.
    pub profiles: File,
    /// Log lines come out of it.
    pub lines: File,
}

/// Opens the pipes of a child of `command`, which finds its ends under the numbers of [`End::ALL`], and `mailbox` under
/// [`MAILBOX`]. Those are closed with the command.
///
/// # Errors
/// There are no file descriptors left.
pub fn pass(command: &mut Command, mailbox: Option<File>) -> io::Result<NodeEnds> {
    let (init_read, init) = io::pipe()?;
    let (requests_read, requests) = io::pipe()?;
    let (replies, replies_write) = io::pipe()?;
    let (profiles_read, profiles) = io::pipe()?;
    let (lines, lines_write) = io::pipe()?;
    let ends: [OwnedFd; 5] = [
        init_read.into(),
        requests_read.into(),
        replies_write.into(),
        profiles_read.into(),
        lines_write.into(),
    ];
    let numbers = End::ALL.map(|end| end as RawFd).into_iter().chain([MAILBOX]);
    // Out of the way of the numbers they will get, so that no `dup2` overwrites one that is still needed.
    let above = MAILBOX + 1;
    let mut sources = Vec::with_capacity(ends.len() + 1);
    for (source, number) in ends.into_iter().chain(mailbox.map(OwnedFd::from)).zip(numbers) {
        sources.push((rustix::io::fcntl_dupfd_cloexec(source, above)?, number));
    }
    let install = move || {
        for (source, number) in &sources {
            // SAFETY: `dup2` takes no pointer. Both numbers are valid in the child, which is a copy of this process
            // with one thread: `sources` are open, as this closure owns them, and none of them is one of the targets.
            if unsafe { libc::dup2(source.as_raw_fd(), *number) } == -1 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(())
    };
    // SAFETY: the closure runs between `fork` and `exec` in a child that may hold locks of other threads. It calls
    // `dup2`, which is async-signal-safe, and otherwise only reads memory: it neither allocates nor locks.
    unsafe { command.pre_exec(install) };
    let file = |end: OwnedFd| File::from(end);
    Ok(NodeEnds {
        init: file(init.into()),
        requests: file(requests.into()),
        replies: file(replies.into()),
        profiles: file(profiles.into()),
        lines: file(lines.into()),
    })
}
