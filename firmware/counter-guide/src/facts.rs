//! Facts about a case, by name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What is known about one fact.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FactValue {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Count(i64),
    /// One of the fact's values.
    Choice(String),
    /// Asked, and the person does not know: stays unknown and is not asked again.
    Unknown,
}

impl std::fmt::Debug for FactValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FactValue(…)")
    }
}

impl From<bool> for FactValue {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<i64> for FactValue {
    fn from(value: i64) -> Self {
        Self::Count(value)
    }
}

impl From<&str> for FactValue {
    fn from(value: &str) -> Self {
        Self::Choice(value.to_owned())
    }
}

/// Facts of one member.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberFacts {
    /// Number in the case, from 1.
    #[serde(default)]
    pub number: u8,
    /// Facts by name, for example `age`.
    #[serde(flatten)]
    pub facts: BTreeMap<String, FactValue>,
}

/// Facts of one case.
///
/// As JSON: `{"event": {"type": "move_in"}, "household": {"dogs": 1}, "members": [{"number": 1,
/// "age": 34}], "requested": ["P021"], "event_date": "2026-11-20", "today": "2026-11-21"}`.
/// `null` is asked and not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Facts of the event, with or without `ev.`.
    #[serde(default)]
    pub event: BTreeMap<String, FactValue>,
    /// Facts of the household, with or without `hh.`.
    #[serde(default)]
    pub household: BTreeMap<String, FactValue>,
    /// Persons, before and after the event.
    #[serde(default)]
    pub members: Vec<MemberFacts>,
    /// Procedures picked from the menu.
    #[serde(default)]
    pub requested: BTreeSet<String>,
    /// Day of the event, when known exactly.
    #[serde(default, with = "day_text")]
    pub event_date: Option<Date>,
    /// Day of filing.
    #[serde(default, with = "day_text")]
    pub today: Option<Date>,
}

/// Why a file is not facts.
#[derive(Debug, Error)]
pub enum FactsError {
    /// Not the documented JSON.
    #[error("the facts are not in the documented form (line {line}, column {column})")]
    Form {
        /// Line in the file.
        line: usize,
        /// Column in the line.
        column: usize,
    },
    /// A name that the catalogue does not have.
    #[error("the catalogue has no fact {name}")]
    UnknownFact {
        /// The name.
        name: String,
    },
    /// A value that the fact cannot have.
    #[error("the value of {name} is not one it can have")]
    Value {
        /// The fact.
        name: String,
    },
}

impl Facts {
    /// Reads JSON. Members without a number are numbered from 1.
    ///
    /// # Errors
    /// When it is not the documented form.
    pub fn from_json(text: &str) -> Result<Self, FactsError> {
        let mut facts: Self = serde_json::from_str(text).map_err(|error| FactsError::Form {
            line: error.line(),
            column: error.column(),
        })?;
        for (number, member) in (1..).zip(&mut facts.members) {
            if member.number == 0 {
                member.number = number;
            }
        }
        Ok(facts)
    }

    /// Sets a fact by its full name: `ev.type`, `hh.dogs`, or `age` of a member.
    pub fn set(&mut self, fact: &str, member: Option<u8>, value: impl Into<FactValue>) {
        let value = value.into();
        if fact.starts_with("ev.") {
            self.event.insert(fact.to_owned(), value);
        } else if fact.starts_with("hh.") {
            self.household.insert(fact.to_owned(), value);
        } else if let Some(number) = member {
            self.member(number).facts.insert(fact.to_owned(), value);
        }
    }

    /// The member with this number, added when it is not there.
    pub fn member(&mut self, number: u8) -> &mut MemberFacts {
        let found = self
            .members
            .iter()
            .position(|member| member.number == number);
        let at = found.unwrap_or_else(|| {
            self.members.push(MemberFacts {
                number,
                facts: BTreeMap::new(),
            });
            self.members.len() - 1
        });
        &mut self.members[at]
    }
}

/// Days as ISO 8601 text.
mod day_text {
    use jiff::civil::Date;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes the field by reference"
    )]
    pub(super) fn serialize<S: Serializer>(
        day: &Option<Date>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        day.map(|day| day.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(|_| D::Error::custom("not a day")))
            .transpose()
    }
}
