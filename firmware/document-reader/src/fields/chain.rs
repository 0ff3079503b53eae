//! The cells that hold the values of a label: those right of it, or the column below it.

use crate::field::FieldName;
use crate::fields::column::downwards;
use crate::fields::found::is_personal;
use crate::fields::neighbours::{loose_below, loose_right, next_above, next_left, next_right};
use crate::fields::unit::{Holds, Tag, Unit};
use crate::fields::value;

/// The cells that hold the values of a label cell, in order.
pub(super) fn chain<'p>(units: &[Unit<'p>], label: &Unit<'p>, tags: &[&Tag<'p>]) -> Vec<Unit<'p>> {
    let fields: Vec<FieldName> = tags.iter().filter_map(|tag| tag.field()).collect();
    let mut right: Vec<Unit<'p>> = rightwards(units, label, &fields)
        .into_iter()
        .cloned()
        .collect();
    let mut below = downwards(units, label, &fields);
    let fits = |unit: &&Unit<'p>| cell_fit(&fields, unit) > 0.5;
    if right.is_empty() && next_right(units, label).is_none() {
        right.extend(loose_right(units, label).filter(fits).cloned());
    }
    if below.is_empty() && right.is_empty() {
        below.extend(loose_below(units, label).filter(fits).cloned());
    }
    let weight = |cells: &[Unit<'p>]| {
        // The first cell may be empty or unreadable while those after it fit.
        let fits = cells.iter().take(3).map(|cell| cell_fit(&fields, cell));
        fits.fold(-1.0, f32::max)
    };
    let heads_column =
        is_label(next_left(units, label), &fields) && !is_label(next_above(units, label), &fields);
    let heads_row = is_label(next_above(units, label), &fields);
    let right_weight = weight(&right) + if heads_row { 0.3 } else { 0.0 };
    let below_weight = weight(&below) + if heads_column { 0.3 } else { 0.0 };
    let mut cells = if right_weight >= below_weight {
        right
    } else {
        below
    };
    if !fields.iter().any(|field| is_personal(*field)) {
        cells.truncate(1);
    }
    cells
}

pub(super) fn is_label(unit: Option<&Unit<'_>>, fields: &[FieldName]) -> bool {
    unit.is_some_and(|unit| ends_chain(unit, fields))
}

/// Cells to the right until the next label.
pub(super) fn rightwards<'u, 'p>(
    units: &'u [Unit<'p>],
    label: &'u Unit<'p>,
    fields: &[FieldName],
) -> Vec<&'u Unit<'p>> {
    let mut cells: Vec<&Unit<'p>> = Vec::new();
    let mut from = label;
    while let Some(next) = next_right(units, from) {
        if ends_chain(next, fields) || cells.len() > 12 {
            break;
        }
        cells.push(next);
        from = next;
    }
    cells
}

/// Whether a cell ends the values before it: it has labels. The word 世帯主 under 続柄 is a value.
pub(super) fn ends_chain(unit: &Unit<'_>, fields: &[FieldName]) -> bool {
    match unit.holds {
        Holds::Nothing | Holds::Values | Holds::Loose => false,
        Holds::Both => true,
        Holds::Labels => {
            let is_word = fields.contains(&FieldName::Relationship)
                && unit.tags().all(|tag| tag.matched.may_be_value);
            !is_word
        }
    }
}

/// How well the text of a cell fits the fields of its label; an empty cell neither fits nor not.
pub(super) fn cell_fit(fields: &[FieldName], unit: &Unit<'_>) -> f32 {
    let rows = unit.characters();
    if rows.is_empty() {
        return 0.35;
    }
    let joined = fields.iter().map(|field| value::fits(*field, &rows));
    let apart = rows.iter().flat_map(|row| {
        fields
            .iter()
            .map(|field| value::fits(*field, std::slice::from_ref(row)))
    });
    joined.chain(apart).fold(0.0, f32::max)
}
