//! How long a resident has been waiting, and from when on that shows in colour.

/// How long somebody has been waiting.
pub(crate) struct Wait {
    pub class: &'static str,
    pub text: String,
}

/// Orange from here, in minutes.
const LATE_MIN: u64 = 10;
/// Red from here, in minutes.
const OVER_MIN: u64 = 15;

impl Wait {
    /// The time between two instants, in whole minutes or hours.
    pub(crate) fn between(since_ms: u64, now_ms: u64) -> Self {
        let minutes = now_ms.saturating_sub(since_ms) / 60_000;
        let class = match minutes {
            0..LATE_MIN => "",
            LATE_MIN..OVER_MIN => "late",
            _ => "over",
        };
        let text = match minutes {
            0..60 => format!("{minutes} 分"),
            60..1440 => format!("{} 時間 {} 分", minutes / 60, minutes % 60),
            _ => format!("{} 日", minutes / 1440),
        };
        Self { class, text }
    }
}
