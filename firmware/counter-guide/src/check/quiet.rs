//! What must never stand on the resident's display: whoever waits behind can read it.
//!
//! A fact is asked and said on the staff's screen only when it is marked `sensitive`. A city may
//! mark more; it may not unmark these (要配慮個人情報, 個人情報保護法2条3項; 支援措置; 生活保護).

use super::{Finding, Places};
use crate::catalogue::Fact;
use crate::guide::Guide;
use crate::program::{Program, Start};

/// Facts about health, disability, protection, assistance and family that are always asked quietly.
const ALWAYS_QUIET: [&str; 18] = [
    "body_cert",
    "child_special",
    "disability_service",
    "hh.welfare",
    "hibaku",
    "holds_certificate",
    "intellect_cert",
    "intractable",
    "mental_cert",
    "pregnant",
    "protected",
    "rearing_allowance",
    "self_support_medical",
    "severe_medical",
    "single_parent",
    "special_child_allow",
    "specific_disease",
    "wants_protection",
];

pub(super) fn check(guide: &Guide, places: &Places<'_>, findings: &mut Vec<Finding>) {
    let facts = guide.catalogue().facts();
    for fact in facts.iter().filter(|fact| !fact.sensitive) {
        let name = &fact.name;
        if ALWAYS_QUIET.contains(&name.as_str()) {
            let sentence = format!(
                "{name} would be asked on the resident's screen, where others can read it; write sensitive: true"
            );
            findings.push(places.of("fact", name, sentence));
        }
    }
    check_what_follows(guide, places, findings);
}

/// A question that is not sensitive may not settle something that is: asking it is asking the
/// other. Only rules that read one fact are looked at; several facts together tell nothing.
fn check_what_follows(guide: &Guide, places: &Places<'_>, findings: &mut Vec<Finding>) {
    let catalogue = guide.catalogue();
    let facts = catalogue.facts();
    let mut program = Program::default();
    for impossible in catalogue.impossible() {
        let start: Start = program.add(&impossible.rule, facts);
        let readings = program.readings(start);
        let [only] = readings.as_slice() else {
            continue;
        };
        let is_open = |fact: &&Fact| fact.question.is_some() && !fact.sensitive;
        let Some(asked) = facts.get(only.fact).filter(is_open) else {
            continue;
        };
        let quiet = impossible.set.iter().filter_map(|(id, _)| facts.get(*id));
        let quiet: Vec<&str> = quiet
            .filter(|fact| fact.sensitive)
            .map(|fact| fact.name.as_str())
            .collect();
        if !quiet.is_empty() {
            let (name, quiet) = (&asked.name, quiet.join(", "));
            let sentence = format!(
                "the question of {name} settles {quiet} and would be asked on the resident's screen; write sensitive: true"
            );
            findings.push(places.of("fact", name, sentence));
        }
    }
}
