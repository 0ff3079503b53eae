//! What cards print without a label: `昭和60年7月14日生`, `2030年07月14日まで有効`, `第 305001234560 号`.

use crate::field::{DocumentKind, FieldName};
use crate::fields::found::Found;
use crate::fields::text::{around, plain};
use crate::fields::unit::{Unit, token_characters};
use crate::fields::value;
use crate::page::Character;

/// Fields that no label gave, by their own shape.
pub(super) fn by_pattern<'p>(
    kind: DocumentKind,
    units: &[Unit<'p>],
    outside: &Unit<'p>,
    known: &[Found<'p>],
) -> Vec<Found<'p>> {
    let rows: Vec<Vec<&'p Character>> = units
        .iter()
        .chain([outside])
        .flat_map(|unit| &unit.rows)
        .map(|row| row.iter().flat_map(token_characters).collect())
        .collect();
    let lacks = |field: FieldName| {
        !known
            .iter()
            .any(|one| one.field == field && value::fits(field, &one.rows) > 0.5)
    };
    let mut found = Vec::new();
    for field in [
        FieldName::BirthDate,
        FieldName::ValidUntil,
        FieldName::CardNumber,
        FieldName::Sex,
    ] {
        if lacks(field) {
            found.extend(rows.iter().find_map(|row| shaped(kind, field, row)));
        }
    }
    found
}

fn shaped<'p>(kind: DocumentKind, field: FieldName, row: &[&'p Character]) -> Option<Found<'p>> {
    let text: String = row.iter().map(|one| plain(one.value)).collect();
    let characters = match field {
        FieldName::BirthDate => before_word(row, &text, "生"),
        FieldName::ValidUntil => {
            before_word(row, &text, "まで有効").or_else(|| before_word(row, &text, "有効"))
        }
        FieldName::CardNumber => number(kind, row),
        FieldName::Sex => beside_sex(row, &text),
        FieldName::Name
        | FieldName::NameKana
        | FieldName::Relationship
        | FieldName::HouseholdHead
        | FieldName::OldAddress
        | FieldName::NewAddress
        | FieldName::MoveOutDate
        | FieldName::RegisteredDomicile
        | FieldName::RegisterHead
        | FieldName::ResidentRecordCode
        | FieldName::IndividualNumber
        | FieldName::HealthInsurance
        | FieldName::LateElderly
        | FieldName::LongTermCare
        | FieldName::Pension
        | FieldName::ChildAllowance
        | FieldName::Address
        | FieldName::Nationality
        | FieldName::ResidenceStatus
        | FieldName::PeriodOfStay
        | FieldName::StayUntil
        | FieldName::IssueDate => None,
    }?;
    let slot = around(characters.iter().map(|one| one.bounds))?;
    let rows = vec![characters];
    (value::fits(field, &rows) > 0.5).then_some(Found {
        field,
        distance: 0.5,
        slot,
        label: slot,
        rows,
    })
}

/// What stands before a word that ends a date.
fn before_word<'p>(row: &[&'p Character], text: &str, word: &str) -> Option<Vec<&'p Character>> {
    let (before, _) = text.split_once(word)?;
    let length = before.chars().count();
    (length >= 6).then(|| row.iter().take(length).copied().collect())
}

/// Twelve digits, or two letters, eight digits and two letters, anywhere in a row.
fn number<'p>(kind: DocumentKind, row: &[&'p Character]) -> Option<Vec<&'p Character>> {
    let wanted = match kind {
        DocumentKind::ResidenceCard => "AADDDDDDDDAA",
        DocumentKind::Licence => "DDDDDDDDDDDD",
        DocumentKind::MoveOutCertificate | DocumentKind::MyNumberCard | DocumentKind::Passport => {
            return None;
        }
    };
    row.windows(wanted.len())
        .find(|window| {
            window.iter().zip(wanted.chars()).all(|(one, shape)| {
                let c = plain(one.value);
                match shape {
                    'A' => c.is_ascii_uppercase() || c.is_ascii_digit() && "0158".contains(c),
                    _ => c.is_ascii_digit() || "OISBl".contains(c),
                }
            })
        })
        .map(<[&Character]>::to_vec)
}

/// `性別 男` with a label that was misread: the character after 別.
fn beside_sex<'p>(row: &[&'p Character], text: &str) -> Option<Vec<&'p Character>> {
    let (before, _) = text.split_once('別')?;
    let place = before.chars().count() + 1;
    row.get(place).map(|one| vec![*one])
}
