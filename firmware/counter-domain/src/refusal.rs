//! Combinations a counter cannot take, each with the reason and the way out (`domain.md` D.2,
//! D.3, D.14).
//!
//! A refusal is not a form error: every field may be right by itself. It stops the filing, says
//! which law stands in the way, and what the person at the counter can do today instead.

mod texts;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::address::AddressKind;
use crate::age::known_age_on;
use crate::date::FuzzyDate;
use crate::draft::{Draft, FieldPath, FieldValue};
use crate::event::{Event, Filing};
use crate::household::{MemberDraft, MoveDraft};
use crate::relation::{Relation, Step};

/// Days after the move within which the card path stays open (住基令24条の4).
const CARD_PATH_AFTER_MOVE: i64 = 14;
/// Days after the planned move-out within which the card path stays open.
const CARD_PATH_AFTER_PLAN: i64 = 30;
/// Under this age a guardian files, and nobody can be the only head left.
const OF_AGE_TO_FILE: i16 = 15;

/// A combination that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The field to look at.
    pub path: FieldPath,
    /// What is the matter.
    pub kind: RefusalKind,
}

/// What is the matter with a combination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// A move is filed before it happened (住基法22条・23条).
    NotYetMoved,
    /// A move-out is filed long after leaving.
    LeftLongAgo,
    /// The card path is closed: more than 14 days after the move, or 30 after the planned one.
    CardPathClosed,
    /// Both addresses lie in this city: a move within it.
    MoveWithinInstead,
    /// The addresses lie in different cities: not a move within one.
    NotWithinOneCity,
    /// Both addresses are the same: only households change.
    SameAddress,
    /// The new address is unknown or abroad, where a place in the city is needed.
    NewAddressNotAPlace,
    /// Nobody of those marked as moving is left to move.
    NobodyMoves,
    /// The head goes and only children under 15 stay.
    OnlyChildrenStay,
    /// Two members are the head's spouse.
    TwoSpouses,
    /// A child of the head is older than the head.
    ChildOlderThanHead,
    /// The head is dead.
    DeadHead,
    /// A spouse to be is under 18 (民法731条).
    TooYoungToMarry,
    /// The adopted is older than the adopter (民法793条).
    AdoptedOlder,
    /// A foreign member without a status of residence that gives a record (住基法30条の45).
    NoResidenceClass,
    /// The notifier is under 15.
    NotifierUnderFifteen,
    /// Somebody was born after the event.
    BornAfterEvent,
    /// A nameless person who is not newborn.
    NamelessNotNewborn,
}

/// What a refusal is read from.
struct Case<'a> {
    draft: &'a Draft,
    entered: &'a MoveDraft,
    event: Event,
    filed_on: Date,
    found: Vec<Refusal>,
}

/// What stands in the way of filing this draft on this day, in form order.
pub fn refusals(draft: &Draft, filed_on: Date) -> Vec<Refusal> {
    let entered = MoveDraft::from_draft(draft, filed_on);
    let Some(event) = entered.event.as_deref().and_then(Event::from_code) else {
        return Vec::new();
    };
    let mut case = Case {
        draft,
        entered: &entered,
        event,
        filed_on,
        found: Vec::new(),
    };
    case.check_days();
    case.check_card_path();
    case.check_addresses();
    case.check_members();
    case.check_heads();
    case.check_koseki();
    case.found
}

impl Case<'_> {
    fn refuse(&mut self, path: &str, kind: RefusalKind) {
        let path = FieldPath::from(path);
        if !self
            .found
            .iter()
            .any(|one| one.path == path && one.kind == kind)
        {
            self.found.push(Refusal { path, kind });
        }
    }

    /// First and last day the event can be.
    fn event_days(&self) -> Option<(Date, Date)> {
        self.entered.event_date?.interval()
    }

    fn check_days(&mut self) {
        let Some((first, last)) = self.event_days() else {
            return;
        };
        match self.event.filing() {
            Filing::AfterWithin(_) | Filing::RegisterWithin(_) if first > self.filed_on => {
                self.refuse("event.date", RefusalKind::NotYetMoved);
            }
            Filing::BeforeOrWithin(days) => {
                let late = last.checked_add(i64::from(days).days());
                if late.is_ok_and(|late| self.filed_on > late) {
                    self.refuse("event.date", RefusalKind::LeftLongAgo);
                }
            }
            Filing::AfterWithin(_) | Filing::RegisterWithin(_) | Filing::AnyDay => {}
        }
    }

    fn check_card_path(&mut self) {
        let by_card = matches!(
            self.entered.flow.as_deref(),
            Some("ア" | "イ" | "oss" | "card" | "reservation")
        );
        if self.event != Event::MoveIn || !by_card {
            return;
        }
        let closed = |day: Option<Date>, days: i64| {
            let until = day.and_then(|day| day.checked_add(days.days()).ok());
            until.is_some_and(|until| self.filed_on > until)
        };
        let moved = self.event_days().map(|(_, last)| last);
        let planned = self.draft.text("event.planned_date");
        let planned = planned.and_then(|text| text.parse::<FuzzyDate>().ok()?.exact());
        if closed(moved, CARD_PATH_AFTER_MOVE) || closed(planned, CARD_PATH_AFTER_PLAN) {
            self.refuse("event.flow", RefusalKind::CardPathClosed);
        }
    }

    fn check_addresses(&mut self) {
        if !self.event.needs_new_address() {
            return;
        }
        let Some(new) = &self.entered.new_address else {
            return;
        };
        let in_city = self.event.comes_in() || self.event == Event::MoveWithin;
        if in_city && new.kind() != AddressKind::Place {
            self.refuse("address.new", RefusalKind::NewAddressNotAPlace);
        }
        let Some(old) = &self.entered.old_address else {
            return;
        };
        if old.kind() != AddressKind::Place || new.kind() != AddressKind::Place {
            return;
        }
        let same_city = old.same_city(new);
        let within = self.event == Event::MoveWithin;
        if self.event == Event::MoveIn && same_city == Some(true) {
            self.refuse("address.old", RefusalKind::MoveWithinInstead);
        } else if self.event == Event::MoveOut && same_city == Some(true) {
            self.refuse("address.new", RefusalKind::MoveWithinInstead);
        } else if within && same_city == Some(false) {
            self.refuse("address.old", RefusalKind::NotWithinOneCity);
        } else if within && old.same_place(new) {
            self.refuse("address.new", RefusalKind::SameAddress);
        }
    }

    fn flag(&self, member: &MemberDraft, fact: &str) -> bool {
        let answer = FieldPath(format!("answer.m{}.{fact}", member.number));
        let field = self.draft.field(&answer);
        field.is_some_and(|field| field.shown.value == FieldValue::Flag(true))
    }

    fn age(&self, member: &MemberDraft) -> Option<i16> {
        let (_, last) = self.event_days().unwrap_or((self.filed_on, self.filed_on));
        known_age_on(member.birth.as_ref()?, last)
    }

    /// Number of the member who files.
    fn notifier(&self) -> Option<u8> {
        match self.draft.field(&"notifier.member".into())?.shown.value {
            FieldValue::Text(text) => text.parse().ok(),
            FieldValue::Count(number) => number.try_into().ok(),
            FieldValue::Flag(_) | FieldValue::Unknown | FieldValue::Cleared => None,
        }
    }

    fn check_members(&mut self) {
        let moves =
            self.event.comes_in() || self.event.goes_out() || self.event == Event::MoveWithin;
        let members = &self.entered.members;
        if moves && !members.is_empty() && !members.iter().any(|member| member.moving) {
            self.refuse("member.1.moving", RefusalKind::NobodyMoves);
        }
        for member in members {
            let path = |field: &str| format!("member.{}.{field}", member.number);
            let newborn = self.flag(member, "newborn");
            if member
                .name
                .as_ref()
                .is_some_and(crate::name::PersonName::is_undecided)
                && !newborn
            {
                self.refuse(&path("name"), RefusalKind::NamelessNotNewborn);
            }
            let born = member.birth.and_then(|birth| birth.interval());
            if let (Some((first, _)), Some((_, event))) = (born, self.event_days())
                && first > event
            {
                self.refuse(&path("birth_date"), RefusalKind::BornAfterEvent);
            }
            let class = self.draft.text(&path("residence_class"));
            let foreign = member.japanese() == Some(false);
            if foreign && member.moving && moves && class == Some("none") {
                self.refuse(&path("residence_class"), RefusalKind::NoResidenceClass);
            }
        }
        let notifier = self.notifier();
        let notifier = members
            .iter()
            .find(|member| Some(member.number) == notifier);
        if notifier
            .and_then(|member| self.age(member))
            .is_some_and(|age| age < OF_AGE_TO_FILE)
        {
            self.refuse("notifier.member", RefusalKind::NotifierUnderFifteen);
        }
    }

    fn check_heads(&mut self) {
        let entered = self.entered;
        for household in entered.households_after() {
            self.check_relations(&household);
        }
        self.check_who_stays();
    }

    /// The relations of one household after the event.
    fn check_relations(&mut self, members: &[&MemberDraft]) {
        let is = |member: &MemberDraft, steps: &[Step]| {
            let relation = member.relation.as_ref().map(Relation::steps);
            relation.is_some_and(|relation| matches!(relation, [one] if steps.contains(one)))
        };
        let head = members.iter().find(|member| is(member, &[Step::Head]));
        let spouses: Vec<_> = members
            .iter()
            .filter(|member| is(member, &[Step::Husband, Step::Wife]))
            .collect();
        if let [_, second, ..] = spouses.as_slice() {
            self.refuse(
                &format!("member.{}.relation", second.number),
                RefusalKind::TwoSpouses,
            );
        }
        let Some(head) = head else {
            return;
        };
        if self.flag(head, "deceased") {
            let path = format!("member.{}.relation", head.number);
            self.refuse(&path, RefusalKind::DeadHead);
        }
        for child in members.iter().filter(|member| is(member, &[Step::Child])) {
            if surely_before(child.birth, head.birth) {
                let path = format!("member.{}.relation", child.number);
                self.refuse(&path, RefusalKind::ChildOlderThanHead);
            }
        }
    }

    /// Of a household of which only a part goes, somebody of 15 or more must stay.
    fn check_who_stays(&mut self) {
        if !self.event.goes_out() && self.event != Event::MoveWithin {
            return;
        }
        let members = &self.entered.members;
        let staying: Vec<_> = members.iter().filter(|member| !member.moving).collect();
        let all_children = staying
            .iter()
            .all(|member| self.age(member).is_some_and(|age| age < OF_AGE_TO_FILE));
        if let Some(first) = staying.first().filter(|_| all_children) {
            self.refuse(
                &format!("member.{}.moving", first.number),
                RefusalKind::OnlyChildrenStay,
            );
        }
    }

    fn check_koseki(&mut self) {
        let members = &self.entered.members;
        let marked = |fact: &str| -> Vec<&MemberDraft> {
            members
                .iter()
                .filter(|member| self.flag(member, fact))
                .collect()
        };
        let (mut young, mut older) = (Vec::new(), Vec::new());
        if self.event == Event::Marriage {
            let under = |member: &&MemberDraft| self.age(member).is_some_and(|age| age < 18);
            young.extend(marked("marries").into_iter().filter(under));
        }
        if self.event == Event::Adoption {
            let adopters = marked("adopts");
            let elder = |child: &&MemberDraft| {
                adopters
                    .iter()
                    .any(|parent| surely_before(child.birth, parent.birth))
            };
            older.extend(marked("adopted").into_iter().filter(elder));
        }
        let birth = |member: &MemberDraft| format!("member.{}.birth_date", member.number);
        for member in young {
            self.refuse(&birth(member), RefusalKind::TooYoungToMarry);
        }
        for member in older {
            self.refuse(&birth(member), RefusalKind::AdoptedOlder);
        }
    }
}

/// Whether one was born before the other whatever the unknown parts of the dates are.
fn surely_before(one: Option<FuzzyDate>, other: Option<FuzzyDate>) -> bool {
    let ends = |date: Option<FuzzyDate>| date.and_then(|date| date.interval());
    ends(one)
        .zip(ends(other))
        .is_some_and(|((_, last), (first, _))| last < first)
}
