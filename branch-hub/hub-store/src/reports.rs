//! What devices told of themselves, the newest of each.

use counter_domain::ids::DeviceId;
use device_health::DeviceReport;
use replica::{DatasetAge, OpenError, Replica, StoreError};
use rusqlite::{Connection, OptionalExtension, named_params};

use crate::store::HubStore;

const STEPS: [&str; 1] = [include_str!(
    "../migrations/health/0001-create-device-health.sql"
)];

/// A report and when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldHealth {
    /// By head office's clock, milliseconds since 1970.
    pub received_unix_ms: u64,
    /// What the device told.
    pub report: DeviceReport,
}

/// A dataset of which a device does not have the newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetBehind {
    /// Its name.
    pub name: String,
    /// What the device has; `None` when it has none.
    pub there: Option<u64>,
    /// The newest version.
    pub newest: u64,
    /// Since when the newest version is published, milliseconds since 1970.
    pub newest_since_unix_ms: Option<u64>,
    /// Length of the newest version, bytes.
    pub length: u64,
}

/// Makes the tables of this module.
pub(crate) fn open(replica: &mut Replica) -> Result<(), OpenError> {
    replica.migrate_room("hub-health", &STEPS)
}

impl HubStore {
    /// Keeps what a device told of itself, instead of what it told before.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn note_report(
        &mut self,
        device: DeviceId,
        report: &DeviceReport,
    ) -> Result<(), StoreError> {
        let received = self.replica.unix_ms();
        let body = report.to_bytes();
        self.replica.write(|write| {
            let mut statement = write.connection().prepare_cached(
                "INSERT INTO device_report (device, received_unix_ms, report)
                 VALUES (:device, :received, :report)
                 ON CONFLICT (device) DO UPDATE SET
                     received_unix_ms = excluded.received_unix_ms, report = excluded.report",
            )?;
            statement.execute(named_params! {
                ":device": device.0, ":received": received, ":report": body,
            })?;
            Ok(())
        })
    }

    /// Published datasets and since when they are.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn published(&self) -> Result<Vec<DatasetAge>, StoreError> {
        self.replica.dataset_ages()
    }
}

/// Which of `published` a device lacks, as it told.
pub fn datasets_behind(report: &DeviceReport, published: &[DatasetAge]) -> Vec<DatasetBehind> {
    let behind = published.iter().filter_map(|newest| {
        let there = report.dataset(&newest.name).map(|held| held.version);
        (there.unwrap_or(0) < newest.version).then(|| DatasetBehind {
            name: newest.name.clone(),
            there,
            newest: newest.version,
            newest_since_unix_ms: newest.since_unix_ms,
            length: newest.length,
        })
    });
    behind.collect()
}

/// What a device told last; a report this program cannot read counts as none.
pub(crate) fn told(
    connection: &Connection,
    device: DeviceId,
) -> Result<Option<ToldHealth>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT received_unix_ms, report FROM device_report WHERE device = :device",
    )?;
    let row: Option<(u64, Vec<u8>)> = statement
        .query_row([device.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(row.and_then(|(received_unix_ms, body)| {
        let report = DeviceReport::read(&body).ok()?;
        Some(ToldHealth {
            received_unix_ms,
            report,
        })
    }))
}
