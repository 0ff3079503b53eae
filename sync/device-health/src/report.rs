//! What a counter tells head office of itself, JSON.
//!
//! Every part may be missing, and what is not known is passed over, so that versions may differ
//! either way. What comes from another device is bounded here and never believed for more than a
//! display.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::disk::DiskSpace;

/// Longest report, bytes.
pub const REPORT_BYTES_MAX: usize = 32 << 10;

/// Most entries of a list.
const ENTRIES_MAX: usize = 64;
/// Longest name of a dataset.
const NAME_CHARS_MAX: usize = 40;
/// Longest reason.
const REASON_CHARS_MAX: usize = 200;
/// Largest figure that every reader of JSON keeps exactly.
const FIGURE_MAX: u64 = 1 << 53;

/// How a counter is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceReport {
    /// When it was made, by the counter's clock, milliseconds since 1970.
    pub taken_unix_ms: u64,
    /// What head office has not said it has.
    pub to_send: Waiting,
    /// What the counter knows of and does not have yet: blobs that records name.
    pub to_receive: Waiting,
    /// What it could not apply.
    pub kept_aside: Vec<KeptAside>,
    /// Published data that are here.
    pub datasets: Vec<DatasetHeld>,
    /// Room on its disk.
    pub disk: Option<DiskSpace>,
    /// Size of its database.
    pub database_bytes: u64,
    /// Its clock minus head office's when last heard, milliseconds.
    pub clock_ahead_ms: Option<i64>,
    /// Until when its certificate holds, milliseconds since 1970.
    pub certificate_until_unix_ms: Option<u64>,
    /// Other counters of the branch it is connected with.
    pub neighbours: u16,
    /// When head office last said that all these datasets are the newest, milliseconds since 1970.
    pub confirmed_unix_ms: Option<u64>,
}

/// What waits in one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// Transactions of records.
    pub records: u64,
    /// About how many bytes they are on the line, before they are packed.
    pub record_bytes: u64,
    /// Signatures, forms and scans.
    pub blobs: u64,
    /// Their bytes.
    pub blob_bytes: u64,
    /// There is more; counting ended early.
    pub at_least: bool,
}

/// A batch kept aside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptAside {
    /// Why, English, without personal data.
    pub reason: String,
    /// Since when, milliseconds since 1970.
    pub since_unix_ms: u64,
    /// How many transactions it covers.
    pub records: u64,
}

/// A dataset of the device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DatasetHeld {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// Since when this version is here, milliseconds since 1970; unknown before it was looked at.
    pub since_unix_ms: Option<u64>,
}

/// Why a report is not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportRefused {
    /// Longer than [`REPORT_BYTES_MAX`].
    #[error("report is longer than allowed")]
    TooLong,
    /// Not what a report looks like.
    #[error("report is malformed")]
    Malformed(#[from] serde_json::Error),
}

impl DeviceReport {
    /// Reads a report of another device; what is longer or larger than sense is cut.
    ///
    /// # Errors
    /// When it is too long or no report.
    pub fn read(bytes: &[u8]) -> Result<Self, ReportRefused> {
        if bytes.len() > REPORT_BYTES_MAX {
            return Err(ReportRefused::TooLong);
        }
        let report: Self = serde_json::from_slice(bytes)?;
        Ok(report.bounded())
    }

    /// The report as bytes, within what [`Self::read`] takes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let bounded = self.clone().bounded();
        serde_json::to_vec(&bounded).unwrap_or_default()
    }

    /// What waits to be sent, disks and clocks change all the time; whether anything changed that
    /// somebody should hear of at once.
    pub fn is_news_after(&self, before: &Self) -> bool {
        let short = |report: &Self| {
            report
                .disk
                .map(|disk| (disk.is_short(), disk.is_nearly_full()))
        };
        let held = |report: &Self| -> Vec<(String, u64)> {
            let datasets = report.datasets.iter();
            datasets
                .map(|one| (one.name.clone(), one.version))
                .collect()
        };
        self.kept_aside != before.kept_aside
            || held(self) != held(before)
            || short(self) != short(before)
    }

    /// A dataset of the report.
    pub fn dataset(&self, name: &str) -> Option<&DatasetHeld> {
        self.datasets.iter().find(|one| one.name == name)
    }

    fn bounded(mut self) -> Self {
        self.kept_aside.truncate(ENTRIES_MAX);
        for one in &mut self.kept_aside {
            one.reason = one.reason.chars().take(REASON_CHARS_MAX).collect();
            one.records = one.records.min(FIGURE_MAX);
            one.since_unix_ms = one.since_unix_ms.min(FIGURE_MAX);
        }
        self.datasets.truncate(ENTRIES_MAX);
        for one in &mut self.datasets {
            one.name = one.name.chars().take(NAME_CHARS_MAX).collect();
            one.version = one.version.min(FIGURE_MAX);
            one.since_unix_ms = one.since_unix_ms.map(|ms| ms.min(FIGURE_MAX));
        }
        for waiting in [&mut self.to_send, &mut self.to_receive] {
            waiting.bound();
        }
        if let Some(disk) = &mut self.disk {
            disk.free_bytes = disk.free_bytes.min(FIGURE_MAX);
            disk.total_bytes = disk.total_bytes.min(FIGURE_MAX);
        }
        self.taken_unix_ms = self.taken_unix_ms.min(FIGURE_MAX);
        self.database_bytes = self.database_bytes.min(FIGURE_MAX);
        self.certificate_until_unix_ms =
            self.certificate_until_unix_ms.map(|ms| ms.min(FIGURE_MAX));
        self.confirmed_unix_ms = self.confirmed_unix_ms.map(|ms| ms.min(FIGURE_MAX));
        self
    }
}

impl Waiting {
    /// Bytes of everything.
    pub fn bytes(&self) -> u64 {
        self.record_bytes.saturating_add(self.blob_bytes)
    }

    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.records == 0 && self.blobs == 0
    }

    fn bound(&mut self) {
        for figure in [
            &mut self.records,
            &mut self.record_bytes,
            &mut self.blobs,
            &mut self.blob_bytes,
        ] {
            *figure = (*figure).min(FIGURE_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> DeviceReport {
        DeviceReport {
            taken_unix_ms: 1_795_222_800_000,
            to_send: Waiting {
                records: 3,
                record_bytes: 900,
                blobs: 1,
                blob_bytes: 40_000,
                at_least: false,
            },
            datasets: vec![DatasetHeld {
                name: "devices".to_owned(),
                version: 7,
                since_unix_ms: Some(1),
            }],
            disk: Some(DiskSpace {
                free_bytes: 5 << 30,
                total_bytes: 60 << 30,
            }),
            ..DeviceReport::default()
        }
    }

    #[test]
    fn report_survives_the_line() {
        assert_eq!(DeviceReport::read(&report().to_bytes()).unwrap(), report());
    }

    #[test]
    fn report_of_another_version_is_read_as_far_as_it_is_known() {
        let newer = br#"{"taken_unix_ms":5,"something_new":[1],"to_send":{"records":2,"more":1}}"#;
        let read = DeviceReport::read(newer).unwrap();
        assert_eq!((read.taken_unix_ms, read.to_send.records), (5, 2));
        assert_eq!(read.disk, None);
    }

    #[test]
    fn foreign_report_is_bounded() {
        let mut large = report();
        large.kept_aside = vec![
            KeptAside {
                reason: "x".repeat(300),
                since_unix_ms: u64::MAX,
                records: u64::MAX,
            };
            80
        ];
        let bytes = serde_json::to_vec(&large).unwrap();
        let read = DeviceReport::read(&bytes).unwrap();
        assert_eq!(read.kept_aside.len(), ENTRIES_MAX);
        assert!(
            read.kept_aside
                .iter()
                .all(|one| { one.reason.len() == REASON_CHARS_MAX && one.records == FIGURE_MAX })
        );
        let endless = vec![b' '; REPORT_BYTES_MAX + 1];
        assert!(matches!(
            DeviceReport::read(&endless),
            Err(ReportRefused::TooLong)
        ));
        assert!(DeviceReport::read(b"5").is_err());
    }

    #[test]
    fn the_largest_report_fits_the_line() {
        let mut large = report();
        large.kept_aside = vec![
            KeptAside {
                reason: "x".repeat(REASON_CHARS_MAX),
                since_unix_ms: u64::MAX,
                records: u64::MAX,
            };
            ENTRIES_MAX
        ];
        large.datasets = vec![
            DatasetHeld {
                name: "y".repeat(NAME_CHARS_MAX),
                version: u64::MAX,
                since_unix_ms: Some(u64::MAX),
            };
            ENTRIES_MAX
        ];
        assert!(large.to_bytes().len() <= REPORT_BYTES_MAX);
    }

    #[test]
    fn figures_that_move_by_themselves_are_no_news() {
        let before = report();
        let mut after = report();
        after.taken_unix_ms += 60_000;
        after.to_send.records = 9;
        assert!(!after.is_news_after(&before));
        after.datasets = Vec::new();
        assert!(after.is_news_after(&before));
        let mut full = report();
        full.disk = Some(DiskSpace {
            free_bytes: 1,
            total_bytes: 60 << 30,
        });
        assert!(full.is_news_after(&before));
    }
}
