//! Values beside each other: what one says of another on the same paper.
//!
//! Nothing is changed here but 同上 and blanks within a reading; agreement and disagreement are noted, and what the other place
//! says is offered.

use crate::field::{Check, FieldName};
use crate::fields::assigned::is_number;
use crate::fields::blanks;
use crate::fields::confidence::{Evidence, Group};
use crate::fields::member::Owned;
use crate::fields::value::{self, Judged};
use crate::page::Rect;

/// A value on its way to a field.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) member: i32,
    /// Whether it can be nobody else's.
    pub(super) is_surely_theirs: bool,
    pub(super) field: FieldName,
    pub(super) judged: Judged,
    /// Of the least certain character, and on average.
    pub(super) certainty: (f32, f32),
    pub(super) length: f32,
    pub(super) label_distance: f32,
    pub(super) bounds: Rect,
    pub(super) page: usize,
    pub(super) others: Others,
}

/// What other places of the paper say of a value.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Others {
    pub(super) agree: bool,
    pub(super) disagree: bool,
    /// The same stands in a second place.
    pub(super) say_the_same: bool,
}

impl Candidate {
    /// A number of one person of whom nobody can say who it is.
    pub(super) fn is_of_nobody(&self) -> bool {
        self.member < 0 && is_number(self.field)
    }

    /// What the confidence is reckoned from, on a page that can be read so well.
    pub(super) fn evidence(&self, legibility: f32) -> Evidence {
        let flag = |held: bool| if held { 1.0 } else { 0.0 };
        let own = self.judged.checks.iter().any(|check| {
            matches!(
                check,
                Check::CheckDigit
                    | Check::Date
                    | Check::AddressDictionary
                    | Check::Vocabulary
                    | Check::Repertoire
            )
        });
        Evidence {
            group: Group::of(self.field),
            least: self.certainty.0,
            mean: self.certainty.1,
            length: self.length,
            fit: self.judged.fit,
            checked: flag(own),
            failed: flag(!self.judged.failed.is_empty()),
            corrected: self.judged.corrected,
            variants: self.judged.variants,
            label_distance: self.label_distance,
            agrees: flag(
                self.others.agree
                    || self.others.say_the_same
                    || self.judged.checks.contains(&Check::KanaAgainstKanji),
            ),
            disagrees: flag(self.others.disagree),
            legibility,
        }
    }
}

/// Number of the first person of a page: continuation sheets go on counting, unless a sheet tells
/// more of the persons that were there already.
pub(super) fn first_member(known: &[Candidate], page: &[Owned<'_>], members: usize) -> usize {
    let first = |field: FieldName| {
        let own = page.iter();
        own.filter(move |one| one.found.field == field && one.owner.member == Some(0))
    };
    let births: Vec<String> = first(FieldName::BirthDate)
        .map(|one| value::judge(FieldName::BirthDate, &one.found.rows).value)
        .collect();
    // Two of one name, but born on other days, are two persons.
    let is_born_then = |member: i32| {
        let mut own = known.iter();
        let own = own.find(|one| one.field == FieldName::BirthDate && one.member == member);
        own.is_none_or(|own| births.is_empty() || births.contains(&own.judged.value))
    };
    let again = first(FieldName::Name).find_map(|name| {
        let name = value::bare(&name.found.rows);
        known.iter().find(|one| {
            one.field == FieldName::Name
                && one.judged.value.replace('\u{3000}', "") == name
                && is_born_then(one.member)
        })
    });
    again
        .and_then(|one| usize::try_from(one.member).ok())
        .unwrap_or(members)
}

/// One value for each field of each person: the one that looks most like it, the first of equals.
pub(super) fn unique(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut kept: Vec<Candidate> = Vec::new();
    for one in candidates {
        let known = kept
            .iter_mut()
            .find(|other| other.member == one.member && other.field == one.field)
            .filter(|known| {
                !one.is_of_nobody() || bare(&known.judged.value) == bare(&one.judged.value)
            });
        match known {
            None => kept.push(one),
            Some(known) if bare(&known.judged.value) == bare(&one.judged.value) => {
                known.others.say_the_same |= !one.judged.value.is_empty();
                if one.certainty.0 > known.certainty.0 {
                    known.certainty = one.certainty;
                }
            }
            Some(known) if one.judged.fit > known.judged.fit + 0.1 => {
                let mut one = one;
                one.judged.alternatives.push(known.judged.value.clone());
                *known = one;
            }
            Some(known) => {
                if one.judged.fit > 0.5 {
                    known.judged.alternatives.push(one.judged.value);
                }
            }
        }
    }
    kept
}

/// A person without a birth date among persons who have one may be one of them, named again and misread: nothing
/// is surely theirs.
pub(super) fn doubt_persons(candidates: &mut [Candidate]) {
    let born: Vec<i32> = candidates
        .iter()
        .filter(|one| one.field == FieldName::BirthDate && !one.judged.value.is_empty())
        .map(|one| one.member)
        .collect();
    let doubted = |one: &&mut Candidate| one.member >= 0 && !born.contains(&one.member);
    for one in candidates
        .iter_mut()
        .filter(doubted)
        .filter(|_| !born.is_empty())
    {
        one.is_surely_theirs = false;
        if is_number(one.field) {
            one.member = -1;
        }
    }
}

/// On a certificate that tells the new address, an address under a label of which only 住所 was read is the old
/// one, where no other is.
pub(super) fn settle_address(candidates: &mut [Candidate]) {
    let has = |field: FieldName| candidates.iter().any(|one| one.field == field);
    if !has(FieldName::NewAddress) || has(FieldName::OldAddress) {
        return;
    }
    let mut plain = candidates
        .iter_mut()
        .filter(|one| one.field == FieldName::Address);
    if let (Some(only), None) = (plain.next(), plain.next()) {
        only.field = FieldName::OldAddress;
        only.member = -1;
        only.label_distance += 1.0;
    }
}

/// A text as it is compared.
fn bare(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(crate::fields::plain)
        .collect()
}

/// Writes out what is said by 同上, and takes blanks out of readings.
pub(super) fn prepare(candidates: &mut [Candidate]) {
    repeat_the_same_as_above(candidates);
    blanks::join_readings(candidates);
}

/// Notes what agrees and what does not.
pub(super) fn compare(candidates: &mut [Candidate]) {
    compare_heads(candidates);
    compare_each_other(candidates, FieldName::RegisteredDomicile);
    compare_each_other(candidates, FieldName::RegisterHead);
    compare_families(candidates, FieldName::Name);
    compare_families(candidates, FieldName::NameKana);
}

/// 同上 is what the person before has.
fn repeat_the_same_as_above(candidates: &mut [Candidate]) {
    for place in 0..candidates.len() {
        let Some(one) = candidates.get(place) else {
            continue;
        };
        if !matches!(
            bare(&one.judged.value).as_str(),
            "同上" | "〃" | "同左" | "″" | "同じ" | "々"
        ) {
            continue;
        }
        let above = candidates
            .iter()
            .filter(|other| other.field == one.field && other.member < one.member)
            .max_by_key(|other| other.member)
            .map(|other| other.judged.clone());
        if let (Some(above), Some(one)) = (above, candidates.get_mut(place)) {
            let as_read = std::mem::take(&mut one.judged.as_read);
            one.judged = above;
            one.judged.as_read = as_read;
        }
    }
}

/// The head of the household is the person with the relationship 世帯主, and often the first person
/// of the family register.
fn compare_heads(candidates: &mut [Candidate]) {
    let heads: Vec<i32> = candidates
        .iter()
        .filter(|one| one.field == FieldName::Relationship)
        .filter(|one| matches!(one.judged.value.as_str(), "世帯主" | "本人"))
        .map(|one| one.member)
        .collect();
    let [head] = heads.as_slice() else {
        return;
    };
    let name = candidates
        .iter()
        .position(|one| one.field == FieldName::Name && one.member == *head);
    let said: Vec<usize> = (0..candidates.len())
        .filter(|place| {
            candidates.get(*place).is_some_and(|one| {
                matches!(
                    one.field,
                    FieldName::HouseholdHead | FieldName::RegisterHead
                )
            })
        })
        .collect();
    if let Some(name) = name {
        for place in said {
            compare_pair(candidates, name, place, Equal::Agrees);
        }
    }
}

/// What it means that two values are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Equal {
    Agrees,
    ProvesNothing,
}

/// Two values that should be the same, if they are nearly so.
fn compare_pair(candidates: &mut [Candidate], one: usize, other: usize, equal: Equal) {
    let (Some(first), Some(second)) = (candidates.get(one), candidates.get(other)) else {
        return;
    };
    let (left, right) = (bare(&first.judged.value), bare(&second.judged.value));
    let values = (first.judged.value.clone(), second.judged.value.clone());
    let near = is_near(&left, &right);
    for (place, said) in [(one, values.1), (other, values.0)] {
        if let Some(own) = candidates.get_mut(place) {
            if left == right {
                own.others.agree |= equal == Equal::Agrees;
            } else if near {
                own.others.disagree = true;
                own.judged.alternatives.insert(0, said);
            }
        }
    }
}

/// As long and one or two characters different, so that one of the two was misread.
fn is_near(one: &str, other: &str) -> bool {
    let length = one.chars().count();
    let differing = one
        .chars()
        .zip(other.chars())
        .filter(|(a, b)| a != b)
        .count();
    length == other.chars().count() && differing > 0 && differing * 2 < length
}

/// Persons of one household mostly share the field. One print is misread in one way however often it stands
/// there, so equal ones prove nothing; nearly equal ones speak against each other.
fn compare_each_other(candidates: &mut [Candidate], field: FieldName) {
    let places: Vec<usize> = (0..candidates.len())
        .filter(|place| candidates.get(*place).is_some_and(|one| one.field == field))
        .collect();
    for (at, one) in places.iter().enumerate() {
        for other in places.iter().skip(at + 1) {
            compare_pair(candidates, *one, *other, Equal::ProvesNothing);
        }
    }
}

/// The first part of names: most of a household share it.
fn compare_families(candidates: &mut [Candidate], field: FieldName) {
    let family = |one: &Candidate| one.judged.value.split('\u{3000}').next().map(str::to_owned);
    let all: Vec<(usize, String)> = candidates
        .iter()
        .enumerate()
        .filter(|(_, one)| one.field == field)
        .filter_map(|(place, one)| Some((place, family(one)?)))
        .collect();
    for (place, own) in &all {
        let others: Vec<&String> = all
            .iter()
            .filter(|(other, _)| other != place)
            .map(|(_, other)| other)
            .collect();
        let agreeing = others.iter().filter(|other| **other == own).count();
        let near = others.iter().find(|other| is_near(own, other));
        if let Some(one) = candidates.get_mut(*place) {
            if agreeing > 0 {
                one.judged.checks.push(Check::Household);
                one.judged.checks.dedup();
            } else if let Some(near) = near {
                one.others.disagree = true;
                let said = one.judged.value.replacen(own.as_str(), near, 1);
                one.judged.alternatives.insert(0, said);
            }
        }
    }
}
