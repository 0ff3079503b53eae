//! Fields of a reception and the persons they belong to.

use counter_domain::draft::Source;
use counter_domain::ids::DeviceId;
use serde::{Deserialize, Serialize};

use crate::events::MarkView;
use crate::paper::ReadView;
use crate::prepared::BesideValue;

/// What a field is, for the right keyboard and checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Free text.
    Text,
    /// A name or address, drawn in the MJ font.
    ExactGlyphs,
    /// Katakana.
    Kana,
    /// A date, era or western.
    Date,
    /// One of `choices`.
    Choice,
    /// Any of `choices`; the value has them parted by commas.
    Choices,
    /// Telephone.
    Phone,
}

/// One field on the screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldView {
    /// Its path.
    pub path: String,
    /// Its label.
    pub label: String,
    /// Of a box of a form: label and choices as staff say them to the resident, in plain Japanese
    /// or in the other language the resident reads.
    #[serde(default)]
    pub translated: String,
    /// What it is.
    pub kind: FieldKind,
    /// The value as shown.
    pub value: String,
    /// For dates: the other calendar and the age.
    pub hint: String,
    /// What may be chosen.
    pub choices: Vec<Choice>,
    /// Where the value came from; `None` while empty.
    pub source: Option<Source>,
    /// Certainty in percent, for read documents.
    pub confidence: Option<u8>,
    /// It must be filled before signing.
    pub required: bool,
    /// What is wrong with it.
    pub error: Option<String>,
    /// A remark of head office on it.
    pub remark: Option<String>,
    /// The value that was signed, when it differs.
    pub old_value: Option<String>,
    /// What another counter entered differently.
    pub others: Vec<OtherValue>,
    /// What the resident copy says differently; a person chooses.
    #[serde(default)]
    pub copy_value: Option<String>,
    /// What a reservation or certificate data says differently; a person chooses.
    #[serde(default)]
    pub beside: Vec<BesideValue>,
    /// What a paper says about it, with the strip of paper.
    #[serde(default)]
    pub read: Option<ReadView>,
    /// Its characters can be chosen by shape, reading, strokes or number.
    #[serde(default)]
    pub picks_characters: bool,
    /// A system that names are handed to lacks a character of it: which, in words.
    #[serde(default)]
    pub lacking: String,
}

impl FieldView {
    /// A field that says nothing beyond its label: empty, free to stay so, from nowhere.
    #[must_use]
    pub const fn bare(path: String, label: String, kind: FieldKind) -> Self {
        Self {
            path,
            label,
            translated: String::new(),
            kind,
            value: String::new(),
            hint: String::new(),
            choices: Vec::new(),
            source: None,
            confidence: None,
            required: false,
            error: None,
            remark: None,
            old_value: None,
            others: Vec::new(),
            copy_value: None,
            beside: Vec::new(),
            read: None,
            picks_characters: false,
            lacking: String::new(),
        }
    }
}

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// As stored.
    pub value: String,
    /// As shown.
    pub label: String,
}

/// What another counter entered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherValue {
    /// That counter.
    pub counter: DeviceId,
    /// Its value.
    pub value: String,
    /// When, `10:42`.
    pub at: String,
}

/// A person of the household.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberView {
    /// Number in the case, from 1.
    pub number: u8,
    /// Fields.
    pub fields: Vec<FieldView>,
    /// Whether the event concerns this person, where it may concern a part of the household.
    #[serde(default)]
    pub mark: Option<MarkView>,
}
