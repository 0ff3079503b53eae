//! Copies for backups, what a copy holds, and what a restored one does before it goes on.

use std::collections::BTreeMap;
use std::path::Path;

use replica::{DatabaseKey, StoreError};
use serde::{Deserialize, Serialize};
use sync_engine::Store as _;

use crate::store::HubStore;

/// How far a restored head office goes on from its last version: more than it writes in a week, and
/// little enough to be looked through in half a second.
const LEAP: u64 = 1 << 18;
/// The same for datasets.
const DATASET_LEAP: u64 = 1 << 16;

/// How much a database holds; two of the same content have the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holdings {
    /// Cases with at least one step.
    pub cases: u64,
    /// Steps of cases.
    pub steps: u64,
    /// Signed contents.
    pub snapshots: u64,
    /// Complete signatures, forms and scans.
    pub blobs: u64,
    /// Bytes of those.
    pub blob_bytes: u64,
    /// Entries of all audit logs.
    pub audit_entries: u64,
    /// Enrolled devices.
    pub devices: u64,
    /// Versions of the published datasets.
    pub datasets: BTreeMap<String, u64>,
}

const COUNT: &str = "SELECT
    (SELECT count(DISTINCT case_id) FROM case_event), (SELECT count(*) FROM case_event),
    (SELECT count(*) FROM snapshot), (SELECT count(*) FROM blob WHERE held = 1),
    (SELECT coalesce(sum(length), 0) FROM blob WHERE held = 1),
    (SELECT count(*) FROM stream_entry), (SELECT count(*) FROM device)";

impl HubStore {
    /// Copies everything committed until now into a new file, encrypted with the same key. The
    /// server goes on meanwhile.
    ///
    /// # Errors
    /// When something is at `path` already or the disk fails.
    pub fn copy_to(&self, path: &Path, key: &DatabaseKey) -> Result<(), StoreError> {
        self.replica.copy_to(path, key)
    }

    /// What the database's own checks say of the whole file; empty when it is sound.
    ///
    /// # Errors
    /// When a check cannot run.
    pub fn faults(&self) -> Result<Vec<String>, StoreError> {
        self.replica.faults()
    }

    /// How much is here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn holdings(&self) -> Result<Holdings, StoreError> {
        let datasets = self.replica.datasets()?.into_iter();
        let datasets = datasets.map(|one| (one.name, one.version)).collect();
        Ok(self.replica.reader().query_row(COUNT, [], |row| {
            Ok(Holdings {
                cases: row.get(0)?,
                steps: row.get(1)?,
                snapshots: row.get(2)?,
                blobs: row.get(3)?,
                blob_bytes: row.get(4)?,
                audit_entries: row.get(5)?,
                devices: row.get(6)?,
                datasets,
            })
        })?)
    }

    /// Readies a restored database and closes it: counters may know versions of records and datasets that were
    /// made after the backup and are lost, so new ones must not have the same numbers.
    /// `sign` is as for [`Self::publish`].
    ///
    /// # Errors
    /// When the disk fails.
    pub fn live_on(mut self, mut sign: impl FnMut(&[u8]) -> Vec<u8>) -> Result<(), StoreError> {
        for dataset in self.datasets()? {
            self.replica
                .leap_dataset(&dataset.name, DATASET_LEAP, &mut sign)?;
        }
        self.replica.leap(LEAP)
    }
}
