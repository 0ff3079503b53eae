//! The fields of every event: what they are called, what they hold, when they are asked.
//!
//! Data in `texts/fields.toml`; which event has which is in [`crate::events`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use counter_api::{Choice, FieldKind};
use counter_forms::ticks;
use serde::Deserialize;

use crate::texts::Both;

/// The most persons one filing takes: two sheets of the form.
pub const MEMBERS_MAX: u8 = 12;

/// The list of a choice that is made of the persons of the case.
pub const MEMBERS: &str = "members";

/// The list of a choice that is made of the reasons nothing is charged, as the catalogue has them.
pub const EXEMPTIONS: &str = "exemption";

/// A field definition.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldDef {
    /// Its path; `member.*.` for every person.
    pub path: String,
    /// What it is called.
    pub label: Both,
    /// What it holds.
    pub kind: Kind,
    /// The group it stands in on the resident's page.
    pub section: String,
    /// The list it is chosen from.
    #[serde(default)]
    pub choices: String,
    /// Signing waits for it.
    #[serde(default)]
    pub required: bool,
    /// A date that must not lie in the future.
    #[serde(default)]
    pub past: bool,
    /// It is what the filing changes.
    #[serde(default)]
    pub changes: bool,
    /// When it is asked.
    #[serde(default)]
    pub when: When,
}

/// When a field is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Always.
    #[default]
    Always,
    /// The person is no Japanese.
    Foreign,
    /// Somebody it concerns is no Japanese.
    ForeignerConcerned,
    /// The time limit is over.
    Late,
    /// The head goes and others stay.
    HeadLeaves,
    /// Somebody files for others.
    ForAnother,
    /// The person is not known to be a foreigner.
    NotForeign,
    /// Two documents without a photograph are shown.
    TwoPapers,
    /// The certificate of moving out is sent by mail.
    ByMail,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Free text.
    Text,
    /// A name or address, glyph by glyph.
    Exact,
    /// Katakana.
    Kana,
    /// A date, kept as ISO 8601 once understood.
    Date,
    /// One of a list.
    Choice,
    /// Any of a list, kept parted by commas.
    Choices,
    /// Telephone.
    Phone,
    /// Number of a residence card: two letters, eight digits, two letters.
    ResidenceCard,
}

impl Kind {
    /// The same, as the screens name it.
    pub const fn on_screen(self) -> FieldKind {
        match self {
            Self::Text | Self::ResidenceCard => FieldKind::Text,
            Self::Exact => FieldKind::ExactGlyphs,
            Self::Kana => FieldKind::Kana,
            Self::Date => FieldKind::Date,
            Self::Choice => FieldKind::Choice,
            Self::Choices => FieldKind::Choices,
            Self::Phone => FieldKind::Phone,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChoiceDef {
    value: String,
    ja: String,
    en: String,
}

/// All definitions, in the order shown.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    sections: BTreeMap<String, Both>,
    field: Vec<FieldDef>,
    choices: BTreeMap<String, Vec<ChoiceDef>>,
}

static FIELDS: LazyLock<Fields> =
    LazyLock::new(|| toml::from_str(include_str!("../texts/fields.toml")).unwrap_or_default());

/// The definitions.
pub fn fields() -> &'static Fields {
    &FIELDS
}

const ANY_MEMBER: &str = "member.*.";

impl Fields {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &FieldDef> {
        self.field.iter()
    }

    /// The definition for a path such as `member.2.name`, whatever the event.
    pub fn find(&self, path: &str) -> Option<&FieldDef> {
        self.field.iter().find(|field| field.is_at(path))
    }

    /// The heading of a section.
    pub fn section(&self, name: &str) -> Option<&Both> {
        self.sections.get(name)
    }

    /// What may be chosen from a list.
    pub fn choices(&self, list: &str) -> Vec<Choice> {
        let list = self
            .choices
            .get(list)
            .map(Vec::as_slice)
            .unwrap_or_default();
        list.iter()
            .map(|choice| Choice {
                value: choice.value.clone(),
                label: choice.ja.clone(),
            })
            .collect()
    }

    /// How values are shown in Japanese and English of which several may be chosen.
    pub fn all_chosen(&self, list: &str, value: &str) -> (String, String) {
        let words: Vec<_> = ticks(value).map(|one| self.chosen(list, one)).collect();
        let japanese: Vec<&str> = words.iter().map(|(ja, _)| ja.as_str()).collect();
        let english: Vec<&str> = words.iter().map(|(_, en)| en.as_str()).collect();
        (japanese.join("、"), english.join(", "))
    }

    /// The values among `typed` once each, in the order of the list; foreign ones stand behind them.
    pub fn in_order(&self, list: &str, typed: &str) -> String {
        let known = self.choices(list);
        let place = |tick: &&str| known.iter().position(|one| one.value == *tick);
        let mut found: Vec<&str> = ticks(typed).collect();
        found.sort_by_key(|tick| place(tick).unwrap_or(known.len()));
        found.dedup();
        found.join(",")
    }

    /// How a chosen value is shown in Japanese and English; the value itself when it is foreign.
    pub fn chosen(&self, list: &str, value: &str) -> (String, String) {
        let list = self
            .choices
            .get(list)
            .map(Vec::as_slice)
            .unwrap_or_default();
        list.iter()
            .find(|choice| choice.value == value)
            .map_or_else(
                || (value.to_owned(), String::new()),
                |choice| (choice.ja.clone(), choice.en.clone()),
            )
    }
}

impl FieldDef {
    /// Whether it is the definition of this path.
    pub fn is_at(&self, path: &str) -> bool {
        match self.path.strip_prefix(ANY_MEMBER) {
            Some(name) => split_member(path).is_some_and(|(_, rest)| rest == name),
            None => self.path == path,
        }
    }

    /// The path for one person, or the path itself.
    pub fn path_for(&self, member: Option<u8>) -> String {
        match (self.path.strip_prefix(ANY_MEMBER), member) {
            (Some(name), Some(number)) => member_path(number, name),
            _ => self.path.clone(),
        }
    }
}

/// `member.2.name`.
pub fn member_path(number: u8, name: &str) -> String {
    format!("member.{number}.{name}")
}

/// Takes `member.2.name` apart.
pub fn split_member(path: &str) -> Option<(u8, &str)> {
    let (number, rest) = path.strip_prefix("member.")?.split_once('.')?;
    let number = number
        .parse()
        .ok()
        .filter(|number| (1..=MEMBERS_MAX).contains(number))?;
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_parse_and_lists_exist() {
        let parsed: Fields = toml::from_str(include_str!("../texts/fields.toml")).unwrap();
        for field in &parsed.field {
            assert!(
                parsed.sections.contains_key(&field.section),
                "{}",
                field.path
            );
            let is_chosen = matches!(field.kind, Kind::Choice | Kind::Choices);
            assert_eq!(is_chosen, !field.choices.is_empty(), "{}", field.path);
            if is_chosen {
                assert!(
                    parsed.choices.contains_key(&field.choices),
                    "{}",
                    field.path
                );
            }
            assert!(!field.label.ja.is_empty() && !field.label.en.is_empty());
        }
    }

    #[test]
    fn every_person_has_the_same_fields() {
        let found = fields()
            .find("member.2.name")
            .map(|field| field.path.as_str());
        assert_eq!(found, Some("member.*.name"));
        assert!(fields().find("member.13.name").is_none());
        assert!(fields().find("member.2.secret").is_none());
        assert_eq!(
            split_member("member.10.birth_date"),
            Some((10, "birth_date"))
        );
    }
}
