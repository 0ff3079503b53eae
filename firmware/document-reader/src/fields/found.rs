//! Values that were found beside their labels.

use crate::field::FieldName;
use crate::fields::text::{Atom, VALUE_GAP};
use crate::page::{Character, Rect};

/// The place of a value that belongs to a label.
#[derive(Debug, Clone)]
pub(super) struct Found<'p> {
    pub(super) field: FieldName,
    /// How well the label was read, 0 for perfectly.
    pub(super) distance: f32,
    /// The cell, or where the text stands.
    pub(super) slot: Rect,
    /// Which label of the page, so that values of one label are known as such.
    pub(super) label: Rect,
    /// Row by row; empty for an empty cell.
    pub(super) rows: Vec<Vec<&'p Character>>,
}

/// A field that stands once for each person.
pub(super) fn is_personal(field: FieldName) -> bool {
    match field {
        FieldName::HouseholdHead
        | FieldName::OldAddress
        | FieldName::NewAddress
        | FieldName::MoveOutDate => false,
        FieldName::Name
        | FieldName::NameKana
        | FieldName::BirthDate
        | FieldName::Sex
        | FieldName::Relationship
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
        | FieldName::CardNumber
        | FieldName::Nationality
        | FieldName::ResidenceStatus
        | FieldName::PeriodOfStay
        | FieldName::StayUntil
        | FieldName::ValidUntil
        | FieldName::IssueDate => true,
    }
}

/// Takes the colon of the label and other marks off the ends of values.
pub(super) fn tidy(found: &mut [Found<'_>]) {
    let is_mark = |one: &&Character| {
        matches!(
            one.value,
            ':' | '：'
                | '；'
                | ';'
                | '】'
                | '］'
                | '┃'
                | '│'
                | '|'
                | '｜'
                | '・'
                | '、'
                | '.'
                | '．'
        )
    };
    for one in found {
        if let Some(row) = one.rows.first_mut() {
            let marks = row.iter().take_while(|one| is_mark(one)).count();
            row.drain(..marks);
        }
        if let Some(row) = one.rows.last_mut() {
            while row.pop_if(|one| is_mark(one)).is_some() {}
        }
        one.rows.retain(|row| !row.is_empty());
    }
}

/// Divides atoms where a gap is wide enough for another value.
pub(super) fn atom_pieces<'p>(atoms: &[Atom<'p>]) -> Vec<Vec<Atom<'p>>> {
    let mut pieces: Vec<Vec<Atom<'p>>> = Vec::new();
    for atom in atoms {
        match pieces.last_mut() {
            Some(own)
                if own.last().is_some_and(|last| {
                    atom.bounds.x - last.bounds.right() < VALUE_GAP * atom.bounds.height
                }) =>
            {
                own.push(atom.clone());
            }
            Some(_) | None => pieces.push(vec![atom.clone()]),
        }
    }
    pieces
}

/// The same as characters with their place.
pub(super) fn pieces<'p>(atoms: &[Atom<'p>]) -> Vec<(Vec<&'p Character>, Rect)> {
    let mut pieces: Vec<(Vec<&Character>, Rect)> = Vec::new();
    for atom in atoms {
        match pieces.last_mut() {
            Some((characters, bounds))
                if atom.bounds.x - bounds.right() < VALUE_GAP * atom.bounds.height =>
            {
                characters.extend(atom.characters.iter().copied());
                *bounds = bounds.around(&atom.bounds);
            }
            Some(_) | None => pieces.push((atom.characters.clone(), atom.bounds)),
        }
    }
    pieces
}
