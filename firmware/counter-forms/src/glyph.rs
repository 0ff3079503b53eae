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

/// The faces text is set in.
#[derive(Debug, Clone, Copy)]
pub struct Faces<'f> {
    /// Of names and addresses.
    pub exact: &'f Face<'f>,
    /// Of everything else.
    pub label: &'f Face<'f>,
    /// Of the characters that the city's repertoire adds under private codes, where it has one.
    pub added: Option<&'f Face<'f>>,
}

/// Finds the first character of `text` that the fonts of names cannot draw exactly.
///
/// Spaces and line ends need no glyph. A selector without a character before it, and a second
/// selector after the first, are refused: they would vanish.
pub fn first_missing(faces: &Faces<'_>, text: &str) -> Option<MissingGlyph> {
    let mut rest = text.chars().peekable();
    while let Some(base) = rest.next() {
        if is_selector(base) {
            return Some(MissingGlyph {
                base,
                selector: None,
            });
        }
        let selector = rest.next_if(|next| is_selector(*next));
        if face_of(faces.exact, faces.added, base, selector).is_none() {
            return Some(MissingGlyph { base, selector });
        }
    }
    None
}

/// The same for text that is set in the font of everything else, and in that of names where it has
/// no glyph. Text with a variation selector is set in the font of names as a whole.
pub fn first_missing_of_either(faces: &Faces<'_>, text: &str) -> Option<MissingGlyph> {
    if text.chars().any(is_selector) {
        return first_missing(faces, text);
    }
    let drawn = |base| {
        face_of(faces.label, faces.added, base, None)
            .or_else(|| face_of(faces.exact, faces.added, base, None))
    };
    text.chars()
        .find(|&base| drawn(base).is_none())
        .map(|base| MissingGlyph {
            base,
            selector: None,
        })
}

/// The face that draws exactly this character, `own` or that of added ones. A private code is
/// nobody's but the city font's: whatever another font has there is another character.
pub(crate) fn face_of<'f>(
    own: &'f Face<'f>,
    added: Option<&'f Face<'f>>,
    base: char,
    selector: Option<char>,
) -> Option<&'f Face<'f>> {
    if is_private(base) {
        let is_added = selector.is_none() && u32::from(base) > 0xFFFF;
        let added = added.filter(|added| is_added && drawn(added, base, None));
        return added.filter(|_| own.glyph_index(base).is_none());
    }
    drawn(own, base, selector).then_some(own)
}

/// Code points that every city and maker fills differently (Unicode 16, section 23.5).
fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
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
