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

use super::{Ask, AskGroup, Guide, Row, whose};

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
    /// What it is worth for each member it is asked about.
    members: Vec<(Option<usize>, f64)>,
    /// Procedure and member, in catalogue order.
    settles: Vec<(usize, Option<usize>)>,
}

impl Asked {
    fn add(&mut self, member: Option<usize>, gain: f64) {
        match self.members.iter_mut().find(|(of, _)| *of == member) {
            Some((_, worth)) => *worth += gain,
            None => self.members.push((member, gain)),
        }
    }

    fn worth_for(&self, member: Option<usize>) -> f64 {
        let found = self.members.iter().find(|(of, _)| *of == member);
        found.map_or(0.0, |(_, worth)| *worth)
    }
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
                question.add(place.1, *gain);
                question.settles.push((row.procedure, place.1));
            }
        }
        self.add_what_follows(table, &mut asked);
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

    /// Adds what an answer settles because other facts follow from it: one question for several
    /// things few people have is worth as much as all of theirs.
    fn add_what_follows(&self, table: &Table, asked: &mut [Asked]) {
        for (impossible, start) in self.catalogue.impossible().iter().zip(&self.following) {
            for member in whose(impossible, table.members()) {
                let scene = self.scene(table, member);
                let mut missing = Vec::new();
                scene.missing(*start, &mut missing);
                for place in missing {
                    if !self.can_be_asked(table, place) {
                        continue;
                    }
                    let open = |(fact, _): &&(FactId, Cell)| {
                        place.0 != *fact && self.can_be_asked(table, (*fact, member))
                    };
                    let followers: Vec<FactId> = impossible
                        .set
                        .iter()
                        .filter(open)
                        .map(|(fact, _)| *fact)
                        .collect();
                    let chance = self.chance_of_truth(scene, *start, place);
                    follow(asked, place, member, &followers, chance);
                }
            }
        }
    }

    /// The chance that the answer makes the rule true.
    fn chance_of_truth(&self, scene: Scene<'_>, start: Start, place: Where) -> f64 {
        let Some(fact) = self.catalogue.facts().get(place.0) else {
            return 0.0;
        };
        let made_true = |cell: Cell| {
            let assumed = Some((place, cell));
            Scene { assumed, ..scene }.truth(start) == Truth::True
        };
        let chances = fact.answers().filter(|(cell, _)| made_true(*cell));
        chances.map(|(_, chance)| chance).sum()
    }

    fn worth(&self, fact: FactId, mut question: Asked) -> Best {
        question.members.sort_unstable_by_key(|(member, _)| *member);
        question.settles.sort_unstable();
        question.settles.dedup();
        let further = u32::try_from(question.members.len() - 1).unwrap_or(u32::MAX);
        let cost = self.catalogue.facts().get(fact).map_or(1.0, Fact::cost);
        let worth: f64 = question.members.iter().map(|(_, worth)| worth).sum();
        Best {
            fact,
            score: worth / (cost * (1.0 + ROW_COST * f64::from(further))),
            members: question.members.into_iter().map(|(of, _)| of).collect(),
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

/// Credits the question at `place` with what its answer settles through the followers.
fn follow(
    asked: &mut [Asked],
    place: Where,
    member: Option<usize>,
    followers: &[FactId],
    chance: f64,
) {
    let questions = followers.iter().filter_map(|fact| asked.get(*fact));
    let (mut worth, mut settles) = (0.0, Vec::new());
    for question in questions {
        worth += question.worth_for(member);
        let own = question.settles.iter().filter(|(_, of)| *of == member);
        settles.extend(own.map(|(procedure, _)| (*procedure, place.1)));
    }
    if worth <= 0.0 {
        return;
    }
    if let Some(question) = asked.get_mut(place.0) {
        question.add(place.1, worth * chance);
        question.settles.append(&mut settles);
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
