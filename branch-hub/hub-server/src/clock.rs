//! The one clock of the hub, handed to whoever needs the time.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// Tells the time, in Unix milliseconds. Tests hand in their own.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    /// The machine's clock.
    pub(crate) fn of_the_machine() -> Self {
        Self::new(|| u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0))
    }

    /// Any clock.
    pub(crate) fn new(unix_ms: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(unix_ms))
    }

    /// Now.
    pub(crate) fn unix_ms(&self) -> u64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Japan's time in a `strftime` format. Japan has one zone and no summer time, so no zone data is
/// needed.
pub(crate) fn in_japan(unix_ms: u64, format: &str) -> String {
    let zone = TimeZone::fixed(Offset::constant(9));
    i64::try_from(unix_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map(|time| time.to_zoned(zone).strftime(format).to_string())
        .unwrap_or_default()
}
