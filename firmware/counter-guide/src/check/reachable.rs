//! Whether any facts make a rule true: facts are tried one after the other, and a branch ends as
//! soon as the rule is settled.

use crate::catalogue::{Fact, FactType, Scope};
use crate::guide::Guide;
use crate::meaning::Where;
use crate::program::Op;
use crate::table::{Cell, Table};
use crate::truth::Truth;

/// Tries before a rule counts as reachable; real rules need a few dozen.
const MOST_TRIES: u32 = 20_000;

/// Whether the rule of the procedure can hold in a household of one or of two.
pub(super) fn reachable(guide: &Guide, procedure: usize) -> bool {
    (1..=2).any(|members| {
        let mut search = Search {
            guide,
            procedure,
            tries: 0,
        };
        let mut table = Table::empty(guide.catalogue().facts().len(), members);
        search.holds(&mut table)
    })
}

struct Search<'a> {
    guide: &'a Guide,
    procedure: usize,
    tries: u32,
}

impl Search<'_> {
    fn holds(&mut self, table: &mut Table) -> bool {
        self.tries += 1;
        if self.tries > MOST_TRIES {
            return true;
        }
        let mut completed = table.clone();
        self.guide.complete_what_must_be(&mut completed);
        let member = self.member();
        let start = self.guide.start(self.procedure);
        let mut scene = self.guide.scene(&completed, member);
        scene.requested.picked = true;
        let mut missing = Vec::new();
        scene.missing(start, &mut missing);
        match scene.truth(start) {
            Truth::True => !contradicts(table, &completed, self.guide),
            Truth::False => false,
            Truth::Unknown => self.try_each(table, missing.first().copied()),
        }
    }

    fn member(&self) -> Option<usize> {
        let procedure = self.guide.catalogue().procedures().get(self.procedure);
        procedure
            .filter(|one| one.scope == Scope::Member)
            .map(|_| 0)
    }

    fn try_each(&mut self, table: &mut Table, place: Option<Where>) -> bool {
        let Some(place) = place else { return true };
        let Some(fact) = self.guide.catalogue().facts().get(place.0) else {
            return false;
        };
        for cell in self.values(fact, place) {
            table.set(place.0, place.1, cell);
            if self.holds(table) {
                return true;
            }
        }
        table.set(place.0, place.1, Cell::Missing);
        false
    }

    /// Values worth trying: all of a choice, and for a number those around every limit.
    fn values(&self, fact: &Fact, place: Where) -> Vec<Cell> {
        match fact.kind {
            FactType::Flag => vec![Cell::Flag(true), Cell::Flag(false)],
            FactType::Choice => (0_u16..)
                .zip(&fact.values)
                .map(|(at, _)| Cell::Choice(at))
                .collect(),
            FactType::Count => {
                let mut numbers = vec![0];
                for limit in self.guide.limits(place.0) {
                    numbers.extend([limit - 1, limit, limit + 1]);
                }
                numbers.sort_unstable();
                numbers.dedup();
                numbers.retain(|number| *number >= 0);
                numbers.into_iter().map(Cell::Count).collect()
            }
        }
    }
}

/// Whether something else follows for a fact than was tried.
fn contradicts(table: &Table, completed: &Table, guide: &Guide) -> bool {
    guide
        .catalogue()
        .impossible()
        .iter()
        .enumerate()
        .any(|(at, impossible)| {
            let start = guide.follows(at);
            if matches!(guide.op(start), Op::Const(_)) {
                return false;
            }
            let members = if impossible.of_member {
                table.members()
            } else {
                1
            };
            (0..members).any(|member| {
                let member = impossible.of_member.then_some(member);
                let holds = guide.scene(completed, member).truth(start) == Truth::True;
                let differs = |(fact, value): &(usize, Cell)| {
                    let tried = table.cell(*fact, member);
                    tried != Cell::Missing && tried != *value
                };
                holds && impossible.set.iter().any(differs)
            })
        })
}

impl Guide {
    /// Numbers a fact is compared with, anywhere in the catalogue.
    fn limits(&self, fact: usize) -> Vec<i64> {
        self.nodes()
            .filter_map(|op| match op {
                Op::Compare(slot, _, number) if usize::from(slot.fact) == fact => Some(number),
                Op::Const(_)
                | Op::Flag(_)
                | Op::Derived(_)
                | Op::Among(..)
                | Op::Compare(..)
                | Op::Count(..)
                | Op::Not
                | Op::And
                | Op::Or
                | Op::AnyMember => None,
            })
            .collect()
    }
}
