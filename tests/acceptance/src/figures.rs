//! What a visit measures on its way: named spans of time, and the memory of each program.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Figures of one visit.
#[derive(Debug, Default)]
pub struct Figures {
    /// Named spans, from a script's `timer` acts.
    pub spans: BTreeMap<String, Duration>,
    /// Resident memory of each program at the end, in KiB.
    pub memory_kib: BTreeMap<String, f64>,
    running: BTreeMap<String, Instant>,
}

impl Figures {
    /// Starts a span.
    #[expect(clippy::disallowed_methods, reason = "measuring needs a clock")]
    pub(crate) fn start(&mut self, name: &str) {
        self.running.insert(name.to_owned(), Instant::now());
    }

    /// Ends a span; `None` when it was not started.
    pub(crate) fn stop(&mut self, name: &str) -> Option<Duration> {
        let took = self.running.remove(name)?.elapsed();
        self.spans.insert(name.to_owned(), took);
        Some(took)
    }
}
