//! Whether a filing comes after its time limit, and what follows from it (`domain.md` D.3, D.16).
//!
//! A late filing is taken: the reason is asked, and the city tells the summary court, which may
//! impose a fine (過料) of up to 50,000 yen (住基法52条, 戸籍法137条).

use jiff::civil::Date;

use crate::date::FuzzyDate;
use crate::deadline::{ClosedDays, FirstDay, Term, deadline};
use crate::event::{Event, Filing};

/// Days after which a proof of the day is asked for, because nobody remembers it surely.
const PROOF_AFTER_DAYS: i64 = 365;

/// A filing after its time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late {
    /// The last day it was in time.
    pub due: Date,
    /// Days since the event.
    pub days: i64,
    /// More than a year ago: ask for a proof of the day.
    pub needs_proof: bool,
}

/// Whether an event of this day is filed late on `filed_on`; `None` when it is in time, has no
/// limit, or its day is not known well enough to say.
pub fn lateness(event: Event, day: FuzzyDate, filed_on: Date, closed: &ClosedDays) -> Option<Late> {
    let (_, last) = day.interval()?;
    let (days, first_day) = match event.filing() {
        Filing::AfterWithin(days) => (days, FirstDay::NotCounted),
        Filing::RegisterWithin(days) => (days, FirstDay::Counted),
        Filing::BeforeOrWithin(_) | Filing::AnyDay => return None,
    };
    let due = deadline(last, Term::Days(days), first_day, closed)?;
    let days = i64::from((filed_on - last).get_days());
    (filed_on > due).then_some(Late {
        due,
        days,
        needs_proof: days > PROOF_AFTER_DAYS,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[track_caller]
    fn check(event: Event, day: &str, filed_on: Date) -> Option<(Date, bool)> {
        let day = day.parse().expect("a date");
        let late = lateness(event, day, filed_on, &ClosedDays::default())?;
        Some((late.due, late.needs_proof))
    }

    #[test]
    fn fourteen_days_are_counted_without_the_first() {
        assert_eq!(check(Event::MoveIn, "2026-04-01", date(2026, 4, 15)), None);
        let late = check(Event::MoveIn, "2026-04-01", date(2026, 4, 16));
        assert_eq!(late, Some((date(2026, 4, 15), false)));
    }

    #[test]
    fn a_birth_counts_its_first_day_and_a_closed_last_day_moves_on() {
        // 14 days with the first end on Tuesday the 14th.
        assert_eq!(check(Event::Birth, "2026-04-01", date(2026, 4, 14)), None);
        let late = check(Event::Birth, "2026-04-01", date(2026, 4, 15));
        assert_eq!(late, Some((date(2026, 4, 14), false)));
        // The 4th of April is a Saturday.
        assert_eq!(check(Event::Death, "2026-03-29", date(2026, 4, 6)), None);
    }

    #[test]
    fn unknown_days_count_from_the_last_they_can_be() {
        assert_eq!(check(Event::MoveWithin, "2026-04", date(2026, 5, 14)), None);
        let late = check(Event::MoveWithin, "2025-03", date(2026, 5, 20));
        assert!(late.is_some_and(|(_, proof)| proof));
        assert_eq!(check(Event::MoveOut, "2025-03-01", date(2026, 5, 20)), None);
    }
}
