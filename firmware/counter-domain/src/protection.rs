//! Protection measures (支援措置): whose address must not leave (`domain.md` D.11).
//!
//! The dataset `protection` travels before everything else. It is small and names nobody: each
//! person under protection is a handful of digests, so that a person can be recognised on a card,
//! in a draft and in the resident copy, and nobody can be read out of it without being known
//! already. An entry holds until head office publishes a list without it: the date it was to end
//! tells staff to ask, it never lifts the protection by itself.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::date::FuzzyDate;
use crate::draft::{Draft, FieldPath, FieldValue};
use crate::resident::{Resident, ResidentState, name_key};

/// Name of the dataset.
pub const PROTECTION: &str = "protection";

/// Last part of the path of a member's flag, `member.2.protected`.
pub const PROTECTED_FLAG: &str = "protected";

/// Layout of the dataset.
pub const PROTECTION_FORMAT: u16 = 1;

/// What one thing about a person is recognised by: BLAKE3 under a key of its kind, 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 16]);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let id: crate::ids::DeviceId = text.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(id.0))
    }
}

fn digest(kind: &str, parts: &[&str]) -> Digest {
    let mut hasher = blake3::Hasher::new_derive_key(kind);
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    Digest(bytes)
}

/// Recognises a person of the resident record system by their number.
pub fn person_digest(person_no: &str) -> Digest {
    digest("todoke 2026-11 protection person", &[person_no])
}

/// Recognises a household by its number: who lives with a protected person has the same address.
pub fn household_digest(household_no: &str) -> Digest {
    digest("todoke 2026-11 protection household", &[household_no])
}

/// What recognises somebody in a case: name or reading with the birth date, and the record code.
/// Two people may share one; that errs on the safe side.
pub fn likeness(names: &[&str], birth_date: &str, resident_code: &str) -> Vec<Digest> {
    let born = birth_date.parse::<FuzzyDate>().ok();
    let born = born
        .and_then(|date| date.exact())
        .map(|day| day.to_string());
    let mut digests: Vec<Digest> = names
        .iter()
        .map(|name| name_key(name))
        .filter(|key| !key.is_empty())
        .filter_map(|key| {
            Some(digest(
                "todoke 2026-11 protection name",
                &[&key, born.as_ref()?],
            ))
        })
        .collect();
    let code: String = name_key(resident_code);
    if !code.is_empty() {
        digests.push(digest("todoke 2026-11 protection code", &[&code]));
    }
    digests.dedup();
    digests
}

/// The dataset, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectionList {
    /// [`PROTECTION_FORMAT`].
    pub format: u16,
    /// The day the list stood so, ISO 8601.
    pub as_of: String,
    /// Everybody on it.
    pub persons: Vec<ProtectedPerson>,
}

/// One person under protection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectedPerson {
    /// What they are recognised by.
    pub digests: Vec<Digest>,
    /// The last day of the measure, ISO 8601; empty when not told. Only a reminder.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub until: String,
}

impl ProtectedPerson {
    /// The entry of a person of the resident copy.
    pub fn of(resident: &Resident, until: &str) -> Self {
        let surname_given = [&resident.former_surname, given(&resident.name)].concat();
        let former = if resident.former_surname.is_empty() {
            ""
        } else {
            surname_given.as_str()
        };
        let names = [
            resident.name.as_str(),
            &resident.kana,
            &resident.alias,
            &resident.alias_kana,
            former,
        ];
        let mut digests = likeness(&names, &resident.birth_date, &resident.resident_code);
        digests.push(person_digest(&resident.person_no));
        // Whoever left a household under protection does not hide those who stayed.
        if matches!(
            resident.state,
            ResidentState::Resident | ResidentState::MovingOut
        ) {
            digests.push(household_digest(&resident.household_no));
        }
        Self {
            digests,
            until: until.to_owned(),
        }
    }
}

fn given(name: &str) -> &str {
    name.split_once('\u{3000}').map_or("", |(_, given)| given)
}

/// What the people of a case are recognised by: every member, with every counter's value of the
/// fields, so that an undecided difference hides nobody.
pub fn digests_of(draft: &Draft) -> Vec<Digest> {
    let mut people: BTreeMap<String, Person> = BTreeMap::new();
    for path in draft.paths_under("member.") {
        let Some((number, name)) = path
            .as_str()
            .strip_prefix("member.")
            .and_then(|p| p.split_once('.'))
        else {
            continue;
        };
        let known: fn(&mut Person) -> &mut Vec<String> = match name {
            "name" | "kana" | "alias" => |person| &mut person.names,
            "birth_date" => |person| &mut person.births,
            "resident_code" => |person| &mut person.codes,
            _ => continue,
        };
        let Some(field) = draft.field(path) else {
            continue;
        };
        let others = field.others.iter().map(|(_, other)| other);
        let values = std::iter::once(&field.shown).chain(others);
        let texts = values.filter_map(|value| value.value.as_text().map(str::to_owned));
        known(people.entry(number.to_owned()).or_default()).extend(texts);
    }
    let mut digests: Vec<Digest> = people.values().flat_map(Person::digests).collect();
    digests.sort_unstable();
    digests.dedup();
    digests
}

/// Everything any counter says about one member.
#[derive(Default)]
struct Person {
    names: Vec<String>,
    births: Vec<String>,
    codes: Vec<String>,
}

impl Person {
    fn digests(&self) -> Vec<Digest> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let by_name = self
            .births
            .iter()
            .flat_map(|birth| likeness(&names, birth, ""));
        let by_code = self.codes.iter().flat_map(|code| likeness(&[], "", code));
        by_name.chain(by_code).collect()
    }
}

/// Whether a member carries the flag, whoever set it and on whichever counter.
pub fn is_flagged(draft: &Draft) -> bool {
    let says = |value: &FieldValue| *value == FieldValue::Flag(true);
    draft
        .paths_under("member.")
        .filter(|path| is_flag(path))
        .filter_map(|path| draft.field(path))
        .any(|field| {
            says(&field.shown.value) || field.others.iter().any(|(_, other)| says(&other.value))
        })
}

fn is_flag(path: &FieldPath) -> bool {
    path.as_str().starts_with("member.") && path.as_str().rsplit('.').next() == Some(PROTECTED_FLAG)
}

/// Whether a field tells where people live, or lived, or where they can be reached: what is left
/// out for everybody of a case with a protected person.
pub fn tells_where(path: &FieldPath) -> bool {
    let path = path.as_str();
    let beside = path
        .strip_prefix("beside.")
        .and_then(|rest| rest.split_once('.'));
    let path = beside.map_or(path, |(_, path)| path);
    let path = path.strip_prefix("copy.").unwrap_or(path);
    let field = path.strip_prefix("member.").map_or(path, |rest| {
        rest.split_once('.').map_or(rest, |(_, field)| field)
    });
    ["address", "domicile"]
        .iter()
        .any(|root| field == *root || field.starts_with(&format!("{root}.")))
        || field.ends_with("address")
        || field.ends_with("phone")
}
