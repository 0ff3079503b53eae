//! One line of the table.

use std::fmt;
use std::time::{Duration, Instant};

/// A measured figure beside what it is measured against.
#[derive(Debug)]
pub(crate) struct Figure {
    name: &'static str,
    measured: f64,
    against: f64,
    unit: &'static str,
    peer: &'static str,
}

impl Figure {
    /// A duration beside its budget, both in milliseconds.
    pub(crate) fn within(name: &'static str, measured: Duration, budget_ms: f64) -> Self {
        Self {
            name,
            measured: milliseconds(measured),
            against: budget_ms,
            unit: "ms",
            peer: "budget",
        }
    }

    /// A figure beside a peer's of the same run.
    pub(crate) fn beside(
        name: &'static str,
        measured: f64,
        unit: &'static str,
        peer: &'static str,
        against: f64,
    ) -> Self {
        Self {
            name,
            measured,
            against,
            unit,
            peer,
        }
    }

    #[expect(clippy::print_stdout, reason = "the table is the program's result")]
    pub(crate) fn print_heading() {
        println!(
            "{:<52} {:>12} {:<6} {:>12}  {:<24} ratio",
            "figure", "measured", "", "against", ""
        );
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ratio = self.measured / self.against;
        write!(
            f,
            "{:<52} {:>12.2} {:<6} {:>12.2}  {:<24} {ratio:.3}",
            self.name, self.measured, self.unit, self.against, self.peer
        )
    }
}

/// How long something takes.
#[expect(clippy::disallowed_methods, reason = "measuring needs a clock")]
pub(crate) fn time<T>(deed: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = deed();
    (result, start.elapsed())
}

/// The sample below which `percent` of them lie.
pub(crate) fn percentile(samples: &mut [Duration], percent: usize) -> Duration {
    samples.sort_unstable();
    samples
        .get(samples.len().saturating_sub(1) * percent / 100)
        .copied()
        .unwrap_or_default()
}

/// Milliseconds with fractions.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
