//! Whether a catalogue is right: what the loader refuses, and what it would take but nobody
//! wants, such as a rule that never holds or a text that is missing in a language.

mod reachable;
mod texts;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::catalogue::{Catalogue, Kind, errors};
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

/// Everything that is wrong with a catalogue and its golden households, by file and line.
///
/// Without golden households it is not asked whether one triggers every rule.
pub fn check(files: &[(&str, &str)], golden: &[(&str, &str)]) -> Vec<Finding> {
    let of_certificates = |file: &&(&str, &str)| file.0 == certificates::BUNDLED.0;
    let certificates = files.iter().filter(of_certificates);
    let certificates = certificates
        .filter_map(|(name, text)| certificates::Certificates::from_file(name, text).err());
    let rest: Vec<_> = files
        .iter()
        .filter(|file| !of_certificates(file))
        .copied()
        .collect();
    let files = rest.as_slice();
    let mut refused = errors(files);
    refused.extend(certificates);
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
    let places = Places { files };
    let guide = Guide::new(catalogue);
    let mut findings = Vec::new();
    texts::check(guide.catalogue(), &places, &mut findings);
    check_rules(&guide, &places, &mut findings);
    check_questions(&guide, &places, &mut findings);
    if !golden.is_empty() {
        check_golden(&guide, &places, golden, &mut findings);
    }
    findings.sort();
    findings
}

/// Where things stand in the files.
struct Places<'a> {
    files: &'a [(&'a str, &'a str)],
}

impl Places<'_> {
    /// A finding at the first line that begins with `start`, after blanks.
    fn finding(&self, start: &str, sentence: String) -> Finding {
        for (file, text) in self.files {
            for (line, said) in (1_u64..).zip(text.lines()) {
                let trimmed = said.trim_start();
                if !trimmed.starts_with(start) {
                    continue;
                }
                let blanks = said.chars().count() - trimmed.chars().count();
                return Finding {
                    file: (*file).to_owned(),
                    line,
                    column: u64::try_from(blanks).unwrap_or(0) + 1,
                    sentence,
                };
            }
        }
        Finding {
            file: String::new(),
            line: 1,
            column: 1,
            sentence,
        }
    }

    fn of_procedure(&self, id: &str, sentence: String) -> Finding {
        self.finding(&format!("- id: {id}"), sentence)
    }

    fn of_fact(&self, name: &str, sentence: String) -> Finding {
        self.finding(&format!("{name}:"), sentence)
    }
}

fn check_rules(guide: &Guide, places: &Places<'_>, findings: &mut Vec<Finding>) {
    let mut forms = BTreeSet::new();
    for (at, procedure) in guide.catalogue().procedures().iter().enumerate() {
        let id = &procedure.id;
        if !reachable::reachable(guide, at) {
            let sentence = format!("the rule of {id} never holds; no facts make it true");
            findings.push(places.of_procedure(id, sentence));
        }
        match (&procedure.form_no, procedure.kind) {
            (None, Kind::Form) => {
                let sentence = format!("{id} is a form but has no form_no; number the form");
                findings.push(places.of_procedure(id, sentence));
            }
            (Some(form), _) if !forms.insert(form.clone()) => {
                let sentence = format!("the form {form} of {id} is another procedure's form too");
                findings.push(places.of_procedure(id, sentence));
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
            findings.push(places.of_fact(name, sentence));
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
            findings.push(places.of_procedure(id, sentence));
        }
    }
}
