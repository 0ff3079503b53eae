//! From YAML to a checked catalogue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use counter_domain::draft::FieldValue;
use counter_domain::residence::{ResidenceStatus, ResidenceStatuses, StayClass};
use counter_domain::resident::QUALIFICATIONS;
use jiff::civil::Date;

use super::entries::{At, Entries};
use super::file::{
    AdviceYaml, CounterYaml, FactYaml, FileYaml, ImpossibleYaml, KnownYaml, LanguageYaml, MapYaml,
    ProcedureYaml, StatusClass, StatusPeriod, StatusYaml, Verify, parse,
};
use super::map::{self, MapPicture, is_picture};
use super::packed::Packed;
use super::{
    Advice, Catalogue, CatalogueError, Counter, DeadlineKind, DeadlineRule, Fact, FactType,
    Language, Level, Mark, Marks, Procedure, Question, Scope, Words,
};
use crate::known::{Known, KnownRule};
use crate::rule::{self, Expr, FactId, Names, RuleError};
use crate::table::Cell;

/// Where the program's own rules on what records answer are.
const KNOWN_FILE: &str = "known.yaml";
/// Where the program's own statuses of residence are.
const STATUSES_FILE: &str = "statuses.yaml";

/// Facts that follow when a rule holds for a member.
#[derive(Debug, Clone)]
pub(crate) struct Impossible {
    pub(crate) rule: Expr,
    pub(crate) set: Vec<(FactId, Cell)>,
    /// Sets facts of members, not of the event or the household.
    pub(crate) of_member: bool,
}

/// A place in a file.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a str,
    line: u64,
    column: u64,
}

impl<'a> Place<'a> {
    fn of<T>(file: &'a str, value: &At<T>) -> Self {
        Self {
            file,
            line: value.line,
            column: value.column,
        }
    }

    fn mark(self) -> Mark {
        Mark {
            file: self.file.to_owned(),
            line: self.line,
            column: self.column,
        }
    }

    fn error(self, message: impl Into<String>) -> CatalogueError {
        CatalogueError {
            file: self.file.to_owned(),
            line: self.line,
            column: self.column,
            message: message.into(),
        }
    }

    fn rule_error(self, error: RuleError) -> CatalogueError {
        let offset = u64::try_from(error.offset).unwrap_or(0);
        Self {
            column: self.column + offset,
            ..self
        }
        .error(error.message)
    }
}

pub(super) fn load(files: &[(&str, &str)], packed: &Packed) -> Result<Catalogue, CatalogueError> {
    let (catalogue, errors) = read(files, packed);
    errors.into_iter().next().map_or(Ok(catalogue), Err)
}

/// What the reader of YAML says, without the place and the picture of the lines around it.
pub(crate) fn yaml_sentence(error: &serde_saphyr::Error) -> String {
    let told = error.to_string();
    let first = told.lines().next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    match first.split_once(": ") {
        Some((place, sentence)) if place.starts_with("line ") => sentence.to_owned(),
        Some(_) | None => first.to_owned(),
    }
}

/// Everything that cannot be right.
pub(crate) fn errors(files: &[(&str, &str)]) -> Vec<CatalogueError> {
    read(files, &Packed::default()).1
}

/// Reads what can be read and collects what cannot be right.
fn read(files: &[(&str, &str)], packed: &Packed) -> (Catalogue, Vec<CatalogueError>) {
    let mut parsed = Vec::with_capacity(files.len());
    let mut loader = Loader::default();
    let pictures = files.iter().filter(|(name, _)| is_picture(name));
    let pictures = pictures.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    loader.pictures = pictures.collect();
    let own = files
        .iter()
        .filter(|(name, _)| *name != crate::certificates::BUNDLED.0 && !is_picture(name));
    for ((name, _), file) in own.clone().zip(read_all(own, packed)) {
        match file {
            Ok(file) => parsed.push((*name, file)),
            Err(error) => {
                let (line, column) = error
                    .location()
                    .map_or((1, 1), |place| (place.line(), place.column()));
                let file = name;
                let place = Place { file, line, column };
                loader.errors.push(place.error(yaml_sentence(&error)));
            }
        }
    }
    // What is missing from a file that cannot be read would be reported all over the others.
    if !loader.errors.is_empty() {
        return (loader.catalogue, loader.errors);
    }
    for (name, file) in &mut parsed {
        loader.take_plain(name, file);
    }
    for (name, file) in &mut parsed {
        loader.take_maps(name, &mut file.maps);
    }
    for (name, file) in &parsed {
        loader.take_macros(name, file);
    }
    for (name, file) in &parsed {
        loader.take_rules(name, file);
    }
    for (name, file) in &parsed {
        loader.take_advice(name, file);
        loader.take_known(name, file);
    }
    if loader.known.is_empty() && loader.errors.is_empty() {
        loader.take_programs_known();
    }
    if loader.statuses.is_empty() && loader.errors.is_empty() {
        loader.take_programs_statuses();
    }
    loader.catalogue.statuses = Arc::new(ResidenceStatuses::new(loader.statuses));
    loader.catalogue.known = Arc::new(Known(std::mem::take(&mut loader.known)));
    loader.catalogue.holidays = loader.holidays.into_iter().collect();
    (loader.catalogue, loader.errors)
}

/// What stands in the texts, in order: unpacked where somebody packed them, parsed otherwise.
fn read_all<'a>(
    texts: impl Iterator<Item = &'a (&'a str, &'a str)>,
    packed: &Packed,
) -> Vec<Result<FileYaml, serde_saphyr::Error>> {
    let texts: Vec<&str> = texts.map(|(_, text)| *text).collect();
    let unpacked: Vec<Option<FileYaml>> = texts.iter().map(|text| packed.file(text)).collect();
    let pairs = texts.iter().zip(&unpacked);
    let left = pairs.filter_map(|(text, file)| file.is_none().then_some(*text));
    let mut parsed = parse_all(&left.collect::<Vec<_>>()).into_iter();
    let mut all = Vec::with_capacity(texts.len());
    for file in unpacked {
        all.extend(file.map(Ok).or_else(|| parsed.next()));
    }
    all
}

/// Parses texts on two threads, in order.
fn parse_all(texts: &[&str]) -> Vec<Result<FileYaml, serde_saphyr::Error>> {
    let parse = |texts: &[&str]| texts.iter().map(|text| parse(text)).collect::<Vec<_>>();
    if texts.len() < 2 {
        return parse(texts);
    }
    let half = texts.iter().map(|text| text.len()).sum::<usize>() / 2;
    let mut before = 0;
    let first = texts.iter().take_while(|text| {
        before += text.len();
        before <= half
    });
    let (first, rest) = texts.split_at(first.count());
    std::thread::scope(|scope| {
        let beside = scope.spawn(|| parse(rest));
        let mut all = parse(first);
        // A thread that panicked has said so; its texts are parsed once more here.
        all.extend(beside.join().unwrap_or_else(|_| parse(rest)));
        all
    })
}

/// A file of the program's own catalogue.
fn programs_own(name: &str) -> Option<(&'static str, FileYaml)> {
    let (name, text) = super::BUNDLED.iter().find(|(known, _)| *known == name)?;
    let packed = Packed::default().file::<FileYaml>(text);
    Some((name, packed.or_else(|| parse(text).ok())?))
}

struct Loader {
    catalogue: Catalogue,
    macros: BTreeMap<String, Expr>,
    derived: BTreeMap<FactId, Expr>,
    known: Vec<KnownRule>,
    holidays: Vec<Date>,
    statuses: Vec<ResidenceStatus>,
    /// Pictures of maps by the name of their file, in base64.
    pictures: BTreeMap<String, String>,
    /// Ids of procedures, also of those whose rule cannot be read.
    declared: BTreeSet<String>,
    /// What was declared so far, in any file: its kind and id.
    named: BTreeSet<(&'static str, String)>,
    errors: Vec<CatalogueError>,
}

impl Default for Loader {
    fn default() -> Self {
        let catalogue = Catalogue {
            facts: Vec::new(),
            fact_ids: BTreeMap::new(),
            procedures: Vec::new(),
            procedure_ids: BTreeMap::new(),
            sections: Vec::new(),
            documents: Vec::new(),
            field_sets: Vec::new(),
            impossible: Vec::new(),
            holidays: [].into_iter().collect(),
            statuses: Arc::default(),
            advice: BTreeMap::new(),
            consequences: BTreeMap::new(),
            counters: BTreeMap::new(),
            languages: Vec::new(),
            known: Arc::default(),
            marks: Marks::default(),
        };
        let (macros, derived) = (BTreeMap::new(), BTreeMap::new());
        Self {
            catalogue,
            macros,
            derived,
            known: Vec::new(),
            holidays: Vec::new(),
            statuses: Vec::new(),
            pictures: BTreeMap::new(),
            declared: BTreeSet::new(),
            named: BTreeSet::new(),
            errors: Vec::new(),
        }
    }
}

impl Loader {
    /// Keeps an error for the list; the next entry is read all the same.
    fn note<T>(&mut self, taken: Result<T, CatalogueError>) -> Option<T> {
        taken.map_err(|error| self.errors.push(error)).ok()
    }

    /// Facts and everything that has no rule.
    fn take_plain(&mut self, name: &str, file: &mut FileYaml) {
        for (id, words) in self.only_new(name, "section", &mut file.sections) {
            self.catalogue.sections.push((id, words));
        }
        for (id, words) in self.only_new(name, "document", &mut file.documents) {
            self.catalogue.documents.push((id, words));
        }
        for (id, fields) in self.only_new(name, "field set", &mut file.field_sets) {
            self.catalogue.field_sets.push((id, fields));
        }
        for (id, words) in self.only_new(name, "consequence", &mut file.consequences) {
            self.catalogue.consequences.insert(id, words);
        }
        for (id, counter) in self.only_new(name, "place", &mut file.counters) {
            if let Some(mark) = self.catalogue.marks.of("place", &id).cloned() {
                self.catalogue.marks.keep("floor", &id, mark);
            }
            let counter = counter.take(name);
            if let Some(counter) = self.note(counter) {
                self.catalogue.counters.insert(id, counter);
            }
        }
        for day in &file.holidays {
            let wrong = |_| Place::of(name, day).error("this is not a day");
            let read: Result<Date, _> = day.value.parse().map_err(wrong);
            let read = self.note(read);
            self.holidays.extend(read);
        }
        self.take_statuses(name, &mut file.statuses);
        self.take_facts(name, file);
        if let Some(language) = file.language.take() {
            self.take_language(name, language);
        }
    }

    /// Maps of places, which every file has declared by now.
    fn take_maps(&mut self, name: &str, maps: &mut Entries<MapYaml>) {
        let places: Vec<_> = maps.0.iter().map(|(id, _)| id.clone()).collect();
        for (id, map) in self.only_new(name, "map", maps) {
            let place = places.iter().find(|place| place.value == id);
            let place = place.map(|place| Place::of(name, place));
            if let (None, None, Some(place)) = (&map.url, &map.picture, place) {
                let message = format!("the map of {id} has neither a picture nor a url");
                self.errors.push(place.error(message));
            }
            let url = map.url.map(|url| address(name, url)).transpose();
            let url = self.note(url).flatten();
            let picture = map.picture.map(|picture| self.picture(name, &picture));
            let picture = self.note(picture.transpose()).flatten();
            match (self.catalogue.counters.get_mut(&id), place) {
                (Some(counter), _) => {
                    counter.map_url = url.or_else(|| counter.map_url.take());
                    counter.map_picture = picture;
                }
                (None, Some(place)) => {
                    let message = format!("there is no place called {id}; write it under counters");
                    self.errors.push(place.error(message));
                }
                (None, None) => {}
            }
        }
    }

    fn picture(&self, file: &str, named: &At<String>) -> Result<MapPicture, CatalogueError> {
        let name = &named.value;
        let read = match self.pictures.get(name) {
            Some(text) => MapPicture::read(text).map_err(|wrong| format!("{name} {wrong}")),
            None => Err(format!(
                "there is no picture {name} in the catalogue's folder; put it there as PNG or take it out"
            )),
        };
        read.map_err(|message| Place::of(file, named).error(message))
    }

    fn take_statuses(&mut self, name: &str, statuses: &mut Entries<StatusYaml>) {
        for (japanese, status) in self.only_new(name, "status", statuses) {
            let mut day = |written: Option<&At<String>>| {
                let day: Result<Date, _> = written?.value.parse();
                let place = Place::of(name, written?);
                self.note(day.map_err(|_| place.error("this is not a day")))
            };
            let (from, to) = (day(status.from.as_ref()), day(status.to.as_ref()));
            self.statuses.push(ResidenceStatus {
                name: japanese,
                english: status.en,
                class: match status.class {
                    StatusClass::MidLong => StayClass::MidLong,
                    StatusClass::SpecialPermanent => StayClass::SpecialPermanent,
                    StatusClass::TemporaryRefuge => StayClass::TemporaryRefuge,
                },
                limited: status.period == StatusPeriod::Limited,
                record: status.record,
                from,
                to,
            });
        }
    }

    /// Takes the statuses that come with the program: a catalogue published before there were any
    /// says nothing of them.
    fn take_programs_statuses(&mut self) {
        if let Some((name, mut file)) = programs_own(STATUSES_FILE) {
            self.take_statuses(name, &mut file.statuses);
        }
    }

    fn take_facts(&mut self, name: &str, file: &mut FileYaml) {
        for (key, fact) in &mut file.facts.0 {
            if !self.is_new(name, "fact", key) {
                continue;
            }
            let id = self.catalogue.facts.len();
            self.catalogue.fact_ids.insert(key.value.clone(), id);
            let quiet = std::mem::take(&mut fact.quiet_values);
            let mut taken = fact.take(&key.value);
            for value in quiet {
                let at = taken.value_index(&value.value).ok_or_else(|| {
                    let message = format!("{} is never {}", key.value, value.value);
                    Place::of(name, &value).error(message)
                });
                taken.quiet_values.extend(self.note(at));
            }
            self.catalogue.facts.push(taken);
        }
    }

    /// Whether nothing of this kind had the name before; its place is kept either way.
    fn is_new(&mut self, file: &str, kind: &'static str, key: &At<String>) -> bool {
        let place = Place::of(file, key);
        let new = self.named.insert((kind, key.value.clone()));
        if new {
            self.catalogue.marks.keep(kind, &key.value, place.mark());
        } else {
            let message = format!("the {kind} {} is there twice", key.value);
            self.errors.push(place.error(message));
        }
        new
    }

    /// Entries whose name nothing of this kind had before.
    fn only_new<T>(
        &mut self,
        file: &str,
        kind: &'static str,
        entries: &mut Entries<T>,
    ) -> Vec<(String, T)> {
        let entries = std::mem::take(entries).0.into_iter();
        entries
            .filter_map(|(key, value)| {
                let new = self.is_new(file, kind, &key);
                new.then_some((key.value, value))
            })
            .collect()
    }

    fn take_language(&mut self, name: &str, language: LanguageYaml) {
        if !self.is_new(name, "language", &language.tag) {
            return;
        }
        let mut texts = BTreeMap::new();
        for (key, text) in language.texts.0 {
            let place = Place::of(name, &key).mark();
            texts.insert(key.value, (text.value, place));
        }
        self.catalogue.languages.push(Language {
            tag: language.tag.value,
            name: language.name,
            texts,
        });
    }

    fn take_macros(&mut self, name: &str, file: &FileYaml) {
        for (short, text) in &file.macros.0 {
            if !self.is_new(name, "short name", short) {
                continue;
            }
            let rule = self.rule(Place::of(name, text), &text.value);
            if let Some(rule) = self.note(rule) {
                self.macros.insert(short.value.clone(), rule);
            }
        }
        for (fact_name, fact) in &file.facts.0 {
            let Some(text) = &fact.derive else { continue };
            let place = Place::of(name, text);
            let rule = self.rule(place, &text.value);
            let id = self.fact_id(place, &fact_name.value);
            if let (Some(rule), Some(id)) = (self.note(rule), self.note(id)) {
                self.derived.insert(id, rule);
            }
        }
    }

    fn take_rules(&mut self, name: &str, file: &FileYaml) {
        for entry in &file.impossible {
            let impossible = self.impossible(name, entry);
            if let Some(impossible) = self.note(impossible) {
                self.catalogue.impossible.push(impossible);
            }
        }
        for entry in &file.procedures {
            self.declared.insert(entry.id.value.clone());
            if !self.is_new(name, "procedure", &entry.id) {
                continue;
            }
            let procedure = self.procedure(name, entry);
            let Some(procedure) = self.note(procedure) else {
                continue;
            };
            let marks = &mut self.catalogue.marks;
            marks.keep("rule", &procedure.id, Place::of(name, &entry.when).mark());
            marks.keep(
                "deadline",
                &procedure.id,
                Place::of(name, &entry.deadline).mark(),
            );
            let at = self.catalogue.procedures.len();
            let id = procedure.id.clone();
            self.catalogue.procedure_ids.insert(id, at);
            self.catalogue.procedures.push(procedure);
        }
    }

    /// What residents are told, once procedures, consequences and places are known.
    fn take_advice(&mut self, name: &str, file: &FileYaml) {
        for (procedure, advice) in &file.advice.0 {
            if !self.is_new(name, "advice of", procedure) {
                continue;
            }
            let taken = self.advice(name, procedure, advice);
            if let Some(taken) = self.note(taken) {
                let of = procedure.value.clone();
                self.catalogue.advice.insert(of, taken);
            }
        }
    }

    /// What records answer, once all facts are known.
    fn take_known(&mut self, name: &str, file: &FileYaml) {
        for entry in &file.known {
            let rule = self.known_rule(name, entry);
            let Some(rule) = self.note(rule) else {
                continue;
            };
            let number = self.known.len().to_string();
            let mark = Place::of(name, &entry.qualification).mark();
            self.catalogue.marks.keep("known", &number, mark);
            self.known.push(rule);
        }
    }

    /// Takes the rules that come with the program, those of them that fit the facts there are: a
    /// catalogue published before there were any says nothing of them.
    fn take_programs_known(&mut self) {
        let Some((name, file)) = programs_own(KNOWN_FILE) else {
            return;
        };
        let rules = file.known.iter().map(|entry| self.known_rule(name, entry));
        self.known = rules.filter_map(Result::ok).collect();
    }

    fn known_rule(&self, file: &str, entry: &KnownYaml) -> Result<KnownRule, CatalogueError> {
        let code = &entry.qualification;
        if !QUALIFICATIONS.contains(&code.value.as_str()) {
            let all = QUALIFICATIONS.join(", ");
            let message = format!(
                "there is no qualification called {}; there are {all}",
                code.value
            );
            return Err(Place::of(file, code).error(message));
        }
        let place = Place::of(file, &entry.fact);
        let name = &entry.fact.value;
        let fact = self.catalogue.facts.get(self.fact_id(place, name)?);
        let fact = fact.ok_or_else(|| place.error(format!("there is no fact called {name}")))?;
        if fact.question.is_none() || fact.level == Level::Event {
            let message =
                format!("{name} is not asked of people, so no record of a person answers it");
            return Err(place.error(message));
        }
        if let Some(ages) = &entry.ages
            && ages.value.0 > ages.value.1
        {
            let message = "ages are written from the younger to the older, both included";
            return Err(Place::of(file, ages).error(message));
        }
        let value = match (&entry.value, fact.kind) {
            (None, FactType::Count) => None,
            (Some(value), FactType::Count) => {
                let message = format!("{name} is a number and is counted; leave the value out");
                return Err(Place::of(file, value).error(message));
            }
            (None, FactType::Flag | FactType::Choice) => {
                return Err(place.error(format!("say what it says of {name}, as value")));
            }
            (Some(value), FactType::Flag | FactType::Choice) => {
                let of_value = Place::of(file, value);
                let (_, cell) = self.consequence(of_value, name, &value.value)?;
                Some(match cell {
                    Cell::Flag(flag) => FieldValue::Flag(flag),
                    Cell::Count(_) | Cell::Choice(_) | Cell::Missing | Cell::Asked => {
                        FieldValue::Text(value.value.clone())
                    }
                })
            }
        };
        Ok(KnownRule {
            qualification: code.value.clone(),
            fact: name.clone(),
            value,
            detail: entry.detail.clone(),
            bare: entry.bare,
            ages: entry.ages.as_ref().map(|ages| ages.value),
            here: entry.here,
        })
    }

    fn advice(
        &self,
        name: &str,
        of: &At<String>,
        advice: &AdviceYaml,
    ) -> Result<Advice, CatalogueError> {
        let at_late = Place::of(name, &advice.late);
        if !self.declared.contains(&of.value) {
            let message = format!("there is no procedure called {}", of.value);
            return Err(Place::of(name, of).error(message));
        }
        let late = &advice.late.value;
        if !self.catalogue.consequences.contains_key(late) {
            return Err(at_late.error(format!("there is no consequence called {late}")));
        }
        if let Some(at) = &advice.at
            && !self.catalogue.counters.contains_key(&at.value)
        {
            let message = format!("there is no place called {}", at.value);
            return Err(Place::of(name, at).error(message));
        }
        Ok(Advice {
            why: advice.why.clone(),
            late: late.clone(),
            at: advice.at.as_ref().map(|at| at.value.clone()),
            verify_city: advice.verify == Some(Verify::City),
        })
    }

    fn rule(&self, place: Place<'_>, text: &str) -> Result<Expr, CatalogueError> {
        let names = Names {
            facts: &self.catalogue.facts,
            ids: &self.catalogue.fact_ids,
            macros: &self.macros,
            derived: &self.derived,
        };
        rule::parse(text, &names).map_err(|error| place.rule_error(error))
    }

    fn fact_id(&self, place: Place<'_>, name: &str) -> Result<FactId, CatalogueError> {
        let id = self.catalogue.fact_id(name);
        id.ok_or_else(|| place.error(format!("there is no fact called {name}")))
    }

    fn impossible(&self, file: &str, entry: &ImpossibleYaml) -> Result<Impossible, CatalogueError> {
        let rule = self.rule(Place::of(file, &entry.rule), &entry.rule.value)?;
        let mut set = Vec::new();
        for name in &entry.set_false {
            let place = Place::of(file, name);
            set.push(self.consequence(place, &name.value, "false")?);
        }
        for (name, value) in &entry.set.0 {
            set.push(self.consequence(Place::of(file, value), &name.value, &value.value)?);
        }
        let level = |fact: FactId| self.catalogue.facts.get(fact).map(|fact| fact.level);
        let of_member = set
            .iter()
            .any(|(fact, _)| level(*fact) == Some(Level::Member));
        let of_case = set
            .iter()
            .any(|(fact, _)| level(*fact) != Some(Level::Member));
        let place = Place::of(file, &entry.rule);
        if of_member && of_case {
            return Err(place.error("set facts of members and of the household in two rules"));
        }
        if let Some(fact) = rule.member_fact(&self.catalogue.facts).filter(|_| of_case) {
            let name = self.catalogue.facts.get(fact).map_or("", |fact| &fact.name);
            let message = format!("{name} is about a member; write any(..) around it");
            return Err(place.error(message));
        }
        Ok(Impossible {
            rule,
            set,
            of_member,
        })
    }

    fn consequence(
        &self,
        place: Place<'_>,
        name: &str,
        value: &str,
    ) -> Result<(FactId, Cell), CatalogueError> {
        let id = self.fact_id(place, name)?;
        let fact = self.catalogue.facts.get(id);
        let fact = fact.ok_or_else(|| place.error(format!("there is no fact called {name}")))?;
        let cell = match fact.kind {
            FactType::Flag => value.parse().ok().map(Cell::Flag),
            FactType::Count => value.parse().ok().map(Cell::Count),
            FactType::Choice => fact.value_index(value).map(Cell::Choice),
        };
        let cell = cell.ok_or_else(|| place.error(format!("{name} is never {value}")))?;
        Ok((id, cell))
    }

    fn procedure(&self, file: &str, entry: &ProcedureYaml) -> Result<Procedure, CatalogueError> {
        let place = Place::of(file, &entry.when);
        let rule = self.rule(place, &entry.when.value)?;
        let member_fact = rule.member_fact(&self.catalogue.facts);
        if let Some(fact) = member_fact.and_then(|id| self.catalogue.facts.get(id))
            && entry.scope != Scope::Member
        {
            let message = format!("{} is about a member; write any(..) around it", fact.name);
            return Err(place.error(message));
        }
        let section = &entry.section;
        if self.catalogue.section(&section.value).is_none() {
            let message = format!("there is no section called {}", section.value);
            return Err(Place::of(file, section).error(message));
        }
        for fact in &entry.asks {
            self.fact_id(Place::of(file, fact), &fact.value)?;
        }
        let documents = known(file, &entry.documents, "document", |id| {
            self.catalogue.document(id).is_some()
        })?;
        let fields = known(file, &entry.fields, "field set", |id| {
            self.catalogue.field_set(id).is_some()
        })?;
        Ok(Procedure {
            id: entry.id.value.clone(),
            name: Words {
                ja: entry.name_ja.clone(),
                easy: None,
                en: entry.name_en.clone(),
            },
            section: section.value.clone(),
            kind: entry.kind,
            form_no: entry.form_no.clone(),
            core: entry.core,
            scope: entry.scope,
            when: entry.when.value.clone(),
            deadline: deadline(file, &entry.deadline)?,
            documents,
            fields,
            interview: entry.interview.clone(),
            note: entry.note.clone(),
            find: entry.find.clone(),
            rule,
        })
    }
}

/// The deadline when it says what its kind needs.
fn deadline(file: &str, rule: &At<DeadlineRule>) -> Result<DeadlineRule, CatalogueError> {
    let said = &rule.value;
    let wrong = match said.kind {
        DeadlineKind::Within if said.amount == 0 || said.unit.is_none() => Some(
            "a deadline of kind within needs an amount above zero and a unit (day, month, year)",
        ),
        DeadlineKind::Within if said.from_ja.is_some() != said.from_en.is_some() => {
            Some("a deadline says the day it is counted from in both languages (from_ja, from_en)")
        }
        DeadlineKind::Before | DeadlineKind::AsSoonAsPossible | DeadlineKind::None
            if said.amount != 0 || said.unit.is_some() =>
        {
            Some(
                "only a deadline of kind within has an amount and a unit; take them out or change the kind",
            )
        }
        DeadlineKind::Within
        | DeadlineKind::Before
        | DeadlineKind::AsSoonAsPossible
        | DeadlineKind::None
            if said.text_ja.is_some() != said.text_en.is_some() =>
        {
            Some("a deadline has its words in both languages (text_ja, text_en)")
        }
        DeadlineKind::Within
        | DeadlineKind::Before
        | DeadlineKind::AsSoonAsPossible
        | DeadlineKind::None => None,
    };
    wrong.map_or_else(
        || Ok(said.clone()),
        |sentence| Err(Place::of(file, rule).error(sentence)),
    )
}

impl CounterYaml {
    fn take(self, file: &str) -> Result<Counter, CatalogueError> {
        let map_url = self.map_url.map(|url| address(file, url)).transpose()?;
        Ok(Counter {
            place: self.place,
            floor: self.floor,
            route: self.route,
            map_url,
            map_picture: None,
            verify_city: self.verify == Some(Verify::City),
        })
    }
}

/// The address of a map.
fn address(file: &str, url: At<String>) -> Result<String, CatalogueError> {
    match map::wrong_address(&url.value) {
        Some(message) => Err(Place::of(file, &url).error(message)),
        None => Ok(url.value),
    }
}

/// The ids of `entries` when all of them are known.
fn known(
    file: &str,
    entries: &[At<String>],
    kind: &str,
    exists: impl Fn(&str) -> bool,
) -> Result<Vec<String>, CatalogueError> {
    match entries.iter().find(|entry| !exists(&entry.value)) {
        None => Ok(entries.iter().map(|entry| entry.value.clone()).collect()),
        Some(entry) => {
            let message = format!("there is no {kind} called {}", entry.value);
            Err(Place::of(file, entry).error(message))
        }
    }
}

impl FactYaml {
    fn take(&mut self, name: &str) -> Fact {
        let question = self.question_ja.take().map(|ja| Question {
            easy_ja: self.question_easy_ja.take().unwrap_or_else(|| ja.clone()),
            en: self.question_en.take().unwrap_or_default(),
            ja,
        });
        Fact {
            name: name.to_owned(),
            level: self.level,
            kind: self.kind,
            values: std::mem::take(&mut self.values).in_order(),
            label_ja: std::mem::take(&mut self.label_ja),
            label_not_ja: self.label_not_ja.take(),
            unit_ja: std::mem::take(&mut self.unit_ja),
            in_reason: self.in_reason,
            question,
            sensitive: self.sensitive,
            quiet_values: Vec::new(),
            likely: std::mem::take(&mut self.likely).in_order(),
            cost_percent: self.cost,
        }
    }
}
