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

/// All facts of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// Facts of event and household.
    pub(crate) shared: Vec<Cell>,
    pub(crate) members: Vec<Row>,
}

/// Facts of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) number: u8,
    pub(crate) cells: Vec<Cell>,
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
        let mut shared = vec![Cell::Missing; width];
        let mut take =
            |cells: &mut [Cell], levels: &[Level], name: &str, value: &FactValue| match read(
                catalogue, levels, name, value,
            ) {
                Ok((id, cell)) => {
                    if let Some(place) = cells.get_mut(id) {
                        *place = cell;
                    }
                }
                Err(error) => errors.push(error),
            };
        for (name, value) in &facts.event {
            take(&mut shared, &[Level::Event], &full_name("ev.", name), value);
        }
        for (name, value) in &facts.household {
            take(
                &mut shared,
                &[Level::Household],
                &full_name("hh.", name),
                value,
            );
        }
        let mut members = Vec::with_capacity(facts.members.len());
        for member in &facts.members {
            let mut cells = vec![Cell::Missing; width];
            for (name, value) in &member.facts {
                take(&mut cells, &[Level::Member], name, value);
            }
            members.push(Row {
                number: member.number,
                cells,
            });
        }
        let mut table = Self { shared, members };
        table.count_members(catalogue);
        (table, errors)
    }

    /// The size of the household is the number of its members unless somebody said otherwise.
    fn count_members(&mut self, catalogue: &Catalogue) {
        let size = i64::try_from(self.members.len()).unwrap_or(i64::MAX);
        let place = catalogue
            .fact_id("hh.size")
            .and_then(|id| self.shared.get_mut(id));
        if let Some(place) = place
            && *place == Cell::Missing
            && size > 0
        {
            *place = Cell::Count(size);
        }
    }

    pub(crate) fn cell(&self, level: Level, fact: FactId, member: Option<usize>) -> Cell {
        let cells = match level {
            Level::Event | Level::Household => Some(&self.shared),
            Level::Member => member
                .and_then(|at| self.members.get(at))
                .map(|row| &row.cells),
        };
        cells
            .and_then(|cells| cells.get(fact))
            .copied()
            .unwrap_or_default()
    }
}

fn read(
    catalogue: &Catalogue,
    levels: &[Level],
    name: &str,
    value: &FactValue,
) -> Result<(FactId, Cell), FactsError> {
    let unknown = || FactsError::UnknownFact {
        name: name.to_owned(),
    };
    let id = catalogue.fact_id(name).ok_or_else(unknown)?;
    let fact = catalogue.facts().get(id).ok_or_else(unknown)?;
    if !levels.contains(&fact.level) {
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
