//! Frames: how many bytes, which kind, the bytes.

use std::io::{self, Read, Write};

use crate::error::WireError;

/// The largest payload either side accepts by default, in bytes.
///
/// The protocol has no limit of its own. 64 MiB of arguments fit, base64 (4/3) and a contract's code included.
pub const MAX_PAYLOAD: u32 = 256 << 20;

/// How much is allocated ahead of the bytes that have really arrived, in bytes.
const CHUNK: usize = 64 << 10;

fn u32_at(header: &[u8], at: usize) -> u32 {
    header
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}

/// The length and the kind in front of the payload of a message, in bytes.
pub const MESSAGE_HEADER: usize = 8;

/// Writes a frame of pipes 3, 4 and 5: length, kind, payload.
///
/// # Errors
/// The payload is longer than `limit`, in bytes, or the pipe failed.
pub fn write_message(out: &mut impl Write, kind: u32, payload: &[u8], limit: u32) -> Result<(), WireError> {
    write_in_place(out, kind, &mut [&[0; MESSAGE_HEADER], payload].concat(), limit)
}

/// The same, of a frame that has room for its header, [`MESSAGE_HEADER`] bytes, in front of the payload. One write, so
/// that the reader wakes once.
///
/// # Errors
/// As [`write_message`].
pub fn write_in_place(
    out: &mut impl Write,
    kind: u32,
    frame: &mut [u8],
    limit: u32,
) -> Result<(), WireError> {
    let length = checked_length(frame.len().saturating_sub(MESSAGE_HEADER), limit)?;
    if let Some((header, _)) = frame.split_first_chunk_mut::<MESSAGE_HEADER>() {
        let (first, second) = header.split_at_mut(4);
        first.copy_from_slice(&length.to_le_bytes());
        second.copy_from_slice(&kind.to_le_bytes());
    }
    out.write_all(frame)?;
    out.flush()?;
    Ok(())
}

/// Reads a frame of pipes 3, 4 and 5.
///
/// # Errors
/// The pipe ended or failed, or the frame is longer than `limit`, in bytes.
pub fn read_message(input: &mut impl Read, limit: u32) -> Result<(u32, Vec<u8>), WireError> {
    let mut payload = Vec::new();
    Ok((read_message_into(&mut payload, input, limit)?, payload))
}

/// The same, with the payload in place of what is in `payload`. Returns the kind.
///
/// # Errors
/// As [`read_message`].
pub fn read_message_into(payload: &mut Vec<u8>, input: &mut impl Read, limit: u32) -> Result<u32, WireError> {
    let mut header = [0; MESSAGE_HEADER];
    read_header(input, &mut header)?;
    read_payload(payload, input, u32_at(&header, 0), limit)?;
    Ok(u32_at(&header, 4))
}

/// Writes a frame of the log pipes 6 and 7: length, payload.
///
/// # Errors
/// The payload is longer than `limit`, in bytes, or the pipe failed.
pub fn write_log(out: &mut impl Write, payload: &[u8], limit: u32) -> Result<(), WireError> {
    let length = checked_length(payload.len(), limit)?;
    out.write_all(&[&length.to_le_bytes(), payload].concat())?;
    out.flush()?;
    Ok(())
}

/// Reads a frame of the log pipes.
///
/// # Errors
/// The pipe ended or failed, or the frame is longer than `limit`, in bytes.
pub fn read_log(input: &mut impl Read, limit: u32) -> Result<Vec<u8>, WireError> {
    let mut header = [0; 4];
    read_header(input, &mut header)?;
    let mut payload = Vec::new();
    read_payload(&mut payload, input, u32_at(&header, 0), limit)?;
    Ok(payload)
}

fn checked_length(payload: usize, limit: u32) -> Result<u32, WireError> {
    let length = u32::try_from(payload).ok().filter(|length| *length <= limit);
    length.ok_or(WireError::TooLong {
        length: payload as u64,
        limit: u64::from(limit),
    })
}

/// Fills `header`, telling an end between two frames from an end within one.
fn read_header(input: &mut impl Read, header: &mut [u8]) -> Result<(), WireError> {
    let mut filled = 0;
    while filled < header.len() {
        match input.read(&mut header[filled..]) {
            Ok(0) if filled == 0 => return Err(WireError::Closed),
            Ok(0) => return Err(WireError::Truncated),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn read_payload(
    payload: &mut Vec<u8>,
    input: &mut impl Read,
    length: u32,
    limit: u32,
) -> Result<(), WireError> {
    if length > limit {
        return Err(WireError::TooLong {
            length: u64::from(length),
            limit: u64::from(limit),
        });
    }
    let length = length as usize;
    // Memory follows the bytes that came, not the length that was promised.
    payload.clear();
    payload.reserve_exact(length.min(CHUNK));
    while payload.len() < length {
        let start = payload.len();
        payload.resize(length.min(start + start.max(CHUNK)), 0);
        input.read_exact(&mut payload[start..])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_length_kind_payload() {
        let mut out = Vec::new();
        write_message(&mut out, 60, b"abc", MAX_PAYLOAD).unwrap();
        assert_eq!(out, b"\x03\0\0\0\x3c\0\0\0abc");
        assert_eq!(
            read_message(&mut &out[..], MAX_PAYLOAD).unwrap(),
            (60, b"abc".to_vec())
        );
        out.clear();
        write_log(&mut out, b"abc", MAX_PAYLOAD).unwrap();
        assert_eq!(out, b"\x03\0\0\0abc");
        assert_eq!(read_log(&mut &out[..], MAX_PAYLOAD).unwrap(), b"abc");
    }

    #[test]
    fn frames_that_cannot_be_read_are_typed_errors() {
        let error = |bytes: &[u8]| read_message(&mut &bytes[..], 1 << 20).unwrap_err().to_string();
        assert_eq!(error(b""), "EOF");
        assert_eq!(error(b"\x01\0\0"), "unexpected EOF");
        assert_eq!(error(b"\x01\0\0\0\x3c\0\0\0"), "unexpected EOF");
        assert_eq!(error(b"\x05\0\0\0\x3c\0\0\0abcd"), "unexpected EOF");
        assert_eq!(
            error(b"\xff\xff\xff\xff\x3c\0\0\0abcd"),
            "frame of 4294967295 bytes, at most 1048576 are accepted"
        );
    }

    #[test]
    fn a_payload_of_several_chunks_arrives_whole() {
        let payload: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
        let mut out = Vec::new();
        write_message(&mut out, 5, &payload, MAX_PAYLOAD).unwrap();
        assert_eq!(read_message(&mut &out[..], MAX_PAYLOAD).unwrap(), (5, payload));
    }

    #[test]
    fn a_payload_over_the_limit_is_not_sent() {
        assert!(matches!(
            write_message(&mut Vec::new(), 5, &[0; 9], 8),
            Err(WireError::TooLong { length: 9, limit: 8 })
        ));
    }
}
