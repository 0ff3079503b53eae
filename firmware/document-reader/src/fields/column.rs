//! The column of cells below a label, also where headings take turns or a rule was not seen.

use crate::field::FieldName;
use crate::fields::chain::{cell_fit, ends_chain, is_label};
use crate::fields::neighbours::{next_above, next_left, reach};
use crate::fields::text::Atom;
use crate::fields::unit::{Holds, Token, Unit};
use crate::page::Rect;

/// Cells of the same column below. Headings of several rows take the rows in turn.
pub(super) fn downwards<'p>(
    units: &[Unit<'p>],
    label: &Unit<'p>,
    fields: &[FieldName],
) -> Vec<Unit<'p>> {
    let edge = (0.12 * label.bounds.width).clamp(5.0, 40.0);
    let mut column: Vec<Unit<'p>> = units
        .iter()
        .filter(|unit| {
            unit.holds != Holds::Loose && unit.bounds.y > label.bounds.y + 0.5 * label.bounds.height
        })
        .filter_map(|unit| {
            let is_aligned = (unit.bounds.x - label.bounds.x).abs() < edge
                && (unit.bounds.right() - label.bounds.right()).abs() < edge;
            if is_aligned {
                Some(unit.clone())
            } else {
                cut(units, unit, label, fields, edge)
            }
        })
        .collect();
    column.sort_by(|one, other| one.bounds.y.total_cmp(&other.bounds.y));
    let own = headings_above(units, label, fields, edge);
    let more = column
        .iter()
        .take_while(|unit| ends_chain(unit, fields))
        .count();
    // A second heading below it is of the same group only when the cells follow each other closely.
    let closely = column
        .iter()
        .take(more)
        .zip(std::iter::once(label).chain(column.iter()))
        .all(|(below, above)| (below.bounds.y - above.bounds.bottom()).abs() < reach(above));
    if more > 0 && !closely {
        return Vec::new();
    }
    let every = own + more + 1;
    let head = column
        .iter()
        .take(more)
        .map(|unit| unit.bounds.bottom())
        .fold(label.bounds.bottom(), f32::max);
    let cells: Vec<Unit<'p>> = column
        .into_iter()
        .skip(more)
        .take_while(|unit| !ends_chain(unit, fields))
        .filter(|unit| !has_other_heading(units, unit, fields, head))
        .collect();
    if next_below_is_far(label, &cells, more) {
        return Vec::new();
    }
    cells
        .into_iter()
        .enumerate()
        .filter(|(place, _)| place % every == own)
        .map(|(_, unit)| unit)
        .collect()
}

/// Whether a label below `head` stands right above a cell with the same edges: the cell is its.
fn has_other_heading(units: &[Unit<'_>], cell: &Unit<'_>, fields: &[FieldName], head: f32) -> bool {
    let edge = (0.12 * cell.bounds.width).clamp(5.0, 40.0);
    units.iter().any(|unit| {
        unit.holds == Holds::Labels
            && ends_chain(unit, fields)
            && unit.bounds.y > head - 6.0
            && (cell.bounds.y - unit.bounds.bottom()).abs() < reach(unit)
            && (unit.bounds.x - cell.bounds.x).abs() < edge
            && (unit.bounds.right() - cell.bounds.right()).abs() < edge
    })
}

/// The part under a label of a cell that spans several columns because a rule was not seen: only
/// what can be nothing but the label's value.
fn cut<'p>(
    units: &[Unit<'p>],
    unit: &Unit<'p>,
    label: &Unit<'p>,
    fields: &[FieldName],
    edge: f32,
) -> Option<Unit<'p>> {
    let covers =
        unit.bounds.x < label.bounds.x + edge && unit.bounds.right() > label.bounds.right() - edge;
    let is_headed = next_above(units, unit).is_some_and(|above| {
        ends_chain(above, fields) && above.bounds.y > label.bounds.bottom() - 6.0
    });
    // Nearly anything can be a name; only what cannot be mistaken is cut out.
    let is_plain = fields.iter().all(|field| {
        matches!(
            field,
            FieldName::BirthDate
                | FieldName::Sex
                | FieldName::Relationship
                | FieldName::IndividualNumber
                | FieldName::ResidentRecordCode
        )
    });
    if unit.holds != Holds::Values
        || !covers
        || is_headed
        || !is_plain
        || is_label(next_left(units, unit), fields)
    {
        return None;
    }
    let inside = |atom: &Atom<'_>| {
        let middle = atom.bounds.centre().0;
        middle > label.bounds.x && middle < label.bounds.right()
    };
    let rows: Vec<Vec<Token<'p>>> = unit
        .rows
        .iter()
        .filter_map(|row| {
            let atoms: Vec<Atom<'p>> = row
                .iter()
                .flat_map(|token| match token {
                    Token::Label(tag) => tag.atoms.clone(),
                    Token::Value(atoms) => atoms.clone(),
                })
                .filter(inside)
                .collect();
            (!atoms.is_empty()).then(|| vec![Token::Value(atoms)])
        })
        .collect();
    let bounds = Rect {
        x: label.bounds.x,
        width: label.bounds.width,
        ..unit.bounds
    };
    let part = Unit {
        bounds,
        rows,
        holds: Holds::Values,
    };
    (!part.rows.is_empty() && cell_fit(fields, &part) > 0.8).then_some(part)
}

/// Labels of the same column directly above: rows of one heading.
fn headings_above<'p>(
    units: &[Unit<'p>],
    label: &Unit<'p>,
    fields: &[FieldName],
    edge: f32,
) -> usize {
    let mut from = label;
    let mut headings = 0;
    while let Some(above) = units
        .iter()
        .filter(|unit| unit.holds != Holds::Loose)
        .find(|unit| {
            (from.bounds.y - unit.bounds.bottom()).abs() < reach(from)
                && (unit.bounds.x - label.bounds.x).abs() < edge
                && (unit.bounds.right() - label.bounds.right()).abs() < edge
        })
    {
        if !ends_chain(above, fields) || above.holds == Holds::Both || headings > 3 {
            break;
        }
        headings += 1;
        from = above;
    }
    headings
}

fn next_below_is_far(label: &Unit<'_>, cells: &[Unit<'_>], headings: usize) -> bool {
    headings == 0
        && cells
            .first()
            .is_some_and(|first| first.bounds.y - label.bounds.bottom() > 6.0 * label.bounds.height)
}
