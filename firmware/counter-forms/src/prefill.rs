//! Fields of a section's form that the case or the interview has already answered.
//!
//! Each form says in its `meta.toml` which ones, as `[[prefill]]`: a fact of the catalogue that
//! must have one of some values, and what to write then. What nobody said stays blank for a pen;
//! nothing is guessed, and a box that only the resident's signature may tick (consents) is none of
//! these.

use std::collections::BTreeMap;
use std::fmt;

use counter_domain::draft::{Draft, FieldValue};
use counter_domain::snapshot::Snapshot;
use serde_json::{Value, json};

use crate::boxes::Boxes;
use crate::definition::{FieldKind, FormMeta, Prefill};
use crate::resident_move::{MemberData, ResidentMoveData};

/// What the interview was told, by fact of the catalogue and member. Debug hides it: some of it
/// is sensitive (disability, public assistance).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Answers {
    facts: BTreeMap<(Option<u8>, String), String>,
    pub(crate) boxes: Boxes,
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answers({} facts)", self.facts.len())
    }
}

impl Answers {
    /// The answers of a draft: `answer.<fact>` and `answer.m<n>.<fact>`. What somebody does not
    /// know is no answer.
    pub fn of_draft(draft: &Draft) -> Self {
        let fields = draft.fields();
        Self::of_fields(fields.map(|(path, field)| (path.as_str(), field.shown.value)))
    }

    /// The answers of what was signed, as far as it says them.
    pub fn of_snapshot(snapshot: &Snapshot) -> Self {
        let fields = snapshot.fields.iter();
        Self::of_fields(fields.map(|(path, field)| (path.as_str(), field.value.clone())))
    }

    fn of_fields<'p>(fields: impl Iterator<Item = (&'p str, FieldValue)>) -> Self {
        let mut answers = Self::default();
        for (path, value) in fields {
            let value = match value {
                FieldValue::Text(text) => text,
                FieldValue::Flag(flag) => flag.to_string(),
                FieldValue::Count(count) => count.to_string(),
                FieldValue::Unknown | FieldValue::Cleared => continue,
            };
            answers.boxes.take(path, &value);
            let Some(fact) = path.strip_prefix("answer.") else {
                continue;
            };
            let of_member = fact.strip_prefix('m').and_then(|rest| {
                let (number, fact) = rest.split_once('.')?;
                Some((number.parse().ok()?, fact))
            });
            match of_member {
                Some((number, fact)) => answers.set(fact, Some(number), &value),
                None => answers.set(fact, None, &value),
            }
        }
        answers
    }

    /// Takes one answer: a choice by name, a count in digits, a flag as `true` or `false`.
    pub fn set(&mut self, fact: &str, member: Option<u8>, value: &str) {
        let _earlier = self
            .facts
            .insert((member, fact.to_owned()), value.to_owned());
    }

    fn get(&self, fact: &str, member: Option<u8>) -> Option<&str> {
        self.facts
            .get(&(member, fact.to_owned()))
            .map(String::as_str)
    }
}

/// What is known about one form's people.
pub(crate) struct Known<'c> {
    pub(crate) case: &'c ResidentMoveData,
    pub(crate) answers: &'c Answers,
    /// The procedures the form is filled in for, with their members.
    pub(crate) listed: &'c [(String, Option<u8>)],
}

impl Known<'_> {
    /// The patch for a form's data. `member` is whom the form is for; `base` is the data so far,
    /// whose lists (`members`, `children`) name their people by `number`.
    pub(crate) fn fill(&self, meta: &FormMeta, member: Option<u8>, base: &mut Value) {
        for rule in &meta.prefill {
            match rule.field.split_once(".*.") {
                None => {
                    if let Some(value) = self.value(meta, rule, member) {
                        put(base, &rule.field, value);
                    }
                }
                Some((list, leaf)) => {
                    let entries = base.get_mut(list).and_then(Value::as_array_mut);
                    for entry in entries.into_iter().flatten() {
                        let number = number_of(entry);
                        if let Some(value) = self.value(meta, rule, number) {
                            put(entry, leaf, value);
                        }
                    }
                }
            }
        }
    }

    fn value(&self, meta: &FormMeta, rule: &Prefill, member: Option<u8>) -> Option<Value> {
        if let Some(fact) = &rule.fact {
            let told = self.fact(fact, member)?;
            if !rule.is.contains(&told) {
                return None;
            }
        }
        if let Some(procedure) = &rule.procedure {
            let is_it = |(id, of): &(String, Option<u8>)| {
                id == procedure && (of.is_none() || member.is_none() || *of == member)
            };
            if !self.listed.iter().any(is_it) {
                return None;
            }
        }
        let text = match (&rule.value, &rule.from) {
            (Some(value), _) => value.clone(),
            (None, Some(from)) => self.copied(from, member).filter(|text| !text.is_empty())?,
            (None, None) => return None,
        };
        let kind = meta.fields.get(&rule.field).map(|field| field.kind);
        Some(match kind {
            Some(FieldKind::Choices) => json!([text]),
            Some(FieldKind::Flag) => json!(text == "true"),
            Some(
                FieldKind::Text
                | FieldKind::Exact
                | FieldKind::Kana
                | FieldKind::Date
                | FieldKind::Count
                | FieldKind::Choice
                | FieldKind::Digits
                | FieldKind::List,
            )
            | None => json!(text),
        })
    }

    /// A fact: what the notification itself says, else what the interview was told.
    fn fact(&self, fact: &str, member: Option<u8>) -> Option<String> {
        match fact {
            "ev.type" => Some(self.case.event.kind.clone()),
            "japanese" => Some(
                self.member(member)?
                    .foreigner
                    .nationality
                    .is_empty()
                    .to_string(),
            ),
            _ if fact.contains('.') => self.answers.get(fact, None).map(str::to_owned),
            _ => self.answers.get(fact, member).map(str::to_owned),
        }
    }

    fn member(&self, number: Option<u8>) -> Option<&MemberData> {
        let mut members = self.case.members.iter();
        members.find(|member| Some(member.number) == number)
    }

    /// A value of the notification, by its path there; an address comes with its building.
    fn copied(&self, path: &str, member: Option<u8>) -> Option<String> {
        let case = self.case;
        let whole = |address: &str, building: &str| {
            let parts = [address, building];
            let given = parts.into_iter().filter(|part| !part.is_empty());
            given.collect::<Vec<_>>().join("　")
        };
        match path {
            "event.date" => Some(case.event.date.clone()),
            "new.address" => Some(whole(&case.new.address, &case.new.building)),
            "old.address" => Some(whole(&case.old.address, &case.old.building)),
            "new.head" => Some(case.new.head.clone()),
            "old.head" => Some(case.old.head.clone()),
            "new.head.kana" => self.kana_of(&case.new.head),
            "old.head.kana" => self.kana_of(&case.old.head),
            "spouse.name" => Some(self.spouse(member)?.name.clone()),
            "spouse.kana" => Some(self.spouse(member)?.kana.clone()),
            "spouse.birth_date" => Some(self.spouse(member)?.birth_date.clone()),
            _ => None,
        }
    }

    /// The husband or wife of a member, where one of them is the head.
    fn spouse(&self, number: Option<u8>) -> Option<&MemberData> {
        let member = self.member(number)?;
        let is_of_the_head = |one: &MemberData| SPOUSES.contains(&one.relation.as_str());
        let members = || self.case.members.iter();
        if is_of_the_head(member) {
            members().find(|one| one.relation == HEAD)
        } else if member.relation == HEAD {
            members().find(|one| is_of_the_head(one))
        } else {
            None
        }
    }

    fn kana_of(&self, name: &str) -> Option<String> {
        let member = self
            .case
            .members
            .iter()
            .find(|member| member.name == name)?;
        Some(member.kana.clone())
    }
}

/// Which person of the case an entry of a list is.
pub(crate) fn number_of(entry: &Value) -> Option<u8> {
    let number = entry.get("number").and_then(Value::as_u64)?;
    u8::try_from(number).ok()
}

/// Paths of the notification that a rule may copy.
pub(crate) const COPIED: [&str; 10] = [
    "event.date",
    "new.address",
    "old.address",
    "new.head",
    "old.head",
    "new.head.kana",
    "old.head.kana",
    "spouse.name",
    "spouse.kana",
    "spouse.birth_date",
];

/// Relations of a husband or a wife to the head, as the register writes them.
const SPOUSES: [&str; 2] = ["夫", "妻"];

/// The head's relation.
pub(crate) const HEAD: &str = "世帯主";

/// Sets what stands at a dotted path, unless something does; lists of ticks grow.
pub(crate) fn put(target: &mut Value, path: &str, value: Value) {
    let mut node = target;
    for step in path.split('.') {
        if !node.is_object() {
            *node = json!({});
        }
        let Some(object) = node.as_object_mut() else {
            return;
        };
        node = object.entry(step).or_insert(Value::Null);
    }
    match (node, value) {
        (Value::Array(ticked), Value::Array(more)) => {
            for tick in more {
                if !ticked.contains(&tick) {
                    ticked.push(tick);
                }
            }
        }
        (empty @ Value::Null, value) => *empty = value,
        (Value::String(text), value) if text.is_empty() => {
            value.as_str().unwrap_or_default().clone_into(text);
        }
        _ => {}
    }
}
