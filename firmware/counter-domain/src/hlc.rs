//! Hybrid logical clock: the order of events between machines whose clocks differ.
//!
//! 48 bits of Unix milliseconds and a 16-bit count for events of the same millisecond
//! (Kulkarni et al., "Logical Physical Clocks", 2014). It orders; it is never a legal date.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One reading of the hybrid logical clock.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Hlc(pub u64);

impl Hlc {
    /// Milliseconds since 1970 of the physical part.
    pub const fn unix_ms(self) -> u64 {
        self.0 >> 16
    }

    /// The next reading: later than `self` and not earlier than the wall clock.
    #[must_use]
    pub fn tick(self, now_unix_ms: u64) -> Self {
        Self((self.0 + 1).max(now_unix_ms << 16))
    }

    /// The next reading after a message stamped `other` arrived.
    #[must_use]
    pub fn receive(self, other: Self, now_unix_ms: u64) -> Self {
        self.max(other).tick(now_unix_ms)
    }
}

impl fmt::Display for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
