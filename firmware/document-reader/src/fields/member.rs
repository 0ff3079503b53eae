//! Which person a value belongs to.
//!
//! Persons stand in rows, in columns or in blocks; in all three a field lies at the same distance
//! from the name of its person. So the distance that explains most of the values of one field is
//! looked for, and nothing is said about where a name must stand.

use crate::field::FieldName;
use crate::fields::assigned::{Owner, assigned, is_number, settle_among};
use crate::fields::found::{Found, is_personal};
use crate::fields::name;
use crate::fields::value;
use crate::page::Rect;

/// A value with its person.
pub(super) struct Owned<'p> {
    pub(super) found: Found<'p>,
    pub(super) owner: Owner,
}

/// Where a person's name stands.
pub(super) struct Anchor {
    pub(super) member: usize,
    pub(super) at: (f32, f32),
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
            vec![Owner::HOUSEHOLD; own.len()]
        };
        owned.extend(
            own.into_iter()
                .zip(assigned)
                .map(|(found, owner)| Owned { found, owner }),
        );
    }
    settle_among(&mut owned);
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

/// What tells the persons of a page: names before all. Names whose label was not read leave birth dates and
/// numbers without a person, so whatever stands there oftenest does; numbers only where nothing else stands, for
/// one too many would be somebody's who is not named.
fn teller(found: &[Found<'_>]) -> Option<FieldName> {
    let substitutes = [
        FieldName::Name,
        FieldName::NameKana,
        FieldName::BirthDate,
        FieldName::IndividualNumber,
        FieldName::ResidentRecordCode,
        FieldName::Sex,
    ];
    let mut teller: Option<(FieldName, usize)> = None;
    for field in substitutes {
        let count = filled(found, field);
        let is_last_way = is_number(field) && teller.is_some();
        if !is_last_way && count > teller.map_or(0, |(_, most)| most) {
            teller = Some((field, count));
        }
    }
    teller.map(|(field, _)| field)
}

/// The names of the page, each person once however often the name stands there; or what stands in
/// for names where no label of one was found.
fn anchors(found: &[Found<'_>]) -> Vec<Anchor> {
    let field = teller(found);
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
        let again = turn
            .or_else(|| {
                known.iter().position(|(name, label)| {
                    may_repeat && is_same(name, &text) && *label != one.label
                })
            })
            .or_else(|| left_over(one, &own, &known).filter(|_| may_repeat && births > 0));
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

/// The one person of another table whom no name of this table is, where the name is theirs but for one character.
fn left_over(one: &Found<'_>, own: &[&Found<'_>], known: &[(String, Rect)]) -> Option<usize> {
    let text = value::bare(&one.rows);
    let here: Vec<String> = own
        .iter()
        .filter(|other| other.label == one.label && other.slot != one.slot)
        .map(|other| value::bare(&other.rows))
        .collect();
    let mut left = known.iter().enumerate().filter(|(_, (name, label))| {
        *label != one.label && apart(name, &text) == 1 && !here.iter().any(|own| is_same(name, own))
    });
    let (person, _) = left.next()?;
    left.next().is_none().then_some(person)
}

/// Half of the characters the same: changed, lost or added are the others.
fn is_like(one: &str, other: &str) -> bool {
    let length = one.chars().count().max(other.chars().count());
    apart(one, other) * 2 <= length
}

/// Edit distance; forms of one character are the same.
fn apart(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = (0..=other.len()).collect();
    for (row, a) in one.chars().enumerate() {
        let mut now = vec![row + 1];
        for (column, b) in other.iter().enumerate() {
            let at =
                |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX / 2);
            let swap = at(&before, column) + usize::from(!name::are_forms(a, *b));
            now.push(
                swap.min(at(&before, column + 1) + 1)
                    .min(at(&now, column) + 1),
            );
        }
        before = now;
    }
    before.last().copied().unwrap_or(usize::MAX)
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

pub(super) fn corner(slot: &Rect) -> (f32, f32) {
    (slot.x, slot.centre().1)
}
