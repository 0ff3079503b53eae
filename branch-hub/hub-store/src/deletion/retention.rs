//! How long filings are kept (保存期間): whole fiscal years after the one in which a filing was
//! closed, as offices count them (文書の保存期間は完結した年度の翌年度の4月1日から).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// No filing is kept for less.
pub const RETENTION_YEARS_MIN: u16 = 2;
/// Unless the city says otherwise.
pub const RETENTION_YEARS: u16 = 5;
/// More than that is a slip of the pen.
pub const RETENTION_YEARS_MAX: u16 = 150;

/// First month of a fiscal year (年度).
const APRIL: u16 = 4;
const DAY_MS: i64 = 86_400_000;
/// Japan is ahead by this much, always.
const JAPAN_MS: i64 = 9 * 3_600_000;

/// Years by kind of filing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Years of every kind that is not named.
    pub others: u16,
    /// Years by value of the field `event.type`.
    pub kinds: BTreeMap<String, u16>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            others: RETENTION_YEARS,
            kinds: BTreeMap::new(),
        }
    }
}

impl Retention {
    /// Years that filings of a kind are kept.
    pub fn years(&self, kind: &str) -> u16 {
        self.kinds.get(kind).copied().unwrap_or(self.others)
    }

    /// The first day (ISO 8601) on which a filing of `kind` need not be closed before `today` to be
    /// kept: those closed before it may be deleted. `None` when `today` is no day.
    pub fn closed_before(&self, kind: &str, today: &str) -> Option<FirstDay> {
        let (year, month) = (today.get(..4)?.parse::<u16>().ok()?, today.get(5..7)?);
        let fiscal = if month.parse::<u16>().ok()? < APRIL {
            year.checked_sub(1)?
        } else {
            year
        };
        fiscal.checked_sub(self.years(kind)).map(FirstDay)
    }

    /// The same for the kind that is kept least: nothing closed later is looked at.
    pub(crate) fn closed_before_at_most(&self, today: &str) -> Option<FirstDay> {
        let kinds = self.kinds.keys().map(String::as_str).chain([""]);
        kinds
            .filter_map(|kind| self.closed_before(kind, today))
            .max()
    }
}

/// The first of April of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FirstDay(u16);

impl FirstDay {
    /// ISO 8601.
    pub fn day(self) -> String {
        format!("{:04}-04-01", self.0)
    }

    /// Its first moment in Japan.
    pub(crate) fn unix_ms(self) -> u64 {
        // Days since 1970 of a first of March, counted in years that begin in March, and 31 more.
        let year = i64::from(self.0);
        let march = 365 * year + year / 4 - year / 100 + year / 400 - 719_468;
        u64::try_from((march + 31) * DAY_MS - JAPAN_MS).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(years: u16, today: &str, first_kept: &str) {
        let retention = Retention {
            others: years,
            ..Retention::default()
        };
        let first = retention.closed_before("move_in", today).unwrap();
        assert_eq!(first.day(), first_kept, "{years} years on {today}");
    }

    #[test]
    fn years_are_counted_from_the_fiscal_year_after_the_closing() {
        // Closed on 31 March 2024: kept from April 2024 for two years.
        check(2, "2026-03-31", "2023-04-01");
        check(2, "2026-04-01", "2024-04-01");
        check(5, "2026-11-21", "2021-04-01");
        assert_eq!(Retention::default().closed_before("move_in", "x"), None);
    }

    #[test]
    fn named_kinds_have_years_of_their_own() {
        let mut retention = Retention::default();
        retention.kinds.insert("certificates".to_owned(), 2);
        assert_eq!(retention.years("certificates"), 2);
        assert_eq!(retention.years("move_in"), RETENTION_YEARS);
        let least = retention.closed_before_at_most("2026-11-21").unwrap();
        assert_eq!(least.day(), "2024-04-01");
    }

    #[test]
    fn first_of_april_begins_at_midnight_in_japan() {
        // 2026-03-31T15:00:00Z, and a year after a leap day.
        assert_eq!(FirstDay(2026).unix_ms(), 1_774_969_200_000);
        assert_eq!(FirstDay(2024).unix_ms(), 1_711_897_200_000);
    }
}
