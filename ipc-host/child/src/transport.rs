//! The child's pipes to its node, and the memory that it may share with it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;

use arwen_ipc_host::mailbox::{LONGEST, Mailbox, Teller};
use arwen_ipc_host::patience::PatientReader;

/// What messages travel over.
#[derive(Debug)]
pub struct Transport {
    from_node: PatientReader,
    to_node: File,
    mailbox: Option<Mailbox>,
    inbox: Box<[u8]>,
    /// Which part of the inbox was not taken yet.
    waiting: Range<usize>,
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
            inbox: vec![0; LONGEST].into(),
            waiting: 0..0,
        })
    }

    /// Waits for what the node sends next, in the inbox.
    fn receive(&mut self) -> io::Result<usize> {
        match self.mailbox.as_mut().filter(|mailbox| mailbox.is_on()) {
            Some(mailbox) => match mailbox.look(&mut self.inbox) {
                Some(length) => Ok(length),
                None => self.from_node.read_asleep(&mut self.inbox),
            },
            None => self.from_node.read(&mut self.inbox),
        }
    }
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.waiting.is_empty() {
            // The rest of a long message, which takes the pipe.
            if buffer.len() >= self.inbox.len() {
                return self.from_node.read(buffer);
            }
            self.waiting = 0..self.receive()?;
        }
        let count = buffer.len().min(self.waiting.len());
        let from = self.waiting.start..self.waiting.start + count;
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), self.inbox.get(from)) {
            to.copy_from_slice(from);
        }
        self.waiting.start += count;
        Ok(count)
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
