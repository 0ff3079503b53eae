//! Tables of the private characters (外字) of one system: which glyph is meant by which code.
//!
//! A city has such a table from whoever runs the system, as a sheet; this reads the sheet, tells
//! every fault with line and column, and publishes the rest as a dataset. Importers read names
//! through it, files for that system are written through it. A code that is not in the table stays
//! a private one and is stopped by every gate; nothing is guessed.

mod sheet;

use serde::{Deserialize, Serialize};

use crate::glyph::MjNumber;
use crate::private_code::{MjPlus, PrivateCode};
use crate::written::{Written, written};

pub use sheet::{Fault, Problem, read_sheet};

/// Name of the dataset.
pub const GAIJI_TABLES: &str = "gaiji-tables";
/// Layout of the dataset; a counter leaves a newer one alone.
pub const GAIJI_FORMAT: u16 = 1;

/// The tables of a city, one for each system that has private characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GaijiTables {
    /// [`GAIJI_FORMAT`].
    pub format: u16,
    /// Ascending by system.
    pub tables: Vec<GaijiTable>,
}

impl Default for GaijiTables {
    fn default() -> Self {
        Self {
            format: GAIJI_FORMAT,
            tables: Vec::new(),
        }
    }
}

impl GaijiTables {
    /// The table of a system, by its key; `cp932` is the resident record system as it is given files
    /// in `Shift_JIS`.
    pub fn of(&self, system: &str) -> Option<&GaijiTable> {
        self.tables.iter().find(|table| table.system == system)
    }

    /// Puts a table in the place of the one of the same system.
    pub fn put(&mut self, table: GaijiTable) {
        self.tables.retain(|known| known.system != table.system);
        self.tables.push(table);
        self.tables.sort_by(|a, b| a.system.cmp(&b.system));
    }
}

/// The private characters of one system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GaijiTable {
    /// Key of the system.
    pub system: String,
    /// Ascending by code.
    pub rows: Vec<GaijiRow>,
    /// Codes of the sheet that nobody has said the glyph of yet, ascending.
    pub open: Vec<PrivateCode>,
}

/// One private character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GaijiRow {
    /// Its code in the system.
    pub code: PrivateCode,
    /// What it is.
    pub is: Meaning,
    /// The same as a name has it.
    pub text: String,
    /// Which way the row holds.
    #[serde(default)]
    pub way: Way,
}

/// What a private code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Meaning {
    /// A glyph of the MJ table.
    Glyph(MjNumber),
    /// One that the standard repertoire adds to it.
    Added(MjPlus),
}

/// Which way a row holds. Two codes of a system may mean one glyph; only one of them is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Names of the system are read by it, and written for it.
    #[default]
    Both,
    /// Only read.
    Read,
    /// Only written.
    Write,
}

impl From<Meaning> for String {
    fn from(meaning: Meaning) -> Self {
        match meaning {
            Meaning::Glyph(number) => number.to_string(),
            Meaning::Added(added) => added.to_string(),
        }
    }
}

impl TryFrom<String> for Meaning {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let glyph = text.parse().map(Self::Glyph);
        glyph
            .or_else(|_no_number| text.parse().map(Self::Added))
            .map_err(|_neither| "neither an MJ number nor an MJ+ character")
    }
}

/// A text of a system, with its private characters read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadText {
    /// The text; a code that the table does not have still stands in it.
    pub text: String,
    /// Those codes.
    pub unknown: Vec<PrivateCode>,
}

impl GaijiTable {
    /// What a code of the system means.
    pub fn meaning(&self, code: PrivateCode) -> Option<&GaijiRow> {
        let found = self.rows.binary_search_by_key(&code, |row| row.code).ok()?;
        self.rows.get(found).filter(|row| row.way != Way::Write)
    }

    /// The code that the system has for a character.
    pub fn code_for(&self, character: Written) -> Option<PrivateCode> {
        let text = character.text();
        let written = self.rows.iter().filter(|row| row.way != Way::Read);
        let mut fits = written.filter(|row| row.text == text);
        fits.next().map(|row| row.code)
    }

    /// A text of the system as the city's names are written.
    pub fn read(&self, text: &str) -> ReadText {
        let mut unknown = Vec::new();
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            let code = PrivateCode::of(c);
            if let Some(row) = code.and_then(|code| self.meaning(code)) {
                out.push_str(&row.text);
            } else {
                unknown.extend(code);
                out.push(c);
            }
        }
        ReadText { text: out, unknown }
    }

    /// A text for the system: characters it has a private code for become that code. What it lacks
    /// besides is for the gate of its encoding.
    pub fn write(&self, text: &str) -> String {
        written(text)
            .map(|one| match self.code_for(one) {
                Some(code) => code.char().to_string(),
                None => one.text(),
            })
            .collect()
    }
}

/// `text` in code page 932 with its user-defined cells for private codes; the first character that
/// neither has is the error.
///
/// # Errors
/// The character that code page 932 does not have, or would not give back as it was.
pub fn cp932_bytes(text: &str) -> Result<Vec<u8>, Written> {
    let mut bytes = Vec::with_capacity(text.len());
    for one in written(text) {
        let cell = PrivateCode::of(one.base).and_then(PrivateCode::cp932);
        match (one.selector, cell) {
            (None, Some(cell)) => bytes.extend(cell),
            (None, None) => bytes.extend(crate::target::cp932_of(one.base).ok_or(one)?),
            (Some(_), _) => return Err(one),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
