//! Choosing a character of a name: the one that is meant, or what a system gets that lacks it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The choice, while it is open under a field. `Debug` hides it: it spells a name.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CharactersView {
    /// Path of the field.
    pub path: String,
    /// The characters of its value, and after them a place for one more.
    pub cells: Vec<CharacterCell>,
    /// What the chosen character is, and why it must be looked at.
    pub about: String,
    /// The chosen character, as the form or the writer's font draws it.
    pub picture: GlyphPicture,
    /// Its code points; empty where one more character is wanted.
    pub code_points: String,
    /// The system that gets another character, in words; empty when the glyph itself is chosen.
    pub system: String,
    /// What was asked last.
    pub asked: CharacterQuery,
    /// How many were found, or what to do when none was.
    pub message: String,
    /// The candidates, the likeliest first.
    pub found: Vec<GlyphRow>,
}

impl fmt::Debug for CharactersView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CharactersView({} found)", self.found.len())
    }
}

/// One character of the field.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CharacterCell {
    /// The character.
    pub text: String,
    /// It is the one that is looked at.
    pub current: bool,
    /// It cannot be printed, or a system lacks it.
    pub stopped: bool,
}

impl fmt::Debug for CharacterCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CharacterCell(_)")
    }
}

/// The shape of a character.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlyphPicture {
    /// SVG path data in a square of 1000; empty when no font here has exactly this.
    pub path: String,
    /// Whose shape it is, in words, where it is not the form's.
    pub note: String,
}

impl fmt::Debug for GlyphPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GlyphPicture(_)")
    }
}

/// A candidate.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlyphRow {
    /// The character, with its selector if any.
    pub text: String,
    /// SVG path data in a square of 1000.
    pub picture: String,
    /// Name of the glyph, `MJ026190`.
    pub number: String,
    /// Strokes and readings.
    pub about: String,
    /// Which systems have it, and which lack it, in words.
    pub systems: String,
    /// Who chose it before, and when; empty when nobody did.
    pub chosen_before: String,
}

impl fmt::Debug for GlyphRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GlyphRow({})", self.number)
    }
}

/// What is known of the character that is looked for, as typed. All of it must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CharacterQuery {
    /// A reading.
    #[serde(default)]
    pub reading: String,
    /// Strokes: a number, or two as `15-18`.
    #[serde(default)]
    pub strokes: String,
    /// A radical: its number or itself.
    #[serde(default)]
    pub radical: String,
    /// A number: MJ, U+, J+ or of the family registers.
    #[serde(default)]
    pub number: String,
    /// Parts that stand in it, as characters.
    #[serde(default)]
    pub parts: String,
}

/// What staff do about characters.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum CharacterAction {
    /// Opens the choice under a field, at the first character that needs one.
    Open {
        /// Path of the field.
        path: String,
    },
    /// Looks at another character of the field.
    Look {
        /// Its place, from 0; behind the last one a character is added.
        at: u32,
    },
    /// Searches.
    Find {
        /// For what.
        query: CharacterQuery,
    },
    /// Takes a candidate.
    Take {
        /// The character.
        text: String,
    },
    /// Closes the choice.
    Close,
}

impl fmt::Debug for CharacterAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open { .. } => "Open",
            Self::Look { .. } => "Look",
            Self::Find { .. } => "Find",
            Self::Take { .. } => "Take",
            Self::Close => "Close",
        })
    }
}
