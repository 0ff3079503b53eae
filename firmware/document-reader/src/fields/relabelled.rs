//! Labels that were read too badly to be known by themselves, known by where they stand.
//!
//! Fax ink fills characters until half of a label is something else, and a table then loses a whole
//! column. Where a ruled cell lies in a row or column of labels and holds nothing that its neighbours could
//! mean, the label nearest to it is taken, if there is only one such.

use crate::field::{DocumentKind, FieldName};
use crate::fields::found::is_personal;
use crate::fields::text::{Atom, count};
use crate::fields::unit::{Holds, Token, Unit, tag, token_characters};
use crate::fields::value;
use crate::labels::{self, Labels, Matched, Meaning};
use crate::page::{Character, Rect};

/// No label is longer.
const LONGEST: usize = 14;
/// Each label that is found helps the next.
const ROUNDS: usize = 3;
/// Less likely than this, a character is in doubt.
pub(super) const DOUBTED: f32 = 0.9;
/// How much a text must look like a value to tell its label.
const FITS: f32 = 0.8;
/// The same for half of the cells of a column.
const FITS_COLUMN: f32 = 0.6;
/// Share of a word that may be wrong beside a label of names, which nearly any text could be.
const MISREAD_AMONG_VALUES: f32 = 0.4;

/// Takes badly read labels for labels.
pub(super) fn settle(labels: &Labels, kind: DocumentKind, units: &mut [Unit<'_>]) {
    for _ in 0..ROUNDS {
        let found: Vec<(usize, Vec<Vec<Token<'_>>>)> = units
            .iter()
            .enumerate()
            .filter(|(_, unit)| matches!(unit.holds, Holds::Values | Holds::Both))
            .filter(|(_, unit)| is_doubted(unit))
            .filter_map(|(place, unit)| {
                let rows = headed(labels, kind, units, unit)
                    .or_else(|| relabelled(labels, kind, units, unit))
                    .or_else(|| typed(units, unit))?;
                Some((place, rows))
            })
            .collect();
        if found.is_empty() {
            return;
        }
        for (place, rows) in found {
            if let Some(unit) = units.get_mut(place) {
                let has_value = |token: &Token<'_>| matches!(token, Token::Value(_));
                unit.holds = if rows.iter().flatten().any(has_value) {
                    Holds::Both
                } else {
                    Holds::Labels
                };
                unit.rows = rows;
            }
        }
    }
}

/// Whether the first row of a cell was read with doubt: a label that was not is known by its word.
fn is_doubted(unit: &Unit<'_>) -> bool {
    unit.characters()
        .first()
        .is_some_and(|row| row.iter().any(|one| one.probability < DOUBTED))
}

/// A cell with a label in its first row and below it what only one label near to that can mean.
fn headed<'p>(
    labels: &Labels,
    kind: DocumentKind,
    units: &[Unit<'p>],
    unit: &Unit<'p>,
) -> Option<Vec<Vec<Token<'p>>>> {
    let (first, rest) = unit.rows.split_first()?;
    let [Token::Value(atoms)] = first.as_slice() else {
        return None;
    };
    let characters: Vec<&Character> = atoms
        .iter()
        .flat_map(|atom| atom.characters.clone())
        .collect();
    if unit.holds != Holds::Values || rest.is_empty() || characters.len() > LONGEST {
        return None;
    }
    let values: Vec<Vec<&Character>> = rest
        .iter()
        .map(|row| row.iter().flat_map(token_characters).collect())
        .collect();
    let fits = |matched: &Matched| match matched.meaning {
        Meaning::Field(field) => value::fits(field, &values) >= FITS,
        Meaning::Unwanted | Meaning::Before | Meaning::After | Meaning::SomebodyElse => false,
    };
    let mut near = labels.all_near(kind, &characters);
    near.retain(|matched| fits(matched) && !is_taken(units, matched.meaning));
    let best = *near.first()?;
    let rival = near.iter().find(|other| other.meaning != best.meaning);
    if rival.is_some_and(|rival| rival.distance < best.distance + 0.3) {
        return None;
    }
    let mut rows = vec![vec![Token::Label(tag(best, atoms.clone()))]];
    rows.extend(rest.iter().cloned());
    Some(rows)
}

/// Whether a field that a page tells once has its label already.
fn is_taken(units: &[Unit<'_>], meaning: Meaning) -> bool {
    match meaning {
        Meaning::Field(field) if !is_personal(field) => units
            .iter()
            .flat_map(Unit::tags)
            .any(|tag| tag.field() == Some(field)),
        Meaning::Field(_)
        | Meaning::Unwanted
        | Meaning::Before
        | Meaning::After
        | Meaning::SomebodyElse => false,
    }
}

/// A heading that cannot be read over a column of what can be only one thing: days of birth, sexes,
/// relationships, numbers with a check digit.
fn typed<'p>(units: &[Unit<'p>], unit: &Unit<'p>) -> Option<Vec<Vec<Token<'p>>>> {
    const PLAIN: [FieldName; 5] = [
        FieldName::BirthDate,
        FieldName::Sex,
        FieldName::Relationship,
        FieldName::IndividualNumber,
        FieldName::ResidentRecordCode,
    ];
    let own = unit.characters();
    let row = line(units, unit, along_row);
    if unit.holds != Holds::Values
        || own.iter().map(Vec::len).sum::<usize>() > LONGEST
        || !row.heads
    {
        return None;
    }
    let mut below: Vec<&Unit<'_>> = units
        .iter()
        .filter(|other| other.holds != Holds::Loose)
        .filter(|other| along_column(&unit.bounds, &other.bounds).is_some_and(|step| step > 1.0))
        .collect();
    below.sort_by(|one, other| one.bounds.y.total_cmp(&other.bounds.y));
    let is_value = |other: &&&Unit<'_>| {
        other.holds == Holds::Values || other.tags().any(|tag| tag.matched.may_be_value)
    };
    let below: Vec<&&Unit<'_>> = below.iter().take_while(is_value).collect();
    let is_known = |field: FieldName| {
        let mut tags = units.iter().flat_map(Unit::tags);
        tags.any(|tag| tag.field() == Some(field))
    };
    let is_it = |field: &FieldName| {
        let mut fits: Vec<f32> = below
            .iter()
            .map(|cell| value::fits(*field, &cell.characters()))
            .collect();
        fits.sort_by(f32::total_cmp);
        let middle = fits.get(fits.len() / 2).copied().unwrap_or(0.0);
        // 世帯主 with one character wrong still counts as a relationship.
        let least = if *field == FieldName::Relationship {
            FITS_COLUMN
        } else {
            FITS
        };
        middle >= least && !is_known(*field) && value::fits(*field, &own) < 0.3
    };
    let field = PLAIN.into_iter().find(|field| is_it(field))?;
    let matched = Matched {
        meaning: Meaning::Field(field),
        distance: 2.0,
        may_be_value: false,
        length: own.iter().map(Vec::len).sum(),
    };
    let atoms: Vec<Atom<'p>> = unit.rows.iter().flatten().flat_map(atoms_of).collect();
    Some(vec![vec![Token::Label(tag(matched, atoms))]])
}

/// The labels that a cell must hold, if it lies among labels and is no value of any of them.
fn relabelled<'p>(
    labels: &Labels,
    kind: DocumentKind,
    units: &[Unit<'p>],
    unit: &Unit<'p>,
) -> Option<Vec<Vec<Token<'p>>>> {
    let length: usize = unit.characters().iter().map(Vec::len).sum();
    if !(2..=LONGEST).contains(&length) {
        return None;
    }
    if has_value_of_own_label(unit) {
        return None;
    }
    let lines = [
        line(units, unit, along_row),
        line(units, unit, along_column),
    ];
    let rows = as_labels(labels, kind, units, unit)?;
    let misread = rows.iter().flatten().map(share_misread).fold(0.0, f32::max);
    let is_among = |line: &Line| {
        let may_be_value = line.fields.iter().any(|field| {
            let fits = value::fits(*field, &unit.characters()) > 0.5;
            let is_clear = line.heads || misread <= MISREAD_AMONG_VALUES;
            fits && !(value::is_name(*field) && is_clear)
        });
        line.has_labels && !may_be_value
    };
    lines.iter().any(is_among).then_some(rows)
}

/// 世帯主 under 続柄 in one cell is its value, whatever stands in the cells around.
fn has_value_of_own_label(unit: &Unit<'_>) -> bool {
    let fields: Vec<FieldName> = unit.tags().filter_map(super::unit::Tag::field).collect();
    unit.rows.iter().flatten().any(|token| {
        let row = token_characters(token);
        matches!(token, Token::Value(_))
            && fields.iter().any(|field| {
                !value::is_name(*field) && value::fits(*field, std::slice::from_ref(&row)) >= FITS
            })
    })
}

/// How much of a label's word was misread.
fn share_misread(token: &Token<'_>) -> f32 {
    match token {
        Token::Label(tag) => tag.matched.distance / count(tag.matched.length).max(1.0),
        Token::Value(_) => 1.0,
    }
}

/// The cell as one label in several rows, or as a label in each row.
fn as_labels<'p>(
    labels: &Labels,
    kind: DocumentKind,
    units: &[Unit<'p>],
    unit: &Unit<'p>,
) -> Option<Vec<Vec<Token<'p>>>> {
    let near = |atoms: &[Atom<'p>]| -> Option<Matched> {
        let characters: Vec<&Character> = atoms
            .iter()
            .flat_map(|atom| atom.characters.clone())
            .collect();
        let mut near = labels.all_near(kind, &characters);
        near.retain(|matched| !is_taken(units, matched.meaning));
        labels::nearest(&near)
    };
    if unit.holds == Holds::Values {
        let all: Vec<Atom<'p>> = unit.rows.iter().flatten().flat_map(atoms_of).collect();
        if let Some(matched) = near(&all) {
            return Some(vec![vec![Token::Label(tag(matched, all))]]);
        }
    }
    unit.rows
        .iter()
        .map(|row| match row.as_slice() {
            [Token::Label(_)] => Some(row.clone()),
            [Token::Value(atoms)] => {
                near(atoms).map(|matched| vec![Token::Label(tag(matched, atoms.clone()))])
            }
            _ => None,
        })
        .collect()
}

fn atoms_of<'p>(token: &Token<'p>) -> Vec<Atom<'p>> {
    match token {
        Token::Label(tag) => tag.atoms.clone(),
        Token::Value(atoms) => atoms.clone(),
    }
}

/// What stands in one row or column with a cell.
struct Line {
    /// Whether a neighbour in it holds labels.
    has_labels: bool,
    /// Whether it is a heading: more labels than values.
    heads: bool,
    /// Fields of the neighbouring labels.
    fields: Vec<FieldName>,
}

fn line(units: &[Unit<'_>], own: &Unit<'_>, along: fn(&Rect, &Rect) -> Option<f32>) -> Line {
    let mut labels = 0_usize;
    let mut values = 0_usize;
    let mut nearest: [Option<(f32, &Unit<'_>)>; 2] = [None, None];
    for unit in units.iter().filter(|unit| unit.holds != Holds::Loose) {
        let Some(step) = along(&own.bounds, &unit.bounds) else {
            continue;
        };
        match unit.holds {
            Holds::Labels => labels += 1,
            Holds::Values | Holds::Both => values += 1,
            Holds::Nothing | Holds::Loose => {}
        }
        let [before, after] = &mut nearest;
        let side = if step < 0.0 { before } else { after };
        let is_own = unit.bounds == own.bounds;
        if !is_own && side.is_none_or(|(far, _)| step.abs() < far) {
            *side = Some((step.abs(), unit));
        }
    }
    let neighbours = nearest.iter().flatten().map(|(_, unit)| *unit);
    let tagged: Vec<&Unit<'_>> = neighbours
        .filter(|unit| unit.holds == Holds::Labels)
        .collect();
    Line {
        has_labels: !tagged.is_empty(),
        heads: labels >= 2 && labels > values,
        fields: tagged
            .iter()
            .flat_map(|unit| unit.tags().filter_map(super::unit::Tag::field))
            .collect(),
    }
}

/// How far to the right a cell of the same row lies.
fn along_row(own: &Rect, other: &Rect) -> Option<f32> {
    let near = 0.2 * own.height;
    let is_in_row = (own.y - other.y).abs() < near && (own.bottom() - other.bottom()).abs() < near;
    is_in_row.then_some(other.x - own.x)
}

/// How far down a cell of the same column lies.
fn along_column(own: &Rect, other: &Rect) -> Option<f32> {
    let near = (0.12 * own.width).clamp(5.0, 40.0);
    let is_in_column = (own.x - other.x).abs() < near && (own.right() - other.right()).abs() < near;
    is_in_column.then_some(other.y - own.y)
}
