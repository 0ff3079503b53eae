//! Clocks and randomness of the measurement.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use replica::Surroundings;

/// Milliseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the programs measured live in real time"
)]
pub(crate) fn unix_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

/// A moment to measure from.
#[expect(clippy::disallowed_methods, reason = "measuring needs a clock")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Seconds this thread was on a processor.
pub(crate) fn thread_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: u64 = stat
        .split(' ')
        .next()
        .context("an empty schedstat")?
        .parse()?;
    Ok(f64::from(u32::try_from(nanoseconds / 1000)?) / 1e6)
}

/// What a database takes from this machine.
pub(crate) fn around() -> Surroundings {
    Surroundings::new(unix_ms, |bytes| {
        // Without randomness nothing can be measured: the ids of two cases would be one.
        assert!(
            getrandom::fill(bytes).is_ok(),
            "the system has no randomness to give"
        );
    })
}

/// A count as a number to reckon with; far below where that would lose anything.
pub(crate) fn whole<N: TryInto<u32>>(count: N) -> f64 {
    f64::from(count.try_into().unwrap_or(u32::MAX))
}
