//! What a child says beside its messages: streams that are read when there is something to read.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;

/// The longest log line that is read, in bytes. A child that sends more is not listened to any longer.
const MAX_LOG_LINE: usize = 16 << 20;

/// A line of text is taken as it is when it gets this long, in bytes.
const MAX_TEXT_LINE: usize = 64 << 10;

/// A stream, and what was read of it and not yet taken.
pub(crate) struct Inflow {
    file: Option<File>,
    bytes: Vec<u8>,
}

impl Inflow {
    pub fn new(file: impl Into<OwnedFd>) -> io::Result<Self> {
        let file = File::from(file.into());
        rustix::io::ioctl_fionbio(&file, true)?;
        Ok(Self {
            file: Some(file),
            bytes: Vec::new(),
        })
    }

    /// The stream, unless it has ended.
    pub fn file(&self) -> Option<&File> {
        self.file.as_ref()
    }

    /// Reads once, through `scratch`. At the end of the stream, or when it fails, it is closed. Returns whether there
    /// may be more.
    pub fn pump(&mut self, scratch: &mut [u8]) -> bool {
        let Some(file) = &mut self.file else { return false };
        match file.read(scratch) {
            Ok(read) if read > 0 => {
                self.bytes.extend(scratch.iter().take(read));
                true
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            _ => {
                self.file = None;
                false
            }
        }
    }

    /// Takes the whole lines off the front. At the end of the stream, or when it is very long, the last line is whole
    /// too.
    pub fn take_lines(&mut self) -> Vec<String> {
        let end = match self.bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if self.file.is_none() || self.bytes.len() >= MAX_TEXT_LINE => self.bytes.len(),
            None => 0,
        };
        let whole: Vec<u8> = self.bytes.drain(..end).collect();
        String::from_utf8_lossy(&whole)
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// Takes the payloads of the whole log frames off the front.
    pub fn take_frames(&mut self) -> Vec<Vec<u8>> {
        let mut payloads = Vec::new();
        let mut rest = &self.bytes[..];
        while let Some((header, body)) = rest.split_first_chunk::<4>() {
            let length = u32::from_le_bytes(*header) as usize;
            if length > MAX_LOG_LINE {
                self.file = None;
                rest = &[];
                break;
            }
            let Some((payload, after)) = body.split_at_checked(length) else {
                break;
            };
            payloads.push(payload.to_vec());
            rest = after;
        }
        let taken = self.bytes.len() - rest.len();
        self.bytes.drain(..taken);
        payloads
    }
}
