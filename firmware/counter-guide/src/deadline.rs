//! Deadlines of procedures, computed and in words.

use counter_domain::deadline::{ClosedDays, FirstDay, Term, deadline};
use jiff::civil::Date;

use crate::catalogue::{DeadlineFrom, DeadlineKind, DeadlineRule, DeadlineUnit, Words};
use crate::words::{self, Overdue};

/// A deadline of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    /// In words, for example `令和8年12月4日まで（14日以内）`.
    pub words: Words,
    /// Last day, when it can be computed.
    pub due: Option<Date>,
    /// Whether the last day has passed.
    pub overdue: bool,
}

/// The days of a case that deadlines are counted from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CaseDays {
    pub(crate) event: Option<Date>,
    pub(crate) today: Option<Date>,
    pub(crate) event_is_birth: bool,
    pub(crate) event_is_death: bool,
    /// Nothing happened but that somebody came for a procedure.
    pub(crate) event_is_request: bool,
}

pub(crate) fn of_case(rule: &DeadlineRule, days: CaseDays, closed: &ClosedDays) -> Deadline {
    let only = |words| Deadline {
        words,
        due: None,
        overdue: false,
    };
    match rule.kind {
        DeadlineKind::None => only(words::plain(rule, "期限の定めなし", "no deadline")),
        DeadlineKind::AsSoonAsPossible => {
            only(words::plain(rule, "お早めに", "as soon as possible"))
        }
        DeadlineKind::Before => only(words::plain(rule, "事前に", "beforehand")),
        DeadlineKind::Within => within(rule, days, closed),
    }
}

fn within(rule: &DeadlineRule, days: CaseDays, closed: &ClosedDays) -> Deadline {
    let (from, usual_ja, usual_en) = match rule.from {
        DeadlineFrom::Event if days.event_is_request => (None, "事由が生じた日", "the event"),
        DeadlineFrom::Event => (days.event, "異動日", "the event"),
        DeadlineFrom::Notification => (days.today, "届出日", "the notification"),
        DeadlineFrom::Birth => (
            days.event.filter(|_| days.event_is_birth),
            "出生の日",
            "the birth",
        ),
        DeadlineFrom::Death => (
            days.event.filter(|_| days.event_is_death),
            "亡くなった日",
            "the death",
        ),
        DeadlineFrom::Other => (None, "事由が生じた日", "the event"),
    };
    let term = match rule.unit {
        Some(DeadlineUnit::Day) | None => Term::Days(rule.amount),
        Some(DeadlineUnit::Month) => Term::Months(rule.amount),
        Some(DeadlineUnit::Year) => Term::Years(rule.amount),
    };
    let first_day = if rule.counts_first_day {
        FirstDay::Counted
    } else {
        FirstDay::NotCounted
    };
    let due = from.and_then(|from| deadline(from, term, first_day, closed));
    let overdue = due.zip(days.today).is_some_and(|(due, today)| today > due);
    let words = match due {
        Some(day) => words::due(rule, day, if overdue { Overdue::Yes } else { Overdue::No }),
        None => words::from_day(rule, usual_ja, usual_en),
    };
    Deadline {
        words,
        due,
        overdue,
    }
}
