//! The machine-readable zone of a passport: two lines of 44 characters, found by their shape and read
//! by `identity-cards`.
//!
//! Letters and digits that a scan makes alike are told apart by their place, which the standard
//! fixes (ICAO 9303 part 4); the check digits then say whether that was right.

use identity_cards::{MrzPart, PassportZone, Sex};
use jiff::civil::Date;

use crate::field::{Check, FieldName};
use crate::fields::household::{Candidate, Others};
use crate::fields::text::{count, plain};
use crate::fields::value::Judged;
use crate::page::{Line, Page, Rect};

const LENGTH: usize = 44;

/// The fields of the zone; none where no zone is.
pub(super) fn fields(pages: &[Page], today: Option<Date>) -> Vec<Candidate> {
    let today = today.unwrap_or(Date::MAX);
    pages
        .iter()
        .enumerate()
        .find_map(|(number, page)| on_page(page, number, today))
        .unwrap_or_default()
}

fn on_page(page: &Page, number: usize, today: Date) -> Option<Vec<Candidate>> {
    let rows: Vec<(String, &Line)> = page
        .lines
        .iter()
        .map(|line| (cleaned(line), line))
        .filter(|(text, _)| text.len().abs_diff(LENGTH) <= 2)
        .collect();
    rows.windows(2).find_map(|pair| {
        let [(upper, first), (lower, second)] = pair else {
            return None;
        };
        if !upper.starts_with('P') || !upper.contains("<<") {
            return None;
        }
        let upper = letters_only(&fitted(upper, first));
        let lower = by_place(&fitted(lower, second));
        let zone = PassportZone::parse(&format!("{upper}\n{lower}"), today).ok()?;
        Some(candidates(&zone, first, second, number))
    })
}

/// Capital letters, digits and fillers; a filler is read as many things.
fn cleaned(line: &Line) -> String {
    line.characters
        .iter()
        .filter_map(|one| match plain(one.value).to_ascii_uppercase() {
            c @ ('A'..='Z' | '0'..='9' | '<') => Some(c),
            '«' | '≪' | '〈' | '《' | 'く' | 'ㄑ' | '‹' | '(' | '[' => Some('<'),
            _ => None,
        })
        .collect()
}

/// Fillers at the end are easily lost or doubled.
fn fitted(text: &str, _line: &Line) -> String {
    let mut text: String = text.chars().take(LENGTH).collect();
    while text.len() < LENGTH {
        text.push('<');
    }
    text
}

fn to_letter(c: char) -> char {
    match c {
        '0' => 'O',
        '1' => 'I',
        '2' => 'Z',
        '5' => 'S',
        '6' => 'G',
        '8' => 'B',
        other => other,
    }
}

fn to_digit(c: char) -> char {
    match c {
        'O' | 'Q' | 'D' => '0',
        'I' | 'L' => '1',
        'Z' => '2',
        'S' => '5',
        'G' => '6',
        'B' => '8',
        other => other,
    }
}

fn letters_only(text: &str) -> String {
    text.chars().map(to_letter).collect()
}

/// Second line: digits where the standard has only digits, letters where it has only letters. Number
/// and personal number may hold both.
fn by_place(text: &str) -> String {
    text.chars()
        .enumerate()
        .map(|(place, c)| match place {
            9 | 13..=19 | 21..=27 | 43 => to_digit(c),
            10..=12 | 20 => to_letter(c),
            _ => c,
        })
        .collect()
}

fn candidates(zone: &PassportZone, first: &Line, second: &Line, page: usize) -> Vec<Candidate> {
    let around = first.bounds.around(&second.bounds);
    let probability = first.least_probability().min(second.least_probability());
    let digit = |told: bool| told.then_some(Check::CheckDigit).into_iter().collect();
    let make = |field: FieldName, value: String, bounds: Rect, part: Option<MrzPart>| {
        let misread = part.is_some_and(|part| zone.misread.contains(&part));
        let checked = part.is_some() && !misread;
        Candidate {
            member: 0,
            is_surely_theirs: true,
            field,
            judged: Judged {
                as_read: value.clone(),
                fit: 1.0,
                checks: digit(checked),
                failed: digit(misread),
                value,
                ..Judged::default()
            },
            certainty: (probability, probability),
            length: count(LENGTH),
            label_distance: 0.0,
            bounds,
            page,
            others: Others {
                agree: checked && zone.misread.is_empty(),
                ..Others::default()
            },
        }
    };
    let sex = match zone.sex {
        Sex::Male => Some("男"),
        Sex::Female => Some("女"),
        Sex::Unknown | Sex::NotApplicable => None,
    };
    let name = format!("{} {}", zone.family_name, zone.given_names);
    let mut all = vec![
        make(FieldName::Name, name.trim().to_owned(), first.bounds, None),
        make(
            FieldName::BirthDate,
            zone.birth.to_string(),
            second.bounds,
            Some(MrzPart::Birth),
        ),
        make(
            FieldName::CardNumber,
            zone.number.clone(),
            second.bounds,
            Some(MrzPart::Number),
        ),
        make(
            FieldName::Nationality,
            zone.nationality.clone(),
            second.bounds,
            None,
        ),
        make(
            FieldName::ValidUntil,
            zone.expires.to_string(),
            second.bounds,
            Some(MrzPart::Expiry),
        ),
    ];
    all.extend(sex.map(|sex| make(FieldName::Sex, sex.to_owned(), around, None)));
    all
}
