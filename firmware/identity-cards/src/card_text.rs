//! Text in the two-byte codes of JIS X 0208, with the characters that have none.
//!
//! A licence writes kanji without escapes, seven bits a byte. `FFF1` to `FFF7` are characters outside
//! the standard (外字), given as bitmaps elsewhere on the card; `FFFA` is a character that is not there
//! at all (欠字). Neither is ever guessed: its place holds U+3013 〓 and is listed for a person to fill.

use std::fmt;

use encoding_rs::{EUC_JP, SHIFT_JIS};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::ReadCardError;

/// Stands where a character is missing.
pub const GETA: char = '〓';

/// What stands at a marked position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Zeroize)]
pub enum Missing {
    /// The bitmap of this number on the card shows it, 1 to 7.
    Gaiji(u8),
    /// The card has nothing for it (欠字).
    Absent,
    /// A code that the standard does not define.
    Undefined,
}

/// A marked position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Zeroize)]
pub struct Mark {
    /// Character of the text, counted from 0.
    pub position: usize,
    /// What stands there.
    pub what: Missing,
}

/// How the bytes of a residence card were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    /// As Unicode, which leaves no doubt.
    Utf8,
    /// As `Shift_JIS`, the other reading of the specification: a person must look.
    Other,
}

/// Text of a card. Wiped when dropped, hidden in Debug.
#[derive(Clone, PartialEq, Eq, Default, Zeroize, ZeroizeOnDrop)]
pub struct CardText {
    text: String,
    marks: Vec<Mark>,
}

impl CardText {
    /// Decodes pairs of bytes.
    ///
    /// # Errors
    /// [`ReadCardError::Malformed`] when a byte is left over.
    pub(crate) fn from_jis(bytes: &[u8]) -> Result<Self, ReadCardError> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(ReadCardError::Malformed);
        }
        let mut decoded = Self::default();
        for (position, pair) in pairs.iter().enumerate() {
            match character(*pair) {
                Ok(character) => decoded.text.push(character),
                Err(what) => {
                    decoded.text.push(GETA);
                    decoded.marks.push(Mark { position, what });
                }
            }
        }
        Ok(decoded)
    }

    /// Text that came in Unicode and lacks nothing.
    pub(crate) fn whole(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            marks: Vec::new(),
        }
    }

    /// Decodes text of a residence card: UTF-8, else `Shift_JIS`, whichever fits; it is padded with
    /// zeros. What neither can read is marked.
    pub(crate) fn from_residence(bytes: &[u8]) -> (Self, Charset) {
        let end = bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |i| i + 1);
        let bytes = bytes.get(..end).unwrap_or_default();
        if let Ok(text) = std::str::from_utf8(bytes) {
            return (Self::whole(text), Charset::Utf8);
        }
        let (text, _) = SHIFT_JIS.decode_without_bom_handling(bytes);
        let mut decoded = Self::default();
        for (position, letter) in text.chars().enumerate() {
            if letter == char::REPLACEMENT_CHARACTER {
                decoded.text.push(GETA);
                let what = Missing::Undefined;
                decoded.marks.push(Mark { position, what });
            } else {
                decoded.text.push(letter);
            }
        }
        (decoded, Charset::Other)
    }

    /// The text, with [`GETA`] at the marked positions.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Positions that a person must fill.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Whether there is nothing but spaces.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

impl fmt::Debug for CardText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardText(hidden, {} marks)", self.marks.len())
    }
}

fn character(pair: [u8; 2]) -> Result<char, Missing> {
    match pair {
        [0xff, number @ 0xf1..=0xf7] => Err(Missing::Gaiji(number - 0xf0)),
        [0xff, 0xfa] => Err(Missing::Absent),
        [0x21..=0x7e, 0x21..=0x7e] => {
            // EUC-JP is the same code with the high bits set. Rows 9 to 15 and from 85 up are not in
            // the standard; the decoder knows what vendors put there, a licence does not mean it.
            if !matches!(pair[0], 0x21..=0x28 | 0x30..=0x74) {
                return Err(Missing::Undefined);
            }
            let high = pair.map(|byte| byte | 0x80);
            let (text, damaged) = EUC_JP.decode_without_bom_handling(&high);
            let mut characters = text.chars();
            match (characters.next(), characters.next(), damaged) {
                (Some(character), None, false) => Ok(character),
                _ => Err(Missing::Undefined),
            }
        }
        _ => Err(Missing::Undefined),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(bytes: &[u8]) -> (String, Vec<Mark>) {
        let text = CardText::from_jis(bytes).unwrap();
        (text.as_str().to_owned(), text.marks().to_vec())
    }

    #[test]
    fn the_worked_name_is_read() {
        let name = [0x32, 0x4d, 0x36, 0x75, 0x21, 0x21, 0x32, 0x56, 0x3b, 0x52];
        assert_eq!(check(&name), ("架空　花子".to_owned(), vec![]));
    }

    #[test]
    fn characters_outside_the_standard_are_marked_and_not_guessed() {
        let bytes = [
            0x3b, 0x33, 0xff, 0xf1, 0x21, 0x21, 0x42, 0x40, 0xff, 0xf2, 0xff, 0xfa,
        ];
        let mark = |position, what| Mark { position, what };
        assert_eq!(
            check(&bytes),
            (
                "山〓　太〓〓".to_owned(),
                vec![
                    mark(1, Missing::Gaiji(1)),
                    mark(4, Missing::Gaiji(2)),
                    mark(5, Missing::Absent)
                ]
            )
        );
    }

    #[test]
    fn vendor_rows_are_not_the_standard() {
        // Row 13 (NEC) and row 89 (IBM) decode in EUC-JP, but are not JIS X 0208.
        for pair in [[0x2d, 0x21], [0x79, 0x21], [0x00, 0x41], [0xff, 0xf8]] {
            let marks = check(&pair).1;
            assert!(
                matches!(marks.as_slice(), [mark] if mark.what == Missing::Undefined),
                "{pair:x?}"
            );
        }
    }

    #[test]
    fn half_a_character_is_refused() {
        assert_eq!(CardText::from_jis(&[0x32]), Err(ReadCardError::Malformed));
    }

    #[test]
    fn both_charsets_of_a_residence_card_are_read() {
        let utf8 = ["東京都架空区".as_bytes(), &[0, 0, 0]].concat();
        let (text, charset) = CardText::from_residence(&utf8);
        assert_eq!((text.as_str(), charset), ("東京都架空区", Charset::Utf8));
        let (bytes, _, _) = SHIFT_JIS.encode("東京都架空区");
        let (text, charset) = CardText::from_residence(&bytes);
        assert_eq!((text.as_str(), charset), ("東京都架空区", Charset::Other));
        let (text, _) = CardText::from_residence(&[0x93, 0x8c, 0xff]);
        assert_eq!((text.as_str(), text.marks().len()), ("東〓", 1));
    }

    proptest! {
        #[test]
        fn any_residence_text_is_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let (text, _) = CardText::from_residence(&bytes);
            prop_assert!(text.as_str().chars().count() <= bytes.len());
        }

        #[test]
        fn every_code_is_one_character(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            match CardText::from_jis(&bytes) {
                Err(_) => prop_assert_eq!(bytes.len() % 2, 1),
                Ok(text) => {
                    let letters: Vec<char> = text.as_str().chars().collect();
                    prop_assert_eq!(letters.len(), bytes.len() / 2);
                    for mark in text.marks() {
                        prop_assert_eq!(letters.get(mark.position), Some(&GETA));
                    }
                }
            }
        }
    }
}
