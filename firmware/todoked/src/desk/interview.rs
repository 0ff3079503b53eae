//! The interview: what to ask next and what the answers lead to, from the procedure catalogue.

use std::sync::Arc;

use counter_api::{Choice, ProcedureState, ProcedureView, QuestionMember, QuestionView, Step};
use counter_domain::date::FuzzyDate;
use counter_domain::deadline::ClosedDays;
use counter_domain::draft::{Draft, FieldPath, FieldValue};
use counter_domain::residence::ResidenceStatuses;
use counter_domain::snapshot::SnapshotProcedure;
use counter_guide::catalogue::{Fact, FactType, Procedure};
use counter_guide::certificates::Certificates;
use counter_guide::draft_facts::{picked, take_stays};
use counter_guide::known::Known;
use counter_guide::{
    AskGroup, Catalogue, FactRef, Facts, Guidance, Guide, Listed, ToConfirm, facts_from_draft,
};
use jiff::civil::Date;
use tokio::sync::watch;

use crate::desk::catalogue::Catalogues;
use crate::desk::picks::{PickSays, Picked};
use crate::desk::staff::answer_path;
use crate::desk::visit::{members, plan_of};
use crate::events::Plan;
use crate::fields::member_path;
use crate::records::Records;
use crate::texts::{sentence, word};

/// Answers to count questions above this are typing errors.
const COUNT_MAX: i64 = 99;

/// Asks and lists by the catalogue of each reception.
#[derive(Debug, Default)]
pub(super) struct Interviewer {
    catalogues: Catalogues,
}

/// What the interview says of one case.
#[derive(Debug, Clone, Default)]
pub(super) struct Interview {
    /// The fact that was asked last; it is asked on until everybody has an answer.
    pub(super) asking: Option<String>,
    pub(super) question: Option<QuestionView>,
    /// One that is asked about several members counts once.
    pub(super) open_questions: u32,
    pub(super) procedures: Vec<ProcedureView>,
    pub(super) for_snapshot: Vec<SnapshotProcedure>,
    /// The forms of the procedures that are sure, each once.
    pub(super) forms: Vec<NeededForm>,
    /// What the rules say of the procedures somebody came for.
    pub(super) picked: Vec<Picked>,
    /// Listed procedures that rest on something sensitive: not on the resident's display.
    pub(super) quiet: Vec<String>,
}

/// A form of the catalogue that somebody needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NeededForm {
    /// Number, for example `F044`.
    pub(super) number: String,
    /// Name of the first procedure it is for.
    pub(super) name: String,
}

impl Interviewer {
    /// Takes the published catalogue when it is new, and the edition of today.
    pub(super) fn load(&mut self, records: &mut impl Records, today: Date) {
        self.catalogues.load(records, today);
    }

    /// The published version in force; `None` while it is the program's own.
    pub(super) fn watch_catalogue(&self) -> watch::Receiver<Option<u64>> {
        self.catalogues.watch()
    }

    /// The catalogue a reception works by.
    pub(super) fn catalogue(&self, draft: &Draft) -> Option<&Catalogue> {
        self.catalogues.of(draft).map(Guide::catalogue)
    }

    /// The rules a reception works by.
    pub(super) fn guide(&self, draft: &Draft) -> Option<&Guide> {
        self.catalogues.of(draft)
    }

    /// The certificates a reception works by.
    pub(super) fn certificates(&self, draft: &Draft) -> Arc<Certificates> {
        self.catalogues.certificates(draft)
    }

    /// What records answer, as the reception's catalogue has it.
    pub(super) fn known(&self, draft: &Draft) -> Arc<Known> {
        let catalogue = self.catalogue(draft);
        catalogue
            .map(|one| Arc::clone(one.known()))
            .unwrap_or_default()
    }

    /// The statuses of residence of the same edition.
    pub(super) fn statuses(&self, draft: &Draft) -> Arc<ResidenceStatuses> {
        let catalogue = self.catalogue(draft);
        catalogue
            .map(|one| Arc::clone(one.statuses()))
            .unwrap_or_default()
    }

    /// Days on which the office is closed, as the reception's catalogue has them.
    pub(super) fn closed_days(&self, draft: &Draft) -> ClosedDays {
        let catalogue = self.catalogue(draft);
        catalogue.map_or_else(ClosedDays::default, |one| one.closed_days().clone())
    }

    /// What a new reception notes in [`catalogue::STARTED_WITH`].
    pub(super) fn catalogue_in_force(&mut self, records: &mut impl Records, today: Date) -> String {
        self.catalogues.turn(records, today);
        self.catalogues.in_force()
    }

    /// What the draft leads to on the day it is filed.
    pub(super) fn interview(
        &mut self,
        records: &impl Records,
        draft: &Draft,
        today: Date,
        asking: Option<&str>,
    ) -> Interview {
        self.catalogues.prepare(records, draft);
        let Some(guide) = self.catalogues.of(draft) else {
            return Interview::default();
        };
        let filed_on = draft.text("event.filed_on");
        let filed_on = filed_on.and_then(|text| text.parse::<FuzzyDate>().ok()?.exact());
        let plan = plan_of(draft);
        if !plan.steps.contains(&Step::Questions) {
            return Interview::default();
        }
        let filed_on = filed_on.unwrap_or(today);
        let mut facts = facts_from_draft(draft, filed_on);
        take_stays(draft, guide.catalogue().statuses(), filed_on, &mut facts);
        add_marks(guide.catalogue(), draft, plan, &mut facts);
        let guidance = guide.evaluate(&facts);
        let names = Names::of_case(draft);
        let catalogue = guide.catalogue();
        let questions = &guidance.questions;
        let asked = asking
            .and_then(|fact| questions.iter().find(|group| group.fact == fact))
            .or_else(|| questions.first());
        Interview {
            asking: asked.map(|group| group.fact.clone()),
            question: asked.and_then(|group| question(catalogue, group, &names)),
            open_questions: u32::try_from(questions.len()).unwrap_or(u32::MAX),
            procedures: procedures(catalogue, &guidance, &names),
            for_snapshot: for_snapshot(catalogue, &guidance),
            forms: forms(catalogue, &guidance),
            picked: what_the_rules_say(guide, draft, &facts, &guidance),
            quiet: quiet(&guidance),
        }
    }

    /// The value to store for an answer; `None` when the question has no such answer.
    pub(super) fn answer(&self, draft: &Draft, fact: &str, value: &str) -> Option<FieldValue> {
        let fact = self.catalogues.of(draft)?.catalogue().fact(fact)?;
        fact.question.as_ref()?;
        if value == "unknown" {
            return Some(FieldValue::Unknown);
        }
        match fact.kind {
            FactType::Flag => value.parse().ok().map(FieldValue::Flag),
            FactType::Count => {
                let count = value.trim().parse::<i64>().ok()?;
                (0..=COUNT_MAX)
                    .contains(&count)
                    .then_some(FieldValue::Count(count))
            }
            FactType::Choice => {
                let known = fact.values.iter().any(|(name, _)| name == value);
                known.then(|| FieldValue::Text(value.to_owned()))
            }
        }
    }
}

/// Ids of what rests on something sensitive.
fn quiet(guidance: &Guidance) -> Vec<String> {
    let listed = guidance.listed.iter().filter(|one| one.sensitive);
    listed.map(|one| one.procedure.clone()).collect()
}

/// What the rules say of each procedure that was picked, for each person it was picked for.
fn what_the_rules_say(
    guide: &Guide,
    draft: &Draft,
    facts: &Facts,
    guidance: &Guidance,
) -> Vec<Picked> {
    let catalogue = guide.catalogue();
    let all = picked(draft).into_iter();
    let each =
        all.flat_map(|(id, members)| members.into_iter().map(move |member| (id.clone(), member)));
    let numbers = members(draft);
    let there = each.filter(|(_, member)| member.is_none_or(|one| numbers.contains(&one)));
    there
        .map(|(id, member)| {
            let is_it = |of: &str, whose: Option<u8>| of == id && whose == member;
            let mut listed = guidance.listed.iter();
            let mut open = guidance.to_confirm.iter();
            let open = open.find(|one| is_it(&one.procedure, one.member));
            let (says, reason) = if let Some(open) = open {
                (PickSays::ToAsk, missing(catalogue, &open.missing))
            } else if listed.any(|one| is_it(&one.procedure, one.member)) {
                (PickSays::Gets, String::new())
            } else {
                (PickSays::Refused, guide.explained_ja(facts, &id, member))
            };
            Picked {
                id,
                member,
                says,
                reason,
            }
        })
        .collect()
}

/// What staff ticked is a fact of every person: somebody who is not the newborn is not newborn.
fn add_marks(catalogue: &Catalogue, draft: &Draft, plan: &Plan, facts: &mut Facts) {
    let fact = plan.mark.as_ref().and_then(|mark| mark.fact.as_deref());
    let Some(fact) = fact.filter(|fact| catalogue.fact(fact).is_some()) else {
        return;
    };
    for number in members(draft) {
        let moving = draft.field(&FieldPath(member_path(number, "moving")));
        let set = moving.is_some_and(|field| field.shown.value == FieldValue::Flag(true));
        facts.set(fact, Some(number), set);
    }
}

/// Names of persons, said only where there is more than one.
pub(super) struct Names<'d> {
    draft: &'d Draft,
    several: bool,
}

impl<'d> Names<'d> {
    pub(super) fn of_case(draft: &'d Draft) -> Self {
        Self {
            draft,
            several: members(draft).len() > 1,
        }
    }

    pub(super) fn of(&self, member: Option<u8>) -> String {
        let Some(number) = member.filter(|_| self.several) else {
            return String::new();
        };
        let name = self
            .draft
            .text(&member_path(number, "name"))
            .unwrap_or_default();
        if name.is_empty() {
            sentence("reply", "person", &[("number", &number.to_string())])
        } else {
            name.to_owned()
        }
    }
}

/// One question, about everybody it is still open for.
fn question(catalogue: &Catalogue, group: &AskGroup, names: &Names<'_>) -> Option<QuestionView> {
    let fact = catalogue.fact(&group.fact)?;
    let question = fact.question.as_ref()?;
    let first = group.members.first().copied();
    let settles = group
        .settles
        .iter()
        .filter_map(|id| catalogue.procedure(id));
    Some(QuestionView {
        fact: group.fact.clone(),
        member: first,
        member_name: names.of(first),
        text: question.ja.clone(),
        text_easy: question.easy_ja.clone(),
        text_english: question.en.clone(),
        members: question_members(fact, group, names),
        choices: choices(fact),
        settles: settles.map(|procedure| procedure.name.ja.clone()).collect(),
        sensitive: group.sensitive,
        records: Vec::new(),
    })
}

/// Everybody the question is about: whom it is open for, and who answered it already, so that no
/// row jumps away from under a finger. Numbers are asked one by one.
fn question_members(fact: &Fact, group: &AskGroup, names: &Names<'_>) -> Vec<QuestionMember> {
    if group.members.is_empty() || fact.kind == FactType::Count {
        return Vec::new();
    }
    let answer = |number: u8| {
        let path = answer_path(&fact.name, Some(number));
        match names.draft.field(&path)?.shown.value {
            FieldValue::Flag(flag) => Some(flag.to_string()),
            FieldValue::Text(text) => Some(text),
            FieldValue::Unknown => Some("unknown".to_owned()),
            FieldValue::Count(_) | FieldValue::Cleared => None,
        }
    };
    let rows: Vec<QuestionMember> = members(names.draft)
        .into_iter()
        .map(|number| QuestionMember {
            number,
            name: names.of(Some(number)),
            answer: answer(number),
        })
        .filter(|row| row.answer.is_some() || group.members.contains(&row.number))
        .collect();
    if rows.len() > 1 { rows } else { Vec::new() }
}

fn choices(fact: &Fact) -> Vec<Choice> {
    let choice = |value: &str, label: String| Choice {
        value: value.to_owned(),
        label,
    };
    let mut choices = match fact.kind {
        FactType::Count => return Vec::new(),
        FactType::Flag => {
            vec![
                choice("true", word("reply", "yes")),
                choice("false", word("reply", "no")),
            ]
        }
        FactType::Choice => fact
            .values
            .iter()
            .map(|(name, words)| choice(name, words.ja.clone()))
            .collect(),
    };
    choices.push(choice("unknown", word("reply", "unknown")));
    choices
}

fn procedures(catalogue: &Catalogue, guidance: &Guidance, names: &Names<'_>) -> Vec<ProcedureView> {
    let listed = guidance.listed.iter().filter_map(|listed| {
        let procedure = catalogue.procedure(&listed.procedure)?;
        let state = ProcedureState::Listed;
        let mut view = draw(catalogue, procedure, names.of(listed.member), state);
        view.reason.clone_from(&listed.reason_ja);
        view.deadline.clone_from(&listed.deadline.words.ja);
        Some(view)
    });
    let unsettled = guidance.to_confirm.iter().filter_map(|unsettled| {
        let procedure = catalogue.procedure(&unsettled.procedure)?;
        let state = ProcedureState::ToConfirm;
        let mut view = draw(catalogue, procedure, names.of(unsettled.member), state);
        view.reason = missing(catalogue, &unsettled.missing);
        view.deadline.clone_from(&unsettled.deadline.words.ja);
        Some(view)
    });
    together(listed.chain(unsettled))
}

/// A procedure that several members need stands there once, with their names.
fn together(views: impl Iterator<Item = ProcedureView>) -> Vec<ProcedureView> {
    let mut all: Vec<ProcedureView> = Vec::new();
    for view in views {
        let same = all
            .iter_mut()
            .find(|other| other.id == view.id && other.state == view.state);
        match same {
            Some(first) => {
                add(&mut first.member, &view.member, "、");
                add(&mut first.reason, &view.reason, "／");
                add(&mut first.deadline, &view.deadline, "／");
            }
            None => all.push(view),
        }
    }
    all
}

/// Adds what is not said yet.
fn add(to: &mut String, more: &str, between: &str) {
    if more.is_empty() || to.split(between).any(|said| said == more) {
        return;
    }
    if !to.is_empty() {
        to.push_str(between);
    }
    to.push_str(more);
}

fn draw(
    catalogue: &Catalogue,
    procedure: &Procedure,
    member: String,
    state: ProcedureState,
) -> ProcedureView {
    let section = catalogue.section(&procedure.section);
    ProcedureView {
        id: procedure.id.clone(),
        name: procedure.name.ja.clone(),
        name_english: procedure.name.en.clone(),
        member,
        state,
        reason: String::new(),
        deadline: String::new(),
        section: section.map(|words| words.ja.clone()).unwrap_or_default(),
        documents: catalogue
            .documents_of(procedure)
            .iter()
            .map(|w| w.ja.clone())
            .collect(),
        to_hear: procedure.interview.iter().map(|w| w.ja.clone()).collect(),
    }
}

/// What is still unknown, in words.
fn missing(catalogue: &Catalogue, facts: &[FactRef]) -> String {
    let mut labels: Vec<&str> = Vec::new();
    for fact in facts.iter().filter_map(|fact| catalogue.fact(&fact.fact)) {
        if !labels.contains(&fact.label_ja.as_str()) {
            labels.push(&fact.label_ja);
        }
    }
    sentence("question", "to_confirm", &[("facts", &labels.join("・"))])
}

/// The forms of what is listed, in catalogue order.
fn forms(catalogue: &Catalogue, guidance: &Guidance) -> Vec<NeededForm> {
    let needed = guidance.forms(catalogue).into_iter();
    let named = needed.map(|number| {
        let mut listed = guidance.listed.iter();
        let first = listed.find_map(|one| {
            let procedure = catalogue.procedure(&one.procedure)?;
            let is_it = procedure.form_no.as_deref() == Some(number.as_str());
            is_it.then(|| procedure.name.ja.clone())
        });
        NeededForm {
            name: first.unwrap_or_default(),
            number,
        }
    });
    named.collect()
}

/// The procedures as they are frozen. A reason the resident's display must not show is left out.
fn for_snapshot(catalogue: &Catalogue, guidance: &Guidance) -> Vec<SnapshotProcedure> {
    let name = |id: &str| catalogue.procedure(id).map(|one| one.name.ja.clone());
    let listed = guidance.listed.iter().filter_map(|listed: &Listed| {
        Some(SnapshotProcedure {
            id: listed.procedure.clone(),
            name: name(&listed.procedure)?,
            member: listed.member,
            reason: if listed.sensitive {
                String::new()
            } else {
                listed.reason_ja.clone()
            },
            deadline: listed.deadline.words.ja.clone(),
            to_confirm: false,
        })
    });
    let unsettled = guidance
        .to_confirm
        .iter()
        .filter_map(|unsettled: &ToConfirm| {
            Some(SnapshotProcedure {
                id: unsettled.procedure.clone(),
                name: name(&unsettled.procedure)?,
                member: unsettled.member,
                reason: String::new(),
                deadline: unsettled.deadline.words.ja.clone(),
                to_confirm: true,
            })
        });
    listed.chain(unsettled).collect()
}
