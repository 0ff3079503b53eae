//! Rules in their compact form: one flat list of nodes in preorder, parsed once.

use crate::catalogue::{Fact, Level};
use crate::rule::{Comparison, Expr, FactId, Operand};

/// A fact as a node reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) fact: u16,
    pub(crate) of_member: bool,
}

/// What a node does. Its children follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Const(bool),
    Flag(Slot),
    /// A flag that its child gives when nothing else does.
    Derived(Slot),
    /// A choice is one of these values, by bit.
    Among(Slot, u64),
    Compare(Slot, Comparison, i64),
    /// How many members its child holds for.
    Count(Comparison, i64),
    Not,
    And,
    Or,
    AnyMember,
}

/// A node and how many nodes it has with everything below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) op: Op,
    pub(crate) size: u32,
}

/// Where a rule starts.
pub(crate) type Start = usize;

/// Every rule of a catalogue.
#[derive(Debug, Clone, Default)]
pub(crate) struct Program {
    nodes: Vec<Node>,
}

/// A fact a rule reads, and whether it reads it of every member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reading {
    pub(crate) fact: FactId,
    pub(crate) across_members: bool,
}

impl Program {
    /// Adds a rule.
    pub(crate) fn add(&mut self, rule: &Expr, facts: &[Fact]) -> Start {
        let start = self.nodes.len();
        self.push(rule, facts);
        start
    }

    fn push(&mut self, rule: &Expr, facts: &[Fact]) {
        let at = self.nodes.len();
        let slot = |fact: FactId| Slot {
            fact: u16::try_from(fact).unwrap_or(u16::MAX),
            of_member: facts
                .get(fact)
                .is_some_and(|fact| fact.level == Level::Member),
        };
        let op = match rule {
            Expr::Const(value) => Op::Const(*value),
            Expr::Flag(fact) => Op::Flag(slot(*fact)),
            Expr::Derived(fact, _) => Op::Derived(slot(*fact)),
            Expr::Among(fact, values) => Op::Among(slot(*fact), bits(values)),
            Expr::Compare(Operand::Fact(fact), comparison, number) => {
                Op::Compare(slot(*fact), *comparison, *number)
            }
            Expr::Compare(Operand::CountMembers(_), comparison, number) => {
                Op::Count(*comparison, *number)
            }
            Expr::Not(_) => Op::Not,
            Expr::And(_) => Op::And,
            Expr::Or(_) => Op::Or,
            Expr::AnyMember(_) => Op::AnyMember,
        };
        self.nodes.push(Node { op, size: 1 });
        match rule {
            Expr::Derived(_, inner)
            | Expr::Not(inner)
            | Expr::AnyMember(inner)
            | Expr::Compare(Operand::CountMembers(inner), _, _) => self.push(inner, facts),
            Expr::And(parts) | Expr::Or(parts) => {
                for part in parts {
                    self.push(part, facts);
                }
            }
            Expr::Const(_)
            | Expr::Flag(_)
            | Expr::Among(..)
            | Expr::Compare(Operand::Fact(_), _, _) => {}
        }
        let size = u32::try_from(self.nodes.len() - at).unwrap_or(u32::MAX);
        if let Some(node) = self.nodes.get_mut(at) {
            node.size = size;
        }
    }

    /// The node at `at`; a rule that is not there is false.
    pub(crate) fn node(&self, at: Start) -> Node {
        let nothing = Node {
            op: Op::Const(false),
            size: 1,
        };
        self.nodes.get(at).copied().unwrap_or(nothing)
    }

    /// What every node does.
    pub(crate) fn ops(&self) -> impl Iterator<Item = Op> + '_ {
        self.nodes.iter().map(|node| node.op)
    }

    /// The children of the node at `at`.
    pub(crate) fn children(&self, at: Start) -> Children<'_> {
        Children {
            program: self,
            at: at + 1,
            end: at + size_of_node(self.node(at)),
        }
    }

    /// Every fact the rule reads, once each.
    pub(crate) fn readings(&self, start: Start) -> Vec<Reading> {
        let mut found = Vec::new();
        self.read(start, false, &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    fn read(&self, at: Start, across_members: bool, out: &mut Vec<Reading>) {
        let op = self.node(at).op;
        match op {
            Op::Flag(slot) | Op::Derived(slot) | Op::Among(slot, _) | Op::Compare(slot, _, _) => {
                out.push(Reading {
                    fact: usize::from(slot.fact),
                    across_members,
                });
            }
            Op::Const(_) | Op::Count(..) | Op::Not | Op::And | Op::Or | Op::AnyMember => {}
        }
        let across_members = across_members || matches!(op, Op::Count(..) | Op::AnyMember);
        for child in self.children(at) {
            self.read(child, across_members, out);
        }
    }
}

fn size_of_node(node: Node) -> usize {
    usize::try_from(node.size).unwrap_or(1)
}

fn bits(values: &[u16]) -> u64 {
    values
        .iter()
        .filter(|value| **value < 64)
        .fold(0, |bits, value| bits | (1 << value))
}

/// Starts of the children of a node.
#[derive(Debug, Clone)]
pub(crate) struct Children<'a> {
    program: &'a Program,
    at: Start,
    end: Start,
}

impl Iterator for Children<'_> {
    type Item = Start;

    fn next(&mut self) -> Option<Start> {
        if self.at >= self.end {
            return None;
        }
        let child = self.at;
        self.at += size_of_node(self.program.node(child));
        Some(child)
    }
}
