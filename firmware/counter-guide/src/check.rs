//! Whether a catalogue is right: what the loader refuses, and what it would take but nobody
//! wants, such as a rule that never holds or a text that is missing in a language.

mod languages;
mod quiet;
mod reachable;
mod texts;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::catalogue::{Catalogue, Kind, Mark, Marks, errors};
use crate::certificates;
use crate::golden::Golden;
use crate::guide::Guide;
use crate::program::{Program, Start};

/// Something to correct, or to look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
    /// What is wrong and what to do.
    pub sentence: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            file,
            line,
            column,
            sentence,
        } = self;
        write!(f, "{file}:{line}:{column}: {sentence}")
    }
}

impl Finding {
    fn at(mark: &Mark, sentence: String) -> Self {
        Self {
            file: mark.file.clone(),
            line: mark.line,
            column: mark.column,
            sentence,
        }
    }
}

/// Everything that is wrong with a catalogue and its golden households, by file and line.
///
/// Without golden households it is not asked whether one triggers every rule.
pub fn check(files: &[(&str, &str)], golden: &[(&str, &str)]) -> Vec<Finding> {
    let mut refused = errors(files);
    let of_certificates = files.iter().find(|file| file.0 == certificates::BUNDLED.0);
    let certificates =
        of_certificates.map(|(name, text)| certificates::Certificates::from_file(name, text));
    if let Some(Err(error)) = &certificates {
        refused.push(error.clone());
    }
    if !refused.is_empty() {
        let findings = refused.into_iter().map(|error| Finding {
            file: error.file,
            line: error.line,
            column: error.column,
            sentence: error.message,
        });
        return findings.collect();
    }
    let Ok(catalogue) = Catalogue::from_files(files) else {
        return Vec::new();
    };
    let marks = catalogue.marks().clone();
    let places = Places { marks: &marks };
    let guide = Guide::new(catalogue);
    let mut findings = Vec::new();
    texts::check(guide.catalogue(), &places, &mut findings);
    if let Some((Ok(certificates), (name, text))) = certificates.zip(of_certificates) {
        texts::check_certificates(&certificates, name, text, &mut findings);
    }
    languages::check(guide.catalogue(), &places, &mut findings);
    quiet::check(&guide, &places, &mut findings);
    check_rules(&guide, &places, &mut findings);
    check_questions(&guide, &places, &mut findings);
    check_known(guide.catalogue(), &places, &mut findings);
    if !golden.is_empty() {
        check_golden(&guide, &places, golden, &mut findings);
    }
    findings.sort();
    findings
}

/// Where things stand in the files.
struct Places<'a> {
    marks: &'a Marks,
}

impl Places<'_> {
    /// A finding where the thing of this kind and id was declared.
    fn of(&self, kind: &'static str, id: &str, sentence: String) -> Finding {
        let nowhere = Mark {
            file: String::new(),
            line: 1,
            column: 1,
        };
        Finding::at(self.marks.of(kind, id).unwrap_or(&nowhere), sentence)
    }
}

fn check_rules(guide: &Guide, places: &Places<'_>, findings: &mut Vec<Finding>) {
    let mut forms = BTreeSet::new();
    for (at, procedure) in guide.catalogue().procedures().iter().enumerate() {
        let id = &procedure.id;
        if !reachable::reachable(guide, at) {
            let sentence = format!("the rule of {id} never holds; no facts make it true");
            findings.push(places.of("rule", id, sentence));
        }
        match (&procedure.form_no, procedure.kind) {
            (None, Kind::Form) => {
                let sentence = format!("{id} is a form but has no form_no; number the form");
                findings.push(places.of("procedure", id, sentence));
            }
            (Some(form), _) if !forms.insert(form.clone()) => {
                let sentence = format!("the form {form} of {id} is another procedure's form too");
                findings.push(places.of("procedure", id, sentence));
            }
            (Some(_), _) | (None, Kind::Task | Kind::Guide) => {}
        }
    }
}

/// Facts whose question nobody would ever be asked.
fn check_questions(guide: &Guide, places: &Places<'_>, findings: &mut Vec<Finding>) {
    let catalogue = guide.catalogue();
    let mut program = Program::default();
    let mut read: BTreeSet<usize> = BTreeSet::new();
    let mut add = |program: &Program, start: Start| {
        read.extend(
            program
                .readings(start)
                .into_iter()
                .map(|reading| reading.fact),
        );
    };
    for procedure in catalogue.procedures() {
        let start = program.add(&procedure.rule, catalogue.facts());
        add(&program, start);
    }
    for impossible in catalogue.impossible() {
        let start = program.add(&impossible.rule, catalogue.facts());
        add(&program, start);
    }
    for (id, fact) in catalogue.facts().iter().enumerate() {
        if fact.question.is_some() && !read.contains(&id) {
            let name = &fact.name;
            let sentence = format!(
                "the question of {name} is never asked; no rule reads it, so use it in a rule or take it out"
            );
            findings.push(places.of("fact", name, sentence));
        }
    }
}

/// Rules on what records answer that another one keeps from ever being used.
fn check_known(catalogue: &Catalogue, places: &Places<'_>, findings: &mut Vec<Finding>) {
    let rules = &catalogue.known().0;
    for (at, rule) in rules.iter().enumerate() {
        let hidden = rules.iter().take(at).any(|earlier| earlier.hides(rule));
        let number = at.to_string();
        if hidden && places.marks.of("known", &number).is_some() {
            let (code, fact) = (&rule.qualification, &rule.fact);
            let sentence = format!(
                "this rule on {code} and {fact} is never used; one before it always fits, so move it up or take it out"
            );
            findings.push(places.of("known", &number, sentence));
        }
    }
}

fn check_golden(
    guide: &Guide,
    places: &Places<'_>,
    golden: &[(&str, &str)],
    findings: &mut Vec<Finding>,
) {
    let mut triggered: BTreeSet<String> = BTreeSet::new();
    for (file, text) in golden {
        let mut report = |line: u64, sentence: String| {
            findings.push(Finding {
                file: (*file).to_owned(),
                line,
                column: 1,
                sentence,
            });
        };
        match Golden::read(text) {
            Err(problem) => report(problem.line, problem.sentence),
            Ok(household) => {
                for problem in household.problems(guide) {
                    report(problem.line, problem.sentence);
                }
                let guidance = guide.evaluate(&household.facts);
                triggered.extend(guidance.listed.into_iter().map(|listed| listed.procedure));
            }
        }
    }
    for procedure in guide.catalogue().procedures() {
        let id = &procedure.id;
        if !triggered.contains(id) {
            let sentence = format!("no golden household leads to {id}; write one that does");
            findings.push(places.of("procedure", id, sentence));
        }
    }
}
