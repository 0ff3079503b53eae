//! Which person a value belongs to.
//!
//! Persons stand in rows, in columns or in blocks; in all three a field lies at the same distance
//! from the name of its person. So the distance that explains most of the values of one field is
//! looked for, and nothing is said about where a name must stand.

use crate::field::FieldName;
use crate::fields::found::{Found, is_personal};
use crate::fields::name;
use crate::fields::text::count;
use crate::fields::value;
use crate::page::Rect;

/// A value with its person: from 0 on this page, or nobody for the household.
pub(super) struct Owned<'p> {
    pub(super) found: Found<'p>,
    pub(super) member: Option<usize>,
}

/// By how much a value above a name is further from it than one below.
const UPWARD: f32 = 6.0;

/// Where a person's name stands.
struct Anchor {
    member: usize,
    at: (f32, f32),
}

/// Gives each value of a page to a person, and counts the persons.
pub(super) fn owned(mut found: Vec<Found<'_>>) -> (Vec<Owned<'_>>, usize) {
    drop_strangers(&mut found);
    let anchors = anchors(&found);
    let members = anchors
        .iter()
        .map(|anchor| anchor.member + 1)
        .max()
        .unwrap_or(0);
    let mut fields: Vec<FieldName> = found.iter().map(|one| one.field).collect();
    fields.sort_unstable();
    fields.dedup();
    let mut owned = Vec::new();
    for field in fields {
        let (own, rest): (Vec<Found<'_>>, Vec<Found<'_>>) =
            found.into_iter().partition(|one| one.field == field);
        found = rest;
        let assigned = if is_personal(field) {
            assigned(&own, &anchors, members)
        } else {
            vec![None; own.len()]
        };
        owned.extend(
            own.into_iter()
                .zip(assigned)
                .map(|(found, member)| Owned { found, member }),
        );
    }
    (owned, members)
}

/// Text in the chain of a label that cannot be its value while its neighbours can: a cell without a
/// label of its own.
fn drop_strangers(found: &mut Vec<Found<'_>>) {
    let fits: Vec<f32> = found
        .iter()
        .map(|one| value::fits(one.field, &one.rows))
        .collect();
    let strange: Vec<bool> = found
        .iter()
        .zip(&fits)
        .map(|(one, fit)| {
            let others = found.iter().zip(&fits).filter(|(other, _)| {
                other.label == one.label && other.field == one.field && other.slot != one.slot
            });
            let filled = !one.rows.iter().all(Vec::is_empty);
            let closed = !matches!(
                one.field,
                FieldName::Nationality | FieldName::ResidenceStatus | FieldName::PeriodOfStay
            );
            filled && closed && *fit < 0.2 && others.map(|(_, fit)| *fit).fold(0.0, f32::max) > 0.8
        })
        .collect();
    let mut strange = strange.into_iter();
    found.retain(|_| !strange.next().unwrap_or(false));
}

/// The names of the page, each person once however often the name stands there; or what stands in
/// for names where no label of one was found.
fn anchors(found: &[Found<'_>]) -> Vec<Anchor> {
    let substitutes = [
        FieldName::Name,
        FieldName::NameKana,
        FieldName::BirthDate,
        FieldName::IndividualNumber,
        FieldName::ResidentRecordCode,
        FieldName::Sex,
    ];
    // Names whose label was not read leave birth dates and numbers without a person: whatever stands
    // there oftenest tells the persons, names before all.
    let mut field: Option<(FieldName, usize)> = None;
    for other in substitutes {
        let count = filled(found, other);
        if count > field.map_or(0, |(_, most)| most) {
            field = Some((other, count));
        }
    }
    let field = field.map(|(field, _)| field);
    let mut own: Vec<&Found<'_>> = found
        .iter()
        .filter(|one| Some(one.field) == field && !one.rows.iter().all(Vec::is_empty))
        .filter(|one| value::fits(one.field, &one.rows) > 0.2)
        .collect();
    sort_for_reading(&mut own);
    // A father and his son may have one name: names repeat only where birth dates do not.
    let births = found
        .iter()
        .filter(|one| one.field == FieldName::BirthDate && !one.rows.is_empty())
        .count();
    let may_repeat = births < own.len();
    let persons = [
        FieldName::BirthDate,
        FieldName::Sex,
        FieldName::IndividualNumber,
        FieldName::ResidentRecordCode,
    ];
    let persons = persons.map(|field| filled(found, field));
    let persons = persons.into_iter().max().unwrap_or(0);
    let mut anchors: Vec<Anchor> = Vec::new();
    let mut known: Vec<(String, Rect)> = Vec::new();
    let in_turn = if may_repeat {
        turns(&own, persons)
    } else {
        None
    };
    for (place, one) in own.iter().enumerate() {
        let text = value::bare(&one.rows);
        let turn = in_turn
            .as_ref()
            .and_then(|turns| turns.get(place))
            .copied()
            .filter(|turn| {
                known
                    .get(*turn)
                    .is_some_and(|(name, label)| *label != one.label && is_like(name, &text))
            });
        let again = turn.or_else(|| {
            known
                .iter()
                .position(|(name, label)| may_repeat && is_same(name, &text) && *label != one.label)
        });
        let member = again.unwrap_or(known.len());
        if again.is_none() {
            known.push((text, one.label));
        }
        anchors.push(Anchor {
            member,
            at: corner(&one.slot),
        });
    }
    anchors
}

/// How many values of a field stand on the page that look like one.
fn filled(found: &[Found<'_>], field: FieldName) -> usize {
    let least = if field == FieldName::Name { 0.2 } else { 0.7 };
    found
        .iter()
        .filter(|one| one.field == field && value::fits(one.field, &one.rows) > least)
        .count()
}

/// Where several tables name as many persons each, the place of each name in its own table. Tables that
/// name one person each are told from persons in blocks by the dates and numbers: there are no more of
/// them than one table has persons.
fn turns(own: &[&Found<'_>], persons: usize) -> Option<Vec<usize>> {
    let mut labels: Vec<(Rect, usize)> = Vec::new();
    let turns = own
        .iter()
        .map(|one| {
            if let Some((_, count)) = labels.iter_mut().find(|(label, _)| *label == one.label) {
                *count += 1;
                *count - 1
            } else {
                labels.push((one.label, 1));
                0
            }
        })
        .collect();
    let (_, first) = labels.first()?;
    let alike = labels.len() > 1
        && (*first > 1 || *first == persons)
        && labels.iter().all(|(_, count)| count == first);
    alike.then_some(turns)
}

/// As long, and half of the characters the same.
fn is_like(one: &str, other: &str) -> bool {
    let length = one.chars().count();
    let same = one
        .chars()
        .zip(other.chars())
        .filter(|(a, b)| name::are_forms(*a, *b))
        .count();
    length == other.chars().count() && same * 2 >= length
}

/// Row by row, and within a row from left to right.
fn sort_for_reading(found: &mut [&Found<'_>]) {
    found.sort_by(|one, other| {
        let (above, below) = (&one.slot, &other.slot);
        let shared = (above.bottom().min(below.bottom()) - above.y.max(below.y)).max(0.0);
        if shared > 0.5 * above.height.min(below.height) {
            above.x.total_cmp(&below.x)
        } else {
            above.y.total_cmp(&below.y)
        }
    });
}

/// Two readings of one name: as long, and at most one character different. Forms of one character
/// (凛 and 凜) are no difference.
fn is_same(one: &str, other: &str) -> bool {
    let length = one.chars().count();
    let differing = one
        .chars()
        .zip(other.chars())
        .filter(|(a, b)| !name::are_forms(*a, *b))
        .count();
    length == other.chars().count() && (differing == 0 || differing == 1 && length >= 4)
}

fn corner(slot: &Rect) -> (f32, f32) {
    (slot.x, slot.centre().1)
}

/// The person of each value of one field.
fn assigned(own: &[Found<'_>], anchors: &[Anchor], members: usize) -> Vec<Option<usize>> {
    if members <= 1 {
        return vec![Some(0); own.len()];
    }
    let is_shared = own.len() == 1
        && own.iter().all(|one| {
            matches!(
                one.field,
                FieldName::RegisteredDomicile | FieldName::RegisterHead
            )
        });
    if is_shared {
        return vec![None; own.len()];
    }
    let tolerance = tolerance(anchors);
    let mut best: Option<(f32, Vec<Option<usize>>)> = None;
    for one in own {
        for anchor in anchors {
            let at = corner(&one.slot);
            let shift = (at.0 - anchor.at.0, at.1 - anchor.at.1);
            let (weight, members) = explained(own, anchors, shift, tolerance);
            if best.as_ref().is_none_or(|(least, _)| weight > *least) {
                best = Some((weight, members));
            }
        }
    }
    best.map_or_else(|| vec![None; own.len()], |(_, members)| members)
}

/// How far two values may lie from their places: a third of the way to the next person.
fn tolerance(anchors: &[Anchor]) -> f32 {
    let mut nearest = f32::MAX;
    for (place, one) in anchors.iter().enumerate() {
        for other in anchors.iter().skip(place + 1) {
            nearest = nearest.min(
                (one.at.0 - other.at.0)
                    .abs()
                    .max((one.at.1 - other.at.1).abs()),
            );
        }
    }
    0.42 * nearest
}

/// Persons of the values when each lies `shift` away from the name, and how well that explains all.
fn explained(
    own: &[Found<'_>],
    anchors: &[Anchor],
    shift: (f32, f32),
    tolerance: f32,
) -> (f32, Vec<Option<usize>>) {
    let mut weight = 0.0;
    let mut taken: Vec<(usize, Rect)> = Vec::new();
    let members = own
        .iter()
        .map(|one| {
            let at = corner(&one.slot);
            let (off, member) = anchors
                .iter()
                .map(|anchor| {
                    let off = (at.0 - anchor.at.0 - shift.0)
                        .abs()
                        .max((at.1 - anchor.at.1 - shift.1).abs());
                    (off, anchor.member)
                })
                .min_by(|one, other| one.0.total_cmp(&other.0))?;
            let is_first = !taken.iter().any(|(known, _)| *known == member);
            taken.push((member, one.slot));
            if off <= tolerance {
                weight += if is_first { 1.0 } else { 0.2 };
                weight -= 0.1 * off / tolerance;
            }
            Some(member)
        })
        .collect();
    // Between equals the nearer name wins: the smaller shift, with sideways distance mattering least. A
    // name stands before what is said of its person, so a way up is longer than the same way down.
    let down = if shift.1 < 0.0 {
        UPWARD * -shift.1
    } else {
        shift.1
    };
    let far = (down * 4.0 + shift.0.abs()) / 40_000.0;
    (weight - far.min(0.09) * count(own.len()), members)
}
