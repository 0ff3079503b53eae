//! Full-width forms typed by habit, read as what they mean. Never applied to a name or address.

/// Full-width letters, digits and signs as ASCII, every kind of dash between digits as `-`.
pub(crate) fn to_half(text: &str) -> String {
    text.chars().map(half).collect()
}

/// Full-width digits as ASCII, everything else as it is: for text in which a sign may be a word's.
pub fn half_digits(text: &str) -> String {
    let digit = |c: char| {
        if matches!(c, '０'..='９') {
            half(c)
        } else {
            c
        }
    };
    text.chars().map(digit).collect()
}

fn half(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | 'ー' | '－' => '-',
        '。' | '．' => '.',
        '\u{ff01}'..='\u{ff5e}' => u32::from(c)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(c),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_alone_are_narrowed_where_signs_are_words() {
        assert_eq!(half_digits("２割、０３ー１２－３ Ａ"), "2割、03ー12－3 Ａ");
        assert_eq!(to_half("０３ー１２－３　Ａ．"), "03-12-3 A.");
    }
}
