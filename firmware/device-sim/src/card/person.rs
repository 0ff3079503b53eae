//! The invented person a virtual card belongs to.

use std::path::Path;

use serde::Deserialize;
use thiserror::Error;

/// What is on the chip and printed on the card, as a TOML file.
///
/// ```toml
/// name = "架空　太郎"
/// address = "東京都千代田区架空町一丁目２番３－４０５号"
/// birth = "19850714"          # YYYYMMDD, Western, as on the chip
/// sex = "1"
/// individual_number = "123456789018"
/// pin = "1234"
/// number_b = "60071420334711"  # birth as printed, expiry year, security code
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardPerson {
    /// Name, family and given name apart by U+3000.
    pub name: String,
    /// Address.
    pub address: String,
    /// Birth date, eight digits.
    pub birth: String,
    /// Sex, one digit.
    pub sex: String,
    /// Individual number, twelve digits.
    pub individual_number: String,
    /// PIN of the text application, four digits.
    pub pin: String,
    /// Comparison number B, fourteen digits.
    pub number_b: String,
}

/// Why a person file was not taken.
#[derive(Debug, Error)]
pub enum LoadPersonError {
    /// The file cannot be read.
    #[error("person file cannot be read")]
    Unreadable(#[from] std::io::Error),
    /// The file is not as described at [`CardPerson`].
    #[error("person file is malformed")]
    Malformed(#[from] toml::de::Error),
}

impl CardPerson {
    /// Reads a person file.
    ///
    /// # Errors
    /// When it is missing or malformed.
    pub fn load(path: &Path) -> Result<Self, LoadPersonError> {
        Ok(toml::from_str(&std::fs::read_to_string(path)?)?)
    }

    /// The person of the worked example: 架空　太郎, born 1985-07-14, PIN 1234.
    pub fn taro() -> Self {
        Self {
            name: "架空　太郎".to_owned(),
            address: "東京都千代田区架空町一丁目２番３－４０５号".to_owned(),
            birth: "19850714".to_owned(),
            sex: "1".to_owned(),
            individual_number: "123456789018".to_owned(),
            pin: "1234".to_owned(),
            number_b: "60071420334711".to_owned(),
        }
    }

    /// File 0002 of the text application, as the card keeps it: `82 hi lo` for anything over 7F.
    pub(crate) fn basic_four_file(&self) -> Vec<u8> {
        let parts = [
            (0x22, self.name.as_bytes()),
            (0x23, self.address.as_bytes()),
            (0x24, self.birth.as_bytes()),
            (0x25, self.sex.as_bytes()),
        ];
        let objects: Vec<Vec<u8>> = parts
            .iter()
            .map(|(tag, v)| object([0xdf, *tag], v))
            .collect();
        let inner: usize = 11 + objects.iter().map(Vec::len).sum::<usize>();
        let mut offset = 11 + if inner > 0x7f { 5 } else { 3 };
        let mut offsets = Vec::new();
        for part in &objects {
            offsets.extend(u16::try_from(offset).unwrap_or(u16::MAX).to_be_bytes());
            offset += part.len();
        }
        let mut value = object([0xdf, 0x21], &offsets);
        value.extend(objects.concat());
        object([0xff, 0x20], &value)
    }

    /// File 0001: the number and two bytes of filler.
    pub(crate) fn individual_number_file(&self) -> Vec<u8> {
        let mut file = object([0xff, 0x10], self.individual_number.as_bytes());
        file.extend([0xff, 0xff]);
        file
    }
}

fn object(tag: [u8; 2], value: &[u8]) -> Vec<u8> {
    let mut bytes = tag.to_vec();
    match u8::try_from(value.len()) {
        Ok(short @ 0..=0x7f) => bytes.push(short),
        Ok(_) | Err(_) => {
            bytes.push(0x82);
            bytes.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    bytes.extend(value);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taro_is_the_worked_example_byte_for_byte() {
        let file = CardPerson::taro().basic_four_file();
        assert_eq!(file.len(), 113);
        assert_eq!(
            file[..14],
            [
                0xff, 0x20, 0x6e, 0xdf, 0x21, 8, 0, 0x0e, 0, 0x20, 0, 0x62, 0, 0x6d
            ]
        );
    }

    #[test]
    fn a_long_address_moves_the_offsets() {
        let mut person = CardPerson::taro();
        person.address = "架".repeat(90);
        let file = person.basic_four_file();
        // 11 offsets, 3 + 15 name, 5 + 270 address, 11 birth, 4 sex: 319 bytes.
        assert_eq!(file[..5], [0xff, 0x20, 0x82, 0x01, 0x3f]);
        assert_eq!(file[8..10], [0x00, 0x10]);
    }
}
