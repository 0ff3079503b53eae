//! What a piece of text is as the value of a field: normalised, with what speaks for and against.

use crate::field::{Check, FieldName};
use crate::fields::text::{ATOM_GAP, count, plain};
use crate::fields::{date, digits, name, words};
use crate::page::Character;

/// Text as a value of one field.
#[derive(Debug, Clone, Default)]
pub(super) struct Judged {
    pub(super) value: String,
    /// The text before anything was done to it.
    pub(super) as_read: String,
    /// 0 to 1: how much it looks like such a value at all.
    pub(super) fit: f32,
    pub(super) checks: Vec<Check>,
    pub(super) failed: Vec<Check>,
    /// Likeliest first, without `value`.
    pub(super) alternatives: Vec<String>,
    /// A name or its kana with one character as the reader also held possible, likeliest first.
    pub(super) held: Vec<String>,
    /// Characters that were changed to come from the text to the value.
    pub(super) corrected: f32,
    /// Characters that are often the misread form of another one (高 for 髙).
    pub(super) variants: f32,
}

impl Judged {
    /// Takes another value; the one before is offered beside it.
    pub(super) fn change_to(&mut self, value: String) {
        let before = std::mem::replace(&mut self.value, value);
        self.alternatives.insert(0, before);
        self.corrected += 1.0;
    }
}

/// Rows of characters.
pub(super) type Rows<'p> = [Vec<&'p Character>];

/// Fields whose value nearly any text could be.
pub(super) fn is_name(field: FieldName) -> bool {
    matches!(
        field,
        FieldName::Name | FieldName::NameKana | FieldName::HouseholdHead | FieldName::RegisterHead
    )
}

/// How much the text looks like a value of that field, 0 to 1, without any dictionary.
pub(super) fn fits(field: FieldName, rows: &Rows<'_>) -> f32 {
    if rows.iter().all(Vec::is_empty) {
        return 0.0;
    }
    match field {
        FieldName::OldAddress
        | FieldName::NewAddress
        | FieldName::RegisteredDomicile
        | FieldName::Address => address_fit(rows),
        FieldName::Nationality | FieldName::ResidenceStatus | FieldName::PeriodOfStay => 0.5,
        FieldName::Name
        | FieldName::NameKana
        | FieldName::BirthDate
        | FieldName::Sex
        | FieldName::Relationship
        | FieldName::HouseholdHead
        | FieldName::MoveOutDate
        | FieldName::RegisterHead
        | FieldName::ResidentRecordCode
        | FieldName::IndividualNumber
        | FieldName::HealthInsurance
        | FieldName::LateElderly
        | FieldName::LongTermCare
        | FieldName::Pension
        | FieldName::ChildAllowance
        | FieldName::CardNumber
        | FieldName::StayUntil
        | FieldName::ValidUntil
        | FieldName::IssueDate => judge(field, rows).fit,
    }
}

/// Normalises the text. Addresses are matched elsewhere; here they stay as read.
pub(super) fn judge(field: FieldName, rows: &Rows<'_>) -> Judged {
    match field {
        FieldName::BirthDate
        | FieldName::MoveOutDate
        | FieldName::StayUntil
        | FieldName::ValidUntil
        | FieldName::IssueDate => date::judge(rows),
        FieldName::Sex => words::sex(rows),
        FieldName::Relationship => words::relation(rows),
        FieldName::HealthInsurance
        | FieldName::LateElderly
        | FieldName::LongTermCare
        | FieldName::Pension
        | FieldName::ChildAllowance => words::standing(field, rows),
        FieldName::ResidentRecordCode => digits::judge(rows, 11),
        FieldName::IndividualNumber => digits::judge(rows, 12),
        FieldName::CardNumber => digits::card_number(rows),
        FieldName::Name | FieldName::HouseholdHead | FieldName::RegisterHead => name::name(rows),
        FieldName::NameKana => name::kana(rows),
        FieldName::OldAddress
        | FieldName::NewAddress
        | FieldName::RegisteredDomicile
        | FieldName::Address
        | FieldName::Nationality
        | FieldName::ResidenceStatus
        | FieldName::PeriodOfStay => {
            let value = joined(rows);
            Judged {
                as_read: value.clone(),
                fit: fits(field, rows),
                value,
                ..Judged::default()
            }
        }
    }
}

/// Signs that only addresses have, and a number.
fn address_fit(rows: &Rows<'_>) -> f32 {
    let text = bare(rows);
    let length = text.chars().count();
    let signs = text
        .chars()
        .filter(|c| "都道府県市区町村郡".contains(*c))
        .count();
    let numbers = text.chars().any(|c| c.is_ascii_digit()) || text.contains("番地");
    match (signs, numbers) {
        (2.., true) => 0.95,
        (1, true) => 0.8,
        (1.., false) if length >= 4 => 0.6,
        (0, true)
            if length >= 6 && text.chars().filter(char::is_ascii_digit).count() * 2 < length =>
        {
            0.4
        }
        _ => 0.1,
    }
}

/// The text with an ideographic space where a gap is. A row that fills its place goes on in the
/// next without one.
pub(super) fn joined(rows: &Rows<'_>) -> String {
    let mut text = String::new();
    let right = rows
        .iter()
        .filter_map(|row| row.last())
        .map(|one| one.bounds.right())
        .fold(f32::MIN, f32::max);
    let mut was_full = true;
    for row in rows.iter().filter(|row| !row.is_empty()) {
        if !text.is_empty() && !was_full {
            text.push('\u{3000}');
        }
        text.push_str(&row_text(row));
        was_full = row
            .last()
            .is_some_and(|one| right - one.bounds.right() < 1.2 * one.bounds.height);
    }
    text
}

/// One row with an ideographic space where a gap is.
pub(super) fn row_text(row: &[&Character]) -> String {
    let pitch = pitch(row);
    let mut text = String::new();
    let mut last: Option<&Character> = None;
    for one in row {
        if last.is_some_and(|last| is_gap(last, one, pitch)) {
            text.push('\u{3000}');
        }
        text.push(one.value);
        last = Some(one);
    }
    text
}

/// Whether a blank stands between two characters: white between them, and their middles farther
/// apart than those of other neighbours.
pub(super) fn is_gap(one: &Character, next: &Character, pitch: Option<f32>) -> bool {
    let white = next.bounds.x - one.bounds.right();
    let step = next.bounds.centre().0 - one.bounds.centre().0;
    white > ATOM_GAP * next.bounds.height && pitch.is_none_or(|pitch| step > 1.42 * pitch)
}

/// The usual distance between the middles of neighbours; nothing for fewer than four characters.
pub(super) fn pitch(row: &[&Character]) -> Option<f32> {
    let mut steps: Vec<f32> = row
        .windows(2)
        .filter_map(|pair| match pair {
            [one, next] => Some(next.bounds.centre().0 - one.bounds.centre().0),
            _ => None,
        })
        .collect();
    steps.sort_by(f32::total_cmp);
    if steps.len() < 3 {
        None
    } else {
        steps.get((steps.len() - 1) / 2).copied()
    }
}

/// Everything in one width, without blanks.
pub(super) fn bare(rows: &Rows<'_>) -> String {
    rows.iter()
        .flatten()
        .map(|one| plain(one.value))
        .filter(|c| !c.is_whitespace())
        .collect()
}

/// Probability of the least certain character, and of all on average.
pub(super) fn certainty(rows: &Rows<'_>) -> (f32, f32) {
    let all: Vec<f32> = rows.iter().flatten().map(|one| one.probability).collect();
    let least = all.iter().copied().fold(1.0, f32::min);
    let mean = all.iter().sum::<f32>() / count(all.len()).max(1.0);
    (least, mean)
}
