//! The counter's figures for monitoring. Names and meanings are listed in
//! `docs/operations/monitoring.md`; they do not change.

use device_health::{DeviceReport, Exposition, Kind, Value};
use replica::SCHEMA_VERSION;

use super::Seen;

/// The page; before the first look it only says that the daemon runs.
pub(super) fn page(seen: Option<&Seen>) -> Exposition {
    let mut page = Exposition::new();
    let schema = SCHEMA_VERSION.to_string();
    let labels = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("schema", schema.as_str()),
    ];
    page.figure(
        "todoke_counter_info",
        Kind::Gauge,
        "Version of the program and of its replicated schema; always 1.",
    )
    .of(&labels, Value::Whole(1));
    if let Some(seen) = seen {
        line(&mut page, seen);
        waiting(&mut page, &seen.report);
        machine(&mut page, &seen.report);
        datasets(&mut page, &seen.report);
    }
    page
}

fn line(page: &mut Exposition, seen: &Seen) {
    page.figure(
        "todoke_counter_line_connected",
        Kind::Gauge,
        "1 while head office is connected.",
    )
    .of(&[], Value::flag(seen.line == "connected"));
    page.figure(
        "todoke_counter_line_refused",
        Kind::Gauge,
        "1 while head office refuses this counter, or this counter it.",
    )
    .of(&[], Value::flag(seen.line == "refused"));
    page.figure(
        "todoke_counter_last_contact_timestamp_seconds",
        Kind::Gauge,
        "When head office was heard last, Unix time.",
    )
    .maybe(&[], seen.contact_unix_ms.map(Value::moment));
    page.figure(
        "todoke_counter_neighbours_connected",
        Kind::Gauge,
        "Other counters of the branch that are connected.",
    )
    .of(&[], Value::Whole(seen.report.neighbours.into()));
    page.figure(
        "todoke_counter_clock_offset_seconds",
        Kind::Gauge,
        "Clock of this counter minus that of head office, when last heard.",
    )
    .maybe(&[], seen.report.clock_ahead_ms.map(Value::Millis));
    page.figure(
        "todoke_counter_looked_timestamp_seconds",
        Kind::Gauge,
        "When these figures were made, Unix time.",
    )
    .of(&[], Value::moment(seen.report.taken_unix_ms));
}

fn waiting(page: &mut Exposition, report: &DeviceReport) {
    let (out, inward) = ([("direction", "out")], [("direction", "in")]);
    page.figure(
        "todoke_counter_waiting_records",
        Kind::Gauge,
        "Transactions of records head office has not said it has.",
    )
    .of(&out, Value::Whole(report.to_send.records));
    page.figure(
        "todoke_counter_waiting_blobs",
        Kind::Gauge,
        "Signatures, forms and scans that are not on the other side yet.",
    )
    .of(&out, Value::Whole(report.to_send.blobs))
    .of(&inward, Value::Whole(report.to_receive.blobs));
    page.figure(
        "todoke_counter_waiting_bytes",
        Kind::Gauge,
        "Bytes of both, before they are packed.",
    )
    .of(&out, Value::Whole(report.to_send.bytes()))
    .of(&inward, Value::Whole(report.to_receive.bytes()));
    page.figure(
        "todoke_counter_quarantined_batches",
        Kind::Gauge,
        "Batches that could not be applied here and are kept aside.",
    )
    .of(&[], Value::count(report.kept_aside.len()));
}

fn machine(page: &mut Exposition, report: &DeviceReport) {
    page.figure(
        "todoke_counter_disk_free_bytes",
        Kind::Gauge,
        "Room on the disk of the data folder.",
    )
    .maybe(&[], report.disk.map(|disk| Value::Whole(disk.free_bytes)));
    page.figure(
        "todoke_counter_disk_size_bytes",
        Kind::Gauge,
        "Size of that disk.",
    )
    .maybe(&[], report.disk.map(|disk| Value::Whole(disk.total_bytes)));
    page.figure(
        "todoke_counter_database_bytes",
        Kind::Gauge,
        "Size of the database.",
    )
    .of(&[], Value::Whole(report.database_bytes));
    page.figure(
        "todoke_counter_certificate_expiry_timestamp_seconds",
        Kind::Gauge,
        "Until when the certificate holds, Unix time.",
    )
    .maybe(&[], report.certificate_until_unix_ms.map(Value::moment));
}

fn datasets(page: &mut Exposition, report: &DeviceReport) {
    let mut versions = page.figure(
        "todoke_counter_dataset_version",
        Kind::Gauge,
        "Version of each published dataset that is here; `devices` is the list of who is shut out.",
    );
    for one in &report.datasets {
        versions.of(&[("dataset", &one.name)], Value::Whole(one.version));
    }
    let mut since = page.figure(
        "todoke_counter_dataset_since_timestamp_seconds",
        Kind::Gauge,
        "Since when that version is here, Unix time.",
    );
    for one in &report.datasets {
        since.maybe(
            &[("dataset", &one.name)],
            one.since_unix_ms.map(Value::moment),
        );
    }
    page.figure(
        "todoke_counter_datasets_confirmed_timestamp_seconds",
        Kind::Gauge,
        "When head office last said that these are the newest, Unix time.",
    )
    .maybe(&[], report.confirmed_unix_ms.map(Value::moment));
}

#[cfg(test)]
#[path = "../../../../sync/device-health/tests/strict/reader.rs"]
mod strict;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use device_health::{DatasetHeld, DiskSpace, Waiting};

    use super::*;

    const MANUAL: &str = include_str!("../../../../docs/operations/monitoring.md");

    fn seen() -> Seen {
        Seen {
            report: DeviceReport {
                to_send: Waiting {
                    records: 12,
                    record_bytes: 8_400,
                    blobs: 2,
                    blob_bytes: 1_000,
                    at_least: false,
                },
                datasets: vec![DatasetHeld {
                    name: "devices".to_owned(),
                    version: 7,
                    since_unix_ms: Some(1_795_222_800_000),
                }],
                disk: Some(DiskSpace {
                    free_bytes: 1,
                    total_bytes: 2,
                }),
                clock_ahead_ms: Some(-1_500),
                certificate_until_unix_ms: Some(1_803_000_000_000),
                confirmed_unix_ms: Some(1_795_222_800_000),
                ..DeviceReport::default()
            },
            line: "down".to_owned(),
            refused_because: None,
            down_since_unix_ms: Some(1_795_222_800_000),
            contact_unix_ms: Some(1_795_222_800_000),
        }
    }

    #[test]
    fn every_figure_is_in_the_manual_and_has_a_value() {
        let text = page(Some(&seen())).into_text();
        assert!(strict::read(&text).len() > 15, "{text}");
        let figures: BTreeSet<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
            .collect();
        let word = |one: char| !(one.is_ascii_alphanumeric() || one == '_');
        let manual: BTreeSet<&str> = MANUAL
            .split(word)
            .filter(|word| word.starts_with("todoke_counter_"))
            .collect();
        assert_eq!(figures, manual);
        for figure in figures {
            let valued = text
                .lines()
                .any(|line| line.split(['{', ' ']).next() == Some(figure));
            assert!(valued, "{figure}");
        }
        for line in [
            "todoke_counter_line_connected 0",
            "todoke_counter_waiting_records{direction=\"out\"} 12",
            "todoke_counter_waiting_bytes{direction=\"out\"} 9400",
            "todoke_counter_clock_offset_seconds -1.500",
            "todoke_counter_dataset_version{dataset=\"devices\"} 7",
        ] {
            assert!(text.lines().any(|one| one == line), "{line} in {text}");
        }
    }

    #[test]
    fn before_the_first_look_only_the_version_is_told() {
        let text = page(None).into_text();
        assert_eq!(text.lines().count(), 3, "{text}");
    }
}
