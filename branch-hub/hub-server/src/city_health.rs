//! How head office and its counters stand, gathered once for whoever asks: the operations page,
//! `todoke-hub status` and monitoring.

use std::collections::BTreeMap;
use std::path::Path;

use device_health::DiskSpace;
use hub_store::{Alert, CounterState, HubStore, Standard, alerts};
use replica::{DatasetAge, SCHEMA_VERSION, StoreError};

use crate::clock::Clock;
use crate::standby::{self, Seen};

/// A standby asks several times a second.
const STANDBY_SILENT_MS: u64 = 2 * 60_000;

/// See the module.
pub(crate) struct CityHealth {
    /// When it was gathered, milliseconds since 1970.
    pub now_unix_ms: u64,
    /// Cases waiting for a reviewer.
    pub waiting: usize,
    /// Accepted cases no file has yet.
    pub to_hand_over: usize,
    /// Every device ever enrolled.
    pub fleet: Vec<CounterState>,
    /// Published datasets and since when.
    pub published: Vec<DatasetAge>,
    /// What somebody should look at, the most urgent first.
    pub alerts: Vec<Alert>,
    /// Signatures and forms that records name and that are not here, by branch: count and bytes.
    pub blobs_missing: BTreeMap<String, (u64, u64)>,
    /// Batches kept aside.
    pub kept_aside: usize,
    /// Room on head office's disk.
    pub disk: Option<DiskSpace>,
    /// When the machine was heard that stands by; `None` when there is none.
    pub standby: Option<Seen>,
}

impl CityHealth {
    /// Reads the database; `disk` is what the caller found about it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) fn of(
        store: &HubStore,
        clock: &Clock,
        disk: Option<DiskSpace>,
    ) -> Result<Self, StoreError> {
        let now_unix_ms = clock.unix_ms();
        let mut fleet = store.fleet()?;
        // A standby is enrolled as a device too, and is no counter.
        fleet.retain(|one| !standby::is_one(&one.device));
        let published = store.published()?;
        let standard = Standard {
            published: &published,
            schema: SCHEMA_VERSION,
            now_unix_ms,
        };
        Ok(Self {
            alerts: alerts(&fleet, standard),
            now_unix_ms,
            waiting: store.queue()?.len(),
            to_hand_over: store.hand_over_pending()?.len(),
            blobs_missing: store.blobs_missing()?,
            kept_aside: store.quarantine()?.len(),
            fleet,
            published,
            disk,
            standby: None,
        })
    }

    /// The same, with what lies in the data folder about a standby.
    pub(crate) fn with_standby(mut self, folder: &Path) -> Self {
        self.standby = standby::seen(folder);
        self
    }

    /// Whether a standby there is has not been heard for longer than its restart takes.
    pub(crate) fn is_standby_silent(&self) -> bool {
        self.standby.as_ref().is_some_and(|seen| {
            self.now_unix_ms.saturating_sub(seen.heard_unix_ms) > STANDBY_SILENT_MS
        })
    }

    /// All of [`Self::blobs_missing`].
    pub(crate) fn blobs_missing_in_all(&self) -> u64 {
        self.blobs_missing.values().map(|(count, _)| count).sum()
    }
}
