//! Which characters a receipt printer has, how wide they are, and where lines break.

/// Columns of a line of 576 dots: 48 half-width characters of 12 dots, or 24 kanji of 24.
pub(crate) const COLUMNS: usize = 48;

/// Marks that do not start a line (行頭禁則).
const NEVER_FIRST: &str = "、。，．・：；？！）］｝」』】〉》ー々,.:;?!)]}";

/// One character as the eye sees it: a base and the variation selectors that belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Glyph {
    pub(crate) base: char,
    pub(crate) selector: Option<char>,
}

impl Glyph {
    pub(crate) fn columns(self) -> usize {
        if self.base.is_ascii() || ('\u{ff61}'..='\u{ff9f}').contains(&self.base) {
            1
        } else {
            2
        }
    }
}

/// Splits text into glyphs. Control characters become spaces, so that no text can carry a command
/// to the printer.
pub(crate) fn glyphs(text: &str) -> Vec<Glyph> {
    let mut found: Vec<Glyph> = Vec::new();
    for character in text.chars() {
        if matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}') {
            if let Some(last) = found.last_mut() {
                last.selector = Some(character);
            }
        } else if character.is_control() {
            found.push(Glyph {
                base: ' ',
                selector: None,
            });
        } else {
            found.push(Glyph {
                base: character,
                selector: None,
            });
        }
    }
    found
}

/// Width of a text in columns.
pub(crate) fn columns(text: &str) -> usize {
    glyphs(text).into_iter().map(Glyph::columns).sum()
}

fn written(glyphs: &[Glyph]) -> String {
    glyphs
        .iter()
        .flat_map(|glyph| [Some(glyph.base), glyph.selector])
        .flatten()
        .collect()
}

/// Breaks a text into lines of at most `width` columns; a mark that must not start a line takes
/// its neighbour along.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line: Vec<Glyph> = Vec::new();
    let mut used = 0;
    for glyph in glyphs(text) {
        if used + glyph.columns() > width {
            let carried = if NEVER_FIRST.contains(glyph.base) && line.len() > 1 {
                line.pop()
            } else {
                None
            };
            lines.push(written(&line));
            line = carried.into_iter().collect();
            used = line.iter().map(|glyph| glyph.columns()).sum();
        }
        used += glyph.columns();
        line.push(glyph);
    }
    if !line.is_empty() {
        lines.push(written(&line));
    }
    lines
}

/// The `Shift_JIS` text of a line when every character is in plain JIS X 0208 or ASCII; else `None`.
///
/// `encoding_rs` writes the Windows variant: NEC's row 13 and the NEC and IBM extensions (①, 髙, 﨑)
/// come out too, but a printer's ROM may lack them and print a blank. Only lead bytes 81-84, 88-9F
/// and E0-EA are trusted. `\` and `~` are other glyphs on Japanese printers.
pub(crate) fn plain(text: &str) -> Option<String> {
    let mut line = String::with_capacity(text.len());
    for Glyph { base, selector } in glyphs(text) {
        // Two pairs that Windows and JIS map differently; the printed glyph is the same.
        let base = match base {
            '\u{301c}' => '\u{ff5e}',
            '\u{2212}' => '\u{ff0d}',
            other => other,
        };
        if selector.is_some() || matches!(base, '\\' | '~') {
            return None;
        }
        let mut buffer = [0; 4];
        let (bytes, _, unmappable) = encoding_rs::SHIFT_JIS.encode(base.encode_utf8(&mut buffer));
        let trusted = matches!(
            bytes.as_ref(),
            [0x20..=0x7e | 0xa1..=0xdf] | [0x81..=0x84 | 0x88..=0x9f | 0xe0..=0xea, _]
        );
        if unmappable || !trusted {
            return None;
        }
        line.push(base);
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_plain_characters_are_trusted() {
        for text in ["架空　太郎", "東京都 1-2-3", "ｶﾀｶﾅ", "─〜−々〇"] {
            assert!(plain(text).is_some(), "{text}");
        }
        for text in [
            "髙",
            "﨑",
            "𠮷",
            "葛\u{e0102}",
            "①",
            "剝",
            "é",
            "~",
            "\\",
            "😀",
            "₂",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn control_characters_never_reach_the_printer() {
        assert_eq!(plain("a\u{1b}@b\nc"), Some("a @b c".to_owned()));
    }

    #[test]
    fn selectors_stay_with_their_base() {
        let lines = wrap("葛\u{e0102}葛\u{e0102}葛\u{e0102}", 4);
        assert_eq!(lines, ["葛\u{e0102}葛\u{e0102}", "葛\u{e0102}"]);
    }

    #[test]
    fn marks_do_not_start_a_line() {
        assert_eq!(wrap("あいう。え", 6), ["あい", "う。え"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide(text in "\\PC{0,80}", width in 2_usize..48) {
            let lines = wrap(&text, width);
            for line in &lines {
                // A carried neighbour and its mark may need three columns more than two.
                prop_assert!(columns(line) <= width.max(4));
            }
            prop_assert_eq!(lines.concat(), written(&glyphs(&text)));
        }
    }
}
