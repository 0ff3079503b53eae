//! The basic four items on the chip.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::ReadCardError;
use crate::tlv::{self, TagStyle};

/// Sex as coded on the chip (ISO/IEC 5218).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Zeroize)]
pub enum Sex {
    /// `0`.
    Unknown,
    /// `1`.
    Male,
    /// `2`.
    Female,
    /// `9`.
    NotApplicable,
}

impl Sex {
    pub(crate) fn from_code(code: &[u8]) -> Result<Self, ReadCardError> {
        match code {
            b"0" => Ok(Self::Unknown),
            b"1" => Ok(Self::Male),
            b"2" => Ok(Self::Female),
            b"9" => Ok(Self::NotApplicable),
            _ => Err(ReadCardError::Malformed),
        }
    }

    /// The digit on the chip.
    pub fn code(self) -> char {
        match self {
            Self::Unknown => '0',
            Self::Male => '1',
            Self::Female => '2',
            Self::NotApplicable => '9',
        }
    }
}

/// Name, address, birth date and sex (基本4情報), exactly as the chip has them.
///
/// Nothing is normalised: the name keeps its U+3000 and its variation selectors, the address its
/// full-width digits. Debug shows nothing; the memory is wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct BasicFour {
    /// Name in kanji or Latin letters, family and given name apart by U+3000.
    pub name: String,
    /// Address as one line.
    pub address: String,
    /// Birth date, `YYYY-MM-DD`, Western year. The digits are the chip's; whether the day exists is
    /// for the reader of this value to judge.
    pub birth: String,
    /// Sex.
    pub sex: Sex,
}

impl fmt::Debug for BasicFour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BasicFour(hidden)")
    }
}

impl BasicFour {
    /// Reads file 0002 of the text application: `FF20 { DF21.. DF25 }`.
    ///
    /// The table of offsets (DF21) is ignored: the objects say where they are.
    pub(crate) fn parse(file: &[u8]) -> Result<Self, ReadCardError> {
        let objects = tlv::objects(
            TagStyle::TwoBytes,
            tlv::only(TagStyle::TwoBytes, 0xff20, file)?,
        )?;
        let text = |tag| -> Result<String, ReadCardError> {
            std::str::from_utf8(tlv::value(&objects, tag)?)
                .map(str::to_owned)
                .map_err(|_| ReadCardError::Malformed)
        };
        Ok(Self {
            name: text(0xdf22)?,
            address: text(0xdf23)?,
            birth: iso_date(tlv::value(&objects, 0xdf24)?)?,
            sex: Sex::from_code(tlv::value(&objects, 0xdf25)?)?,
        })
    }
}

/// `YYYYMMDD` to `YYYY-MM-DD`.
pub(crate) fn iso_date(digits: &[u8]) -> Result<String, ReadCardError> {
    let text = std::str::from_utf8(digits).map_err(|_| ReadCardError::Malformed)?;
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ReadCardError::Malformed);
    }
    let (year, rest) = text.split_at(4);
    let (month, day) = rest.split_at(2);
    Ok(format!("{year}-{month}-{day}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_cut_of_the_file_is_refused() {
        let file = crate::session::tests::worked_example();
        assert!(BasicFour::parse(&file).is_ok());
        for end in 0..file.len() {
            assert_eq!(
                BasicFour::parse(file.get(..end).unwrap()),
                Err(ReadCardError::Malformed)
            );
        }
    }

    proptest! {
        #[test]
        fn a_damaged_file_never_panics(at in 0_usize..113, byte in any::<u8>()) {
            let mut file = crate::session::tests::worked_example();
            *file.get_mut(at).unwrap() = byte;
            // The name holds whatever the chip says: damage there is not noticed, a panic would be.
            match BasicFour::parse(&file) {
                Ok(four) => prop_assert_eq!(four.birth.len(), 10),
                Err(error) => prop_assert_eq!(error, ReadCardError::Malformed),
            }
        }

        #[test]
        fn random_files_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(BasicFour::parse(&bytes).is_err());
        }
    }
}
