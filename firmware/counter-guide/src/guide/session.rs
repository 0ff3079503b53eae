//! A case whose facts arrive one by one.

use super::questions::Open;
use super::{AskGroup, Changes, Guidance, Guide, Row, ToConfirm, member_number};
use crate::catalogue::Level;
use crate::deadline::Deadline;
use crate::facts::{FactValue, Facts};
use crate::meaning::Where;
use crate::rule::FactId;
use crate::table::{self, Table};
use crate::truth::Truth;

/// Keeps the value of every rule; a new fact re-reads only the rules that depend on it.
#[derive(Debug)]
pub struct Session<'a> {
    guide: &'a Guide,
    facts: Facts,
    /// Facts as given.
    given: Table,
    /// With what follows from them.
    completed: Table,
    /// Where the completed facts are put together again.
    next: Table,
    rows: Vec<Held>,
    /// The first row of each procedure.
    first_row: Vec<usize>,
    turn: u32,
    reread: usize,
}

/// One row with what is known about it.
#[derive(Debug)]
struct Held {
    row: Row,
    truth: Truth,
    open: Open,
    /// The turn in which it was read.
    turn: u32,
}

impl<'a> Session<'a> {
    /// Starts with the facts known so far.
    pub fn new(guide: &'a Guide, facts: &Facts) -> Self {
        let given = Table::new(&guide.catalogue, facts).0;
        let mut completed = given.clone();
        guide.complete(&mut completed);
        let rows = guide.rows(completed.members());
        let mut first_row = vec![0; guide.catalogue.procedures().len()];
        for (at, row) in rows.iter().enumerate().rev() {
            if let Some(first) = first_row.get_mut(row.procedure) {
                *first = at;
            }
        }
        let held = |row| Held {
            row,
            truth: Truth::Unknown,
            open: Open::default(),
            turn: 0,
        };
        let mut session = Self {
            guide,
            facts: facts.clone(),
            next: completed.clone(),
            given,
            completed,
            rows: rows.into_iter().map(held).collect(),
            first_row,
            turn: 1,
            reread: 0,
        };
        for at in 0..session.rows.len() {
            session.read(at);
        }
        session
    }

    /// Takes one answer in.
    pub fn answer(&mut self, fact: &str, member: Option<u8>, value: FactValue) {
        let members = self.facts.members.len();
        let catalogue = &self.guide.catalogue;
        let found = catalogue.fact(fact);
        let taken = found.map(|found| table::read(catalogue, found.level, fact, &value));
        self.facts.set(fact, member, value);
        if self.facts.members.len() != members {
            *self = Self::new(self.guide, &self.facts);
            return;
        }
        self.turn += 1;
        self.reread = 0;
        let (Some(found), Some(Ok((id, cell)))) = (found, taken) else {
            return;
        };
        let at = member.and_then(|number| self.given.numbers.iter().position(|n| *n == number));
        let at = at.filter(|_| found.level == Level::Member);
        self.given.set(id, at, cell);
        self.next.copy_from(&self.given);
        self.guide.complete(&mut self.next);
        let changed: Vec<Where> = self.next.changed(&self.completed).collect();
        std::mem::swap(&mut self.next, &mut self.completed);
        for (fact, member) in changed {
            self.read_readers(fact, member);
        }
    }

    /// Takes a new answer to an old question in and says what it changes.
    pub fn change(&mut self, fact: &str, member: Option<u8>, value: FactValue) -> Changes {
        let before = self.guidance();
        self.answer(fact, member, value);
        self.guidance()
            .changes_since(&before, &self.guide.catalogue)
    }

    /// Reads the rules again that read this fact.
    fn read_readers(&mut self, fact: FactId, member: Option<usize>) {
        let Some(readers) = self.guide.readers.get(fact) else {
            return;
        };
        for procedure in &readers.across {
            self.read_all(*procedure);
        }
        for procedure in &readers.own {
            match member {
                Some(member) => {
                    let first = self.first_row.get(*procedure).copied().unwrap_or(0);
                    self.read(first + member);
                }
                None => self.read_all(*procedure),
            }
        }
    }

    fn read_all(&mut self, procedure: usize) {
        let mut at = self.first_row.get(procedure).copied().unwrap_or(0);
        let of_procedure =
            |held: Option<&Held>| held.is_some_and(|held| held.row.procedure == procedure);
        while of_procedure(self.rows.get(at)) {
            self.read(at);
            at += 1;
        }
    }

    /// Reads one rule, once a turn.
    fn read(&mut self, at: usize) {
        let turn = self.turn;
        let Some(held) = self.rows.get_mut(at).filter(|held| held.turn != turn) else {
            return;
        };
        held.turn = turn;
        self.reread += 1;
        let scene = self.guide.row_scene(&self.completed, &self.facts, held.row);
        let start = self.guide.start(held.row.procedure);
        held.truth = scene.truth(start);
        held.open.read(scene, start, self.guide.catalogue.facts());
    }

    /// The facts so far.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How many rules the newest answer made the session read again.
    pub fn rules_reread(&self) -> usize {
        self.reread
    }

    /// The next question; `None` when nothing is left to ask.
    pub fn next_question(&self) -> Option<AskGroup> {
        let questions = self.guide.questions(&self.completed, &self.open());
        let first = questions.first()?;
        Some(first.group(self.guide, &self.completed))
    }

    fn open(&self) -> Vec<(Row, &Open)> {
        let unknown = self.rows.iter().filter(|held| held.truth == Truth::Unknown);
        unknown.map(|held| (held.row, &held.open)).collect()
    }

    /// What the case leads to now.
    pub fn guidance(&self) -> Guidance {
        let mut guidance = Guidance::default();
        let days = self.guide.days(&self.completed, &self.facts);
        let mut deadline: Option<(usize, Deadline)> = None;
        for held in &self.rows {
            let Some(procedure) = self.guide.catalogue.procedures().get(held.row.procedure) else {
                continue;
            };
            if held.truth == Truth::False {
                guidance.hidden += 1;
                continue;
            }
            let until = match deadline.take() {
                Some((of, known)) if of == held.row.procedure => known,
                Some(_) | None => self.guide.deadline(procedure, days),
            };
            deadline = Some((held.row.procedure, until.clone()));
            let scene = self.guide.row_scene(&self.completed, &self.facts, held.row);
            if held.truth == Truth::True {
                let listed = self.guide.listed(scene, held.row, procedure, until);
                guidance.listed.push(listed);
            } else {
                let reference = |place: &Where| self.guide.fact_ref(&self.completed, *place);
                guidance.to_confirm.push(ToConfirm {
                    procedure: procedure.id.clone(),
                    member: member_number(scene),
                    missing: held.open.missing.iter().map(reference).collect(),
                    deadline: until,
                });
            }
        }
        for best in self.guide.questions(&self.completed, &self.open()) {
            guidance
                .ask
                .extend(best.single(self.guide, &self.completed));
            guidance
                .questions
                .push(best.group(self.guide, &self.completed));
        }
        guidance
    }
}
