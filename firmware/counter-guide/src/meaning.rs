//! What a rule says about a case: its truth, why, and what would settle it.

use crate::catalogue::{Catalogue, Fact, Level};
use crate::rule::{Expr, FactId, Operand};
use crate::table::{Cell, Table};
use crate::truth::{Truth, all, any};

/// A rule is read against this.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) table: &'a Table,
    /// The member under test, by place in the table.
    pub(crate) member: Option<usize>,
    /// Whether this procedure was picked from the menu.
    pub(crate) requested: Requested,
}

/// Whether a procedure was picked from the menu, and which fact says so.
#[derive(Clone, Copy)]
pub(crate) struct Requested {
    pub(crate) fact: Option<FactId>,
    pub(crate) picked: bool,
}

/// A fact of the event, the household or one member.
pub(crate) type Where = (FactId, Option<usize>);

impl<'a> Scene<'a> {
    fn for_member(self, member: usize) -> Self {
        Self {
            member: Some(member),
            ..self
        }
    }

    fn members(self) -> impl Iterator<Item = Self> {
        (0..self.table.members.len()).map(move |member| self.for_member(member))
    }

    fn fact(self, fact: FactId) -> Option<&'a Fact> {
        self.catalogue.facts().get(fact)
    }

    fn cell(self, fact: FactId) -> Cell {
        if self.requested.fact == Some(fact) {
            let said = self.table.cell(Level::Event, fact, None);
            return if said == Cell::Missing {
                Cell::Flag(self.requested.picked)
            } else {
                said
            };
        }
        let level = self.fact(fact).map_or(Level::Event, |fact| fact.level);
        self.table.cell(level, fact, self.member)
    }

    fn place(self, fact: FactId) -> Where {
        let of_member = self
            .fact(fact)
            .is_some_and(|fact| fact.level == Level::Member);
        (fact, self.member.filter(|_| of_member))
    }

    fn flag(self, fact: FactId) -> Truth {
        match self.cell(fact) {
            Cell::Flag(flag) => flag.into(),
            Cell::Missing | Cell::Asked | Cell::Count(_) | Cell::Choice(_) => Truth::Unknown,
        }
    }

    /// How many members the rule holds for; `None` with one unknown.
    fn count(self, rule: &Expr) -> Option<i64> {
        let mut count = 0;
        for scene in self.members() {
            match scene.truth(rule) {
                Truth::True => count += 1,
                Truth::False => {}
                Truth::Unknown => return None,
            }
        }
        Some(count)
    }

    /// Kleene's value of the rule.
    pub(crate) fn truth(self, rule: &Expr) -> Truth {
        match rule {
            Expr::Const(value) => (*value).into(),
            Expr::Flag(fact) => self.flag(*fact),
            Expr::Derived(fact, inner) => match self.flag(*fact) {
                Truth::Unknown => self.truth(inner),
                known @ (Truth::True | Truth::False) => known,
            },
            Expr::Among(fact, values) => match self.cell(*fact) {
                Cell::Choice(value) => values.contains(&value).into(),
                Cell::Missing | Cell::Asked | Cell::Flag(_) | Cell::Count(_) => Truth::Unknown,
            },
            Expr::Compare(operand, comparison, right) => {
                let left = match operand {
                    Operand::CountMembers(inner) => self.count(inner),
                    Operand::Fact(fact) => match self.cell(*fact) {
                        Cell::Count(count) => Some(count),
                        Cell::Missing | Cell::Asked | Cell::Flag(_) | Cell::Choice(_) => None,
                    },
                };
                left.map_or(Truth::Unknown, |left| comparison.holds(left, *right).into())
            }
            Expr::Not(inner) => !self.truth(inner),
            Expr::And(parts) => all(parts.iter().map(|part| self.truth(part))),
            Expr::Or(parts) => any(parts.iter().map(|part| self.truth(part))),
            Expr::AnyMember(inner) => any(self.members().map(|scene| scene.truth(inner))),
        }
    }

    /// The facts that gave the rule the value `wanted`, which it has.
    pub(crate) fn because(self, rule: &Expr, wanted: Truth, out: &mut Vec<Where>) {
        match rule {
            Expr::Const(_) => {}
            Expr::Flag(fact) | Expr::Among(fact, _) => out.push(self.place(*fact)),
            Expr::Derived(fact, inner) => match self.flag(*fact) {
                Truth::Unknown => self.because(inner, wanted, out),
                Truth::True | Truth::False => out.push(self.place(*fact)),
            },
            Expr::Compare(Operand::Fact(fact), _, _) => out.push(self.place(*fact)),
            Expr::Compare(Operand::CountMembers(inner), _, _) => {
                self.members()
                    .for_each(|scene| scene.because(inner, scene.truth(inner), out));
            }
            Expr::Not(inner) => self.because(inner, !wanted, out),
            Expr::And(parts) | Expr::Or(parts) => {
                let needs_all = matches!(rule, Expr::And(_)) == (wanted == Truth::True);
                let deciding = parts.iter().filter(|part| self.truth(part) == wanted);
                let enough = if needs_all { parts.len() } else { 1 };
                deciding
                    .take(enough)
                    .for_each(|part| self.because(part, wanted, out));
            }
            Expr::AnyMember(inner) => {
                let enough = if wanted == Truth::True { 1 } else { usize::MAX };
                let deciding = self.members().filter(|scene| scene.truth(inner) == wanted);
                deciding
                    .take(enough)
                    .for_each(|scene| scene.because(inner, wanted, out));
            }
        }
    }

    /// The unknown facts that an unknown rule waits for.
    pub(crate) fn missing(self, rule: &Expr, out: &mut Vec<Where>) {
        if self.truth(rule) != Truth::Unknown {
            return;
        }
        match rule {
            Expr::Const(_) => {}
            Expr::Flag(fact) | Expr::Among(fact, _) | Expr::Compare(Operand::Fact(fact), _, _) => {
                let place = self.place(*fact);
                if !out.contains(&place) {
                    out.push(place);
                }
            }
            Expr::Derived(_, inner) | Expr::Not(inner) => self.missing(inner, out),
            Expr::And(parts) | Expr::Or(parts) => {
                parts.iter().for_each(|part| self.missing(part, out));
            }
            Expr::AnyMember(inner) | Expr::Compare(Operand::CountMembers(inner), _, _) => {
                self.members().for_each(|scene| scene.missing(inner, out));
            }
        }
    }
}
