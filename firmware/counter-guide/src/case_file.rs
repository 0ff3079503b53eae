//! A case as other programs hand it in: facts by name and members with their names, as JSON.
//!
//! `{"facts": {"ev.type": "move_in", "hh.dogs": 1}, "members": [{"name": "夫", "age": 41}],
//! "requested": ["P026", "P032/2"], "event_date": "2026-11-20", "today": "2026-11-21"}`.
//! `null` is asked and not known. Members are numbered from 1 unless they say `number`. The form
//! of [`Facts`] with `event` and `household` is read too.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::catalogue::{Catalogue, Fact, FactType, Level};
use crate::facts::{FactValue, Facts, FactsError};
use crate::guide::Guide;

/// A case with the names of its members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseFile {
    /// What is known.
    pub facts: Facts,
    names: Vec<(u8, MemberName)>,
}

/// Name of a member as the file says it. Debug hides it.
#[derive(Clone, Default, PartialEq, Eq)]
struct MemberName(String);

impl std::fmt::Debug for MemberName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemberName(…)")
    }
}

/// Why a file is not a case.
#[derive(Debug, Error)]
pub enum CaseFileError {
    /// Not JSON.
    #[error("line {line}, column {column}: this is not JSON")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// JSON, but not of a case.
    #[error("{0}")]
    Form(String),
    /// Facts that the catalogue does not know, each with what to do.
    #[error("{}", joined(.0))]
    Facts(Vec<FactProblem>),
}

/// A fact that does not fit the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {sentence}")]
pub struct FactProblem {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong and what to do.
    pub sentence: String,
}

fn joined(problems: &[FactProblem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

const KEYS: [&str; 7] = [
    "facts",
    "members",
    "requested",
    "event_date",
    "today",
    "event",
    "household",
];

impl CaseFile {
    /// Reads a case and checks every name and value against the catalogue.
    ///
    /// # Errors
    /// When it is not JSON, not a case, or has facts the catalogue does not know.
    pub fn read(text: &str, guide: &Guide) -> Result<Self, CaseFileError> {
        let value: Value = serde_json::from_str(text).map_err(|error| CaseFileError::Json {
            line: error.line(),
            column: error.column(),
        })?;
        let Value::Object(map) = value else {
            return Err(form("the file should be an object with facts and members"));
        };
        if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let known = KEYS.join(", ");
            return Err(form(&format!(
                "there is no key {key}; the keys are {known}"
            )));
        }
        let mut reader = Reader {
            text,
            catalogue: guide.catalogue(),
            problems: Vec::new(),
            case: Self::default(),
        };
        reader.take(&map)?;
        if reader.problems.is_empty() {
            Ok(reader.case)
        } else {
            Err(CaseFileError::Facts(reader.problems))
        }
    }

    /// Name of a member; `None` when the file gives none.
    pub fn name(&self, number: u8) -> Option<&str> {
        let found = self.names.iter().find(|(of, _)| *of == number)?;
        Some(&found.1.0)
            .filter(|name| !name.is_empty())
            .map(String::as_str)
    }
}

fn form(message: &str) -> CaseFileError {
    CaseFileError::Form(message.to_owned())
}

struct Reader<'a> {
    text: &'a str,
    catalogue: &'a Catalogue,
    problems: Vec<FactProblem>,
    case: CaseFile,
}

impl Reader<'_> {
    fn take(&mut self, map: &Map<String, Value>) -> Result<(), CaseFileError> {
        for (key, prefix) in [("facts", ""), ("event", "ev."), ("household", "hh.")] {
            let Some(value) = map.get(key) else { continue };
            let Value::Object(facts) = value else {
                return Err(form(&format!("{key} should be an object of facts")));
            };
            for (name, value) in facts {
                self.take_fact(name, prefix, None, value);
            }
        }
        self.case.facts.event_date = day(map, "event_date")?;
        self.case.facts.today = day(map, "today")?;
        self.take_requested(map)?;
        match map.get("members") {
            None => Ok(()),
            Some(Value::Array(members)) => self.take_members(members),
            Some(_) => Err(form("members should be a list")),
        }
    }

    fn take_requested(&mut self, map: &Map<String, Value>) -> Result<(), CaseFileError> {
        let Some(requested) = map.get("requested") else {
            return Ok(());
        };
        let wrong = || form("requested should be a list of procedures such as P026 or P032/2");
        for picked in requested.as_array().ok_or_else(wrong)? {
            let picked = picked.as_str().ok_or_else(wrong)?;
            let id = picked.split('/').next().unwrap_or_default();
            if self.catalogue.procedure(id).is_none() {
                let message = format!(
                    "the catalogue has no procedure {id}; todoke guide list names them by id, for example P026"
                );
                return Err(CaseFileError::Form(message));
            }
            self.case.facts.requested.insert(picked.to_owned());
        }
        Ok(())
    }

    fn take_members(&mut self, members: &[Value]) -> Result<(), CaseFileError> {
        for (next, member) in (1_u8..).zip(members) {
            let Value::Object(member) = member else {
                return Err(form("a member should be an object with name and facts"));
            };
            let number = match member.get("number") {
                None => Some(next),
                Some(number) => number.as_u64().and_then(|number| u8::try_from(number).ok()),
            };
            let number = number.filter(|number| *number > 0);
            let number = number.ok_or_else(|| form("the number of a member is from 1 to 255"))?;
            if self
                .case
                .facts
                .members
                .iter()
                .any(|one| one.number == number)
            {
                return Err(form(&format!("two members have the number {number}")));
            }
            self.case.facts.member(number);
            let name = member
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            self.case.names.push((number, MemberName(name.to_owned())));
            let facts = member
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "name" | "number"));
            for (name, value) in facts {
                self.take_fact(name, "", Some(number), value);
            }
        }
        Ok(())
    }

    fn take_fact(&mut self, name: &str, prefix: &str, member: Option<u8>, value: &Value) {
        let full = if name.starts_with(prefix) {
            name.to_owned()
        } else {
            format!("{prefix}{name}")
        };
        let Some(fact) = self.catalogue.fact(&full) else {
            let near = nearest(self.catalogue, &full, member.is_some());
            let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let sentence = format!(
                "the catalogue has no fact {full}{near} (todoke guide facts lists them all)"
            );
            return self.problem(name, sentence);
        };
        let of_member = fact.level == Level::Member;
        if of_member != member.is_some() {
            let sentence = if of_member {
                format!("{full} is about one person; write it under members")
            } else {
                format!("{full} is about the whole case; write it under facts")
            };
            return self.problem(name, sentence);
        }
        let Some(given) = fact_value(value) else {
            return self.problem(name, format!("{full} should be {}", possible(fact)));
        };
        match crate::table::read(self.catalogue, fact.level, &full, &given) {
            Ok(_) => self.case.facts.set(&full, member, given),
            Err(
                FactsError::UnknownFact { .. } | FactsError::Value { .. } | FactsError::Form { .. },
            ) => {
                self.problem(name, format!("{full} should be {}", possible(fact)));
            }
        }
    }

    /// Reports at the key, the one after those already reported.
    fn problem(&mut self, key: &str, sentence: String) {
        let quoted = format!("\"{key}\"");
        let taken: Vec<_> = self
            .problems
            .iter()
            .map(|one| (one.line, one.column))
            .collect();
        let places = self
            .text
            .match_indices(&quoted)
            .map(|(at, _)| place(self.text, at));
        let all: Vec<_> = places.collect();
        let free = all.iter().find(|place| !taken.contains(place));
        let (line, column) = free.or(all.first()).copied().unwrap_or((1, 1));
        self.problems.push(FactProblem {
            line,
            column,
            sentence,
        });
    }
}

fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |last| last.chars().count())
        + 1;
    (line, column)
}

fn day(map: &Map<String, Value>, key: &str) -> Result<Option<jiff::civil::Date>, CaseFileError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let day = value.as_str().and_then(|text| text.parse().ok());
            let wrong = || form(&format!("{key} should be a day such as 2026-11-20"));
            day.map(Some).ok_or_else(wrong)
        }
    }
}

fn fact_value(value: &Value) -> Option<FactValue> {
    match value {
        Value::Null => Some(FactValue::Unknown),
        Value::Bool(flag) => Some(FactValue::Flag(*flag)),
        Value::Number(number) => number.as_i64().map(FactValue::Count),
        Value::String(text) => Some(FactValue::Choice(text.clone())),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn possible(fact: &Fact) -> String {
    match fact.kind {
        FactType::Flag => "true or false, or null when nobody knows".to_owned(),
        FactType::Count => "a number, or null when nobody knows".to_owned(),
        FactType::Choice => {
            let values: Vec<&str> = fact.values.iter().map(|(name, _)| name.as_str()).collect();
            format!("one of {}, or null when nobody knows", values.join(", "))
        }
    }
}

/// The fact whose name is written most alike.
fn nearest<'a>(catalogue: &'a Catalogue, name: &str, of_member: bool) -> Option<&'a str> {
    let facts = catalogue.facts().iter();
    let same_level = facts.filter(|fact| (fact.level == Level::Member) == of_member);
    let distances = same_level.map(|fact| (distance(&fact.name, name), fact.name.as_str()));
    let best = distances.min()?;
    (best.0 <= 3).then_some(best.1)
}

/// How many characters must be added, taken away or replaced.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, c) in one.chars().enumerate() {
        let mut diagonal = at;
        let mut left = at + 1;
        for (cell, d) in row.iter_mut().skip(1).zip(&other) {
            let replaced = diagonal + usize::from(c != *d);
            diagonal = *cell;
            *cell = replaced.min(*cell + 1).min(left + 1);
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
