//! What a filing is found by, in the spelling that different ways of writing share.

use counter_domain::date::FuzzyDate;
use counter_domain::draft::{FieldPath, FieldValue};
use counter_domain::resident::{Term, address_key, name_key};
use counter_domain::snapshot::Snapshot;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Endings of paths whose value is a name or a reading.
const NAMES: [&str; 8] = [
    ".name",
    ".kana",
    ".alias",
    ".alias_kana",
    ".latin",
    ".former_surname",
    ".name_before",
    ".kanji_name",
];

/// Letters of one other text that are kept for searching.
const TEXT_CHARS_MAX: usize = 60;

/// Keys of one filing.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Keys {
    /// Names and readings, whole.
    pub(crate) names: Vec<String>,
    /// First letters of names and of their parts.
    pub(crate) beginnings: Vec<char>,
    /// First and last day of birth as year * 10000 + month * 100 + day.
    pub(crate) births: Vec<(i32, i32)>,
    /// Addresses, registered domiciles and buildings.
    pub(crate) places: Vec<String>,
    /// Whatever else was written down: purposes, reasons, remarks.
    #[serde(default)]
    pub(crate) texts: Vec<String>,
    /// Telephone numbers, digits only.
    #[serde(default)]
    pub(crate) phones: Vec<String>,
}

impl Keys {
    /// The keys of what was signed.
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let mut keys = Self::default();
        for (path, field) in &snapshot.fields {
            if let FieldValue::Text(text) = &field.value {
                keys.take(path, text);
            }
        }
        keys.names.sort_unstable();
        keys.names.dedup();
        keys.beginnings.sort_unstable();
        keys.beginnings.dedup();
        keys.births.sort_unstable();
        keys.births.dedup();
        for list in [&mut keys.places, &mut keys.texts, &mut keys.phones] {
            list.sort_unstable();
            list.dedup();
        }
        keys
    }

    fn take(&mut self, path: &FieldPath, text: &str) {
        let path = path.as_str();
        if NAMES.iter().any(|ending| path.ends_with(ending)) {
            let parts = text.split(['\u{3000}', ' ']);
            self.beginnings
                .extend(parts.filter_map(|part| name_key(part).chars().next()));
            self.names.extend(filled(name_key(text)));
        } else if path.ends_with(".birth_date") {
            self.births.extend(days(text));
        } else if path.starts_with("address.") || path == "domicile.place" {
            self.places.extend(filled(address_key(text, "")));
        } else if path.rsplit('.').next() == Some("phone") {
            let digits: String = text.nfkc().filter(char::is_ascii_digit).collect();
            self.phones.extend(filled(digits));
        } else if !text.is_ascii() {
            // What is all ASCII is a code of ours, which nobody types.
            let start: String = text.chars().take(TEXT_CHARS_MAX).collect();
            self.texts.extend(filled(name_key(&start)));
        }
    }

    /// Whether a word of a query fits; `with_places` is false for protected persons.
    pub(crate) fn fits(&self, term: &Term, receipt_number: &str, with_places: bool) -> bool {
        let named = |key: &str| match single(key) {
            Some(letter) => self.beginnings.contains(&letter),
            None => self.names.iter().any(|name| name.contains(key)),
        };
        let placed = |key: &str| {
            with_places && !key.is_empty() && self.places.iter().any(|place| place.contains(key))
        };
        // Other texts may say where somebody lives.
        let said = |key: &str| {
            let long = key.chars().nth(1).is_some();
            with_places && long && self.texts.iter().any(|text| text.contains(key))
        };
        let born = |from: i32, to: i32| {
            self.births
                .iter()
                .any(|(first, last)| *first <= to && *last >= from)
        };
        match term {
            Term::Kana(kana) => named(kana) || placed(kana) || said(kana),
            Term::Text { name, address } => named(name) || placed(address) || said(name),
            Term::Birth(from, to) => born(*from, *to),
            Term::Number { number, birth } => {
                let number = plain_number(number);
                let begins = |text: &str| !number.is_empty() && text.starts_with(&number);
                plain_number(receipt_number).starts_with(&number)
                    || self.phones.iter().any(|phone| begins(phone))
                    || birth.is_some_and(|(from, to)| born(from, to))
            }
        }
    }
}

/// The only letter of a key.
pub(crate) fn single(key: &str) -> Option<char> {
    let mut letters = key.chars();
    letters.next().filter(|_| letters.next().is_none())
}

/// A receipt number without what people leave out.
pub(crate) fn plain_number(number: &str) -> String {
    number
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn filled(key: String) -> Option<String> {
    (!key.is_empty()).then_some(key)
}

fn days(date: &str) -> Option<(i32, i32)> {
    let (from, to) = date.parse::<FuzzyDate>().ok()?.interval()?;
    Some((number(from), number(to)))
}

fn number(day: jiff::civil::Date) -> i32 {
    i32::from(day.year()) * 10_000 + i32::from(day.month()) * 100 + i32::from(day.day())
}
