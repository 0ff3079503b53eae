//! What a signed code says: which notice or application it belongs to, and what was filled in.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroize as _;

use crate::ReadCodeError;

/// The most fields of one code.
pub const FIELDS_MAX: usize = 60;
const NUMBER_LETTERS_MAX: usize = 32;
const NAME_LETTERS_MAX: usize = 48;
const VALUE_LETTERS_MAX: usize = 200;

/// What a code is for; a key is installed for some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeUse {
    /// A notice the city sent (市の通知): it says what the resident comes for.
    Notice,
    /// An application filled in on the city's portal (事前申請).
    Application,
}

/// What a code says. Debug hides it: an application holds names and addresses. The values are wiped
/// when it is dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeContent {
    /// What it is for.
    #[serde(rename = "use")]
    pub kind: CodeUse,
    /// Municipality code with its check digit, six digits (JIS X 0402).
    pub city: String,
    /// Number of the notice or application, up to 32 of `0-9 A-Z -`.
    pub number: String,
    /// First day it may be used.
    #[serde(with = "day")]
    pub from: Date,
    /// Last day it may be used.
    #[serde(with = "day")]
    pub until: Date,
    /// What the resident comes for, an event of the counter such as `move_in`; may be absent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// The flow of the event, such as `card`; may be absent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub flow: String,
    /// What was filled in: path of a field and its value, each path once. Dates are ISO 8601.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<(String, String)>,
}

impl fmt::Debug for CodeContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "CodeContent({:?}, {} fields)",
            self.kind,
            self.fields.len()
        )
    }
}

impl Drop for CodeContent {
    fn drop(&mut self) {
        for (_, value) in &mut self.fields {
            value.zeroize();
        }
    }
}

impl CodeContent {
    /// Reads what was signed.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, ReadCodeError> {
        let content: Self = serde_json::from_slice(json).map_err(|_| ReadCodeError::Damaged)?;
        if content.is_well_formed() {
            Ok(content)
        } else {
            Err(ReadCodeError::Damaged)
        }
    }

    /// Whether every part is what it should be.
    pub(crate) fn is_well_formed(&self) -> bool {
        let all = |text: &str, max: usize, fits: fn(u8) -> bool| {
            text.len() <= max && text.bytes().all(fits)
        };
        let name = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.');
        let number = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'-');
        let mut paths: Vec<&str> = self.fields.iter().map(|(path, _)| path.as_str()).collect();
        paths.sort_unstable();
        let each_once = paths.windows(2).all(|two| two.first() != two.last());
        let field = |(path, value): &(String, String)| {
            !path.is_empty()
                && all(path, NAME_LETTERS_MAX, name)
                && !value.is_empty()
                && value.chars().count() <= VALUE_LETTERS_MAX
                && !value.chars().any(char::is_control)
        };
        is_city(&self.city)
            && !self.number.is_empty()
            && all(&self.number, NUMBER_LETTERS_MAX, number)
            && self.from <= self.until
            && all(&self.event, NAME_LETTERS_MAX, name)
            && all(&self.flow, NAME_LETTERS_MAX, name)
            && self.fields.len() <= FIELDS_MAX
            && each_once
            && self.fields.iter().all(field)
            && (self.kind == CodeUse::Application || self.fields.is_empty())
    }
}

/// Six digits, the last being the check digit: 11 less the remainder of the weighted sum (weights 6
/// to 2) by 11, last digit of it.
pub(crate) fn is_city(code: &str) -> bool {
    let digits: Option<Vec<u32>> = code.chars().map(|digit| digit.to_digit(10)).collect();
    let Some([number @ .., check]) = digits.as_deref() else {
        return false;
    };
    let weights = [6, 5, 4, 3, 2];
    let sum: u32 = number
        .iter()
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum();
    number.len() == weights.len() && (11 - sum % 11) % 10 == *check
}

/// A day as `2026-11-21` and in no other form.
mod day {
    use super::{Date, Deserialize as _, Deserializer};
    use serde::Serializer;
    use serde::de::Error as _;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(day: &Date, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&day.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
        let text = String::deserialize(from)?;
        let day: Date = text.parse().map_err(|_| D::Error::custom("not a day"))?;
        if day.to_string() == text {
            Ok(day)
        } else {
            Err(D::Error::custom("not a day in its usual form"))
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn application() -> CodeContent {
        CodeContent {
            kind: CodeUse::Application,
            city: "142051".to_owned(),
            number: "P-2026-000123".to_owned(),
            from: Date::constant(2026, 11, 1),
            until: Date::constant(2026, 12, 31),
            event: "move_in".to_owned(),
            flow: "paper".to_owned(),
            fields: [
                ("event.date", "2026-11-14"),
                ("member.1.name", "架空　太郎"),
                ("address.new", "六会市架空町一丁目９番６号"),
            ]
            .map(|(path, value)| (path.to_owned(), value.to_owned()))
            .to_vec(),
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut CodeContent)) -> bool {
        let mut content = application();
        change(&mut content);
        content.is_well_formed()
    }

    #[test]
    fn every_part_has_its_form() {
        assert!(check(|_| {}));
        assert!(!check(|one| one.city = "142052".to_owned()));
        assert!(!check(|one| one.city = "14205".to_owned()));
        assert!(!check(|one| one.number = "P 1".to_owned()));
        assert!(!check(|one| one.number = String::new()));
        assert!(!check(|one| one.until = Date::constant(2026, 10, 31)));
        assert!(!check(|one| one.event = "Move In".to_owned()));
        assert!(!check(|one| one
            .fields
            .push(("event.date".to_owned(), "x".to_owned()))));
        assert!(!check(|one| one
            .fields
            .push(("Event".to_owned(), "x".to_owned()))));
        assert!(!check(|one| one
            .fields
            .push(("a".to_owned(), "x\u{1b}".to_owned()))));
        assert!(!check(|one| one
            .fields
            .push(("a".to_owned(), "あ".repeat(201)))));
        assert!(!check(|one| one.kind = CodeUse::Notice));
    }

    #[test]
    fn unknown_members_and_other_days_are_refused() {
        let json = |text: &str| CodeContent::parse(text.as_bytes()).is_ok();
        let day = r#"{"use":"notice","city":"142051","number":"N-1","from":"2026-11-01","until":"2026-11-30"}"#;
        assert!(json(day));
        assert!(!json(&day.replace("2026-11-01", "20261101")));
        assert!(!json(&day.replace("2026-11-01", "2026-02-30")));
        assert!(!json(&day.replace("\"number\"", "\"more\":1,\"number\"")));
        assert!(!json(
            &day.replace("\"number\"", "\"city\":\"142051\",\"number\"")
        ));
        assert!(!json(&format!("{day}x")));
    }

    #[test]
    fn nothing_in_it_is_printed_for_debugging() {
        let shown = format!("{:?}", application());
        assert_eq!(shown, "CodeContent(Application, 3 fields)");
    }
}
