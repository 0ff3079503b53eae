//! A case as the reviewer reads it.

use counter_domain::case::{CaseEvent, CaseSummary, fold};
use counter_domain::draft::Draft;
use counter_domain::ids::{BranchCode, CaseId, SnapshotHash};
use counter_domain::snapshot::Snapshot;
use replica::{BlobView, StoreError};

use crate::difference::{FieldDifference, difference};
use crate::store::HubStore;

/// A case with everything head office has of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRecord {
    /// Which.
    pub case: CaseId,
    /// The branch that owns it.
    pub branch: Option<BranchCode>,
    /// Its history, folded.
    pub summary: CaseSummary,
    /// Its fields as they are being entered; the filing is the snapshot in force.
    pub draft: Draft,
    /// Its history, oldest first.
    pub events: Vec<CaseEvent>,
    /// The submitted snapshots that are here, oldest first; the last is the one in force.
    pub snapshots: Vec<(SnapshotHash, Snapshot)>,
    /// What belongs to it: signatures, forms, scans.
    pub blobs: Vec<BlobView>,
    /// Somebody in it is under protection: no page or file shows where they live.
    pub protected: bool,
}

impl HubStore {
    /// A case; `None` when it is not here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn case(&self, case: CaseId) -> Result<Option<CaseRecord>, StoreError> {
        let connection = self.replica.reader();
        let events = replica::case_events(connection, case)?;
        if events.is_empty() {
            return Ok(None);
        }
        let summary = fold(&events);
        let mut snapshots = Vec::new();
        for hash in &summary.submitted {
            let found = replica::snapshot(connection, case, *hash)?;
            snapshots.extend(found.map(|snapshot| (*hash, snapshot)));
        }
        Ok(Some(CaseRecord {
            case,
            branch: replica::branch_of(connection, case)?,
            summary,
            draft: replica::draft(connection, case)?,
            events,
            snapshots,
            blobs: replica::blobs_of(connection, case)?,
            protected: replica::is_case_protected(connection, case)?,
        }))
    }

    /// What changed from the last but one submission to the last; empty after the first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn difference(&self, case: CaseId) -> Result<Vec<FieldDifference>, StoreError> {
        let Some(record) = self.case(case)? else {
            return Ok(Vec::new());
        };
        Ok(match record.snapshots.as_slice() {
            [.., (_, before), (_, after)] => difference(before, after),
            [] | [_] => Vec::new(),
        })
    }
}
