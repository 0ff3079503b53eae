//! Values of labels that share a row or a cell with them.

use crate::field::FieldName;
use crate::fields::found::{Found, atom_pieces, is_personal, pieces};
use crate::fields::headed::below;
use crate::fields::text::{Atom, around, horizontal_overlap};
use crate::fields::unit::{Tag, Token, token_characters};
use crate::fields::value;
use crate::page::{Character, Rect};

/// Values of labels that share a row or a cell with them.
pub(super) fn in_rows<'p>(rows: &[Vec<Token<'p>>]) -> Vec<Found<'p>> {
    let mut found = Vec::new();
    let columns = columns(rows);
    let mut at = 0;
    while let Some(row) = rows.get(at) {
        if is_heading(row) {
            let headings = rows
                .iter()
                .skip(at)
                .take_while(|row| is_heading(row) && labels(row) > 1)
                .count()
                .max(1);
            found.extend(below(rows, at, headings));
            at += headings;
            continue;
        }
        for place in 0..row.len() {
            found.extend(beside(rows, at, place, &columns));
        }
        at += 1;
    }
    found
}

pub(super) fn labels(row: &[Token<'_>]) -> usize {
    row.iter()
        .filter(|token| matches!(token, Token::Label(_)))
        .count()
}

/// Whether a row has labels and no value that fits one of them.
fn is_heading(row: &[Token<'_>]) -> bool {
    let values = row.len() - labels(row);
    if labels(row) == 0 {
        return false;
    }
    let word_under_relation = row.windows(2).any(|pair| match pair {
        [Token::Label(one), Token::Label(two)] => {
            one.field() == Some(FieldName::Relationship) && two.matched.may_be_value
        }
        _ => false,
    });
    if values == 0 {
        return !word_under_relation;
    }
    let fitting = row.windows(2).any(|pair| match pair {
        [Token::Label(tag), Token::Value(atoms)] => tag.field().is_none_or(|field| {
            let row: Vec<&Character> = atoms
                .iter()
                .flat_map(|atom| atom.characters.clone())
                .collect();
            value::fits(field, &[row]) > 0.4
        }),
        _ => false,
    });
    !fitting && labels(row) >= 3 && values * 2 <= labels(row)
}

/// Middles of the columns of persons, when the persons stand side by side: a row of dates tells.
fn columns(rows: &[Vec<Token<'_>>]) -> Vec<f32> {
    for row in rows {
        for pair in row.windows(2) {
            let [Token::Label(tag), Token::Value(atoms)] = pair else {
                continue;
            };
            if tag.field() != Some(FieldName::BirthDate) {
                continue;
            }
            let dates: Vec<Rect> = pieces(atoms)
                .into_iter()
                .filter(|piece| {
                    value::fits(FieldName::BirthDate, std::slice::from_ref(&piece.0)) > 0.7
                })
                .map(|piece| piece.1)
                .collect();
            if dates.len() > 1 {
                return dates.iter().map(|date| date.centre().0).collect();
            }
        }
    }
    Vec::new()
}

/// The value right of the label at `place` of row `at`, with the rows that continue it.
fn beside<'p>(rows: &[Vec<Token<'p>>], at: usize, place: usize, columns: &[f32]) -> Vec<Found<'p>> {
    let row = rows.get(at).map(Vec::as_slice).unwrap_or_default();
    let Some(Token::Label(tag)) = row.get(place) else {
        return Vec::new();
    };
    let Some(field) = tag.field() else {
        return Vec::new();
    };
    let found = |slot: Rect, rows: Vec<Vec<&'p Character>>| Found {
        field,
        distance: tag.matched.distance,
        slot,
        label: tag.bounds,
        rows,
    };
    let atoms = behind(row, place, field);
    if atoms.is_empty() {
        return vec![found(tag.bounds, beneath(rows, at, tag))];
    }
    let atoms = &if columns.len() > 1 {
        atoms
    } else {
        own_part(field, atoms)
    };
    let is_alone = pieces(atoms).len() == 1
        && matches!(
            field,
            FieldName::RegisteredDomicile | FieldName::RegisterHead
        );
    if columns.len() > 1 && is_personal(field) && !is_alone {
        return columned(atoms, columns)
            .into_iter()
            .map(|(characters, slot)| {
                found(
                    slot,
                    if characters.is_empty() {
                        Vec::new()
                    } else {
                        vec![characters]
                    },
                )
            })
            .collect();
    }
    let mut lines: Vec<Vec<&Character>> = vec![
        atoms
            .iter()
            .flat_map(|atom| atom.characters.clone())
            .collect(),
    ];
    let mut slot = around(atoms.iter().map(|atom| atom.bounds)).unwrap_or(tag.bounds);
    for (characters, bounds) in continued(rows, at, &slot, field) {
        let mut longer = lines.clone();
        longer.push(characters);
        // An address goes on where it may; anything else only where it is nothing without.
        if !is_long(field) && value::fits(field, &longer) < value::fits(field, &lines) + 0.2 {
            break;
        }
        slot = slot.around(&bounds);
        lines = longer;
    }
    vec![found(slot, lines)]
}

/// What stands behind the label at `place` of its row, up to the next one.
fn behind<'p>(row: &[Token<'p>], place: usize, field: FieldName) -> Vec<Atom<'p>> {
    let is_value = |token: &&Token<'p>| match token {
        Token::Value(_) => true,
        Token::Label(next) => field == FieldName::Relationship && next.matched.may_be_value,
    };
    row.iter()
        .skip(place + 1)
        .take_while(is_value)
        .flat_map(|token| match token {
            Token::Value(atoms) => atoms.clone(),
            Token::Label(next) => next.atoms.clone(),
        })
        .collect()
}

/// The text up to the first wide gap, where only that can be the value: behind it stands another label
/// that was not read.
fn own_part<'p>(field: FieldName, atoms: Vec<Atom<'p>>) -> Vec<Atom<'p>> {
    let fits = |atoms: &[Atom<'p>]| {
        let row = atoms.iter().flat_map(|atom| atom.characters.clone());
        value::fits(field, &[row.collect()])
    };
    let mut parts = atom_pieces(&atoms).into_iter();
    match (parts.next(), parts.next()) {
        (Some(first), Some(_)) if fits(&first) > 0.7 && fits(&atoms) < 0.5 => first,
        _ => atoms,
    }
}

/// The text of each column, by the nearest middle.
fn columned<'p>(atoms: &[Atom<'p>], columns: &[f32]) -> Vec<(Vec<&'p Character>, Rect)> {
    let mut shares: Vec<(Vec<&'p Character>, Option<Rect>)> =
        vec![(Vec::new(), None); columns.len()];
    for atom in atoms {
        let (characters, bounds) = (atom.characters.clone(), atom.bounds);
        let nearest = columns
            .iter()
            .enumerate()
            .min_by(|one, other| {
                (one.1 - bounds.centre().0)
                    .abs()
                    .total_cmp(&(other.1 - bounds.centre().0).abs())
            })
            .map(|(place, _)| place);
        if let Some(share) = nearest.and_then(|place| shares.get_mut(place)) {
            share.0.extend(characters);
            share.1 = Some(share.1.map_or(bounds, |own| own.around(&bounds)));
        }
    }
    let row = around(atoms.iter().map(|atom| atom.bounds)).unwrap_or_default();
    shares
        .into_iter()
        .zip(columns)
        .map(|((characters, bounds), middle)| {
            let empty = Rect {
                x: *middle,
                width: 1.0,
                ..row
            };
            (characters, bounds.unwrap_or(empty))
        })
        .collect()
}

/// A field whose values are often longer than a row.
fn is_long(field: FieldName) -> bool {
    matches!(
        field,
        FieldName::OldAddress
            | FieldName::NewAddress
            | FieldName::RegisteredDomicile
            | FieldName::Address
    )
}

/// Rows without a label that stand directly under a value and continue it: long addresses.
fn continued<'p>(
    rows: &[Vec<Token<'p>>],
    at: usize,
    slot: &Rect,
    field: FieldName,
) -> Vec<(Vec<&'p Character>, Rect)> {
    let mut lines = Vec::new();
    let mut last = *slot;
    for row in rows
        .iter()
        .skip(at + 1)
        .take(if is_long(field) { 2 } else { 1 })
    {
        let [Token::Value(atoms)] = row.as_slice() else {
            break;
        };
        let atoms: Vec<&Atom<'p>> = atoms
            .iter()
            .filter(|atom| is_long(field) || horizontal_overlap(&atom.bounds, slot) > 0.0)
            .collect();
        let Some(bounds) = around(atoms.iter().map(|atom| atom.bounds)) else {
            break;
        };
        let gap = bounds.y - last.bottom();
        if gap > 0.9 * last.height || (bounds.x - slot.x).abs() > 1.6 * slot.height {
            break;
        }
        lines.push((
            atoms
                .iter()
                .flat_map(|atom| atom.characters.clone())
                .collect(),
            bounds,
        ));
        last = bounds;
    }
    lines
}

/// The text directly under a label that has none beside it.
fn beneath<'p>(rows: &[Vec<Token<'p>>], at: usize, tag: &Tag<'p>) -> Vec<Vec<&'p Character>> {
    let has_values = rows
        .get(at)
        .is_some_and(|row| row.iter().any(|token| matches!(token, Token::Value(_))));
    let Some(row) = rows
        .get(at + 1)
        .filter(|row| !has_values && labels(row) == 0)
    else {
        return Vec::new();
    };
    let under: Vec<&Character> = row
        .iter()
        .filter(|token| horizontal_overlap(&token.bounds(), &tag.bounds) > 0.0)
        .flat_map(token_characters)
        .collect();
    if under.is_empty() {
        Vec::new()
    } else {
        vec![under]
    }
}
