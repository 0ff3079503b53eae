//! A file of the catalogue as people write it, before anything in it is held against the rest.
//!
//! The build script reads the program's own files into these shapes too (`packed.rs`), so nothing
//! here knows the rest of the crate. Another shape is another name of what is packed: the name is
//! made of this source.

use serde::{Deserialize, Serialize};

use crate::catalogue::entries::{At, Entries, Shape};

/// A text in Japanese and English, and in plain Japanese where residents read it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Japanese.
    pub ja: String,
    /// Plain Japanese (やさしい日本語).
    #[serde(default)]
    pub easy: Option<String>,
    /// English.
    pub en: String,
}

impl Words {
    /// Plain Japanese, or Japanese where there is none.
    pub fn easy_ja(&self) -> &str {
        self.easy.as_deref().unwrap_or(&self.ja)
    }
}

/// Whom a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The event.
    Event,
    /// The household.
    Household,
    /// One member.
    Member,
}

/// What values a fact has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FactType {
    /// Yes or no.
    #[serde(rename = "bool")]
    Flag,
    /// A number.
    #[serde(rename = "int")]
    Count,
    /// One of [`Fact::values`](crate::catalogue::Fact::values).
    #[serde(rename = "enum")]
    Choice,
}

/// For whom a procedure is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Once in an application.
    Once,
    /// Once in a household.
    Household,
    /// For each member.
    Member,
}

/// What a procedure is at this counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A form is filled in here.
    Form,
    /// Staff do something.
    Task,
    /// Only on the guidance sheet.
    Guide,
}

/// Kinds of deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// Within a time from a day.
    Within,
    /// Before something, in words.
    Before,
    /// As soon as possible.
    AsSoonAsPossible,
    /// None.
    None,
}

/// Unit of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineUnit {
    /// Days.
    Day,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// The day a deadline is counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineFrom {
    /// The event.
    Event,
    /// The day of filing.
    Notification,
    /// The birth; the event's day when the event is a birth.
    Birth,
    /// The death; the event's day when the event is a death.
    Death,
    /// A day Todoke does not know, in words.
    #[default]
    Other,
}

/// A deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadlineRule {
    /// Kind.
    pub kind: DeadlineKind,
    /// How many.
    #[serde(default)]
    pub amount: u16,
    /// Of what.
    #[serde(default)]
    pub unit: Option<DeadlineUnit>,
    /// Counted from.
    #[serde(default)]
    pub from: DeadlineFrom,
    /// That day in words.
    #[serde(default)]
    pub from_ja: Option<String>,
    /// That day in English.
    #[serde(default)]
    pub from_en: Option<String>,
    /// Whether that day is counted (戸籍法43条).
    #[serde(default)]
    pub counts_first_day: bool,
    /// In words, or a remark.
    #[serde(default)]
    pub text_ja: Option<String>,
    /// The same in English.
    #[serde(default)]
    pub text_en: Option<String>,
    /// Law.
    #[serde(default)]
    pub basis: Option<String>,
}

/// A whole file. Every part may stand in any file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileYaml {
    #[serde(default)]
    pub(crate) facts: Entries<FactYaml>,
    #[serde(default)]
    pub(crate) macros: Entries<At<String>>,
    #[serde(default)]
    pub(crate) impossible: Vec<ImpossibleYaml>,
    #[serde(default)]
    pub(crate) sections: Entries<Words>,
    #[serde(default)]
    pub(crate) documents: Entries<Words>,
    #[serde(default)]
    pub(crate) field_sets: Entries<Vec<String>>,
    #[serde(default)]
    pub(crate) statuses: Entries<StatusYaml>,
    #[serde(default)]
    pub(crate) holidays: Vec<At<String>>,
    #[serde(default)]
    pub(crate) procedures: Vec<ProcedureYaml>,
    #[serde(default)]
    pub(crate) advice: Entries<AdviceYaml>,
    #[serde(default)]
    pub(crate) consequences: Entries<Words>,
    #[serde(default)]
    pub(crate) counters: Entries<CounterYaml>,
    #[serde(default)]
    pub(crate) maps: Entries<MapYaml>,
    #[serde(default)]
    pub(crate) language: Option<LanguageYaml>,
    #[serde(default)]
    pub(crate) known: Vec<KnownYaml>,
}

impl Shape for FileYaml {
    const NAME: &'static str = "catalogue";
}

/// A further language: a file of its own in `languages/`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LanguageYaml {
    pub(crate) tag: At<String>,
    pub(crate) name: String,
    pub(crate) texts: Entries<At<String>>,
}

/// What a qualification of a record says of a fact.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KnownYaml {
    pub(crate) qualification: At<String>,
    pub(crate) fact: At<String>,
    #[serde(default)]
    pub(crate) value: Option<At<String>>,
    #[serde(default)]
    pub(crate) detail: Vec<String>,
    #[serde(default)]
    pub(crate) bare: bool,
    #[serde(default)]
    pub(crate) ages: Option<At<(i16, i16)>>,
    #[serde(default)]
    pub(crate) here: bool,
}

/// A status of residence, by its name in Japanese.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusYaml {
    pub(crate) en: String,
    /// Where the law has it; for people who edit the file.
    #[serde(rename = "table")]
    pub(crate) _table: StatusTable,
    #[serde(default)]
    pub(crate) class: StatusClass,
    pub(crate) period: StatusPeriod,
    #[serde(default = "yes")]
    pub(crate) record: bool,
    #[serde(default)]
    pub(crate) from: Option<At<String>>,
    #[serde(default)]
    pub(crate) to: Option<At<String>>,
}

/// Tables of the Immigration Act (入管法別表), and what stands beside them.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum StatusTable {
    #[serde(rename = "1-1")]
    FirstOne,
    #[serde(rename = "1-2")]
    FirstTwo,
    #[serde(rename = "1-3")]
    FirstThree,
    #[serde(rename = "1-4")]
    FirstFour,
    #[serde(rename = "1-5")]
    FirstFive,
    #[serde(rename = "2")]
    Second,
    #[serde(rename = "special")]
    SpecialAct,
    #[serde(rename = "permit")]
    Permit,
}

/// Classes of 住基法30条の45.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatusClass {
    #[default]
    MidLong,
    SpecialPermanent,
    TemporaryRefuge,
}

/// Whether a status comes with a period of stay.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatusPeriod {
    Limited,
    None,
}

/// What a city must still look at.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verify {
    City,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdviceYaml {
    pub(crate) why: Words,
    pub(crate) late: At<String>,
    #[serde(default)]
    pub(crate) at: Option<At<String>>,
    #[serde(default)]
    pub(crate) verify: Option<Verify>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CounterYaml {
    pub(crate) place: Words,
    #[serde(default)]
    pub(crate) floor: Option<Words>,
    #[serde(default)]
    pub(crate) route: Option<u16>,
    #[serde(default)]
    pub(crate) map_url: Option<At<String>>,
    #[serde(default)]
    pub(crate) verify: Option<Verify>,
}

/// The map of a place: a picture beside the files, an address for a QR code, or both.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MapYaml {
    #[serde(default)]
    pub(crate) picture: Option<At<String>>,
    #[serde(default)]
    pub(crate) url: Option<At<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FactYaml {
    pub(crate) level: Level,
    #[serde(rename = "type")]
    pub(crate) kind: FactType,
    pub(crate) label_ja: String,
    #[serde(default)]
    pub(crate) label_not_ja: Option<String>,
    #[serde(default)]
    pub(crate) unit_ja: String,
    #[serde(default = "yes")]
    pub(crate) in_reason: bool,
    /// Where the fact comes from; for people who edit the file.
    #[serde(rename = "source")]
    pub(crate) _source: String,
    #[serde(default)]
    pub(crate) derive: Option<At<String>>,
    #[serde(default)]
    pub(crate) values: Entries<Words>,
    #[serde(default)]
    pub(crate) question_ja: Option<String>,
    #[serde(default)]
    pub(crate) question_easy_ja: Option<String>,
    #[serde(default)]
    pub(crate) question_en: Option<String>,
    #[serde(default)]
    pub(crate) sensitive: bool,
    #[serde(default)]
    pub(crate) quiet_values: Vec<At<String>>,
    #[serde(default)]
    pub(crate) likely: Entries<u32>,
    #[serde(default = "usual_cost")]
    pub(crate) cost: u32,
}

fn usual_cost() -> u32 {
    100
}

fn yes() -> bool {
    true
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImpossibleYaml {
    #[serde(rename = "if")]
    pub(crate) rule: At<String>,
    #[serde(default)]
    pub(crate) set_false: Vec<At<String>>,
    #[serde(default)]
    pub(crate) set: Entries<At<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProcedureYaml {
    pub(crate) id: At<String>,
    pub(crate) name_ja: String,
    pub(crate) name_en: String,
    pub(crate) section: At<String>,
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) form_no: Option<String>,
    #[serde(default)]
    pub(crate) core: bool,
    pub(crate) scope: Scope,
    pub(crate) when: At<String>,
    pub(crate) deadline: At<DeadlineRule>,
    pub(crate) documents: Vec<At<String>>,
    pub(crate) asks: Vec<At<String>>,
    pub(crate) fields: Vec<At<String>>,
    #[serde(default)]
    pub(crate) interview: Vec<Words>,
    #[serde(default)]
    pub(crate) note: Option<String>,
    #[serde(default)]
    pub(crate) find: String,
}

/// Reads a file. The picture of the lines around a mistake is drawn only when there is one.
///
/// # Errors
/// When it is not YAML of this shape.
pub(crate) fn parse(text: &str) -> Result<FileYaml, serde_saphyr::Error> {
    let plain = serde_saphyr::options! {
        with_snippet: false,
        emit_comments: false,
    };
    serde_saphyr::from_str_with_options(text, plain).or_else(|_| serde_saphyr::from_str(text))
}
