//! Time and randomness, read here and nowhere else.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// The wall clock of the appliance.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Milliseconds since 1970.
    fn unix_ms(&self) -> u64;
}

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock"
    )]
    fn unix_ms(&self) -> u64 {
        let now = std::time::SystemTime::now();
        let since = now
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// A clock that stands until it is moved.
#[derive(Debug, Default)]
pub struct SteppedClock(AtomicU64);

impl SteppedClock {
    /// A clock that shows this time.
    pub fn at(unix_ms: u64) -> Self {
        Self(AtomicU64::new(unix_ms))
    }

    /// Moves it forward.
    pub fn forward(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }

    /// Moves it back, as somebody does who sets a wrong clock.
    pub fn back(&self, ms: u64) {
        self.0.fetch_sub(ms, Ordering::Relaxed);
    }
}

impl Clock for SteppedClock {
    fn unix_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Japan has one offset and no summer time since 1952.
const JAPAN_HOURS: i8 = 9;

fn local(unix_ms: u64) -> Option<jiff::Zoned> {
    let ms = i64::try_from(unix_ms).ok()?;
    let zone = TimeZone::fixed(Offset::constant(JAPAN_HOURS));
    jiff::Timestamp::from_millisecond(ms)
        .ok()
        .map(|at| at.to_zoned(zone))
}

/// `10:42` in Japan.
pub fn hour_and_minute(unix_ms: u64) -> String {
    local(unix_ms).map_or_else(String::new, |at| {
        format!("{:02}:{:02}", at.hour(), at.minute())
    })
}

/// `11月21日（土）` in Japan.
pub fn month_and_day(unix_ms: u64) -> String {
    use jiff::civil::Weekday;
    local(unix_ms).map_or_else(String::new, |at| {
        let weekday = match at.weekday() {
            Weekday::Monday => "monday",
            Weekday::Tuesday => "tuesday",
            Weekday::Wednesday => "wednesday",
            Weekday::Thursday => "thursday",
            Weekday::Friday => "friday",
            Weekday::Saturday => "saturday",
            Weekday::Sunday => "sunday",
        };
        let values = [
            ("month", at.month().to_string()),
            ("day", at.day().to_string()),
            ("weekday", crate::texts::word("weekday", weekday)),
        ];
        let values = values
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        crate::texts::sentence("weekday", "date", &values)
    })
}

/// The civil date in Japan.
pub fn civil_date(unix_ms: u64) -> Date {
    local(unix_ms).map_or(Date::ZERO, |at| at.date())
}

/// Source of random bytes.
pub trait Random: Send + fmt::Debug {
    /// Fills `bytes`.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// Random bytes of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            // Ids stay unique by their time and device; keys are made elsewhere and do fail.
            tracing::error!(%error, "no random bytes from the operating system");
        }
    }
}

/// Bytes that count up: for tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct CountedRandom(pub u64);

impl Random for CountedRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0 += 1;
        for (to, from) in bytes.iter_mut().rev().zip(self.0.to_le_bytes()) {
            *to = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_begins_at_midnight_in_japan() {
        let before = 1_795_186_740_000; // 2026-11-20 14:59 UTC
        assert_eq!(hour_and_minute(before), "23:59");
        assert_eq!(civil_date(before).to_string(), "2026-11-20");
        assert_eq!(hour_and_minute(before + 60_000), "00:00");
        assert_eq!(civil_date(before + 60_000).to_string(), "2026-11-21");
        assert_eq!(month_and_day(before), "11月20日（金）");
        assert_eq!(month_and_day(before + 60_000), "11月21日（土）");
    }
}
