//! Full-width forms typed by habit, read as what they mean. Never applied to a name or address.

/// Full-width letters, digits and signs as ASCII, every kind of dash between digits as `-`.
pub(crate) fn to_half(text: &str) -> String {
    text.chars().map(half).collect()
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
