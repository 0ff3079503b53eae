//! The individual number on the chip.

use std::fmt;

use zeroize::Zeroizing;

use crate::{ReadCardError, tlv};

/// Individual number (個人番号), twelve digits as the chip has them; the check digit is the reader's
/// business. Hidden in Debug, wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct IndividualNumber(Zeroizing<String>);

impl IndividualNumber {
    /// The digits, for the one field that legally needs them.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Reads file 0001 of the text application: `FF10 0C` and twelve ASCII digits.
    pub(crate) fn parse(file: &[u8]) -> Result<Self, ReadCardError> {
        let object = tlv::first(file)?;
        if object.tag != 0xff10 || object.value.len() != 12 {
            return Err(ReadCardError::Malformed);
        }
        if !object.value.iter().all(u8::is_ascii_digit) {
            return Err(ReadCardError::Malformed);
        }
        let digits = std::str::from_utf8(object.value).map_err(|_| ReadCardError::Malformed)?;
        Ok(Self(Zeroizing::new(digits.to_owned())))
    }
}

impl fmt::Debug for IndividualNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndividualNumber(hidden)")
    }
}
