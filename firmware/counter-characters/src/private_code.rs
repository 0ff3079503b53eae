//! Code points that mean something only where they were written (private use areas).
//!
//! A target system has its own characters (外字) under such codes, and two systems rarely mean the
//! same by one. The city's standard repertoire for all of its systems (行政事務標準文字, "MJ+") adds
//! characters under codes of the private planes; those are told apart from any other private code
//! by their tag, `MJ+` before the code.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::written::is_private;

/// First of the codes that Windows keeps for user-defined characters, and how many there are.
const CP932_FIRST: u32 = 0xE000;
const CP932_LEADS: std::ops::RangeInclusive<u8> = 0xF0..=0xF9;
/// Cells of one lead byte.
const CP932_TRAILS: u32 = 188;

/// A private code of some system. Prints as `U+E000`.
///
/// Code page 932 names the same cells by two bytes: `F040` is U+E000, `F9FC` is U+E757.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PrivateCode(char);

impl From<PrivateCode> for String {
    fn from(code: PrivateCode) -> Self {
        code.to_string()
    }
}

impl TryFrom<String> for PrivateCode {
    type Error = NotAPrivateCode;

    fn try_from(text: String) -> Result<Self, NotAPrivateCode> {
        text.parse()
    }
}

impl PrivateCode {
    /// The code behind `c`; `None` when it is no private one.
    pub fn of(c: char) -> Option<Self> {
        is_private(c).then_some(Self(c))
    }

    /// As it stands in a Unicode text of that system.
    pub fn char(self) -> char {
        self.0
    }

    /// Its two bytes in code page 932; `None` beyond the 1,880 cells that has.
    pub fn cp932(self) -> Option<[u8; 2]> {
        let place = u32::from(self.0).checked_sub(CP932_FIRST)?;
        let lead = u8::try_from(place / CP932_TRAILS).ok()?;
        let lead = CP932_LEADS.start().checked_add(lead)?;
        let cell = u8::try_from(place % CP932_TRAILS).ok()?;
        // 0x7F is no trail byte.
        let trail = cell.checked_add(if cell < 0x3F { 0x40 } else { 0x41 })?;
        CP932_LEADS.contains(&lead).then_some([lead, trail])
    }

    /// The code under two bytes of code page 932.
    pub fn of_cp932([lead, trail]: [u8; 2]) -> Option<Self> {
        let cell = match trail {
            0x40..=0x7E => trail - 0x40,
            0x80..=0xFC => trail - 0x41,
            0x00..=0x3F | 0x7F | 0xFD..=0xFF => return None,
        };
        if !CP932_LEADS.contains(&lead) {
            return None;
        }
        let row = u32::from(lead - CP932_LEADS.start());
        char::from_u32(CP932_FIRST + row * CP932_TRAILS + u32::from(cell)).map(Self)
    }
}

impl fmt::Display for PrivateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X}", u32::from(self.0))
    }
}

/// A text that names no private code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a private code is U+E000 or above in a private area, or F040 to F9FC")]
pub struct NotAPrivateCode;

impl FromStr for PrivateCode {
    type Err = NotAPrivateCode;

    /// `U+E000`, the two bytes `F040`, or the character itself.
    fn from_str(text: &str) -> Result<Self, NotAPrivateCode> {
        let text = text.trim();
        let mut only = text.chars();
        if let (Some(c), None) = (only.next(), only.next()) {
            return Self::of(c).ok_or(NotAPrivateCode);
        }
        let upper = text.to_ascii_uppercase();
        if let Some(point) = upper.strip_prefix("U+") {
            return code_point(point).and_then(Self::of).ok_or(NotAPrivateCode);
        }
        let bytes = upper.strip_prefix("0X").unwrap_or(&upper);
        let bytes = u16::from_str_radix(bytes, 16).map_err(|_no_number| NotAPrivateCode)?;
        Self::of_cp932(bytes.to_be_bytes()).ok_or(NotAPrivateCode)
    }
}

/// A character that the standard repertoire adds to the MJ table (行政事務標準文字の追加文字), by its
/// code in the private planes 15 and 16. Prints as `MJ+10A3C5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MjPlus(char);

impl MjPlus {
    /// The character with this code; `None` outside the private planes. Private codes of the
    /// basic plane stay those of single systems.
    pub fn of(c: char) -> Option<Self> {
        (is_private(c) && u32::from(c) > 0xFFFF).then_some(Self(c))
    }

    /// As it stands in a name inside the city.
    pub fn char(self) -> char {
        self.0
    }
}

impl fmt::Display for MjPlus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MJ+{:X}", u32::from(self.0))
    }
}

/// A text that is not `MJ+` and a code of the private planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an MJ+ character is MJ+ and a code of the private planes, as MJ+10A3C5")]
pub struct NotAnMjPlus;

impl FromStr for MjPlus {
    type Err = NotAnMjPlus;

    fn from_str(text: &str) -> Result<Self, NotAnMjPlus> {
        let upper = text.trim().to_ascii_uppercase();
        let point = upper.strip_prefix("MJ+").ok_or(NotAnMjPlus)?;
        let point = point.strip_prefix("U+").unwrap_or(point);
        code_point(point).and_then(Self::of).ok_or(NotAnMjPlus)
    }
}

fn code_point(digits: &str) -> Option<char> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let code = u32::from_str_radix(digits, 16).ok().filter(|_| plain)?;
    char::from_u32(code)
}

/// `text` for another system of the city: its MJ+ characters with their tag, `&MJ+10A3C5;`, so that
/// nobody takes them for the private characters of that system. Everything else as it is.
pub fn tagged(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if let Some(added) = MjPlus::of(c) {
            out.push('&');
            out.push_str(&added.to_string());
            out.push(';');
        } else {
            out.push(c);
        }
    }
    out
}

/// The text behind [`tagged`].
pub fn untagged(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("&MJ+") {
        let tag = behind.split_once(';');
        let added = tag.and_then(|(code, after)| Some((MjPlus::of(code_point(code)?)?, after)));
        out.push_str(before);
        if let Some((added, after)) = added {
            out.push(added.char());
            rest = after;
        } else {
            out.push_str("&MJ+");
            rest = behind;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_code_page_932_is_one_code() {
        let mut codes = Vec::new();
        for lead in 0xF0..=0xF9_u8 {
            for trail in 0x00..=0xFF_u8 {
                let Some(code) = PrivateCode::of_cp932([lead, trail]) else {
                    continue;
                };
                assert_eq!(code.cp932(), Some([lead, trail]));
                // The decoder that the importers use says the same.
                let bytes = [lead, trail];
                let (text, _, lost) = encoding_rs::SHIFT_JIS.decode(&bytes);
                assert!(!lost && text.chars().eq([code.char()]), "{bytes:X?}");
                codes.push(code.char());
            }
        }
        assert_eq!(codes, ('\u{E000}'..='\u{E757}').collect::<Vec<_>>());
        let beyond = PrivateCode::of('\u{E758}').unwrap();
        assert_eq!(beyond.cp932(), None);
    }

    #[test]
    fn codes_are_read_as_people_write_them() {
        for (typed, code) in [
            ("F040", Some("U+E000")),
            ("f9fc", Some("U+E757")),
            ("0xF040", Some("U+E000")),
            ("U+E000", Some("U+E000")),
            ("u+10a3c5", Some("U+10A3C5")),
            ("\u{E001}", Some("U+E001")),
            ("F07F", None),
            ("889F", None),
            ("U+4E00", None),
            ("U+-E000", None),
            ("亜", None),
            ("", None),
        ] {
            let read = typed.parse::<PrivateCode>().ok();
            assert_eq!(
                read.map(|code| code.to_string()).as_deref(),
                code,
                "{typed}"
            );
        }
        assert_eq!(
            "MJ+10A3C5".parse(),
            MjPlus::of('\u{10A3C5}').ok_or(NotAnMjPlus)
        );
        assert_eq!(
            "MJ+U+F0000".parse(),
            MjPlus::of('\u{F0000}').ok_or(NotAnMjPlus)
        );
        for wrong in ["MJ+E000", "MJ+4E00", "MJ10A3C5", "MJ+", "MJ+110000"] {
            assert_eq!(wrong.parse::<MjPlus>(), Err(NotAnMjPlus), "{wrong}");
        }
    }

    #[test]
    fn tag_survives_the_way_there_and_back() {
        let name = "架空\u{10A3C5}\u{F0000}　太郎&MJ+; &MJ+zz;\u{E000}";
        let sent = tagged(name);
        assert!(
            sent.starts_with("架空&MJ+10A3C5;&MJ+F0000;　太郎"),
            "{sent}"
        );
        assert!(
            sent.ends_with("\u{E000}"),
            "only the private planes have the tag"
        );
        assert_eq!(untagged(&sent), name);
    }
}
