//! Call data: `function@hex@hex…`.

use arwen_interface::Bytes;

use crate::errors::EeiError;

/// A function and its arguments, as transfers carry them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallData {
    pub function: Bytes,
    pub arguments: Vec<Bytes>,
}

impl CallData {
    /// Reads call data.
    ///
    /// # Errors
    /// When there is no function name, or an argument is not pairs of hexadecimal digits.
    pub(crate) fn parse(data: &[u8]) -> Result<Self, EeiError> {
        let mut parts = data.split(|byte| *byte == b'@');
        let function = parts.next().unwrap_or_default().to_vec();
        if function.is_empty() {
            return Err(EeiError::TokenizeFailed);
        }
        let arguments = parts
            .map(|part| from_hex(part).ok_or(EeiError::TokenizeFailed))
            .collect::<Result<_, _>>()?;
        Ok(Self { function, arguments })
    }

    /// Writes call data.
    pub(crate) fn to_bytes(&self) -> Bytes {
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
