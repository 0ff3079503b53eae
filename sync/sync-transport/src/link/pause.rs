//! How long to wait before the next try.

use std::time::Duration;

const FIRST_MS: u64 = 200;
const LINE_MAX_MS: u64 = 1_000;
const HUB_MAX_MS: u64 = 30_000;

/// Why the last try failed, as far as the next one is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nobody there: trying costs one packet.
    Line,
    /// The hub answered: trying costs it work.
    Hub,
}

/// Failures in a row.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    failures: u32,
}

impl Pause {
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// How many there are.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// The next pause: doubled each time up to the cause's cap, less up to half at random.
    pub(crate) fn next(&mut self, cause: Cause, random: u64) -> Duration {
        let cap = match cause {
            Cause::Line => LINE_MAX_MS,
            Cause::Hub => HUB_MAX_MS,
        };
        let whole = (FIRST_MS << self.failures.min(10)).min(cap);
        self.failures = self.failures.saturating_add(1);
        Duration::from_millis(whole - random % (whole / 2 + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(cause: Cause, random: u64, count: usize) -> Vec<u128> {
        let mut pause = Pause::default();
        (0..count)
            .map(|_| pause.next(cause, random).as_millis())
            .collect()
    }

    #[test]
    fn pause_doubles_up_to_the_cap_of_its_cause() {
        assert_eq!(pauses(Cause::Line, 0, 5), [200, 400, 800, 1000, 1000]);
        let hub = pauses(Cause::Hub, 0, 100);
        assert_eq!(hub.iter().take(3).collect::<Vec<_>>(), [&200, &400, &800]);
        assert_eq!(hub.last(), Some(&30_000));
    }

    #[test]
    fn randomness_takes_off_half_at_most() {
        for random in [1, 77, 12_345, u64::MAX] {
            let last = pauses(Cause::Line, random, 9).last().copied().unwrap_or(0);
            assert!((500..=1000).contains(&last), "{last}");
        }
    }
}
