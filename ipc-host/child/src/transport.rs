//! The child's pipes to its node, and the memory that it may share with it.

use std::fs::File;
use std::io::{self, Read, Write};

use arwen_ipc_host::mailbox::{Inbox, LONGEST, Mailbox, Teller};
use arwen_ipc_host::patience::PatientReader;

/// What messages travel over.
#[derive(Debug)]
pub struct Transport {
    from_node: PatientReader,
    to_node: File,
    mailbox: Option<Mailbox>,
    inbox: Inbox,
}

impl Transport {
    /// Over these pipes, and over memory where the node shares some.
    ///
    /// # Errors
    /// `from_node` is nothing that can be read without blocking.
    pub fn new(from_node: File, to_node: File, mailbox: Option<Mailbox>) -> io::Result<Self> {
        Ok(Self {
            from_node: PatientReader::new(from_node)?,
            to_node,
            mailbox,
            inbox: Inbox::new(LONGEST),
        })
    }
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self {
            from_node,
            mailbox,
            inbox,
            ..
        } = self;
        inbox.read(buffer, |to, takes_pipe| {
            match mailbox.as_mut().filter(|mailbox| !takes_pipe && mailbox.is_on()) {
                Some(mailbox) => match mailbox.look(to) {
                    Some(length) => Ok(length),
                    None => from_node.read_asleep(to),
                },
                None => from_node.read(to),
            }
        })
    }
}

impl Write for Transport {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let Some(mailbox) = &mut self.mailbox else {
            return self.to_node.write(buffer);
        };
        if mailbox.send(buffer) {
            return Ok(buffer.len());
        }
        let done = self.to_node.write(buffer)?;
        mailbox.written(done, buffer.len());
        Ok(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The pipe of log lines, and who is told when something is in it.
#[derive(Debug)]
pub struct ToldLines {
    /// The pipe.
    pub pipe: File,
    /// Who is told; nobody when the node looks for itself.
    pub teller: Option<Teller>,
}

impl Write for ToldLines {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.pipe.write(buffer);
        if let Some(teller) = &self.teller {
            teller.tell();
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pipe.flush()
    }
}
