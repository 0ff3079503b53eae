//! What the people see who look after the machines, and the auditors. No personal data.

use hub_store::{CounterState, HubStore};
use replica::AuditEntry;
use sync_engine::Store as _;

use super::names::{Names, names};
use super::{DataFailed, DeskData, failed};

/// How the hub and its counters stand.
pub(crate) struct Operations {
    /// Cases waiting for a reviewer.
    pub waiting: usize,
    /// Accepted cases no file has yet.
    pub to_hand_over: usize,
    /// Signatures and forms that records name and that have not arrived.
    pub blobs_missing: usize,
    /// Every device ever enrolled.
    pub fleet: Vec<CounterState>,
    /// Published datasets and their versions.
    pub datasets: Vec<(String, u64)>,
    /// Names of branches.
    pub names: Names,
}

/// Signatures and forms on their way are counted up to here.
const BLOBS_COUNTED_MAX: usize = 10_000;

impl DeskData {
    /// The newest entries of every device's audit log, newest first.
    pub(crate) async fn log(&self) -> Result<Vec<LogEntry>, DataFailed> {
        self.run(|store| log_entries(store).map_err(|error| failed(&error)))
            .await?
    }

    /// How everything stands, for the operations page.
    pub(crate) async fn operations(&self) -> Result<Operations, DataFailed> {
        self.run(|store| operations(store).map_err(|error| failed(&error)))
            .await?
    }
}

fn operations(store: &HubStore) -> Result<Operations, replica::StoreError> {
    let datasets = store.datasets()?.into_iter();
    Ok(Operations {
        waiting: store.queue()?.len(),
        to_hand_over: store.hand_over_pending()?.len(),
        blobs_missing: store.blobs_wanted(BLOBS_COUNTED_MAX)?.len(),
        fleet: store.fleet()?,
        datasets: datasets.map(|one| (one.name, one.version)).collect(),
        names: names(store),
    })
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
