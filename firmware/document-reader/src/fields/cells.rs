//! Values of labels that have a cell of their own: to the right, below, or several in one cell.

use crate::field::FieldName;
use crate::fields::chain::{chain, rightwards};
use crate::fields::found::Found;
use crate::fields::text::around;
use crate::fields::unit::{Holds, Tag, Token, Unit};
use crate::fields::value;
use crate::page::{Character, Rect};

/// Values of the labels that have a cell of their own.
pub(super) fn in_cells<'p>(units: &[Unit<'p>]) -> Vec<Found<'p>> {
    let mut found = Vec::new();
    for unit in units.iter().filter(|unit| unit.holds == Holds::Labels) {
        let tags: Vec<&Tag<'p>> = unit.tags().collect();
        if tags.iter().all(|tag| tag.field().is_none()) {
            continue;
        }
        for cell in chain(units, unit, &tags) {
            found.extend(distributed(unit, &tags, &cell));
        }
    }
    found
}

/// One cell's text for each of the labels of a heading.
fn distributed<'p>(label: &Unit<'p>, tags: &[&Tag<'p>], cell: &Unit<'p>) -> Vec<Found<'p>> {
    let rows = cell.characters();
    let one = |tag: &Tag<'p>, field: FieldName, rows: Vec<Vec<&'p Character>>| Found {
        field,
        distance: tag.matched.distance,
        slot: cell.bounds,
        label: around([label.bounds, tag.bounds].into_iter()).unwrap_or(label.bounds),
        rows,
    };
    if let [tag] = tags {
        return tag
            .field()
            .map(|field| one(tag, field, rows))
            .into_iter()
            .collect();
    }
    let rows = if rows.len() == 1 {
        divided_rows(&rows, tags.len())
    } else {
        rows
    };
    if rows.len() == tags.len() {
        return tags
            .iter()
            .zip(rows)
            .filter_map(|(tag, row)| Some(one(tag, tag.field()?, vec![row])))
            .collect();
    }
    let mut shares: Vec<Vec<Vec<&'p Character>>> = vec![Vec::new(); tags.len()];
    for row in rows {
        let best = tags
            .iter()
            .enumerate()
            .filter_map(|(place, tag)| {
                Some((place, value::fits(tag.field()?, std::slice::from_ref(&row))))
            })
            .max_by(|one, other| one.1.total_cmp(&other.1));
        if let Some(share) = best.and_then(|(place, _)| shares.get_mut(place)) {
            share.push(row);
        }
    }
    tags.iter()
        .zip(shares)
        .filter_map(|(tag, rows)| Some(one(tag, tag.field()?, rows)))
        .collect()
}

/// `男／世帯主` under `性別／続柄`: the row divided where a stroke or a gap is.
fn divided_rows<'p>(rows: &[Vec<&'p Character>], wanted: usize) -> Vec<Vec<&'p Character>> {
    let Some(row) = rows.first() else {
        return Vec::new();
    };
    let at_strokes: Vec<Vec<&Character>> = row
        .split(|one| matches!(one.value, '/' | '／' | '|' | '｜' | '・'))
        .map(<[&Character]>::to_vec)
        .filter(|part| !part.is_empty())
        .collect();
    if at_strokes.len() == wanted {
        return at_strokes;
    }
    let mut at_gaps: Vec<Vec<&Character>> = Vec::new();
    let mut end = f32::MIN;
    for one in row {
        let gap = one.bounds.x - end;
        end = one.bounds.right();
        match at_gaps.last_mut() {
            Some(last) if gap < 0.45 * one.bounds.height => last.push(one),
            Some(_) | None => at_gaps.push(vec![one]),
        }
    }
    if at_gaps.len() == wanted {
        at_gaps
    } else {
        rows.to_vec()
    }
}

/// Takes the word 世帯主 for a value wherever it stands as one: right of 続柄, or below it where
/// nothing right of it is a relationship.
pub(super) fn settle_words(units: &mut [Unit<'_>]) {
    let mut values: Vec<Rect> = Vec::new();
    let fields = [FieldName::Relationship];
    let heads = units.iter().filter(|unit| unit.holds == Holds::Labels);
    for head in heads.filter(|unit| {
        unit.tags()
            .any(|tag| tag.field() == Some(FieldName::Relationship))
    }) {
        let right = rightwards(units, head, &fields);
        let is_beside = right
            .first()
            .is_some_and(|cell| value::fits(FieldName::Relationship, &cell.characters()) > 0.5);
        let edge = (0.12 * head.bounds.width).clamp(5.0, 40.0);
        let cells = if is_beside {
            right
        } else {
            let below = units.iter().filter(|unit| {
                unit.bounds.y > head.bounds.y
                    && (unit.bounds.x - head.bounds.x).abs() < edge
                    && (unit.bounds.right() - head.bounds.right()).abs() < edge
            });
            below.collect()
        };
        values.extend(cells.iter().map(|cell| cell.bounds));
    }
    for unit in units
        .iter_mut()
        .filter(|unit| values.contains(&unit.bounds))
    {
        let mut settled = false;
        for token in unit.rows.iter_mut().flatten() {
            if let Token::Label(tag) = token
                && tag.matched.may_be_value
            {
                *token = Token::Value(std::mem::take(&mut tag.atoms));
                settled = true;
            }
        }
        if settled && unit.tags().next().is_none() {
            unit.holds = Holds::Values;
        }
    }
}
