//! What the people see who look after the machines, and the auditors. No personal data.

use std::path::Path;

use counter_domain::ids::DeviceId;
use device_health::DiskSpace;
use hub_store::{DeviceSample, HubStore};
use replica::AuditEntry;
use sync_engine::Store as _;

use super::names::{Names, names};
use super::{DataFailed, DeskData, failed};
use crate::city_health::CityHealth;

/// How the hub and its counters stand, with names.
pub(crate) struct Operations {
    /// The figures.
    pub city: CityHealth,
    /// Names of branches.
    pub names: Names,
}

/// Fourteen days of a counter.
pub(crate) struct LineHistory {
    /// Which.
    pub device: DeviceId,
    /// Its branch and place.
    pub place: String,
    /// Quarter-hours, oldest first.
    pub samples: Vec<DeviceSample>,
}

impl DeskData {
    /// The newest entries of every device's audit log, newest first.
    pub(crate) async fn log(&self) -> Result<Vec<LogEntry>, DataFailed> {
        self.run(|store| log_entries(store).map_err(|error| failed(&error)))
            .await?
    }

    /// How everything stands, for the operations pages; `folder` lies on the disk whose room is
    /// told.
    pub(crate) async fn operations(&self, folder: &Path) -> Result<Operations, DataFailed> {
        let folder = folder.parent().unwrap_or(folder).to_owned();
        let clock = self.clock.clone();
        self.run(move |store| {
            let disk = DiskSpace::of(&folder).ok();
            let city = CityHealth::of(store, &clock, disk).map_err(|error| failed(&error))?;
            Ok(Operations {
                city: city.with_standby(&folder),
                names: names(store),
            })
        })
        .await?
    }

    /// Fourteen days of every counter that is not shut out.
    pub(crate) async fn line_history(&self) -> Result<Vec<LineHistory>, DataFailed> {
        self.run(|store| line_history(store).map_err(|error| failed(&error)))
            .await?
    }

    /// Fourteen days of one counter.
    pub(crate) async fn samples(&self, device: DeviceId) -> Result<Vec<DeviceSample>, DataFailed> {
        self.run(move |store| store.samples(device).map_err(|error| failed(&error)))
            .await?
    }
}

fn line_history(store: &HubStore) -> Result<Vec<LineHistory>, replica::StoreError> {
    let names = names(store);
    let mut found = Vec::new();
    for device in store.devices()? {
        let samples = store.samples(device.device)?;
        if !device.revoked && !samples.is_empty() {
            found.push(LineHistory {
                device: device.device,
                place: format!("{}　{}", names.branch(&device.branch), device.name),
                samples,
            });
        }
    }
    Ok(found)
}

/// One entry of an audit log.
pub(crate) struct LogEntry {
    /// Whose log.
    pub device: String,
    /// Its number there.
    pub sequence: u64,
    /// What it says; `None` when a newer program wrote it.
    pub entry: Option<AuditEntry>,
}

/// Entries of each device the log page reaches back, and of all together.
const LOG_PER_DEVICE: u64 = 200;
const LOG_MAX: usize = 500;

fn log_entries(store: &HubStore) -> Result<Vec<LogEntry>, replica::StoreError> {
    let mut found = Vec::new();
    for (device, head) in store.stream_heads()? {
        let after = head.saturating_sub(LOG_PER_DEVICE);
        for one in store.stream_entries(device, after, 1 << 20)? {
            found.push(LogEntry {
                device: device.to_string(),
                sequence: one.sequence,
                entry: serde_json::from_slice(&one.body).ok(),
            });
        }
    }
    found.sort_by_key(|one| {
        let at = one.entry.as_ref().map(|entry| entry.at);
        std::cmp::Reverse((at, one.sequence))
    });
    found.truncate(LOG_MAX);
    Ok(found)
}
