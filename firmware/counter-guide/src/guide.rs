//! What a case leads to, and what to ask next.

mod contradiction;
mod explain;
mod guidance;
mod questions;
mod session;
mod startable;

use crate::catalogue::{Catalogue, Fact, Impossible, Procedure, Scope};
use crate::deadline::{CaseDays, Deadline, of_case};
use crate::facts::{FactValue, Facts, FactsError};
use crate::meaning::{Requested, Scene, Where};
use crate::program::{Op, Program, Start};
use crate::rule::FactId;
use crate::table::{Cell, Table};
use crate::truth::Truth;
use crate::words;

pub use contradiction::Contradiction;
pub use explain::RowState;
pub use guidance::{
    Ask, AskGroup, Changes, FactRef, Guidance, Listed, PersonQuestions, ProcedureGroup,
    ProcedureRef, ToConfirm,
};
pub use session::Session;

/// One procedure for one member or for all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) procedure: usize,
    pub(crate) member: Option<usize>,
}

/// The procedures whose rule reads a fact.
#[derive(Debug, Clone, Default)]
struct Readers {
    /// Of the member under test, of the event or of the household.
    own: Vec<usize>,
    /// Of every member.
    across: Vec<usize>,
}

/// The rules of a catalogue, ready to be used.
#[derive(Debug, Clone)]
pub struct Guide {
    catalogue: Catalogue,
    program: Program,
    /// Where the rule of each procedure starts.
    starts: Vec<Start>,
    /// Where each rule of what follows from other facts starts.
    following: Vec<Start>,
    requested: Option<FactId>,
    event_type: Option<FactId>,
    readers: Vec<Readers>,
}

impl Guide {
    /// Takes a catalogue.
    pub fn new(catalogue: Catalogue) -> Self {
        let facts = catalogue.facts();
        let mut program = Program::default();
        let procedures = catalogue.procedures();
        let starts: Vec<_> = procedures
            .iter()
            .map(|one| program.add(&one.rule, facts))
            .collect();
        let impossible = catalogue.impossible().iter();
        let following = impossible
            .map(|one| program.add(&one.rule, facts))
            .collect();
        let mut readers = vec![Readers::default(); facts.len()];
        for (procedure, start) in starts.iter().enumerate() {
            for reading in program.readings(*start) {
                if let Some(readers) = readers.get_mut(reading.fact) {
                    let readers = if reading.across_members {
                        &mut readers.across
                    } else {
                        &mut readers.own
                    };
                    readers.push(procedure);
                }
            }
        }
        let requested = catalogue.fact_id("ev.requested");
        let event_type = catalogue.fact_id("ev.type");
        Self {
            catalogue,
            program,
            starts,
            following,
            requested,
            event_type,
            readers,
        }
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Whether every fact has a name and value the catalogue knows. [`Guide::evaluate`] leaves
    /// others out.
    ///
    /// # Errors
    /// The first fact that does not fit.
    pub fn check(&self, facts: &Facts) -> Result<(), FactsError> {
        self.check_all(facts).into_iter().next().map_or(Ok(()), Err)
    }

    /// Every fact that has no name or value the catalogue knows.
    pub fn check_all(&self, facts: &Facts) -> Vec<FactsError> {
        Table::new(&self.catalogue, facts).1
    }

    /// What a case leads to.
    pub fn evaluate(&self, facts: &Facts) -> Guidance {
        Session::new(self, facts).guidance()
    }

    /// What changes when facts become others: the procedures added and removed, and forms that are
    /// needed now or no longer.
    pub fn changes(&self, before: &Facts, after: &Facts) -> Changes {
        let before = self.evaluate(before);
        self.evaluate(after).changes_since(&before, &self.catalogue)
    }

    /// What a fact's value is called, for the list of answers.
    pub fn answer_ja(&self, fact: &str, value: &FactValue) -> String {
        let Some(found) = self.catalogue.fact(fact) else {
            return String::new();
        };
        let cell = crate::table::read(&self.catalogue, found.level, fact, value);
        cell.map_or_else(|_| String::new(), |(_, cell)| words::answer_ja(found, cell))
    }

    pub(crate) fn start(&self, procedure: usize) -> Start {
        self.starts.get(procedure).copied().unwrap_or(usize::MAX)
    }

    /// Where a rule of what follows from other facts starts.
    pub(crate) fn follows(&self, at: usize) -> Start {
        self.following.get(at).copied().unwrap_or(usize::MAX)
    }

    /// What the node at the start of a rule does.
    pub(crate) fn op(&self, start: Start) -> Op {
        self.program.node(start).op
    }

    /// What every node of every rule does.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Op> + '_ {
        self.program.ops()
    }

    pub(crate) fn scene<'a>(&'a self, table: &'a Table, member: Option<usize>) -> Scene<'a> {
        Scene {
            program: &self.program,
            table,
            member,
            requested: Requested {
                fact: self.requested,
                picked: false,
            },
            assumed: None,
        }
    }

    pub(crate) fn row_scene<'a>(&'a self, table: &'a Table, facts: &Facts, row: Row) -> Scene<'a> {
        let mut scene = self.scene(table, row.member);
        if !facts.requested.is_empty() {
            let procedure = self.catalogue.procedures().get(row.procedure);
            let number = row.member.and_then(|at| table.numbers.get(at));
            scene.requested.picked = procedure.is_some_and(|one| facts.picked(&one.id, number));
        }
        scene
    }

    /// Fills in what follows from what is known, in catalogue order, for each member.
    pub(crate) fn complete(&self, table: &mut Table) {
        self.fill(table, |_| true);
    }

    /// Fills in only what must be, not what is usual (rules that always hold).
    pub(crate) fn complete_what_must_be(&self, table: &mut Table) {
        self.fill(table, |op| !matches!(op, Op::Const(_)));
    }

    fn fill(&self, table: &mut Table, wanted: impl Fn(Op) -> bool) {
        for (impossible, start) in self.catalogue.impossible().iter().zip(&self.following) {
            if !wanted(self.op(*start)) {
                continue;
            }
            for member in whose(impossible, table.members()) {
                if self.scene(table, member).truth(*start) != Truth::True {
                    continue;
                }
                for (fact, value) in &impossible.set {
                    table.fill(*fact, member, *value);
                }
            }
        }
    }

    fn rows(&self, members: usize) -> Vec<Row> {
        let mut rows = Vec::new();
        for (procedure, entry) in self.catalogue.procedures().iter().enumerate() {
            match entry.scope {
                Scope::Once | Scope::Household => rows.push(Row {
                    procedure,
                    member: None,
                }),
                Scope::Member => rows.extend((0..members).map(|member| Row {
                    procedure,
                    member: Some(member),
                })),
            }
        }
        rows
    }

    fn fact_ref(&self, table: &Table, (fact, member): Where) -> FactRef {
        let name = self.catalogue.facts().get(fact).map(|f| f.name.clone());
        FactRef {
            fact: name.unwrap_or_default(),
            member: member.and_then(|at| table.numbers.get(at)).copied(),
        }
    }

    fn days(&self, table: &Table, facts: &Facts) -> CaseDays {
        let event = self.event_type.and_then(|id| {
            let Cell::Choice(value) = table.cell(id, None) else {
                return None;
            };
            self.catalogue
                .facts()
                .get(id)?
                .values
                .get(usize::from(value))
        });
        let event = event.map_or("", |(name, _)| name.as_str());
        CaseDays {
            event: facts.event_date,
            today: facts.today,
            event_is_birth: event == "birth",
            event_is_death: event == "death",
            event_is_request: event == "request",
        }
    }

    fn deadline(&self, procedure: &Procedure, days: CaseDays) -> Deadline {
        of_case(&procedure.deadline, days, self.catalogue.closed_days())
    }

    fn listed(
        &self,
        scene: Scene<'_>,
        row: Row,
        procedure: &Procedure,
        deadline: Deadline,
    ) -> Listed {
        let mut because = Vec::new();
        scene.because(self.start(row.procedure), Truth::True, &mut because);
        let mut seen: Vec<Where> = Vec::new();
        let mut reasons = Vec::new();
        let mut sensitive = false;
        for place in because {
            let Some(fact) = self.catalogue.facts().get(place.0) else {
                continue;
            };
            if seen.contains(&place) {
                continue;
            }
            seen.push(place);
            if let Some(reason) = self.reason_ja(scene, fact, place)
                && !reasons.contains(&reason)
            {
                sensitive |= fact.is_quiet(scene.table.cell(place.0, place.1));
                reasons.push(reason);
            }
        }
        let reference = |place: Where| self.fact_ref(scene.table, place);
        Listed {
            procedure: procedure.id.clone(),
            member: member_number(scene),
            reason_ja: words::joined_ja(&reasons),
            reason_facts: seen.into_iter().map(reference).collect(),
            sensitive,
            deadline,
        }
    }

    fn reason_ja(&self, scene: Scene<'_>, fact: &Fact, place: Where) -> Option<String> {
        let said = scene.table.cell(place.0, place.1);
        let picked = Some(place.0) == self.requested;
        words::reason_ja(fact, if picked { Cell::Flag(true) } else { said })
    }
}

fn member_number(scene: Scene<'_>) -> Option<u8> {
    let at = scene.member?;
    scene.table.numbers.get(at).copied()
}

/// Whom a rule of what follows is read for: each member, or the case as a whole.
fn whose(impossible: &Impossible, members: usize) -> impl Iterator<Item = Option<usize>> + use<> {
    let places = if impossible.of_member { members } else { 1 };
    let of_member = impossible.of_member;
    (0..places).map(move |at| of_member.then_some(at))
}
