//! What a rule says about a case: its truth, why, and what would settle it.

use crate::program::{Op, Program, Slot, Start};
use crate::rule::FactId;
use crate::table::{Cell, Table};
use crate::truth::{Truth, all, any};

/// A rule is read against this.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) program: &'a Program,
    pub(crate) table: &'a Table,
    /// The member under test, by place in the table.
    pub(crate) member: Option<usize>,
    /// Whether this procedure was picked from the menu.
    pub(crate) requested: Requested,
    /// A fact as if it were known.
    pub(crate) assumed: Option<(Where, Cell)>,
}

/// Whether a procedure was picked from the menu, and which fact says so.
#[derive(Clone, Copy)]
pub(crate) struct Requested {
    pub(crate) fact: Option<FactId>,
    pub(crate) picked: bool,
}

/// A fact of the event, the household or one member.
pub(crate) type Where = (FactId, Option<usize>);

impl Scene<'_> {
    fn for_member(self, member: usize) -> Self {
        Self {
            member: Some(member),
            ..self
        }
    }

    fn members(self) -> impl Iterator<Item = Self> {
        (0..self.table.members()).map(move |member| self.for_member(member))
    }

    fn place(self, slot: Slot) -> Where {
        (
            usize::from(slot.fact),
            self.member.filter(|_| slot.of_member),
        )
    }

    fn cell(self, slot: Slot) -> Cell {
        let place = self.place(slot);
        if let Some((assumed, cell)) = self.assumed
            && assumed == place
        {
            return cell;
        }
        let said = if slot.of_member && place.1.is_none() {
            Cell::Missing
        } else {
            self.table.cell(place.0, place.1)
        };
        if self.requested.fact == Some(place.0) && said == Cell::Missing {
            return Cell::Flag(self.requested.picked);
        }
        said
    }

    fn flag(self, slot: Slot) -> Truth {
        match self.cell(slot) {
            Cell::Flag(flag) => flag.into(),
            Cell::Missing | Cell::Asked | Cell::Count(_) | Cell::Choice(_) => Truth::Unknown,
        }
    }

    fn inner(self, at: Start) -> Start {
        debug_assert!(self.program.children(at).next().is_some());
        at + 1
    }

    /// How many members the rule holds for; `None` with one unknown.
    fn count(self, rule: Start) -> Option<i64> {
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
    pub(crate) fn truth(self, at: Start) -> Truth {
        match self.program.node(at).op {
            Op::Const(value) => value.into(),
            Op::Flag(slot) => self.flag(slot),
            Op::Derived(slot) => match self.flag(slot) {
                Truth::Unknown => self.truth(self.inner(at)),
                known @ (Truth::True | Truth::False) => known,
            },
            Op::Among(slot, values) => match self.cell(slot) {
                Cell::Choice(value) => (value < 64 && values >> value & 1 == 1).into(),
                Cell::Missing | Cell::Asked | Cell::Flag(_) | Cell::Count(_) => Truth::Unknown,
            },
            Op::Compare(slot, comparison, right) => match self.cell(slot) {
                Cell::Count(left) => comparison.holds(left, right).into(),
                Cell::Missing | Cell::Asked | Cell::Flag(_) | Cell::Choice(_) => Truth::Unknown,
            },
            Op::Count(comparison, right) => self
                .count(self.inner(at))
                .map_or(Truth::Unknown, |left| comparison.holds(left, right).into()),
            Op::Not => !self.truth(self.inner(at)),
            Op::And => all(self.program.children(at).map(|part| self.truth(part))),
            Op::Or => any(self.program.children(at).map(|part| self.truth(part))),
            Op::AnyMember => {
                let inner = self.inner(at);
                any(self.members().map(|scene| scene.truth(inner)))
            }
        }
    }

    /// The facts that gave the rule the value `wanted`, which it has.
    pub(crate) fn because(self, at: Start, wanted: Truth, out: &mut Vec<Where>) {
        let op = self.program.node(at).op;
        match op {
            Op::Const(_) => {}
            Op::Flag(slot) | Op::Among(slot, _) | Op::Compare(slot, _, _) => {
                out.push(self.place(slot));
            }
            Op::Derived(slot) => match self.flag(slot) {
                Truth::Unknown => self.because(self.inner(at), wanted, out),
                Truth::True | Truth::False => out.push(self.place(slot)),
            },
            Op::Count(..) => {
                let inner = self.inner(at);
                for scene in self.members() {
                    scene.because(inner, scene.truth(inner), out);
                }
            }
            Op::Not => self.because(self.inner(at), !wanted, out),
            Op::And | Op::Or => {
                let needs_all = (op == Op::And) == (wanted == Truth::True);
                let enough = if needs_all { usize::MAX } else { 1 };
                let parts = self.program.children(at);
                for part in parts
                    .filter(|part| self.truth(*part) == wanted)
                    .take(enough)
                {
                    self.because(part, wanted, out);
                }
            }
            Op::AnyMember => {
                let inner = self.inner(at);
                let enough = if wanted == Truth::True { 1 } else { usize::MAX };
                let deciding = self.members().filter(|scene| scene.truth(inner) == wanted);
                for scene in deciding.take(enough) {
                    scene.because(inner, wanted, out);
                }
            }
        }
    }

    /// The unknown facts that an unknown rule waits for.
    pub(crate) fn missing(self, at: Start, out: &mut Vec<Where>) {
        if self.truth(at) != Truth::Unknown {
            return;
        }
        match self.program.node(at).op {
            Op::Const(_) => {}
            Op::Flag(slot) | Op::Among(slot, _) | Op::Compare(slot, _, _) => {
                let place = self.place(slot);
                if !out.contains(&place) {
                    out.push(place);
                }
            }
            Op::Derived(_) | Op::Not | Op::And | Op::Or => {
                for part in self.program.children(at) {
                    self.missing(part, out);
                }
            }
            Op::AnyMember | Op::Count(..) => {
                let inner = self.inner(at);
                for scene in self.members() {
                    scene.missing(inner, out);
                }
            }
        }
    }
}
