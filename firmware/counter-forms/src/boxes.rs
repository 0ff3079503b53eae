//! What a section's form asks that neither the notification nor the interview says: a bank account, an
//! employer, the plate of a moped. Staff enter it at the screen, so that nobody writes it by hand.
//!
//! A form names these fields as `asks` in its `meta.toml`. In a draft one is
//! `box.m<n>.<path>` where all forms share the field (a bank account is told once), and
//! `box.m<n>.<form number>.<path>` where it is the form's own. A field of a list (`children.*.care`)
//! belongs to the person of its entry. Several ticks of one box are its values, parted by commas.
//! Nothing of it has to be filled: what is not stays blank for a pen.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use counter_domain::date::FuzzyDate;
use counter_domain::snapshot::Snapshot;
use serde_json::{Value, json};

use crate::definition::{FieldKind, FieldRule, FormMeta};
use crate::follow_up::FollowUp;
use crate::prefill::{Answers, number_of, put};
use crate::render::Forms;
use crate::resident_move::{City, FromSnapshotError};
use crate::rules::{Rules, fits_kind, lone_beside_others};
use crate::template::Templates;

/// What stands before a box in a draft.
pub const BOX: &str = "box.";

/// The most boxes of one case.
const BOXES_MAX: usize = 400;

/// A box of a form that is needed, with what was entered. `Debug` hides that.
#[derive(Clone, PartialEq, Eq)]
pub struct FormBox {
    /// Where it is kept in the draft.
    pub path: String,
    /// Whose it is.
    pub member: u8,
    /// Number of the first form it is on.
    pub number: String,
    /// Titles of the forms it is on.
    pub forms: Vec<String>,
    /// What may stand in it, and what it is called.
    pub rule: FieldRule,
    /// What was entered; empty when nothing was. Several ticks are parted by commas.
    pub value: String,
}

impl fmt::Debug for FormBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FormBox({})", self.path)
    }
}

impl FormBox {
    /// Whether a value may stand in it.
    pub fn takes(&self, value: &str) -> bool {
        let known = |one: &str| self.rule.values.iter().any(|known| known == one);
        let is_known = || {
            if self.rule.kind == FieldKind::Choices {
                ticks(value).all(known)
            } else {
                self.rule.values.is_empty() || known(value)
            }
        };
        let flag = self.rule.kind != FieldKind::Flag || ["true", "false"].contains(&value);
        value.is_empty()
            || (flag && is_known() && fits_kind(&self.rule, &written(&self.rule, value)))
    }

    /// Whether the resident declares something by its ticks (確認事項).
    pub fn is_declaration(&self) -> bool {
        is_declaration(&self.path)
    }

    /// The words of a tick in `value` that may only stand alone and has others beside it.
    pub fn lone_beside_others(&self, value: &str) -> Option<&str> {
        let lone = lone_beside_others(&self.rule, ticks(value))?;
        let place = self.rule.values.iter().position(|known| known == lone)?;
        self.rule.words.get(place).map(String::as_str)
    }

    /// The ticks of `value` once each, in the order of the form; what the form does not know stands
    /// behind them.
    pub fn in_order(&self, value: &str) -> String {
        let known = &self.rule.values;
        let place = |tick: &&str| known.iter().position(|one| one == tick);
        let mut found: Vec<&str> = ticks(value).collect();
        found.sort_by_key(|tick| place(tick).unwrap_or(known.len()));
        found.dedup();
        found.join(",")
    }
}

/// Whether the box at a path is one whose ticks declare something.
pub fn is_declaration(path: &str) -> bool {
    [".consents", ".explained"]
        .iter()
        .any(|name| path.ends_with(name))
}

/// The values ticked in a box.
pub fn ticks(value: &str) -> impl Iterator<Item = &str> {
    value
        .split(',')
        .map(str::trim)
        .filter(|one| !one.is_empty())
}

/// What a box of a draft is called, and `value` of it in words, by the forms of this program; `None`
/// for a path that is none of theirs.
pub fn box_in_words(path: &str, value: &str) -> Option<(String, String)> {
    static TEMPLATES: LazyLock<Option<Templates>> = LazyLock::new(|| Templates::embedded().ok());
    let (_, pattern) = path.strip_prefix(BOX)?.strip_prefix('m')?.split_once('.')?;
    let templates = TEMPLATES.as_ref()?;
    let of_form = templates.forms.iter().find_map(|form| {
        let own = pattern.strip_prefix(&form.meta.number)?.strip_prefix('.')?;
        form.meta.fields.get(own)
    });
    let rule = of_form.or_else(|| templates.fields.get(pattern))?;
    let chosen = in_words(&rule.values, &rule.words, value);
    let label = rule.label.trim_start_matches("{}人目の").to_owned();
    let words = match (chosen, rule.kind, value) {
        (Some(words), _, _) => words,
        (None, FieldKind::Flag, "true") => "はい".to_owned(),
        (None, FieldKind::Flag, "false") => "いいえ".to_owned(),
        (None, _, _) => value
            .parse::<FuzzyDate>()
            .ok()
            .filter(|_| rule.kind == FieldKind::Date)
            .map_or_else(|| value.to_owned(), |day| day.wareki()),
    };
    Some((label, words))
}

/// The words of every ticked value; `None` when one has none.
fn in_words(values: &[String], words: &[String], value: &str) -> Option<String> {
    let word = |tick: &str| {
        let place = values.iter().position(|known| known == tick)?;
        words.get(place).map(String::as_str)
    };
    let found: Option<Vec<&str>> = ticks(value).map(word).collect();
    found
        .filter(|words| !words.is_empty())
        .map(|words| words.join("、"))
}

/// What was entered into boxes, by their path in a draft without [`BOX`].
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Boxes(BTreeMap<String, String>);

impl Boxes {
    /// Takes a value of a draft, if it is one of a box.
    pub(crate) fn take(&mut self, path: &str, value: &str) {
        if let Some(path) = path.strip_prefix(BOX)
            && !value.is_empty()
            && self.0.len() < BOXES_MAX
        {
            let _earlier = self.0.insert(path.to_owned(), value.to_owned());
        }
    }

    fn get(&self, meta: &FormMeta, member: u8, pattern: &str) -> Option<&str> {
        let found = self.0.get(&key(meta, member, pattern));
        found.map(String::as_str)
    }

    /// Writes what was entered about a person into the boxes of a form that are empty. What cannot
    /// stand in its box stays out: the screen said so, and a pen is at hand.
    pub(crate) fn fill(&self, rules: &Rules<'_>, member: Option<u8>, data: &mut Value) {
        if self.0.is_empty() {
            return;
        }
        let meta = rules.meta;
        for pattern in &meta.asks {
            let Some(rule) = rules.rule(pattern) else {
                continue;
            };
            let value = |member: Option<u8>| {
                let value = written(rule, self.get(meta, member?, pattern)?);
                fits_kind(rule, &value).then_some(value)
            };
            match pattern.split_once(".*.") {
                None => {
                    if let Some(value) = value(member) {
                        put(data, pattern, value);
                    }
                }
                Some((list, leaf)) => {
                    let entries = data.get_mut(list).and_then(Value::as_array_mut);
                    for entry in entries.into_iter().flatten() {
                        if let Some(value) = value(number_of(entry)) {
                            put(entry, leaf, value);
                        }
                    }
                }
            }
        }
    }
}

/// Where a box is kept, without [`BOX`].
fn key(meta: &FormMeta, member: u8, pattern: &str) -> String {
    if meta.fields.contains_key(pattern) {
        format!("m{member}.{}.{pattern}", meta.number)
    } else {
        format!("m{member}.{pattern}")
    }
}

/// A value as the form's data has it.
fn written(rule: &FieldRule, text: &str) -> Value {
    match rule.kind {
        FieldKind::Flag => json!(text == "true"),
        FieldKind::Choices => json!(ticks(text).collect::<Vec<_>>()),
        FieldKind::Count => text
            .parse::<u64>()
            .map_or_else(|_| json!(text), |n| json!(n)),
        FieldKind::Text
        | FieldKind::Exact
        | FieldKind::Kana
        | FieldKind::Date
        | FieldKind::Choice
        | FieldKind::Digits
        | FieldKind::List => json!(text),
    }
}

impl Forms {
    /// The boxes that the forms of a case ask beyond what is known, person by person; one that
    /// several of a person's forms have stands there once.
    ///
    /// # Errors
    /// When the snapshot does not fill the notification itself.
    pub fn boxes(
        &self,
        snapshot: &Snapshot,
        city: &City,
        answers: &Answers,
    ) -> Result<Vec<FormBox>, FromSnapshotError> {
        let mut unasked = answers.clone();
        unasked.boxes = Boxes::default();
        let mut found: Vec<FormBox> = Vec::new();
        for follow_up in self.follow_ups(snapshot, city, &unasked)? {
            let Some(meta) = self.meta(&follow_up.form) else {
                continue;
            };
            for one in self.boxes_of(meta, &follow_up, &answers.boxes) {
                match found.iter_mut().find(|known| known.path == one.path) {
                    Some(known) if known.forms.contains(&meta.title) => {}
                    Some(known) => known.forms.push(meta.title.clone()),
                    None => found.push(one),
                }
            }
        }
        found.sort_by_key(|one| one.member);
        Ok(found)
    }

    fn boxes_of(&self, meta: &FormMeta, form: &FollowUp, boxes: &Boxes) -> Vec<FormBox> {
        let rules = Rules {
            meta,
            shared: &self.templates.fields,
        };
        let mut found = Vec::new();
        for pattern in &meta.asks {
            let Some(rule) = rules.rule(pattern) else {
                continue;
            };
            for (path, value) in form.data.find(pattern) {
                let Some(member) = owner(form, pattern, &path) else {
                    continue;
                };
                let needless = rule.unless.as_ref().is_some_and(|flag| {
                    meta.asks.contains(flag) && boxes.get(meta, member, flag) == Some("true")
                });
                if !is_blank(value) || needless {
                    continue;
                }
                found.push(FormBox {
                    path: [BOX, &key(meta, member, pattern)].concat(),
                    member,
                    number: meta.number.clone(),
                    forms: vec![meta.title.clone()],
                    rule: FieldRule {
                        label: rules.label(&path),
                        label_en: rules.label_en(&path),
                        label_easy: rules.label_easy(&path),
                        ..rule.clone()
                    },
                    value: boxes
                        .get(meta, member, pattern)
                        .unwrap_or_default()
                        .to_owned(),
                });
            }
        }
        found
    }
}

/// Whose box stands at `path`: the person of its entry in a list, else whoever the form is about.
fn owner(form: &FollowUp, pattern: &str, path: &str) -> Option<u8> {
    let Some((list, _)) = pattern.split_once(".*.") else {
        return form.asked;
    };
    let place = path.strip_prefix(list)?.strip_prefix('.')?;
    let place: usize = place.split('.').next()?.parse().ok()?;
    let entries = form.data.as_json().get(list)?.as_array()?;
    number_of(entries.get(place.checked_sub(1)?)?)
}

fn is_blank(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => false,
    }
}
