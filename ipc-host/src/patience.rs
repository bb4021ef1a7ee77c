//! Reading from a pipe whose other side is expected to write at once.
//!
//! A process that sleeps wakes 5 to 40 µs after the other side has written, and a dialogue waits for that at every
//! message. So a reader first looks for a while and sleeps only then. It never offers its processor to others in
//! between: on a busy machine one of them keeps it for milliseconds. That makes looking a loss where both sides share a
//! processor, or when the other side takes its time. A reader that looked in vain a few times therefore sleeps at once,
//! and only looks now and then whether that has changed. Where there is but one processor it never looks.

use std::fs::File;
use std::io::{self, Read};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

/// How long a reader looks before it sleeps: longer than most answers take, even of another side that has to wake
/// first, so that two sides that sleep find back to looking; and little to lose when none comes.
pub const PATIENCE: Duration = Duration::from_micros(100);

/// How often in a row a reader looks in vain before it loses hope.
pub(crate) const HOPE: u32 = 3;

/// How often a reader without hope waits for each time that it looks. Looking costs about 3 µs a wait then.
pub(crate) const SELDOM: u32 = 32;

/// How long a look rests, in turns of a loop that tells the processor so; about as long as a look takes, 0.3 µs.
const REST: u32 = 8;

/// Whether looking has been of use.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Whether the other side can run while this one looks.
    possible: bool,
    /// How often in a row looking was in vain.
    in_vain: u32,
    /// Waits since the last look.
    waits: u32,
}

impl Default for Patience {
    fn default() -> Self {
        // To find out takes some twenty system calls, and a process that has locked itself in may not make them all.
        static POSSIBLE: OnceLock<bool> = OnceLock::new();
        let processors = || thread::available_parallelism().is_ok_and(|processors| processors.get() > 1);
        Self {
            possible: *POSSIBLE.get_or_init(processors),
            in_vain: 0,
            waits: 0,
        }
    }
}

impl Patience {
    /// Of a reader that has had no reason yet not to look.
    #[cfg(test)]
    pub(crate) fn always() -> Self {
        Self {
            possible: true,
            in_vain: 0,
            waits: 0,
        }
    }

    /// A wait begins: is it worth looking?
    pub(crate) fn looks(&mut self) -> bool {
        self.waits += 1;
        let looks = self.possible && (self.in_vain < HOPE || self.waits >= SELDOM);
        if looks {
            self.waits = 0;
        }
        looks
    }

    /// What a look has brought.
    pub(crate) fn learn(&mut self, came: bool) {
        self.in_vain = if came { 0 } else { self.in_vain.saturating_add(1) };
    }

    /// Reads from `file`, which does not block, as soon as something comes while it is worth looking.
    ///
    /// # Errors
    /// Those of reading; `WouldBlock` when it is time to sleep. Whether something is there is not known then.
    pub fn read(&mut self, mut file: &File, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.looks() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut since = None;
        loop {
            match file.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if since.get_or_insert_with(Instant::now).elapsed() >= PATIENCE {
                        self.learn(false);
                        return Err(error);
                    }
                    (0..REST).for_each(|_| std::hint::spin_loop());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => {
                    // What was there at once says nothing about looking.
                    if since.is_some() {
                        self.learn(true);
                    }
                    return result;
                }
            }
        }
    }
}

/// The reading end of a pipe: looks first, sleeps when nothing comes.
#[derive(Debug)]
pub struct PatientReader {
    file: File,
    patience: Patience,
}

impl PatientReader {
    /// Reads from `file`, which no longer blocks from here on.
    ///
    /// # Errors
    /// It is nothing that can be read without blocking.
    pub fn new(file: File) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&file, true)?;
        Ok(Self {
            file,
            patience: Patience::default(),
        })
    }
}

impl PatientReader {
    /// Reads without looking first.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read_asleep(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.file.read(buffer);
        self.sleep_after(result, buffer)
    }

    /// Sleeps until there is another result than that nothing is there.
    fn sleep_after(&mut self, result: io::Result<usize>, buffer: &mut [u8]) -> io::Result<usize> {
        let mut result = result;
        while let Err(error) = &result
            && error.kind() == io::ErrorKind::WouldBlock
        {
            match poll(&mut [PollFd::new(&self.file, PollFlags::IN)], None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => result = self.file.read(buffer),
                Err(error) => return Err(error.into()),
            }
        }
        result
    }
}

impl Read for PatientReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.patience.read(&self.file, buffer);
        self.sleep_after(result, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::OwnedFd;

    #[test]
    fn a_reader_sleeps_until_bytes_or_the_end_come() {
        let (reader, mut writer) = io::pipe().unwrap();
        let file = File::from(OwnedFd::from(reader));
        let mut reader = PatientReader::new(file.try_clone().unwrap()).unwrap();
        let error = Patience::default().read(&file, &mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        let late = thread::spawn(move || {
            thread::sleep(10 * PATIENCE);
            writer.write_all(b"late").unwrap();
        });
        let mut buffer = [0; 8];
        assert_eq!(reader.read(&mut buffer).unwrap(), 4);
        assert_eq!(reader.read(&mut buffer).unwrap(), 0);
        late.join().unwrap();
    }

    #[test]
    fn a_reader_that_looks_in_vain_looks_seldom_and_one_that_finds_something_looks_again() {
        let mut patience = Patience::always();
        let wait = |patience: &mut Patience, came: bool| {
            let looks = patience.looks();
            if looks {
                patience.learn(came);
            }
            looks
        };
        let looks = |patience: &mut Patience| (0..10 * SELDOM).filter(|_| wait(patience, false)).count();
        assert_eq!(looks(&mut patience), HOPE as usize + 9);
        while !wait(&mut patience, true) {}
        assert!(wait(&mut patience, true) && wait(&mut patience, true));
        patience.possible = false;
        assert_eq!(looks(&mut patience), 0);
    }
}
