//! The person of each value of one field, and when nobody can say whose a number is.

use crate::field::FieldName;
use crate::fields::found::Found;
use crate::fields::member::{Anchor, Owned, corner};
use crate::fields::text::count;
use crate::fields::value;
use crate::page::Rect;

/// By how much a value above a name is further from it than one below.
const UPWARD: f32 = 6.0;
/// An explanation that weighs so much less than the best one is none.
const RIVAL: f32 = 0.5;
/// A value in line with a name is at most this share as far from it as from the next.
const IN_LINE: f32 = 0.3;
/// Less than this, a text is no value of that kind.
const IS_VALUE: f32 = 0.5;

/// Where a value is and what it is of when all values of the field lie alike.
#[derive(Clone, Copy)]
struct Place {
    member: usize,
    is_near: bool,
}

/// Persons of all values of a field, and how well that explains where they stand.
struct Explanation {
    weight: f32,
    places: Vec<Option<Place>>,
}

impl Explanation {
    fn member(&self, value: usize) -> Option<usize> {
        self.places.get(value)?.map(|place| place.member)
    }
}

/// Whose a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    /// From 0 on this page, or nobody for the household.
    pub(super) member: Option<usize>,
    /// Whether it can be nobody else's.
    pub(super) is_sure: bool,
}

impl Owner {
    /// Of the household as a whole.
    pub(super) const HOUSEHOLD: Self = Self {
        member: None,
        is_sure: true,
    };
}

/// The person of each value of one field.
pub(super) fn assigned(own: &[Found<'_>], anchors: &[Anchor], members: usize) -> Vec<Owner> {
    let is_shared = own.len() == 1
        && own.iter().all(|one| {
            matches!(
                one.field,
                FieldName::RegisteredDomicile | FieldName::RegisterHead
            )
        });
    if members > 1 && is_shared {
        return vec![Owner::HOUSEHOLD; own.len()];
    }
    let mut owners = if members <= 1 {
        let alone = Owner {
            member: Some(0),
            is_sure: true,
        };
        vec![alone; own.len()]
    } else {
        by_place(own, anchors)
    };
    doubt_claimed_twice(own, &mut owners);
    owners
}

/// A value of which nothing else is sure lies among the sure values of one person and of no other: it is
/// theirs. Else a number is nobody's.
pub(super) fn settle_among(owned: &mut [Owned<'_>]) {
    let territories = territories(owned);
    let is_held = |owned: &[Owned<'_>], field: FieldName, member: usize| {
        let mut own = owned.iter();
        own.any(|one| {
            let is_same = one.found.field == field && one.owner.member == Some(member);
            is_same && one.owner.is_sure
        })
    };
    for place in 0..owned.len() {
        let Some(one) = owned.get(place).filter(|one| !one.owner.is_sure) else {
            continue;
        };
        let (field, slot) = (one.found.field, one.found.slot);
        let mut around = territories
            .iter()
            .filter(|(_, bounds)| bounds.contains(slot.centre()));
        let only = around.next().filter(|_| around.next().is_none());
        let member = only.map(|(member, _)| *member);
        let free = member.filter(|member| !is_held(owned, field, *member));
        if let Some(one) = owned.get_mut(place) {
            if free.is_some() && free == one.owner.member {
                one.owner.is_sure = true;
            } else if is_number(field) {
                one.owner.member = None;
            }
        }
    }
}

/// Where the sure values of each person lie.
fn territories(owned: &[Owned<'_>]) -> Vec<(usize, Rect)> {
    let mut territories: Vec<(usize, Rect)> = Vec::new();
    for one in owned.iter().filter(|one| one.owner.is_sure) {
        let Some(member) = one.owner.member else {
            continue;
        };
        match territories.iter_mut().find(|(own, _)| *own == member) {
            Some((_, bounds)) => *bounds = bounds.around(&one.found.slot),
            None => territories.push((member, one.found.slot)),
        }
    }
    territories
}

/// The person by the place that explains most values.
fn by_place(own: &[Found<'_>], anchors: &[Anchor]) -> Vec<Owner> {
    let at = places(own);
    let all = explanations(&at, anchors);
    let best = all.iter().reduce(|best, other| {
        if other.weight > best.weight {
            other
        } else {
            best
        }
    });
    let owner = |value: usize| Owner {
        member: best.and_then(|best| best.member(value)),
        is_sure: best.is_some_and(|best| is_certain(own, anchors, &all, best, value)),
    };
    (0..own.len()).map(owner).collect()
}

/// Where the values of a field stand. Beside labels of their own the labels tell, which stand alike for
/// all persons however long, moved or missing the values are; under one heading for all, it tells the column.
fn places(own: &[Found<'_>]) -> Vec<(f32, f32)> {
    let has_own_labels = own.len() > 1
        && own.iter().enumerate().all(|(place, one)| {
            let mut others = own.iter().skip(place + 1);
            others.all(|other| other.label != one.label)
        });
    let is_under_one = own.len() > 1
        && own.windows(2).all(|pair| match pair {
            [one, next] => one.label == next.label && next.slot.y > one.slot.bottom(),
            _ => false,
        })
        && own.iter().all(|one| one.slot.y >= one.label.bottom());
    own.iter()
        .map(|one| {
            let (slot, label) = (corner(&one.slot), corner(&one.label));
            match (has_own_labels, is_under_one) {
                (true, _) => label,
                (false, true) => (label.0, slot.1),
                (false, false) => slot,
            }
        })
        .collect()
}

/// Numbers that belong to one person for life: given to another they do harm that nobody sees.
pub(super) fn is_number(field: FieldName) -> bool {
    matches!(
        field,
        FieldName::ResidentRecordCode | FieldName::IndividualNumber
    )
}

/// Whether every good explanation of the page gives the value to the same person, or it stands in line
/// with that person's name and with no other.
fn is_certain(
    own: &[Found<'_>],
    anchors: &[Anchor],
    all: &[Explanation],
    best: &Explanation,
    value: usize,
) -> bool {
    let Some(Some(place)) = best.places.get(value) else {
        return false;
    };
    let mut rivals = all
        .iter()
        .filter(|other| other.weight > best.weight - RIVAL);
    let is_only = rivals.all(|rival| rival.member(value) == Some(place.member));
    let in_line = own
        .get(value)
        .and_then(|found| in_line(found, anchors))
        .is_some_and(|member| member == place.member);
    place.is_near && (is_only || in_line)
}

/// The one person whose name stands in the row or column of the value.
fn in_line(found: &Found<'_>, anchors: &[Anchor]) -> Option<usize> {
    let at = corner(&found.slot);
    let along = |far: fn((f32, f32), (f32, f32)) -> f32, most: f32| {
        let nearest = anchors
            .iter()
            .min_by(|one, other| far(at, one.at).total_cmp(&far(at, other.at)))?;
        let next = anchors
            .iter()
            .filter(|other| other.member != nearest.member)
            .map(|other| far(at, other.at))
            .fold(f32::MAX, f32::min);
        let is_in_line = far(at, nearest.at) <= most && far(at, nearest.at) < IN_LINE * next;
        is_in_line.then_some(nearest.member)
    };
    along(
        |one, other| (one.1 - other.1).abs(),
        0.6 * found.slot.height,
    )
    .or_else(|| along(|one, other| (one.0 - other.0).abs(), f32::MAX))
}

/// Two values for one person may be those of two.
fn doubt_claimed_twice(own: &[Found<'_>], owners: &mut [Owner]) {
    let claims: Vec<(usize, String)> = own
        .iter()
        .zip(owners.iter())
        .filter(|(one, _)| value::fits(one.field, &one.rows) > IS_VALUE)
        .filter_map(|(one, owner)| Some((owner.member?, value::judge(one.field, &one.rows).value)))
        .collect();
    for owner in owners {
        let mut claims = claims.iter().filter(|(own, _)| Some(*own) == owner.member);
        let first = claims.next();
        if claims.any(|other| first != Some(other)) {
            owner.is_sure = false;
        }
    }
}

fn explanations(at: &[(f32, f32)], anchors: &[Anchor]) -> Vec<Explanation> {
    let tolerance = tolerance(anchors);
    at.iter()
        .flat_map(|one| {
            anchors.iter().map(|anchor| {
                let shift = (one.0 - anchor.at.0, one.1 - anchor.at.1);
                explained(at, anchors, shift, tolerance)
            })
        })
        .collect()
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
    values: &[(f32, f32)],
    anchors: &[Anchor],
    shift: (f32, f32),
    tolerance: f32,
) -> Explanation {
    let mut weight = 0.0;
    let mut taken: Vec<usize> = Vec::new();
    let places = values
        .iter()
        .map(|at| {
            let (off, member) = anchors
                .iter()
                .map(|anchor| {
                    let off = (at.0 - anchor.at.0 - shift.0)
                        .abs()
                        .max((at.1 - anchor.at.1 - shift.1).abs());
                    (off, anchor.member)
                })
                .min_by(|one, other| one.0.total_cmp(&other.0))?;
            let is_first = !taken.contains(&member);
            taken.push(member);
            let is_near = off <= tolerance;
            if is_near {
                weight += if is_first { 1.0 } else { 0.2 };
                weight -= 0.1 * off / tolerance;
            }
            Some(Place { member, is_near })
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
    Explanation {
        weight: weight - far.min(0.09) * count(values.len()),
        places,
    }
}
