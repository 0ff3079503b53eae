//! A case whose facts arrive one by one.

use super::{Guidance, Guide, Row, ToConfirm, member_number};
use crate::facts::{FactValue, Facts};
use crate::meaning::Where;
use crate::table::Table;
use crate::truth::Truth;

/// Keeps the value of every rule; a new fact re-reads only the rules that depend on it.
#[derive(Debug)]
pub struct Session<'a> {
    guide: &'a Guide,
    facts: Facts,
    /// Facts as given, then with what follows from them.
    completed: Table,
    rows: Vec<(Row, Truth, Vec<Where>)>,
    reread: usize,
}

impl<'a> Session<'a> {
    /// Starts with the facts known so far.
    pub fn new(guide: &'a Guide, facts: &Facts) -> Self {
        let completed = guide.completed(Table::new(&guide.catalogue, facts).0);
        let rows = guide.rows(completed.members.len());
        let mut session = Self {
            guide,
            facts: facts.clone(),
            completed,
            rows: rows
                .into_iter()
                .map(|row| (row, Truth::Unknown, Vec::new()))
                .collect(),
            reread: 0,
        };
        session.read(|_| true);
        session
    }

    /// Takes one answer in.
    pub fn answer(&mut self, fact: &str, member: Option<u8>, value: FactValue) {
        let members = self.facts.members.len();
        self.facts.set(fact, member, value);
        if self.facts.members.len() != members {
            *self = Self::new(self.guide, &self.facts);
            return;
        }
        let completed = self
            .guide
            .completed(Table::new(&self.guide.catalogue, &self.facts).0);
        let mut affected = vec![false; self.guide.catalogue.procedures().len()];
        for fact in changed(&self.completed, &completed) {
            for procedure in self.guide.readers.get(fact).into_iter().flatten() {
                if let Some(affected) = affected.get_mut(*procedure) {
                    *affected = true;
                }
            }
        }
        self.completed = completed;
        self.read(|procedure| affected.get(procedure).copied().unwrap_or(true));
    }

    fn read(&mut self, affected: impl Fn(usize) -> bool) {
        self.reread = 0;
        for (row, truth, missing) in &mut self.rows {
            let procedure = self.guide.catalogue.procedures().get(row.procedure);
            let Some(procedure) = procedure.filter(|_| affected(row.procedure)) else {
                continue;
            };
            self.reread += 1;
            let scene = self.guide.row_scene(&self.completed, &self.facts, *row);
            *truth = scene.truth(&procedure.rule);
            missing.clear();
            scene.missing(&procedure.rule, missing);
        }
    }

    /// The facts so far.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How many rules the newest answer made the session read again.
    pub fn rules_reread(&self) -> usize {
        self.reread
    }

    /// What the case leads to now.
    pub fn guidance(&self) -> Guidance {
        let mut guidance = Guidance::default();
        let mut waiting = Vec::new();
        let days = self.guide.days(&self.completed, &self.facts);
        for (row, truth, missing) in &self.rows {
            let Some(procedure) = self.guide.catalogue.procedures().get(row.procedure) else {
                continue;
            };
            let scene = self.guide.row_scene(&self.completed, &self.facts, *row);
            match truth {
                Truth::False => {}
                Truth::True => {
                    guidance
                        .listed
                        .push(self.guide.listed(scene, procedure, days));
                }
                Truth::Unknown => {
                    let reference = |place: &Where| self.guide.fact_ref(&self.completed, *place);
                    guidance.to_confirm.push(ToConfirm {
                        procedure: procedure.id.clone(),
                        member: member_number(scene),
                        missing: missing.iter().map(reference).collect(),
                        deadline: crate::deadline::of_case(
                            &procedure.deadline,
                            days,
                            self.guide.catalogue.closed_days(),
                        ),
                    });
                    waiting.push((*row, missing.clone()));
                }
            }
        }
        guidance.ask = self.guide.questions(&self.completed, &waiting);
        guidance
    }
}

/// Facts that differ between two tables of the same members.
fn changed(before: &Table, after: &Table) -> Vec<usize> {
    let differing = |before: &[crate::table::Cell], after: &[crate::table::Cell]| -> Vec<usize> {
        let pairs = before.iter().zip(after).enumerate();
        pairs
            .filter(|(_, (old, new))| old != new)
            .map(|(fact, _)| fact)
            .collect()
    };
    let mut facts = differing(&before.shared, &after.shared);
    for (old, new) in before.members.iter().zip(&after.members) {
        facts.extend(differing(&old.cells, &new.cells));
    }
    facts.sort_unstable();
    facts.dedup();
    facts
}
