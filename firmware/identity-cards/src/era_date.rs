//! Dates as a licence writes them: one digit for the era, then `YYMMDD`.

use jiff::civil::Date;

/// Years before the first year of an era, 明治 to 令和.
const BEFORE_FIRST_YEAR: [i16; 5] = [1867, 1911, 1925, 1988, 2018];

/// Reads seven ASCII digits, `3600714` for 昭和60年7月14日. `None` for seven zeros (no date), and for
/// anything that is no day.
pub(crate) fn era_date(digits: &[u8]) -> Option<Date> {
    let [era, rest @ ..] = digits else {
        return None;
    };
    let before = *BEFORE_FIRST_YEAR.get(usize::from(digit(*era)?.checked_sub(1)?))?;
    let [y1, y2, m1, m2, d1, d2] = rest else {
        return None;
    };
    let pair = |tens: u8, units: u8| Some(digit(tens)? * 10 + digit(units)?);
    let year = before + i16::from(pair(*y1, *y2)?);
    let month = i8::try_from(pair(*m1, *m2)?).ok()?;
    let day = i8::try_from(pair(*d1, *d2)?).ok()?;
    Date::new(year, month, day).ok()
}

/// Reads four bytes of binary-coded decimal, `20 24 05 20`.
pub(crate) fn decimal_date(bytes: &[u8]) -> Option<Date> {
    let [a, b, month, day] = bytes else {
        return None;
    };
    let pair = |byte: u8| {
        let (tens, units) = (byte >> 4, byte & 0x0f);
        (tens < 10 && units < 10).then_some(tens * 10 + units)
    };
    let year = i16::from(pair(*a)?) * 100 + i16::from(pair(*b)?);
    Date::new(
        year,
        i8::try_from(pair(*month)?).ok()?,
        i8::try_from(pair(*day)?).ok()?,
    )
    .ok()
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_era_has_its_own_years() {
        for (digits, day) in [
            ("1450729", Some("1912-07-29")),
            ("2010730", Some("1912-07-30")),
            ("3600714", Some("1985-07-14")),
            ("3640107", Some("1989-01-07")),
            ("4041103", Some("1992-11-03")),
            ("5010501", Some("2019-05-01")),
            ("0000000", None),
            ("6010101", None),
            ("4041301", None),
            ("404110", None),
        ] {
            let read = era_date(digits.as_bytes()).map(|day| day.to_string());
            assert_eq!(read.as_deref(), day, "{digits}");
        }
    }

    #[test]
    fn decimal_bytes_are_a_western_day() {
        let read = |bytes| decimal_date(bytes).map(|day| day.to_string());
        assert_eq!(
            read(&[0x20, 0x24, 0x05, 0x20]).as_deref(),
            Some("2024-05-20")
        );
        assert_eq!(read(&[0x20, 0x24, 0x1a, 0x20]), None);
        assert_eq!(read(&[0x20, 0x24, 0x13, 0x20]), None);
    }

    proptest! {
        #[test]
        fn random_digits_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..9)) {
            if let Some(day) = era_date(&bytes) {
                prop_assert!(day.year() >= 1868 - 1 && day.year() <= 2018 + 99);
            }
            if let Some(day) = decimal_date(&bytes) {
                prop_assert_eq!(bytes.len(), 4);
                prop_assert!(day.year() <= 9999);
            }
        }
    }
}
