//! Which question is worth asking first.
//!
//! A question is worth what it is expected to settle: for every open rule the chance that the
//! answer settles it, by how often each answer is given (`likely` in the catalogue), divided by
//! what the question costs the people at the counter (`cost`). One question may be asked about
//! several members at once; each further row costs less than a question of its own.

use crate::catalogue::Fact;
use crate::facts::Facts;
use crate::meaning::{Scene, Where};
use crate::program::Start;
use crate::rule::FactId;
use crate::table::{Cell, Table};
use crate::truth::Truth;

use super::{Ask, AskGroup, Guide, Row};

/// What a further row of a question costs beside the question itself.
const ROW_COST: f64 = 0.25;
/// What it is worth to come nearer to settling a rule without settling it.
const NEARER: f64 = 0.2;

/// What an open rule waits for, and the chance that each of these facts settles it.
#[derive(Debug, Clone, Default)]
pub(super) struct Open {
    pub(super) missing: Vec<Where>,
    gains: Vec<f64>,
}

impl Open {
    /// Looks a rule over again.
    pub(super) fn read(&mut self, scene: Scene<'_>, start: Start, facts: &[Fact]) {
        self.missing.clear();
        self.gains.clear();
        scene.missing(start, &mut self.missing);
        for place in &self.missing {
            self.gains.push(gain(scene, start, facts, *place));
        }
    }
}

/// The chance that knowing the fact settles the rule.
fn gain(scene: Scene<'_>, start: Start, facts: &[Fact], place: Where) -> f64 {
    let Some(fact) = facts.get(place.0).filter(|fact| fact.question.is_some()) else {
        return 0.0;
    };
    let settled: f64 = fact
        .answers()
        .filter(|(cell, _)| {
            let assumed = Scene {
                assumed: Some((place, *cell)),
                ..scene
            };
            assumed.truth(start) != Truth::Unknown
        })
        .map(|(_, chance)| chance)
        .sum();
    settled + NEARER * (1.0 - settled)
}

/// A question being put together.
#[derive(Debug, Default)]
struct Asked {
    worth: f64,
    members: Vec<Option<usize>>,
    /// Procedure and member, in catalogue order.
    settles: Vec<(usize, Option<usize>)>,
}

impl Guide {
    /// Questions for what unsettled rules wait for, the best one first.
    pub(super) fn questions(&self, table: &Table, open: &[(Row, &Open)]) -> Vec<Best> {
        let mut asked: Vec<Asked> = Vec::new();
        asked.resize_with(self.catalogue.facts().len(), Asked::default);
        for (row, open) in open {
            for (place, gain) in open.missing.iter().zip(&open.gains) {
                if !self.can_be_asked(table, *place) {
                    continue;
                }
                let Some(question) = asked.get_mut(place.0) else {
                    continue;
                };
                question.worth += gain;
                if !question.members.contains(&place.1) {
                    question.members.push(place.1);
                }
                question.settles.push((row.procedure, place.1));
            }
        }
        let mut best: Vec<Best> = asked
            .into_iter()
            .enumerate()
            .filter(|(_, question)| !question.members.is_empty())
            .map(|(fact, question)| self.worth(fact, question))
            .collect();
        best.sort_by(|one, other| {
            let by_score = other.score.total_cmp(&one.score);
            by_score.then(one.fact.cmp(&other.fact))
        });
        best
    }

    fn worth(&self, fact: FactId, mut question: Asked) -> Best {
        question.members.sort_unstable();
        question.settles.sort_unstable();
        question.settles.dedup();
        let further = u32::try_from(question.members.len() - 1).unwrap_or(u32::MAX);
        let cost = self.catalogue.facts().get(fact).map_or(1.0, Fact::cost);
        Best {
            fact,
            score: question.worth / (cost * (1.0 + ROW_COST * f64::from(further))),
            members: question.members,
            settles: question.settles,
        }
    }

    /// Whether a fact is still worth a question: one that was asked and is not known is not.
    pub(super) fn can_be_asked(&self, table: &Table, (id, member): Where) -> bool {
        self.catalogue
            .facts()
            .get(id)
            .is_some_and(|fact| fact.question.is_some() && table.cell(id, member) == Cell::Missing)
    }
}

/// A question with what it is worth.
#[derive(Debug)]
pub(super) struct Best {
    fact: FactId,
    score: f64,
    members: Vec<Option<usize>>,
    settles: Vec<(usize, Option<usize>)>,
}

impl Best {
    /// The question with everybody it is asked about.
    pub(super) fn group(&self, guide: &Guide, table: &Table) -> AskGroup {
        let fact = guide.catalogue.facts().get(self.fact);
        let numbers = self
            .members
            .iter()
            .filter_map(|at| table.numbers.get((*at)?));
        let mut settles: Vec<usize> = self.settles.iter().map(|(at, _)| *at).collect();
        settles.dedup();
        AskGroup {
            fact: fact.map(|fact| fact.name.clone()).unwrap_or_default(),
            members: numbers.copied().collect(),
            settles: ids(guide, settles.into_iter()),
            sensitive: fact.is_some_and(|fact| fact.sensitive),
        }
    }

    /// The question about each member by itself.
    pub(super) fn single<'b>(
        &'b self,
        guide: &'b Guide,
        table: &'b Table,
    ) -> impl Iterator<Item = Ask> + 'b {
        self.members.iter().map(move |member| {
            let reference = guide.fact_ref(table, (self.fact, *member));
            let own = self.settles.iter().filter(move |(_, of)| of == member);
            let fact = guide.catalogue.facts().get(self.fact);
            Ask {
                fact: reference.fact,
                member: reference.member,
                settles: ids(guide, own.map(|(at, _)| *at)),
                sensitive: fact.is_some_and(|fact| fact.sensitive),
            }
        })
    }
}

fn ids(guide: &Guide, procedures: impl Iterator<Item = usize>) -> Vec<String> {
    let found = procedures.filter_map(|at| guide.catalogue.procedures().get(at));
    found.map(|procedure| procedure.id.clone()).collect()
}

impl Facts {
    /// Whether a procedure was picked from the menu, for everybody (`P026`) or for one member
    /// (`P026/2`).
    pub(crate) fn picked(&self, procedure: &str, number: Option<&u8>) -> bool {
        let of_member = |picked: &String| {
            let parts = picked.split_once('/').zip(number);
            parts.is_some_and(|((id, of), number)| id == procedure && of.parse() == Ok(*number))
        };
        self.requested.contains(procedure) || self.requested.iter().any(of_member)
    }
}
