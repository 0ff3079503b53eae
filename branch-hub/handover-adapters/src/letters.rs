//! Letters and dates as other systems want them.

use counter_domain::date::FuzzyDate;
use counter_domain::era::Era;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

/// Which forms of letters a column has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Letters {
    /// As written.
    #[default]
    AsWritten,
    /// Full width: ASCII and half-width kana become wide.
    Full,
    /// Half-width kana; wide ASCII becomes narrow. For readings.
    HalfKana,
}

/// How a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DateForm {
    /// `2026-11-20`; what is unknown is 00.
    Iso,
    /// `20261120`; what is unknown is 00.
    Digits,
    /// `5081120`: era (1 Meiji to 5 Reiwa), year of the era, month, day.
    EraDigits,
    /// `令和8年11月20日`.
    Era,
}

impl Letters {
    /// The text in these letters. Variation selectors and kanji stay as they are.
    pub(crate) fn of(self, text: &str) -> String {
        match self {
            Self::AsWritten => text.to_owned(),
            Self::Full => wide(text),
            Self::HalfKana => text.nfd().map(narrow).collect::<String>(),
        }
    }
}

const WIDE_KANA: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";
const FIRST_NARROW: u32 = 0xFF61;

fn wide(text: &str) -> String {
    let narrow_kana = |c: char| ('\u{FF61}'..='\u{FF9F}').contains(&c);
    let mut out = String::new();
    let mut kana = String::new();
    for c in text.chars() {
        if narrow_kana(c) {
            kana.push(c);
            continue;
        }
        out.extend(kana.nfkc());
        kana.clear();
        out.push(match c {
            ' ' => '\u{3000}',
            '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
            other => other,
        });
    }
    out.extend(kana.nfkc());
    out
}

fn narrow(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{3099}' => 'ﾞ',
        '\u{309A}' => 'ﾟ',
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        kana => WIDE_KANA
            .chars()
            .zip(FIRST_NARROW..)
            .find(|(wide, _)| *wide == kana)
            .and_then(|(_, code)| char::from_u32(code))
            .unwrap_or(kana),
    }
}

impl DateForm {
    /// The date in this form; `None` when the text is no date, or not known as far as the form needs.
    pub(crate) fn of(self, text: &str) -> Option<String> {
        let date: FuzzyDate = text.parse().ok()?;
        match self {
            Self::Iso => Some(date.to_string()),
            Self::Digits => {
                let stored = date.to_string();
                let digits: String = stored.chars().filter(char::is_ascii_digit).collect();
                (digits.len() == 8 && stored.len() == 10).then_some(digits)
            }
            Self::EraDigits => {
                let day = date.exact()?;
                let era = Era::of(day);
                let number = Era::ALL.iter().position(|one| *one == era)? + 1;
                let year = day.year() - era.first_year() + 1;
                let (month, of_month) = (day.month(), day.day());
                (1..=99)
                    .contains(&year)
                    .then(|| format!("{number}{year:02}{month:02}{of_month:02}"))
            }
            Self::Era => Some(date.wareki()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_change_their_width_and_kanji_stay() {
        assert_eq!(Letters::Full.of("六会市1-2 ｶﾞﾙﾀﾞ"), "六会市１－２　ガルダ");
        assert_eq!(Letters::HalfKana.of("カクウ　パンダ１"), "ｶｸｳ ﾊﾟﾝﾀﾞ1");
        let selected = "葛\u{E0102}城";
        assert_eq!(Letters::Full.of(selected), selected);
        assert_eq!(Letters::HalfKana.of(selected), selected);
        assert_eq!(Letters::AsWritten.of("A ｱ"), "A ｱ");
    }

    #[test]
    fn dates_are_written_as_the_other_system_wants_them() {
        let all = |text: &str| {
            [
                DateForm::Iso,
                DateForm::Digits,
                DateForm::EraDigits,
                DateForm::Era,
            ]
            .map(|form| form.of(text).unwrap_or_else(|| "-".to_owned()))
            .join(" ")
        };
        assert_eq!(
            all("2026-11-20"),
            "2026-11-20 20261120 5081120 令和8年11月20日"
        );
        assert_eq!(
            all("1989-01-07"),
            "1989-01-07 19890107 3640107 昭和64年1月7日"
        );
        assert!(all("1970-03-00").starts_with("1970-03-00 19700300 - "));
        assert_eq!(DateForm::Digits.of("きのう"), None);
    }
}
