//! What another edition of the catalogue changes: for golden households row by row with reasons,
//! for real cases only how many.
//!
//! Golden households are invented, so their members are named. Real cases come as facts without a
//! name and leave only counts.

mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::catalogue::{Catalogue, Procedure};
use crate::facts::Facts;
use crate::golden::Golden;
use crate::guide::{Guide, RowState};

pub use text::told_ja;

/// A procedure that one household gains, loses or must be asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowChange {
    /// Catalogue id.
    pub procedure: String,
    /// Its name.
    pub name: String,
    /// Member it is for, as the household calls them; `None` for the household.
    pub member: Option<String>,
    /// With the edition in force.
    pub before: RowState,
    /// With the other one.
    pub after: RowState,
    /// Why it is so with the other one; why it was so before when it does not know the procedure.
    pub reason: String,
}

/// What changes for a golden household.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HouseholdChange {
    /// Its file.
    pub household: String,
    /// What it is kept for.
    pub why: String,
    /// Changed procedures, in the order of the catalogue.
    pub rows: Vec<RowChange>,
    /// Facts that are asked with the other edition only.
    pub questions_added: Vec<String>,
    /// Facts that are asked with the edition in force only.
    pub questions_removed: Vec<String>,
    /// Claims of the household that hold no longer.
    pub broken: Vec<String>,
}

/// A procedure whose own entry differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcedureChange {
    /// Catalogue id.
    pub procedure: String,
    /// Its name.
    pub name: String,
    /// What differs: `new`, `gone`, or the keys of its entry.
    pub what: Vec<&'static str>,
}

/// How often a procedure comes up in real cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcedureCount {
    /// Catalogue id.
    pub procedure: String,
    /// Its name.
    pub name: String,
    /// Times it is listed with the edition in force.
    pub before: usize,
    /// Times it is listed with the other one.
    pub after: usize,
}

/// What changes for real cases. Counts only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CaseCounts {
    /// Cases looked at.
    pub cases: usize,
    /// Cases with a protected person, which are not looked at.
    pub left_out: usize,
    /// Cases with at least one procedure more or less.
    pub changed: usize,
    /// Procedures whose count differs.
    pub procedures: Vec<ProcedureCount>,
    /// Questions still open in all cases together, with the edition in force.
    pub questions_before: usize,
    /// The same with the other one.
    pub questions_after: usize,
}

/// The difference of two editions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Procedures whose own entry differs.
    pub procedures: Vec<ProcedureChange>,
    /// Golden households looked at.
    pub households_seen: usize,
    /// Those for which something changes.
    pub households: Vec<HouseholdChange>,
    /// Real cases.
    pub cases: CaseCounts,
}

/// Compares two editions over golden households, given with their file names, and over the facts
/// of real cases. `left_out` real cases are only counted.
pub fn compare(
    before: &Guide,
    after: &Guide,
    golden: &[(&str, &str)],
    cases: &[Facts],
    left_out: usize,
) -> Comparison {
    let read = golden.iter().filter_map(|(file, text)| {
        let household = Golden::read(text).ok()?;
        Some((*file, household))
    });
    let households: Vec<(&str, Golden)> = read.collect();
    let changed = households
        .iter()
        .filter_map(|(file, household)| household_change(before, after, file, household));
    Comparison {
        procedures: procedure_changes(before.catalogue(), after.catalogue()),
        households_seen: households.len(),
        households: changed.collect(),
        cases: case_counts(before, after, cases, left_out),
    }
}

impl Comparison {
    /// Whether nothing at all differs.
    pub fn is_empty(&self) -> bool {
        self.procedures.is_empty() && self.households.is_empty() && self.cases.changed == 0
    }
}

type Rows = BTreeMap<(String, Option<u8>), RowState>;

/// Every row that is not certainly unnecessary, and the facts asked.
fn rows(guide: &Guide, facts: &Facts) -> (Rows, BTreeSet<String>) {
    let guidance = guide.evaluate(facts);
    let listed = guidance.listed.into_iter();
    let listed = listed.map(|row| ((row.procedure, row.member), RowState::Needed));
    let open = guidance.to_confirm.into_iter();
    let open = open.map(|row| ((row.procedure, row.member), RowState::ToConfirm));
    let asked = guidance.questions.into_iter().map(|group| group.fact);
    (listed.chain(open).collect(), asked.collect())
}

fn household_change(
    before: &Guide,
    after: &Guide,
    file: &str,
    household: &Golden,
) -> Option<HouseholdChange> {
    let facts = &household.facts;
    let (old, old_questions) = rows(before, facts);
    let (new, new_questions) = rows(after, facts);
    let known = household.broken_ja(before);
    let mut broken = household.broken_ja(after);
    broken.retain(|claim| !known.contains(claim));
    let mut changed = Vec::new();
    for row in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let state = |rows: &Rows| rows.get(row).copied().unwrap_or(RowState::NotNeeded);
        let (was, is) = (state(&old), state(&new));
        if was == is {
            continue;
        }
        let (id, member) = row;
        let known = |guide: &Guide| guide.catalogue().procedure(id).is_some();
        let teller = if known(after) { after } else { before };
        changed.push(RowChange {
            procedure: id.clone(),
            name: name(teller.catalogue(), id),
            member: member.map(|number| household.called(number)),
            before: was,
            after: is,
            reason: teller.explained_ja(facts, id, *member),
        });
    }
    let without = |these: &BTreeSet<String>, those: &BTreeSet<String>| -> Vec<String> {
        these.difference(those).cloned().collect()
    };
    let change = HouseholdChange {
        household: file.to_owned(),
        why: household.why.lines().next().unwrap_or_default().to_owned(),
        questions_added: without(&new_questions, &old_questions),
        questions_removed: without(&old_questions, &new_questions),
        rows: changed,
        broken,
    };
    let same = change.rows.is_empty()
        && change.broken.is_empty()
        && change.questions_added.is_empty()
        && change.questions_removed.is_empty();
    (!same).then_some(change)
}

fn name(catalogue: &Catalogue, id: &str) -> String {
    let procedure = catalogue.procedure(id);
    procedure.map_or_else(String::new, |one| one.name.ja.clone())
}

fn case_counts(before: &Guide, after: &Guide, cases: &[Facts], left_out: usize) -> CaseCounts {
    let mut counts = CaseCounts {
        cases: cases.len(),
        left_out,
        ..CaseCounts::default()
    };
    let mut times: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for facts in cases {
        let (old, new) = (before.evaluate(facts), after.evaluate(facts));
        let references = |guidance: &crate::guide::Guidance| -> BTreeSet<(String, Option<u8>)> {
            let listed = guidance.listed.iter();
            listed
                .map(|row| (row.procedure.clone(), row.member))
                .collect()
        };
        let (was, is) = (references(&old), references(&new));
        counts.changed += usize::from(was != is);
        counts.questions_before += old.questions.len();
        counts.questions_after += new.questions.len();
        for (id, _) in was {
            times.entry(id).or_default().0 += 1;
        }
        for (id, _) in is {
            times.entry(id).or_default().1 += 1;
        }
    }
    for (procedure, (before_times, after_times)) in times {
        if before_times == after_times {
            continue;
        }
        let known = after.catalogue().procedure(&procedure).is_some();
        let teller = if known { after } else { before };
        counts.procedures.push(ProcedureCount {
            name: name(teller.catalogue(), &procedure),
            procedure,
            before: before_times,
            after: after_times,
        });
    }
    counts
}

fn procedure_changes(before: &Catalogue, after: &Catalogue) -> Vec<ProcedureChange> {
    let mut changes = Vec::new();
    for procedure in after.procedures() {
        let what = match before.procedure(&procedure.id) {
            None => vec!["new"],
            Some(old) => differing(before, old, after, procedure),
        };
        if !what.is_empty() {
            changes.push(ProcedureChange {
                procedure: procedure.id.clone(),
                name: procedure.name.ja.clone(),
                what,
            });
        }
    }
    for procedure in before.procedures() {
        if after.procedure(&procedure.id).is_none() {
            changes.push(ProcedureChange {
                procedure: procedure.id.clone(),
                name: procedure.name.ja.clone(),
                what: vec!["gone"],
            });
        }
    }
    changes
}

fn differing(
    before: &Catalogue,
    old: &Procedure,
    after: &Catalogue,
    new: &Procedure,
) -> Vec<&'static str> {
    let advice = (before.advice(&old.id), after.advice(&new.id));
    let late = (
        before.consequence_of(&old.id),
        after.consequence_of(&new.id),
    );
    let bring = (before.documents_of(old), after.documents_of(new));
    let compared = [
        ("name", old.name != new.name),
        ("section", old.section != new.section),
        (
            "form_no",
            old.form_no != new.form_no || old.kind != new.kind,
        ),
        ("when", old.when != new.when || old.scope != new.scope),
        ("deadline", old.deadline != new.deadline),
        ("documents", bring.0 != bring.1),
        (
            "why",
            advice.0.map(|one| &one.why) != advice.1.map(|one| &one.why),
        ),
        ("late", late.0 != late.1),
        ("place", before.counter_of(old) != after.counter_of(new)),
        ("interview", old.interview != new.interview),
        ("note", old.note != new.note),
        ("find", old.find != new.find),
    ];
    let differing = compared.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(what, _)| what).collect()
}
