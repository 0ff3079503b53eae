//! The answer of the guide.

use serde::Serialize;

use crate::catalogue::{Catalogue, Kind};
use crate::deadline::Deadline;

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

/// A question to ask about one member or the household.
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

/// One question with everybody it is asked about: one row a member on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskGroup {
    /// The fact.
    pub fact: String,
    /// Numbers of the members; empty for a fact of the event or the household.
    pub members: Vec<u8>,
    /// The procedures that wait for it, in catalogue order.
    pub settles: Vec<String>,
    /// Asked on the staff's screen only.
    pub sensitive: bool,
}

/// One procedure with everybody it is needed for: one line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcedureGroup {
    /// Id.
    pub procedure: String,
    /// Numbers of the members; empty for a procedure of the household.
    pub members: Vec<u8>,
    /// Why, for each of them.
    pub reasons: Vec<(Option<u8>, String)>,
    /// A reason names something the resident's display must not show.
    pub sensitive: bool,
    /// Until when.
    pub deadline: Deadline,
}

/// A procedure for one member or the household.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ProcedureRef {
    /// Id.
    pub procedure: String,
    /// Number of the member.
    pub member: Option<u8>,
}

/// Every open question about one member, or about the event and the household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonQuestions {
    /// Number of the member; `None` for the event and the household.
    pub member: Option<u8>,
    /// The questions, the best one first.
    pub questions: Vec<Ask>,
}

/// What a changed answer does to the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Needed now, not before.
    pub added: Vec<ProcedureRef>,
    /// Needed before, not now.
    pub removed: Vec<ProcedureRef>,
    /// Numbers of forms that are needed now.
    pub forms_added: Vec<String>,
    /// Numbers of forms nobody needs any more.
    pub forms_removed: Vec<String>,
}

/// The answer of the guide.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guidance {
    /// Needed procedures in catalogue order.
    pub listed: Vec<Listed>,
    /// Unsettled procedures in catalogue order.
    pub to_confirm: Vec<ToConfirm>,
    /// Questions, the best one first, each about one member: [`Guidance::questions`] spread out.
    pub ask: Vec<Ask>,
    /// Questions, the best one first, each with everybody it is asked about.
    pub questions: Vec<AskGroup>,
    /// How many procedures, counted for each member, are certainly not needed.
    pub hidden: usize,
}

impl Guidance {
    /// The needed procedures, each once with the members it concerns.
    pub fn procedures(&self) -> Vec<ProcedureGroup> {
        let mut groups: Vec<ProcedureGroup> = Vec::new();
        for listed in &self.listed {
            let reason = (listed.member, listed.reason_ja.clone());
            match groups.last_mut() {
                Some(group) if group.procedure == listed.procedure => {
                    group.members.extend(listed.member);
                    group.reasons.push(reason);
                    group.sensitive |= listed.sensitive;
                }
                Some(_) | None => groups.push(ProcedureGroup {
                    procedure: listed.procedure.clone(),
                    members: listed.member.into_iter().collect(),
                    reasons: vec![reason],
                    sensitive: listed.sensitive,
                    deadline: listed.deadline.clone(),
                }),
            }
        }
        groups
    }

    /// The questions person by person: first whoever the best question is about. For a counter that
    /// would rather finish one person than one question.
    pub fn questions_by_person(&self) -> Vec<PersonQuestions> {
        let mut persons: Vec<PersonQuestions> = Vec::new();
        for ask in &self.ask {
            match persons.iter_mut().find(|one| one.member == ask.member) {
                Some(person) => person.questions.push(ask.clone()),
                None => persons.push(PersonQuestions {
                    member: ask.member,
                    questions: vec![ask.clone()],
                }),
            }
        }
        persons
    }

    /// Numbers of the forms of the needed procedures, in catalogue order, each once.
    pub fn forms(&self, catalogue: &Catalogue) -> Vec<String> {
        let listed = self.listed.iter();
        let procedures = listed.filter_map(|listed| catalogue.procedure(&listed.procedure));
        let forms = procedures.filter(|procedure| procedure.kind == Kind::Form);
        let mut numbers: Vec<String> = Vec::new();
        for number in forms.filter_map(|procedure| procedure.form_no.as_ref()) {
            if !numbers.contains(number) {
                numbers.push(number.clone());
            }
        }
        numbers
    }

    /// What is different from an earlier answer of the guide.
    pub fn changes_since(&self, before: &Self, catalogue: &Catalogue) -> Changes {
        let (old, new) = (references(before), references(self));
        let (old_forms, new_forms) = (before.forms(catalogue), self.forms(catalogue));
        Changes {
            added: without(&new, &old),
            removed: without(&old, &new),
            forms_added: without(&new_forms, &old_forms),
            forms_removed: without(&old_forms, &new_forms),
        }
    }
}

fn references(guidance: &Guidance) -> Vec<ProcedureRef> {
    let listed = guidance.listed.iter();
    listed
        .map(|listed| ProcedureRef {
            procedure: listed.procedure.clone(),
            member: listed.member,
        })
        .collect()
}

fn without<T: Clone + PartialEq>(these: &[T], those: &[T]) -> Vec<T> {
    let kept = these.iter().filter(|one| !those.contains(one));
    kept.cloned().collect()
}
