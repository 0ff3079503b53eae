//! The clock, handed in by the binaries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::time_provider::TimeProvider;
use rustls_pki_types::UnixTime;
use sync_engine::Moment;

/// Tells both clocks; the library itself never reads one.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Moment + Send + Sync>);

impl Clock {
    /// Wraps a function that tells the wall clock and the hybrid one.
    pub fn new(now: impl Fn() -> Moment + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Wraps a wall clock in milliseconds since 1970; the hybrid one is made of it.
    pub fn from_unix_ms(now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self::new(move || Moment::from_unix_ms(now()))
    }

    /// Now.
    pub fn now(&self) -> Moment {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_millis(
            self.now().unix_ms,
        )))
    }
}
