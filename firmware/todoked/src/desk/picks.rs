//! Somebody came for a procedure alone, without a change of the record (個別の手続き): which there
//! are, for whom, and whether they get it.
//!
//! In a draft a picked procedure is a field `procedure.<id>` with the members it is for. What the
//! rules say of it, and what is still to be asked, comes from the interview.

use counter_api::{Choice, Notice, PickRow, PickedView, PicksView};
use counter_domain::draft::{FieldValue, Source};
use counter_guide::catalogue::{Procedure, Scope};
use counter_guide::draft_facts::{FOR_ALL, PICKED, picked};

use crate::desk::Desk;
use crate::desk::visit::Visit;
use crate::records::{Entry, Records};
use crate::texts::{Code, notice, sentence, word};

/// What is looked for is cut here.
const SOUGHT_CHARS_MAX: usize = 60;
/// Procedures shown at once.
const FOUND_MAX: usize = 30;

/// What the rules say of a procedure that was picked for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picked {
    /// Catalogue id.
    pub(super) id: String,
    /// Whom it is for; `None` is the household.
    pub(super) member: Option<u8>,
    /// What they say.
    pub(super) says: PickSays,
    /// Why, in words.
    pub(super) reason: String,
}

/// Whether somebody gets what they came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PickSays {
    /// They do.
    Gets,
    /// That is still to be asked.
    ToAsk,
    /// They do not.
    Refused,
}

impl<R: Records> Desk<R> {
    /// Looks for procedures by any of their names, or by their section.
    pub(super) fn find_procedures(&mut self, text: &str) -> Result<(), Notice> {
        self.picking()?;
        let sought = text.trim().chars().take(SOUGHT_CHARS_MAX).collect();
        self.visit_mut()?.sought = sought;
        Ok(())
    }

    /// Says that somebody came for a procedure, or did not.
    pub(super) fn pick_procedure(
        &mut self,
        id: &str,
        member: Option<u8>,
        set: bool,
    ) -> Result<(), Notice> {
        let visit = self.picking()?;
        let impossible = || notice(Code::NotPossibleNow);
        let mut offered = self.startable(visit).into_iter();
        let procedure = offered.find(|one| one.id == id).ok_or_else(impossible)?;
        let numbers = visit.members();
        if member.is_some_and(|number| !numbers.contains(&number)) {
            return Err(impossible());
        }
        let whose = match procedure.scope {
            Scope::Once | Scope::Household if set => FOR_ALL.to_owned(),
            Scope::Once | Scope::Household => String::new(),
            Scope::Member => whose(visit, id, member, set),
        };
        let value = if whose.is_empty() {
            FieldValue::Cleared
        } else {
            FieldValue::Text(whose)
        };
        let path = [PICKED, id].concat().as_str().into();
        self.store(&[Entry {
            path,
            value,
            source: Source::Staff,
        }])
    }

    /// The open case, while it may ask for procedures alone.
    fn picking(&self) -> Result<&Visit, Notice> {
        let visit = self.editable()?;
        let picks = visit.plan().picks;
        if picks {
            Ok(visit)
        } else {
            Err(notice(Code::NotPossibleNow))
        }
    }

    /// The procedures that can be begun by themselves, as the reception's catalogue has them.
    fn startable(&self, visit: &Visit) -> Vec<&Procedure> {
        let guide = self.interviewer.guide(visit.draft());
        guide.map_or_else(Vec::new, |guide| guide.startable(visit.text("event.type")))
    }

    /// The procedures as staff see them.
    pub(super) fn picks_view(&self, visit: &Visit) -> Option<PicksView> {
        if !visit.plan().picks {
            return None;
        }
        let catalogue = self.interviewer.catalogue(visit.draft())?;
        let section = |procedure: &Procedure| {
            let words = catalogue.section(&procedure.section);
            words.map(|words| words.ja.clone()).unwrap_or_default()
        };
        let all = self.startable(visit);
        let mut sections: Vec<Choice> = Vec::new();
        for name in all.iter().map(|one| section(one)) {
            if !sections.iter().any(|known| known.value == name) {
                sections.push(Choice {
                    value: name.clone(),
                    label: name,
                });
            }
        }
        let sought = visit.sought.as_str();
        let chosen = picked(visit.draft());
        let meant = all
            .iter()
            .filter(|one| !sought.is_empty() && one.is_meant(sought, &section(one)));
        let found: Vec<PickRow> = meant
            .take(FOUND_MAX)
            .map(|one| PickRow {
                id: one.id.clone(),
                name: one.name.ja.clone(),
                section: section(one),
                chosen: chosen.iter().any(|(id, _)| *id == one.id),
            })
            .collect();
        let hint = match (sought.is_empty(), found.is_empty()) {
            (true, _) => word("picks", "ask"),
            (false, true) => word("picks", "nothing"),
            (false, false) => String::new(),
        };
        let chosen = chosen.iter().filter_map(|(id, _)| {
            let procedure = catalogue.procedure(id)?;
            Some(drawn(visit, procedure))
        });
        Some(PicksView {
            sought: sought.to_owned(),
            sections,
            found,
            hint,
            chosen: chosen.collect(),
        })
    }
}

/// The members a procedure is for, with one more or one less.
fn whose(visit: &Visit, id: &str, member: Option<u8>, set: bool) -> String {
    let mut whose = members_of(visit, id);
    match (member, set) {
        (None, false) => whose.clear(),
        (None, true) if !whose.is_empty() => {}
        (None, true) => whose.push(at_the_counter(visit)),
        (Some(number), true) => whose.push(number),
        (Some(number), false) => whose.retain(|one| *one != number),
    }
    whose.sort_unstable();
    whose.dedup();
    let numbers: Vec<String> = whose.iter().map(u8::to_string).collect();
    numbers.join(",")
}

/// The members a procedure was picked for.
fn members_of(visit: &Visit, id: &str) -> Vec<u8> {
    let all = picked(visit.draft());
    let members = all.into_iter().find(|(picked, _)| picked == id);
    let members = members.map(|(_, members)| members).unwrap_or_default();
    members.into_iter().flatten().collect()
}

/// Whoever files; the first person where nobody of the case does.
fn at_the_counter(visit: &Visit) -> u8 {
    let filing = visit.text("notifier.member").parse().ok();
    let members = visit.members();
    filing
        .filter(|number| members.contains(number))
        .or_else(|| members.first().copied())
        .unwrap_or(1)
}

fn drawn(visit: &Visit, procedure: &Procedure) -> PickedView {
    let says = visit.interview.picked.iter();
    let says: Vec<&Picked> = says.filter(|one| one.id == procedure.id).collect();
    let members = visit.members();
    let people = (procedure.scope == Scope::Member && members.len() > 1)
        .then(|| members.iter().map(|number| person(visit, *number)));
    let whose = members_of(visit, &procedure.id);
    PickedView {
        id: procedure.id.clone(),
        name: procedure.name.ja.clone(),
        people: people.map(Iterator::collect).unwrap_or_default(),
        whose: whose.iter().map(u8::to_string).collect(),
        note: note(visit, &says),
        refused: !says.is_empty() && says.iter().all(|one| one.says == PickSays::Refused),
    }
}

fn person(visit: &Visit, number: u8) -> Choice {
    Choice {
        value: number.to_string(),
        label: visit.name_of(number),
    }
}

/// Why somebody does not get it, with the name where there are several; else what is to be asked.
fn note(visit: &Visit, says: &[&Picked]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for one in says.iter().filter(|one| one.says == PickSays::Refused) {
        let name = one.member.map(|number| visit.name_of(number));
        let reason = ("reason", one.reason.as_str());
        lines.push(match name.filter(|_| visit.members().len() > 1) {
            Some(name) => sentence("picks", "refused_for", &[("name", &name), reason]),
            None => sentence("picks", "refused", &[reason]),
        });
    }
    let asks = says.iter().find(|one| one.says == PickSays::ToAsk);
    lines.extend(asks.map(|one| one.reason.clone()));
    lines.join("　")
}

/// What keeps a request for procedures from being signed, in words.
pub(super) fn problem(visit: &Visit) -> Option<String> {
    if !visit.plan().picks {
        return None;
    }
    let says = &visit.interview.picked;
    if says.is_empty() {
        return Some(word("blocked", "no_procedure"));
    }
    let refused = says.iter().find(|one| one.says == PickSays::Refused)?;
    Some(sentence(
        "blocked",
        "not_theirs",
        &[("reason", &refused.reason)],
    ))
}
