//! Checks of a form's data against what its `meta.toml` and `fields.toml` say, before anything is
//! laid out: what is missing, what is of the wrong type, which character cannot be printed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::data::FormData;
use crate::definition::{FieldKind, FieldRule, FormMeta};
use crate::error::RenderError;
use crate::glyph::{self, Faces};
use crate::notices;
use crate::resident_move::UNKNOWN;

/// Fields every form may use, by path.
pub(crate) type SharedFields = BTreeMap<String, FieldRule>;

/// The rules of one form: its own, then those all forms share.
pub(crate) struct Rules<'f> {
    pub(crate) meta: &'f FormMeta,
    pub(crate) shared: &'f SharedFields,
}

impl<'f> Rules<'f> {
    /// The rule of a path pattern.
    pub(crate) fn rule(&self, pattern: &str) -> Option<&'f FieldRule> {
        self.meta
            .fields
            .get(pattern)
            .or_else(|| self.shared.get(pattern))
    }

    /// What a clerk calls the field at `path`; the path itself when nobody named it. A template
    /// that stops names at times the box that holds the field: `notifier.name` or `new`.
    pub(crate) fn label(&self, path: &str) -> String {
        let (rule, numbers) = self.named(path);
        rule.map_or_else(
            || path.to_owned(),
            |rule| numbered(&rule.label, numbers.iter().copied()),
        )
    }

    /// The same in English; empty when nobody named it.
    pub(crate) fn label_en(&self, path: &str) -> String {
        let (rule, numbers) = self.named(path);
        let label = rule.map(|rule| numbered(&rule.label_en, numbers.iter().copied()));
        label.unwrap_or_default()
    }

    /// The same in plain Japanese.
    pub(crate) fn label_easy(&self, path: &str) -> String {
        let (rule, numbers) = self.named(path);
        let label = rule.map(|rule| numbered(&rule.label_easy, numbers.iter().copied()));
        label.unwrap_or_default()
    }

    /// The rule of a path, and the numbers of persons and entries in it.
    fn named<'p>(&self, path: &'p str) -> (Option<&'f FieldRule>, Vec<&'p str>) {
        let mut numbers = Vec::new();
        let pattern: Vec<&str> = path
            .split('.')
            .map(|step| {
                if step.bytes().all(|byte| byte.is_ascii_digit()) {
                    numbers.push(step);
                    "*"
                } else {
                    step
                }
            })
            .collect();
        (self.rule(&pattern.join(".")), numbers)
    }

    /// Whether all that is required is there.
    pub(crate) fn check_required(&self, data: &FormData) -> Result<(), RenderError> {
        for pattern in &self.meta.required {
            let found = data.find(pattern);
            if let Some((path, _)) = found.iter().find(|(_, value)| is_empty(*value)) {
                return Err(RenderError::Missing {
                    label: self.label(path),
                    path: path.clone(),
                });
            }
        }
        Ok(())
    }

    /// Whether what is there has the right type and can be printed.
    pub(crate) fn check_given(
        &self,
        data: &FormData,
        faces: &Faces<'_>,
    ) -> Result<(), RenderError> {
        self.check_people(data)?;
        for pattern in self.meta.required.iter().chain(&self.meta.optional) {
            let Some(rule) = self.rule(pattern) else {
                continue;
            };
            if data.is_blocked(pattern) {
                return Err(self.wrong(rule, &pattern.replace('*', "1")));
            }
            for (path, value) in data.find(pattern) {
                if let Some(value) = value.filter(|value| !is_empty(Some(value))) {
                    self.check_value(rule, &path, value, faces)?;
                }
            }
        }
        Ok(())
    }

    fn check_people(&self, data: &FormData) -> Result<(), RenderError> {
        let people = data.as_json().get("members").and_then(Value::as_array);
        match (self.meta.people, people) {
            (Some(limit), Some(people)) if people.len() > limit.max => {
                Err(RenderError::TooManyMembers)
            }
            _ => Ok(()),
        }
    }

    fn wrong(&self, rule: &FieldRule, path: &str) -> RenderError {
        RenderError::Wrong {
            path: path.to_owned(),
            label: self.label(path),
            expected: notices::expected(rule),
        }
    }

    fn check_value(
        &self,
        rule: &FieldRule,
        path: &str,
        value: &Value,
        faces: &Faces<'_>,
    ) -> Result<(), RenderError> {
        if !fits_kind(rule, value) {
            return Err(self.wrong(rule, path));
        }
        let missing = match (rule.kind, value.as_str()) {
            (FieldKind::Exact, Some(text)) => glyph::first_missing(faces, text),
            (_, Some(text)) => glyph::first_missing_of_either(faces, text),
            (_, None) => None,
        };
        match missing {
            None => Ok(()),
            Some(missing) => Err(RenderError::GlyphMissing {
                path: path.to_owned(),
                label: self.label(path),
                character: missing.code_points(),
            }),
        }
    }
}

fn numbered<'n>(label: &str, numbers: impl Iterator<Item = &'n str>) -> String {
    numbers.fold(label.to_owned(), |label, number| {
        label.replacen("{}", number, 1)
    })
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) => false,
    }
}

pub(crate) fn fits_kind(rule: &FieldRule, value: &Value) -> bool {
    if value.as_str() == Some(UNKNOWN) {
        return true;
    }
    let listed = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| rule.values.iter().any(|known| known == text))
    };
    match rule.kind {
        FieldKind::Text | FieldKind::Exact => value.is_string(),
        FieldKind::Kana => value.as_str().is_some_and(is_reading),
        FieldKind::Date => value.as_str().is_some_and(is_date),
        FieldKind::Count => value.as_u64().is_some(),
        FieldKind::Flag => value.is_boolean(),
        FieldKind::Choice => listed(value),
        FieldKind::Choices => value.as_array().is_some_and(|list| {
            let ticks = list.iter().filter_map(Value::as_str);
            list.iter().all(listed) && lone_beside_others(rule, ticks).is_none()
        }),
        FieldKind::Digits => value.as_str().is_some_and(|text| {
            text.bytes().all(|byte| byte.is_ascii_digit())
                && (rule.length == 0 || text.len() == rule.length)
        }),
        FieldKind::List => value
            .as_array()
            .is_some_and(|list| rule.length == 0 || list.len() <= rule.length),
    }
}

/// The tick among `ticks` that may only stand alone and does not.
pub(crate) fn lone_beside_others<'t>(
    rule: &FieldRule,
    ticks: impl Iterator<Item = &'t str>,
) -> Option<&'t str> {
    let ticks: Vec<&str> = ticks.collect();
    let lone = ticks
        .iter()
        .find(|tick| rule.alone.iter().any(|one| one == *tick))?;
    ticks.iter().any(|tick| tick != lone).then_some(*lone)
}

/// A reading holds no kanji (CJK Unified Ideographs and their extensions).
fn is_reading(text: &str) -> bool {
    !text
        .chars()
        .any(|c| matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..))
}

/// Words are a date as the register has it; what looks like ISO 8601 must be one. An unknown
/// month or day is 00.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return true;
    };
    let number = |part: &str, length: usize| {
        (part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2))
    else {
        return !parts
            .iter()
            .all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    };
    month <= 12 && day <= days_of(year, month) && (month > 0 || day == 0)
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_are_days_of_the_calendar_or_words() {
        for good in [
            "2026-11-21",
            "2024-02-29",
            "1985-00-00",
            "1985-03-00",
            "昭和5年3月日不詳",
        ] {
            assert!(is_date(good), "{good}");
        }
        for bad in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-05",
            "2026-4-1",
            "26-04-01",
        ] {
            assert!(!is_date(bad), "{bad}");
        }
    }

    #[test]
    fn none_stands_alone() {
        let rule: FieldRule = toml::from_str(
            r#"label = "返すもの"
            kind = "choices"
            values = ["card", "paper", "none"]
            alone = ["none"]"#,
        )
        .unwrap();
        for good in [json!([]), json!(["none"]), json!(["card", "paper"])] {
            assert!(fits_kind(&rule, &good), "{good}");
        }
        for bad in [json!(["none", "card"]), json!(["card", "none"])] {
            assert!(!fits_kind(&rule, &bad), "{bad}");
        }
    }

    #[test]
    fn readings_hold_no_kanji() {
        assert!(is_reading("カクウ　ヨシカ"));
        assert!(is_reading("カクウ　ドス　サントス・マリア"));
        assert!(!is_reading("架空"));
        assert!(!is_reading("カクウ𠮷"));
    }
}
