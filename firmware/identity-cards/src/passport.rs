//! The chip of a passport (旅券), as far as what is printed in the book opens it.
//!
//! Number, birth date and last day of validity, as they stand in the printed zone, are the key
//! (basic access control, ICAO 9303 part 11 section 4.3). No PIN and no counter of tries: a wrong
//! key costs nothing. A chip that wants PACE and nothing else is told apart and left alone.
//!
//! Read is the machine-readable zone (DG1): name in Latin letters, birth date, sex, nationality and
//! validity. The photo and the signature are not: whoever knows the printed zone can write such a
//! chip, so it confirms what is printed and proves nothing.

mod channel;

use std::fmt;

use card_reader::{Card, CardError, StatusWord};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use channel::Channel;

use crate::detect::PASSPORT;
use crate::mrz::{check_digit, is_day};
use crate::tlv::{self, TagStyle};
use crate::{PassportZone, ReadCardError, SessionRandom, apdu};

/// The machine-readable zone (DG1).
const ZONE_FILE: u16 = 0x0101;
/// Longest number in the printed zone.
const NUMBER: usize = 9;

/// What opens a passport's chip. Wiped when dropped, hidden in Debug.
#[derive(Clone)]
pub struct PassportKey(Zeroizing<Vec<u8>>);

/// Not what stands in a printed zone. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected up to nine letters and digits, and two dates of six digits")]
pub struct PassportKeyError;

impl PassportKey {
    /// Takes the number of the passport, and birth date and last day of validity as `YYMMDD` of
    /// the Western year, as the lower line of the printed zone has them. Small letters do not
    /// matter; check digits are computed.
    ///
    /// # Errors
    /// When one of them has another form; nothing is sent to the chip then.
    pub fn parse(number: &str, birth: &str, expires: &str) -> Result<Self, PassportKeyError> {
        let number = number.as_bytes();
        let is_number =
            (1..=NUMBER).contains(&number.len()) && number.iter().all(u8::is_ascii_alphanumeric);
        let dates = [birth.as_bytes(), expires.as_bytes()];
        if !is_number || !dates.iter().all(|date| is_day(date)) {
            return Err(PassportKeyError);
        }
        let mut filled = Zeroizing::new(number.to_ascii_uppercase());
        filled.resize(NUMBER, b'<');
        let mut whole = Zeroizing::new(Vec::with_capacity(24));
        for part in [filled.as_slice()].into_iter().chain(dates) {
            whole.extend_from_slice(part);
            whole.push(check_digit(part));
        }
        Ok(Self(whole))
    }

    fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PassportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PassportKey(hidden)")
    }
}

/// A powered passport.
pub struct Passport<'card> {
    card: &'card mut dyn Card,
    offers_pace: bool,
}

impl fmt::Debug for Passport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passport")
    }
}

impl<'card> Passport<'card> {
    /// Selects the application.
    ///
    /// # Errors
    /// [`ReadCardError::NeedsPace`] when the chip does not let anybody in without PACE,
    /// [`ReadCardError::NotThisCard`] when it is something else.
    pub fn select(card: &'card mut dyn Card) -> Result<Self, ReadCardError> {
        let offers_pace = offers_pace(card)?;
        match apdu::enter_application(card, PASSPORT) {
            Ok(()) => Ok(Self { card, offers_pace }),
            Err(ReadCardError::Refused {
                sw: StatusWord::NOT_UNLOCKED,
            }) => Err(ReadCardError::NeedsPace),
            Err(error) => Err(error),
        }
    }

    /// Opens the chip with what is printed and reads the machine-readable zone. `now`, in seconds
    /// since 1970, decides the century of the birth date.
    ///
    /// # Errors
    /// [`ReadCardError::WrongPassport`] locks nothing; [`ReadCardError::NeedsPace`] when the chip
    /// refuses this way in and offers the other; [`ReadCardError::NotProven`] when it does not know
    /// the common key.
    pub fn read(
        &mut self,
        key: &PassportKey,
        random: &SessionRandom,
        now: i64,
    ) -> Result<PassportZone, ReadCardError> {
        let nonce = apdu::challenge(self.card).map_err(|error| self.without_this_way(error))?;
        let mut channel = match Channel::open(self.card, key, random, nonce) {
            Ok(channel) => channel,
            // Another key than the chip's: it cannot read our code.
            Err(ReadCardError::Refused {
                sw: StatusWord(0x6300 | 0x6982 | 0x6988),
            }) => return Err(ReadCardError::WrongPassport),
            Err(error) => return Err(self.without_this_way(error)),
        };
        let file = channel.read_file(self.card, ZONE_FILE)?;
        zone(&file, now)
    }

    /// A refusal of a chip that offers PACE means that it wants that.
    fn without_this_way(&self, error: ReadCardError) -> ReadCardError {
        let is_refused = matches!(error, ReadCardError::Refused { .. } | ReadCardError::Locked);
        if is_refused && self.offers_pace {
            ReadCardError::NeedsPace
        } else {
            error
        }
    }
}

/// Whether the main file has EF.CardAccess, which only chips with PACE have.
fn offers_pace(card: &mut dyn Card) -> Result<bool, CardError> {
    // A chip that has no main file to select is in it, or has nothing to find there.
    card.transmit(&[0x00, 0xa4, 0x00, 0x0c, 0x02, 0x3f, 0x00])?;
    let selected = card.transmit(&[0x00, 0xa4, 0x02, 0x0c, 0x02, 0x01, 0x1c])?;
    Ok(selected.sw.is_ok())
}

fn zone(file: &[u8], now: i64) -> Result<PassportZone, ReadCardError> {
    let content = tlv::only(TagStyle::OneByte, 0x61, file)?;
    // Of the styles of tags, the licence's is the one with two bytes after 5F.
    let text = tlv::only(TagStyle::Licence, 0x5f1f, content)?;
    let text = std::str::from_utf8(text).map_err(|_| ReadCardError::Malformed)?;
    let now = Timestamp::from_second(now).map_err(|_| ReadCardError::Malformed)?;
    let today = now.to_zoned(TimeZone::UTC).date();
    let zone = PassportZone::parse(text, today).map_err(|_| ReadCardError::Malformed)?;
    if zone.misread.is_empty() {
        Ok(zone)
    } else {
        Err(ReadCardError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINES: &str =
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    /// 2026-07-01.
    const NOW: i64 = 1_782_864_000;

    fn file(text: &str) -> Vec<u8> {
        let mut file = vec![0x61, 0x5b, 0x5f, 0x1f, 0x58];
        file.extend(text.bytes());
        file
    }

    #[test]
    fn the_key_is_what_is_printed_with_its_check_digits() {
        // ICAO 9303 part 11, appendix D.2.
        let key = PassportKey::parse("L898902C", "690806", "940623").unwrap();
        assert_eq!(key.bytes(), b"L898902C<369080619406236");
        let small = PassportKey::parse("l898902c", "690806", "940623").unwrap();
        assert_eq!(small.bytes(), key.bytes());
        assert_eq!(format!("{key:?}"), "PassportKey(hidden)");
    }

    #[test]
    fn what_is_no_number_or_date_never_reaches_the_chip() {
        for (number, birth, expires) in [
            ("", "690806", "940623"),
            ("TK12345678", "690806", "940623"),
            ("ＴＫ1234567", "690806", "940623"),
            ("TK1234567", "19690806", "940623"),
            ("TK1234567", "690806", "941323"),
            ("TK1234567", "69080A", "940623"),
        ] {
            assert!(
                PassportKey::parse(number, birth, expires).is_err(),
                "{number}"
            );
        }
    }

    #[test]
    fn the_zone_of_the_chip_is_the_specimen() {
        let zone = zone(&file(LINES), NOW).unwrap();
        assert_eq!(zone.roman_name(), "ERIKSSON ANNA MARIA");
        assert_eq!(zone.birth.to_string(), "1974-08-12");
        let spoiled = file(&LINES.replace("740812", "740813"));
        assert_eq!(super::zone(&spoiled, NOW), Err(ReadCardError::Malformed));
    }

    proptest! {
        #[test]
        fn random_files_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), now in any::<i64>()) {
            prop_assert!(zone(&bytes, now).is_err());
            prop_assert!(zone(&file(&String::from_utf8_lossy(&bytes)), now).is_err());
        }
    }
}
