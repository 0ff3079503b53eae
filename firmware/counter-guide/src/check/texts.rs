//! Texts that are missing in a language.

use super::{Finding, Places};
use crate::catalogue::{Catalogue, Words};
use crate::certificates::Certificates;

pub(super) fn check(catalogue: &Catalogue, places: &Places<'_>, findings: &mut Vec<Finding>) {
    for fact in catalogue.facts() {
        let name = &fact.name;
        let mut missing = |what: &str, text: &str| {
            if text.trim().is_empty() {
                let sentence = format!("{name} has no {what}");
                findings.push(places.of("fact", name, sentence));
            }
        };
        missing("label_ja", &fact.label_ja);
        if let Some(question) = &fact.question {
            missing("question_ja", &question.ja);
            missing(
                "question_easy_ja; write it in plain Japanese",
                plain(&question.ja, &question.easy_ja),
            );
            missing("question_en", &question.en);
        }
        for (value, words) in &fact.values {
            missing(&format!("Japanese for {value}"), &words.ja);
            missing(&format!("English for {value}"), &words.en);
        }
    }
    for status in catalogue.statuses().iter() {
        if status.english.trim().is_empty() {
            let sentence = format!("{} has no en", status.name);
            findings.push(places.of("status", &status.name, sentence));
        }
    }
    for procedure in catalogue.procedures() {
        let id = &procedure.id;
        let mut report = |sentence: String| findings.push(places.of("procedure", id, sentence));
        if procedure.name.ja.is_empty() || procedure.name.en.is_empty() {
            report(format!("{id} needs a name in Japanese and English"));
        }
        match catalogue.advice(id) {
            None => report(format!(
                "{id} has no advice; write under advice why it matters (ja, easy, en) and what happens when it is late"
            )),
            Some(advice) => {
                let mut report =
                    |sentence: String| findings.push(places.of("advice of", id, sentence));
                report_missing(&advice.why, &format!("why of {id}"), &mut report);
            }
        }
        let mut report = |sentence: String| findings.push(places.of("procedure", id, sentence));
        if procedure.documents.is_empty() {
            report(format!(
                "{id} does not say what to bring; write documents: [none] when nothing is needed"
            ));
        }
        if catalogue.counter_of(procedure).is_none() {
            let section = &procedure.section;
            report(format!(
                "there is no place for {id}; write {section} under counters"
            ));
        }
    }
    for (kind, id, words) in catalogue.resident_texts() {
        let mut report = |sentence: String| findings.push(places.of(kind, id, sentence));
        report_missing(words, &format!("{kind} {id}"), &mut report);
    }
}

/// A plain question that only repeats the ordinary one was not written.
fn plain<'a>(ja: &str, easy: &'a str) -> &'a str {
    if ja == easy { "" } else { easy }
}

fn report_missing(words: &Words, what: &str, report: &mut impl FnMut(String)) {
    let texts = [
        (words.ja.as_str(), "Japanese (ja)"),
        (
            words.easy.as_deref().unwrap_or_default(),
            "plain Japanese (easy)",
        ),
        (words.en.as_str(), "English (en)"),
    ];
    for (text, language) in texts {
        if text.trim().is_empty() {
            report(format!("the {what} has no text in {language}"));
        }
    }
}

/// Certificates, whose file is read by itself: a text is found again by its key.
pub(super) fn check_certificates(
    certificates: &Certificates,
    file: &str,
    text: &str,
    findings: &mut Vec<Finding>,
) {
    for (kind, id, words) in certificates.resident_texts() {
        let keys = [format!("{id}:"), format!("- {{ id: {id},")];
        let lines = (1_u64..).zip(text.lines());
        let found = lines.into_iter().find_map(|(line, said)| {
            let key = said.trim_start();
            let here = keys.iter().any(|start| key.starts_with(start));
            let blanks = said.chars().count() - key.chars().count();
            here.then(|| (line, u64::try_from(blanks).unwrap_or(0) + 1))
        });
        let (line, column) = found.unwrap_or((1, 1));
        let mut report = |sentence: String| {
            findings.push(Finding {
                file: file.to_owned(),
                line,
                column,
                sentence,
            });
        };
        report_missing(words, &format!("{kind} {id}"), &mut report);
    }
}
