//! One certificate laid into a stack twice: its persons are taken once, and what the two readings say
//! differently is put before a person.

use std::collections::{BTreeMap, BTreeSet};

use counter_domain::reading::{ReadField, SURE_PERCENT};
use counter_domain::resident::name_key;
use document_reader::field::FieldName;

use crate::documents::PaperField;

/// Takes the fields of each person once, and says how many persons stood there again.
pub(super) fn merge(fields: &mut Vec<PaperField>) -> usize {
    let first_of = repeated(fields);
    if first_of.is_empty() {
        return 0;
    }
    let again: BTreeSet<usize> = fields
        .iter()
        .filter(|field| field.member.is_some_and(|own| first_of.contains_key(&own)))
        .map(|field| field.read.page)
        .collect();
    let mut kept: Vec<PaperField> = Vec::new();
    for mut field in std::mem::take(fields) {
        let own = field.member;
        field.member = own.map(|own| first_of.get(&own).copied().unwrap_or(own));
        // Another certificate of the stack may say something else of its own household.
        let is_again = field.member != own || own.is_none() && again.contains(&field.read.page);
        let known = kept
            .iter_mut()
            .find(|known| is_again && (known.member, known.name) == (field.member, field.name));
        match known {
            Some(known) => say_again(&mut known.read, field.read),
            None => kept.push(field),
        }
    }
    *fields = kept;
    first_of.len()
}

/// Persons that the paper names again, each with the first naming.
fn repeated(fields: &[PaperField]) -> BTreeMap<u8, u8> {
    let people: BTreeSet<u8> = fields.iter().filter_map(|field| field.member).collect();
    let mut first_of = BTreeMap::new();
    for own in &people {
        let mut before = people.range(..own);
        let first = before
            .find(|other| !first_of.contains_key(*other) && is_same_person(fields, **other, *own));
        if let Some(first) = first {
            first_of.insert(*own, *first);
        }
    }
    first_of
}

/// Born on one day and of one name, in characters or in kana: twins have one of the two only.
fn is_same_person(fields: &[PaperField], one: u8, other: u8) -> bool {
    let said = |member: u8, name: FieldName| {
        let mut own = fields.iter();
        let own = own.find(|field| field.member == Some(member) && field.name == name);
        own.map(|field| field.read.value.as_str())
            .unwrap_or_default()
    };
    let both = |name: FieldName| {
        let (one, other) = (name_key(said(one, name)), name_key(said(other, name)));
        !one.is_empty() && one == other
    };
    both(FieldName::BirthDate) && (both(FieldName::Name) || both(FieldName::NameKana))
}

/// The second reading of a field: the same makes it surer, anything else is to be looked at.
fn say_again(known: &mut ReadField, again: ReadField) {
    if again.value.is_empty() {
        return;
    }
    if known.value.is_empty() {
        *known = ReadField {
            confidence: again.confidence.min(SURE_PERCENT - 1),
            ..again
        };
        return;
    }
    let letters = |text: &str| -> String { text.split_whitespace().collect() };
    if letters(&known.value) == letters(&again.value) {
        known.confidence = known.confidence.max(again.confidence);
    } else {
        known.confidence = known.confidence.min(SURE_PERCENT - 1);
        known.others.insert(0, again.value);
    }
}
