//! One look in lines for a terminal.

use device_health::{DeviceReport, Waiting};
use sync_transport::DEVICES;

use super::Seen;
use crate::clock::{civil_date, hour_and_minute};

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// What was seen, a line for each thing; `running` tells whether it still holds.
pub fn in_lines(seen: &Seen, running: bool, now_unix_ms: u64) -> Vec<String> {
    let report = &seen.report;
    let moment = |ms: u64| moment(ms, now_unix_ms);
    let mut lines = Vec::new();
    let mut say = |name: &str, text: String| lines.push(format!("{name:<18}{text}"));
    if !running {
        say("as of", moment(report.taken_unix_ms));
    }
    say("line", line(seen, running, now_unix_ms));
    say("to head office", waiting(&report.to_send));
    say("from head office", waiting(&report.to_receive));
    if report.neighbours > 0 && running {
        let text = format!(
            "{} other counters of the branch connected",
            report.neighbours
        );
        say("neighbours", text);
    }
    say("clock", clock(report.clock_ahead_ms));
    say("disk", disk(report));
    if let Some(until) = report.certificate_until_unix_ms {
        let days = until.saturating_sub(now_unix_ms) / DAY_MS;
        say(
            "certificate",
            format!("until {}, {days} days left", civil_date(until)),
        );
    }
    if report.kept_aside.is_empty() {
        say("kept aside", "nothing".to_owned());
    }
    for one in &report.kept_aside {
        let since = moment(one.since_unix_ms);
        say(
            "KEPT ASIDE",
            format!("{} ({} records), since {since}", one.reason, one.records),
        );
    }
    let confirmed = report.confirmed_unix_ms;
    say(
        "lists",
        match confirmed {
            Some(ms) => format!("the newest as of {}", moment(ms)),
            None => "head office has not been asked yet".to_owned(),
        },
    );
    for one in &report.datasets {
        let meaning = if one.name == DEVICES {
            " (who is shut out)"
        } else {
            ""
        };
        let since = one
            .since_unix_ms
            .map(|ms| format!(", here since {}", moment(ms)));
        let since = since.unwrap_or_default();
        say(
            "",
            format!("{}{meaning}: version {}{since}", one.name, one.version),
        );
    }
    lines
}

fn line(seen: &Seen, running: bool, now_unix_ms: u64) -> String {
    let contact = match seen.contact_unix_ms {
        Some(ms) => format!("; head office heard {}", moment(ms, now_unix_ms)),
        None => "; head office never heard".to_owned(),
    };
    if !running {
        return format!("down, the daemon is not running{contact}");
    }
    let why = match (&seen.refused_because, seen.down_since_unix_ms) {
        (Some(reason), _) => format!(": {reason}"),
        (None, Some(since)) => format!(" since {}", moment(since, now_unix_ms)),
        (None, None) => String::new(),
    };
    format!("{}{why}{contact}", seen.line)
}

fn waiting(waiting: &Waiting) -> String {
    if waiting.is_empty() {
        return "nothing waits".to_owned();
    }
    let more = if waiting.at_least { "at least " } else { "" };
    format!(
        "{more}{} records ({}), {} documents ({})",
        waiting.records,
        bytes(waiting.record_bytes),
        waiting.blobs,
        bytes(waiting.blob_bytes)
    )
}

fn clock(ahead_ms: Option<i64>) -> String {
    let Some(ahead) = ahead_ms else {
        return "not compared yet".to_owned();
    };
    let ms = ahead.unsigned_abs();
    let direction = if ahead < 0 { "behind" } else { "ahead of" };
    format!(
        "{}.{} s {direction} head office",
        ms / SECOND_MS,
        ms % SECOND_MS / 100
    )
}

fn disk(report: &DeviceReport) -> String {
    let database = bytes(report.database_bytes);
    match report.disk {
        Some(space) => {
            let word = if space.is_nearly_full() {
                " NEARLY FULL"
            } else if space.is_short() {
                " short"
            } else {
                ""
            };
            format!(
                "{} of {} free{word}; database {database}",
                bytes(space.free_bytes),
                bytes(space.total_bytes)
            )
        }
        None => format!("not known; database {database}"),
    }
}

/// Bytes as disks are sold: powers of ten, one decimal.
fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let unit = UNITS.iter().find(|(size, _)| count >= *size);
    match unit {
        Some((size, name)) => format!("{}.{} {name}", count / size, count % size * 10 / size),
        None => format!("{count} B"),
    }
}

/// `2026-11-21 10:42 (3 min ago)`, in Japan's time.
fn moment(unix_ms: u64, now_unix_ms: u64) -> String {
    let ago = now_unix_ms.saturating_sub(unix_ms);
    let ago = if ago < 2 * MINUTE_MS {
        format!("{} s ago", ago / SECOND_MS)
    } else if ago < 2 * HOUR_MS {
        format!("{} min ago", ago / MINUTE_MS)
    } else if ago < 2 * DAY_MS {
        format!("{} h ago", ago / HOUR_MS)
    } else {
        format!("{} days ago", ago / DAY_MS)
    };
    format!(
        "{} {} ({ago})",
        civil_date(unix_ms),
        hour_and_minute(unix_ms)
    )
}

#[cfg(test)]
mod tests {
    use device_health::{DatasetHeld, DiskSpace, KeptAside};

    use super::*;

    /// 2026-11-21 10:00 in Japan.
    const MORNING_MS: u64 = 1_795_222_800_000;

    fn seen() -> Seen {
        Seen {
            report: DeviceReport {
                taken_unix_ms: MORNING_MS - 30_000,
                to_send: Waiting {
                    records: 12,
                    record_bytes: 8_400,
                    blobs: 2,
                    blob_bytes: 1_260_000,
                    at_least: false,
                },
                kept_aside: vec![KeptAside {
                    reason: "clock too far ahead".to_owned(),
                    since_unix_ms: MORNING_MS - 3 * HOUR_MS,
                    records: 4,
                }],
                datasets: vec![DatasetHeld {
                    name: "devices".to_owned(),
                    version: 7,
                    since_unix_ms: Some(MORNING_MS - 3 * DAY_MS),
                }],
                disk: Some(DiskSpace {
                    free_bytes: 900 << 20,
                    total_bytes: 58_000_000_000,
                }),
                database_bytes: 120_400_000,
                clock_ahead_ms: Some(-61_250),
                certificate_until_unix_ms: Some(MORNING_MS + 90 * DAY_MS),
                confirmed_unix_ms: Some(MORNING_MS - 50 * MINUTE_MS),
                ..DeviceReport::default()
            },
            line: "down".to_owned(),
            refused_because: None,
            down_since_unix_ms: Some(MORNING_MS - 50 * MINUTE_MS),
            contact_unix_ms: Some(MORNING_MS - 50 * MINUTE_MS),
        }
    }

    #[test]
    fn terminal_tells_every_figure_with_its_age() {
        let told = in_lines(&seen(), true, MORNING_MS).join("\n");
        assert_eq!(
            told,
            "\
line              down since 2026-11-21 09:10 (50 min ago); head office heard 2026-11-21 09:10 (50 min ago)
to head office    12 records (8.4 kB), 2 documents (1.2 MB)
from head office  nothing waits
clock             61.2 s behind head office
disk              943.7 MB of 58.0 GB free short; database 120.4 MB
certificate       until 2027-02-19, 90 days left
KEPT ASIDE        clock too far ahead (4 records), since 2026-11-21 07:00 (3 h ago)
lists             the newest as of 2026-11-21 09:10 (50 min ago)
                  devices (who is shut out): version 7, here since 2026-11-18 10:00 (3 days ago)"
        );
    }

    #[test]
    fn counter_that_is_off_is_never_said_to_be_connected() {
        let mut off = seen();
        off.line = "connected".to_owned();
        off.down_since_unix_ms = None;
        let told = in_lines(&off, false, MORNING_MS);
        assert!(
            told[0].starts_with("as of             2026-11-21 09:59 (30 s ago)"),
            "{told:?}"
        );
        assert!(
            told[1].starts_with("line              down, the daemon is not running"),
            "{told:?}"
        );
    }
}
