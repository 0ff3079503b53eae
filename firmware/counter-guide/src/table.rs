//! Facts in the order of the catalogue, for quick reading.

use crate::catalogue::{Catalogue, Fact, FactType, Level};
use crate::facts::{FactValue, Facts, FactsError};
use crate::rule::FactId;

/// One fact of one case or member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Cell {
    /// Nobody said anything.
    #[default]
    Missing,
    /// Asked, not known.
    Asked,
    Flag(bool),
    Count(i64),
    Choice(u16),
}

/// All facts of one case, in one list: those of event and household, then those of each member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    width: usize,
    cells: Vec<Cell>,
    /// Numbers of the members.
    pub(crate) numbers: Vec<u8>,
}

/// Full name of a fact that may be given without its level.
fn full_name(prefix: &str, name: &str) -> String {
    if name.starts_with(prefix) {
        name.to_owned()
    } else {
        format!("{prefix}{name}")
    }
}

impl Table {
    /// Takes facts in; what the catalogue does not know is left out and reported.
    pub(crate) fn new(catalogue: &Catalogue, facts: &Facts) -> (Self, Vec<FactsError>) {
        let width = catalogue.facts().len();
        let mut errors = Vec::new();
        let mut table = Self {
            width,
            cells: vec![Cell::Missing; width * (facts.members.len() + 1)],
            numbers: facts.members.iter().map(|member| member.number).collect(),
        };
        let mut take =
            |level: Level, member: Option<usize>, name: &str, value: &FactValue| match read(
                catalogue, level, name, value,
            ) {
                Ok((id, cell)) => table.set(id, member, cell),
                Err(error) => errors.push(error),
            };
        for (name, value) in &facts.event {
            take(Level::Event, None, &full_name("ev.", name), value);
        }
        for (name, value) in &facts.household {
            take(Level::Household, None, &full_name("hh.", name), value);
        }
        for (at, member) in facts.members.iter().enumerate() {
            for (name, value) in &member.facts {
                take(Level::Member, Some(at), name, value);
            }
        }
        table.count_members(catalogue);
        (table, errors)
    }

    /// A table in which nobody said anything yet.
    pub(crate) fn empty(width: usize, members: u8) -> Self {
        Self {
            width,
            cells: vec![Cell::Missing; width * (usize::from(members) + 1)],
            numbers: (1..=members).collect(),
        }
    }

    /// The size of the household is the number of its members unless somebody said otherwise.
    fn count_members(&mut self, catalogue: &Catalogue) {
        let size = i64::try_from(self.members()).unwrap_or(i64::MAX);
        if let Some(id) = catalogue.fact_id("hh.size")
            && self.cell(id, None) == Cell::Missing
            && size > 0
        {
            self.set(id, None, Cell::Count(size));
        }
    }

    /// How many members there are.
    pub(crate) fn members(&self) -> usize {
        self.numbers.len()
    }

    /// The fact of the event or the household, or of the member in this place.
    pub(crate) fn cell(&self, fact: FactId, member: Option<usize>) -> Cell {
        let at = self.at(fact, member);
        self.cells.get(at).copied().unwrap_or_default()
    }

    pub(crate) fn set(&mut self, fact: FactId, member: Option<usize>, cell: Cell) {
        let at = self.at(fact, member);
        if let Some(place) = self.cells.get_mut(at) {
            *place = cell;
        }
    }

    /// Fills a fact in that nobody knows.
    pub(crate) fn fill(&mut self, fact: FactId, member: Option<usize>, cell: Cell) {
        if matches!(self.cell(fact, member), Cell::Missing | Cell::Asked) {
            self.set(fact, member, cell);
        }
    }

    fn at(&self, fact: FactId, member: Option<usize>) -> usize {
        self.width * member.map_or(0, |member| member + 1) + fact
    }

    /// Takes the cells of another table of the same members.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.cells.clone_from(&other.cells);
    }

    /// Facts that differ from another table of the same members.
    pub(crate) fn changed<'t>(
        &'t self,
        before: &'t Self,
    ) -> impl Iterator<Item = (FactId, Option<usize>)> + 't {
        let pairs = self.cells.iter().zip(&before.cells).enumerate();
        pairs
            .filter(|(_, (new, old))| new != old)
            .map(|(at, _)| (at % self.width, (at / self.width).checked_sub(1)))
    }
}

/// Reads one fact.
pub(crate) fn read(
    catalogue: &Catalogue,
    level: Level,
    name: &str,
    value: &FactValue,
) -> Result<(FactId, Cell), FactsError> {
    let unknown = || FactsError::UnknownFact {
        name: name.to_owned(),
    };
    let id = catalogue.fact_id(name).ok_or_else(unknown)?;
    let fact = catalogue.facts().get(id).ok_or_else(unknown)?;
    if level != fact.level {
        return Err(unknown());
    }
    let cell = cell_of(fact, value).ok_or_else(|| FactsError::Value {
        name: name.to_owned(),
    })?;
    Ok((id, cell))
}

/// Reads a value as the fact's type; screens may send any of them as text.
fn cell_of(fact: &Fact, value: &FactValue) -> Option<Cell> {
    match (fact.kind, value) {
        (_, FactValue::Unknown) => Some(Cell::Asked),
        (FactType::Flag, FactValue::Flag(flag)) => Some(Cell::Flag(*flag)),
        (FactType::Flag, FactValue::Count(count)) => Some(Cell::Flag(*count > 0)),
        (FactType::Flag, FactValue::Choice(text)) => match text.as_str() {
            "true" | "yes" => Some(Cell::Flag(true)),
            "false" | "no" => Some(Cell::Flag(false)),
            _ => None,
        },
        (FactType::Count, FactValue::Count(count)) => Some(Cell::Count(*count)),
        (FactType::Count, FactValue::Flag(flag)) => Some(Cell::Count(i64::from(*flag))),
        (FactType::Count, FactValue::Choice(text)) => text.parse().ok().map(Cell::Count),
        (FactType::Choice, FactValue::Choice(text)) => fact.value_index(text).map(Cell::Choice),
        (FactType::Choice, FactValue::Count(count)) => {
            fact.value_index(&count.to_string()).map(Cell::Choice)
        }
        (FactType::Choice, FactValue::Flag(_)) => None,
    }
}
