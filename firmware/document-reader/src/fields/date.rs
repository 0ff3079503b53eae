//! Days as certificates print them, to ISO 8601.
//!
//! A day that does not exist stays as it was read and says so; only marks between the numbers
//! (年, 月, 日) and the name of the era are read with tolerance.

use counter_domain::date::{DateError, FuzzyDate};

use crate::field::Check;
use crate::fields::text::{count, plain};
use crate::fields::value::{Judged, Rows, bare, joined};
use crate::page::Character;

/// A date found in a text.
struct Reading {
    date: Result<FuzzyDate, DateError>,
    /// Characters that had to be read as others.
    repaired: usize,
}

/// The date in the text.
pub(super) fn judge(rows: &Rows<'_>) -> Judged {
    let text = bare(rows);
    let as_read = joined(rows);
    let is_day = |reading: &Reading| reading.date.is_ok();
    let reading = read(&text)
        .filter(is_day)
        .or_else(|| held_possible(rows))
        .or_else(|| read(&text));
    let Some(reading) = reading else {
        let looks = text.chars().filter(|c| "年月日".contains(*c)).count();
        return Judged {
            value: as_read.clone(),
            as_read,
            fit: 0.15 * count(looks.min(3)),
            failed: vec![Check::Date],
            ..Judged::default()
        };
    };
    match reading.date {
        Ok(date) => Judged {
            value: date.to_string(),
            as_read,
            fit: if reading.repaired == 0 { 1.0 } else { 0.85 },
            checks: vec![Check::Date],
            corrected: count(reading.repaired),
            ..Judged::default()
        },
        Err(error) => Judged {
            alternatives: match error {
                DateError::OtherEra { right } => vec![right.to_string()],
                DateError::Empty
                | DateError::Form
                | DateError::NoSuchDay
                | DateError::BeforeSolarCalendar => Vec::new(),
            },
            value: as_read.clone(),
            as_read,
            fit: 0.6,
            failed: vec![Check::Date],
            corrected: count(reading.repaired),
            ..Judged::default()
        },
    }
}

fn read(text: &str) -> Option<Reading> {
    let whole = text.trim_matches(|c: char| "()（）.・、。:：生［］[]".contains(c));
    // A month without a day is half of a date, unless the paper says that the day is unknown.
    let is_half = whole.ends_with(['月', '年']) || is_cut(whole);
    let is_unknown = whole.contains(['不', '詳', '頃']);
    let is_whole = |date: &FuzzyDate| is_unknown || !date.to_string().contains("-00");
    if !is_half
        && let Ok(date) = whole.parse::<FuzzyDate>()
        && is_whole(&date)
    {
        return Some(Reading {
            date: Ok(date),
            repaired: 0,
        });
    }
    let characters: Vec<char> = without_brackets(whole);
    let exact = (0..characters.len()).find_map(|start| at(&characters, start, Strictness::Exact));
    exact.or_else(|| {
        (0..characters.len()).find_map(|start| at(&characters, start, Strictness::Tolerant))
    })
}

/// Whether the 日 is missing that 年 and 月 call for: the end of the day may be missing with it.
fn is_cut(text: &str) -> bool {
    text.contains('月') && text.ends_with(|c: char| c.is_ascii_digit())
}

/// The day that the reader held possible where what it took for likeliest is none: signs that dates
/// do not have give way to one that they have, and then one digit to the only other that makes a day.
fn held_possible(rows: &Rows<'_>) -> Option<Reading> {
    let mut changed = 0;
    let letters: Vec<(char, &Character)> = rows
        .iter()
        .flatten()
        .map(|one| {
            let own = plain(one.value);
            let mut others = one.alternatives.iter().map(|(other, _)| plain(*other));
            let other = others.find(|other| is_of_date(*other));
            match other {
                Some(other) if !is_of_date(own) => {
                    changed += 1;
                    (other, *one)
                }
                Some(_) | None => (own, *one),
            }
        })
        .filter(|(c, _)| !c.is_whitespace())
        .collect();
    let text: String = letters.iter().map(|(c, _)| *c).collect();
    let found = |text: &str, changed: usize| {
        read(text)
            .filter(|reading| reading.date.is_ok())
            .map(|one| Reading {
                repaired: one.repaired + changed,
                ..one
            })
    };
    if changed > 0
        && let Some(reading) = found(&text, changed)
    {
        return Some(reading);
    }
    let mut ways: Vec<Reading> = Vec::new();
    for (place, (own, character)) in letters.iter().enumerate() {
        let held = character
            .alternatives
            .iter()
            .map(|(other, _)| plain(*other));
        for other in held.filter(|other| other.is_ascii_digit() && own.is_ascii_digit()) {
            let with =
                |(at, (c, _)): (usize, &(char, &Character))| if at == place { other } else { *c };
            let way: String = letters.iter().enumerate().map(with).collect();
            ways.extend(found(&way, changed + 1));
        }
    }
    let only = ways.pop()?;
    ways.is_empty().then_some(only)
}

/// Signs that a date may have.
fn is_of_date(c: char) -> bool {
    c.is_ascii_digit() || "年月日元明治大正昭和平成令MTSHR./-".contains(c)
}

/// `昭和60年(1985年)7月14日` without what stands in brackets.
fn without_brackets(text: &str) -> Vec<char> {
    let mut depth = 0_usize;
    let kept: Vec<char> = text
        .chars()
        .filter(|c| {
            match c {
                '(' | '（' | '[' | '〔' => depth += 1,
                ')' | '）' | ']' | '〕' => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect();
    if kept.len() < 5 {
        text.chars().collect()
    } else {
        kept
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strictness {
    Exact,
    Tolerant,
}

/// A date that begins at `start`.
fn at(text: &[char], start: usize, strictness: Strictness) -> Option<Reading> {
    let rest = text.get(start..)?;
    let (era, used, mut repaired) = era(rest, strictness)?;
    let mut place = used;
    let mut numbers: Vec<String> = Vec::new();
    for mark in ['年', '月', '日'] {
        let (number, width, changed) = number(rest.get(place..)?, strictness)?;
        repaired += changed;
        place += width;
        numbers.push(number);
        let is_last = mark == '日';
        if is_last && strictness == Strictness::Tolerant && rest.get(place).is_none() {
            repaired += broken_mark(&mut numbers);
        }
        match rest.get(place) {
            Some(c) if *c == mark => place += 1,
            None if is_last && text.contains(&'月') => repaired += 1,
            Some('.' | '/' | '-' | '・' | '、' | ',') if !is_last => place += 1,
            Some(_) | None if is_last => {}
            Some(c) if strictness == Strictness::Tolerant && !c.is_ascii_digit() => {
                repaired += 1;
                place += 1;
            }
            Some(_) | None => return None,
        }
    }
    let [year, month, day] = numbers.as_slice() else {
        return None;
    };
    let fits = match era {
        Some(_) => year.len() <= 2,
        None => year.len() == 4,
    };
    if !fits || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let date = format!("{}{year}年{month}月{day}日", era.unwrap_or("")).parse::<FuzzyDate>();
    Some(Reading { date, repaired })
}

/// 日 whose level strokes a fax lost is two upright ones: 20日 became 2011. Says what that repaired.
fn broken_mark(numbers: &mut [String]) -> usize {
    let Some(day) = numbers.last_mut() else {
        return 0;
    };
    let is_too_long = day.len() > 2;
    match day.strip_suffix("11") {
        Some(own) if is_too_long => {
            *day = own.to_owned();
            1
        }
        Some(_) | None => 0,
    }
}

const ERAS: [(&str, char); 5] = [
    ("明治", 'M'),
    ("大正", 'T'),
    ("昭和", 'S'),
    ("平成", 'H'),
    ("令和", 'R'),
];

/// The era at the front: its name, its letter, its sign, or nothing before a western year. With the
/// characters it takes and how many were misread.
fn era(text: &[char], strictness: Strictness) -> Option<(Option<&'static str>, usize, usize)> {
    let first = *text.first()?;
    let second = text.get(1).copied().unwrap_or(' ');
    let third = text.get(2).copied().unwrap_or(' ');
    if let Some((name, _)) = ERAS
        .iter()
        .find(|(name, _)| name.chars().eq([first, second]))
    {
        return Some((Some(name), 2, 0));
    }
    let signs = ["㍾", "㍽", "㍼", "㍻", "㋿"];
    for ((name, letter), sign) in ERAS.iter().zip(signs) {
        if sign.starts_with(first) {
            return Some((Some(name), 1, 0));
        }
        let numbered = digit(second, strictness).is_some() || second == '元';
        if first.to_ascii_uppercase() == *letter && numbered {
            return Some((Some(name), 1, 0));
        }
        let dotted = matches!(second, '.' | '-') && third.is_ascii_digit();
        if first.to_ascii_uppercase() == *letter && dotted {
            return Some((Some(name), 2, 0));
        }
    }
    if text.iter().take(4).filter(|c| c.is_ascii_digit()).count() == 4 && matches!(first, '1' | '2')
    {
        return Some((None, 0, 0));
    }
    if strictness == Strictness::Exact
        || !(third == '元' || digit(third, Strictness::Tolerant).is_some())
    {
        return None;
    }
    misread_era(first, second).map(|name| (Some(name), 2, 1))
}

/// An era of which one character was read as something like it.
fn misread_era(first: char, second: char) -> Option<&'static str> {
    match (first, second) {
        ('昭' | '照' | '沼' | '招' | '紹' | '韶' | '眧', _) | ('略', '和') => Some("昭和"),
        (
            '令' | '今' | '合' | '分' | '冷' | '伶' | '命' | '金' | '会',
            '和' | '利' | '相' | '扣' | '知',
        ) => Some("令和"),
        ('平' | '乎' | '半' | '干' | '評', '成' | '戚' | '咸' | '城' | '威' | '戌' | '戊')
        | ('平', _)
        | (_, '成') => Some("平成"),
        ('大' | '太' | '犬', '正' | '止' | '王' | '五') | (_, '正') => Some("大正"),
        ('明', _) | (_, '治') => Some("明治"),
        _ => None,
    }
}

/// A number at the front: 元 is 1. With its width and the characters that were misread.
fn number(text: &[char], strictness: Strictness) -> Option<(String, usize, usize)> {
    if text.first() == Some(&'元') {
        return Some(("1".to_owned(), 1, 0));
    }
    let mut number = String::new();
    let mut changed = 0;
    for c in text {
        let Some(value) = digit(*c, strictness) else {
            break;
        };
        changed += usize::from(value != *c);
        number.push(value);
    }
    let width = number.chars().count();
    (width > 0).then_some((number, width, changed))
}

fn digit(c: char, strictness: Strictness) -> Option<char> {
    if c.is_ascii_digit() {
        return Some(c);
    }
    match (strictness, c) {
        (Strictness::Tolerant, 'O' | 'o' | '〇' | '○' | '◯' | 'Q' | 'D') => Some('0'),
        (Strictness::Tolerant, 'l' | 'I' | '|' | 'i' | '!' | '丨' | 'ｌ') => Some('1'),
        (Strictness::Tolerant, 'Z' | 'z') => Some('2'),
        (Strictness::Tolerant, 'B') => Some('8'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::field::FieldName;
    use crate::fields::tests::{value_held, value_of};

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(
            value_of(FieldName::BirthDate, text).value,
            expected,
            "{text}"
        );
    }

    #[test]
    fn every_way_of_writing_a_day() {
        for text in [
            "昭和60年7月14日",
            "昭和６０年　７月１４日",
            "S60.7.14",
            "S60.07.14",
            "昭和60.7.14",
            "1985年7月14日",
            "1985-07-14",
            "1985/07/14",
            "19850714",
            "昭和60年7月14日生",
            "昭和60年（1985年）7月14日",
            "S.60.7.14",
            "昭60.7.14",
        ] {
            check(text, "1985-07-14");
        }
        check("令和元年5月1日", "2019-05-01");
        check("令和元年5月日不詳", "2019-05-00@R");
        check("平成31年04月30日", "2019-04-30");
    }

    #[test]
    fn misread_marks_are_seen_through() {
        check("昭利60年7月14日", "1985-07-14");
        check("今和8午1O目2日", "2026-10-02");
        check("平戚l0年3月30目", "1998-03-30");
        check("HO4.O4.17", "1992-04-17");
        check("1978年9月2011", "1978-09-20");
        check("平成10年3月511", "1998-03-05");
        check("平成10年3月11", "1998-03-11");
    }

    #[test]
    fn a_sign_that_dates_do_not_have_gives_way() {
        for (text, read, other, expected) in [
            ("昭和60年？月14日", '？', '7', "1985-07-14"),
            ("平成10年13月30日", '3', '1', "1998-11-30"),
        ] {
            let found = value_held(FieldName::BirthDate, text, (read, other));
            assert_eq!(found.value, expected, "{text}");
        }
    }

    #[test]
    fn a_day_without_its_mark_may_be_cut() {
        let found = value_of(FieldName::BirthDate, "昭和54年10月1");
        assert_eq!(found.value, "1979-10-01");
        assert!(found.corrected > 0.0);
        assert!(value_of(FieldName::BirthDate, "昭和54年10月1日").corrected < 1.0);
    }

    #[test]
    fn impossible_days_stay_as_read() {
        check("昭和60年2月30日", "昭和60年2月30日");
        check("昭和60年2月", "昭和60年2月");
        check("S22.05.", "S22.05.");
        check("S22", "S22");
        let other = value_of(FieldName::BirthDate, "平成31年5月1日");
        assert_eq!(other.value, "平成31年5月1日");
        assert_eq!(other.alternatives, ["2019-05-01"]);
        check("架空太郎", "架空太郎");
        check("123456789018", "123456789018");
    }
}
