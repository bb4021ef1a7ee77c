//! Call data: `function@hex@hex…`.

use arwen_interface::Bytes;

use crate::errors::EeiError;

/// A function and its arguments, as transfers carry them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallData {
    /// The function's name; empty in an answer.
    pub function: Bytes,
    /// Its arguments; of an answer, the return code and the return data.
    pub arguments: Vec<Bytes>,
}

impl CallData {
    /// Reads a call.
    ///
    /// # Errors
    /// When there is no function name, or an argument is not pairs of hexadecimal digits.
    pub(crate) fn parse(data: &[u8]) -> Result<Self, EeiError> {
        Self::parse_any(data)
            .filter(|call| !call.function.is_empty())
            .ok_or(EeiError::TokenizeFailed)
    }

    /// Reads a call or an answer; nothing when an argument is not pairs of hexadecimal digits.
    pub fn parse_any(data: &[u8]) -> Option<Self> {
        let mut parts = data.split(|byte| *byte == b'@');
        let function = parts.next()?.to_vec();
        let arguments = parts.map(from_hex).collect::<Option<_>>()?;
        Some(Self { function, arguments })
    }

    /// Writes call data.
    pub fn to_bytes(&self) -> Bytes {
        let mut data = self.function.clone();
        for argument in &self.arguments {
            push_hex(&mut data, argument);
        }
        data
    }
}

fn from_hex(digits: &[u8]) -> Option<Bytes> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then_some(())?;
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

/// Appends `@` and the hexadecimal digits of `bytes`, as call data is written.
pub(crate) fn push_hex(data: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    data.push(b'@');
    for byte in bytes {
        data.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_data_reads_as_it_was_written() {
        let call = CallData {
            function: b"f".to_vec(),
            arguments: vec![vec![0xab, 1], vec![], vec![0xff]],
        };
        assert_eq!(call.to_bytes(), b"f@ab01@@ff");
        assert_eq!(CallData::parse(b"f@AB01@@ff"), Ok(call));
    }

    #[test]
    fn answers_read_as_they_were_written() {
        for data in ["@6f6b@05", ""] {
            let answer = CallData::parse_any(data.as_bytes()).expect("an answer");
            assert!(answer.function.is_empty());
            assert_eq!(answer.to_bytes(), data.as_bytes());
        }
        assert_eq!(CallData::parse_any(b"f@0"), None);
    }

    #[test]
    fn data_that_is_no_call_is_refused() {
        for data in ["", "@01", "f@1", "f@0g"] {
            assert_eq!(
                CallData::parse(data.as_bytes()),
                Err(EeiError::TokenizeFailed),
                "{data}"
            );
        }
    }
}
