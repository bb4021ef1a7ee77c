//! Reading from a pipe whose other side is expected to write at once.
//!
//! A process that sleeps in `read` wakes 5 to 40 µs after the other side has written, and a dialogue waits for that
//! at every message. So a reader first looks a few times, letting others run in between, and sleeps only then.

use std::fs::File;
use std::io::{self, Read};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};

/// How long a reader looks before it sleeps: longer than most answers take, and little to lose when none comes.
pub const PATIENCE: Duration = Duration::from_micros(50);

/// Reads from `file`, which does not block, as soon as something comes within [`PATIENCE`].
///
/// # Errors
/// Those of reading; `WouldBlock` when nothing came.
pub fn read_soon(mut file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut since = None;
    loop {
        match file.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let start = *since.get_or_insert_with(Instant::now);
                if start.elapsed() >= PATIENCE {
                    return Err(error);
                }
                thread::yield_now();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The reading end of a pipe: looks first, sleeps when nothing comes.
#[derive(Debug)]
pub struct PatientReader(File);

impl PatientReader {
    /// Reads from `file`, which no longer blocks from here on.
    ///
    /// # Errors
    /// It is nothing that can be read without blocking.
    pub fn new(file: File) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&file, true)?;
        Ok(Self(file))
    }
}

impl Read for PatientReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match read_soon(&self.0, buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], None) {
                        Ok(_) | Err(rustix::io::Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                result => return result,
            }
        }
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
        let error = read_soon(&file, &mut [0]).unwrap_err();
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
}
