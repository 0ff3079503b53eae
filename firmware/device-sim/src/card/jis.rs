//! Writes text in the two-byte codes of JIS X 0208, as a licence holds it.
//!
//! A person file names characters outside the standard by private-use characters: U+E001 to U+E007
//! are bitmaps 1 to 7 (外字), U+E00A is a character that is not there (欠字).

use encoding_rs::EUC_JP;

/// The bytes of a text; a character that has no code becomes 欠字.
pub(super) fn jis(text: &str) -> Vec<u8> {
    text.chars().flat_map(code).collect()
}

fn code(character: char) -> [u8; 2] {
    const ABSENT: [u8; 2] = [0xff, 0xfa];
    match character {
        '\u{e001}'..='\u{e007}' => {
            let number = u32::from(character) - 0xe000;
            [0xff, 0xf0 | u8::try_from(number).unwrap_or(0x0a)]
        }
        '\u{e00a}' => ABSENT,
        _ => {
            let mut buffer = [0; 4];
            let text: &str = character.encode_utf8(&mut buffer);
            let (bytes, _, failed) = EUC_JP.encode(text);
            match (bytes.as_ref(), failed) {
                ([high @ 0xa1..=0xfe, low @ 0xa1..=0xfe], false) => [high & 0x7f, low & 0x7f],
                _ => ABSENT,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_names_are_written() {
        assert_eq!(
            jis("架空　花子"),
            [0x32, 0x4d, 0x36, 0x75, 0x21, 0x21, 0x32, 0x56, 0x3b, 0x52]
        );
        assert_eq!(
            jis("山\u{e001}　太\u{e002}\u{e00a}"),
            [
                0x3b, 0x33, 0xff, 0xf1, 0x21, 0x21, 0x42, 0x40, 0xff, 0xf2, 0xff, 0xfa
            ]
        );
    }
}
