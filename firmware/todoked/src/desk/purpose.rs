//! What somebody came for: chosen from groups, changed midway, refused where the law does.

use counter_api::{
    Language, MarkView, Notice, Purpose, PurposeGroup, PurposeView, RefusalView, Step,
};
use counter_domain::date::FuzzyDate;
use counter_domain::draft::{FieldPath, FieldValue, Source};
use counter_domain::event::Event;
use counter_domain::lateness::{Late, lateness};
use counter_domain::refusal::{Refusal, RefusalKind, refusals};
use jiff::civil::Date;

use crate::desk::Desk;
use crate::desk::catalogue::STARTED_WITH;
use crate::desk::staff::answer_path;
use crate::desk::visit::Visit;
use crate::events::{Plan, Start, events};
use crate::fields::member_path;
use crate::records::{Entry, Records};
use crate::texts::{Code, notice, notice_with, sentence, word};

impl<R: Records> Desk<R> {
    /// Makes the reception one about another event. Nothing that was entered is lost: fields the
    /// event does not have stay in the draft and come back with an event that has them.
    pub(super) fn choose_purpose(&mut self, event: &str, flow: &str) -> Result<(), Notice> {
        let visit = self.editable()?;
        let plan = events()
            .plan(event, flow)
            .filter(|plan| plan.flow == flow)
            .ok_or_else(|| notice(Code::NotPossibleNow))?;
        let fresh = is_fresh(visit);
        let text = |path: &str, value: &str| Entry::text(path, value, Source::Staff);
        let mut entries = vec![text("event.type", event), text("event.flow", flow)];
        let before = visit.plan();
        for (path, value) in &before.defaults {
            if visit.text(path) == value && !plan.defaults.contains_key(path) {
                entries.push(text(path, ""));
            }
        }
        for (path, value) in &plan.defaults {
            if visit.text(path).is_empty() || before.defaults.contains_key(path) {
                entries.push(text(path, value));
            }
        }
        let unnamed = visit.members().into_iter();
        let unnamed = unnamed.filter(|number| visit.text(&member_path(*number, "name")).is_empty());
        entries.extend(unnamed.flat_map(|number| marks(plan, number, plan.everybody)));
        self.store(&entries)?;
        if !plan.steps.contains(&self.visit()?.step) {
            self.set_step(Step::Documents)?;
        }
        if fresh {
            self.notice = None;
        } else {
            let values = [("event", plan.name.ja.as_str())];
            self.notice = Some(notice_with(
                Code::PurposeChanged,
                Language::Japanese,
                &values,
            ));
        }
        if plan.start == Start::Copy && fresh {
            return self.open_residents();
        }
        if fresh {
            self.close_residents();
        }
        Ok(())
    }

    /// Says whether the event concerns a person.
    pub(super) fn mark_member(&mut self, number: u8, set: bool) -> Result<(), Notice> {
        let visit = self.editable()?;
        if visit.plan().mark.is_none() || !visit.members().contains(&number) {
            return Err(notice(Code::NotPossibleNow));
        }
        let entries = marks(visit.plan(), number, set);
        self.store(&entries)
    }
}

/// What is stored when a person is marked.
pub(super) fn marks(plan: &Plan, number: u8, set: bool) -> Vec<Entry> {
    let flag = |path: FieldPath| Entry {
        path,
        value: FieldValue::Flag(set),
        source: Source::Staff,
    };
    let fact = plan.mark.as_ref().and_then(|mark| mark.fact.as_deref());
    let fact = fact.map(|fact| flag(answer_path(fact, Some(number))));
    let moving = flag(FieldPath(member_path(number, "moving")));
    std::iter::once(moving).chain(fact).collect()
}

/// Whether nothing was entered but the purpose.
pub(super) fn is_fresh(visit: &Visit) -> bool {
    const BEGUN: [&str; 6] = [
        "event.type",
        "event.flow",
        "event.filed_on",
        "member.1.moving",
        "notifier.member",
        STARTED_WITH,
    ];
    let defaults = &visit.plan().defaults;
    visit.draft().fields().all(|(path, field)| {
        let path = path.as_str();
        match &field.shown.value {
            FieldValue::Cleared => true,
            FieldValue::Text(text) if defaults.get(path) == Some(text) => true,
            FieldValue::Flag(_) if path.starts_with("answer.m1.") => true,
            FieldValue::Text(_)
            | FieldValue::Flag(_)
            | FieldValue::Count(_)
            | FieldValue::Unknown => BEGUN.contains(&path),
        }
    })
}

/// The purposes as staff see them, while one can be chosen.
pub(super) fn view(visit: &Visit) -> Option<PurposeView> {
    if !visit.is_editable() || visit.step != Step::Documents {
        return None;
    }
    let now = visit.plan();
    let purpose = |plan: &Plan| Purpose {
        event: plan.code.clone(),
        flow: plan.flow.clone(),
        label: plan.short.clone(),
        chosen: plan.code == now.code && plan.flow == now.flow,
    };
    let groups = events().groups.iter().map(|group| {
        let plans = group.plans.iter();
        let plans = plans.filter_map(|place| events().offered(*place));
        let purposes: Vec<Purpose> = plans.map(purpose).collect();
        PurposeGroup {
            label: group.name.ja.clone(),
            chosen: purposes.iter().any(|one| one.chosen),
            purposes,
        }
    });
    Some(PurposeView {
        groups: groups.collect(),
        fresh: is_fresh(visit),
    })
}

/// Whether the event concerns a person, where staff say so.
pub(super) fn mark(visit: &Visit, number: u8) -> Option<MarkView> {
    let mark = visit.plan().mark.as_ref()?;
    Some(MarkView {
        yes: mark.moves.clone(),
        no: mark.stay.clone(),
        set: visit.is_marked(number),
    })
}

/// What the law says of the draft on the day it is filed.
pub(super) fn in_the_way(visit: &Visit, today: Date) -> Vec<Refusal> {
    if visit.plan().is_request() {
        return Vec::new();
    }
    let filed_on = filed_on(visit).unwrap_or(today);
    refusals(visit.draft(), filed_on, &visit.statuses)
}

fn filed_on(visit: &Visit) -> Option<Date> {
    visit
        .text("event.filed_on")
        .parse::<FuzzyDate>()
        .ok()?
        .exact()
}

/// How late the filing is.
pub(super) fn late(
    visit: &Visit,
    today: Date,
    closed: &counter_domain::deadline::ClosedDays,
) -> Option<Late> {
    let event = Event::from_code(visit.text("event.type"))?;
    let day = visit.text("event.date").parse::<FuzzyDate>().ok()?;
    lateness(event, day, filed_on(visit).unwrap_or(today), closed)
}

/// What follows from filing late, in words.
pub(super) fn late_in_words(late: &Late) -> String {
    let due = crate::desk::checks::date_in_words(&late.due.to_string());
    let days = late.days.to_string();
    let mut said = sentence("late", "said", &[("due", &due), ("days", &days)]);
    said.push_str(&word("late", "then"));
    if late.needs_proof {
        said.push_str(&word("late", "proof"));
    }
    said
}

/// A refusal as staff read it, with the purpose it should be instead.
pub(super) fn refused(visit: &Visit, refusal: &Refusal) -> RefusalView {
    let instead = match refusal.kind {
        RefusalKind::MoveWithinInstead => Some("move_within"),
        RefusalKind::SameAddress => Some("hh_change"),
        RefusalKind::CardPathClosed | RefusalKind::NotFromAbroad => Some("move_in/paper"),
        RefusalKind::FromAbroadInstead => Some("move_in_abroad"),
        RefusalKind::ToAbroadInstead => Some("move_out_abroad"),
        RefusalKind::NotToAbroad => Some("move_out/paper"),
        RefusalKind::NotYetMoved
        | RefusalKind::LeftLongAgo
        | RefusalKind::NotWithinOneCity
        | RefusalKind::NewAddressNotAPlace
        | RefusalKind::NobodyMoves
        | RefusalKind::OnlyChildrenStay
        | RefusalKind::TwoSpouses
        | RefusalKind::ChildOlderThanHead
        | RefusalKind::DeadHead
        | RefusalKind::TooYoungToMarry
        | RefusalKind::AdoptedOlder
        | RefusalKind::NoResidenceClass
        | RefusalKind::NotifierUnderFifteen
        | RefusalKind::BornAfterEvent
        | RefusalKind::NamelessNotNewborn
        | RefusalKind::NotYetHappened
        | RefusalKind::SamePersonTwice
        | RefusalKind::SexAgainstRelation
        | RefusalKind::AgeAgainstRelation
        | RefusalKind::HeadUnderFifteen
        | RefusalKind::AdopterTooYoung
        | RefusalKind::TooManyMarry
        | RefusalKind::BirthDayDiffers
        | RefusalKind::TwoHouseholdsBefore
        | RefusalKind::SeveralHeadsAfter
        | RefusalKind::StatusWithoutRecord
        | RefusalKind::ClassAgainstStatus
        | RefusalKind::StayWithoutEnd
        | RefusalKind::StayHasAnEnd
        | RefusalKind::StayTooShort
        | RefusalKind::StayOver => None,
    };
    let instead = instead.and_then(|key| {
        let (event, flow) = key.split_once('/').unwrap_or((key, ""));
        let plan = events().plan(event, flow)?;
        (plan.code != visit.plan().code || plan.flow != visit.plan().flow).then(|| Purpose {
            event: plan.code.clone(),
            flow: plan.flow.clone(),
            label: crate::desk::staff_view::event_in_words(&plan.code, &plan.flow),
            chosen: false,
        })
    });
    RefusalView {
        path: refusal.path.to_string(),
        reason: refusal.kind.reason_ja().to_owned(),
        way_out: refusal.kind.way_out_ja().to_owned(),
        instead,
    }
}
