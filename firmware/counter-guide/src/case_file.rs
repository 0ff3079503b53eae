//! A case as other programs hand it in: facts by name and members with their names, as JSON.
//!
//! `{"facts": {"ev.type": "move_in", "hh.dogs": 1}, "members": [{"name": "夫", "age": 41}],
//! "requested": ["P026", "P032/2"], "event_date": "2026-11-20", "today": "2026-11-21"}`.
//! `null` is asked and not known. Members are numbered from 1 unless they say `number`; `birth`
//! (a day) and `sex` (`male`, `female`) of a member give the facts that follow from them. In a move
//! of which the file says of nobody whether they move, all members do. The form of [`Facts`] with
//! `event` and `household` is read too.
//!
//! What does not fit is told with its line, column and path (`members[1].pension`).

use counter_domain::age::{compulsory_school, known_age_on, within_school_year_of};
use counter_domain::date::FuzzyDate;
use jiff::civil::Date;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::catalogue::{Catalogue, Fact, FactType, Level};
use crate::facts::{FactValue, Facts};
use crate::guide::{FactRef, Guide};
use crate::words;

/// More members than any household has.
const MEMBERS_MAX: usize = 99;
/// Older than anybody, and more than any household has of anything.
const COUNT_MAX: i64 = 150;

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
    #[error("line {line}, column {column}: {}", not_json(*ends))]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// It ends too early.
        ends: bool,
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
#[error("line {line}, column {column}: {path}: {sentence}")]
pub struct FactProblem {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Where it stands: `facts.hh.dogs`, `members[1].pension`, `requested[0]`.
    pub path: String,
    /// What is wrong and what to do.
    pub sentence: String,
}

const fn not_json(ends: bool) -> &'static str {
    if ends {
        "the file ends in the middle; close every bracket and quotation mark"
    } else {
        "this is not JSON"
    }
}

fn joined(problems: &[FactProblem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Events in which people move.
const MOVES: [&str; 5] = [
    "move_in",
    "move_in_abroad",
    "move_out",
    "move_out_abroad",
    "move_within",
];

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
            column: error.column().max(1),
            ends: error.is_eof(),
        })?;
        let Value::Object(map) = value else {
            return Err(form("the file should be an object with facts and members"));
        };
        if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let known = KEYS.join(", ");
            let sentence = format!("there is no key {key}; the keys are {known}");
            return Err(at_key(text, key, sentence));
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
            reader.problems.sort_by_key(|one| (one.line, one.column));
            Err(CaseFileError::Facts(reader.problems))
        }
    }

    /// Reads a case as [`CaseFile::read`] does, and refuses facts that cannot be true together.
    ///
    /// # Errors
    /// As [`CaseFile::read`], and for every fact that does not go with the others.
    pub fn read_consistent(text: &str, guide: &Guide) -> Result<Self, CaseFileError> {
        let case = Self::read(text, guide)?;
        let mut reader = Reader {
            text,
            catalogue: guide.catalogue(),
            problems: Vec::new(),
            case,
        };
        for found in guide.contradictions(&reader.case.facts) {
            reader.contradiction(&found.fact, &found.because);
        }
        if reader.problems.is_empty() {
            Ok(reader.case)
        } else {
            Err(CaseFileError::Facts(reader.problems))
        }
    }

    /// Sets a fact written as `hh.dogs=2`, `joins_nhi/1=true` or `pension/2=null` (asked and not
    /// known).
    ///
    /// # Errors
    /// When the catalogue has no such fact, member or value.
    pub fn set(&mut self, said: &str, guide: &Guide) -> Result<(), CaseFileError> {
        let (place, value) = said.split_once('=').ok_or_else(|| {
            form("write FACT=VALUE, or FACT/MEMBER=VALUE for one person, for example joins_nhi/1=true")
        })?;
        let (name, number) = place
            .split_once('/')
            .map_or((place, None), |(name, number)| (name, Some(number)));
        let fact = guide.catalogue().fact(name);
        let fact = fact.ok_or_else(|| {
            form(&format!(
                "the catalogue has no fact {name} (todoke guide facts lists them all)"
            ))
        })?;
        let member = match (fact.level, number) {
            (Level::Member, Some(number)) => {
                let number = number.parse().ok();
                let mut members = self.facts.members.iter();
                let known = number.filter(|number| members.any(|one| one.number == *number));
                Some(known.ok_or_else(|| form("there is no such member"))?)
            }
            (Level::Member, None) => {
                return Err(form(&format!(
                    "{name} is about one person; write {name}/1=…"
                )));
            }
            (Level::Event | Level::Household, None) => None,
            (Level::Event | Level::Household, Some(_)) => {
                return Err(form(&format!(
                    "{name} is about the whole case; write {name}=…"
                )));
            }
        };
        let value = match value {
            "null" => FactValue::Unknown,
            text => FactValue::Choice(text.to_owned()),
        };
        if crate::table::read(guide.catalogue(), fact.level, name, &value).is_err() {
            return Err(form(&format!("{name} should be {}", possible(fact))));
        }
        self.facts.set(name, member, value);
        Ok(())
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

/// What is wrong with a key of the file itself, at its place.
fn at_key(text: &str, key: &str, sentence: String) -> CaseFileError {
    let found = text.find(&Value::from(key).to_string());
    let (line, column) = found.map_or((1, 1), |at| place(text, at));
    let path = key.to_owned();
    CaseFileError::Facts(vec![FactProblem {
        line,
        column,
        path,
        sentence,
    }])
}

struct Reader<'a> {
    text: &'a str,
    catalogue: &'a Catalogue,
    problems: Vec<FactProblem>,
    case: CaseFile,
}

impl Reader<'_> {
    fn take(&mut self, map: &Map<String, Value>) -> Result<(), CaseFileError> {
        self.case.facts.event_date = self.day(map, "event_date")?;
        self.case.facts.today = self.day(map, "today")?;
        for (key, prefix) in [("facts", ""), ("event", "ev."), ("household", "hh.")] {
            let Some(value) = map.get(key) else { continue };
            let Value::Object(facts) = value else {
                let sentence = format!("{key} should be an object of facts");
                return Err(at_key(self.text, key, sentence));
            };
            for (name, value) in facts {
                self.take_fact(name, prefix, Whose::Case(key), value);
            }
        }
        match map.get("members") {
            None => {}
            Some(Value::Array(members)) => self.take_members(members)?,
            Some(_) => {
                let sentence = "members should be a list".to_owned();
                return Err(at_key(self.text, "members", sentence));
            }
        }
        self.take_requested(map)?;
        self.tell_apart(map);
        self.check_size(map);
        self.assume();
        Ok(())
    }

    /// Results name members: two of one name could not be told apart in them.
    fn tell_apart(&mut self, map: &Map<String, Value>) {
        let members = map.get("members").and_then(Value::as_array);
        let name = |member: &Value| {
            let name = member.get("name")?.as_str()?;
            (!name.is_empty()).then(|| name.to_owned())
        };
        let names: Vec<Option<String>> = members.into_iter().flatten().map(name).collect();
        for (at, name) in names.iter().enumerate() {
            let Some(name) = name else { continue };
            let before = names.iter().take(at);
            let same: Vec<usize> = before
                .enumerate()
                .filter(|(_, other)| other.as_ref() == Some(name))
                .map(|(at, _)| at)
                .collect();
            let Some(first) = same.first() else { continue };
            let quoted = Value::from(name.as_str()).to_string();
            let mut places = self.text.match_indices(&quoted);
            let (line, column) = places
                .nth(same.len())
                .map_or((1, 1), |(found, _)| place(self.text, found));
            self.problems.push(FactProblem {
                line,
                column,
                path: format!("members[{at}].name"),
                sentence: format!(
                    "members[{first}] has this name too, and results name members; write one of them otherwise, for example with a number behind it"
                ),
            });
        }
    }

    /// Everybody who is written down is of the household, so it is not smaller.
    fn check_size(&mut self, map: &Map<String, Value>) {
        let written = self.case.facts.members.len();
        let size = match self.case.facts.household.get("hh.size") {
            Some(FactValue::Count(size)) => usize::try_from(*size).unwrap_or(usize::MAX),
            Some(FactValue::Flag(_) | FactValue::Choice(_) | FactValue::Unknown) | None => return,
        };
        if size >= written {
            return;
        }
        let facts = map.get("facts").and_then(|facts| facts.get("hh.size"));
        let of_household = map.get("household").and_then(Value::as_object);
        let (under, key) = match (facts, of_household) {
            (None, Some(facts)) if facts.contains_key("size") => ("household", "size"),
            (None, Some(_)) => ("household", "hh.size"),
            (Some(_), _) | (None, None) => ("facts", "hh.size"),
        };
        let sentence = format!(
            "hh.size is {size}, but {written} members are written here; it counts everybody of the household, so correct it or leave it out"
        );
        self.problem(key, Whose::Case(under).path(key), sentence);
    }

    /// What a short file leaves out because it goes without saying: in a move of which it says of
    /// nobody whether they move, all do; and two days are so many days apart.
    fn assume(&mut self) {
        let facts = &mut self.case.facts;
        let event = facts.event.get("ev.type");
        let moves =
            matches!(event, Some(FactValue::Choice(event)) if MOVES.contains(&event.as_str()));
        let said = facts
            .members
            .iter()
            .any(|one| one.facts.contains_key("moving"));
        if moves && !said && self.catalogue.fact("moving").is_some() {
            for member in &mut facts.members {
                member
                    .facts
                    .insert("moving".to_owned(), FactValue::Flag(true));
            }
        }
        if let (Some(event), Some(today)) = (facts.event_date, facts.today)
            && self.catalogue.fact("ev.days_since").is_some()
        {
            let days = FactValue::Count(i64::from((today - event).get_days()).max(0));
            facts
                .event
                .entry("ev.days_since".to_owned())
                .or_insert(days);
        }
    }

    fn day(&self, map: &Map<String, Value>, key: &str) -> Result<Option<Date>, CaseFileError> {
        match map.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let day = value.as_str().and_then(|text| text.parse().ok());
                let sentence = || format!("{key} should be a day such as 2026-11-20");
                day.map(Some)
                    .ok_or_else(|| at_key(self.text, key, sentence()))
            }
        }
    }

    fn take_requested(&mut self, map: &Map<String, Value>) -> Result<(), CaseFileError> {
        let Some(requested) = map.get("requested") else {
            return Ok(());
        };
        let wrong = || form("requested should be a list of procedures such as P026 or P032/2");
        for (at, picked) in requested.as_array().ok_or_else(wrong)?.iter().enumerate() {
            let picked = picked.as_str().ok_or_else(wrong)?;
            let (id, number) = picked.split_once('/').unwrap_or((picked, ""));
            let path = format!("requested[{at}]");
            if self.catalogue.procedure(id).is_none() {
                let sentence = format!(
                    "the catalogue has no procedure {id}; todoke guide list names them by id, for example P026"
                );
                self.problem(picked, path, sentence);
                continue;
            }
            let known = number.parse().is_ok_and(|number: u8| self.has(number));
            if picked.contains('/') && !known {
                let sentence = format!(
                    "there is no member {number}; write the number of one that is listed, or {id} for everybody"
                );
                self.problem(picked, path, sentence);
                continue;
            }
            self.case.facts.requested.insert(picked.to_owned());
        }
        Ok(())
    }

    fn has(&self, number: u8) -> bool {
        let mut members = self.case.facts.members.iter();
        members.any(|one| one.number == number)
    }

    fn take_members(&mut self, members: &[Value]) -> Result<(), CaseFileError> {
        if members.len() > MEMBERS_MAX {
            return Err(form(&format!("a case has up to {MEMBERS_MAX} members")));
        }
        for (at, (next, member)) in (1_u8..).zip(members).enumerate() {
            let Value::Object(member) = member else {
                return Err(form("a member should be an object with name and facts"));
            };
            let number = match member.get("number") {
                None => Some(next),
                Some(number) => number.as_u64().and_then(|number| u8::try_from(number).ok()),
            };
            let number = number.filter(|number| *number > 0);
            let number = number.ok_or_else(|| form("the number of a member is from 1 to 255"))?;
            if self.has(number) {
                return Err(form(&format!("two members have the number {number}")));
            }
            self.case.facts.member(number);
            let whose = Whose::Member { at, number };
            for (key, value) in member {
                match key.as_str() {
                    "number" => {}
                    "name" => self.take_name(whose, value),
                    "birth" => self.take_birth(whose, value),
                    "sex" => self.take_sex(whose, value),
                    fact => self.take_fact(fact, "", whose, value),
                }
            }
        }
        Ok(())
    }

    fn take_name(&mut self, whose: Whose<'_>, value: &Value) {
        let Whose::Member { number, .. } = whose else {
            return;
        };
        match value {
            Value::String(name) => self.case.names.push((number, MemberName(name.clone()))),
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                self.problem("name", whose.path("name"), "a name is a text".to_owned());
            }
        }
    }

    /// Gives the facts that follow from a day of birth, unless the file gives them itself.
    fn take_birth(&mut self, whose: Whose<'_>, value: &Value) {
        let birth = value
            .as_str()
            .and_then(|text| text.parse::<FuzzyDate>().ok());
        let Some(birth) = birth.filter(|_| value.is_string()) else {
            let sentence = "birth should be a day such as 1985-04-01".to_owned();
            return self.problem("birth", whose.path("birth"), sentence);
        };
        let facts = &self.case.facts;
        let Some(on) = facts.event_date.or(facts.today) else {
            let sentence = "an age needs a day; give event_date or today beside the members, or write age instead".to_owned();
            return self.problem("birth", whose.path("birth"), sentence);
        };
        let latest = facts.event_date.max(facts.today);
        if birth.interval().map(|(first, _)| first) > latest {
            let sentence =
                "nobody is born after both event_date and today; correct one of them".to_owned();
            return self.problem("birth", whose.path("birth"), sentence);
        }
        // Who was born after the event is as young as can be.
        let age = known_age_on(&birth, on).map(|age| FactValue::Count(i64::from(age.max(0))));
        self.follow(whose, "age", age);
        let young = within_school_year_of(&birth, 18, on).map(FactValue::Flag);
        self.follow(whose, "age_fy18", young);
        let school = compulsory_school(&birth, on).map(FactValue::Flag);
        self.follow(whose, "compulsory_school", school);
    }

    fn take_sex(&mut self, whose: Whose<'_>, value: &Value) {
        match value.as_str() {
            Some("male") => self.follow(whose, "pregnant", Some(FactValue::Flag(false))),
            Some("female") => {}
            _ if value.is_null() => {}
            _ => {
                let sentence = "sex should be male or female, or null when nobody knows".to_owned();
                self.problem("sex", whose.path("sex"), sentence);
            }
        }
    }

    /// Sets a fact that follows from another key, unless the file gives it.
    fn follow(&mut self, whose: Whose<'_>, fact: &str, value: Option<FactValue>) {
        let (Whose::Member { number, .. }, Some(value)) = (whose, value) else {
            return;
        };
        if self.catalogue.fact(fact).is_none() {
            return;
        }
        let member = self.case.facts.member(number);
        member.facts.entry(fact.to_owned()).or_insert(value);
    }

    fn take_fact(&mut self, name: &str, prefix: &str, whose: Whose<'_>, value: &Value) {
        let member = whose.member();
        let full = if name.starts_with(prefix) {
            name.to_owned()
        } else {
            format!("{prefix}{name}")
        };
        let path = whose.path(name);
        let Some(fact) = self.catalogue.fact(&full) else {
            let near = nearest(self.catalogue, &full, member.is_some());
            let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let sentence = format!(
                "the catalogue has no fact {full}{near} (todoke guide facts lists them all)"
            );
            return self.problem(name, path, sentence);
        };
        let of_member = fact.level == Level::Member;
        if of_member != member.is_some() {
            let sentence = if of_member {
                format!("{full} is about one person; write it under members")
            } else {
                format!("{full} is about the whole case; write it under facts")
            };
            return self.problem(name, path, sentence);
        }
        let given = fact_value(value).filter(|given| {
            let FactValue::Count(count) = given else {
                return true;
            };
            fact.kind != FactType::Count || (0..=COUNT_MAX).contains(count)
        });
        let read = given.as_ref().map(|given| {
            let read = crate::table::read(self.catalogue, fact.level, &full, given);
            read.is_ok()
        });
        match (given, read) {
            (Some(given), Some(true)) => self.case.facts.set(&full, member, given),
            (Some(_) | None, _) => {
                self.problem(name, path, format!("{full} should be {}", possible(fact)));
            }
        }
    }

    /// A fact that does not go with others.
    fn contradiction(&mut self, fact: &FactRef, because: &[FactRef]) {
        let place = |member: Option<u8>| match member {
            None => Whose::Case("facts"),
            Some(number) => {
                let mut members = self.case.facts.members.iter();
                let at = members.position(|one| one.number == number);
                Whose::Member {
                    at: at.unwrap_or_default(),
                    number,
                }
            }
        };
        let others: Vec<String> = because
            .iter()
            .map(|one| place(one.member).path(&one.fact))
            .collect();
        let path = place(fact.member).path(&fact.fact);
        let others = words::and_en(&others);
        let sentence = format!(
            "this cannot be true together with {others}; correct one of them, or leave out what nobody knows"
        );
        self.problem(&fact.fact, path, sentence);
    }

    /// Reports at the key, the one after those already reported.
    fn problem(&mut self, key: &str, path: String, sentence: String) {
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
            path,
            sentence,
        });
    }
}

/// Whom a fact is given for.
#[derive(Debug, Clone, Copy)]
enum Whose<'a> {
    /// The whole case, under this key.
    Case(&'a str),
    /// A member: its place in the list and its number.
    Member { at: usize, number: u8 },
}

impl Whose<'_> {
    fn member(self) -> Option<u8> {
        match self {
            Self::Case(_) => None,
            Self::Member { number, .. } => Some(number),
        }
    }

    fn path(self, key: &str) -> String {
        match self {
            Self::Case(under) => format!("{under}.{key}"),
            Self::Member { at, .. } => format!("members[{at}].{key}"),
        }
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
        FactType::Count => {
            format!("a number from 0 to {COUNT_MAX}, or null when nobody knows")
        }
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
