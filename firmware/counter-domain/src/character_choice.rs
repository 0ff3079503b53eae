//! Characters that staff chose (文字同定): which glyph was meant by what was written, and what a system
//! that lacks a character gets instead.
//!
//! A choice is made in a case, as a row `character.<system>.<code points>` of its draft with who and
//! when, and counts once the case was handed in. Head office collects the choices of all branches
//! and publishes them as the dataset [`CHARACTER_CHOICES`], so that nobody chooses twice; the city
//! confirms or withdraws them there. Which glyphs exist is known by `counter-characters`.

use serde::{Deserialize, Serialize};

use crate::draft::{Draft, FieldPath};
use crate::ids::StaffId;

/// Name of the dataset.
pub const CHARACTER_CHOICES: &str = "character-choices";
/// Layout of the dataset; a counter leaves a newer one alone.
pub const CHOICES_FORMAT: u16 = 1;
/// Stands for a system where the choice is about the glyph itself.
pub const GLYPH: &str = "glyph";

const ROOT: &str = "character.";
/// A character with its selector.
const POINTS_MAX: usize = 2;

/// What a choice is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChoiceSubject {
    /// [`GLYPH`], or the key of the system that gets another character, for example `cp932`.
    pub system: String,
    /// One character as it was written, with its variation selector if any.
    pub written: String,
}

impl ChoiceSubject {
    /// About the glyph meant by `written`.
    pub fn glyph(written: impl Into<String>) -> Self {
        Self::in_system(GLYPH, written)
    }

    /// About what `system` gets for `written`.
    pub fn in_system(system: impl Into<String>, written: impl Into<String>) -> Self {
        Self {
            system: system.into(),
            written: written.into(),
        }
    }

    /// Path of the row in a draft: `character.glyph.845b-e0100`.
    pub fn path(&self) -> FieldPath {
        let points: Vec<String> = self
            .written
            .chars()
            .map(|c| format!("{:x}", u32::from(c)))
            .collect();
        FieldPath(format!("{ROOT}{}.{}", self.system, points.join("-")))
    }

    /// What the row at `path` is about; `None` when it is no such row.
    pub fn of_path(path: &FieldPath) -> Option<Self> {
        let (system, points) = path.as_str().strip_prefix(ROOT)?.split_once('.')?;
        let written: Option<String> = points
            .split('-')
            .map(|point| u32::from_str_radix(point, 16).ok().and_then(char::from_u32))
            .collect();
        let written = written.filter(|text| text.chars().count() <= POINTS_MAX)?;
        Some(Self::in_system(system, written))
    }
}

/// Whether the row at `path` is a choice.
pub fn is_choice(path: &FieldPath) -> bool {
    path.as_str().starts_with(ROOT)
}

/// A choice of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceMade {
    /// About what.
    pub subject: ChoiceSubject,
    /// The character chosen, with its selector if any.
    pub chosen: String,
    /// Who chose first.
    pub by: StaffId,
    /// When, Unix time in milliseconds.
    pub at_unix_ms: u64,
    /// In how many cases.
    pub cases: u32,
}

/// The choices of a draft.
pub fn choices_of(draft: &Draft) -> Vec<ChoiceMade> {
    draft
        .fields_under(ROOT)
        .filter_map(|(path, field)| {
            Some(ChoiceMade {
                subject: ChoiceSubject::of_path(path)?,
                chosen: field.shown.value.as_text()?.to_owned(),
                by: field.shown.by.clone(),
                at_unix_ms: field.shown.at.unix_ms(),
                cases: 1,
            })
        })
        .collect()
}

/// What the city says of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChoiceStanding {
    /// Not looked at yet: it is offered first, a person still decides.
    #[default]
    Open,
    /// Confirmed: files are written by it.
    Confirmed,
    /// Withdrawn: it is offered no more.
    Withdrawn,
}

/// A choice as published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CharacterChoice {
    /// About what.
    #[serde(flatten)]
    pub subject: ChoiceSubject,
    /// The character chosen, with its selector if any.
    pub chosen: String,
    /// Who chose first.
    pub by: StaffId,
    /// When, Unix time in milliseconds.
    pub at_unix_ms: u64,
    /// In how many cases it was chosen.
    pub cases: u32,
    /// What the city says of it.
    #[serde(default)]
    pub standing: ChoiceStanding,
    /// Who at head office said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<StaffId>,
    /// When, Unix time in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_unix_ms: Option<u64>,
}

/// Every choice of the city, by subject, the earliest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CharacterChoices {
    /// [`CHOICES_FORMAT`].
    pub format: u16,
    /// The choices.
    pub choices: Vec<CharacterChoice>,
}

impl Default for CharacterChoices {
    fn default() -> Self {
        Self {
            format: CHOICES_FORMAT,
            choices: Vec::new(),
        }
    }
}

impl CharacterChoices {
    /// Takes in what was chosen in cases. What is here already keeps its standing; what no case
    /// says any more stays, because cases are deleted after their time and choices are not.
    pub fn take_in(&mut self, made: &[ChoiceMade]) {
        for one in made {
            let same = |known: &&mut CharacterChoice| {
                known.subject == one.subject && known.chosen == one.chosen
            };
            if let Some(known) = self.choices.iter_mut().find(same) {
                known.cases = known.cases.max(one.cases);
                if one.at_unix_ms < known.at_unix_ms {
                    known.at_unix_ms = one.at_unix_ms;
                    known.by.clone_from(&one.by);
                }
            } else {
                self.choices.push(CharacterChoice {
                    subject: one.subject.clone(),
                    chosen: one.chosen.clone(),
                    by: one.by.clone(),
                    at_unix_ms: one.at_unix_ms,
                    cases: one.cases,
                    standing: ChoiceStanding::Open,
                    settled_by: None,
                    settled_unix_ms: None,
                });
            }
        }
        let order = |one: &CharacterChoice| {
            let key = (one.at_unix_ms, one.chosen.clone());
            (one.subject.clone(), key)
        };
        self.choices.sort_by_key(order);
    }

    /// The choice that holds: the confirmed one, else the earliest that was not withdrawn.
    pub fn in_force(&self, subject: &ChoiceSubject) -> Option<&CharacterChoice> {
        let about = || self.choices.iter().filter(|one| one.subject == *subject);
        let with = |standing| about().find(|one| one.standing == standing);
        with(ChoiceStanding::Confirmed).or_else(|| with(ChoiceStanding::Open))
    }

    /// The choice that the city confirmed.
    pub fn confirmed(&self, subject: &ChoiceSubject) -> Option<&CharacterChoice> {
        self.in_force(subject)
            .filter(|one| one.standing == ChoiceStanding::Confirmed)
    }

    /// Notes what the city says of a choice. Of one subject only one is confirmed: confirming
    /// withdraws the others. Says whether there is such a choice.
    pub fn settle(
        &mut self,
        subject: &ChoiceSubject,
        chosen: &str,
        standing: ChoiceStanding,
        (by, at_unix_ms): (&StaffId, u64),
    ) -> bool {
        let is_known = self
            .choices
            .iter()
            .any(|one| one.subject == *subject && one.chosen == chosen);
        if !is_known {
            return false;
        }
        for one in self
            .choices
            .iter_mut()
            .filter(|one| one.subject == *subject)
        {
            let now = if one.chosen == chosen {
                standing
            } else if standing == ChoiceStanding::Confirmed {
                ChoiceStanding::Withdrawn
            } else {
                continue;
            };
            if one.standing != now {
                one.standing = now;
                one.settled_by = Some(by.clone());
                one.settled_unix_ms = Some(at_unix_ms);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ChoiceStanding::{Confirmed, Open, Withdrawn};

    fn made(written: &str, chosen: &str, at: u64) -> ChoiceMade {
        ChoiceMade {
            subject: ChoiceSubject::glyph(written),
            chosen: chosen.to_owned(),
            by: StaffId::from("u0312"),
            at_unix_ms: at,
            cases: 1,
        }
    }

    fn in_force(choices: &CharacterChoices) -> Option<(&str, ChoiceStanding)> {
        let one = choices.in_force(&ChoiceSubject::glyph("葛\u{E0100}"))?;
        Some((one.chosen.as_str(), one.standing))
    }

    #[test]
    fn row_names_its_character_by_code_points() {
        let subject = ChoiceSubject::in_system("cp932", "葛\u{E0102}");
        assert_eq!(subject.path().as_str(), "character.cp932.845b-e0102");
        assert_eq!(ChoiceSubject::of_path(&subject.path()), Some(subject));
        for other in [
            "character.glyph",
            "character.glyph.",
            "character.glyph.d800",
            "character.glyph.41-42-43",
            "member.1.name",
        ] {
            assert_eq!(ChoiceSubject::of_path(&other.into()), None, "{other}");
        }
    }

    #[test]
    fn first_choice_holds_until_the_city_confirms_another() {
        let (ours, theirs) = (
            made("葛\u{E0100}", "葛", 1),
            made("葛\u{E0100}", "葛\u{E0102}", 2),
        );
        let mut choices = CharacterChoices::default();
        choices.take_in(&[theirs.clone(), ours.clone()]);
        assert_eq!(in_force(&choices), Some(("葛", Open)));
        let head = StaffId::from("u0101");
        let subject = &theirs.subject;
        assert!(choices.settle(subject, "葛\u{E0102}", Confirmed, (&head, 9)));
        assert_eq!(in_force(&choices), Some(("葛\u{E0102}", Confirmed)));
        assert_eq!(choices.choices[0].standing, Withdrawn, "the other one");
        choices.take_in(&[ours]);
        assert_eq!(in_force(&choices), Some(("葛\u{E0102}", Confirmed)));
        assert!(choices.settle(subject, "葛\u{E0102}", Withdrawn, (&head, 10)));
        assert_eq!(in_force(&choices), None);
        assert!(!choices.settle(subject, "藤", Confirmed, (&head, 11)));
    }

    #[test]
    fn choice_outlives_its_cases() {
        let mut choices = CharacterChoices::default();
        choices.take_in(&[made("葛\u{E0100}", "葛", 1)]);
        choices.take_in(&[]);
        assert_eq!(in_force(&choices), Some(("葛", Open)));
    }

    #[test]
    fn dataset_keeps_its_words() {
        let mut choices = CharacterChoices::default();
        choices.take_in(&[made("𠮷", "吉", 1)]);
        let json = serde_json::to_string(&choices).unwrap();
        assert_eq!(
            json,
            r#"{"format":1,"choices":[{"system":"glyph","written":"𠮷","chosen":"吉","by":"u0312","at_unix_ms":1,"cases":1,"standing":"open"}]}"#
        );
        assert_eq!(
            serde_json::from_str::<CharacterChoices>(&json).unwrap(),
            choices
        );
    }
}
