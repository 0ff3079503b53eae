//! What a form says about itself in its `meta.toml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A form (様式): number, version, title and what it needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormMeta {
    /// Its name, the folder without the number: `resident-move` of `F001-resident-move`.
    #[serde(default)]
    pub id: String,
    /// Form number (様式番号), as printed.
    pub number: String,
    /// Further numbers of the procedure catalogue that this form is printed for.
    #[serde(default)]
    pub covers: Vec<String>,
    /// Version, counted up with every change of the printed form.
    pub version: u16,
    /// Title in Japanese.
    pub title: String,
    /// Title in English.
    pub title_en: String,
    /// Paper, by Typst's name for it.
    pub paper: String,
    /// First day of use, ISO 8601.
    pub valid_from: String,
    /// Last day of use, ISO 8601; none while it is in force.
    #[serde(default)]
    pub valid_to: Option<String>,
    /// Section in charge (所管課).
    pub section: String,
    /// The law or ordinance it rests on, as printed below the title.
    #[serde(default)]
    pub law: String,
    /// Procedures of the catalogue that it files.
    #[serde(default)]
    pub procedures: Vec<String>,
    /// How many people it takes.
    #[serde(default)]
    pub people: Option<People>,
    /// Where somebody signs.
    #[serde(default)]
    pub signature: Vec<SignaturePlace>,
    /// Paths into its data that must be there and not empty.
    pub required: Vec<String>,
    /// Paths that may be there.
    #[serde(default)]
    pub optional: Vec<String>,
    /// Paths among them that staff are asked for at the screen where nothing has filled them, in
    /// order; the others wait for a pen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<String>,
    /// Fields of this form alone; the others are in `fields.toml` of the templates' folder.
    #[serde(default)]
    pub fields: BTreeMap<String, FieldRule>,
    /// Fields the notification or the interview has already answered.
    #[serde(default)]
    pub prefill: Vec<Prefill>,
    /// What only its template reads.
    #[serde(default)]
    pub print: toml::Table,
}

/// A field that is filled in from what is known: `value`, or what stands at `from` in the
/// notification, when `fact` has one of the values `is` (always, where there is no fact) and
/// `procedure` is the one the form is for (any, where none is named).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prefill {
    /// Path of the field; `members.*.…` and `children.*.…` are decided person by person.
    pub field: String,
    /// A fact of the procedure catalogue, `ev.type` or `japanese`.
    #[serde(default)]
    pub fact: Option<String>,
    /// Its values: names of choices, digits, `true`, `false`.
    #[serde(default)]
    pub is: Vec<String>,
    /// One of the form's procedures.
    #[serde(default)]
    pub procedure: Option<String>,
    /// What to write; one of the field's values where it has some.
    #[serde(default)]
    pub value: Option<String>,
    /// What to copy, for example `new.head`.
    #[serde(default)]
    pub from: Option<String>,
}

/// How many people stand on a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// Rows of one sheet.
    pub per_sheet: usize,
    /// People on all sheets together.
    pub max: usize,
}

/// A place for a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignaturePlace {
    /// Who signs.
    pub place: String,
    /// The label on paper.
    pub label: String,
}

/// What may stand in a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// What a clerk calls it; `{}` becomes the number of the person or entry.
    pub label: String,
    /// The same in English, where staff are asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label_en: String,
    /// The same in plain Japanese (やさしい日本語).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label_easy: String,
    /// Type of its value.
    pub kind: FieldKind,
    /// The values of a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// What stands on paper for each of `values`, where staff are asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// The same in English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words_en: Vec<String>,
    /// The same in plain Japanese.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words_easy: Vec<String>,
    /// Those of `values` beside which no other may be ticked: "none".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alone: Vec<String>,
    /// Digits of a number, entries of a list; 0 when it does not matter.
    #[serde(default)]
    pub length: usize,
    /// Shown on the staff's screen only.
    #[serde(default)]
    pub quiet: bool,
    /// A yes or no that makes it needless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<String>,
}

/// Types of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A name or an address: checked glyph by glyph, printed in the MJ font alone.
    Exact,
    /// A reading: no kanji.
    Kana,
    /// ISO 8601 with 00 for an unknown month or day, or a date in words.
    Date,
    /// A whole number, not negative.
    Count,
    /// Yes or no.
    Flag,
    /// One of `values`.
    Choice,
    /// Any of `values`.
    Choices,
    /// A number written as `length` digits.
    Digits,
    /// A list of at most `length` entries.
    List,
}

/// Invented data every form brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleKind {
    /// An everyday case.
    Typical,
    /// The longest values that must still fit.
    Longest,
    /// The least a form can be filed with.
    Smallest,
    /// A resident of foreign nationality.
    Foreigner,
}

impl SampleKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::Typical,
        Self::Longest,
        Self::Smallest,
        Self::Foreigner,
    ];

    /// Its name, as on the command line and in the file name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Typical => "typical",
            Self::Longest => "longest",
            Self::Smallest => "smallest",
            Self::Foreigner => "foreigner",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl FormMeta {
    /// Whether `name` means this form: its id, its number, or a number it covers.
    pub fn answers_to(&self, name: &str) -> bool {
        self.id == name || self.number == name || self.covers.iter().any(|number| number == name)
    }

    /// Whether it is in force on a day (ISO 8601).
    pub fn in_force_on(&self, day: &str) -> bool {
        self.valid_from.as_str() <= day && self.valid_to.as_deref().is_none_or(|last| day <= last)
    }
}
