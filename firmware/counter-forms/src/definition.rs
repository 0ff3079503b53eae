//! What a form says about itself in its `meta.toml`.

use serde::{Deserialize, Serialize};

/// A form (様式): number, version, title and what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormMeta {
    /// Name of its folder, for example `resident-move`.
    #[serde(default)]
    pub id: String,
    /// Form number (様式番号), as printed.
    pub number: String,
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
    /// Section in charge (所管課).
    pub section: String,
    /// Where somebody signs.
    #[serde(default)]
    pub signature: Vec<SignaturePlace>,
    /// What the form needs from its data.
    pub data: DataRules,
}

/// A place for a signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignaturePlace {
    /// Who signs.
    pub place: String,
    /// The label on paper.
    pub label: String,
}

/// Paths into a form's data, dotted, `*` for every entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRules {
    /// Must be there and not empty.
    pub required: Vec<String>,
    /// Names and addresses: checked glyph by glyph, printed in the MJ font.
    pub exact: Vec<String>,
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
