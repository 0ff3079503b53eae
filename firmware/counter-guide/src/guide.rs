//! What a case leads to, and what to ask next.

mod session;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::catalogue::{Catalogue, Level, Procedure, Scope};
use crate::deadline::{CaseDays, Deadline, of_case};
use crate::facts::{FactValue, Facts, FactsError};
use crate::meaning::{Requested, Scene, Where};
use crate::rule::FactId;
use crate::table::{Cell, Table};
use crate::truth::Truth;
use crate::words;

pub use session::Session;

/// A fact of the event, the household (`member` is `None`) or one member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct FactRef {
    /// Full name.
    pub fact: String,
    /// Number of the member.
    pub member: Option<u8>,
}

/// A procedure that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Id.
    pub procedure: String,
    /// Member it is for.
    pub member: Option<u8>,
    /// Why, in words.
    pub reason_ja: String,
    /// The facts that made its rule true.
    pub reason_facts: Vec<FactRef>,
    /// The reason names something the resident's display must not show.
    pub sensitive: bool,
    /// Until when.
    pub deadline: Deadline,
}

/// A procedure whose rule is not settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToConfirm {
    /// Id.
    pub procedure: String,
    /// Member it would be for.
    pub member: Option<u8>,
    /// What is not known.
    pub missing: Vec<FactRef>,
    /// Until when, if it is needed.
    pub deadline: Deadline,
}

/// A question to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The fact.
    pub fact: String,
    /// The member it is about.
    pub member: Option<u8>,
    /// The procedures that wait for it.
    pub settles: Vec<String>,
    /// Asked on the staff's screen only.
    pub sensitive: bool,
}

/// The answer of the guide.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guidance {
    /// Needed procedures in catalogue order.
    pub listed: Vec<Listed>,
    /// Unsettled procedures in catalogue order.
    pub to_confirm: Vec<ToConfirm>,
    /// Questions, the one that settles most first.
    pub ask: Vec<Ask>,
}

/// One procedure for one member or for all.
#[derive(Debug, Clone, Copy)]
struct Row {
    procedure: usize,
    member: Option<usize>,
}

/// The rules of a catalogue, ready to be used.
#[derive(Debug, Clone)]
pub struct Guide {
    catalogue: Catalogue,
    requested: Option<FactId>,
    event_type: Option<FactId>,
    /// For each fact, the procedures whose rule reads it.
    readers: Vec<Vec<usize>>,
}

impl Guide {
    /// Takes a catalogue.
    pub fn new(catalogue: Catalogue) -> Self {
        let mut readers = vec![Vec::new(); catalogue.facts().len()];
        for (at, procedure) in catalogue.procedures().iter().enumerate() {
            let mut facts = Vec::new();
            procedure.rule.facts(&mut facts);
            facts.sort_unstable();
            facts.dedup();
            for fact in facts {
                if let Some(readers) = readers.get_mut(fact) {
                    readers.push(at);
                }
            }
        }
        let requested = catalogue.fact_id("ev.requested");
        let event_type = catalogue.fact_id("ev.type");
        Self {
            catalogue,
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
        Table::new(&self.catalogue, facts)
            .1
            .into_iter()
            .next()
            .map_or(Ok(()), Err)
    }

    /// What a case leads to.
    pub fn evaluate(&self, facts: &Facts) -> Guidance {
        Session::new(self, facts).guidance()
    }

    /// What a fact's value is called, for the list of answers.
    pub fn answer_ja(&self, fact: &str, value: &FactValue) -> String {
        let mut facts = Facts::default();
        facts.set(fact, Some(1), value.clone());
        let table = Table::new(&self.catalogue, &facts).0;
        let found = self.catalogue.fact_id(fact).zip(self.catalogue.fact(fact));
        found.map_or_else(String::new, |(id, fact)| {
            words::answer_ja(fact, table.cell(fact.level, id, Some(0)))
        })
    }

    fn scene<'a>(&'a self, table: &'a Table, member: Option<usize>) -> Scene<'a> {
        let requested = Requested {
            fact: self.requested,
            picked: false,
        };
        Scene {
            catalogue: &self.catalogue,
            table,
            member,
            requested,
        }
    }

    fn row_scene<'a>(&'a self, table: &'a Table, facts: &Facts, row: Row) -> Scene<'a> {
        let procedure = self.catalogue.procedures().get(row.procedure);
        let picked = procedure.is_some_and(|procedure| facts.requested.contains(&procedure.id));
        let requested = Requested {
            fact: self.requested,
            picked,
        };
        Scene {
            requested,
            ..self.scene(table, row.member)
        }
    }

    /// Fills in what follows from what is known, for each member, in catalogue order.
    fn completed(&self, mut table: Table) -> Table {
        for impossible in self.catalogue.impossible() {
            for member in 0..table.members.len() {
                if self.scene(&table, Some(member)).truth(&impossible.rule) != Truth::True {
                    continue;
                }
                let Some(row) = table.members.get_mut(member) else {
                    continue;
                };
                for (fact, value) in &impossible.set {
                    match row.cells.get_mut(*fact) {
                        Some(cell @ (Cell::Missing | Cell::Asked)) => *cell = *value,
                        Some(_) | None => {}
                    }
                }
            }
        }
        table
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
        FactRef {
            fact: self
                .catalogue
                .facts()
                .get(fact)
                .map(|f| f.name.clone())
                .unwrap_or_default(),
            member: member
                .and_then(|at| table.members.get(at))
                .map(|row| row.number),
        }
    }

    fn days(&self, table: &Table, facts: &Facts) -> CaseDays {
        let event = self.event_type.and_then(|id| {
            let Cell::Choice(value) = table.cell(Level::Event, id, None) else {
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
        }
    }

    fn listed(&self, scene: Scene<'_>, procedure: &Procedure, days: CaseDays) -> Listed {
        let mut because = Vec::new();
        scene.because(&procedure.rule, Truth::True, &mut because);
        let mut reasons = Vec::new();
        let mut reason_facts: Vec<FactRef> = Vec::new();
        let mut sensitive = false;
        for place in because {
            let Some(fact) = self.catalogue.facts().get(place.0) else {
                continue;
            };
            let reference = self.fact_ref(scene.table, place);
            if reason_facts.contains(&reference) {
                continue;
            }
            reason_facts.push(reference);
            let cell = scene.table.cell(fact.level, place.0, place.1);
            let picked = Some(place.0) == self.requested;
            let cell = if picked { Cell::Flag(true) } else { cell };
            if let Some(reason) = words::reason_ja(fact, cell)
                && !reasons.contains(&reason)
            {
                sensitive |= fact.sensitive;
                reasons.push(reason);
            }
        }
        Listed {
            procedure: procedure.id.clone(),
            member: member_number(scene),
            reason_ja: words::joined_ja(&reasons),
            reason_facts,
            sensitive,
            deadline: of_case(&procedure.deadline, days, self.catalogue.closed_days()),
        }
    }

    /// Questions for what unsettled rules wait for, the one that settles most first.
    fn questions(&self, table: &Table, waiting: &[(Row, Vec<Where>)]) -> Vec<Ask> {
        let mut settles: BTreeMap<Where, Vec<usize>> = BTreeMap::new();
        for (row, missing) in waiting {
            for place in missing
                .iter()
                .filter(|place| self.can_be_asked(table, **place))
            {
                settles.entry(*place).or_default().push(row.procedure);
            }
        }
        let mut ordered: Vec<_> = settles.into_iter().collect();
        ordered.sort_by_key(|(place, rows)| (std::cmp::Reverse(rows.len()), *place));
        ordered
            .into_iter()
            .map(|(place, mut rows)| {
                rows.dedup();
                let FactRef { fact, member } = self.fact_ref(table, place);
                let sensitive = self
                    .catalogue
                    .fact(&fact)
                    .is_some_and(|fact| fact.sensitive);
                let ids = rows
                    .iter()
                    .filter_map(|at| self.catalogue.procedures().get(*at));
                Ask {
                    fact,
                    member,
                    settles: ids.map(|p| p.id.clone()).collect(),
                    sensitive,
                }
            })
            .collect()
    }

    fn can_be_asked(&self, table: &Table, (id, member): Where) -> bool {
        self.catalogue.facts().get(id).is_some_and(|fact| {
            fact.question.is_some() && table.cell(fact.level, id, member) == Cell::Missing
        })
    }
}

fn member_number(scene: Scene<'_>) -> Option<u8> {
    scene
        .member
        .and_then(|at| scene.table.members.get(at))
        .map(|row| row.number)
}
