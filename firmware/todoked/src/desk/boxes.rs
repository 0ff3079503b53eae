//! What the sections' forms ask that neither the notification nor the interview says: a bank account, an
//! employer, the plate of a moped. It is asked at the step of the procedures, person by person, what
//! several forms have once; what stays empty is left to a pen.

use std::collections::BTreeSet;

use counter_api::{BoxGroup, Choice, FieldKind as Shown, FieldView, Language, Notice, Step};
use counter_domain::date::FuzzyDate;
use counter_domain::width::half_digits;
use counter_forms::{Answers, BOX, FieldKind, FormBox, is_declaration, ticks};

use crate::desk::Desk;
use crate::desk::checks::{date_hint, date_in_words};
use crate::desk::visit::Visit;
use crate::records::Records;
use crate::texts::{Code, notice, sentence, word, word_english};

impl<R: Records> Desk<R> {
    /// The boxes of the forms that are needed as the case stands.
    pub(super) fn boxes(&self, visit: &Visit) -> Vec<FormBox> {
        let content = visit.content(Language::Japanese);
        let answers = Answers::of_draft(visit.draft());
        self.glyphs.boxes(&content, &answers)
    }

    /// Where the declarations stand that were ticked for forms which are needed as the case stands.
    pub(super) fn declared(&self, visit: &Visit) -> BTreeSet<String> {
        let mut ticked = visit.draft().fields_under(BOX);
        if !ticked.any(|(path, _)| is_declaration(path.as_str())) {
            return BTreeSet::new();
        }
        let boxes = self.boxes(visit).into_iter();
        let declared = boxes.filter(|one| one.is_declaration() && !one.value.is_empty());
        declared.map(|one| one.path).collect()
    }

    /// The boxes as staff see them, at the step they are asked in.
    pub(super) fn boxes_view(&self, visit: &Visit) -> Vec<BoxGroup> {
        if visit.step != Step::Procedures || !visit.is_editable() {
            return Vec::new();
        }
        let mut groups: Vec<BoxGroup> = Vec::new();
        for one in self.boxes(visit) {
            if groups.last().is_none_or(|group| group.member != one.member) {
                groups.push(BoxGroup {
                    member: one.member,
                    name: visit.name_of(one.member),
                    forms: Vec::new(),
                    fields: Vec::new(),
                });
            }
            let Some(group) = groups.last_mut() else {
                continue;
            };
            for form in &one.forms {
                if !group.forms.contains(form) {
                    group.forms.push(form.clone());
                }
            }
            group.fields.push(self.box_field(visit, &one));
        }
        groups
    }

    /// What is stored for a value typed into a box.
    pub(super) fn tidied_box(
        &self,
        visit: &Visit,
        path: &str,
        typed: &str,
    ) -> Result<String, Notice> {
        let mut boxes = self.boxes(visit).into_iter();
        let one = boxes.find(|one| one.path == path);
        let one = one.ok_or_else(|| notice(Code::FieldUnknown))?;
        Ok(tidied(&one, typed))
    }

    /// What is wrong in a box, in words. Nothing of it has to be filled.
    pub(super) fn box_problem(&self, visit: &Visit) -> Option<String> {
        let wrong = self
            .boxes(visit)
            .into_iter()
            .find(|one| self.wrong(one).is_some())?;
        let label = [("label", wrong.rule.label.as_str())];
        Some(sentence("blocked", "wrong", &label))
    }

    fn wrong(&self, one: &FormBox) -> Option<String> {
        if let Some(lone) = one.lone_beside_others(&one.value) {
            return Some(sentence("error", "alone", &[("lone", lone)]));
        }
        if !one.takes(&one.value) {
            return Some(match (one.rule.kind, one.rule.length) {
                (FieldKind::Kana, _) => word("error", "kana"),
                (FieldKind::Digits, 1..) => {
                    let count = one.rule.length.to_string();
                    sentence("error", "digits", &[("count", &count)])
                }
                _ => word("error", "box"),
            });
        }
        if one.rule.kind == FieldKind::Date && !one.value.is_empty() {
            let day = one.value.parse::<FuzzyDate>();
            return day.err().map(|error| error.advice_ja());
        }
        let missing = self.glyphs.missing(&one.value);
        missing.map(|text| sentence("error", "glyph", &[("text", &text)]))
    }

    fn box_field(&self, visit: &Visit, one: &FormBox) -> FieldView {
        let path = one.path.clone();
        let field = visit.draft().field(&path.as_str().into());
        let unsaved = visit.unsaved.get(&path);
        let value = unsaved.map_or(one.value.as_str(), String::as_str);
        let hint = match (one.rule.kind, one.forms.len()) {
            (FieldKind::Date, _) => date_hint(&path, value, self.today()),
            (_, 2..) => sentence("boxes", "on", &[("forms", &one.forms.join("、"))]),
            (_, _) => String::new(),
        };
        FieldView {
            value: if one.rule.kind == FieldKind::Date {
                date_in_words(value)
            } else {
                value.to_owned()
            },
            hint,
            choices: choices(one, &one.rule.words),
            translated: said(one, self.language),
            source: field
                .filter(|_| !one.value.is_empty())
                .map(|field| field.shown.source),
            error: self.wrong(one),
            ..FieldView::bare(path, one.rule.label.clone(), on_screen(one.rule.kind))
        }
    }
}

/// Dates and digits as they are kept; names and addresses are never touched.
fn tidied(one: &FormBox, typed: &str) -> String {
    match one.rule.kind {
        FieldKind::Date => typed
            .parse::<FuzzyDate>()
            .map_or_else(|_| typed.trim().to_owned(), |day| day.to_string()),
        FieldKind::Digits | FieldKind::Count => digits(typed),
        FieldKind::Choices => one.in_order(typed),
        FieldKind::Kana | FieldKind::Flag | FieldKind::Choice => typed.trim().to_owned(),
        FieldKind::Text | FieldKind::Exact | FieldKind::List => typed.to_owned(),
    }
}

/// A number without the hyphens and blanks it is printed with, in half-width digits.
fn digits(typed: &str) -> String {
    let mut digits = half_digits(typed);
    digits.retain(|c| !matches!(c, '-' | '－' | ' ' | '\u{3000}'));
    digits
}

/// What a box is on the screen; a number of digits has the keys of a telephone.
const fn on_screen(kind: FieldKind) -> Shown {
    match kind {
        FieldKind::Text | FieldKind::List => Shown::Text,
        FieldKind::Exact => Shown::ExactGlyphs,
        FieldKind::Kana => Shown::Kana,
        FieldKind::Date => Shown::Date,
        FieldKind::Count | FieldKind::Digits => Shown::Phone,
        FieldKind::Flag | FieldKind::Choice => Shown::Choice,
        FieldKind::Choices => Shown::Choices,
    }
}

/// What may be chosen, in `words`.
fn choices(one: &FormBox, words: &[String]) -> Vec<Choice> {
    let choice = |value: &str, label: String| Choice {
        value: value.to_owned(),
        label,
    };
    if one.rule.kind == FieldKind::Flag {
        return vec![
            choice("true", word("reply", "yes")),
            choice("false", word("reply", "no")),
        ];
    }
    let values = one.rule.values.iter().zip(words);
    values
        .map(|(value, words)| choice(value, words.clone()))
        .collect()
}

/// The words of a box in the language the resident reads: English, or plain Japanese.
fn words_said(one: &FormBox, language: Language) -> (&str, Vec<Choice>) {
    let rule = &one.rule;
    match language {
        Language::Japanese => (&rule.label_easy, choices(one, &rule.words_easy)),
        Language::English if rule.kind == FieldKind::Flag => {
            let reply = |value: &str, name: &str| Choice {
                value: value.to_owned(),
                label: word_english("reply", name),
            };
            let replies = vec![reply("true", "yes"), reply("false", "no")];
            (&rule.label_en, replies)
        }
        Language::English => (&rule.label_en, choices(one, &rule.words_en)),
    }
}

/// A box as staff say it to the resident: its label, and what may be chosen, in the order of the
/// buttons; sentences stand in lines of their own.
fn said(one: &FormBox, language: Language) -> String {
    let (label, choices) = words_said(one, language);
    let choices: Vec<String> = choices.into_iter().map(|choice| choice.label).collect();
    let of_sentences = choices.iter().any(|words| words.ends_with(['。', '.']));
    if choices.is_empty() {
        label.to_owned()
    } else if of_sentences {
        [label, "\n・", &choices.join("\n・")].concat()
    } else {
        [label, ": ", &choices.join(" / ")].concat()
    }
}

/// A declaration as the resident reads it: every sentence of the form, first those that were
/// confirmed; what stands on paper, and below it the same in plain Japanese or English.
pub(super) fn declaration_read(one: &FormBox, language: Language) -> String {
    let is_ticked = |value: &str| ticks(&one.value).any(|tick| tick == value);
    let (_, said) = words_said(one, language);
    let sentences = one.rule.values.iter().zip(&one.rule.words).zip(said);
    let (mut confirmed, mut open) = (Vec::new(), Vec::new());
    for ((value, words), said) in sentences {
        let (lines, name) = if is_ticked(value) {
            (&mut confirmed, "confirmed")
        } else {
            (&mut open, "open")
        };
        let beside = match language {
            Language::Japanese => String::new(),
            Language::English => word_english("declared", name),
        };
        lines.push([&word("declared", name), words, "\n", &beside, &said.label].concat());
    }
    confirmed.extend(open);
    confirmed.join("\n")
}

/// Label and value of a box as the resident reads them below what will stand on paper; no value
/// where it would say the same.
pub(super) fn read_by_resident(one: &FormBox, language: Language) -> (String, String) {
    let (label, choices) = words_said(one, language);
    let chosen = choices
        .into_iter()
        .filter(|choice| ticks(&one.value).any(|tick| tick == choice.value));
    let chosen: Vec<String> = chosen.map(|choice| choice.label).collect();
    let value = chosen.join(" / ");
    let is_said = value == in_words(one);
    (
        label.to_owned(),
        if is_said { String::new() } else { value },
    )
}

/// A value as people read it.
pub(super) fn in_words(one: &FormBox) -> String {
    if one.rule.kind == FieldKind::Date {
        return date_in_words(&one.value);
    }
    let known = choices(one, &one.rule.words);
    let word = |value: &str| {
        let chosen = known.iter().find(|choice| choice.value == value);
        chosen.map_or_else(|| value.to_owned(), |choice| choice.label.clone())
    };
    if one.rule.kind == FieldKind::Choices {
        return ticks(&one.value).map(word).collect::<Vec<_>>().join("、");
    }
    word(&one.value)
}
