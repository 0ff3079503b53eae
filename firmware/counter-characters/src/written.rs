//! A text as people see it: characters with the variation selectors that belong to them.

use std::fmt;

/// One character as it was written: a code point and, where the writer meant one special form of
/// it, the variation selector after it (Unicode 16, section 23.4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Written {
    /// The code point.
    pub base: char,
    /// The selector, if any. A selector without a character before it stands as `base`.
    pub selector: Option<char>,
}

impl Written {
    /// Code points as `U+845B U+E0102`.
    pub fn code_points(self) -> String {
        match self.selector {
            None => format!("U+{:04X}", u32::from(self.base)),
            Some(selector) => {
                format!(
                    "U+{:04X} U+{:04X}",
                    u32::from(self.base),
                    u32::from(selector)
                )
            }
        }
    }

    /// The text of this one character.
    pub fn text(self) -> String {
        [Some(self.base), self.selector]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// A character can be somebody's name; `Debug` shows only whether a selector is there.
impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.selector.is_some() {
            "Written(…+VS)"
        } else {
            "Written(…)"
        })
    }
}

/// Splits `text` into characters. Joined again, they are the same text.
pub fn written(text: &str) -> impl Iterator<Item = Written> + '_ {
    let mut rest = text.chars().peekable();
    std::iter::from_fn(move || {
        let base = rest.next()?;
        let selector = if is_selector(base) {
            None
        } else {
            rest.next_if(|next| is_selector(*next))
        };
        Some(Written { base, selector })
    })
}

/// Variation selectors 1-16 and 17-256.
pub fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Code points that every city and maker fills differently (Unicode 16, section 23.5).
pub fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// Whether `c` is an ideograph, so that the MJ tables must know it: the unified and compatibility
/// blocks, and the few marks that are written like one.
pub fn is_ideograph(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{2FA1F}' | '\u{30000}'..='\u{3347F}' | '々' | '〆' | '〇' | '〻')
}
