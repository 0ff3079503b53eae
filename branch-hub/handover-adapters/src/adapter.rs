//! An adapter as it is written down.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::check::{Columns, Fault, check};
use crate::gate::Encoding;
use crate::letters::{DateForm, Letters};

/// What the rows of an adapter are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// A person each.
    Persons,
    /// A certificate each.
    Certificates,
    /// A procedure each, for each person it concerns.
    Procedures,
}

/// An adapter that was checked.
#[derive(Debug, Clone)]
pub struct Adapter {
    pub(crate) file: AdapterFile,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdapterFile {
    pub(crate) title: Spanned<String>,
    pub(crate) rows: Rows,
    /// Only these events; all when empty.
    #[serde(default)]
    pub(crate) events: Vec<Spanned<String>>,
    /// Only these procedures; all when empty.
    #[serde(default)]
    pub(crate) procedures: Vec<Spanned<String>>,
    pub(crate) encoding: Encoding,
    pub(crate) ending: Spanned<String>,
    #[serde(default)]
    pub(crate) line_break: LineBreak,
    pub(crate) form: Spanned<FormFile>,
    pub(crate) column: Vec<Spanned<ColumnFile>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineBreak {
    #[default]
    Crlf,
    Lf,
}

impl LineBreak {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Crlf => "\r\n",
            Self::Lf => "\n",
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FormFile {
    Separated {
        separator: char,
        #[serde(default)]
        headings: bool,
        #[serde(default)]
        quotes: Quotes,
        /// A cell that a spreadsheet would run gets an apostrophe in front.
        #[serde(default)]
        for_spreadsheets: bool,
    },
    Fixed {
        record_bytes: usize,
    },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Quotes {
    #[default]
    WhereNeeded,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Align {
    #[default]
    Left,
    Right,
}

/// How one column is made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnFile {
    #[serde(default)]
    pub(crate) heading: String,
    /// Columns of the list, or paths of what was signed; one behind the other.
    #[serde(default)]
    pub(crate) from: Vec<Spanned<String>>,
    /// What stands between parts that are not empty.
    #[serde(default)]
    pub(crate) join: String,
    /// The same text in every row.
    #[serde(default)]
    pub(crate) value: String,
    /// The other system's codes for our values; a value that is not here makes the row unfit.
    #[serde(default)]
    pub(crate) codes: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) date: Option<DateForm>,
    #[serde(default)]
    pub(crate) letters: Letters,
    /// What stands there when there is nothing.
    #[serde(default)]
    pub(crate) empty: String,
    #[serde(default)]
    pub(crate) required: bool,
    /// First byte, from 1; of fixed width.
    #[serde(default)]
    pub(crate) at: Option<usize>,
    /// Width; in separated files, the most there may be.
    #[serde(default)]
    pub(crate) bytes: Option<usize>,
    #[serde(default)]
    pub(crate) align: Align,
    #[serde(default = "blank")]
    pub(crate) fill: char,
}

const fn blank() -> char {
    ' '
}

impl ColumnFile {
    /// What people call it.
    pub(crate) fn name(&self) -> String {
        if !self.heading.is_empty() {
            return self.heading.clone();
        }
        let first = self.from.first().map(|one| one.get_ref().clone());
        first.unwrap_or_else(|| self.value.clone())
    }
}

impl Adapter {
    /// Reads an adapter and checks everything that can be checked without a case.
    ///
    /// # Errors
    /// Every mistake with its place; only the first one where the file is no TOML of this kind.
    pub fn read(text: &str, columns: &Columns) -> Result<Self, Vec<Fault>> {
        let file: AdapterFile =
            toml::from_str(text).map_err(|error| vec![Fault::of_toml(text, &error)])?;
        let faults = check(text, &file, columns);
        if faults.is_empty() {
            Ok(Self { file })
        } else {
            Err(faults)
        }
    }

    /// What it is, for people.
    pub fn title(&self) -> &str {
        self.file.title.get_ref()
    }

    /// What its rows are about.
    pub fn rows(&self) -> Rows {
        self.file.rows
    }

    /// How its files end: `csv`.
    pub fn ending(&self) -> &str {
        self.file.ending.get_ref()
    }

    /// How its files are written.
    pub fn encoding(&self) -> Encoding {
        self.file.encoding
    }
}
