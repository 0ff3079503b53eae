//! The machine-readable zone of a passport (ICAO 9303 part 4, TD3: two lines of 44 characters).
//!
//! Romaji only, no address: it confirms name, birth date, sex and nationality. Residence cards and
//! My Number cards have none. Check digits are judged one by one, so that a person is told which
//! part was misread.

use std::fmt;

use jiff::civil::Date;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Sex;

const LINE: usize = 44;

/// A part that has its own check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Zeroize)]
pub enum MrzPart {
    /// Number of the passport.
    Number,
    /// Birth date.
    Birth,
    /// Last day of validity.
    Expiry,
    /// Personal number; empty in Japanese passports.
    PersonalNumber,
    /// Everything together.
    Whole,
}

/// Why it is no machine-readable zone at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MrzError {
    /// Not two lines of 44 characters.
    #[error("expected two lines of 44 characters")]
    Length,
    /// A character other than `A` to `Z`, `0` to `9` and `<`.
    #[error("character {position} is none of a machine-readable zone")]
    Alphabet {
        /// Counted from 0 over both lines.
        position: usize,
    },
    /// Not a passport.
    #[error("not a passport")]
    NotPassport,
    /// A date that is no day.
    #[error("date is no day")]
    Date,
}

/// A passport's machine-readable zone. Wiped when dropped, hidden in Debug.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PassportZone {
    /// State that issued it, three letters.
    pub issuer: String,
    /// Family name.
    pub family_name: String,
    /// Given names, one space between.
    pub given_names: String,
    /// Number of the passport.
    pub number: String,
    /// Nationality, three letters.
    pub nationality: String,
    /// Birth date.
    #[zeroize(skip)]
    pub birth: Date,
    /// Sex.
    pub sex: Sex,
    /// Last day of validity.
    #[zeroize(skip)]
    pub expires: Date,
    /// Parts whose check digit does not fit; empty when everything was read right.
    pub misread: Vec<MrzPart>,
}

impl fmt::Debug for PassportZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PassportZone(hidden, {} misread)", self.misread.len())
    }
}

impl PassportZone {
    /// Family name, then given names, in Latin letters.
    pub fn roman_name(&self) -> String {
        format!("{} {}", self.family_name, self.given_names)
            .trim()
            .to_owned()
    }

    /// Reads both lines. `today` decides the century of the birth date: nobody is born tomorrow.
    ///
    /// # Errors
    /// As [`MrzError`] says. A check digit that does not fit is no error but in
    /// [`PassportZone::misread`].
    pub fn parse(text: &str, today: Date) -> Result<Self, MrzError> {
        let all: Vec<u8> = text
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        let all: [u8; 2 * LINE] = all.try_into().map_err(|_| MrzError::Length)?;
        if let Some(position) = all.iter().position(|byte| value(*byte).is_none()) {
            return Err(MrzError::Alphabet { position });
        }
        let (first, second) = all.split_at(LINE);
        let cut = |line: &[u8], from: usize, to: usize| line.get(from..to).map(<[u8]>::to_vec);
        let part = |from, to| cut(second, from, to).unwrap_or_default();
        if first.first() != Some(&b'P') {
            return Err(MrzError::NotPassport);
        }
        let (family_name, given_names) = names(&cut(first, 5, LINE).unwrap_or_default());
        Ok(Self {
            issuer: plain(&cut(first, 2, 5).unwrap_or_default()),
            family_name,
            given_names,
            number: plain(&part(0, 9)),
            nationality: plain(&part(10, 13)),
            birth: birth_date(&part(13, 19), today)?,
            sex: match part(20, 21).as_slice() {
                b"M" => Sex::Male,
                b"F" => Sex::Female,
                _ => Sex::NotApplicable,
            },
            expires: day(2000, &part(21, 27))?,
            misread: misread(second),
        })
    }
}

/// Parts of the second line whose check digit does not fit.
fn misread(second: &[u8]) -> Vec<MrzPart> {
    let cut = |from: usize, to: usize| second.get(from..to).unwrap_or_default();
    let digit = |at: usize| second.get(at).copied().unwrap_or(b'<');
    let whole = [cut(0, 10), cut(13, 20), cut(21, 43)].concat();
    let personal = cut(28, 42);
    // An empty personal number may have `<` for its check digit.
    let is_unused = personal.iter().all(|byte| *byte == b'<') && digit(42) == b'<';
    [
        (MrzPart::Number, cut(0, 9), digit(9), false),
        (MrzPart::Birth, cut(13, 19), digit(19), false),
        (MrzPart::Expiry, cut(21, 27), digit(27), false),
        (MrzPart::PersonalNumber, personal, digit(42), is_unused),
        (MrzPart::Whole, &whole, digit(43), false),
    ]
    .into_iter()
    .filter(|(_, bytes, digit, skip)| !skip && check_digit(bytes) != *digit)
    .map(|(part, ..)| part)
    .collect()
}

/// Weights 7, 3, 1 over the values of the characters, modulo ten.
pub(crate) fn check_digit(bytes: &[u8]) -> u8 {
    let sum: u32 = bytes
        .iter()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(byte, weight)| u32::from(value(*byte).unwrap_or(0)) * weight)
        .sum();
    b'0' + u8::try_from(sum % 10).unwrap_or(0)
}

fn value(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'Z' => Some(byte - b'A' + 10),
        b'<' => Some(0),
        _ => None,
    }
}

fn plain(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    text.trim_end_matches('<').replace('<', " ")
}

/// Two fillers part the family name from the given names.
fn names(bytes: &[u8]) -> (String, String) {
    let split = bytes.windows(2).position(|pair| pair == b"<<");
    let (family, given) = bytes.split_at(split.unwrap_or(bytes.len()));
    (plain(family), plain(given).trim().to_owned())
}

fn birth_date(bytes: &[u8], today: Date) -> Result<Date, MrzError> {
    match day(2000, bytes) {
        Ok(date) if date <= today => Ok(date),
        Ok(_) | Err(_) => day(1900, bytes),
    }
}

/// Whether six digits are a day of some year.
pub(crate) fn is_day(bytes: &[u8]) -> bool {
    day(2000, bytes).is_ok()
}

fn day(century: i16, bytes: &[u8]) -> Result<Date, MrzError> {
    let [y1, y2, m1, m2, d1, d2] = bytes else {
        return Err(MrzError::Date);
    };
    let pair = |tens: u8, units: u8| -> Result<i8, MrzError> {
        if !tens.is_ascii_digit() || !units.is_ascii_digit() {
            return Err(MrzError::Date);
        }
        i8::try_from((tens - b'0') * 10 + (units - b'0')).map_err(|_| MrzError::Date)
    };
    Date::new(
        century + i16::from(pair(*y1, *y2)?),
        pair(*m1, *m2)?,
        pair(*d1, *d2)?,
    )
    .map_err(|_| MrzError::Date)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const LINES: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";

    #[track_caller]
    fn check(text: &str) -> Result<PassportZone, MrzError> {
        PassportZone::parse(text, date(2026, 7, 1))
    }

    #[test]
    fn the_specimen_of_the_specification_is_read() {
        let zone = check(LINES).unwrap();
        assert_eq!(zone.family_name, "ERIKSSON");
        assert_eq!(zone.given_names, "ANNA MARIA");
        assert_eq!(
            (zone.number.as_str(), zone.nationality.as_str()),
            ("L898902C3", "UTO")
        );
        assert_eq!(
            (zone.birth, zone.expires),
            (date(1974, 8, 12), date(2012, 4, 15))
        );
        assert_eq!((zone.sex, zone.misread.as_slice()), (Sex::Female, &[][..]));
        assert_eq!(format!("{zone:?}"), "PassportZone(hidden, 0 misread)");
    }

    #[test]
    fn a_misread_part_is_named() {
        let zone = check(&LINES.replace("740812", "740813")).unwrap();
        assert_eq!(zone.misread, [MrzPart::Birth, MrzPart::Whole]);
        let zone = check(&LINES.replace("L898902C3", "L898902O3")).unwrap();
        assert_eq!(zone.misread, [MrzPart::Number, MrzPart::Whole]);
    }

    #[test]
    fn something_else_is_refused() {
        assert_eq!(check("P<JPN"), Err(MrzError::Length));
        assert_eq!(
            check(&LINES.replacen('P', "I", 1)),
            Err(MrzError::NotPassport)
        );
        assert_eq!(
            check(&LINES.replacen("UTO", "UtO", 1)),
            Err(MrzError::Alphabet { position: 3 })
        );
        assert_eq!(
            check(&LINES.replace("740812", "741312")),
            Err(MrzError::Date)
        );
    }

    proptest! {
        #[test]
        fn random_zones_never_panic(text in "[A-Z0-9<]{88}") {
            let text = text.replacen(|_: char| true, "P", 1);
            if let Ok(zone) = check(&text) {
                prop_assert!(zone.birth <= date(2026, 7, 1));
            }
        }

        #[test]
        fn random_text_never_panics(text in "\\PC{0,120}") {
            prop_assert!(check(&text).is_err());
        }

        #[test]
        fn one_wrong_character_is_noticed(at in 44_usize..88, other in "[A-Z0-9<]") {
            let mut bytes = LINES.replace('\n', "").into_bytes();
            let other = *other.as_bytes().first().unwrap();
            let place = bytes.get_mut(at).unwrap();
            // Nationality (54 to 56) and sex (64) have no check digit; a letter may weigh the same.
            let differs = value(*place).unwrap() % 10 != value(other).unwrap() % 10;
            if differs && !(54..57).contains(&at) && at != 64 {
                *place = other;
                let text = String::from_utf8(bytes).unwrap();
                prop_assert!(check(&text).map_or(true, |zone| !zone.misread.is_empty()));
            }
        }
    }
}
