//! Head office's figures for monitoring. Names and meanings are listed in
//! `docs/operations/monitoring.md`; they do not change. Labels name branches and devices by their
//! codes, never by words somebody typed.

use device_health::{DeviceReport, DiskSpace, Exposition, Figure, Kind, Value};
use hub_store::{AlertLevel, CounterLine, CounterState, datasets_behind};
use replica::{DatasetAge, SCHEMA_VERSION};

use crate::city_health::CityHealth;

/// The page; `backup_unix_ms` is when the newest backup was made.
pub(crate) fn page(city: &CityHealth, backup_unix_ms: Option<u64>) -> Exposition {
    let mut page = Exposition::new();
    hub(&mut page, city, backup_unix_ms);
    let counters = Counters {
        rows: city
            .fleet
            .iter()
            .filter(|one| one.line != CounterLine::Revoked)
            .map(|one| {
                (
                    one.device.branch.0.clone(),
                    one.device.device.to_string(),
                    one,
                )
            })
            .collect(),
        published: &city.published,
    };
    counters.line(&mut page);
    counters.waiting(&mut page);
    counters.machine(&mut page);
    counters.datasets(&mut page);
    page
}

fn gauge<'a>(page: &'a mut Exposition, name: &'static str, help: &str) -> Figure<'a> {
    page.figure(name, Kind::Gauge, help)
}

fn hub(page: &mut Exposition, city: &CityHealth, backup_unix_ms: Option<u64>) {
    let schema = SCHEMA_VERSION.to_string();
    let labels = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("schema", schema.as_str()),
    ];
    gauge(
        page,
        "todoke_hub_info",
        "Version of the program and of its replicated schema; always 1.",
    )
    .of(&labels, Value::Whole(1));
    gauge(
        page,
        "todoke_hub_cases_waiting",
        "Cases that wait for a reviewer.",
    )
    .of(&[], Value::count(city.waiting));
    gauge(
        page,
        "todoke_hub_cases_to_hand_over",
        "Accepted cases that no hand-over file has yet.",
    )
    .of(&[], Value::count(city.to_hand_over));
    gauge(
        page,
        "todoke_hub_quarantined_batches",
        "Batches that could not be applied and are kept aside.",
    )
    .of(&[], Value::count(city.kept_aside));
    hub_machine(page, city, backup_unix_ms);
    hub_standby(page, city);
    let mut missing = gauge(
        page,
        "todoke_hub_blobs_missing",
        "Signatures, forms and scans that records of a branch name and that are not here.",
    );
    for (branch, (count, _)) in &city.blobs_missing {
        missing.of(&[("branch", branch)], Value::Whole(*count));
    }
    hub_published(page, city);
}

fn hub_machine(page: &mut Exposition, city: &CityHealth, backup_unix_ms: Option<u64>) {
    let disk = |pick: fn(DiskSpace) -> u64| city.disk.map(|disk| Value::Whole(pick(disk)));
    gauge(
        page,
        "todoke_hub_disk_free_bytes",
        "Room on the disk of the data folder.",
    )
    .maybe(&[], disk(|disk| disk.free_bytes));
    gauge(page, "todoke_hub_disk_size_bytes", "Size of that disk.")
        .maybe(&[], disk(|disk| disk.total_bytes));
    gauge(
        page,
        "todoke_hub_backup_timestamp_seconds",
        "When the newest backup in the data folder was made, Unix time.",
    )
    .maybe(&[], backup_unix_ms.map(Value::moment));
}

fn hub_standby(page: &mut Exposition, city: &CityHealth) {
    gauge(
        page,
        "todoke_hub_standby_last_contact_timestamp_seconds",
        "When the machine that stands by was heard last, Unix time; at most ten seconds old.",
    )
    .maybe(
        &[],
        city.standby
            .as_ref()
            .map(|seen| Value::moment(seen.heard_unix_ms)),
    );
    gauge(
        page,
        "todoke_hub_standby_behind_bytes",
        "Bytes of the database's log the machine that stands by did not have then.",
    )
    .maybe(
        &[],
        city.standby
            .as_ref()
            .map(|seen| Value::Whole(seen.behind_bytes)),
    );
}

fn hub_published(page: &mut Exposition, city: &CityHealth) {
    let mut versions = gauge(
        page,
        "todoke_hub_dataset_version",
        "Version of each published dataset.",
    );
    for one in &city.published {
        versions.of(&[("dataset", &one.name)], Value::Whole(one.version));
    }
    let mut since = gauge(
        page,
        "todoke_hub_dataset_since_timestamp_seconds",
        "Since when that version is published, Unix time.",
    );
    for one in &city.published {
        since.maybe(
            &[("dataset", &one.name)],
            one.since_unix_ms.map(Value::moment),
        );
    }
    let mut levels = gauge(
        page,
        "todoke_hub_alerts",
        "What somebody should look at, by urgency.",
    );
    for level in [AlertLevel::Look, AlertLevel::Act] {
        let count = city.alerts.iter().filter(|one| one.level == level).count();
        levels.of(&[("level", level.name())], Value::count(count));
    }
}

/// Devices that are not shut out: branch, id and state.
struct Counters<'a> {
    rows: Vec<(String, String, &'a CounterState)>,
    published: &'a [DatasetAge],
}

impl Counters<'_> {
    /// One value of every counter that has it.
    fn each(&self, mut figure: Figure<'_>, pick: impl Fn(&CounterState) -> Option<Value>) {
        for (branch, device, one) in &self.rows {
            figure.maybe(&[("branch", branch), ("device", device)], pick(one));
        }
    }

    /// One value of every counter that told how it is.
    fn told(&self, figure: Figure<'_>, pick: impl Fn(&DeviceReport) -> Option<Value>) {
        self.each(figure, |one| pick(&one.report.as_ref()?.report));
    }

    /// One value for each direction.
    fn both_ways(
        &self,
        mut figure: Figure<'_>,
        pick: impl Fn(&CounterState) -> [(&'static str, Option<u64>); 2],
    ) {
        for (branch, device, one) in &self.rows {
            for (direction, value) in pick(one) {
                let labels = [
                    ("branch", branch.as_str()),
                    ("device", device.as_str()),
                    ("direction", direction),
                ];
                figure.maybe(&labels, value.map(Value::Whole));
            }
        }
    }

    fn line(&self, page: &mut Exposition) {
        let mut info = gauge(
            page,
            "todoke_hub_counter_info",
            "Version of a counter's program and of its replicated schema; always 1.",
        );
        for (branch, device, one) in &self.rows {
            let contact = one.contact.as_ref();
            let version = contact.and_then(|contact| contact.program.clone());
            let schema = contact.map_or(0, |contact| contact.schema).to_string();
            let labels = [
                ("branch", branch.as_str()),
                ("device", device.as_str()),
                ("version", version.as_deref().unwrap_or_default()),
                ("schema", schema.as_str()),
            ];
            info.of(&labels, Value::Whole(1));
        }
        self.each(
            gauge(
                page,
                "todoke_hub_counter_connected",
                "1 while the counter is connected.",
            ),
            |one| Some(Value::flag(one.line == CounterLine::Connected)),
        );
        self.each(
            gauge(
                page,
                "todoke_hub_counter_last_contact_timestamp_seconds",
                "When the counter was heard last, Unix time.",
            ),
            |one| Some(Value::moment(one.contact.as_ref()?.unix_ms)),
        );
        self.each(
            gauge(
                page,
                "todoke_hub_counter_clock_offset_seconds",
                "Clock of the counter minus that of head office, when last heard.",
            ),
            |one| one.clock_ahead_ms.map(Value::Millis),
        );
        self.each(
            gauge(
                page,
                "todoke_hub_counter_report_timestamp_seconds",
                "When the counter last told how it is, Unix time.",
            ),
            |one| Some(Value::moment(one.report.as_ref()?.received_unix_ms)),
        );
    }

    fn waiting(&self, page: &mut Exposition) {
        self.both_ways(
            gauge(page, "todoke_hub_counter_waiting_records", "Transactions of records that are not on the other side: in comes to head office, out goes to the counter."),
            |one| [("in", Some(one.to_come)), ("out", Some(one.to_go.transactions))],
        );
        self.both_ways(
            gauge(
                page,
                "todoke_hub_counter_waiting_blobs",
                "Signatures, forms and scans that are not on the other side, as the counter told.",
            ),
            |one| {
                let told = one.report.as_ref().map(|told| &told.report);
                [
                    ("in", told.map(|report| report.to_send.blobs)),
                    ("out", told.map(|report| report.to_receive.blobs)),
                ]
            },
        );
        self.both_ways(
            gauge(page, "todoke_hub_counter_waiting_bytes", "Bytes of records, blobs and datasets that are not on the other side, before they are packed."),
            |one| {
                let told = one.report.as_ref().map(|told| &told.report);
                [
                    ("in", told.map(|report| report.to_send.bytes())),
                    ("out", told.map(|report| bytes_to_go(one, report, self.published))),
                ]
            },
        );
        self.each(
            gauge(
                page,
                "todoke_hub_counter_quarantined_batches",
                "Batches of the counter, or at it, that could not be applied and are kept aside.",
            ),
            |one| {
                let there = one
                    .report
                    .as_ref()
                    .map_or(0, |told| told.report.kept_aside.len());
                Some(Value::count(there + usize::from(one.kept_aside.is_some())))
            },
        );
    }

    fn machine(&self, page: &mut Exposition) {
        self.told(
            gauge(
                page,
                "todoke_hub_counter_disk_free_bytes",
                "Room on the counter's disk.",
            ),
            |report| report.disk.map(|disk| Value::Whole(disk.free_bytes)),
        );
        self.told(
            gauge(
                page,
                "todoke_hub_counter_disk_size_bytes",
                "Size of that disk.",
            ),
            |report| report.disk.map(|disk| Value::Whole(disk.total_bytes)),
        );
        self.told(
            gauge(
                page,
                "todoke_hub_counter_database_bytes",
                "Size of the counter's database.",
            ),
            |report| Some(Value::Whole(report.database_bytes)),
        );
        self.told(
            gauge(
                page,
                "todoke_hub_counter_certificate_expiry_timestamp_seconds",
                "Until when the counter's certificate holds, Unix time.",
            ),
            |report| report.certificate_until_unix_ms.map(Value::moment),
        );
    }

    fn datasets(&self, page: &mut Exposition) {
        let mut behind = gauge(
            page,
            "todoke_hub_counter_dataset_versions_behind",
            "How many versions a counter's dataset is behind; `devices` is the list of who is shut out. No line: it is the newest.",
        );
        for (branch, device, one) in &self.rows {
            let Some(told) = &one.report else { continue };
            for dataset in datasets_behind(&told.report, self.published) {
                let versions = dataset.newest.saturating_sub(dataset.there.unwrap_or(0));
                let labels = [
                    ("branch", branch.as_str()),
                    ("device", device.as_str()),
                    ("dataset", dataset.name.as_str()),
                ];
                behind.of(&labels, Value::Whole(versions));
            }
        }
        self.told(
            gauge(page, "todoke_hub_counter_datasets_confirmed_timestamp_seconds", "When the counter was last told that its datasets are the newest, Unix time by its own clock."),
            |report| report.confirmed_unix_ms.map(Value::moment),
        );
    }
}

/// Everything head office has for a counter: records, blobs of its cases, newer datasets.
pub(crate) fn bytes_to_go(
    one: &CounterState,
    report: &DeviceReport,
    published: &[DatasetAge],
) -> u64 {
    let datasets = datasets_behind(report, published);
    let datasets: u64 = datasets.iter().map(|dataset| dataset.length).sum();
    one.to_go
        .bytes
        .saturating_add(report.to_receive.blob_bytes)
        .saturating_add(datasets)
}
