//! Whether a further language says everything residents read.

use std::collections::BTreeSet;

use super::{Finding, Places};
use crate::catalogue::{Catalogue, FactType};

/// How many missing texts a sentence names; the rest are counted.
const NAMED_MAX: usize = 5;

pub(super) fn check(catalogue: &Catalogue, places: &Places<'_>, findings: &mut Vec<Finding>) {
    let wanted: BTreeSet<String> = keys(catalogue).into_iter().collect();
    for language in catalogue.languages() {
        let tag = &language.tag;
        for (key, (_, mark)) in &language.texts {
            if !wanted.contains(key) {
                let sentence = format!("nothing is called {key}, so {tag} needs no text for it");
                findings.push(Finding::at(mark, sentence));
            }
        }
        let missing: Vec<&str> = wanted
            .iter()
            .map(String::as_str)
            .filter(|key| language.text(key).is_none())
            .collect();
        if missing.is_empty() {
            continue;
        }
        let named: Vec<&str> = missing.iter().copied().take(NAMED_MAX).collect();
        let more = match missing.len().saturating_sub(NAMED_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let sentence = format!("{tag} has no text for {}{more}", named.join(", "));
        findings.push(places.of("language", tag, sentence));
    }
}

/// Every key a language translates, in the order of the catalogue.
pub(crate) fn keys(catalogue: &Catalogue) -> Vec<String> {
    let mut keys = Vec::new();
    for fact in catalogue.facts() {
        if fact.question.is_some() {
            keys.push(format!("question.{}", fact.name));
        }
        if fact.question.is_some() && fact.kind == FactType::Choice {
            let values = fact.values.iter();
            keys.extend(values.map(|(value, _)| format!("answer.{}.{value}", fact.name)));
        }
    }
    for procedure in catalogue.procedures() {
        keys.push(format!("procedure.{}", procedure.id));
        keys.push(format!("why.{}", procedure.id));
    }
    for (kind, id, _) in catalogue.resident_texts() {
        keys.push(format!("{kind}.{id}"));
    }
    keys
}
