//! A child that nobody listens to any longer ends, whatever it is doing.
//!
//! The loop would find out when it writes its next message. Until then a contract may run for as long as its gas
//! lasts, with a node gone that could stop it. So a thread looks at the reading end of the replies, which goes with
//! the node however the node ends.

use std::fs::File;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// How long the loop has to end by itself, and say why, once nobody listens.
const GRACE: Duration = Duration::from_millis(200);

/// Calls `end`, with the reason, when nobody reads what is written to `replies` any longer.
///
/// # Errors
/// There is no descriptor or thread left.
pub fn watch(replies: &File, end: impl FnOnce(&str) + Send + 'static) -> io::Result<()> {
    let replies = replies.try_clone()?;
    thread::Builder::new().name("watch".into()).spawn(move || {
        // No event is asked for: what is told anyway is that the other end is closed.
        let gone = loop {
            match poll(&mut [PollFd::new(&replies, PollFlags::empty())], None) {
                Ok(events) if events > 0 => break true,
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => break false,
            }
        };
        if gone {
            thread::sleep(GRACE);
            end("nobody reads the replies");
        }
    })?;
    Ok(())
}

/// Ends the process as the loop would.
pub fn end_process(code: i32, why: &str) {
    // A parent that closed stderr does not want to know.
    let _ = writeln!(io::stderr(), "Ended Arwen loop: {why}");
    std::process::exit(code);
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn the_end_comes_when_the_reader_is_gone() {
        let (reader, writer) = io::pipe().unwrap();
        let mut replies = File::from(OwnedFd::from(writer));
        let (said, heard) = channel();
        watch(&replies, move |why| said.send(why.to_owned()).unwrap()).unwrap();
        // Something that waits to be read is no end.
        replies.write_all(b"reply").unwrap();
        assert!(heard.recv_timeout(GRACE).is_err());
        drop(reader);
        assert_eq!(heard.recv().unwrap(), "nobody reads the replies");
    }
}
