//! The catalogue of procedures: data that a city edits, checked when it is loaded.

pub(crate) mod entries;
pub(crate) mod file;
mod load;
mod map;
pub(crate) mod packed;

use std::collections::BTreeMap;
use std::sync::Arc;

use counter_domain::deadline::ClosedDays;
use counter_domain::residence::ResidenceStatuses;
use thiserror::Error;

use crate::known::Known;
use crate::rule::{Expr, FactId};
use crate::table::Cell;

pub use file::{
    DeadlineFrom, DeadlineKind, DeadlineRule, DeadlineUnit, FactType, Kind, Level, Scope, Words,
};
pub(crate) use load::{Impossible, errors, yaml_sentence};
pub use map::{MapPicture, file_of, is_picture, text_of};
pub use packed::Packed;

/// Something in the catalogue that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct CatalogueError {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
    /// A sentence.
    pub message: String,
}

/// What a resident is told about a procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Why it matters.
    pub why: Words,
    /// What happens when it is late or left out: a consequence, by id.
    pub late: String,
    /// Where it is done, by id, when not at the section's own counter.
    pub at: Option<String>,
    /// The city must confirm it before use.
    pub verify_city: bool,
}

/// Where something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// Name and place.
    pub place: Words,
    /// Floor and window, where the city says.
    pub floor: Option<Words>,
    /// Its turn on one walk through the building, lowest first; places without one are outside.
    pub route: Option<u16>,
    /// A map or page the city keeps, for a QR code.
    pub map_url: Option<String>,
    /// A map as a picture.
    pub map_picture: Option<MapPicture>,
    /// The city must fill in floor, window and hours before use.
    pub verify_city: bool,
}

/// Where something stands in the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) column: u64,
}

/// Where everything stands, by kind and id: for the check.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks(BTreeMap<(&'static str, String), Mark>);

impl Marks {
    pub(crate) fn keep(&mut self, kind: &'static str, id: &str, mark: Mark) {
        self.0.insert((kind, id.to_owned()), mark);
    }

    pub(crate) fn of(&self, kind: &'static str, id: &str) -> Option<&Mark> {
        self.0.get(&(kind, id.to_owned()))
    }
}

/// Texts in a further language: a file in `languages/`, keyed `procedure.P053`, `why.P053`,
/// `document.zairyu`, `section.hoken`, `consequence.fine`, `place.shimin`, `question.hh.dogs`,
/// `answer.ev.type.move_in`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// BCP 47, for example `vi`.
    pub tag: String,
    /// Its own name.
    pub name: String,
    pub(crate) texts: BTreeMap<String, (String, Mark)>,
}

impl Language {
    /// The text of a key; `None` when the language does not have it.
    pub fn text(&self, key: &str) -> Option<&str> {
        let found = self.texts.get(key).map(|(text, _)| text.as_str());
        found.filter(|text| !text.trim().is_empty())
    }
}

/// The question that finds a fact out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// In Japanese.
    pub ja: String,
    /// In plain Japanese.
    pub easy_ja: String,
    /// In English.
    pub en: String,
}

/// A fact that rules read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Full name: `ev.type`, `hh.dogs`, `age`.
    pub name: String,
    /// Whom it is about.
    pub level: Level,
    /// What values it has.
    pub kind: FactType,
    /// Values of a choice, in order.
    pub values: Vec<(String, Words)>,
    /// Short name in Japanese.
    pub label_ja: String,
    /// Its opposite in Japanese, where that is worth saying as a reason.
    pub label_not_ja: Option<String>,
    /// Counter word.
    pub unit_ja: String,
    /// Whether it is said in a reason.
    pub in_reason: bool,
    /// The question; facts without one are never asked.
    pub question: Option<Question>,
    /// Asked on the staff's screen only, never mirrored.
    pub sensitive: bool,
    /// Values, by index, that are never said on the resident's display although the question is.
    pub(crate) quiet_values: Vec<u16>,
    /// How often each answer is given, in percent, where the catalogue says so: values of a
    /// choice by name; `yes` for a flag and for a number above zero.
    pub likely: Vec<(String, u32)>,
    /// What the question costs beside an ordinary one, in percent.
    pub cost_percent: u32,
}

impl Fact {
    /// Possible answers and the chance of each; the chances sum to one.
    pub(crate) fn answers(&self) -> impl Iterator<Item = (Cell, f64)> + '_ {
        let yes = self.chance_of("yes").unwrap_or(0.5);
        let two = |yes_cell, no_cell| [Some((yes_cell, yes)), Some((no_cell, 1.0 - yes))];
        let two = match self.kind {
            FactType::Flag => two(Cell::Flag(true), Cell::Flag(false)),
            FactType::Count => two(Cell::Count(1), Cell::Count(0)),
            FactType::Choice => [None, None],
        };
        let total: f64 = self.values.iter().map(|(name, _)| self.weight(name)).sum();
        let values = (0_u16..).zip(&self.values);
        let values =
            values.map(move |(at, (name, _))| (Cell::Choice(at), self.weight(name) / total));
        two.into_iter().flatten().chain(values)
    }

    fn chance_of(&self, answer: &str) -> Option<f64> {
        let said = self.likely.iter().find(|(name, _)| name == answer)?;
        Some(f64::from(said.1.min(100)) / 100.0)
    }

    fn weight(&self, value: &str) -> f64 {
        self.chance_of(value)
            .unwrap_or(if self.likely.is_empty() { 1.0 } else { 0.01 })
    }

    /// What the question costs beside an ordinary one.
    pub(crate) fn cost(&self) -> f64 {
        f64::from(self.cost_percent.max(1)) / 100.0
    }

    /// Whether this value must not be said on the resident's display.
    pub(crate) fn is_quiet(&self, cell: Cell) -> bool {
        let quiet = matches!(cell, Cell::Choice(value) if self.quiet_values.contains(&value));
        self.sensitive || quiet
    }

    pub(crate) fn value_index(&self, value: &str) -> Option<u16> {
        let at = self.values.iter().position(|(name, _)| name == value)?;
        u16::try_from(at).ok()
    }
}

/// A procedure.
#[derive(Debug, Clone)]
pub struct Procedure {
    /// Id, for example `P003`.
    pub id: String,
    /// Name.
    pub name: Words,
    /// Section, by id.
    pub section: String,
    /// What it is here.
    pub kind: Kind,
    /// Number of its form.
    pub form_no: Option<String>,
    /// One of the city's own forms.
    pub core: bool,
    /// For whom it is tested.
    pub scope: Scope,
    /// The rule as written.
    pub when: String,
    /// Its deadline.
    pub deadline: DeadlineRule,
    /// Documents to bring, by id.
    pub documents: Vec<String>,
    /// Field sets of its form, by id.
    pub fields: Vec<String>,
    /// Follow-up questions of the section.
    pub interview: Vec<Words>,
    /// Note for staff.
    pub note: Option<String>,
    /// Readings and other words staff may look for it by, parted by spaces.
    pub find: String,
    pub(crate) rule: Expr,
}

/// A checked catalogue.
#[derive(Debug, Clone)]
pub struct Catalogue {
    facts: Vec<Fact>,
    fact_ids: BTreeMap<String, FactId>,
    procedures: Vec<Procedure>,
    procedure_ids: BTreeMap<String, usize>,
    sections: Vec<(String, Words)>,
    documents: Vec<(String, Words)>,
    field_sets: Vec<(String, Vec<String>)>,
    impossible: Vec<Impossible>,
    holidays: ClosedDays,
    statuses: Arc<ResidenceStatuses>,
    advice: BTreeMap<String, Advice>,
    consequences: BTreeMap<String, Words>,
    counters: BTreeMap<String, Counter>,
    languages: Vec<Language>,
    known: Arc<Known>,
    marks: Marks,
}

impl Catalogue {
    /// Loads the files of a catalogue, each with its name for error messages. The file of the
    /// certificates is another's ([`crate::certificates`]) and left out.
    ///
    /// # Errors
    /// The first thing that cannot be right: bad YAML, an unknown fact, short name, value,
    /// section, document or field set, or an id used twice.
    pub fn from_files(files: &[(&str, &str)]) -> Result<Self, CatalogueError> {
        Self::from_packed(files, &Packed::default())
    }

    /// The same, with files that somebody packed: those are not parsed.
    ///
    /// # Errors
    /// As [`Catalogue::from_files`].
    pub fn from_packed(files: &[(&str, &str)], packed: &Packed) -> Result<Self, CatalogueError> {
        load::load(files, packed)
    }

    /// The catalogue that comes with Todoke.
    ///
    /// # Errors
    /// Never for a released build: tests load it.
    pub fn bundled() -> Result<Self, CatalogueError> {
        Self::from_files(BUNDLED)
    }

    /// Facts in order.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// A fact by its full name.
    pub fn fact(&self, name: &str) -> Option<&Fact> {
        self.facts.get(self.fact_id(name)?)
    }

    /// Procedures in order.
    pub fn procedures(&self) -> &[Procedure] {
        &self.procedures
    }

    /// A procedure by id.
    pub fn procedure(&self, id: &str) -> Option<&Procedure> {
        self.procedures.get(*self.procedure_ids.get(id)?)
    }

    /// Name of a section.
    pub fn section(&self, id: &str) -> Option<&Words> {
        find(&self.sections, id)
    }

    /// Name of a document.
    pub fn document(&self, id: &str) -> Option<&Words> {
        find(&self.documents, id)
    }

    /// Fields of a field set.
    pub fn field_set(&self, id: &str) -> Option<&[String]> {
        find(&self.field_sets, id).map(Vec::as_slice)
    }

    /// Days on which the office is closed.
    pub fn closed_days(&self) -> &ClosedDays {
        &self.holidays
    }

    /// What to bring for a procedure; nothing when there is nothing to bring.
    pub fn documents_of(&self, procedure: &Procedure) -> Vec<&Words> {
        let bring = procedure.documents.iter().filter(|id| *id != "none");
        bring.filter_map(|id| self.document(id)).collect()
    }

    /// Languages beside Japanese, plain Japanese and English.
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// A text in the language with this tag: `ja`, `ja-easy`, `en` or one of
    /// [`Catalogue::languages`], which falls back to English where it lacks the key.
    pub fn said_in<'a>(&'a self, tag: &str, key: &str, words: &'a Words) -> &'a str {
        match tag {
            "ja" => &words.ja,
            "ja-easy" => words.easy_ja(),
            _ => {
                let language = self.languages.iter().find(|one| one.tag == tag);
                let text = language.and_then(|language| language.text(key));
                text.unwrap_or(&words.en)
            }
        }
    }

    /// The statuses of residence (在留資格).
    pub fn statuses(&self) -> &Arc<ResidenceStatuses> {
        &self.statuses
    }

    /// What records answer of its facts.
    pub fn known(&self) -> &Arc<Known> {
        &self.known
    }

    pub(crate) fn marks(&self) -> &Marks {
        &self.marks
    }

    /// What a resident is told about a procedure.
    pub fn advice(&self, procedure: &str) -> Option<&Advice> {
        self.advice.get(procedure)
    }

    /// What happens when a procedure is late or left out.
    pub fn consequence_of(&self, procedure: &str) -> Option<&Words> {
        self.consequences.get(&self.advice(procedure)?.late)
    }

    /// Where a procedure is done.
    pub fn counter_of(&self, procedure: &Procedure) -> Option<&Counter> {
        self.counters.get(self.counter_id_of(procedure))
    }

    /// The id of where a procedure is done.
    pub fn counter_id_of<'a>(&'a self, procedure: &'a Procedure) -> &'a str {
        let other = self
            .advice(&procedure.id)
            .and_then(|advice| advice.at.as_ref());
        other.unwrap_or(&procedure.section)
    }

    /// Texts residents read, with what they are and their id: sections, documents, consequences
    /// and places.
    pub(crate) fn resident_texts(&self) -> impl Iterator<Item = (&'static str, &str, &Words)> {
        let sections = self
            .sections
            .iter()
            .map(|(id, words)| ("section", id.as_str(), words));
        let documents = self
            .documents
            .iter()
            .map(|(id, words)| ("document", id.as_str(), words));
        let consequences = self.consequences.iter();
        let consequences = consequences.map(|(id, words)| ("consequence", id.as_str(), words));
        let counters = self.counters.iter();
        let counters = counters.map(|(id, counter)| ("place", id.as_str(), &counter.place));
        let floors = self.counters.iter();
        let floors = floors
            .filter_map(|(id, counter)| Some(("floor", id.as_str(), counter.floor.as_ref()?)));
        sections
            .chain(documents)
            .chain(consequences)
            .chain(counters)
            .chain(floors)
    }

    pub(crate) fn fact_id(&self, name: &str) -> Option<FactId> {
        self.fact_ids.get(name).copied()
    }

    pub(crate) fn impossible(&self) -> &[Impossible] {
        &self.impossible
    }
}

fn find<'a, T>(entries: &'a [(String, T)], id: &str) -> Option<&'a T> {
    entries
        .iter()
        .find(|(name, _)| name == id)
        .map(|(_, value)| value)
}

/// The files of the catalogue that comes with Todoke.
pub const BUNDLED: &[(&str, &str)] = &[
    ("facts.yaml", include_str!("../catalogue/facts.yaml")),
    ("rules.yaml", include_str!("../catalogue/rules.yaml")),
    ("sections.yaml", include_str!("../catalogue/sections.yaml")),
    (
        "documents.yaml",
        include_str!("../catalogue/documents.yaml"),
    ),
    (
        "field-sets.yaml",
        include_str!("../catalogue/field-sets.yaml"),
    ),
    (
        "advice/places.yaml",
        include_str!("../catalogue/advice/places.yaml"),
    ),
    (
        "advice/residents.yaml",
        include_str!("../catalogue/advice/residents.yaml"),
    ),
    (
        "advice/insurance.yaml",
        include_str!("../catalogue/advice/insurance.yaml"),
    ),
    (
        "advice/family.yaml",
        include_str!("../catalogue/advice/family.yaml"),
    ),
    (
        "advice/register.yaml",
        include_str!("../catalogue/advice/register.yaml"),
    ),
    ("known.yaml", include_str!("../catalogue/known.yaml")),
    ("statuses.yaml", include_str!("../catalogue/statuses.yaml")),
    ("holidays.yaml", include_str!("../catalogue/holidays.yaml")),
    (
        "procedures/shimin.yaml",
        include_str!("../catalogue/procedures/shimin.yaml"),
    ),
    (
        "procedures/hoken.yaml",
        include_str!("../catalogue/procedures/hoken.yaml"),
    ),
    (
        "procedures/kaigo.yaml",
        include_str!("../catalogue/procedures/kaigo.yaml"),
    ),
    (
        "procedures/kosodate.yaml",
        include_str!("../catalogue/procedures/kosodate.yaml"),
    ),
    (
        "procedures/kenko.yaml",
        include_str!("../catalogue/procedures/kenko.yaml"),
    ),
    (
        "procedures/hoiku.yaml",
        include_str!("../catalogue/procedures/hoiku.yaml"),
    ),
    (
        "procedures/gakumu.yaml",
        include_str!("../catalogue/procedures/gakumu.yaml"),
    ),
    (
        "procedures/shogai.yaml",
        include_str!("../catalogue/procedures/shogai.yaml"),
    ),
    (
        "procedures/seikatsu.yaml",
        include_str!("../catalogue/procedures/seikatsu.yaml"),
    ),
    (
        "procedures/zeisei.yaml",
        include_str!("../catalogue/procedures/zeisei.yaml"),
    ),
    (
        "procedures/shiminzei.yaml",
        include_str!("../catalogue/procedures/shiminzei.yaml"),
    ),
    (
        "procedures/nozei.yaml",
        include_str!("../catalogue/procedures/nozei.yaml"),
    ),
    (
        "procedures/shisan.yaml",
        include_str!("../catalogue/procedures/shisan.yaml"),
    ),
    (
        "procedures/eisei.yaml",
        include_str!("../catalogue/procedures/eisei.yaml"),
    ),
    (
        "procedures/kankyo.yaml",
        include_str!("../catalogue/procedures/kankyo.yaml"),
    ),
    (
        "procedures/suido.yaml",
        include_str!("../catalogue/procedures/suido.yaml"),
    ),
    (
        "procedures/jutaku.yaml",
        include_str!("../catalogue/procedures/jutaku.yaml"),
    ),
    (
        "procedures/senkyo.yaml",
        include_str!("../catalogue/procedures/senkyo.yaml"),
    ),
    (
        "procedures/bosai.yaml",
        include_str!("../catalogue/procedures/bosai.yaml"),
    ),
    (
        "procedures/korei.yaml",
        include_str!("../catalogue/procedures/korei.yaml"),
    ),
    (
        "procedures/ryoken.yaml",
        include_str!("../catalogue/procedures/ryoken.yaml"),
    ),
    (
        "procedures/koseki.yaml",
        include_str!("../catalogue/procedures/koseki.yaml"),
    ),
];
