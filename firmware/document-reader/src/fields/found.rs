//! Values beside their labels: to the right, below, or in the same cell.

use crate::field::FieldName;
use crate::fields::text::{Atom, VALUE_GAP, around, horizontal_overlap, vertical_overlap};
use crate::fields::unit::{Holds, Tag, Token, Unit, token_characters};
use crate::fields::value;
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

/// The cells that hold the values of a label cell, in order.
fn chain<'p>(units: &[Unit<'p>], label: &Unit<'p>, tags: &[&Tag<'p>]) -> Vec<Unit<'p>> {
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

fn is_label(unit: Option<&Unit<'_>>, fields: &[FieldName]) -> bool {
    unit.is_some_and(|unit| ends_chain(unit, fields))
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

/// Whether a cell ends the values before it: it has labels. The word 世帯主 under 続柄 is a value.
fn ends_chain(unit: &Unit<'_>, fields: &[FieldName]) -> bool {
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
fn cell_fit(fields: &[FieldName], unit: &Unit<'_>) -> f32 {
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

fn next_right<'u, 'p>(units: &'u [Unit<'p>], from: &Unit<'p>) -> Option<&'u Unit<'p>> {
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

/// Text without a cell right of a label, when no cell is there.
fn loose_right<'u, 'p>(units: &'u [Unit<'p>], from: &Unit<'p>) -> Option<&'u Unit<'p>> {
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
fn loose_below<'u, 'p>(units: &'u [Unit<'p>], from: &Unit<'p>) -> Option<&'u Unit<'p>> {
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

fn next_left<'u, 'p>(units: &'u [Unit<'p>], from: &Unit<'p>) -> Option<&'u Unit<'p>> {
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

fn next_above<'u, 'p>(units: &'u [Unit<'p>], from: &Unit<'p>) -> Option<&'u Unit<'p>> {
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

/// Neighbours touch, but for the thickness of a double line.
fn reach(unit: &Unit<'_>) -> f32 {
    (0.35 * unit.bounds.height).clamp(6.0, 30.0)
}

/// Cells to the right until the next label.
fn rightwards<'u, 'p>(
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

/// Cells of the same column below. Headings of several rows take the rows in turn.
fn downwards<'p>(units: &[Unit<'p>], label: &Unit<'p>, fields: &[FieldName]) -> Vec<Unit<'p>> {
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

fn labels(row: &[Token<'_>]) -> usize {
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
fn pieces<'p>(atoms: &[Atom<'p>]) -> Vec<(Vec<&'p Character>, Rect)> {
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
    let is_value = |token: &&Token<'p>| match token {
        Token::Value(_) => true,
        Token::Label(next) => field == FieldName::Relationship && next.matched.may_be_value,
    };
    let atoms: Vec<Atom<'p>> = row
        .iter()
        .skip(place + 1)
        .take_while(is_value)
        .flat_map(|token| match token {
            Token::Value(atoms) => atoms.clone(),
            Token::Label(next) => next.atoms.clone(),
        })
        .collect();
    if atoms.is_empty() {
        return vec![found(tag.bounds, beneath(rows, at, tag))];
    }
    let atoms = &atoms;
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

/// Values under a heading of `headings` rows.
fn below<'p>(rows: &[Vec<Token<'p>>], at: usize, headings: usize) -> Vec<Found<'p>> {
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
            found.extend(under_heading(head, row));
        }
        end = Some(bounds);
        if lone {
            break;
        }
    }
    keep_first_of_household(found)
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
    let mut shares: Vec<(Vec<&'p Character>, Option<Rect>)> = vec![(Vec::new(), None); tags.len()];
    let mut last: Option<(usize, f32)> = None;
    let atoms = row.iter().flat_map(|token| match token {
        Token::Label(tag) => tag.atoms.as_slice(),
        Token::Value(atoms) => atoms.as_slice(),
    });
    for atom in atoms {
        let close = last.filter(|(_, end)| atom.bounds.x - end < 0.8 * atom.bounds.height);
        let nearest = tags
            .iter()
            .enumerate()
            .min_by(|one, other| {
                apart(&one.1.bounds, &atom.bounds).total_cmp(&apart(&other.1.bounds, &atom.bounds))
            })
            .map(|(place, _)| place);
        let overlaps = nearest
            .and_then(|place| tags.get(place))
            .is_some_and(|tag| {
                horizontal_overlap(&tag.bounds, &atom.bounds) > 0.3 * atom.bounds.height
            });
        let place = match (close, nearest) {
            (Some((place, _)), _) if !overlaps => place,
            (_, Some(place)) => place,
            (_, None) => continue,
        };
        if let Some(share) = shares.get_mut(place) {
            share.0.extend(atom.characters.iter().copied());
            share.1 = Some(share.1.map_or(atom.bounds, |own| own.around(&atom.bounds)));
        }
        last = Some((place, atom.bounds.right()));
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

/// How far two places lie apart sideways; their middles decide between equals.
fn apart(label: &Rect, atom: &Rect) -> f32 {
    let gap = (atom.x - label.right())
        .max(label.x - atom.right())
        .max(0.0);
    gap + 0.01 * (label.centre().0 - atom.centre().0).abs()
}
