//! Numbers with a check digit, and numbers of cards.

use counter_domain::number::{MyNumber, ResidentCode};

use crate::field::Check;
use crate::fields::text::{count, plain};
use crate::fields::value::{Judged, Rows, bare, joined};
use crate::page::Character;

/// What is lower than this beside a digit is a mark: a colon reads as two digits, one above the other.
const LOW: f32 = 0.5;

/// A number of `length` digits: 12 for the individual number, 11 for the resident record code.
pub(super) fn judge(rows: &Rows<'_>, length: usize) -> Judged {
    let rows = &without_boxes(rows);
    let as_read = joined(rows);
    let characters: Vec<&Character> = rows
        .iter()
        .flatten()
        .copied()
        .filter(|one| is_of_number(one.value))
        .collect();
    let digits: String = characters
        .iter()
        .filter_map(|one| digit(plain(one.value)))
        .collect();
    let changed = characters
        .iter()
        .filter(|one| !plain(one.value).is_ascii_digit())
        .count();
    let all = rows.iter().map(Vec::len).sum::<usize>();
    let fit = fit(digits.len(), length, all.saturating_sub(digits.len()));
    let mut judged = Judged {
        value: digits.clone(),
        as_read,
        fit,
        corrected: count(changed),
        ..Judged::default()
    };
    if digits.len() == length && check_digit_fits(&digits) {
        judged.checks.push(Check::CheckDigit);
        return judged;
    }
    judged.failed.push(Check::CheckDigit);
    let mut ways = if digits.len() == length {
        one_other_digit(&characters, &digits)
    } else {
        one_digit_less(&digits, length)
    };
    ways.retain(|(way, _)| check_digit_fits(way));
    ways.sort_by(|one, other| other.1.total_cmp(&one.1));
    ways.dedup_by(|one, other| one.0 == other.0);
    judged.alternatives = ways.iter().map(|(way, _)| way.clone()).collect();
    if let [(only, weight)] = ways.as_slice()
        && *weight > 0.05
    {
        judged.alternatives = vec![digits];
        judged.value.clone_from(only);
        judged.corrected += 1.0;
        judged.failed.clear();
        judged.checks.push(Check::CheckDigit);
    }
    judged
}

/// Without the sides of boxes and the dots of a colon, which are no characters of the number.
fn without_boxes<'p>(rows: &Rows<'p>) -> Vec<Vec<&'p Character>> {
    let all = rows.iter().flatten();
    let tallest = all.map(|one| one.bounds.height).fold(0.0, f32::max);
    let is_print = |one: &&Character| {
        one.bounds.height > LOW * tallest && !matches!(one.value, '|' | '｜' | '│' | '┃')
    };
    rows.iter()
        .map(|row| row.iter().copied().filter(is_print).collect())
        .collect()
}

/// How near a text is to a number of that length; anything but digits speaks against it.
fn fit(digits: usize, length: usize, others: usize) -> f32 {
    let off = digits.abs_diff(length);
    let base: f32 = match off {
        0 => 1.0,
        1 => 0.6,
        2 => 0.3,
        _ => 0.0,
    };
    (base - 0.1 * count(others.saturating_sub(3))).max(0.0)
}

/// Strokes between boxes and blanks are no part of a number.
fn is_of_number(c: char) -> bool {
    let c = plain(c);
    digit(c).is_some() && c != '|'
}

/// A digit, or what a scan makes of one.
fn digit(c: char) -> Option<char> {
    match c {
        c if c.is_ascii_digit() => Some(c),
        'O' | 'o' | '〇' | '○' | 'Q' | 'D' => Some('0'),
        'l' | 'I' | 'i' | '丨' => Some('1'),
        'Z' | 'z' => Some('2'),
        'B' => Some('8'),
        'S' | 's' => Some('5'),
        'b' => Some('6'),
        'q' | 'g' => Some('9'),
        _ => None,
    }
}

fn check_digit_fits(digits: &str) -> bool {
    match digits.len() {
        12 => MyNumber::parse(digits).is_ok(),
        11 => ResidentCode::parse(digits).is_ok_and(|code| code.check_fits),
        _ => false,
    }
}

/// The number with one digit read as the reader also held possible.
fn one_other_digit(characters: &[&Character], digits: &str) -> Vec<(String, f32)> {
    let mut ways = Vec::new();
    for (place, character) in characters.iter().enumerate() {
        for (other, weight) in &character.alternatives {
            let Some(other) = digit(plain(*other)) else {
                continue;
            };
            let way: String = digits
                .chars()
                .enumerate()
                .map(|(at, own)| if at == place { other } else { own })
                .collect();
            ways.push((way, *weight));
        }
    }
    ways
}

/// The number without one digit too many: the edge of a box read as 1.
fn one_digit_less(digits: &str, length: usize) -> Vec<(String, f32)> {
    if digits.len() != length + 1 {
        return Vec::new();
    }
    (0..digits.len())
        .filter(|place| digits.as_bytes().get(*place) == Some(&b'1'))
        .map(|place| {
            let way = digits
                .chars()
                .enumerate()
                .filter(|(at, _)| *at != place)
                .map(|(_, c)| c)
                .collect();
            (way, 0.1)
        })
        .collect()
}

/// The number of a residence card (two letters, eight digits, two letters) or of a licence (12
/// digits).
pub(super) fn card_number(rows: &Rows<'_>) -> Judged {
    let as_read = joined(rows);
    let text: Vec<char> = bare(rows)
        .to_uppercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let letter = |c: &char| match c {
        '0' => 'O',
        '1' => 'I',
        '8' => 'B',
        '5' => 'S',
        '2' => 'Z',
        '6' => 'G',
        other => *other,
    };
    let number = |c: &char| digit(*c).unwrap_or(*c);
    let has_letter =
        |part: Option<&[char]>| part.is_some_and(|part| part.iter().any(char::is_ascii_alphabetic));
    let value: String =
        if text.len() == 12 && has_letter(text.get(..2)) && has_letter(text.get(10..)) {
            let (front, rest) = text.split_at(2);
            let (middle, back) = rest.split_at(8);
            front
                .iter()
                .map(letter)
                .chain(middle.iter().map(number))
                .chain(back.iter().map(letter))
                .collect()
        } else {
            text.iter()
                .map(number)
                .filter(char::is_ascii_digit)
                .collect()
        };
    let fits = value.len() == 12;
    let changed = value
        .chars()
        .zip(&text)
        .filter(|(one, other)| one != *other)
        .count();
    Judged {
        fit: if fits { 1.0 } else { 0.2 },
        checks: if fits {
            vec![Check::Vocabulary]
        } else {
            Vec::new()
        },
        failed: if fits {
            Vec::new()
        } else {
            vec![Check::Vocabulary]
        },
        corrected: count(changed),
        value,
        as_read,
        ..Judged::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FieldName;
    use crate::fields::tests::value_of;

    #[test]
    fn full_width_and_grouped_numbers() {
        for text in [
            "123456789018",
            "１２３４　５６７８　９０１８",
            "1|2|3|4|5|6|7|8|9|0|1|8",
            "l2345678901B",
        ] {
            let found = value_of(FieldName::IndividualNumber, text);
            assert_eq!(found.value, "123456789018", "{text}");
            assert_eq!(found.checks, [Check::CheckDigit], "{text}");
            assert!(!found.as_read.contains('|'), "{text}");
        }
    }

    #[test]
    fn a_wrong_check_digit_is_said() {
        let found = value_of(FieldName::IndividualNumber, "507957100722");
        assert_eq!(
            (found.value.as_str(), found.failed.as_slice()),
            ("507957100722", &[Check::CheckDigit][..])
        );
        let found = value_of(FieldName::ResidentRecordCode, "25208017644");
        assert_eq!(found.failed, [Check::CheckDigit]);
        let found = value_of(FieldName::ResidentRecordCode, "25208017643");
        assert_eq!(found.checks, [Check::CheckDigit]);
    }

    #[test]
    fn places_of_a_card_number_tell_letters_from_digits() {
        assert_eq!(
            value_of(FieldName::CardNumber, "AB1234S678CD").value,
            "AB12345678CD"
        );
        assert_eq!(
            value_of(FieldName::CardNumber, "A812345678C0").value,
            "AB12345678CO"
        );
        assert_eq!(
            value_of(FieldName::CardNumber, "第 305001234560 号").value,
            "305001234560"
        );
    }
}
