//! Combinations a counter cannot take, each with the reason and the way out (`domain.md` D.2,
//! D.3, D.14).
//!
//! A refusal is not a form error: every field may be right by itself. It stops the filing, says
//! which law stands in the way, and what the person at the counter can do today instead.

mod texts;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::address::{Address, AddressKind};
use crate::age::known_age_on;
use crate::date::FuzzyDate;
use crate::draft::{Draft, FieldPath, FieldValue};
use crate::event::{Event, Filing};
use crate::household::{MemberDraft, MoveDraft, Sex};
use crate::name::PersonName;
use crate::relation::{Relation, Step};
use crate::residence::{Period, ResidenceStatus, ResidenceStatuses, StayClass};

/// Days after the move within which the card path stays open (住基令24条の4).
const CARD_PATH_AFTER_MOVE: i64 = 14;
/// Days after the planned move-out within which the card path stays open.
const CARD_PATH_AFTER_PLAN: i64 = 30;
/// Months for which a stay goes on after its end while a decision is awaited (入管法20条6項).
const STAY_GOES_ON: i32 = 2;
/// Who is older than the head.
const ELDERS: [Step; 4] = [
    Step::Father,
    Step::Mother,
    Step::ElderBrother,
    Step::ElderSister,
];
/// Who is younger, beside children.
const YOUNGER: [Step; 2] = [Step::YoungerBrother, Step::YoungerSister];
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
    /// Something that is filed afterwards has not happened yet.
    NotYetHappened,
    /// Somebody who moves in from another city lived abroad.
    FromAbroadInstead,
    /// Somebody who moves in from abroad lived in Japan.
    NotFromAbroad,
    /// Somebody who moves to another city goes abroad.
    ToAbroadInstead,
    /// Somebody who moves abroad goes to an address in Japan.
    NotToAbroad,
    /// One person is written down twice.
    SamePersonTwice,
    /// A wife who is a man, or a husband who is a woman.
    SexAgainstRelation,
    /// A parent, elder or younger brother or sister of the head who cannot be by the birth dates.
    AgeAgainstRelation,
    /// A head under 15 of a household with somebody older.
    HeadUnderFifteen,
    /// An adopter under 20 (民法792条).
    AdopterTooYoung,
    /// More than two people marry each other.
    TooManyMarry,
    /// The birth filed is another day than the newborn's birth date.
    BirthDayDiffers,
    /// Two households before, where the event is about one.
    TwoHouseholdsBefore,
    /// Two households come into being, or one has two heads.
    SeveralHeadsAfter,
    /// The status of residence gives no resident record (住基法30条の45).
    StatusWithoutRecord,
    /// The class of the stay is another than the status of residence leads to.
    ClassAgainstStatus,
    /// A status without a period of stay has one, or the day it ends.
    StayWithoutEnd,
    /// A status with a period of stay is said to have none.
    StayHasAnEnd,
    /// A stay of three months or less gives no resident record (住基法30条の45).
    StayTooShort,
    /// The period of stay ended more than two months ago (入管法20条6項).
    StayOver,
}

/// What a refusal is read from.
struct Case<'a> {
    draft: &'a Draft,
    entered: &'a MoveDraft,
    event: Event,
    filed_on: Date,
    statuses: &'a ResidenceStatuses,
    found: Vec<Refusal>,
}

/// What stands in the way of filing this draft on this day, in form order. A status of residence
/// that `statuses` do not know is nobody's fault.
pub fn refusals(draft: &Draft, filed_on: Date, statuses: &ResidenceStatuses) -> Vec<Refusal> {
    let entered = MoveDraft::from_draft(draft, filed_on);
    let Some(event) = entered.event.as_deref().and_then(Event::from_code) else {
        return Vec::new();
    };
    let mut case = Case {
        draft,
        entered: &entered,
        event,
        filed_on,
        statuses,
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
                let kind = if self.event.needs_new_address() {
                    RefusalKind::NotYetMoved
                } else {
                    RefusalKind::NotYetHappened
                };
                self.refuse("event.date", kind);
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
        self.check_borders(new.kind());
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

    /// Who crosses the country's border files another event than who only crosses a city's.
    fn check_borders(&mut self, new: AddressKind) {
        let old = self.entered.old_address.as_ref();
        let old_kind = old.map(Address::kind);
        // A country is free text: only an address that names its prefecture is surely in Japan.
        let in_japan = |address: Option<&Address>| {
            address.is_some_and(|one| one.kind() == AddressKind::Place && one.prefecture.is_some())
        };
        let (from_here, to_here) = (in_japan(old), in_japan(self.entered.new_address.as_ref()));
        if self.event == Event::MoveIn && old_kind == Some(AddressKind::Abroad) {
            self.refuse("address.old", RefusalKind::FromAbroadInstead);
        } else if self.event == Event::MoveInAbroad && from_here {
            self.refuse("address.old", RefusalKind::NotFromAbroad);
        } else if self.event == Event::MoveOut && new == AddressKind::Abroad {
            self.refuse("address.new", RefusalKind::ToAbroadInstead);
        } else if self.event == Event::MoveOutAbroad && to_here {
            self.refuse("address.new", RefusalKind::NotToAbroad);
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

    fn is_under(&self, age: i16, member: &MemberDraft) -> bool {
        self.age(member).is_some_and(|one| one < age)
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
            if member.name.as_ref().is_some_and(PersonName::is_undecided) && !newborn {
                self.refuse(&path("name"), RefusalKind::NamelessNotNewborn);
            }
            let born = member.birth.and_then(|birth| birth.interval());
            if let (Some((first, _)), Some((_, event))) = (born, self.event_days())
                && first > event
            {
                self.refuse(&path("birth_date"), RefusalKind::BornAfterEvent);
            }
            if self.event == Event::Birth
                && newborn
                && let (Some((_, last)), Some((day, _))) = (born, self.event_days())
                && last < day
            {
                self.refuse(&path("birth_date"), RefusalKind::BirthDayDiffers);
            }
            if member.japanese() == Some(false) && member.moving {
                self.check_stay(member, moves);
            }
        }
        self.check_twice();
        self.check_notifier();
    }

    /// Whether a foreign member can have a record at all, and still.
    fn check_stay(&mut self, member: &MemberDraft, moves: bool) {
        let path = |field: &str| format!("member.{}.{field}", member.number);
        let class = self.draft.text(&path("residence_class"));
        if moves && class == Some("none") {
            self.refuse(&path("residence_class"), RefusalKind::NoResidenceClass);
        }
        let is_recorded = self.event.comes_in()
            || matches!(self.event, Event::MoveWithin | Event::BecomingMidLong);
        if !is_recorded {
            return;
        }
        let (draft, statuses) = (self.draft, self.statuses);
        let status = draft.text(&path("residence_status")).unwrap_or_default();
        match statuses.find(status, self.filed_on) {
            Some(status) if !status.record => {
                self.refuse(&path("residence_status"), RefusalKind::StatusWithoutRecord);
            }
            Some(status) => self.check_status(member, status),
            None => {}
        }
        let expires = self.draft.text(&path("residence_expires"));
        let expires = expires.and_then(|text| text.parse::<FuzzyDate>().ok()?.interval());
        let until = expires.and_then(|(_, last)| last.checked_add(STAY_GOES_ON.months()).ok());
        if until.is_some_and(|until| self.filed_on > until) {
            self.refuse(&path("residence_expires"), RefusalKind::StayOver);
        }
    }

    /// Class and period of a stay beside its status of residence.
    fn check_status(&mut self, member: &MemberDraft, status: &ResidenceStatus) {
        let path = |field: &str| format!("member.{}.{field}", member.number);
        let draft = self.draft;
        let text = |field: &str| draft.text(&path(field)).unwrap_or_default();
        let class = text("residence_class");
        if !["", "none", status.class.code()].contains(&class) {
            self.refuse(&path("residence_class"), RefusalKind::ClassAgainstStatus);
        }
        let period = Period::parse(text("residence_period"));
        if !status.limited {
            if matches!(period, Some(Period::Limited { .. })) {
                self.refuse(&path("residence_period"), RefusalKind::StayWithoutEnd);
            }
            if !text("residence_expires").is_empty() {
                self.refuse(&path("residence_expires"), RefusalKind::StayWithoutEnd);
            }
        } else if period == Some(Period::Endless) {
            self.refuse(&path("residence_period"), RefusalKind::StayHasAnEnd);
        } else if status.class == StayClass::MidLong && period.is_some_and(Period::is_short) {
            self.refuse(&path("residence_period"), RefusalKind::StayTooShort);
        }
    }

    /// One person twice: name, birth date and sex are the same. Twins have names of their own.
    fn check_twice(&mut self) {
        let members = &self.entered.members;
        for (at, member) in members.iter().enumerate() {
            let nameless = member.name.as_ref().is_none_or(PersonName::is_undecided);
            let born = member.birth.and_then(|birth| birth.exact());
            let Some(born) = born.filter(|_| !nameless) else {
                continue;
            };
            let mut before = members.iter().take(at);
            let again = before.any(|other| {
                let same_day = other.birth.and_then(|birth| birth.exact()) == Some(born);
                same_day && other.name == member.name && other.sex == member.sex
            });
            if again {
                let path = format!("member.{}.name", member.number);
                self.refuse(&path, RefusalKind::SamePersonTwice);
            }
        }
    }

    fn check_notifier(&mut self) {
        let members = &self.entered.members;
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
        self.check_before();
    }

    /// Only when households come together are there several before.
    fn check_before(&mut self) {
        let together = matches!(
            self.event,
            Event::MoveWithin | Event::HouseholdMerge | Event::HouseholdChange
        );
        let before = self.entered.households_before();
        if let Some(second) = before
            .get(1)
            .and_then(|one| one.first())
            .filter(|_| !together)
        {
            let path = format!("member.{}.relation_before", second.number);
            self.refuse(&path, RefusalKind::TwoHouseholdsBefore);
        }
    }

    /// The relations of one household after the event.
    fn check_relations(&mut self, members: &[&MemberDraft]) {
        let is = |member: &MemberDraft, steps: &[Step]| {
            let relation = member.relation.as_ref().map(Relation::steps);
            relation.is_some_and(|relation| matches!(relation, [one] if steps.contains(one)))
        };
        let mut heads = members.iter().filter(|member| is(member, &[Step::Head]));
        let head = heads.next();
        if let Some(second) = heads.next() {
            let path = format!("member.{}.relation", second.number);
            self.refuse(&path, RefusalKind::SeveralHeadsAfter);
        }
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
        for member in members {
            let against = match member.relation.as_ref().and_then(|one| one.steps().last()) {
                Some(Step::Wife) => member.sex == Some(Sex::Male),
                Some(Step::Husband) => member.sex == Some(Sex::Female),
                Some(_) | None => false,
            };
            if against {
                let path = format!("member.{}.sex", member.number);
                self.refuse(&path, RefusalKind::SexAgainstRelation);
            }
        }
        if let Some(head) = head {
            self.check_head(head, members);
        }
    }

    /// The head of one household after the event, with the others' ages beside the head's.
    fn check_head(&mut self, head: &MemberDraft, members: &[&MemberDraft]) {
        let path = |member: &MemberDraft| format!("member.{}.relation", member.number);
        if self.flag(head, "deceased") {
            self.refuse(&path(head), RefusalKind::DeadHead);
        }
        let young = |member: &MemberDraft| self.age(member).map(|age| age < OF_AGE_TO_FILE);
        let has_older = members.iter().any(|member| young(member) == Some(false));
        if young(head) == Some(true) && has_older {
            self.refuse(&path(head), RefusalKind::HeadUnderFifteen);
        }
        for member in members {
            let [step] = member.relation.as_ref().map_or(&[][..], Relation::steps) else {
                continue;
            };
            let elder_is_younger = ELDERS.contains(step) && surely_before(head.birth, member.birth);
            let older = surely_before(member.birth, head.birth);
            if *step == Step::Child && older {
                self.refuse(&path(member), RefusalKind::ChildOlderThanHead);
            } else if elder_is_younger || (YOUNGER.contains(step) && older) {
                self.refuse(&path(member), RefusalKind::AgeAgainstRelation);
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
        let (mut too_young, mut third) = (Vec::new(), None);
        if self.event == Event::Marriage {
            let marry = marked("marries");
            third = marry.get(2).copied();
            young.extend(marry.into_iter().filter(|one| self.is_under(18, one)));
        }
        if self.event == Event::Adoption {
            let adopters = marked("adopts");
            too_young.extend(
                adopters
                    .iter()
                    .copied()
                    .filter(|one| self.is_under(20, one)),
            );
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
        for member in too_young {
            self.refuse(&birth(member), RefusalKind::AdopterTooYoung);
        }
        if let Some(member) = third {
            let path = format!("member.{}.moving", member.number);
            self.refuse(&path, RefusalKind::TooManyMarry);
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
