//! Numbers, on which everything else is built.

use crate::error::{DecodeError, Problem};

/// Writes an unsigned number: below 128 as one byte, else as the complement of how many bytes follow, and those.
pub fn put_uint(out: &mut Vec<u8>, number: u64) {
    match u8::try_from(number) {
        Ok(byte @ 0..128) => out.push(byte),
        _ => {
            let zeros = number.leading_zeros() as usize / 8;
            let bytes = &number.to_be_bytes()[zeros..];
            out.push((bytes.len() as u8).wrapping_neg());
            out.extend_from_slice(bytes);
        }
    }
}

/// Writes a signed number: shifted left, and complemented with the lowest bit set when it is negative.
pub fn put_int(out: &mut Vec<u8>, number: i64) {
    put_uint(out, ((number << 1) ^ (number >> 63)) as u64);
}

/// Writes bytes behind their length.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_uint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads numbers off the front of a stream, and knows where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0 }
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    pub fn is_at_end(&self) -> bool {
        self.at >= self.input.len()
    }

    #[cold]
    pub fn error(&self, problem: Problem) -> DecodeError {
        DecodeError::new(problem, self.at)
    }

    #[cold]
    pub fn syntax(&self, what: &'static str) -> DecodeError {
        self.error(Problem::Syntax(what))
    }

    pub fn uint(&mut self) -> Result<u64, DecodeError> {
        let [first] = *self.bytes(1)? else {
            return Err(self.error(Problem::End));
        };
        if first < 128 {
            return Ok(u64::from(first));
        }
        let len = usize::from(first.wrapping_neg());
        if len > 8 {
            return Err(self.syntax("a number of more than 8 bytes"));
        }
        let bytes = self.bytes(len)?;
        Ok(bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    pub fn int(&mut self) -> Result<i64, DecodeError> {
        let number = self.uint()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// How many items follow. An item has at least one byte, so that a count costs no more memory than the payload.
    pub fn count(&mut self) -> Result<usize, DecodeError> {
        let count = self.uint()?;
        usize::try_from(count)
            .ok()
            .filter(|count| *count <= self.rest().len())
            .ok_or_else(|| self.error(Problem::End))
    }

    /// Bytes behind their length.
    pub fn counted(&mut self) -> Result<&'a [u8], DecodeError> {
        let count = self.count()?;
        self.bytes(count)
    }

    fn bytes(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        match self.rest().get(..len) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => Err(self.error(Problem::End)),
        }
    }

    /// Reads the fields of a struct: `read` gets the number of each that is there, from 1.
    pub fn fields(
        &mut self,
        mut read: impl FnMut(&mut Self, u64) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let mut number: u64 = 0;
        while let Some(next) = self.next_field(number)? {
            number = next;
            read(self, number)?;
        }
        Ok(())
    }

    /// The number of the field after field `number`; none after the last.
    pub fn next_field(&mut self, number: u64) -> Result<Option<u64>, DecodeError> {
        match self.uint()? {
            0 => Ok(None),
            delta => match number.checked_add(delta) {
                Some(next) => Ok(Some(next)),
                None => Err(self.syntax("a field number out of range")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_gos() {
        let unsigned: [(u64, &[u8]); 5] = [
            (0, &[0]),
            (127, &[127]),
            (128, &[0xff, 128]),
            (256, &[0xfe, 1, 0]),
            (u64::MAX, &[0xf8, 255, 255, 255, 255, 255, 255, 255, 255]),
        ];
        for (number, bytes) in unsigned {
            let mut out = Vec::new();
            put_uint(&mut out, number);
            assert_eq!(out, bytes);
            assert_eq!(Cursor::new(bytes).uint(), Ok(number));
        }
        let signed: [(i64, &[u8]); 5] = [
            (0, &[0]),
            (-1, &[1]),
            (-129, &[0xfe, 1, 1]),
            (65, &[0xff, 130]),
            (i64::MIN, &[0xf8, 255, 255, 255, 255, 255, 255, 255, 255]),
        ];
        for (number, bytes) in signed {
            let mut out = Vec::new();
            put_int(&mut out, number);
            assert_eq!(out, bytes);
            assert_eq!(Cursor::new(bytes).int(), Ok(number));
        }
        for broken in [&[][..], &[0xff], &[0xf7, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[128]] {
            assert!(Cursor::new(broken).uint().is_err());
        }
    }
}
