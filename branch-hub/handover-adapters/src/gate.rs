//! The gate in front of every file: what an encoding says exactly, and what the city chose instead.

use counter_characters::gaiji::cp932_bytes;
use counter_characters::{GaijiTables, MjPlus, PrivateCode, Target, Written, written};
use counter_domain::character_choice::{CharacterChoices, ChoiceSubject};
use encoding_rs::SHIFT_JIS;
use serde::Deserialize;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Encoding {
    /// UTF-8.
    #[serde(rename = "utf8")]
    Utf8,
    /// UTF-8 with a byte order mark, which spreadsheets want.
    #[serde(rename = "utf8_bom")]
    Utf8Bom,
    /// UTF-8 for a system that has the characters added to the MJ table (行政事務標準文字) under the
    /// same codes of the private planes: saying so here is the tag that such a code needs.
    #[serde(rename = "utf8_mj_plus")]
    Utf8MjPlus,
    /// `Shift_JIS` as Windows writes it, with the extensions of NEC and IBM.
    #[serde(rename = "cp932")]
    Cp932,
    /// `Shift_JIS` with the characters of JIS X 0208 alone.
    #[serde(rename = "jis_x_0208")]
    JisX0208,
}

impl Encoding {
    /// Whether it says exactly this character: encoding and decoding gives it back. The way back
    /// matters: the encoder maps for example U+00A5 to 0x5C, which reads as a backslash.
    pub fn fits(self, one: char) -> bool {
        // A private character means nothing to anybody without the same table.
        match self {
            Self::Utf8 | Self::Utf8Bom => return !is_private(one),
            Self::Utf8MjPlus => return !is_private(one) || MjPlus::of(one).is_some(),
            Self::Cp932 | Self::JisX0208 => {}
        }
        let mut buffer = [0_u8; 4];
        let text: &str = one.encode_utf8(&mut buffer);
        let (bytes, _, lost) = SHIFT_JIS.encode(text);
        if lost {
            return false;
        }
        let (back, _) = SHIFT_JIS.decode_without_bom_handling(&bytes);
        back == text && (self == Self::Cp932 || in_jis_x_0208(&bytes))
    }

    /// Bytes of a text, all of whose characters fit.
    pub fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 | Self::Utf8Bom | Self::Utf8MjPlus => text.as_bytes().to_vec(),
            Self::Cp932 | Self::JisX0208 => {
                // Private characters have cells of their own there, which the encoder does not know.
                cp932_bytes(text).unwrap_or_else(|_lacks| SHIFT_JIS.encode(text).0.into_owned())
            }
        }
    }

    /// Whether a private code can be written.
    fn holds(self, code: PrivateCode) -> bool {
        let unicode = matches!(self, Self::Utf8 | Self::Utf8Bom | Self::Utf8MjPlus);
        unicode || code.cp932().is_some()
    }

    /// The system its confirmed characters are kept under.
    fn system(self) -> &'static str {
        match self {
            Self::Utf8 | Self::Utf8Bom | Self::Utf8MjPlus => Target::Mj.key(),
            Self::Cp932 => Target::Cp932.key(),
            Self::JisX0208 => Target::JisX0208.key(),
        }
    }
}

fn is_private(one: char) -> bool {
    matches!(one, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

/// Rows 1 to 8 and 16 to 84 lie under these first bytes; the others are NEC's and IBM's.
fn in_jis_x_0208(bytes: &[u8]) -> bool {
    match bytes {
        [_] => true,
        [0x87, _] => false,
        [first, _] => matches!(first, 0x81..=0x84 | 0x88..=0x9F | 0xE0..=0xEA),
        _ => false,
    }
}

/// What the city says about characters that a file cannot hold as they were filed.
#[derive(Debug, Clone, Copy)]
pub struct Names<'n> {
    /// What stands in for what a system lacks.
    pub choices: &'n CharacterChoices,
    /// The private characters of systems.
    pub gaiji: Option<&'n GaijiTables>,
}

impl<'n> From<&'n CharacterChoices> for Names<'n> {
    fn from(choices: &'n CharacterChoices) -> Self {
        Self {
            choices,
            gaiji: None,
        }
    }
}

/// A cell as an encoding says it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The text; what is lost still stands in it.
    pub text: String,
    /// Code points the encoding lacks.
    pub lost: Vec<String>,
    /// `U+20BB7>U+5409`: what was filed, and what the city confirmed instead.
    pub replaced: Vec<String>,
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Said({} lost, {} replaced)",
            self.lost.len(),
            self.replaced.len()
        )
    }
}

/// Says a cell in an encoding. A character that the system has under a private code becomes that code:
/// it is exactly the glyph. One that it lacks becomes the one that the city confirmed for it; nothing
/// else ever stands in for it.
pub fn said<'n>(cell: &str, encoding: Encoding, names: impl Into<Names<'n>>) -> Said {
    let Names { choices, gaiji } = names.into();
    let table = gaiji.and_then(|tables| tables.of(encoding.system()));
    let fits = |one: char| encoding.fits(one);
    let mut said = Said::default();
    for one in written(cell) {
        let private = table.and_then(|table| table.code_for(one));
        if let Some(code) = private.filter(|code| encoding.holds(*code)) {
            said.text.push(code.char());
            continue;
        }
        let text = one.text();
        if text.chars().all(fits) {
            said.text.push_str(&text);
            continue;
        }
        let subject = ChoiceSubject::in_system(encoding.system(), text.as_str());
        // What CP932 lacks, its smaller sister lacks too.
        let wider = ChoiceSubject::in_system(Encoding::Cp932.system(), text.as_str());
        let chosen = choices.confirmed(&subject).or_else(|| {
            let smaller = encoding == Encoding::JisX0208;
            choices.confirmed(&wider).filter(|_| smaller)
        });
        if let Some(chosen) = chosen.filter(|chosen| chosen.chosen.chars().all(fits)) {
            said.text.push_str(&chosen.chosen);
            let instead: Vec<String> = written(&chosen.chosen).map(Written::code_points).collect();
            let filed = one.code_points().replace(' ', "_");
            said.replaced.push(format!("{filed}>{}", instead.join("_")));
        } else {
            said.text.push_str(&text);
            let lost = text.chars().filter(|one| !fits(*one));
            let lost = lost.map(|one| format!("U+{:04X}", u32::from(one)));
            said.lost.extend(lost);
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use counter_characters::GaijiTable;
    use counter_characters::gaiji::{GaijiRow, Meaning, Way};

    use super::*;

    fn gaiji() -> GaijiTables {
        let row = |code: &str, number: &str, text: &str| GaijiRow {
            code: code.parse().unwrap(),
            is: Meaning::try_from(number.to_owned()).unwrap(),
            text: text.to_owned(),
            way: Way::Both,
        };
        let mut tables = GaijiTables::default();
        tables.put(GaijiTable {
            system: "cp932".to_owned(),
            rows: vec![
                row("F040", "MJ032129", "𠮷"),
                row("F041", "MJ022335", "葛\u{E0102}"),
            ],
            open: Vec::new(),
        });
        tables
    }

    #[test]
    fn private_characters_of_the_system_are_written_and_read_back() {
        let (choices, gaiji) = (CharacterChoices::default(), gaiji());
        let names = Names {
            choices: &choices,
            gaiji: Some(&gaiji),
        };
        let name = "𠮷葛\u{E0102}　太郎";
        let said = said(name, Encoding::Cp932, names);
        assert!(said.lost.is_empty() && said.replaced.is_empty());
        let bytes = Encoding::Cp932.bytes(&said.text);
        assert_eq!(bytes.get(..4), Some(b"\xF0\x40\xF0\x41".as_slice()));
        let (text, _, _) = SHIFT_JIS.decode(&bytes);
        assert_eq!(gaiji.of("cp932").unwrap().read(&text).text, name);
        // A private code that was filed as such is nobody's, and the base form no substitute.
        for stray in ["\u{E000}", "葛\u{E0107}"] {
            assert!(!super::said(stray, Encoding::Cp932, names).lost.is_empty());
        }
    }

    #[test]
    fn added_characters_leave_only_for_a_system_that_has_them() {
        let choices = CharacterChoices::default();
        let name = "架空　\u{10A3C5}郎";
        let taken = said(name, Encoding::Utf8MjPlus, &choices);
        assert_eq!((taken.text.as_str(), taken.lost.len()), (name, 0));
        assert_eq!(Encoding::Utf8MjPlus.bytes(&taken.text), name.as_bytes());
        for other in [Encoding::Utf8, Encoding::Utf8Bom, Encoding::Cp932] {
            assert_eq!(said(name, other, &choices).lost, ["U+10A3C5"], "{other:?}");
        }
        // Private characters of anybody else stay nobody's, noncharacters too.
        for stray in ['\u{E000}', '\u{F8FF}', '\u{10FFFF}'] {
            assert!(!Encoding::Utf8MjPlus.fits(stray), "{stray:?}");
        }
        assert!(Encoding::Utf8MjPlus.fits('葛') && Encoding::Utf8MjPlus.fits('\u{E0102}'));
    }

    #[test]
    fn repertoires_are_told_apart() {
        for (one, cp932, smaller) in [
            ('亜', true, true),
            ('髙', true, false),
            ('①', true, false),
            ('熙', true, true),
            ('𠮷', false, false),
            ('鷗', false, false),
            ('\u{a5}', false, false),
            ('ｱ', true, true),
            ('a', true, true),
        ] {
            assert_eq!(Encoding::Cp932.fits(one), cp932, "{one} in CP932");
            assert_eq!(Encoding::JisX0208.fits(one), smaller, "{one} in JIS X 0208");
            assert!(Encoding::Utf8.fits(one), "{one} in UTF-8");
        }
        assert!(!Encoding::Utf8.fits('\u{E000}'), "a private character");
    }
}
