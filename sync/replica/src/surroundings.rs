//! What a database takes from the machine it runs on.

use std::fmt;

/// The clock and the randomness, handed in by the program or the test.
pub struct Surroundings {
    unix_ms: Box<dyn Fn() -> u64 + Send>,
    random: Fill,
}

/// Fills a buffer with unpredictable bytes.
type Fill = Box<dyn FnMut(&mut [u8]) + Send>;

impl Surroundings {
    /// `unix_ms` tells the time in milliseconds since 1970; `random` fills a buffer with
    /// unpredictable bytes.
    pub fn new(
        unix_ms: impl Fn() -> u64 + Send + 'static,
        random: impl FnMut(&mut [u8]) + Send + 'static,
    ) -> Self {
        Self {
            unix_ms: Box::new(unix_ms),
            random: Box::new(random),
        }
    }

    /// The time in milliseconds since 1970.
    pub fn unix_ms(&self) -> u64 {
        (self.unix_ms)()
    }

    /// Unpredictable bytes.
    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Surroundings")
    }
}
