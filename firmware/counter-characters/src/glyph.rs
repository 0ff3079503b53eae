//! Glyphs of the MJ character information table.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Name of a glyph (MJ文字図形名) of the Character Information Platform, written `MJ` and six
/// digits. The same everywhere in Japan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MjNumber(u32);

impl MjNumber {
    /// The number behind `MJ`.
    pub fn new(number: u32) -> Self {
        Self(number)
    }
}

impl fmt::Display for MjNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MJ{:06}", self.0)
    }
}

/// A text that is not `MJ` and six digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an MJ number is MJ and six digits")]
pub struct NotAnMjNumber;

impl FromStr for MjNumber {
    type Err = NotAnMjNumber;

    fn from_str(text: &str) -> Result<Self, NotAnMjNumber> {
        let digits = text.strip_prefix("MJ").ok_or(NotAnMjNumber)?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotAnMjNumber);
        }
        digits.parse().map(Self).map_err(|_too_long| NotAnMjNumber)
    }
}

/// Place in JIS X 0213 (面区点): plane 1-2, row 1-94, cell 1-94. Prints as `1-42-53`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JisCode {
    /// Plane (面).
    pub plane: u8,
    /// Row (区).
    pub row: u8,
    /// Cell (点).
    pub cell: u8,
}

impl fmt::Display for JisCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}-{:02}", self.plane, self.row, self.cell)
    }
}

/// In which official list a character may be given to a newborn (戸籍法施行規則 Art. 60).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Jōyō list (常用漢字).
    Common,
    /// List of characters for names (人名用漢字).
    ForNames,
    /// In neither: existing names keep it, a newborn cannot be given it.
    Other,
}

/// One glyph (文字図形) with its numbers in the systems of the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glyph {
    /// Its name.
    pub number: MjNumber,
    /// The code point it is a form of (対応するUCS).
    pub code_point: Option<char>,
    /// The code point that means exactly this glyph without a selector (実装したUCS); for the
    /// compatibility ideographs another one than `code_point`.
    pub plain: Option<char>,
    /// Its selector in the collection `Moji_Joho`.
    pub selector: Option<char>,
    /// Number in the unified characters of family registers (戸籍統一文字番号), six digits.
    pub family_register: Option<u32>,
    /// Code in the unified characters of the resident network (住基ネット統一文字コード): `J+`
    /// and four hexadecimal digits. Not a Unicode code point: 5,563 of them differ.
    pub resident_network: Option<u16>,
    /// Place in JIS X 0213 when that standard has exactly this form.
    pub jis: Option<JisCode>,
    /// Strokes in all (総画数).
    pub strokes: u8,
    /// Radicals (部首, 1-214) with the strokes besides them; some dictionaries disagree.
    pub radicals: Vec<(u8, u8)>,
    /// Whether it may be given to a newborn.
    pub standing: Standing,
}

impl Glyph {
    /// How this glyph is written in Unicode: bare where that suffices, else with its selector.
    /// Nothing for the few glyphs that Unicode cannot express.
    pub fn text(&self) -> Option<String> {
        match (self.plain, self.code_point, self.selector) {
            (Some(plain), _, _) => Some(plain.to_string()),
            (None, Some(base), Some(selector)) => Some([base, selector].into_iter().collect()),
            (None, _, _) => None,
        }
    }
}
