//! Legal deadlines (`domain.md` D.4, D.16).

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

/// Days on which the office is closed: Saturdays, Sundays, 29 December to 3 January, and the
/// national holidays it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClosedDays {
    holidays: BTreeSet<Date>,
}

impl FromIterator<Date> for ClosedDays {
    fn from_iter<I: IntoIterator<Item = Date>>(holidays: I) -> Self {
        Self {
            holidays: holidays.into_iter().collect(),
        }
    }
}

impl ClosedDays {
    /// Whether the office is closed.
    pub fn contains(&self, day: Date) -> bool {
        let new_year = matches!((day.month(), day.day()), (12, 29..=31) | (1, 1..=3));
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        weekend || new_year || self.holidays.contains(&day)
    }

    /// `day`, or the next day the office opens.
    pub fn opening_on_or_after(&self, day: Date) -> Option<Date> {
        day.series(1.day())
            .take(60)
            .find(|day| !self.contains(*day))
    }
}

/// A length of time in a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// Days.
    Days(u16),
    /// Months, to the day of the same number.
    Months(u16),
    /// Years, to the day of the same number.
    Years(u16),
}

/// Whether the day it starts from is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstDay {
    /// Not counted, the rule (民法140条).
    NotCounted,
    /// Counted, for the family register (戸籍法43条).
    Counted,
}

/// The last day of a term. When the office is closed then, the next day it opens.
///
/// `None` only beyond the calendar's end.
pub fn deadline(from: Date, term: Term, first_day: FirstDay, closed: &ClosedDays) -> Option<Date> {
    let span: Span = match term {
        Term::Days(days) => i64::from(days).days(),
        Term::Months(months) => i64::from(months).months(),
        Term::Years(years) => i64::from(years).years(),
    };
    let last = from.checked_add(span).ok()?;
    let last = match first_day {
        FirstDay::NotCounted => last,
        FirstDay::Counted => last.checked_sub(1.day()).ok()?,
    };
    closed.opening_on_or_after(last)
}
