//! The invented person a virtual card belongs to.

use std::path::Path;

use serde::Deserialize;
use thiserror::Error;

use super::objects::{object, with_offsets};

/// Kind of a virtual card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CardSort {
    /// My Number card; with a licence on it when the file has `[mynumber_licence]`.
    #[default]
    MyNumber,
    /// Driver's licence; needs `[licence]`.
    DriversLicence,
    /// Residence card of the first generation; needs `[residence]`.
    ResidenceFirst,
    /// Special permanent resident certificate of the first generation.
    SpecialPermanentFirst,
    /// Residence card of the second generation.
    ResidenceSecond,
    /// Special permanent resident certificate of the second generation.
    SpecialPermanentSecond,
    /// Passport; needs `[passport]`.
    Passport,
    /// A card of another kind.
    Unknown,
}

/// What is on the chip and printed on the card, as a TOML file.
///
/// ```toml
/// kind = "my-number"           # the default; drivers-licence, residence-first, ..
/// name = "架空　太郎"
/// address = "東京都千代田区架空町一丁目２番３－４０５号"
/// birth = "19850714"          # YYYYMMDD, Western, as on the chip
/// sex = "1"
/// individual_number = "123456789018"
/// pin = "1234"
/// number_b = "60071420334711"  # birth as printed, expiry year, security code
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardPerson {
    /// Kind of the card.
    #[serde(default)]
    pub kind: CardSort,
    /// Name, family and given name apart by U+3000.
    pub name: String,
    /// Address.
    pub address: String,
    /// Birth date, eight digits.
    pub birth: String,
    /// Sex, one digit.
    pub sex: String,
    /// Individual number, twelve digits.
    #[serde(default)]
    pub individual_number: String,
    /// PIN of the text application, four digits.
    #[serde(default)]
    pub pin: String,
    /// Comparison number B, fourteen digits.
    #[serde(default)]
    pub number_b: String,
    /// PIN of the authentication key, four digits.
    #[serde(default = "default_auth_pin")]
    pub auth_pin: String,
    /// Password of the signing certificate; empty for who has none.
    #[serde(default = "default_sign_password")]
    pub sign_password: String,
    /// Serial number of the card, fifteen digits.
    #[serde(default = "default_serial")]
    pub serial: String,
    /// A licence loaded on a My Number card (マイナ免許証).
    #[serde(default)]
    pub mynumber_licence: Option<MyNumberLicencePerson>,
    /// A driver's licence.
    #[serde(default)]
    pub licence: Option<LicencePerson>,
    /// A residence card.
    #[serde(default)]
    pub residence: Option<ResidencePerson>,
    /// A passport.
    #[serde(default)]
    pub passport: Option<PassportPerson>,
}

fn default_auth_pin() -> String {
    "2468".to_owned()
}

fn default_sign_password() -> String {
    "KAKUU99".to_owned()
}

fn default_serial() -> String {
    "000000000000001".to_owned()
}

/// The licence application of a My Number card.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MyNumberLicencePerson {
    /// Four digits; none chosen when left out.
    pub pin: Option<String>,
    /// Number of the licence record.
    pub number: String,
    /// Last day, seven digits with the era, `5101103`.
    pub expires: String,
}

/// A driver's licence. Characters outside the standard are written U+E001 to U+E007 (bitmaps) and
/// U+E00A (not there at all).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicencePerson {
    /// Four digits; no PIN is set when left out.
    pub pin1: Option<String>,
    /// Four digits.
    pub pin2: Option<String>,
    /// Reading of the name in kana.
    #[serde(default)]
    pub kana: String,
    /// Twelve digits.
    pub number: String,
    /// Issue date, `YYYYMMDD`.
    pub issued: String,
    /// Last day, `YYYYMMDD`.
    pub expires: String,
    /// Registered domicile.
    #[serde(default)]
    pub domicile: String,
    /// Address noted on the back since.
    pub new_address: Option<String>,
}

/// A residence card or special permanent resident certificate. Its pictures are the same for
/// everybody: KAKUU REI, ZZ12345678YY.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidencePerson {
    /// Number printed on the card.
    pub number: String,
    /// Address noted on the back since.
    pub noted_address: Option<String>,
    /// Day of that note, `YYYYMMDD`.
    pub noted_on: Option<String>,
    /// Municipality of that address, six digits.
    pub noted_municipality: Option<String>,
    /// Permission noted on the back.
    pub permission: Option<String>,
    /// Nationality, three letters.
    #[serde(default)]
    pub nationality: String,
    /// Code of the status of residence.
    #[serde(default)]
    pub status: String,
}

/// A passport. The name is the person's in Latin letters, family name first.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassportPerson {
    /// Up to nine letters and digits.
    pub number: String,
    /// Nationality and issuing state, three letters.
    pub nationality: String,
    /// Last day, `YYYYMMDD`.
    pub expires: String,
    /// The chip lets nobody in without PACE.
    #[serde(default)]
    pub needs_pace: bool,
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
            auth_pin: default_auth_pin(),
            sign_password: default_sign_password(),
            serial: default_serial(),
            ..Self::default()
        }
    }

    /// 架空　花子 with a driver's licence: PIN 1111 and 2222, the name holds a character outside the
    /// standard, an address is noted on the back.
    pub fn hanako() -> Self {
        Self {
            kind: CardSort::DriversLicence,
            name: "架空　花\u{e001}子".to_owned(),
            address: "神奈川県架空市本町一丁目１番１号".to_owned(),
            birth: "19921103".to_owned(),
            sex: "2".to_owned(),
            licence: Some(LicencePerson {
                pin1: Some("1111".to_owned()),
                pin2: Some("2222".to_owned()),
                kana: "カクウ　ハナコ".to_owned(),
                number: "123456789012".to_owned(),
                issued: "20240520".to_owned(),
                expires: "20291203".to_owned(),
                domicile: "神奈川県架空市本町一番".to_owned(),
                new_address: Some("神奈川県架空市見本町二番地".to_owned()),
            }),
            ..Self::default()
        }
    }

    /// KAKUU REI with a residence card of some kind, number ZZ12345678YY, an address noted on the
    /// back.
    pub fn rei(kind: CardSort) -> Self {
        Self {
            kind,
            name: "KAKUU REI".to_owned(),
            address: "東京都架空区見本町１－２－３".to_owned(),
            birth: "19900506".to_owned(),
            sex: "2".to_owned(),
            residence: Some(ResidencePerson {
                number: "ZZ12345678YY".to_owned(),
                noted_address: Some("東京都架空区見本町四丁目５番６号".to_owned()),
                noted_on: Some("20260401".to_owned()),
                noted_municipality: Some("131016".to_owned()),
                permission: None,
                nationality: "UTO".to_owned(),
                status: "101".to_owned(),
            }),
            ..Self::default()
        }
    }

    /// KAKUU HANAKO with a Japanese passport, number TK1234567.
    pub fn traveller() -> Self {
        Self {
            kind: CardSort::Passport,
            name: "KAKUU HANAKO".to_owned(),
            birth: "19921103".to_owned(),
            sex: "2".to_owned(),
            passport: Some(PassportPerson {
                number: "TK1234567".to_owned(),
                nationality: "JPN".to_owned(),
                expires: "20310630".to_owned(),
                needs_pace: false,
            }),
            ..Self::default()
        }
    }

    /// File 0002 of the text application, as the card keeps it: `82 hi lo` for anything over 7F.
    pub(crate) fn basic_four_file(&self) -> Vec<u8> {
        let parts = [
            object(&[0xdf, 0x22], self.name.as_bytes()),
            object(&[0xdf, 0x23], self.address.as_bytes()),
            object(&[0xdf, 0x24], self.birth.as_bytes()),
            object(&[0xdf, 0x25], self.sex.as_bytes()),
        ];
        with_offsets([0xff, 0x20], [0xdf, 0x21], &parts)
    }

    /// File 0001: the number and two bytes of filler.
    pub(crate) fn individual_number_file(&self) -> Vec<u8> {
        let mut file = object(&[0xff, 0x10], self.individual_number.as_bytes());
        file.extend([0xff, 0xff]);
        file
    }
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
