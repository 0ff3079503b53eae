//! The licence application on a My Number card (マイナ免許証, since 2025-03-24).
//!
//! It holds neither name nor address nor birth date: those come from the text application of the
//! same card. It is read to tell whether there is a licence, which number it has and until when.
//! Its PIN has ten tries of its own. Source: public readers tried on a real card; the official
//! sample that asks reference 82 is a misprint, 86 is right.

use std::fmt;

use card_reader::Card;
use jiff::civil::Date;
use zeroize::Zeroizing;

use crate::era_date::era_date;
use crate::secret::{Pin, SecretKind};
use crate::tlv::{self, TagStyle};
use crate::{Insist, ReadCardError, TriesLeft, apdu, presentation};

/// Licence application.
const APPLICATION: &[u8] = &[0xa0, 0, 0, 0x02, 0x31, 0x06, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const PIN_SETTING: u16 = 0x001a;
const LICENCE: u16 = 0x001b;
/// So much of the licence file is read.
const FRONT_BYTES: usize = 1024;

/// What the application says. Hidden in Debug.
#[derive(Clone, PartialEq, Eq)]
pub struct MyNumberLicenceReading {
    /// Number of the licence record (免許情報記録の番号).
    pub number: Zeroizing<String>,
    /// Last day of validity.
    pub expires: Option<Date>,
}

impl fmt::Debug for MyNumberLicenceReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MyNumberLicenceReading(hidden)")
    }
}

/// The selected licence application of one powered My Number card.
pub struct MyNumberLicence<'card> {
    card: &'card mut dyn Card,
}

impl fmt::Debug for MyNumberLicence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MyNumberLicence")
    }
}

impl<'card> MyNumberLicence<'card> {
    /// Selects the application.
    ///
    /// # Errors
    /// [`ReadCardError::NotThisCard`] when the card has no licence.
    pub fn select(card: &'card mut dyn Card) -> Result<Self, ReadCardError> {
        apdu::enter_application(card, APPLICATION)?;
        Ok(Self { card })
    }

    /// Asks how many tries are left. Costs nothing.
    ///
    /// # Errors
    /// As the card fails.
    pub fn tries_left(&mut self) -> Result<TriesLeft, ReadCardError> {
        presentation::tries_left(self.card, SecretKind::MyNumberLicencePin)
    }

    /// Reads the licence with its PIN; without one where the holder chose none.
    ///
    /// # Errors
    /// [`ReadCardError::KeyMissing`] when a PIN is needed and not given; otherwise as
    /// [`crate::TextApplication::read_basic_four`].
    pub fn read(
        &mut self,
        pin: Option<&Pin>,
        insist: Insist,
    ) -> Result<MyNumberLicenceReading, ReadCardError> {
        apdu::select_file(self.card, PIN_SETTING)?;
        let setting = apdu::read_object(self.card, TagStyle::OneByte)?;
        let unset = Pin::unset();
        let pin = if tlv::only(TagStyle::OneByte, 0xc1, &setting)? == [0x00] {
            &unset
        } else {
            pin.ok_or(ReadCardError::KeyMissing)?
        };
        let kind = SecretKind::MyNumberLicencePin;
        presentation::present(self.card, kind, pin.digits(), insist)?;
        apdu::select_file(self.card, LICENCE)?;
        // The tags beyond FF that follow are not known well enough to walk through; what is wanted
        // stands before them.
        let file = apdu::read_front(self.card, FRONT_BYTES)?;
        parse(&file)
    }
}

fn parse(file: &[u8]) -> Result<MyNumberLicenceReading, ReadCardError> {
    let (mut number, mut expires) = (None, None);
    let mut rest = file;
    while let Ok(object) = tlv::first(TagStyle::OneByte, rest) {
        match object.tag {
            0xc5 => expires = era_date(object.value),
            0xe7 => number = std::str::from_utf8(object.value).ok(),
            0xff => break,
            _ => {}
        }
        rest = rest.get(object.whole.len()..).unwrap_or_default();
    }
    let number = number.ok_or(ReadCardError::Malformed)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ReadCardError::Malformed);
    }
    Ok(MyNumberLicenceReading {
        number: Zeroizing::new(number.to_owned()),
        expires,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn number_and_expiry_are_found_among_the_rest() {
        let file = [
            &[0xc2, 7][..],
            b"5060401",
            &[0xc5, 7],
            b"5101103",
            &[0xe7, 12],
            b"123456789012",
            &[0xff, 0xff],
        ]
        .concat();
        let reading = parse(&file).unwrap();
        assert_eq!(*reading.number, "123456789012");
        assert_eq!(reading.expires.unwrap().to_string(), "2028-11-03");
        assert_eq!(format!("{reading:?}"), "MyNumberLicenceReading(hidden)");
    }

    proptest! {
        #[test]
        fn random_files_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(reading) = parse(&bytes) {
                prop_assert!(reading.number.len() < bytes.len());
            }
        }
    }
}
