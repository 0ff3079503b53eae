//! Values under a heading: rows whose text belongs to the labels above it.

use crate::fields::found::{Found, is_personal};
use crate::fields::in_turn;
use crate::fields::rows::labels;
use crate::fields::text::{Atom, around, horizontal_overlap};
use crate::fields::unit::{Tag, Token};
use crate::fields::value;
use crate::page::{Character, Rect};

/// Values under a heading of `headings` rows.
pub(super) fn below<'p>(rows: &[Vec<Token<'p>>], at: usize, headings: usize) -> Vec<Found<'p>> {
    let lone = headings == 1 && rows.get(at).is_some_and(|row| labels(row) == 1);
    let heads: Vec<&[Token<'p>]> = rows
        .iter()
        .skip(at)
        .take(headings)
        .map(Vec::as_slice)
        .collect();
    let mut found = Vec::new();
    let mut end = heads
        .last()
        .and_then(|row| around(row.iter().map(Token::bounds)));
    for (turn, row) in rows.iter().skip(at + headings).enumerate() {
        let has_label = row.iter().any(|token| match token {
            Token::Label(tag) => !tag.matched.may_be_value,
            Token::Value(_) => false,
        });
        let (Some(bounds), Some(last)) = (around(row.iter().map(Token::bounds)), end) else {
            break;
        };
        let reach = if lone { 1.6 } else { 4.5 };
        if has_label || bounds.y - last.bottom() > reach * last.height {
            break;
        }
        if let Some(head) = heads.get(turn % headings) {
            let own = under_heading(head, row);
            if turn >= headings && is_of_no_person(&own) {
                break;
            }
            found.extend(own);
        }
        end = Some(bounds);
        if lone {
            break;
        }
    }
    keep_first_of_household(found)
}

/// Below many headings a row of which at most one text can be what its heading says, or nothing but a name,
/// stands behind the table: the sentence at the foot, the day, the mayor.
fn is_of_no_person(row: &[Found<'_>]) -> bool {
    let fits = |one: &&Found<'_>| value::fits(one.field, &one.rows) > 0.5;
    let can_tell = row.iter().filter(|one| !value::is_name(one.field)).count();
    let fitting: Vec<&Found<'_>> = row.iter().filter(fits).collect();
    let names_only = fitting.iter().all(|one| value::is_name(one.field));
    can_tell >= 3 && (fitting.len() < 2 || names_only)
}

fn keep_first_of_household(found: Vec<Found<'_>>) -> Vec<Found<'_>> {
    let mut kept: Vec<Found<'_>> = Vec::new();
    for one in found {
        let again = kept
            .iter()
            .any(|other| other.field == one.field && other.label == one.label);
        if is_personal(one.field) || !again {
            kept.push(one);
        }
    }
    kept
}

/// Each atom of a row goes to the label above it.
fn under_heading<'p>(head: &[Token<'p>], row: &[Token<'p>]) -> Vec<Found<'p>> {
    let tags: Vec<&Tag<'p>> = head
        .iter()
        .filter_map(|token| match token {
            Token::Label(tag) => Some(tag),
            Token::Value(_) => None,
        })
        .collect();
    let atoms: Vec<&Atom<'p>> = row
        .iter()
        .flat_map(|token| match token {
            Token::Label(tag) => tag.atoms.as_slice(),
            Token::Value(atoms) => atoms.as_slice(),
        })
        .collect();
    let near = nearest(&tags, &atoms);
    let shared = in_turn::better(&tags, &atoms, &near).unwrap_or(near);
    let mut shares: Vec<(Vec<&'p Character>, Option<Rect>)> = vec![(Vec::new(), None); tags.len()];
    for (atom, place) in atoms.iter().zip(shared) {
        if let Some(share) = shares.get_mut(place) {
            share.0.extend(atom.characters.iter().copied());
            share.1 = Some(share.1.map_or(atom.bounds, |own| own.around(&atom.bounds)));
        }
    }
    let line = around(row.iter().map(Token::bounds)).unwrap_or_default();
    tags.iter()
        .zip(shares)
        .filter_map(|(tag, (characters, bounds))| {
            let empty = Rect {
                x: tag.bounds.x,
                width: tag.bounds.width,
                ..line
            };
            Some(Found {
                field: tag.field()?,
                distance: tag.matched.distance,
                slot: bounds.unwrap_or(empty),
                label: tag.bounds,
                rows: if characters.is_empty() {
                    Vec::new()
                } else {
                    vec![characters]
                },
            })
        })
        .collect()
}

/// The label of each atom by where it stands: the nearest one, or that of the atom right before it.
fn nearest(tags: &[&Tag<'_>], atoms: &[&Atom<'_>]) -> Vec<usize> {
    let mut last: Option<(usize, f32)> = None;
    let mut places = Vec::new();
    for atom in atoms {
        let close = last.filter(|(_, end)| atom.bounds.x - end < 0.8 * atom.bounds.height);
        let nearest = tags
            .iter()
            .enumerate()
            .min_by(|one, other| {
                apart(&one.1.bounds, &atom.bounds).total_cmp(&apart(&other.1.bounds, &atom.bounds))
            })
            .map_or(0, |(place, _)| place);
        let overlaps = tags.get(nearest).is_some_and(|tag| {
            horizontal_overlap(&tag.bounds, &atom.bounds) > 0.3 * atom.bounds.height
        });
        let place = match close {
            Some((place, _)) if !overlaps => place,
            Some(_) | None => nearest,
        };
        places.push(place);
        last = Some((place, atom.bounds.right()));
    }
    places
}

/// How far two places lie apart sideways; their middles decide between equals.
pub(super) fn apart(label: &Rect, atom: &Rect) -> f32 {
    let gap = (atom.x - label.right())
        .max(label.x - atom.right())
        .max(0.0);
    gap + 0.01 * (label.centre().0 - atom.centre().0).abs()
}
