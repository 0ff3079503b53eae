//! How head office and its counters stand, gathered once for whoever asks: the operations page,
//! `todoke-hub status` and monitoring.

use std::collections::BTreeMap;

use device_health::DiskSpace;
use hub_store::{Alert, CounterState, HubStore, Standard, alerts};
use replica::{DatasetAge, SCHEMA_VERSION, StoreError};

use crate::clock::Clock;

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
        let fleet = store.fleet()?;
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
        })
    }

    /// All of [`Self::blobs_missing`].
    pub(crate) fn blobs_missing_in_all(&self) -> u64 {
        self.blobs_missing.values().map(|(count, _)| count).sum()
    }
}
