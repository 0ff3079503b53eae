//! Names of persons. The text is kept exactly as written, variation selectors included.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// A name (氏名), character by character as the document shows it; never normalised.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonName(String);

impl PersonName {
    /// Keeps `text` as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The exact text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Surname (氏) and given name (名), parted by an ideographic space; the given name is empty
    /// when the name has one part only.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once('\u{3000}').unwrap_or((&self.0, ""))
    }

    /// Whether the given name of a newborn is not decided yet (名未定), to be added later (追完).
    pub fn is_undecided(&self) -> bool {
        let given = self.parts().1;
        matches!(given.trim(), "未定" | "（未定）" | "名未定")
            || matches!(self.0.trim(), "未定" | "名未定")
    }

    /// Whether it has one part only, as many foreign names have.
    pub fn has_one_part(&self) -> bool {
        !self.0.trim().contains(['\u{3000}', ' '])
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

/// Reading of a name (振り仮名), in katakana.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kana(String);

/// A character that a reading may not have; its position, not the character, so that nothing
/// personal reaches a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KanaError {
    /// Nothing was entered.
    #[error("the reading is empty")]
    Empty,
    /// Only katakana, the long mark, repetition marks and the ideographic space are allowed.
    #[error("character {position} is not allowed in a reading")]
    Character {
        /// Counted from one.
        position: usize,
    },
}

impl Kana {
    /// Checks a reading: ァ to ヴ, ー, ヽ, ヾ and an ideographic space between the parts.
    ///
    /// # Errors
    /// When it is empty or has another character.
    pub fn parse(text: &str) -> Result<Self, KanaError> {
        let allowed = |c| matches!(c, 'ァ'..='ヴ' | 'ー' | 'ヽ' | 'ヾ' | '\u{3000}');
        if text.is_empty() {
            return Err(KanaError::Empty);
        }
        match text.chars().position(|c| !allowed(c)) {
            None => Ok(Self(text.to_owned())),
            Some(index) => Err(KanaError::Character {
                position: index + 1,
            }),
        }
    }

    /// The reading.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Kana {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kana(…)")
    }
}

/// What two spellings of one name have in common: katakana, large, without long marks, spaces
/// and variation selectors. For searching only.
pub fn search_key(text: &str) -> String {
    text.nfkc()
        .flat_map(char::to_uppercase)
        .filter_map(folded)
        .collect()
}

fn folded(c: char) -> Option<char> {
    let katakana = match c {
        'ぁ'..='ゖ' => char::from_u32(u32::from(c) + 0x60)?,
        other => other,
    };
    match katakana {
        'ー' | '-' | '・' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => None,
        c if c.is_whitespace() => None,
        'ァ' => Some('ア'),
        'ィ' | 'ヰ' => Some('イ'),
        'ゥ' => Some('ウ'),
        'ェ' | 'ヱ' => Some('エ'),
        'ォ' => Some('オ'),
        'ッ' => Some('ツ'),
        'ャ' => Some('ヤ'),
        'ュ' => Some('ユ'),
        'ョ' => Some('ヨ'),
        'ヮ' => Some('ワ'),
        'ヵ' => Some('カ'),
        'ヶ' => Some('ケ'),
        'ヴ' => Some('ブ'),
        other => Some(other),
    }
}
