//! Which cell or text stands right, left, above or below a cell.

use crate::fields::text::{horizontal_overlap, vertical_overlap};
use crate::fields::unit::{Holds, Unit};

pub(super) fn next_right<'u, 'p>(units: &'u [Unit<'p>], from: &Unit<'p>) -> Option<&'u Unit<'p>> {
    let reach = reach(from);
    let cells = units.iter().filter(|unit| unit.holds != Holds::Loose);
    cells
        .filter(|unit| {
            let gap = unit.bounds.x - from.bounds.right();
            gap > -reach
                && gap < reach
                && unit.bounds.x > from.bounds.x
                && vertical_overlap(&unit.bounds, &from.bounds)
                    > 0.5 * unit.bounds.height.min(from.bounds.height)
        })
        .max_by(|one, other| {
            vertical_overlap(&one.bounds, &from.bounds)
                .total_cmp(&vertical_overlap(&other.bounds, &from.bounds))
        })
}

pub(super) fn next_left<'u, 'p>(units: &'u [Unit<'p>], from: &Unit<'p>) -> Option<&'u Unit<'p>> {
    let reach = reach(from);
    units
        .iter()
        .filter(|unit| unit.holds != Holds::Loose)
        .find(|unit| {
            (from.bounds.x - unit.bounds.right()).abs() < reach
                && vertical_overlap(&unit.bounds, &from.bounds)
                    > 0.5 * unit.bounds.height.min(from.bounds.height)
        })
}

pub(super) fn next_above<'u, 'p>(units: &'u [Unit<'p>], from: &Unit<'p>) -> Option<&'u Unit<'p>> {
    let reach = reach(from);
    units
        .iter()
        .filter(|unit| unit.holds != Holds::Loose)
        .find(|unit| {
            (from.bounds.y - unit.bounds.bottom()).abs() < reach
                && horizontal_overlap(&unit.bounds, &from.bounds)
                    > 0.5 * unit.bounds.width.min(from.bounds.width)
        })
}

/// Text without a cell right of a label, when no cell is there.
pub(super) fn loose_right<'u, 'p>(units: &'u [Unit<'p>], from: &Unit<'p>) -> Option<&'u Unit<'p>> {
    units
        .iter()
        .filter(|unit| {
            unit.holds == Holds::Loose
                && unit.bounds.x > from.bounds.right() - 6.0
                && unit.bounds.x - from.bounds.right() < 1.5 * from.bounds.height
                && vertical_overlap(&unit.bounds, &from.bounds) > 0.7 * unit.bounds.height
        })
        .min_by(|one, other| one.bounds.x.total_cmp(&other.bounds.x))
}

/// Text without a cell under a label, when no cell is there.
pub(super) fn loose_below<'u, 'p>(units: &'u [Unit<'p>], from: &Unit<'p>) -> Option<&'u Unit<'p>> {
    units
        .iter()
        .filter(|unit| {
            let gap = unit.bounds.y - from.bounds.bottom();
            unit.holds == Holds::Loose
                && gap > -6.0
                && gap < 0.8 * from.bounds.height
                && horizontal_overlap(&unit.bounds, &from.bounds)
                    > 0.5 * unit.bounds.width.min(from.bounds.width)
        })
        .min_by(|one, other| one.bounds.y.total_cmp(&other.bounds.y))
}

/// Neighbours touch, but for the thickness of a double line.
pub(super) fn reach(unit: &Unit<'_>) -> f32 {
    (0.35 * unit.bounds.height).clamp(6.0, 30.0)
}
