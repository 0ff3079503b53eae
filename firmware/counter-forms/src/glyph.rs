//! The glyph gate: what the MJ font cannot draw exactly is refused before anything is printed.
//!
//! A layout engine that meets a variation selector its font does not know draws the base glyph and
//! says nothing. 葛 with U+E0100 is a sequence of the Adobe-Japan1 collection; IPAmj Mincho knows
//! the `Moji_Joho` collection only, so the name would be printed with another glyph than the one
//! entered. Formats 4, 12 and 14 of the font's `cmap` (OpenType 1.9, "cmap") give the answer.

use std::fmt::Write as _;

use ttf_parser::Face;

/// A character, with its variation selector if any, that the font cannot draw exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingGlyph {
    /// The character.
    pub base: char,
    /// Its variation selector.
    pub selector: Option<char>,
}

impl MissingGlyph {
    /// Code points as `U+845B U+E0100`.
    pub fn code_points(&self) -> String {
        let mut text = format!("U+{:04X}", u32::from(self.base));
        if let Some(selector) = self.selector {
            // Writing to a String cannot fail.
            let _never = write!(text, " U+{:04X}", u32::from(selector));
        }
        text
    }
}

/// Finds the first character of `text` that `font` cannot draw exactly.
///
/// Spaces and line ends need no glyph. A selector without a character before it, and a second
/// selector after the first, are refused: they would vanish.
pub fn first_missing(font: &Face<'_>, text: &str) -> Option<MissingGlyph> {
    let mut rest = text.chars().peekable();
    while let Some(base) = rest.next() {
        if is_selector(base) {
            return Some(MissingGlyph {
                base,
                selector: None,
            });
        }
        let selector = rest.next_if(|next| is_selector(*next));
        if !drawn(font, base, selector) {
            return Some(MissingGlyph { base, selector });
        }
    }
    None
}

/// The same for text that is set in `first`, and in `second` where `first` has no glyph. Text with
/// a variation selector is set in `second` as a whole.
pub fn first_missing_of_either(
    first: &Face<'_>,
    second: &Face<'_>,
    text: &str,
) -> Option<MissingGlyph> {
    if text.chars().any(is_selector) {
        return first_missing(second, text);
    }
    text.chars()
        .find(|&base| !drawn(first, base, None) && !drawn(second, base, None))
        .map(|base| MissingGlyph {
            base,
            selector: None,
        })
}

fn drawn(font: &Face<'_>, base: char, selector: Option<char>) -> bool {
    match selector {
        // Only a pair listed in the font counts, be it as the base glyph itself (default UVS).
        Some(selector) => font
            .glyph_variation_index(base, selector)
            .is_some_and(|id| id.0 != 0),
        None if base == '\n' => true,
        None => font.glyph_index(base).is_some_and(|id| {
            // Some private-use code points have an empty glyph: printed, they would be a gap.
            id.0 != 0 && (base.is_whitespace() || font.glyph_bounding_box(id).is_some())
        }),
    }
}

/// Variation selectors 1-16 and 17-256 (Unicode 16, section 23.4).
fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}
